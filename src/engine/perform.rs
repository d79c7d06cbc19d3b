//! Effects become work, and work becomes a report.
//!
//! Every job ends in exactly one [`Report`], whatever happens to it: a time-out, a panic, a missing
//! secret. A report carries what the core is told and, beside it, secrets that only the engine's
//! vault may keep.

use super::control::control;
use super::effort::Renew;
use super::prove::{prove, request_of};
use super::record::understand;
use super::renew::{renew, retire};
use super::report::{Report, answered};
use super::request::ask;
use super::tools::{Kept, Tools, pack, store};
use super::verify::verify;
use super::{client, grant, lease};
use crate::alert::{Alert, tell};
use crate::lane::{
    Attempt, Credential, Event, Found, Generation, LaneName, Observed, Outcome, ProbeWhy,
    RefreshFailure, Renewal, Verdict,
};
use crate::manifest::{AlertSpec, LaneEntry};
use crate::oauth;
use crate::provider::Pack;
use crate::secret::{Fingerprint, Secret};
use crate::store::StoreError;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

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
        why: ProbeWhy,
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
    Renew(Box<Renew>),
    Retire {
        attempt: Attempt,
        generation: Generation,
        secret: Option<Secret>,
        /// What serves now.
        serving: Option<Secret>,
    },
    Alert {
        spec: Box<AlertSpec>,
        alert: Box<Alert>,
    },
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
            why,
            secret,
            credential,
        } => {
            let (verdict, mut observed) = prove(tools, &entry, secret.as_ref(), &credential).await;
            let request = request_of(tools, &entry);
            // Only what was asked of the upstream can be asked about there.
            if request.is_some() {
                let verdict = verify(tools, &entry, secret.as_ref(), &credential, verdict).await;
                if why == ProbeWhy::Preflight && verdict.outcome == Outcome::Ok {
                    observed.control = control(tools, &entry, request).await;
                }
                return Report::new(
                    slot,
                    Event::Probed {
                        attempt,
                        verdict,
                        observed,
                    },
                );
            }
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
        Work::Renew(effort) => renew(tools, slot, &name, &entry, *effort).await,
        Work::Retire {
            attempt,
            generation,
            secret,
            serving,
        } => {
            let both = (secret, serving);
            retire(tools, slot, &entry, attempt, generation, both).await
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
        Work::Renew(ref effort) => Event::RefreshFailed {
            attempt: effort.attempt,
            failure: RefreshFailure::Uncertain(verdict),
        },
        Work::Retire {
            attempt,
            generation,
            ..
        } => Event::Retired {
            attempt,
            generation,
            verdict,
        },
        Work::Alert { ref spec, .. } => Event::Notified {
            channel: spec.name.clone(),
            delivered: false,
        },
    }
}

async fn load(
    tools: &Tools,
    slot: usize,
    entry: &LaneEntry,
    attempt: Attempt,
    known: Option<Fingerprint>,
) -> Report {
    if entry.lease.is_some() {
        let found = lease::at_hand(known);
        return Report::new(slot, Event::Loaded { attempt, found });
    }
    let understood = match entry.spec.renewal {
        Renewal::ClientCredentials => {
            let read = client::load(tools, entry, known).await;
            read.map(|(found, kept)| (found, kept, None))
        }
        _ => read(tools, entry, known).await,
    };
    match understood {
        Ok((found, kept, doubt)) => {
            let mut report = Report::new(slot, Event::Loaded { attempt, found });
            report.kept = kept;
            report.doubt = doubt;
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

/// What the lane's record means, and what it shows of a request whose sender died.
async fn read(
    tools: &Tools,
    entry: &LaneEntry,
    known: Option<Fingerprint>,
) -> Result<(Found, Option<Kept>, Option<Verdict>), StoreError> {
    let record = store(tools, entry)?.read(&entry.source).await?;
    let (found, kept) = understand(tools, entry, &record, known);
    if let Some((_, secret)) = &kept
        && !is_presentable(pack(tools, entry), secret)
    {
        let what = "it is empty, or has characters that no header can carry";
        let text = format!("{}: {what}", entry.source.path);
        return Err(StoreError::Unusable(text.into()));
    }
    Ok((found, kept, grant::doubt(tools, entry, &record)))
}

/// Whether a secret can be shown to an upstream at all. One that cannot must not replace one that
/// can: it is a mistake of whoever put it there.
fn is_presentable(pack: &Pack, secret: &Secret) -> bool {
    let visible = |byte: u8| byte == b'\t' || byte >= b' ' && byte != 0x7f;
    let carried = |value: &Secret| value.expose().bytes().all(visible);
    !secret.is_empty() && pack.present(secret).iter().all(|(_, value)| carried(value))
}
