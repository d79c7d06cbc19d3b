//! One credential takes the place of another, and what becomes of the one before.
//!
//! The old one is kept through its overlap for calls that still use it, and only then forgotten or
//! made useless. Where it ends before the newer one is proven, the gate is closed in between, and
//! that is told.

use super::super::credential::{Credential, ScopeSet};
use super::super::effect::{Effect, Retirement};
use super::super::note::Note;
use super::super::outcome::{Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::time::{Boot, Now};
use super::trial::Trial;
use super::{Grant, Lane, Reaction};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Old credentials that are kept at once: a third sends the first away before its time.
const OLD_MOST: usize = 2;

/// A credential that served until a newer one was promoted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Old {
    pub credential: Credential,
    until: Boot,
}

impl Old {
    pub(super) fn into_credential(self) -> Credential {
        self.credential
    }
}

/// What every passed test means.
static PASSED: LazyLock<Arc<Verdict>> = LazyLock::new(|| {
    let text = "passed its test";
    Arc::new(Verdict::own(Outcome::Ok, "lane/trial", text))
});

impl Lane {
    /// The candidate has passed: it serves, and the old one is kept through its overlap.
    pub(super) fn promote(&mut self, now: Now, out: &mut Reaction) {
        let Some(trial) = self.trial.take() else {
            return;
        };
        let Trial {
            candidate,
            granted,
            made,
            probed,
            neighbors,
            ..
        } = *trial;
        let proofs = self.neighbors.clone();
        let old = self.install(now, candidate, granted);
        let kept = old
            .as_ref()
            .map(|old| (old.generation, self.kept_for(now, old)));
        let untested = !probed;
        let record = self.record(out, RecordKind::CredentialPromoted);
        record.cause = Cause::Latest(RecordKind::TrialStarted);
        record.note = (untested || kept.is_some()).then_some(Note::Promoted { untested, kept });
        if let Some(old) = old {
            self.keep_old(now, old, out);
        }
        if probed {
            self.last_ok = Some(now.wall);
            self.verdict = Some((Arc::clone(&PASSED), now.wall));
        }
        let asked = neighbors.is_some();
        if asked {
            for proof in &mut self.neighbors {
                proof.denied = Some(true);
                proof.at = Some(now.wall);
            }
        } else {
            // It stands for the same grant, and what that may not do has been shown.
            self.neighbors = proofs;
        }
        if let Some(preflight) = &mut self.preflight {
            preflight.take_trial(made, probed);
            self.go_on(now, out);
        } else if self.refusal.is_some() {
            self.prove_anew(now, made, out);
            if let Some(preflight) = &mut self.preflight {
                preflight.take_trial(made, probed);
            }
            self.go_on(now, out);
        } else {
            self.close_window(now, out);
            self.complete_rotation(out);
            self.plan_probe(now);
            if self.schedule.neighbors.is_none() {
                self.plan_neighbors(now);
            }
        }
    }

    /// Nothing lives any more that the candidate could cost: it is at hand now, the gate is closed,
    /// and pre-flight goes on with its test. Answers whether there was one.
    pub(super) fn fall_back_on_candidate(&mut self, now: Now, out: &mut Reaction) -> bool {
        let Some(trial) = self.trial.take() else {
            return false;
        };
        self.flights.trial = None;
        self.schedule.trial = None;
        let made = trial.made;
        if let Some(old) = self.install(now, trial.candidate, trial.granted) {
            self.let_go(&old, Retirement::Forget, out);
        }
        let record = self.record(out, RecordKind::CredentialPromoted);
        record.cause = Cause::Latest(RecordKind::TrialStarted);
        record.note =
            Some("the old one has ended; the gate stays closed until this one is proven".into());
        if self.pause.is_none() && self.hold.is_none() {
            self.prove_anew(now, made, out);
        }
        true
    }

    /// Takes the place of the credential at hand, which it gives back.
    pub(super) fn install(
        &mut self,
        now: Now,
        credential: Credential,
        granted: Option<ScopeSet>,
    ) -> Option<Credential> {
        self.granted = granted.or(self.granted.take());
        let old = self.credential.replace(credential);
        self.grant = Grant::Good;
        self.failed = None;
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
        old
    }

    fn kept_for(&self, now: Now, old: &Credential) -> Duration {
        let overlap = self.spec.handover.overlap;
        old.expiry
            .map_or(overlap, |expiry| overlap.min(expiry.at.since(now.wall)))
    }

    fn keep_old(&mut self, now: Now, old: Credential, out: &mut Reaction) {
        let until = now.boot.plus(self.kept_for(now, &old));
        self.old.push(Old {
            credential: old,
            until,
        });
        while self.old.len() > OLD_MOST {
            let first = self.old.remove(0);
            self.retire(&first.credential, out);
        }
        self.plan_retirement();
    }

    pub(super) fn plan_retirement(&mut self) {
        self.schedule.retire = self.old.iter().map(|old| old.until).min();
    }

    /// Overlaps that are over.
    pub(super) fn retire_the_old(&mut self, now: Now, out: &mut Reaction) {
        let over = |old: &Old| old.until <= now.boot;
        while let Some(at) = self.old.iter().position(over) {
            let old = self.old.remove(at);
            self.retire(&old.credential, out);
        }
        self.plan_retirement();
    }

    fn retire(&mut self, old: &Credential, out: &mut Reaction) {
        let how = match self.spec.handover.revoke {
            true => Retirement::Revoke,
            false => Retirement::Forget,
        };
        if how == Retirement::Forget {
            let record = self.record_of(old, out, RecordKind::CredentialRetired);
            record.cause = Cause::Latest(RecordKind::CredentialPromoted);
            record.note = Some("its overlap is over; it is forgotten here".into());
        }
        self.let_go(old, how, out);
    }

    /// Lets go of the secret of a credential that serves no more.
    pub(super) fn let_go(&mut self, old: &Credential, how: Retirement, out: &mut Reaction) {
        let attempt = self.next_attempt();
        out.effects.push(Effect::Retire {
            attempt,
            generation: old.generation,
            fingerprint: old.fingerprint,
            how,
        });
    }

    /// Credentials that served before and are kept for calls that still use them, oldest first.
    pub fn old(&self) -> impl Iterator<Item = &Credential> {
        self.old.iter().map(|old| &old.credential)
    }
}
