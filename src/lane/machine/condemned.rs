//! Revocation.
//!
//! A definite rejection of a credential that once worked closes the gate in the same reaction.
//! Then the store is read once: if somebody has already replaced the credential, this was a
//! rotation, and the new one goes through pre-flight. Anything else is a stop that only a person
//! lifts, and it comes after [`HELD_WITHIN`] even if the store does not answer.

use super::super::effect::LoadWhy;
use super::super::event::Step;
use super::super::gate::Refusal;
use super::super::outcome::{Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::spec::Predecessor;
use super::super::time::Now;
use super::{Lane, Reaction};
use std::time::Duration;

/// How long the store has to show that the credential was replaced. The gate is closed meanwhile.
const HELD_WITHIN: Duration = Duration::from_millis(40);

impl Lane {
    /// The credential was revoked, or rejected after it once worked.
    pub(super) fn condemn(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self.is_being_replaced() {
            self.ended_by_rotation(now, out);
            return;
        }
        let ends = self.spec.handover.predecessor == Predecessor::EndsAtOnce;
        if ends && self.trial.is_some() {
            // Its provider ends the old one with the rotation: nobody has revoked anything.
            self.old_ended(now, out);
            self.fall_back_on_candidate(now, out);
            return;
        }
        self.record(out, detected_as(verdict.outcome)).verdict = Some(verdict.clone());
        self.close_with(now, verdict, out);
        self.schedule.refresh = None;
        if self.trial.is_some() {
            // What the store would be asked for is at hand: this was a rotation.
            self.record(out, RecordKind::LostRace).note =
                Some("a newer credential is on trial already: this was a rotation".into());
            self.fall_back_on_candidate(now, out);
            return;
        }
        self.schedule.hold = Some(now.boot.plus(HELD_WITHIN));
        self.load_again(LoadWhy::Rejected, out);
    }

    /// Whether a request is out that ends the credential at hand: then its end is our own doing.
    fn is_being_replaced(&self) -> bool {
        let left = matches!(
            self.flights.refresh,
            Some((_, Step::Requested | Step::Storing))
        );
        left && self.spec.renewal.predecessor() == Predecessor::EndsAtOnce
    }

    /// The credential ended with the rotation that was to bring the next one, which is not here yet.
    pub(super) fn ended_by_rotation(&mut self, now: Now, out: &mut Reaction) {
        let text = "it ended with its rotation, and the new one has not been stored yet";
        let verdict = Verdict::own(Outcome::CredentialExpired, "lane/rotated", text);
        self.fall_expired(now, verdict, out);
    }

    /// The same key was condemned where another lane had shown it: it is as dead here.
    pub(super) fn key_condemned(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if self.hold.is_none() && !self.credential_is_dead() {
            self.counters.count(verdict.outcome);
            self.condemn(now, verdict, out);
        }
    }

    /// What condemned the credential, from the rejection until the store's word on it.
    pub fn condemned_for(&self) -> Option<&Verdict> {
        match &self.refusal {
            Some(Refusal::Answer(verdict)) if self.is_condemned() => Some(verdict),
            _ => None,
        }
    }

    /// The store has nothing newer, or did not say in time.
    pub(super) fn hold_condemned(&mut self, now: Now, out: &mut Reaction) {
        self.schedule.hold = None;
        if let Some(Refusal::Answer(verdict)) = self.refusal.clone()
            && verdict.outcome.is_terminal()
        {
            let detected = Cause::Latest(detected_as(verdict.outcome));
            self.hold_because(now, Verdict::clone(&verdict), detected, out);
        }
    }

    /// Whether the lane waits for the store's word on a condemned credential.
    pub(super) const fn is_condemned(&self) -> bool {
        self.schedule.hold.is_some()
    }
}

/// The record of a rejection that condemns.
const fn detected_as(outcome: Outcome) -> RecordKind {
    match outcome {
        Outcome::CredentialRevoked => RecordKind::RevocationDetected,
        _ => RecordKind::ProbeFailed,
    }
}
