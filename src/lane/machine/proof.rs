//! What an answer to a proof changes.

use super::super::effect::{AlertLevel, Attempt, Effect, LoadWhy, ProbeWhy};
use super::super::event::Observed;
use super::super::gate::{FindingLevel, Hold, Refusal};
use super::super::outcome::{Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::time::Now;
use super::preflight::{detail, names};
use super::{Degraded, Grant, LATENCIES, Lane, Reaction};
use std::sync::Arc;
use std::time::Duration;

/// How long to be patient with an upstream that asks for patience but names no time.
const PATIENCE: Duration = Duration::from_secs(60);

impl Lane {
    /// Asks the upstream, unless the lane may not or its credential is known to be dead.
    pub(super) fn probe(&mut self, why: ProbeWhy, out: &mut Reaction) {
        let Some(credential) = &self.credential else {
            return;
        };
        let generation = credential.generation;
        if self.hold.is_some() || self.pause.is_some() || self.credential_is_dead() {
            return;
        }
        if self.spec.probe_every.is_none() || self.flights.probe.is_some() {
            return;
        }
        if why == ProbeWhy::Routine && self.preflight.is_some() {
            return;
        }
        let attempt = self.next_attempt();
        self.schedule.probe = None;
        self.flights.probe = Some((attempt, why, generation));
        out.effects.push(Effect::Probe {
            attempt,
            generation,
            why,
        });
    }

    /// Whether the credential may still be shown for an effort that has waited its turn.
    pub fn may_ask(&self, now: Now, attempt: Attempt) -> bool {
        if self.is_of_trial(attempt) {
            let over = |credential: &super::super::credential::Credential| {
                credential.expiry.is_some_and(|end| end.at <= now.wall)
            };
            let stopped = self.hold.is_some() || self.pause.is_some();
            return !stopped && !self.candidate().is_none_or(over);
        }
        let probe = self.flights.probe.map(|(of, ..)| of);
        let neighbor = self.flights.neighbor.map(|(of, ..)| of);
        let awaited = [probe, neighbor].contains(&Some(attempt));
        let stopped = self.hold.is_some() || self.pause.is_some() || self.credential_is_dead();
        let over = self.left(now).is_some_and(|left| left.is_zero());
        awaited && !stopped && !over
    }

    /// Whether there is no point in showing the credential to anybody.
    pub(super) fn credential_is_dead(&self) -> bool {
        self.expired
            || self.credential.is_none()
            || matches!(&self.refusal, Some(Refusal::Answer(v)) if v.outcome.is_terminal())
    }

    pub(super) fn probed(
        &mut self,
        now: Now,
        attempt: Attempt,
        verdict: Verdict,
        observed: &Observed,
        out: &mut Reaction,
    ) {
        if self.is_of_trial(attempt) {
            self.note_latency(&verdict, observed);
            self.trial_probed(now, verdict, observed, out);
            return;
        }
        let Some((_, why, generation)) = self.flights.probe.filter(|(of, ..)| *of == attempt)
        else {
            return;
        };
        self.flights.probe = None;
        if self.hold.is_some() || self.credential.as_ref().map(|c| c.generation) != Some(generation)
        {
            return;
        }
        self.counters.count(verdict.outcome);
        self.note_latency(&verdict, observed);
        if self.limited && verdict.outcome != Outcome::RateLimited && !verdict.outcome.is_outage() {
            self.limited = false;
            self.schedule.limit_ends = None;
        }
        let confirmed = (why == ProbeWhy::Confirm).then(|| self.grant.clone());
        match verdict.outcome {
            Outcome::Ok => self.accepted(now, verdict, observed, out),
            Outcome::CredentialExpired => self.fall_expired(now, verdict, out),
            Outcome::CredentialRevoked => self.condemn(now, verdict, out),
            Outcome::CredentialInvalid => self.rejected(now, verdict, out),
            Outcome::ScopeInsufficient | Outcome::PolicyDenied => {
                self.not_allowed(now, verdict, out);
            }
            Outcome::RateLimited => self.asked_for_patience(now, verdict, out),
            Outcome::UpstreamUnavailable | Outcome::StoreUnavailable => {
                self.unanswered(now, verdict, out);
            }
        }
        if let Some(Grant::Dead(grant)) = confirmed {
            self.grant_confirmed(now, Verdict::clone(&grant), out);
        }
    }

    fn note_latency(&mut self, verdict: &Verdict, observed: &Observed) {
        if verdict.outcome != Outcome::UpstreamUnavailable {
            if self.latencies.len() == LATENCIES {
                self.latencies.pop_front();
            }
            self.latencies
                .push_back(u32::try_from(observed.took.as_millis()).unwrap_or(u32::MAX));
        }
    }

    /// The upstream accepted the credential.
    fn accepted(&mut self, now: Now, verdict: Verdict, observed: &Observed, out: &mut Reaction) {
        let failing = self
            .verdict
            .as_ref()
            .is_some_and(|(last, _)| last.outcome != Outcome::Ok);
        let first = self.verdict.is_none();
        self.last_ok = Some(now.wall);
        self.probe_backoff.succeed();
        if let Some(credential) = &mut self.credential {
            credential.proven = true;
        }
        if let Some(expiry) = observed.expiry {
            let known = self
                .credential
                .as_ref()
                .and_then(|credential| credential.expiry);
            if known.map(|known| known.at) != Some(expiry.at) {
                if let Some(credential) = &mut self.credential {
                    credential.expiry = Some(expiry);
                }
                self.plan_life(now);
            }
        }
        if (failing || first) && self.preflight.is_none() {
            self.record(out, RecordKind::ProbePassed).verdict = Some(verdict.clone());
        }
        self.see(now, verdict);
        let drift = observed
            .scopes
            .clone()
            .and_then(|seen| self.see_scopes(seen));
        if let Some((gained, lost)) = &drift {
            let note = match (gained.is_empty(), lost.is_empty()) {
                (false, true) => format!("gained {}", names(gained)),
                (true, false) => format!("lost {}", names(lost)),
                _ => format!("gained {}, lost {}", names(gained), names(lost)),
            };
            self.record(out, RecordKind::ScopeChanged).note = Some(note.into());
        }
        if self.preflight.is_some() {
            self.preflight_probed(now, observed, out);
            return;
        }
        if let Some(verdict) = drift.and_then(|(gained, _)| self.widened_by(gained)) {
            self.hold_widened(now, verdict, out);
            return;
        }
        match self.scopes_against() {
            Some(against) if against.outcome == Outcome::ScopeInsufficient => {
                self.counters.count(Outcome::ScopeInsufficient);
                self.not_allowed(now, against, out);
                return;
            }
            Some(forbidden) => {
                self.hold_widened(now, forbidden, out);
                return;
            }
            None => {}
        }
        if matches!(self.refusal, Some(Refusal::Answer(_))) {
            self.refusal = None;
        }
        // A refresh that keeps failing is not cured by a credential that still works.
        let renews = self.refresh_backoff.failures() == 0 && self.grant == Grant::Good;
        if renews
            && self
                .trouble
                .as_ref()
                .is_some_and(|t| t.verdict.outcome == Outcome::UpstreamUnavailable)
        {
            self.trouble = None;
        }
        if self.refusal.is_none() {
            self.close_window(now, out);
            self.complete_rotation(out);
        }
        self.plan_probe(now);
        if self.schedule.neighbors.is_none() {
            self.plan_neighbors(now);
        }
    }

    pub(super) fn hold_widened(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let record = self.record(out, RecordKind::WarningRaised);
        record.note = Some(format!("scope_widened: {}", detail(&verdict)).into());
        self.hold(now, verdict, out);
    }

    /// The credential was rejected and the cause cannot be told.
    fn rejected(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self
            .credential
            .as_ref()
            .is_some_and(|credential| credential.proven)
        {
            self.condemn(now, verdict, out);
        } else if self.preflight.is_some() {
            self.find_again("probe", FindingLevel::Refuse, detail(&verdict));
            self.refuse_for(now, verdict, out);
        } else {
            self.record(out, RecordKind::ProbeFailed).verdict = Some(verdict.clone());
            self.close_with(now, verdict, out);
            self.load(LoadWhy::Rejected, out);
        }
    }

    /// The credential was accepted but the call is not covered or not permitted.
    fn not_allowed(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self.preflight.is_some() {
            self.find_again("probe", FindingLevel::Refuse, detail(&verdict));
            self.refuse_for(now, verdict, out);
            return;
        }
        let same =
            matches!(&self.refusal, Some(Refusal::Answer(old)) if old.outcome == verdict.outcome);
        if !same {
            self.record(out, RecordKind::ProbeFailed).verdict = Some(verdict.clone());
            let text = format!(
                "{}: {} ({})",
                self.spec.name,
                verdict.outcome,
                detail(&verdict)
            );
            self.alert(out, AlertLevel::Warning, text);
        }
        self.refusal = Some(Refusal::Answer(self.see(now, verdict)));
        self.plan_probe(now);
    }

    fn asked_for_patience(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let wait = verdict
            .evidence
            .retry_after_s
            .map_or(PATIENCE, Duration::from_secs);
        let wait = wait.clamp(Duration::from_secs(1), Duration::from_secs(24 * 3600));
        if !self.limited {
            let record = self.record(out, RecordKind::RateLimited);
            record.verdict = Some(verdict.clone());
            record.note = Some(format!("asked again in {} s", wait.as_secs()).into());
        }
        self.limited = true;
        if self.preflight.is_some() {
            self.find_again("probe", FindingLevel::Refuse, detail(&verdict));
            let mut verdict = verdict;
            verdict.evidence.retry_after_s = Some(wait.as_secs());
            self.refuse_for(now, verdict, out);
        } else {
            self.see(now, verdict);
            self.schedule.limit_ends = Some(now.boot.plus(wait));
            self.schedule.probe = None;
        }
    }

    /// The upstream said nothing of the credential.
    fn unanswered(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self.preflight.is_some() {
            self.find_again("probe", FindingLevel::Refuse, detail(&verdict));
            self.refuse_for(now, verdict, out);
            return;
        }
        let already = self
            .verdict
            .as_ref()
            .is_some_and(|(last, _)| last.outcome == verdict.outcome);
        if !already {
            self.record(out, RecordKind::ProbeFailed).verdict = Some(verdict.clone());
        }
        if self.trouble.is_none() {
            self.trouble = Some(Degraded {
                since: now.wall,
                verdict: Arc::new(verdict.clone()),
            });
        }
        self.see(now, verdict);
        let cap = self.spec.probe_every.unwrap_or(Duration::from_secs(30));
        let wait = self.probe_backoff.after_failure(&mut self.dice, cap);
        self.schedule.probe = Some(now.boot.plus(wait));
    }

    /// A call went through the lane: its answer counts as a proof.
    pub(super) fn called(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.record(out, RecordKind::ToolCall).verdict = Some(verdict.clone());
        if self.hold.is_some() || self.refusal.is_some() {
            return;
        }
        match verdict.outcome {
            Outcome::CredentialRevoked | Outcome::CredentialInvalid => {
                self.counters.count(verdict.outcome);
                self.rejected_or_revoked(now, verdict, out);
            }
            Outcome::CredentialExpired => self.fall_expired(now, verdict, out),
            Outcome::RateLimited => {
                self.counters.count(verdict.outcome);
                self.asked_for_patience(now, verdict, out);
            }
            outcome => self.counters.count(outcome),
        }
    }

    fn rejected_or_revoked(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if verdict.outcome == Outcome::CredentialRevoked {
            self.condemn(now, verdict, out);
        } else {
            self.rejected(now, verdict, out);
        }
    }

    /// Asks a neighbor, under the same conditions as a proof.
    pub(super) fn probe_neighbor(&mut self, index: usize, out: &mut Reaction) {
        let Some(credential) = &self.credential else {
            return;
        };
        let generation = credential.generation;
        let may = self.hold.is_none() && self.pause.is_none() && !self.credential_is_dead();
        if !may || index >= self.neighbors.len() || self.flights.neighbor.is_some() {
            return;
        }
        let attempt = self.next_attempt();
        self.flights.neighbor = Some((attempt, index, generation));
        out.effects.push(Effect::ProbeNeighbor {
            attempt,
            generation,
            index,
        });
    }

    pub(super) fn neighbor_probed(
        &mut self,
        now: Now,
        attempt: Attempt,
        index: usize,
        verdict: Verdict,
        out: &mut Reaction,
    ) {
        if self.is_of_trial(attempt) {
            self.counters.count(verdict.outcome);
            self.trial_asked_neighbor(now, index, verdict, out);
            return;
        }
        let Some((_, asked, generation)) = self.flights.neighbor.filter(|(of, ..)| *of == attempt)
        else {
            return;
        };
        self.flights.neighbor = None;
        let current = self.credential.as_ref().map(|c| c.generation) == Some(generation);
        if asked != index || self.hold.is_some() || !current {
            return;
        }
        let Some(proof) = self.neighbors.get_mut(index) else {
            return;
        };
        let before = proof.denied;
        let denied = match verdict.outcome {
            Outcome::Ok => Some(false),
            Outcome::ScopeInsufficient | Outcome::PolicyDenied => Some(true),
            // A dead credential opens nothing, but that proves nothing about its scopes.
            _ => None,
        };
        proof.at = Some(now.wall);
        proof.denied = denied.or(before);
        proof.outcome = Some(verdict.outcome);
        let name = proof.name.clone();
        match denied {
            Some(true) => {
                if before != Some(true) {
                    let record = self.record(out, RecordKind::NeighborDenied);
                    record.verdict = Some(verdict);
                    record.note = Some(name.into());
                }
                self.neighbor_denied(now, index, out);
            }
            Some(false) => {
                let record = self.record(out, RecordKind::NeighborAllowed);
                record.verdict = Some(verdict);
                record.note = Some(name.clone().into());
                let text = format!("{name}: allowed, but must be denied");
                if self.preflight.take().is_some() {
                    self.find_again("neighbor", FindingLevel::Refuse, text.clone());
                    // It is told louder than other refusals.
                    self.refusal_told = true;
                    self.refuse(Refusal::Neighbor, &text, out);
                    self.alert(
                        out,
                        AlertLevel::Critical,
                        format!("{}: {text}", self.spec.name),
                    );
                } else {
                    let verdict = Verdict::own(Outcome::Ok, "lane/neighbor_allowed", text);
                    self.hold_widened(now, verdict, out);
                }
            }
            None if self.preflight.is_some() => {
                let text = format!(
                    "{name}: could not be shown to be denied ({})",
                    detail(&verdict)
                );
                self.find_again("neighbor", FindingLevel::Refuse, text.clone());
                self.refuse(Refusal::Neighbor, &text, out);
                self.retry_preflight(now);
            }
            None => self.plan_neighbors(now),
        }
    }

    fn neighbor_denied(&mut self, now: Now, index: usize, out: &mut Reaction) {
        if self.preflight.is_some() {
            let text = format!(
                "{} of {} denied",
                index.saturating_add(1),
                self.neighbors.len()
            );
            self.find_again("neighbor", FindingLevel::Pass, text);
            self.go_on(now, out);
        } else if index.saturating_add(1) < self.neighbors.len() {
            self.probe_neighbor(index.saturating_add(1), out);
        } else {
            self.plan_neighbors(now);
        }
    }

    /// Stops the lane until a person looks, for what has just been recorded.
    pub(super) fn hold(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let cause = out.records.last().map_or(Cause::World, |_| Cause::Previous);
        self.hold_because(now, verdict, cause, out);
    }

    /// The same, for what was recorded before.
    pub(super) fn hold_because(
        &mut self,
        now: Now,
        verdict: Verdict,
        cause: Cause,
        out: &mut Reaction,
    ) {
        if self.hold.is_some() {
            return;
        }
        self.preflight = None;
        self.schedule.hold = None;
        self.schedule.preflight = None;
        self.schedule.probe = None;
        self.schedule.neighbors = None;
        self.schedule.refresh = None;
        self.schedule.store = None;
        self.flights.probe = None;
        self.flights.neighbor = None;
        self.flights.load = None;
        self.doubted = None;
        self.abandon_trial(out);
        let record = self.record(out, RecordKind::LaneHeld);
        record.verdict = Some(verdict.clone());
        record.cause = cause;
        let text = format!(
            "{} is held: {} ({})",
            self.spec.name,
            verdict.outcome,
            detail(&verdict)
        );
        self.fail_rotation("the lane was held", out);
        self.hold = Some(Hold {
            since: now.wall,
            verdict: Arc::new(verdict),
        });
        self.alert(out, AlertLevel::Critical, text);
    }
}
