//! The refresh transaction: intent, lock, read again, exchange, persist, report.
//!
//! The intent is on disk before this begins (the core's `refresh_attempted`). Under the grant's
//! lock the store is read again, and whoever finds that somebody else was faster adopts what they
//! minted. A new token is reported, and so adopted, only after the store has taken it. Nothing is
//! ever deleted here, and no answer is guessed: a lost one is reported as uncertain.

mod no_token;

use super::crash::{self, CrashPoint};
use super::effort::{Progress, Renew};
use super::grant::{client_secret, in_doubt, is_doubtful};
use super::grant_lock::{GrantFile, GrantLock};
use super::minted::{Minted, Unsaved};
use super::persist::{Persisted, Stands, persist};
use super::record::{minted, understand};
use super::report::{Report, answered};
use super::tools::{Tools, store};
use crate::lane::{
    Credential, Event, Found, LaneName, Offer, Outcome, RefreshFailure, Step, Verdict,
};
use crate::manifest::{LaneEntry, OauthSpec};
use crate::oauth;
use crate::plain::Plain;
use crate::secret::{Fingerprint, Secret};
use crate::store::{SecretRecord, Store};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for another process that is refreshing the same grant.
const PATIENCE: Duration = Duration::from_secs(20);
/// How old the reading of the store may be when a request leaves.
const FRESH: Duration = Duration::from_secs(5);

/// How it ended, before it is put into a report.
enum End {
    Adopt {
        offer: Offer,
        secret: Secret,
        lost_race: bool,
    },
    Fail(RefreshFailure),
    Unsaved {
        failure: RefreshFailure,
        unsaved: Unsaved,
        /// What the store said, if that was no answer.
        down: Option<Plain>,
    },
}

/// Exchanges a lane's grant.
pub(super) async fn refresh(
    tools: &Tools,
    slot: usize,
    name: &LaneName,
    entry: &LaneEntry,
    renew: Renew,
    progress: &Progress<'_>,
) -> Report {
    let attempt = renew.attempt;
    let Some(oauth) = &entry.oauth else {
        let verdict = Verdict::own(
            Outcome::CredentialInvalid,
            "oauth/none",
            "no token endpoint",
        );
        let failure = RefreshFailure::Transient(verdict);
        return Report::new(slot, Event::RefreshFailed { attempt, failure });
    };
    let mut said = None;
    let end = match store(tools, entry) {
        Ok(store) => {
            let effort = Effort {
                tools,
                entry,
                oauth,
                store,
                current: renew.current.as_ref(),
                failed: renew.failed,
            };
            effort
                .exchange(renew.unsaved, renew.forgiven, progress, &mut said)
                .await
        }
        Err(error) => End::Fail(RefreshFailure::Transient(error.verdict())),
    };
    let mut report = match end {
        End::Adopt {
            offer,
            secret,
            lost_race,
        } => {
            let kept = Some((offer.fingerprint, secret));
            let mut report = Report::new(
                slot,
                Event::Refreshed {
                    attempt,
                    offer,
                    lost_race,
                },
            );
            report.kept = kept;
            report
        }
        End::Fail(failure) => {
            tracing::info!(lane = %name, outcome = %failure.verdict().outcome, "refresh failed");
            Report::new(slot, Event::RefreshFailed { attempt, failure })
        }
        End::Unsaved {
            failure, unsaved, ..
        } => {
            let mut report = Report::new(slot, Event::RefreshFailed { attempt, failure });
            report.unsaved = Some(unsaved);
            report
        }
    };
    report.store = said;
    report
}

/// One lane's exchange, with all that it needs.
struct Effort<'a> {
    tools: &'a Tools,
    entry: &'a LaneEntry,
    oauth: &'a OauthSpec,
    store: &'a Arc<Store>,
    current: Option<&'a Credential>,
    failed: Option<Fingerprint>,
}

impl Effort<'_> {
    async fn exchange(
        &self,
        unsaved: Option<Unsaved>,
        forgiven: bool,
        progress: &Progress<'_>,
        said: &mut Option<Result<(), Plain>>,
    ) -> End {
        let Self {
            tools,
            entry,
            oauth,
            store,
            ..
        } = *self;
        let transient = |verdict| End::Fail(RefreshFailure::Transient(verdict));
        let own = |rule, text| {
            let verdict = Verdict::own(Outcome::StoreUnavailable, rule, text);
            End::Fail(RefreshFailure::Transient(verdict))
        };
        let waiting = |holder| progress.at(Step::Waiting { holder });
        let file = GrantFile::of(&tools.grants, &entry.source);
        let mut lock = match file.take(tools.now, PATIENCE, waiting).await {
            Ok(lock) => lock,
            Err(error) => return own("engine/grant_lock", error.to_string()),
        };
        crash::reached(CrashPoint::GrantLocked);
        progress.at(Step::Locked);
        let mut read_at = (tools.now)().boot;
        let read = store.read(&entry.source).await;
        *said = Some(read.as_ref().map_or_else(answered, |_| Ok(())));
        let mut record = match read {
            Ok(record) => record,
            Err(error) => {
                let verdict = error.verdict();
                return match unsaved {
                    Some(unsaved) => End::Unsaved {
                        failure: RefreshFailure::NotPersisted(verdict),
                        unsaved,
                        down: None,
                    },
                    None => transient(verdict),
                };
            }
        };
        crash::reached(CrashPoint::ReadAgain);
        // A grant that a person has replaced meanwhile makes what was minted from it worthless.
        if let Some(unsaved) = unsaved.filter(|unsaved| unsaved.is_of(entry, &record)) {
            progress.at(Step::Storing);
            let end = self.save(&record, unsaved.into_minted(), &mut lock).await;
            return noting(end, said);
        }
        let secret = match client_secret(tools, oauth).await {
            Ok(secret) => secret,
            Err(verdict) => return transient(verdict),
        };
        loop {
            if let Some(theirs) = self.somebody_was_faster(&record) {
                return theirs;
            }
            if (tools.now)().boot.since(read_at) <= FRESH {
                break;
            }
            // Stopped or slow: what was read is old by now.
            read_at = (tools.now)().boot;
            record = match store.read(&entry.source).await {
                Ok(record) => record,
                Err(error) => return transient(error.verdict()),
            };
        }
        let Some(grant) = record.field(&entry.source) else {
            return own(
                "store/no_grant",
                format!("{} holds no grant", entry.source.path),
            );
        };
        let mark = tools.grants_key.fingerprint(grant);
        let doubtful = is_doubtful(tools, entry);
        if let Some(left) = lock.left_behind()
            && doubtful
            && !forgiven
            && left.may_be_of(mark)
        {
            return End::Fail(RefreshFailure::Uncertain(in_doubt(left)));
        }
        let started = (tools.now)().wall;
        if doubtful && let Err(error) = lock.request_leaves(mark, started) {
            let text = format!("the request could not be noted, and so was not sent: {error}");
            return own("engine/grant_note", text);
        }
        crash::reached(CrashPoint::RequestNoted);
        progress.at(Step::Requested);
        let answer = oauth::refresh(&tools.http, oauth, secret.as_ref(), grant).await;
        crash::reached(CrashPoint::Exchanged);
        match answer {
            Ok(tokens) => {
                progress.at(Step::Storing);
                let minted = Minted::from(oauth, tokens, grant, started);
                noting(self.save(&record, minted, &mut lock).await, said)
            }
            Err(error) => {
                let end = self.no_token(&record, error).await;
                if !matches!(end, End::Fail(RefreshFailure::Uncertain(_))) {
                    lock.settle();
                }
                end
            }
        }
    }

    /// What another process minted since, if the record shows that and it still lives.
    fn somebody_was_faster(&self, record: &SecretRecord) -> Option<End> {
        let Self {
            tools,
            entry,
            current,
            ..
        } = *self;
        let secret = minted(entry, record)?;
        let known = current.map(|credential| credential.fingerprint);
        let (Found::Credential(offer), Some(_)) = understand(tools, entry, record, known) else {
            return None;
        };
        let now = (tools.now)().wall;
        // A token without a known end, or with one that is nearer than ours, is no news; nor is one
        // that has failed its test already.
        let newer = offer.expiry.is_some_and(|theirs| {
            theirs.at > now
                && current
                    .and_then(|c| c.expiry)
                    .is_none_or(|ours| theirs.at > ours.at)
        });
        (newer && self.failed != Some(offer.fingerprint)).then(|| End::Adopt {
            offer,
            secret: secret.clone(),
            lost_race: current.is_some(),
        })
    }

    /// Has the store take what was minted; only then is it reported for adoption.
    async fn save(&self, record: &SecretRecord, minted: Minted, lock: &mut GrantLock) -> End {
        let end = self.put_away(record, minted).await;
        crash::reached(CrashPoint::Persisted);
        // What is not stored yet would be lost with this process.
        if !matches!(end, End::Unsaved { .. }) {
            lock.settle();
        }
        crash::reached(CrashPoint::RequestSettled);
        end
    }

    async fn put_away(&self, record: &SecretRecord, minted: Minted) -> End {
        let Self {
            tools,
            entry,
            store,
            ..
        } = *self;
        let adopt = |store_version| End::Adopt {
            offer: minted.offer(&tools.key, store_version),
            secret: minted.access_token.clone(),
            lost_race: false,
        };
        if !minted.rotated && (!store.can_write() || entry.source.field.is_none()) {
            // The grant stays as it is, and there is no room for the token beside it.
            return adopt(record.version.clone());
        }
        let stands = |now: &SecretRecord| {
            if minted.is_in(entry, now) {
                return Stands::Ours;
            }
            match self.somebody_was_faster(now) {
                Some(theirs) => Stands::Theirs(theirs),
                // Somebody wrote the record, but left the grant that was exchanged.
                None if minted.is_of(entry, now) => Stands::Origin,
                None => Stands::Theirs(superseded()),
            }
        };
        let (fields, over) = (minted.to_store(entry), record.version.as_ref());
        match persist(store, &entry.source, &fields, over, stands).await {
            Persisted::Ours(version) => adopt(version),
            Persisted::Theirs(end) => end,
            Persisted::Not(error) => End::Unsaved {
                failure: RefreshFailure::NotPersisted(error.verdict()),
                down: answered(&error).err(),
                unsaved: Unsaved::new(minted),
            },
        }
    }
}

/// The same end; a store that did not take what was minted has failed to answer.
fn noting(end: End, said: &mut Option<Result<(), Plain>>) -> End {
    if let End::Unsaved {
        down: Some(why), ..
    } = &end
    {
        *said = Some(Err(why.clone()));
    }
    end
}

/// The store holds another grant than the one that was exchanged.
fn superseded() -> End {
    let text = "somebody has put another grant into the store meanwhile; theirs stays";
    End::Fail(RefreshFailure::Superseded(Verdict::own(
        Outcome::StoreUnavailable,
        "store/superseded",
        text,
    )))
}
