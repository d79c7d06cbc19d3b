//! Reading the store, and what it gives.
//!
//! What the store holds is compared by fingerprint: the same credential is no news, another one is
//! tested, and one that has failed its test is not tested again. A store that fails costs the lane nothing but its word as
//! long as the credential at hand lives.

use super::super::backoff::Backoff;
use super::super::credential::Offer;
use super::super::effect::{Attempt, Effect, LoadWhy, RefreshWhy};
use super::super::event::Found;
use super::super::gate::FindingLevel;
use super::super::outcome::{Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::spec::Renewal;
use super::super::time::Now;
use super::preflight::detail;
use super::{Degraded, Grant, Lane, Reaction};
use std::sync::Arc;
use std::time::Duration;

/// A store that fails is asked again after this at the latest, since that is how long its return
/// may go unnoticed; what keeps many lanes from asking at once is
/// [`crate::policy::Dispatch`].
pub(super) const LOAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// For how long a store may ask to be left alone: no longer than any failing target is.
const LOAD_ASKED_MAX: Duration = Backoff::CAP;

impl Lane {
    /// Reads the store, unless it is being read.
    pub(super) fn load(&mut self, why: LoadWhy, out: &mut Reaction) {
        if self.hold.is_none() && self.flights.load.is_none() {
            self.load_again(why, out);
        }
    }

    /// Reads the store, whatever an earlier reading may still say.
    pub(super) fn load_again(&mut self, why: LoadWhy, out: &mut Reaction) {
        let attempt = self.next_attempt();
        self.flights.load = Some((attempt, why));
        out.effects.push(Effect::Load { attempt, why });
    }

    pub(super) fn loaded(&mut self, now: Now, attempt: Attempt, found: Found, out: &mut Reaction) {
        let Some((_, why)) = self.flights.load.filter(|(of, _)| *of == attempt) else {
            return;
        };
        self.flights.load = None;
        self.store_answers(now, out);
        if self.hold.is_some() {
            self.doubted = None;
            return;
        }
        match found {
            Found::Credential(offer) => {
                let known = self
                    .credential
                    .as_ref()
                    .map(|credential| credential.fingerprint);
                if known == Some(offer.fingerprint) {
                    self.seen_again(now, offer, why, out);
                } else if self.candidate().map(|c| c.fingerprint) == Some(offer.fingerprint) {
                    self.trial_seen_again(now, why, out);
                } else {
                    self.found_new(now, offer, why, out);
                }
            }
            Found::Unchanged => self.nothing_new(now, why, out),
            Found::GrantOnly { version } => {
                let replaced = self.grant_version != version;
                self.grant_version = version;
                if replaced && self.grant != Grant::Good {
                    self.grant = Grant::Good;
                    self.grant_was_replaced(now, out);
                } else if self.preflight.is_some() && self.credential.is_none() {
                    self.store_was_awaited();
                    self.go_on(now, out);
                } else {
                    let dead = self.credential_is_dead() && !self.is_condemned();
                    self.nothing_new(now, why, out);
                    if replaced && dead && self.preflight.is_none() {
                        // Nothing that is at hand can serve any more; what is new may bring it.
                        self.refresh(now, RefreshWhy::Preflight, out);
                    }
                }
            }
        }
        self.settle_doubt(now, out);
    }

    /// The store holds another grant than the one that was dead or in doubt.
    fn grant_was_replaced(&mut self, now: Now, out: &mut Reaction) {
        if self.is_living(now) && self.refusal.is_none() && self.preflight.is_none() {
            self.trouble = None;
            self.record(out, RecordKind::CredentialLoaded).note =
                Some("a new grant is in the store".into());
            self.refresh(now, RefreshWhy::Due, out);
        } else {
            self.prove_anew(now, false, out);
        }
    }

    /// The store holds the candidate.
    fn trial_seen_again(&mut self, now: Now, why: LoadWhy, out: &mut Reaction) {
        if self.is_condemned() {
            self.schedule.hold = None;
            self.fall_back_on_candidate(now, out);
        } else if self.store_was_awaited() {
            self.go_on(now, out);
        } else if why == LoadWhy::Asked || self.schedule.trial.is_none() {
            self.trial_goes_on(now, out);
        }
    }

    /// The store holds a credential that the lane does not have.
    pub(super) fn found_new(&mut self, now: Now, offer: Offer, why: LoadWhy, out: &mut Reaction) {
        let has_failed = self.failed() == Some(offer.fingerprint);
        if has_failed && matches!(why, LoadWhy::Poll | LoadWhy::Rejected) {
            self.nothing_new(now, why, out);
            return;
        }
        if self.is_living(now) {
            self.begin_trial(now, offer, RecordKind::CredentialLoaded, out);
            if self.store_was_awaited() {
                self.go_on(now, out);
            }
            return;
        }
        if self.is_condemned() {
            self.schedule.hold = None;
            self.record(out, RecordKind::LostRace).note =
                Some("the store already holds a newer credential: this was a rotation".into());
        }
        self.adopt(now, offer, out);
        let cause = match (why, &self.rotation) {
            (LoadWhy::Asked, Some(_)) => Cause::Latest(RecordKind::RotationStarted),
            _ => Cause::World,
        };
        self.record(out, RecordKind::CredentialLoaded).cause = cause;
        if self.pause.is_some() {
            return;
        }
        if self.store_was_awaited() {
            self.go_on(now, out);
        } else {
            self.prove_anew(now, false, out);
        }
    }

    /// The store holds what the lane already has.
    pub(super) fn seen_again(&mut self, now: Now, offer: Offer, why: LoadWhy, out: &mut Reaction) {
        let mut new_grant = false;
        self.candidate_withdrawn(now, out);
        if let Some(credential) = &mut self.credential {
            new_grant =
                self.grant != Grant::Good && credential.store_version != offer.store_version;
            // A record that nobody has touched knows no more than it did. Its end may have been told by
            // a clock that was set right since.
            let touched =
                offer.store_version.is_none() || credential.store_version != offer.store_version;
            credential.store_version = offer.store_version.or(credential.store_version.take());
            if let Some(expiry) = offer.expiry.filter(|_| touched)
                && credential.expiry.map(|known| known.at) != Some(expiry.at)
                && !credential
                    .expiry
                    .is_some_and(|known| known.is_upstreams_word())
                && !self.expired
            {
                credential.expiry = Some(expiry);
                self.plan_life(now);
            }
        }
        if new_grant {
            self.grant = Grant::Good;
            self.refresh(now, RefreshWhy::Due, out);
        }
        self.nothing_new(now, why, out);
    }

    pub(super) fn nothing_new(&mut self, now: Now, why: LoadWhy, out: &mut Reaction) {
        if self.is_condemned() {
            self.hold_condemned(now, out);
            return;
        }
        if why == LoadWhy::Asked && self.spec.renewal != Renewal::Owner {
            self.fail_rotation("the store holds no newer version", out);
        }
        if self.store_was_awaited() {
            self.go_on(now, out);
        }
    }

    pub(super) fn load_failed(
        &mut self,
        now: Now,
        attempt: Attempt,
        verdict: Verdict,
        out: &mut Reaction,
    ) {
        let Some((_, why)) = self.flights.load.filter(|(of, _)| *of == attempt) else {
            return;
        };
        self.flights.load = None;
        self.doubted = None;
        self.counters.count(verdict.outcome);
        if self.hold.is_some() {
            return;
        }
        if self.is_condemned() {
            self.hold_condemned(now, out);
            return;
        }
        let wait = self
            .load_backoff
            .after_failure(&mut self.dice, LOAD_WAIT_MAX);
        let asked = verdict.evidence.retry_after_s.map(Duration::from_secs);
        let wait = wait.max(asked.unwrap_or_default().min(LOAD_ASKED_MAX));
        if self.waits_for_store() {
            self.find_again("store", FindingLevel::Refuse, detail(&verdict));
            self.refuse_for(now, verdict, out);
            self.schedule.preflight = Some(now.boot.plus(wait));
            return;
        }
        // One that waits for its owner, or is made elsewhere, does not hang on this look.
        if why == LoadWhy::Asked && self.spec.renewal != Renewal::Owner {
            self.fail_rotation(&detail(&verdict), out);
        }
        if self.trouble.is_none() {
            self.record(out, RecordKind::CredentialLoadFailed).verdict = Some(verdict.clone());
            self.trouble = Some(Degraded {
                since: now.wall,
                verdict: Arc::new(verdict),
            });
        }
        if why != LoadWhy::Asked {
            self.schedule.store = Some(now.boot.plus(wait));
        }
    }

    /// The store answered: whatever it kept from working is over.
    pub(super) fn store_answers(&mut self, now: Now, out: &mut Reaction) {
        self.load_backoff.succeed();
        if let Some(trouble) = &self.trouble
            && trouble.verdict.outcome == Outcome::StoreUnavailable
        {
            let took = now.wall.since(trouble.since).as_secs_f64();
            self.trouble = None;
            if self.refresh_backoff.failures() > 0 && self.schedule.refresh.is_some() {
                // What waited for the store need not wait for its turn in the backoff.
                let soon = self.dice.spread(Duration::from_millis(250), 1.0);
                self.schedule.refresh = Some(now.boot.plus(soon));
            }
            let record = self.record(out, RecordKind::StoreRecovered);
            record.cause = Cause::Latest(RecordKind::CredentialLoadFailed);
            record.note = Some(format!("the store answers again after {took:.1} s").into());
        }
    }
}
