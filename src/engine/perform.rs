//! Effects become work, and work becomes a report.
//!
//! Every job ends in exactly one [`Report`], whatever happens to it: a time-out, a panic, a missing
//! secret. A report carries what the core is told and, beside it, secrets that only the engine's
//! vault may keep.

use super::refresh;
use crate::alert::{Alert, tell};
use crate::http::{Body, Call, Http, OwnedAnswer};
use crate::lane::{
    Attempt, Basis, Credential, Event, Expiry, ExpirySource, Found, LaneName, Observed, Offer, Outcome,
    RefreshFailure, ScopeSet, Verdict, Wall,
};
use crate::manifest::{AlertSpec, LaneEntry, RequestSpec};
use crate::oauth;
use crate::plain::Plain;
use crate::provider::{AnswerKind, Catalog, Context, NoAnswer, Pack};
use crate::secret::{Fingerprint, FingerprintKey, Secret};
use crate::store::{SecretRecord, Store, StoreError, Stores};
use futures_util::FutureExt as _;
use sha2::{Digest as _, Sha256};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A `Date` counts whole seconds, and is made before the answer is on its way.
const DATE_STEP_MS: i64 = 1_000;

/// What every job may use.
#[derive(Clone)]
pub(super) struct Tools {
    pub http: Http,
    pub stores: Stores,
    pub catalog: Arc<Catalog>,
    pub key: FingerprintKey,
    pub grants: PathBuf,
    pub now: fn() -> crate::lane::Now,
}

/// A secret that was read or minted, under its fingerprint.
pub(super) type Kept = (Fingerprint, Secret);

/// One piece of work for one lane.
pub(super) struct Job {
    pub slot: usize,
    pub name: LaneName,
    pub entry: Arc<LaneEntry>,
    pub work: Work,
}

/// What to do.
pub(super) enum Work {
    Load {
        attempt: Attempt,
        known: Option<Fingerprint>,
    },
    Probe {
        attempt: Attempt,
        secret: Option<Secret>,
        credential: Credential,
    },
    Neighbor {
        attempt: Attempt,
        index: usize,
        secret: Option<Secret>,
        credential: Credential,
    },
    RefreshPath {
        attempt: Attempt,
    },
    Refresh {
        attempt: Attempt,
        current: Option<Credential>,
        unsaved: Option<refresh::Unsaved>,
    },
    Alert {
        spec: Box<AlertSpec>,
        alert: Box<Alert>,
    },
}

/// What came of a job.
pub(super) struct Report {
    pub slot: usize,
    pub event: Event,
    /// For the vault.
    pub kept: Option<Kept>,
    /// Minted but not stored: handed to the next try.
    pub unsaved: Option<refresh::Unsaved>,
    /// What the store said of itself, where one was asked; an error if it failed to answer.
    pub store: Option<Result<(), Plain>>,
}

impl Report {
    pub(super) const fn new(slot: usize, event: Event) -> Self {
        Self {
            slot,
            event,
            kept: None,
            unsaved: None,
            store: None,
        }
    }
}

/// Does a job.
pub(super) async fn perform(tools: Arc<Tools>, job: Job) -> Report {
    let slot = job.slot;
    let broken = broken(&job.work);
    let work = AssertUnwindSafe(work(&tools, job)).catch_unwind();
    work.await.unwrap_or_else(|_| Report::new(slot, broken))
}

async fn work(tools: &Tools, job: Job) -> Report {
    let Job {
        slot,
        name,
        entry,
        work,
    } = job;
    match work {
        Work::Load { attempt, known } => load(tools, slot, &entry, attempt, known).await,
        Work::Probe {
            attempt,
            secret,
            credential,
        } => {
            let request = entry.probe.as_ref().or_else(|| pack(tools, &entry).probe());
            let (verdict, observed) = ask(
                tools,
                &entry,
                request,
                secret.as_ref(),
                &credential,
                entry.probe_timeout,
            )
            .await;
            Report::new(
                slot,
                Event::Probed {
                    attempt,
                    verdict,
                    observed,
                },
            )
        }
        Work::Neighbor {
            attempt,
            index,
            secret,
            credential,
        } => {
            let request = entry.neighbors.get(index);
            let (verdict, _) = ask(
                tools,
                &entry,
                request,
                secret.as_ref(),
                &credential,
                entry.probe_timeout,
            )
            .await;
            Report::new(
                slot,
                Event::NeighborProbed {
                    attempt,
                    index,
                    verdict,
                },
            )
        }
        Work::RefreshPath { attempt } => {
            let verdict = match &entry.oauth {
                Some(spec) => match oauth::answers(&tools.http, spec).await {
                    Ok(()) => {
                        Verdict::own(Outcome::Ok, "oauth/answers", "the token endpoint answers")
                    }
                    Err(error) => Verdict::own(
                        Outcome::UpstreamUnavailable,
                        "oauth/answers",
                        error.to_string(),
                    ),
                },
                None => Verdict::own(Outcome::Ok, "oauth/none", "there is no token endpoint"),
            };
            Report::new(slot, Event::RefreshPathChecked { attempt, verdict })
        }
        Work::Refresh {
            attempt,
            current,
            unsaved,
        } => {
            refresh::refresh(
                tools,
                slot,
                &name,
                &entry,
                attempt,
                current.as_ref(),
                unsaved,
            )
            .await
        }
        Work::Alert { spec, alert } => {
            let delivery = tell(&spec, &alert, &tools.http).await;
            let (channel, delivered) = (delivery.channel, delivery.delivered);
            Report::new(slot, Event::Notified { channel, delivered })
        }
    }
}

/// What is reported for a job that ended without a report of its own.
fn broken(work: &Work) -> Event {
    let text = "lanewatch failed while doing this; its log says more";
    let store = Verdict::own(Outcome::StoreUnavailable, "engine/broken", text);
    let verdict = Verdict::own(Outcome::UpstreamUnavailable, "engine/broken", text);
    match *work {
        Work::Load { attempt, .. } => Event::LoadFailed {
            attempt,
            verdict: store,
        },
        Work::Probe { attempt, .. } => Event::Probed {
            attempt,
            verdict,
            observed: Observed::default(),
        },
        Work::Neighbor { attempt, index, .. } => Event::NeighborProbed {
            attempt,
            index,
            verdict,
        },
        Work::RefreshPath { attempt } => Event::RefreshPathChecked { attempt, verdict },
        Work::Refresh { attempt, .. } => Event::RefreshFailed {
            attempt,
            failure: RefreshFailure::Uncertain(verdict),
        },
        Work::Alert { ref spec, .. } => Event::Notified {
            channel: spec.name.clone(),
            delivered: false,
        },
    }
}

/// The pack that judges a lane's answers.
pub(super) fn pack<'a>(tools: &'a Tools, entry: &LaneEntry) -> &'a Arc<Pack> {
    tools.catalog.get_or_http(entry.provider.as_str())
}

/// The store that a lane's secret lives in, which the manifest has made sure exists.
pub(super) fn store<'a>(tools: &'a Tools, entry: &LaneEntry) -> Result<&'a Arc<Store>, StoreError> {
    tools.stores.get(&entry.source.store).ok_or_else(|| {
        let text = format!("no store is called {}", entry.source.store);
        StoreError::NotFound(text.into())
    })
}

async fn load(
    tools: &Tools,
    slot: usize,
    entry: &LaneEntry,
    attempt: Attempt,
    known: Option<Fingerprint>,
) -> Report {
    let read = match store(tools, entry) {
        Ok(store) => store.read(&entry.source).await,
        Err(error) => Err(error),
    };
    let understood = read.and_then(|record| {
        let (found, kept) = understand(tools, entry, &record, known);
        match &kept {
            Some((_, secret)) if !is_presentable(pack(tools, entry), secret) => {
                let what = "it is empty, or has characters that no header can carry";
                Err(StoreError::Unusable(format!("{}: {what}", entry.source.path).into()))
            }
            _ => Ok((found, kept)),
        }
    });
    match understood {
        Ok((found, kept)) => {
            let mut report = Report::new(slot, Event::Loaded { attempt, found });
            report.kept = kept;
            report.store = Some(Ok(()));
            report
        }
        Err(error) => {
            let verdict = error.verdict();
            let mut report = Report::new(slot, Event::LoadFailed { attempt, verdict });
            report.store = Some(answered(&error));
            report
        }
    }
}

/// Whether a secret can be shown to an upstream at all. One that cannot must not replace one that
/// can: it is a mistake of whoever put it there.
fn is_presentable(pack: &Pack, secret: &Secret) -> bool {
    let visible = |byte: u8| byte == b'\t' || byte >= b' ' && byte != 0x7f;
    let carried = |value: &Secret| value.expose().bytes().all(visible);
    !secret.is_empty() && pack.present(secret).iter().all(|(_, value)| carried(value))
}

/// Whether a store that failed has answered at all.
pub(super) fn answered(error: &StoreError) -> Result<(), Plain> {
    match error.is_outage() {
        true => Err(error.to_string().into()),
        false => Ok(()),
    }
}

/// What a record in a store means for a lane.
pub(super) fn understand(
    tools: &Tools,
    entry: &LaneEntry,
    record: &SecretRecord,
    known: Option<Fingerprint>,
) -> (Found, Option<Kept>) {
    if entry.oauth.is_none() {
        let Some(secret) = record.field(&entry.source) else {
            return (
                Found::GrantOnly {
                    version: record.version.clone(),
                },
                None,
            );
        };
        let offer = stored_offer(tools, record, secret);
        return settle(offer, secret.clone(), known);
    }
    match minted(entry, record) {
        Some(secret) => {
            let offer = stored_offer(tools, record, secret);
            let over = offer
                .expiry
                .is_some_and(|expiry| expiry.at <= (tools.now)().wall);
            if over && known != Some(offer.fingerprint) {
                return (
                    Found::GrantOnly {
                        version: record.version.clone(),
                    },
                    None,
                );
            }
            settle(offer, secret.clone(), known)
        }
        None => (
            Found::GrantOnly {
                version: record.version.clone(),
            },
            None,
        ),
    }
}

fn settle(offer: Offer, secret: Secret, known: Option<Fingerprint>) -> (Found, Option<Kept>) {
    let kept = (known != Some(offer.fingerprint)).then_some((offer.fingerprint, secret));
    (Found::Credential(offer), kept)
}

/// The access token that a record holds beside its grant, if it was minted from that very grant: a
/// grant that a person has replaced makes the token beside it stale.
pub(super) fn minted<'a>(entry: &LaneEntry, record: &'a SecretRecord) -> Option<&'a Secret> {
    let grant = record.field(&entry.source)?;
    let of = record.fields.get(fields::ACCESS_TOKEN_FOR)?;
    (of.expose() == grant_mark(grant)).then(|| record.fields.get(fields::ACCESS_TOKEN))?
}

/// Names of the fields that a refresh writes beside the grant.
pub(super) mod fields {
    /// The token that was minted.
    pub(in crate::engine) const ACCESS_TOKEN: &str = "access_token";
    /// The mark of the grant it was minted with.
    pub(in crate::engine) const ACCESS_TOKEN_FOR: &str = "access_token_for";
    /// When it ends, RFC 3339.
    pub(in crate::engine) const EXPIRES_AT: &str = "expires_at";
    /// When its life began, RFC 3339.
    pub(in crate::engine) const ISSUED_AT: &str = "issued_at";
    /// What it may do, separated by spaces.
    pub(in crate::engine) const SCOPE: &str = "scope";
}

/// Tells one grant from another. It stands only beside the grant itself.
pub(super) fn grant_mark(grant: &Secret) -> String {
    let hash = Sha256::digest(grant.expose().as_bytes());
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn stored_offer(tools: &Tools, record: &SecretRecord, secret: &Secret) -> Offer {
    let at = |field: &str| {
        record
            .fields
            .get(field)
            .and_then(|text| Wall::parse(text.expose()))
    };
    let scope = record
        .fields
        .get(fields::SCOPE)
        .map(|text| ScopeSet::split(text.expose()));
    Offer {
        fingerprint: tools.key.fingerprint(secret),
        issued_at: at(fields::ISSUED_AT).or(record.created),
        expiry: at(fields::EXPIRES_AT).map(|at| Expiry {
            at,
            source: ExpirySource::Store,
        }),
        scopes: scope.filter(|scopes| !scopes.is_empty()),
        store_version: record.version.clone(),
        history: None,
    }
}

/// Asks the upstream something with the lane's credential.
async fn ask(
    tools: &Tools,
    entry: &LaneEntry,
    request: Option<&RequestSpec>,
    secret: Option<&Secret>,
    credential: &Credential,
    timeout: Duration,
) -> (Verdict, Observed) {
    let pack = pack(tools, entry);
    let nothing = |text: &str| {
        (
            Verdict::own(Outcome::UpstreamUnavailable, "engine/request", text),
            Observed::default(),
        )
    };
    let Some(request) = request else {
        return nothing("there is nothing to ask");
    };
    let Some(secret) = secret else {
        return nothing("the credential is not at hand");
    };
    let call = match call(entry, pack, request, secret, timeout) {
        Ok(call) => call,
        Err(text) => return nothing(&text),
    };
    match tools.http.exchange(call).await {
        Ok(answer) => judge(tools, pack, &answer, credential),
        Err(why) => (pack.no_answer(&why), Observed::default()),
    }
}

fn judge(
    tools: &Tools,
    pack: &Pack,
    answer: &OwnedAnswer,
    credential: &Credential,
) -> (Verdict, Observed) {
    let context = Context {
        now: (tools.now)().wall,
        known_expires_at: credential.expiry.map(|expiry| expiry.at),
        worked_before: credential.proven,
    };
    let said = answer.as_answer(AnswerKind::Api);
    let mut reading = pack.classify(&said, &context);
    // Its issuer's clock decides when a credential ends: by that one it may be over already.
    if let (Some(end), Some(ahead)) = (context.known_expires_at, reading.observed.skew_ms)
        && end.0 <= context.now.0.saturating_add(ahead).saturating_add(DATE_STEP_MS)
        && reading.verdict.evidence.basis == Basis::Inferred
    {
        reading = pack.classify(&said, &Context { now: end.max(context.now), ..context });
    }
    let mut observed = reading.observed;
    observed.took = answer.took;
    (reading.verdict, observed)
}

/// The request as it goes out, credential and all.
fn call(
    entry: &LaneEntry,
    pack: &Pack,
    request: &RequestSpec,
    secret: &Secret,
    timeout: Duration,
) -> Result<Call, String> {
    let base = match &entry.base_url {
        Some(url) => url.clone(),
        None => pack
            .base_url()
            .and_then(|base| base.parse().ok())
            .ok_or("neither the lane nor its provider has an address")?,
    };
    let url = join(&base, &request.target)?;
    let method = request
        .method
        .parse()
        .map_err(|_| "its method is none".to_owned())?;
    let mut call = Call::new(method, url, timeout);
    for (name, value) in pack.present(secret) {
        call = call.secret_header(&name, value);
    }
    for (name, value) in pack.extra_headers() {
        call = call.header(name, value);
    }
    if let Some((body, content_type)) = &request.body {
        call = call.header("content-type", content_type);
        call.body = Some(Body {
            content_type: "application/json",
            text: Secret::new(body.clone()),
        });
    }
    Ok(call)
}

/// A target below a base address: the base's own path stays in front.
pub(super) fn join(base: &url::Url, target: &str) -> Result<url::Url, String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return target
            .parse()
            .map_err(|_| format!("{target} is no address"));
    }
    let base = base.as_str().trim_end_matches('/');
    let target = target.trim_start_matches('/');
    format!("{base}/{target}")
        .parse()
        .map_err(|_| format!("{target} is no path"))
}

/// Whether a failure to answer leaves a single-use grant in doubt.
pub(super) fn leaves_doubt(why: &NoAnswer, pack: &Pack, single_use: bool) -> bool {
    why.may_have_acted() && single_use && !pack.forgives_retry()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_goes_below_its_base_address() {
        let base = "https://gitlab.example/api/v4".parse().unwrap();
        assert_eq!(
            join(&base, "/user").unwrap().as_str(),
            "https://gitlab.example/api/v4/user"
        );
        let base = "http://127.0.0.1:3000".parse().unwrap();
        assert_eq!(
            join(&base, "user?x=1").unwrap().as_str(),
            "http://127.0.0.1:3000/user?x=1"
        );
        let whole = "https://other.example/x";
        assert_eq!(join(&base, whole).unwrap().as_str(), whole);
    }
}
