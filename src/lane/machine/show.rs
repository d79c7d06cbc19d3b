//! What a lane shows: its word, its gate, the denial it gives, and what comes next.
//!
//! Every answer here is derived from the facts and from nothing else, so a word never changes
//! without a fact that changed, and a fact never changes without a record.

use super::super::credential::{Credential, Generation};
use super::super::effect::ProbeWhy;
use super::super::event::Step;
use super::super::gate::{Denied, Finding, Gate, Hold, Pause, Refusal, WhoActs};
use super::super::outcome::{Outcome, Verdict};
use super::super::spec::{LaneName, LaneSpec, Renewal};
use super::super::time::{Now, Wall};
use super::super::word::Word;
use super::preflight::detail;
use super::{Activity, Counters, Degraded, Grant, Lane, NeighborProof, Next};
use std::sync::Arc;

impl Lane {
    /// Its name.
    pub fn name(&self) -> &LaneName {
        &self.spec.name
    }

    /// What the manifest asks of it.
    pub const fn spec(&self) -> &Arc<LaneSpec> {
        &self.spec
    }

    /// The last generation it adopted.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// The credential that serves it.
    pub const fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    /// What its last answer meant, and when.
    pub fn verdict(&self) -> Option<(&Arc<Verdict>, Wall)> {
        self.verdict.as_ref().map(|(verdict, at)| (verdict, *at))
    }

    /// When an upstream last accepted the credential.
    pub const fn last_ok(&self) -> Option<Wall> {
        self.last_ok
    }

    /// How often each outcome was seen.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The operator's pause.
    pub const fn pause(&self) -> Option<&Arc<Pause>> {
        self.pause.as_ref()
    }

    /// The hold.
    pub const fn held(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Why pre-flight does not let it serve.
    pub fn refusal(&self) -> Option<Refusal> {
        if self.audit_writable {
            self.refusal.clone()
        } else {
            Some(Refusal::AuditUnwritable)
        }
    }

    /// The open degraded window, else what has stopped keeping the credential alive.
    pub fn degraded(&self) -> Option<&Degraded> {
        self.window.as_ref().or(self.trouble.as_ref())
    }

    /// What its neighbors answered.
    pub fn neighbors(&self) -> &[NeighborProof] {
        &self.neighbors
    }

    /// The last pre-flight, check by check.
    pub const fn findings(&self) -> &Arc<Vec<Finding>> {
        &self.findings
    }

    /// Takes an equal list in the place of its own. Most of many lanes have found the same, and need
    /// not each keep a copy of it.
    pub fn share_findings(&mut self, same: &Arc<Vec<Finding>>) {
        if self.findings == *same {
            self.findings = Arc::clone(same);
        }
    }

    /// Latencies of the last proofs in milliseconds, oldest first.
    pub fn latencies(&self) -> impl Iterator<Item = u32> {
        self.latencies.iter().copied()
    }

    /// Failed tries in a row of whatever is failing.
    pub fn tries(&self) -> u32 {
        let tries = [self.probe_backoff, self.refresh_backoff, self.load_backoff];
        tries
            .iter()
            .map(|backoff| backoff.failures())
            .max()
            .unwrap_or(0)
    }

    /// Whether a pre-flight has come to an end: the gate is open, or something stands against it.
    /// A one-shot check waits for this.
    pub fn is_settled(&self) -> bool {
        self.hold.is_some()
            || self.pause.is_some()
            || self.refusal != Some(Refusal::NotProvenYet) && !self.is_condemned()
    }

    /// The gate: the worst of hold, pause and refusal.
    pub const fn gate(&self) -> Gate {
        if self.hold.is_some() {
            Gate::Held
        } else if self.pause.is_some() {
            Gate::Paused
        } else if self.refusal.is_some() || !self.audit_writable {
            Gate::Refused
        } else {
            Gate::Open
        }
    }

    /// What is under way.
    pub fn activity(&self) -> Activity {
        if self.rotation.is_some() {
            Activity::Rotating
        } else if self.flights.refresh.is_some() {
            Activity::Refreshing
        } else if self.trial.is_some() {
            Activity::Probing(ProbeWhy::Fresh)
        } else if let Some((_, why, _)) = self.flights.probe {
            Activity::Probing(why)
        } else if self.flights.neighbor.is_some() {
            Activity::ProvingNeighbors
        } else if self.flights.load.is_some() {
            Activity::Loading
        } else {
            Activity::Idle
        }
    }

    /// How far the coming of a newer credential has got.
    pub fn step(&self) -> Option<Step> {
        if let Some((_, step)) = &self.flights.refresh {
            Some(step.clone())
        } else if self.trial.is_some() {
            Some(Step::Testing)
        } else if self.rotation.is_some() && self.spec.renewal == Renewal::Owner {
            Some(Step::AwaitingOwner)
        } else {
            (!self.old.is_empty()).then_some(Step::Overlapping)
        }
    }

    /// Its state in one word: what stands against it, worst first.
    pub fn word(&self) -> Word {
        if self.hold.is_some() {
            return Word::Held;
        }
        if self.pause.is_some() {
            return Word::Paused;
        }
        if !self.audit_writable {
            return Word::Refused;
        }
        if self.expired {
            return Word::Expired;
        }
        match &self.refusal {
            Some(Refusal::Answer(verdict)) => return word_for(verdict.outcome),
            Some(Refusal::NotProvenYet) => return Word::Refreshing,
            Some(_) => return Word::Refused,
            None => {}
        }
        if matches!(self.grant, Grant::Uncertain(_)) {
            return Word::Uncertain;
        }
        if self.limited {
            return Word::Limited;
        }
        if let Some((verdict, _)) = &self.verdict
            && verdict.outcome == Outcome::UpstreamUnavailable
        {
            return Word::Unreachable;
        }
        if self.trouble.is_some() || self.window.is_some() {
            return Word::Degraded;
        }
        if self.warned {
            return Word::Expiring;
        }
        let awaited = self.rotation.is_some() && self.spec.renewal != Renewal::Owner;
        if self.flights.refresh.is_some() || self.trial.is_some() || awaited {
            return Word::Refreshing;
        }
        Word::Ok
    }

    /// The generation that may serve now.
    ///
    /// # Errors
    /// What stands against it, who has to act, and when it is worth asking again.
    pub fn serve(&self, now: Now) -> Result<Generation, Denied> {
        let gate = self.gate();
        let denied = |outcome, until, who_acts, reason: String| Denied {
            outcome,
            gate,
            until,
            who_acts,
            reason: reason.into(),
        };
        let name = &self.spec.name;
        if let Some(hold) = &self.hold {
            let reason = format!("{name} is held: {}", detail(&hold.verdict));
            return Err(denied(
                hold.verdict.outcome,
                None,
                WhoActs::Operator,
                reason,
            ));
        }
        if let Some(pause) = &self.pause {
            let reason = format!("{name} is paused by {}: {}", pause.by, pause.reason);
            return Err(denied(
                Outcome::PolicyDenied,
                pause.until,
                WhoActs::Operator,
                reason,
            ));
        }
        if !self.audit_writable {
            let reason = "the audit cannot be written, so nothing is served".to_owned();
            return Err(denied(
                Outcome::PolicyDenied,
                None,
                WhoActs::Operator,
                reason,
            ));
        }
        let over = self
            .credential
            .as_ref()
            .and_then(|credential| credential.expiry);
        let over = self.expired
            || over.is_some_and(|expiry| expiry.at <= now.wall)
            || self.schedule.expiry.is_some_and(|at| at <= now.boot);
        let renews = self.spec.renewal.is_own();
        if over {
            let who = if renews {
                WhoActs::Lanewatch
            } else {
                WhoActs::Owner
            };
            let reason = format!("the credential of {name} has expired");
            return Err(denied(
                Outcome::CredentialExpired,
                self.next(now).retry,
                who,
                reason,
            ));
        }
        if let Some(refusal) = &self.refusal {
            let retry = self.next(now).retry;
            return Err(match refusal {
                Refusal::Answer(verdict) => {
                    let who = match verdict.outcome {
                        outcome if outcome.is_outage() => WhoActs::Provider,
                        Outcome::RateLimited => WhoActs::Lanewatch,
                        _ => WhoActs::Owner,
                    };
                    denied(
                        verdict.outcome,
                        retry,
                        who,
                        format!("{name}: {}", detail(verdict)),
                    )
                }
                Refusal::NotProvenYet => {
                    let reason = format!("{name} is being proved");
                    denied(
                        Outcome::CredentialInvalid,
                        retry,
                        WhoActs::Lanewatch,
                        reason,
                    )
                }
                _ => {
                    let reason = format!("pre-flight refuses {name}");
                    denied(Outcome::PolicyDenied, retry, WhoActs::Owner, reason)
                }
            });
        }
        if self.limited {
            let until = self.schedule.limit_ends.map(|at| now.wall_at(at));
            let reason = format!("the upstream of {name} asks for patience");
            return Err(denied(
                Outcome::RateLimited,
                until,
                WhoActs::Lanewatch,
                reason,
            ));
        }
        self.credential
            .as_ref()
            .map(|credential| credential.generation)
            .ok_or_else(|| {
                denied(
                    Outcome::CredentialInvalid,
                    None,
                    WhoActs::Lanewatch,
                    format!("{name} has no credential yet"),
                )
            })
    }

    /// What happens next, by the wall clock.
    pub fn next(&self, now: Now) -> Next {
        let wall = |at: Option<super::super::time::Boot>| at.map(|at| now.wall_at(at));
        let failing = self.refresh_backoff.failures() > 0;
        let soonest = [
            self.schedule.preflight,
            self.schedule.refresh.filter(|_| failing),
            self.schedule
                .probe
                .filter(|_| self.probe_backoff.failures() > 0),
            self.schedule
                .store
                .filter(|_| self.load_backoff.failures() > 0),
        ];
        Next {
            probe: wall(self.schedule.probe),
            refresh: wall(self.schedule.refresh),
            retry: wall(soonest.into_iter().flatten().min()),
            store: wall(self.schedule.store),
            limited_until: wall(self.schedule.limit_ends).filter(|_| self.limited),
        }
    }
}

/// The word for what an answer means.
const fn word_for(outcome: Outcome) -> Word {
    match outcome {
        Outcome::Ok => Word::Refused,
        Outcome::CredentialExpired => Word::Expired,
        Outcome::CredentialRevoked => Word::Revoked,
        Outcome::CredentialInvalid => Word::Invalid,
        Outcome::ScopeInsufficient => Word::Scope,
        Outcome::RateLimited => Word::Limited,
        Outcome::PolicyDenied => Word::Denied,
        Outcome::UpstreamUnavailable | Outcome::StoreUnavailable => Word::Unreachable,
    }
}
