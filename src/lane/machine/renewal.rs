//! Refreshing, adopting, rotating.
//!
//! A credential is adopted only from a report that says it is stored. A failed refresh deletes
//! nothing: the credential at hand serves to its end, and only the token endpoint's own word,
//! confirmed by the store and by the credential itself, condemns a grant.

use super::super::credential::{Credential, Expiry, ExpirySource, Generation, Offer, ScopeSet};
use super::super::effect::{
    AlertLevel, Attempt, Effect, LoadWhy, ProbeWhy, RefreshWhy, Retirement,
};
use super::super::event::{RefreshFailure, Step};
use super::super::gate::{FindingLevel, Refusal};
use super::super::outcome::{Basis, Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::time::Now;
use super::preflight::detail;
use super::{Degraded, Grant, Lane, Reaction};
use crate::plain::Plain;
use std::sync::Arc;
use std::time::Duration;

impl Lane {
    /// Takes a credential as the one that serves the lane.
    pub(super) fn adopt(&mut self, now: Now, offer: Offer, out: &mut Reaction) {
        if let Some(old) = self.credential.take() {
            self.forget(&old, out);
        }
        if self.adopted != Some(offer.fingerprint) {
            self.generation = self.generation.next();
            self.adopted = Some(offer.fingerprint);
        }
        let history = offer.history.unwrap_or_default();
        self.granted = offer.scopes.clone().or(self.granted.take());
        let source = ExpirySource::Manifest;
        let stated = self.spec.expires_at.map(|at| Expiry { at, source });
        self.credential = Some(Credential {
            generation: self.generation,
            fingerprint: offer.fingerprint,
            issued_at: offer.issued_at.unwrap_or(now.wall),
            expiry: history
                .expiry
                .filter(Expiry::is_upstreams_word)
                .or(offer.expiry)
                .or(history.expiry)
                .or(stated),
            scopes: offer.scopes.or(history.scopes),
            store_version: offer.store_version,
            proven: history.last_ok.is_some(),
        });
        self.last_ok = history.last_ok.or(self.last_ok);
        self.grant = Grant::Good;
        self.expired = false;
        self.warned = false;
        self.limited = false;
        self.trouble = None;
        self.schedule.limit_ends = None;
        self.flights.probe = None;
        self.flights.neighbor = None;
        self.refresh_backoff.succeed();
        for proof in &mut self.neighbors {
            proof.denied = None;
            proof.at = None;
        }
        self.schedule.refresh = None;
        self.plan_life(now);
    }

    /// Exchanges the grant, if that makes sense and is not being done.
    pub(super) fn refresh(&mut self, now: Now, why: RefreshWhy, out: &mut Reaction) {
        let can = self.spec.renewal.is_own();
        let may = self.hold.is_none() && !self.is_condemned() && self.grant == Grant::Good;
        if !can || !may || self.flights.refresh.is_some() {
            return;
        }
        let attempt = self.next_attempt();
        self.flights.refresh = Some((attempt, Step::Intended));
        self.schedule.refresh = None;
        let cause = if self.rotation.is_some() && why == RefreshWhy::Asked {
            Cause::Latest(RecordKind::RotationStarted)
        } else {
            Cause::World
        };
        let note = match (why, self.left(now)) {
            (RefreshWhy::Due, Some(left)) => {
                format!("due; {:.1} s of life left", left.as_secs_f64())
            }
            (RefreshWhy::Due, None) => "due".into(),
            (RefreshWhy::Preflight, _) => "before service".into(),
            (RefreshWhy::Expired, _) => "the credential has expired".into(),
            (RefreshWhy::Asked, _) => "asked for".into(),
        };
        let record = self.record(out, RecordKind::RefreshAttempted);
        record.cause = cause;
        record.note = Some(note.into());
        out.effects.push(Effect::Refresh {
            attempt,
            generation: self.generation,
            why,
        });
    }

    pub(super) fn refreshed(
        &mut self,
        now: Now,
        attempt: Attempt,
        offer: Offer,
        lost_race: bool,
        out: &mut Reaction,
    ) {
        if !self.is_refreshing(attempt) {
            return;
        }
        self.flights.refresh = None;
        let before = self.granted.clone();
        self.adopt(now, offer, out);
        let kind = if lost_race {
            RecordKind::LostRace
        } else {
            RecordKind::RefreshSucceeded
        };
        let record = self.record(out, kind);
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        if lost_race {
            record.note = Some(Plain::new(
                "somebody else refreshed first; theirs was adopted",
            ));
        }
        if self.hold.is_some() || self.pause.is_some() {
            return;
        }
        self.schedule.hold = None;
        if let Some(preflight) = &mut self.preflight {
            preflight.refreshed = true;
            self.go_on(now, out);
        } else if self.refusal.is_some() {
            self.prove_anew(now, true, out);
        } else if let Some(against) = self.scopes_against() {
            let verdict = against;
            if verdict.outcome == Outcome::Ok {
                self.hold_widened(now, verdict, out);
            } else {
                self.counters.count(verdict.outcome);
                self.record(out, RecordKind::ScopeChanged).verdict = Some(verdict.clone());
                self.refusal = Some(Refusal::Answer(self.see(now, verdict)));
                self.plan_probe(now);
            }
        } else if let Some(verdict) = self.gained_since(before) {
            self.hold_widened(now, verdict, out);
        } else {
            self.probe(ProbeWhy::Fresh, out);
            if self.flights.probe.is_none() {
                self.close_window(now, out);
                self.complete_rotation(out);
            }
            self.plan_neighbors(now);
        }
    }

    /// A refresh must not bring more than there was: nobody asked for it.
    fn gained_since(&self, before: Option<ScopeSet>) -> Option<Verdict> {
        let gained = self.granted.as_ref()?.minus(&before?);
        self.widened_by(gained)
    }

    pub(super) fn refresh_failed(
        &mut self,
        now: Now,
        attempt: Attempt,
        failure: &RefreshFailure,
        out: &mut Reaction,
    ) {
        if !self.is_refreshing(attempt) {
            return;
        }
        self.flights.refresh = None;
        let verdict = failure.verdict().clone();
        self.counters.count(verdict.outcome);
        let kind = match failure {
            RefreshFailure::Uncertain(_) => RecordKind::RefreshUncertain,
            _ => RecordKind::RefreshFailed,
        };
        let record = self.record(out, kind);
        record.verdict = Some(verdict.clone());
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        self.fail_rotation(&detail(&verdict), out);
        if self.hold.is_some() {
            return;
        }
        if self.trouble.is_none() {
            self.trouble = Some(Degraded {
                since: now.wall,
                verdict: Arc::new(verdict.clone()),
            });
        }
        match failure {
            RefreshFailure::Transient(_) | RefreshFailure::NotPersisted(_) => {
                if self.refresh_backoff.failures() == 0 {
                    self.refresh_cap = self.refresh_wait_cap(now);
                }
                let cap = self.refresh_cap;
                let wait = self.refresh_backoff.after_failure(&mut self.dice, cap);
                let asked = verdict
                    .evidence
                    .retry_after_s
                    .map_or(Duration::ZERO, Duration::from_secs);
                let soonest = now.boot.plus(wait.max(asked));
                let alive = self.left(now).is_some_and(|left| !left.is_zero());
                // What life is left is worth more tries than a dead lane gets.
                let at = if alive {
                    soonest
                } else {
                    soonest.max(self.budget.spend(now.boot))
                };
                self.schedule.refresh = Some(at);
                if self.preflight.is_some() && self.credential.is_none() {
                    self.find_again("refresh_path", FindingLevel::Refuse, detail(&verdict));
                    self.refuse_for(now, verdict, out);
                    self.schedule.preflight = None;
                }
            }
            RefreshFailure::Superseded(_) => self.load_again(LoadWhy::Poll, out),
            RefreshFailure::GrantDead(_) => self.grant_died(now, verdict, out),
            RefreshFailure::Uncertain(_) => self.doubt(now, verdict, out),
        }
    }

    /// Whether this is the effort under way to bring a newer credential.
    fn is_refreshing(&self, attempt: Attempt) -> bool {
        self.flights
            .refresh
            .as_ref()
            .is_some_and(|(of, _)| *of == attempt)
    }

    /// The effort has got further.
    pub(super) fn progressed(&mut self, attempt: Attempt, step: Step, out: &mut Reaction) {
        if !self.is_refreshing(attempt) {
            return;
        }
        let kind = match &step {
            Step::Waiting { .. } => Some((RecordKind::RefreshWaiting, "waits for the grant")),
            Step::Requested => Some((RecordKind::RefreshRequested, "the request leaves")),
            _ => None,
        };
        if let Some((kind, text)) = kind {
            let note = match &step {
                Step::Waiting { holder } => holder.clone(),
                _ => Plain::fixed(text),
            };
            let record = self.record(out, kind);
            record.cause = Cause::Latest(RecordKind::RefreshAttempted);
            record.note = Some(note);
        }
        self.flights.refresh = Some((attempt, step));
    }

    /// Somebody else's request with the grant was lost with whoever sent it.
    pub(super) fn grant_in_doubt(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self.grant != Grant::Good || self.flights.refresh.is_some() || self.hold.is_some() {
            return;
        }
        self.counters.count(verdict.outcome);
        let record = self.record(out, RecordKind::RefreshUncertain);
        record.verdict = Some(verdict.clone());
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        self.schedule.refresh = None;
        self.doubt(now, verdict, out);
    }

    /// The grant may be used up: nobody tries it again before a person says so.
    fn doubt(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.grant = Grant::Uncertain(Arc::new(verdict.clone()));
        let text = format!(
            "{}: the answer to its refresh was lost, and the grant may be used up; \
             it is not tried again until a person refreshes or releases the lane, or \
             puts a new grant into the store",
            self.spec.name
        );
        self.alert(out, AlertLevel::Critical, text);
        if self.credential_is_dead() {
            self.close_if_open(now, &verdict);
            self.hold(now, verdict, out);
        }
    }

    /// A credential was made useless, or could not be.
    pub(super) fn retired(&mut self, generation: Generation, verdict: Verdict, out: &mut Reaction) {
        let kind = match verdict.outcome {
            Outcome::Ok => RecordKind::CredentialRetired,
            _ => RecordKind::RetireFailed,
        };
        let record = self.record(out, kind);
        record.generation = Some(generation);
        record.fingerprint = None;
        record.verdict = Some(verdict);
        record.cause = Cause::Latest(RecordKind::CredentialPromoted);
    }

    /// Lets go of the secret of a credential that serves no more.
    pub(super) fn forget(&mut self, old: &Credential, out: &mut Reaction) {
        let attempt = self.next_attempt();
        out.effects.push(Effect::Retire {
            attempt,
            generation: old.generation,
            fingerprint: old.fingerprint,
            how: Retirement::Forget,
        });
    }

    /// The token endpoint condemned the grant.
    fn grant_died(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.grant = Grant::Dead(Arc::new(verdict.clone()));
        self.schedule.refresh = None;
        if self.credential.is_none() && self.last_ok.is_none() && self.generation.0 == 0 {
            // It never worked here: refused like any other wrong credential, and watched for a
            // better one in the store.
            self.find_again("refresh_path", FindingLevel::Refuse, detail(&verdict));
            self.refuse_for(now, verdict, out);
            return;
        }
        let stated = verdict.evidence.basis == Basis::Stated
            && verdict.outcome == Outcome::CredentialRevoked;
        if self.credential_is_dead() || stated || self.spec.probe_every.is_none() {
            self.grant_is_over(now, verdict, out);
            return;
        }
        // What the grant's end means shows at the credential minted from it.
        self.flights.probe = None;
        self.probe(ProbeWhy::Confirm, out);
        if self.flights.probe.is_none() {
            self.grant_is_over(now, verdict, out);
        }
    }

    fn grant_is_over(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if verdict.outcome == Outcome::CredentialRevoked {
            self.record(out, RecordKind::RevocationDetected).verdict = Some(verdict.clone());
        }
        self.close_if_open(now, &verdict);
        self.hold(now, verdict, out);
    }

    /// The credential was asked after its grant had been condemned.
    pub(super) fn grant_confirmed(&mut self, now: Now, grant: Verdict, out: &mut Reaction) {
        if self.hold.is_some() || self.is_condemned() {
            return;
        }
        if self.credential_is_dead() {
            self.grant_is_over(now, grant, out);
            return;
        }
        let text = format!(
            "{}: its grant was rejected; the credential at hand serves until it ends, \
             then the lane is held",
            self.spec.name
        );
        self.record(out, RecordKind::WarningRaised).note = Some(Plain::new(&text));
        self.trouble = Some(Degraded {
            since: now.wall,
            verdict: Arc::new(grant),
        });
        self.alert(out, AlertLevel::Critical, text);
    }

    fn close_if_open(&mut self, now: Now, verdict: &Verdict) {
        if !matches!(self.refusal, Some(Refusal::Answer(_))) {
            self.refusal = Some(Refusal::Answer(self.see(now, verdict.clone())));
        }
    }

    /// A rotation has come to its end if a newer credential serves.
    pub(super) fn complete_rotation(&mut self, out: &mut Reaction) {
        if self
            .rotation
            .as_ref()
            .is_some_and(|rotation| rotation.from < self.generation)
        {
            let by = self.rotation.take().map(|rotation| rotation.by);
            let record = self.record(out, RecordKind::RotationCompleted);
            record.cause = Cause::Latest(RecordKind::RotationStarted);
            if let Some(by) = by {
                record.actor = by;
            }
        }
    }

    /// A rotation has come to its end without a newer credential.
    pub(super) fn fail_rotation(&mut self, why: &str, out: &mut Reaction) {
        if self.rotation.take().is_some() {
            let record = self.record(out, RecordKind::RotationFailed);
            record.cause = Cause::Latest(RecordKind::RotationStarted);
            record.note = Some(Plain::new(why));
        }
    }
}
