//! Refreshing, adopting, rotating.
//!
//! A credential is taken only from a report that says it is stored; whether it serves is decided by
//! its test ([`super::trial`]). A failed refresh deletes nothing: the credential at hand serves to its end, and only the token endpoint's own word,
//! confirmed by the store and by the credential itself, condemns a grant.

use super::super::credential::{Generation, Offer};
use super::super::effect::{
    AlertLevel, Attempt, Effect, LoadWhy, ProbeWhy, RefreshWhy, Retirement,
};
use super::super::event::{RefreshFailure, Step};
use super::super::gate::{FindingLevel, Refusal};
use super::super::note::Note;
use super::super::outcome::{Basis, Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::spec::{Predecessor, Renewal};
use super::super::time::Now;
use super::preflight::detail;
use super::{Degraded, Grant, Lane, Reaction};
use crate::plain::Plain;
use std::sync::Arc;
use std::time::Duration;

impl Lane {
    /// Takes a credential as the one at hand, where none lives that this could cost.
    pub(super) fn adopt(&mut self, now: Now, offer: Offer, out: &mut Reaction) {
        self.abandon_trial(out);
        let granted = offer.scopes.clone();
        let credential = self.number(now, offer);
        if let Some(old) = self.install(now, credential, granted) {
            self.let_go(&old, Retirement::Forget, out);
        }
    }

    /// Exchanges the grant, if that makes sense and is not being done.
    pub(super) fn refresh(&mut self, now: Now, why: RefreshWhy, out: &mut Reaction) {
        let can = self.spec.renewal.is_own();
        let good = self.grant == Grant::Good && self.doubted.is_none();
        let may = self.hold.is_none() && !self.is_condemned() && good && self.trial.is_none();
        if !can || !may || self.flights.refresh.is_some() {
            return;
        }
        // Whatever it is for now, a person has taken its risk.
        let forgiven = std::mem::take(&mut self.forgiven);
        let why = if forgiven { RefreshWhy::Forgiven } else { why };
        let attempt = self.next_attempt();
        self.flights.refresh = Some((attempt, Step::Intended));
        self.schedule.refresh = None;
        let cause =
            if self.rotation.is_some() && matches!(why, RefreshWhy::Asked | RefreshWhy::Forgiven) {
                Cause::Latest(RecordKind::RotationStarted)
            } else {
                Cause::World
            };
        let note = match (why, self.left(now)) {
            (RefreshWhy::Due, Some(left)) => Note::Due(left),
            (RefreshWhy::Due, None) => "due".into(),
            (RefreshWhy::Preflight, _) => "before service".into(),
            (RefreshWhy::Expired, _) => "the credential has expired".into(),
            (RefreshWhy::Forgiven, _) => "asked for, though the grant may be used up".into(),
            (RefreshWhy::Asked, _) => "asked for".into(),
        };
        let record = self.record(out, RecordKind::RefreshAttempted);
        record.cause = cause;
        record.note = Some(note);
        out.effects.push(Effect::Refresh {
            attempt,
            generation: self.at_hand().unwrap_or_default(),
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
        if self.credential.as_ref().map(|c| c.fingerprint) == Some(offer.fingerprint) {
            let told = match (lost_race, self.spec.renewal) {
                (true, _) => RecordKind::LostRace,
                (false, Renewal::LeaseRenew) => RecordKind::LeaseExtended,
                (false, _) => RecordKind::RefreshSucceeded,
            };
            self.at_hand_reported(now, &offer, told, out);
            return;
        }
        let told = if lost_race {
            RecordKind::LostRace
        } else {
            RecordKind::RefreshSucceeded
        };
        if self.candidate().map(|c| c.fingerprint) == Some(offer.fingerprint) {
            // The store showed it before its own report came.
            self.candidate_reported(now, told, out);
            return;
        }
        let living = self.is_living(now);
        let ended = self.spec.renewal.predecessor() == Predecessor::EndsAtOnce && !lost_race;
        if living && !ended && self.hold.is_none() {
            self.begin_trial(now, offer, told, out);
            return;
        }
        self.adopt(now, offer, out);
        let record = self.record(out, told);
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        record.note =
            lost_race.then_some("somebody else refreshed first; theirs was adopted".into());
        if self.hold.is_some() || self.pause.is_some() {
            return;
        }
        if living {
            self.old_ended(now, out);
        }
        self.schedule.hold = None;
        if let Some(preflight) = &mut self.preflight {
            preflight.refreshed = true;
            self.go_on(now, out);
        } else {
            self.prove_anew(now, true, out);
        }
    }

    /// What is on trial already turns out to have been made for this lane.
    fn candidate_reported(&mut self, now: Now, told: RecordKind, out: &mut Reaction) {
        let Some(candidate) = self.candidate().cloned() else {
            return;
        };
        let record = self.record_of(&candidate, out, told);
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        self.trial_was_made();
        let ended = self.spec.renewal.predecessor() == Predecessor::EndsAtOnce;
        if ended && told == RecordKind::RefreshSucceeded {
            self.old_ended(now, out);
            self.fall_back_on_candidate(now, out);
        }
    }

    /// The credential at hand ended with the rotation that made the next one.
    pub(super) fn old_ended(&mut self, now: Now, out: &mut Reaction) {
        let text = "the old credential ended with the rotation; the new one is being proved";
        let verdict = Verdict::own(Outcome::CredentialRevoked, "lane/rotated", text);
        self.open_window(now, Arc::new(verdict), out);
    }

    /// The effort ended with the credential that is at hand: its end was moved, or the store showed it
    /// before its own report came.
    fn at_hand_reported(&mut self, now: Now, offer: &Offer, told: RecordKind, out: &mut Reaction) {
        let Some(credential) = &mut self.credential else {
            return;
        };
        credential.expiry = offer.expiry.or(credential.expiry);
        credential.store_version = offer
            .store_version
            .clone()
            .or(credential.store_version.take());
        let until = credential.expiry.map(|expiry| expiry.at);
        self.grant = Grant::Good;
        self.expired = false;
        self.warned = false;
        self.trouble = None;
        self.refresh_backoff.succeed();
        self.plan_life(now);
        let by = self.rotation.take().map(|rotation| rotation.by);
        let rotated = by.is_some();
        let record = self.record(out, told);
        record.cause = Cause::Latest(RecordKind::RefreshAttempted);
        record.note = match told {
            RecordKind::LeaseExtended => {
                until.map(|until| format!("it ends at {until} now").into())
            }
            _ => Some("it serves already: the store showed it first".into()),
        };
        if let Some(by) = by.filter(|_| rotated) {
            let record = self.record(out, RecordKind::RotationCompleted);
            record.cause = Cause::Latest(RecordKind::RotationStarted);
            record.actor = by;
            record.note = (told == RecordKind::LeaseExtended)
                .then_some("its life was extended; the key is the same".into());
        }
        if self.hold.is_some() || self.pause.is_some() {
            return;
        }
        if let Some(preflight) = &mut self.preflight {
            preflight.refreshed = true;
            self.go_on(now, out);
        } else if self.refusal.is_some() {
            self.prove_anew(now, true, out);
        } else {
            self.close_window(now, out);
        }
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
            RefreshFailure::Transient(_)
            | RefreshFailure::NotPersisted(_)
            | RefreshFailure::Superseded(_) => {
                if matches!(failure, RefreshFailure::Superseded(_)) {
                    self.load_again(LoadWhy::Poll, out);
                }
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
                if verdict.outcome == Outcome::StoreUnavailable {
                    self.watch_for_the_store(now);
                }
                let alive = self.left(now).is_some_and(|left| !left.is_zero());
                // What life is left is worth more tries than a dead lane gets.
                let at = if alive {
                    self.within_life(now, soonest, now.boot.plus(asked))
                } else {
                    soonest.max(self.budget.spend(now.boot))
                };
                if matches!(failure, RefreshFailure::NotPersisted(_))
                    && self.spec.renewal.predecessor() == Predecessor::EndsAtOnce
                    && !self.credential_is_dead()
                {
                    self.ended_by_rotation(now, out);
                }
                self.schedule.refresh = Some(at);
                if self.preflight.is_some() && self.credential.is_none() {
                    self.find_again("refresh_path", FindingLevel::Refuse, detail(&verdict));
                    self.refuse_for(now, verdict, out);
                    self.schedule.preflight = None;
                }
            }
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
                Step::Waiting { holder } => holder.clone().into(),
                _ => text.into(),
            };
            let record = self.record(out, kind);
            record.cause = Cause::Latest(RecordKind::RefreshAttempted);
            record.note = Some(note);
        }
        self.flights.refresh = Some((attempt, step));
    }

    /// A request with the grant in the store was lost with whoever sent it. The store's reading that
    /// has shown it is about to be reported.
    pub(super) fn grant_in_doubt(&mut self, verdict: Verdict) {
        let ours = self.flights.refresh.is_some() || self.forgiven;
        let own = self.spec.renewal.is_own();
        if own && self.flights.load.is_some() && self.grant == Grant::Good && !ours {
            self.doubted = Some(Box::new(verdict));
        }
    }

    /// What the store's reading has shown of requests that nobody has told the end of.
    pub(super) fn settle_doubt(&mut self, now: Now, out: &mut Reaction) {
        let cut_off = std::mem::take(&mut self.cut_off);
        if let Some(verdict) = self.doubted.take() {
            if self.hold.is_some() || self.grant != Grant::Good {
                return;
            }
            self.counters.count(verdict.outcome);
            let record = self.record(out, RecordKind::RefreshUncertain);
            record.verdict = Some(Verdict::clone(&verdict));
            record.cause = Cause::Latest(RecordKind::RefreshAttempted);
            self.schedule.refresh = None;
            self.fail_rotation(&detail(&verdict), out);
            self.doubt(now, *verdict, out);
        } else if cut_off {
            let record = self.record(out, RecordKind::RefreshFailed);
            record.cause = Cause::Latest(RecordKind::RefreshAttempted);
            record.note = Some(
                "cut off by the end of the process that began it: its request had not left, \
                 or what came of it is in the store"
                    .into(),
            );
        }
    }

    /// The grant may be used up: nobody tries it again before a person says so.
    fn doubt(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.schedule.refresh = None;
        let text = format!(
            "{}: the answer to its refresh was lost, and the grant may be used up; \
             it is not tried again until a person refreshes or releases the lane, or \
             puts a new grant into the store",
            self.spec.name
        );
        self.grant = Grant::Uncertain(Arc::new(verdict.clone()));
        if self.trouble.is_none() {
            self.trouble = Some(Degraded {
                since: now.wall,
                verdict: Arc::new(verdict.clone()),
            });
        }
        self.alert(out, AlertLevel::Critical, text);
        if self.credential_is_dead() {
            self.close_if_open(now, &verdict);
            self.hold(now, verdict, out);
        } else if let Some(preflight) = &mut self.preflight {
            preflight.refreshed = true;
            self.go_on(now, out);
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
        record.note = Some(match kind {
            RecordKind::CredentialRetired => "made useless upstream".into(),
            _ => "could not be made useless; it lives to its own end".into(),
        });
        record.verdict = Some(verdict);
        record.cause = Cause::Latest(RecordKind::CredentialPromoted);
    }

    /// Lets go of every credential.
    pub(super) fn let_everything_go(&mut self, out: &mut Reaction) {
        self.abandon_trial(out);
        let old = std::mem::take(&mut self.old);
        let all = self.credential.take().into_iter();
        for credential in all.chain(old.into_iter().map(super::handover::Old::into_credential)) {
            self.let_go(&credential, Retirement::Forget, out);
        }
        self.schedule.retire = None;
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
        if !self.is_living(now) || stated || self.spec.probe_every.is_none() {
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
        self.record(out, RecordKind::WarningRaised).note = Some(text.clone().into());
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
            .is_some_and(|rotation| Some(rotation.from) < self.at_hand())
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
            record.note = Some(Plain::new(why).into());
        }
    }
}
