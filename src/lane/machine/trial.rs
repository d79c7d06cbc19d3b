//! A newer credential is tested before it is trusted.
//!
//! While the credential at hand lives, a newer one, whoever brought it, is a candidate: it is proved
//! like any other and serves nobody meanwhile. If it passes, it is promoted and the old one is kept
//! through its overlap. If it fails, the old one goes on, and the same candidate is not tried again
//! unless a person asks. Where nothing lives that could be lost, there is no trial: the newer one is
//! adopted with the gate closed, and pre-flight is its test.

use super::super::credential::{Credential, Expiry, ExpirySource, Offer, ScopeSet};
use super::super::effect::{AlertLevel, Attempt, Effect, ProbeWhy, Retirement};
use super::super::event::Observed;
use super::super::outcome::{Outcome, Verdict};
use super::super::record::{Cause, Record, RecordKind};
use super::super::spec::Renewal;
use super::super::time::{Boot, Now};
use super::preflight::detail;
use super::{Backoff, Degraded, Lane, Reaction};
use crate::secret::Fingerprint;
use std::sync::Arc;
use std::time::Duration;

/// How long a trial waits at most before the upstream is asked again.
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// So many candidates in a row may fail before no more of them are made on the old one's account.
const FAILURES_MOST: u32 = 3;

/// A candidate and how far its test has got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trial {
    pub candidate: Credential,
    /// What it may do by the word of whoever gave it out.
    pub granted: Option<ScopeSet>,
    /// Whether it was made for this lane, and not found in the store.
    pub made: bool,
    pub since: Boot,
    pub probed: bool,
    /// Neighbors that were denied so far; `None` if they are asked after the promotion.
    pub neighbors: Option<usize>,
    pub backoff: Backoff,
}

/// The candidate that failed last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failed {
    fingerprint: Fingerprint,
    /// How many in a row.
    count: u32,
}

impl Lane {
    /// Whether the credential at hand may be good: then nothing may take its place untested.
    pub(super) fn is_living(&self, now: Now) -> bool {
        let over = self.left(now).is_some_and(|left| left.is_zero());
        !self.credential_is_dead() && !self.is_condemned() && !over
    }

    /// The candidate, while one is tested.
    pub fn candidate(&self) -> Option<&Credential> {
        self.trial.as_ref().map(|trial| &trial.candidate)
    }

    /// The candidate that failed its test and has not been followed by a better one.
    pub fn failed(&self) -> Option<Fingerprint> {
        self.failed.as_ref().map(|failed| failed.fingerprint)
    }

    /// The credential of that generation, if it serves, is tested or is kept.
    pub fn credential_of(
        &self,
        generation: super::super::credential::Generation,
    ) -> Option<&Credential> {
        let known = self.credential.iter().chain(self.candidate());
        known
            .chain(self.old())
            .find(|credential| credential.generation == generation)
    }

    /// Whether the engine has to keep the secret of that fingerprint.
    pub fn keeps(&self, fingerprint: Fingerprint) -> bool {
        let mut known = self.credential.iter().chain(self.candidate());
        known.any(|credential| credential.fingerprint == fingerprint)
            || self.old().any(|old| old.fingerprint == fingerprint)
    }

    /// Gives a credential its number and what is remembered of it.
    pub(super) fn number(&mut self, now: Now, offer: Offer) -> Credential {
        // One that comes back is not to be retired as the one it was.
        self.old
            .retain(|old| old.credential.fingerprint != offer.fingerprint);
        if self.adopted != Some(offer.fingerprint) {
            self.generation = self.generation.next();
            self.adopted = Some(offer.fingerprint);
        }
        let history = offer.history.unwrap_or_default();
        self.last_ok = self.last_ok.max(history.last_ok);
        let source = ExpirySource::Manifest;
        let stated = self.spec.expires_at.map(|at| Expiry { at, source });
        Credential {
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
        }
    }

    /// Begins to test a newer credential. `told` is the record of how it came.
    pub(super) fn begin_trial(
        &mut self,
        now: Now,
        offer: Offer,
        told: RecordKind,
        out: &mut Reaction,
    ) {
        self.abandon_trial(out);
        let granted = offer.scopes.clone();
        let gained = granted
            .as_ref()
            .zip(self.granted.as_ref())
            .map(|(new, old)| new.minus(old));
        let made = told != RecordKind::CredentialLoaded;
        let candidate = self.number(now, offer);
        let rotates = self.rotation.is_some();
        let record = self.record_of(&candidate, out, told);
        record.cause = match told {
            RecordKind::CredentialLoaded if rotates => Cause::Latest(RecordKind::RotationStarted),
            RecordKind::CredentialLoaded => Cause::World,
            _ => Cause::Latest(RecordKind::RefreshAttempted),
        };
        record.note = Some(match told {
            RecordKind::LostRace => "somebody else refreshed first; theirs is tested".into(),
            _ => "the store has it; it serves nobody before its test".into(),
        });
        let record = self.record_of(&candidate, out, RecordKind::TrialStarted);
        record.cause = Cause::Previous;
        // A refreshed token stands for the same grant; any other credential may open other doors.
        let same_grant = made
            && matches!(
                self.spec.renewal,
                Renewal::Refresh { .. } | Renewal::ClientCredentials
            );
        self.schedule.refresh = None;
        self.trial = Some(Box::new(Trial {
            candidate,
            granted,
            made,
            since: now.boot,
            probed: false,
            neighbors: (!same_grant).then_some(0),
            backoff: Backoff::default(),
        }));
        if let Some(verdict) = gained
            .filter(|_| made)
            .and_then(|gained| self.widened_by(gained))
        {
            self.hold_widened(now, verdict, out);
            return;
        }
        if let Some(verdict) = self.trial_scopes() {
            self.judge_scopes(now, verdict, out);
            return;
        }
        if !self.trial_life_suffices(now) {
            let text = "it has too little life left to serve";
            let verdict = Verdict::own(Outcome::CredentialExpired, "lane/known_expiry", text);
            self.fail_trial(now, verdict, out);
            return;
        }
        self.trial_goes_on(now, out);
    }

    /// It was made for this lane, and not found in the store.
    pub(super) fn trial_was_made(&mut self) {
        if let Some(trial) = &mut self.trial {
            trial.made = true;
        }
    }

    /// The next part of the test.
    pub(super) fn trial_goes_on(&mut self, now: Now, out: &mut Reaction) {
        if self.hold.is_some() || self.pause.is_some() || self.flights.trial.is_some() {
            return;
        }
        let Some(trial) = &self.trial else { return };
        let over = trial
            .candidate
            .expiry
            .is_some_and(|expiry| expiry.at <= now.wall);
        let (generation, probed, asked) =
            (trial.candidate.generation, trial.probed, trial.neighbors);
        self.schedule.trial = None;
        if over {
            let text = "its life ended before it could be proved";
            let verdict = Verdict::own(Outcome::CredentialExpired, "lane/known_expiry", text);
            self.fail_trial(now, verdict, out);
            return;
        }
        if !probed && self.spec.probe_every.is_some() {
            let attempt = self.next_attempt();
            self.flights.trial = Some(attempt);
            out.effects.push(Effect::Probe {
                attempt,
                generation,
                why: ProbeWhy::Fresh,
            });
            return;
        }
        match asked.filter(|asked| *asked < self.neighbors.len()) {
            Some(index) => {
                let attempt = self.next_attempt();
                self.flights.trial = Some(attempt);
                out.effects.push(Effect::ProbeNeighbor {
                    attempt,
                    generation,
                    index,
                });
            }
            None => self.promote(now, out),
        }
    }

    /// The upstream answered the candidate's proof.
    pub(super) fn trial_probed(
        &mut self,
        now: Now,
        verdict: Verdict,
        observed: &Observed,
        out: &mut Reaction,
    ) {
        self.flights.trial = None;
        let Some(trial) = &mut self.trial else { return };
        let candidate = &mut trial.candidate;
        self.counters.count(verdict.outcome);
        if verdict.outcome != Outcome::Ok {
            self.trial_refused(now, verdict, out);
            return;
        }
        candidate.proven = true;
        trial.probed = true;
        trial.backoff.succeed();
        if let Some(expiry) = observed.expiry {
            candidate.expiry = Some(expiry);
        }
        let seen = observed.scopes.clone();
        let before = seen.and_then(|seen| candidate.scopes.replace(seen));
        let gained = before.and_then(|before| Some(candidate.scopes.as_ref()?.minus(&before)));
        if let Some(verdict) = gained.and_then(|gained| self.widened_by(gained)) {
            self.hold_widened(now, verdict, out);
            return;
        }
        if let Some(verdict) = self.trial_scopes() {
            self.judge_scopes(now, verdict, out);
            return;
        }
        self.trial_goes_on(now, out);
    }

    /// The upstream answered what it must deny, asked with the candidate.
    pub(super) fn trial_asked_neighbor(
        &mut self,
        now: Now,
        index: usize,
        verdict: Verdict,
        out: &mut Reaction,
    ) {
        self.flights.trial = None;
        let name = self.neighbors.get(index).map(|proof| proof.name.clone());
        let (Some(trial), Some(name)) = (&mut self.trial, name) else {
            return;
        };
        match verdict.outcome {
            Outcome::Ok => {
                let candidate = trial.candidate.clone();
                let record = self.record_of(&candidate, out, RecordKind::NeighborAllowed);
                record.verdict = Some(verdict);
                record.note = Some(name.clone().into());
                record.cause = Cause::Latest(RecordKind::TrialStarted);
                let text = format!("{name}: allowed to the newer credential, but must be denied");
                let verdict = Verdict::own(Outcome::Ok, "lane/neighbor_allowed", text);
                self.hold_widened(now, verdict, out);
            }
            Outcome::ScopeInsufficient | Outcome::PolicyDenied => {
                trial.neighbors = Some(index.saturating_add(1));
                self.trial_goes_on(now, out);
            }
            _ => self.trial_refused(now, verdict, out),
        }
    }

    /// The candidate was not accepted: tried again where that says nothing of it, else failed.
    fn trial_refused(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let Some(trial) = &mut self.trial else { return };
        let settling = now.boot.since(trial.since) < self.spec.handover.settle
            && matches!(
                verdict.outcome,
                Outcome::CredentialInvalid | Outcome::CredentialExpired
            );
        let says_nothing = verdict.outcome.is_outage()
            || matches!(verdict.outcome, Outcome::RateLimited | Outcome::Ok);
        if !settling && !says_nothing {
            self.fail_trial(now, verdict, out);
            return;
        }
        let wait = trial.backoff.after_failure(&mut self.dice, AGAIN_MAX);
        let asked = verdict
            .evidence
            .retry_after_s
            .map_or(Duration::ZERO, Duration::from_secs);
        self.schedule.trial = Some(now.boot.plus(wait.max(asked)));
    }

    /// Scopes that speak against the candidate.
    fn trial_scopes(&self) -> Option<Verdict> {
        self.scopes_of_against(self.candidate()?)
    }

    fn judge_scopes(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        if verdict.outcome == Outcome::Ok {
            self.hold_widened(now, verdict, out);
        } else {
            self.fail_trial(now, verdict, out);
        }
    }

    fn trial_life_suffices(&self, now: Now) -> bool {
        self.candidate()
            .is_some_and(|candidate| self.life_of_suffices(candidate, now))
    }

    /// The candidate did not pass: whatever serves goes on.
    pub(super) fn fail_trial(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let Some(trial) = self.trial.take() else {
            return;
        };
        let Trial {
            candidate, made, ..
        } = *trial;
        self.flights.trial = None;
        self.schedule.trial = None;
        let by = self.rotation.take().map(|rotation| rotation.by);
        let serves = self.serving_text(now);
        let record = self.record_of(&candidate, out, RecordKind::RotationFailed);
        record.cause = Cause::Latest(RecordKind::TrialStarted);
        record.verdict = Some(verdict.clone());
        record.note = Some(format!("it failed its test; {serves}").into());
        if let Some(by) = by {
            record.actor = by;
        }
        let count = self.failed.as_ref().map_or(0, |failed| failed.count);
        let count = count.saturating_add(1);
        self.failed = Some(Failed {
            fingerprint: candidate.fingerprint,
            count,
        });
        let how = match self.spec.handover.revoke && made {
            true => Retirement::Revoke,
            false => Retirement::Forget,
        };
        self.let_go(&candidate, how, out);
        if count == 1 {
            let text = format!(
                "{}: its newer credential, generation {}, failed its test: {} ({}); {serves}",
                self.spec.name,
                candidate.generation,
                verdict.outcome,
                detail(&verdict),
            );
            self.alert(out, AlertLevel::Critical, text);
        }
        self.trouble = Some(Degraded {
            since: now.wall,
            verdict: Arc::new(verdict),
        });
        // What made the newer one fail may have ended the old one as well: it is asked at once.
        self.schedule.probe = self.spec.probe_every.map(|_| now.boot);
        if self.spec.renewal.is_own() && count < FAILURES_MOST {
            let cap = self.refresh_wait_cap(now);
            let wait = self.refresh_backoff.after_failure(&mut self.dice, cap);
            let at = now.boot.plus(wait).max(self.budget.spend(now.boot));
            self.schedule.refresh = Some(at);
        }
        if let Some(preflight) = &mut self.preflight {
            preflight.refreshed |= made;
            self.go_on(now, out);
        }
    }

    /// What serves, in half a sentence.
    pub(super) fn serving_text(&self, now: Now) -> String {
        match self.serve(now) {
            Ok(generation) => match self.credential.as_ref().and_then(|c| c.expiry) {
                Some(expiry) => format!("generation {generation} serves until {}", expiry.at),
                None => format!("generation {generation} goes on serving"),
            },
            Err(_) => "nothing serves meanwhile".into(),
        }
    }

    /// The test is given up, because something else has come in its place.
    pub(super) fn abandon_trial(&mut self, out: &mut Reaction) {
        if let Some(trial) = self.trial.take() {
            self.flights.trial = None;
            self.schedule.trial = None;
            self.let_go(&trial.candidate, Retirement::Forget, out);
        }
    }

    /// The store holds what serves again, and not the candidate.
    pub(super) fn candidate_withdrawn(&mut self, now: Now, out: &mut Reaction) {
        if self.trial.as_ref().is_some_and(|trial| !trial.made)
            && let Some(candidate) = self.candidate().cloned()
        {
            self.abandon_trial(out);
            let by = self.rotation.take().map(|rotation| rotation.by);
            let record = self.record_of(&candidate, out, RecordKind::RotationFailed);
            record.cause = Cause::Latest(RecordKind::TrialStarted);
            record.note = Some("the store holds the former credential again".into());
            if let Some(by) = by {
                record.actor = by;
            }
        }
        if self.failed.take().is_some() && self.trouble.take().is_some() {
            let record = self.record(out, RecordKind::CredentialLoaded);
            record.note = Some("the store holds the credential that serves".into());
            if self.spec.renewal.is_own() {
                self.plan_life(now);
            }
        }
    }

    /// Whether an answer belongs to the test.
    pub(super) fn is_of_trial(&self, attempt: Attempt) -> bool {
        self.flights.trial == Some(attempt)
    }

    /// Adds a record about that credential, for the caller to complete.
    pub(super) fn record_of<'a>(
        &self,
        credential: &Credential,
        out: &'a mut Reaction,
        kind: RecordKind,
    ) -> &'a mut Record {
        let record = self.record(out, kind);
        record.generation = Some(credential.generation);
        record.fingerprint = Some(credential.fingerprint);
        record
    }
}
