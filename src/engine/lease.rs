//! A credential that a store makes on demand: its lease is extended while that helps, and a new one is
//! issued before the old one's maximum. The new one is tested like any other; the old one is revoked
//! after the overlap, so that no credential is left lying about.
//!
//! A lease that is gone before its end was revoked by somebody. That is said, and not healed over by
//! issuing another.

use super::effort::{Progress, Renew};
use super::report::{Report, answered};
use super::tools::{Tools, store};
use crate::lane::{
    Basis, Credential, Event, Evidence, Expiry, ExpirySource, Found, Observed, Offer, Outcome,
    RefreshFailure, Step, Verdict,
};
use crate::manifest::LaneEntry;
use crate::secret::{Fingerprint, Secret};
use crate::store::{Lease, LeaseEnd, LeaseTerm, OpenBao, StoreError};
use std::time::Duration;

/// Two tellings of one end that are no further apart are the same: leases are told in whole seconds.
const SAME_END: Duration = Duration::from_secs(3);

/// What a lane with a lease has, without asking anybody: reading the path would make another.
pub(super) fn at_hand(known: Option<Fingerprint>) -> Found {
    match known {
        Some(_) => Found::Unchanged,
        None => Found::GrantOnly { version: None },
    }
}

/// Extends the lease at hand, or has another credential issued.
pub(super) async fn renew(
    tools: &Tools,
    slot: usize,
    entry: &LaneEntry,
    renew: Renew,
    progress: &Progress<'_>,
) -> Report {
    let attempt = renew.attempt;
    let bao = match openbao(tools, entry) {
        Ok(bao) => bao,
        Err(error) => return failed(slot, attempt, &error),
    };
    let current = renew.current.as_ref();
    let lease = current.and_then(|of| Some((of, tools.pocket.lease(of.fingerprint)?)));
    // Whoever asks for another credential does not want a longer life of this one.
    let lease = lease.filter(|(_, lease)| lease.renewable && !renew.asked);
    progress.at(Step::Requested);
    if let Some((current, lease)) = lease {
        match extend(tools, entry, bao, current, &lease).await {
            Ok(Extended::Longer(offer)) => {
                let event = Event::Refreshed {
                    attempt,
                    offer,
                    lost_race: false,
                };
                let mut report = Report::new(slot, event);
                report.store = Some(Ok(()));
                return report;
            }
            Ok(Extended::Revoked(verdict)) => {
                let failure = RefreshFailure::GrantDead(verdict);
                let mut report = Report::new(slot, Event::RefreshFailed { attempt, failure });
                report.store = Some(Ok(()));
                return report;
            }
            Ok(Extended::Another) => {}
            Err(error) => return failed(slot, attempt, &error),
        }
    }
    match issue(tools, entry, bao).await {
        Ok((offer, secret)) => Report::renewed(slot, attempt, offer, secret),
        Err(error) => failed(slot, attempt, &error),
    }
}

enum Extended {
    Longer(Offer),
    Revoked(Verdict),
    /// No renewal is of use any more.
    Another,
}

async fn extend(
    tools: &Tools,
    entry: &LaneEntry,
    bao: &OpenBao,
    current: &Credential,
    lease: &Lease,
) -> Result<Extended, StoreError> {
    let asked = (tools.now)().wall;
    let increment = entry.lease.and_then(|spec| spec.increment);
    let wanted = increment.unwrap_or(lease.first);
    match bao.renew_lease(lease, wanted).await? {
        // Much less than was asked for: its maximum is near, and the next one would give less still.
        LeaseTerm::Lives(left) if left < wanted / 2 => Ok(Extended::Another),
        LeaseTerm::Lives(left) => Ok(Extended::Longer(Offer {
            fingerprint: current.fingerprint,
            issued_at: Some(asked),
            expiry: Some(Expiry {
                at: asked.plus(left),
                source: ExpirySource::TokenResponse,
            }),
            scopes: current.scopes.clone(),
            store_version: None,
            history: None,
        })),
        LeaseTerm::Orphaned => Ok(Extended::Another),
        LeaseTerm::Gone => {
            let ended = current.expiry.is_some_and(|expiry| expiry.at <= asked);
            Ok(if ended {
                Extended::Another
            } else {
                Extended::Revoked(gone())
            })
        }
    }
}

async fn issue(
    tools: &Tools,
    entry: &LaneEntry,
    bao: &OpenBao,
) -> Result<(Offer, Secret), StoreError> {
    let asked = (tools.now)().wall;
    let leased = bao
        .issue(&entry.source.path, entry.source.field.as_deref())
        .await?;
    let fingerprint = tools.key.fingerprint(&leased.secret);
    tools.pocket.keep_lease(fingerprint, leased.lease);
    let offer = Offer {
        fingerprint,
        issued_at: Some(asked),
        expiry: Some(Expiry {
            at: asked.plus(leased.lives),
            source: ExpirySource::TokenResponse,
        }),
        scopes: None,
        store_version: None,
        history: None,
    };
    Ok((offer, leased.secret))
}

/// What the store says of the lease of a credential: that it lives, and until when.
pub(super) async fn look_up(
    tools: &Tools,
    entry: &LaneEntry,
    credential: &Credential,
) -> (Verdict, Observed) {
    let nothing = |verdict| (verdict, Observed::default());
    let Some(lease) = tools.pocket.lease(credential.fingerprint) else {
        let text = "its lease is not known here: it came from another process";
        return nothing(Verdict::own(
            Outcome::CredentialInvalid,
            "lease/unknown",
            text,
        ));
    };
    let asked = (tools.now)();
    let looked = match openbao(tools, entry) {
        Ok(bao) => bao.look_up_lease(&lease).await,
        Err(error) => Err(error),
    };
    match looked {
        Ok(LeaseTerm::Lives(left)) => {
            let at = asked.wall.plus(left);
            let known = credential.expiry.map(|expiry| expiry.at);
            let other = known.is_none_or(|known| known.since(at).max(at.since(known)) > SAME_END);
            let text = "the store knows its lease";
            let observed = Observed {
                expiry: other.then_some(Expiry {
                    at,
                    source: ExpirySource::Store,
                }),
                took: (tools.now)().boot.since(asked.boot),
                ..Observed::default()
            };
            (Verdict::own(Outcome::Ok, "lease/lives", text), observed)
        }
        Ok(_) => {
            let known = credential.expiry.map(|expiry| expiry.at);
            nothing(match known {
                Some(end) if end <= asked.wall => Verdict::own(
                    Outcome::CredentialExpired,
                    "lease/ended",
                    "its lease has ended",
                ),
                _ => gone(),
            })
        }
        Err(error) => nothing(error.verdict()),
    }
}

/// Takes a credential back that serves no more.
pub(super) async fn revoke(tools: &Tools, entry: &LaneEntry, of: Fingerprint) -> Verdict {
    let Some(lease) = tools.pocket.lease(of) else {
        let text = "its lease is not known here: it ends by itself";
        return Verdict::own(Outcome::StoreUnavailable, "lease/unknown", text);
    };
    let ended = match openbao(tools, entry) {
        Ok(bao) => bao.revoke_lease(&lease).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(end) => {
            tools.pocket.drop_lease(of);
            let text = match end {
                LeaseEnd::Revoked => "its lease is revoked",
                LeaseEnd::Queued => "the store has taken the wish to revoke it and goes on trying",
            };
            Verdict::own(Outcome::Ok, "lease/revoked", text)
        }
        Err(error) => error.verdict(),
    }
}

fn openbao<'a>(tools: &'a Tools, entry: &LaneEntry) -> Result<&'a OpenBao, StoreError> {
    let found = store(tools, entry)?.openbao();
    found.ok_or(StoreError::Unusable("this store gives no leases".into()))
}

/// A lease that ended before its end. The store does not say who ended it.
fn gone() -> Verdict {
    Verdict {
        outcome: Outcome::CredentialRevoked,
        evidence: Evidence::own("lease/gone", Basis::Inferred)
            .detail("the store no longer knows its lease, whose end is ahead: it was revoked"),
    }
}

fn failed(slot: usize, attempt: crate::lane::Attempt, error: &StoreError) -> Report {
    let failure = RefreshFailure::Transient(error.verdict());
    let mut report = Report::new(slot, Event::RefreshFailed { attempt, failure });
    report.store = Some(answered(error));
    report
}
