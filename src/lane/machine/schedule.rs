//! When something is due, and what happens then.
//!
//! Deadlines are kept on the boot clock, which sleep does not stop and nobody can set back. Those
//! that come from an absolute expiry are worked out anew whenever the wall clock jumps. A deadline
//! is cleared when it is acted upon, so nothing is due twice.

use super::super::credential::{Credential, ExpirySource};
use super::super::effect::{AlertLevel, LoadWhy, ProbeWhy, RefreshWhy};
use super::super::event::Actor;
use super::super::gate::Refusal;
use super::super::outcome::{Outcome, Verdict};
use super::super::record::RecordKind;
use super::super::time::{Boot, Now, Wall};
use super::loading::LOAD_WAIT_MAX;
use super::{Grant, Lane, Reaction};
use crate::plain::Plain;
use std::sync::Arc;
use std::time::Duration;

/// Everything that can become due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Schedule {
    pub probe: Option<Boot>,
    pub neighbors: Option<Boot>,
    pub refresh: Option<Boot>,
    pub preflight: Option<Boot>,
    pub store: Option<Boot>,
    pub warn: Option<Boot>,
    pub expiry: Option<Boot>,
    pub limit_ends: Option<Boot>,
    pub pause_ends: Option<Boot>,
    /// The candidate is asked again.
    pub trial: Option<Boot>,
    /// The first overlap ends.
    pub retire: Option<Boot>,
    /// A condemned lane is held no later than this, whatever the store says or does not say.
    pub hold: Option<Boot>,
    /// People are told of the outage.
    pub outage: Option<Boot>,
}

impl Schedule {
    /// The earliest deadline.
    pub(super) fn soonest(&self) -> Option<Boot> {
        // Asked after every event.
        let all = [
            &self.probe,
            &self.neighbors,
            &self.refresh,
            &self.preflight,
            &self.store,
            &self.warn,
            &self.expiry,
            &self.limit_ends,
            &self.pause_ends,
            &self.trial,
            &self.retire,
            &self.hold,
            &self.outage,
        ];
        let mut soonest = u64::MAX;
        for at in all {
            soonest = soonest.min(at.map_or(u64::MAX, |at| at.0));
        }
        (soonest != u64::MAX).then_some(Boot(soonest))
    }
}

/// Moves the life of a credential with the wall clock, where it was reckoned by it.
fn shift(credential: &mut Credential, by_ms: i64, own: bool) {
    let Some(expiry) = &mut credential.expiry else {
        return;
    };
    let moves = match expiry.source {
        ExpirySource::TokenResponse => true,
        ExpirySource::Store => own && by_ms < 0,
        _ => false,
    };
    if moves {
        let moved = |at: Wall| Wall(at.0.saturating_add(by_ms));
        expiry.at = moved(expiry.at);
        credential.issued_at = moved(credential.issued_at);
    }
}

/// Takes a deadline that has passed.
fn passed(deadline: &mut Option<Boot>, now: Now) -> bool {
    let due = deadline.is_some_and(|at| at <= now.boot);
    if due {
        *deadline = None;
    }
    due
}

/// Keys that live longer than this warn a week ahead; shorter lives warn in their last quarter.
const LONG_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long before its end a long-lived key warns.
const LONG_WARN: Duration = Duration::from_secs(7 * 24 * 3600);
/// A short-lived key warns at most this long before its end.
const SHORT_WARN: Duration = Duration::from_secs(3600);
/// A refresh starts no later than at this part of the life.
const REFRESH_LATEST: f64 = 0.70;
/// A refresh that falls due leaves room for this many tries.
const TRIES_LEFT: u32 = 6;
/// The last try of a refresh comes about so long before the end.
const LAST_TRY: Duration = Duration::from_secs(2);
/// Neighbors are asked again after this many proofs' time, and not more often than
/// [`NEIGHBORS_LEAST`].
const NEIGHBORS_EVERY: u32 = 5;
/// The shortest time between two rounds of neighbors.
const NEIGHBORS_LEAST: Duration = Duration::from_secs(60);
/// Routine looks are spread by this part of the time between them.
pub(super) const ROUTINE_SPREAD: f64 = 0.10;

/// How often neighbors are asked by a lane that is proved that often.
pub(super) fn neighbors_every(probe_every: Duration) -> Duration {
    let every = probe_every.saturating_mul(NEIGHBORS_EVERY);
    every.max(NEIGHBORS_LEAST)
}

impl Lane {
    /// Does everything whose time has come. Each step clears its own deadline first.
    pub(super) fn do_what_is_due(&mut self, now: Now, out: &mut Reaction) {
        if passed(&mut self.schedule.pause_ends, now) {
            self.end_pause(now, Actor::Lanewatch, Plain::new("the pause is over"), out);
        }
        if passed(&mut self.schedule.hold, now) {
            self.hold_condemned(now, out);
        }
        let ended = self
            .credential
            .as_ref()
            .and_then(|credential| credential.expiry);
        if passed(&mut self.schedule.expiry, now)
            || (!self.expired && ended.is_some_and(|expiry| expiry.at <= now.wall))
        {
            self.expire(now, out);
        }
        if passed(&mut self.schedule.warn, now) && !self.expired {
            self.warn_of_expiry(now, out);
        }
        if passed(&mut self.schedule.limit_ends, now) {
            // The next answer says whether the limit is really over; without a probe, time does.
            if self.spec.probe_every.is_some() {
                self.schedule.probe = Some(now.boot);
            } else if self.limited {
                self.limited = false;
                self.record(out, RecordKind::ProbePassed).note =
                    Some("the time that the upstream asked for is over".into());
            }
        }
        if passed(&mut self.schedule.retire, now) {
            self.retire_the_old(now, out);
        }
        if self.hold.is_some() {
            return;
        }
        if passed(&mut self.schedule.trial, now) {
            self.trial_goes_on(now, out);
        }
        if passed(&mut self.schedule.preflight, now) {
            self.resume_preflight(now, out);
        }
        if passed(&mut self.schedule.refresh, now) {
            self.refresh_when_due(now, out);
        }
        if passed(&mut self.schedule.store, now) {
            self.load(LoadWhy::Poll, out);
            self.plan_store_poll(now);
        }
        if passed(&mut self.schedule.probe, now) {
            self.probe(ProbeWhy::Routine, out);
            if self.flights.probe.is_none() {
                self.plan_probe(now);
            }
        }
        if passed(&mut self.schedule.neighbors, now) && self.preflight.is_none() {
            self.probe_neighbor(0, out);
        }
    }

    fn refresh_when_due(&mut self, now: Now, out: &mut Reaction) {
        let why = if self.credential.is_none() {
            RefreshWhy::Preflight
        } else if self.expired {
            RefreshWhy::Expired
        } else {
            RefreshWhy::Due
        };
        self.refresh(now, why, out);
    }

    /// The credential's life is over.
    fn expire(&mut self, now: Now, out: &mut Reaction) {
        self.schedule.expiry = None;
        self.schedule.warn = None;
        if self.expired || self.credential.is_none() {
            return;
        }
        self.expired = true;
        // Its end ends its proof: an answer still under way tells nothing that matters now.
        self.flights.probe = None;
        self.flights.neighbor = None;
        self.schedule.probe = None;
        self.schedule.neighbors = None;
        if self.hold.is_some() {
            self.record(out, RecordKind::TokenExpired).note =
                Some("while the lane was held".into());
            return;
        }
        let verdict = Verdict::own(
            Outcome::CredentialExpired,
            "lane/known_expiry",
            "its known expiry has passed",
        );
        self.fall_expired(now, verdict, out);
    }

    /// The credential has expired, by its known expiry or by its upstream's word.
    pub(super) fn fall_expired(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.expired = true;
        self.schedule.expiry = None;
        self.schedule.warn = None;
        self.counters.count(Outcome::CredentialExpired);
        self.record(out, RecordKind::TokenExpired).verdict = Some(verdict.clone());
        self.close_with(now, verdict, out);
        if self.fall_back_on_candidate(now, out) {
            return;
        }
        if let Grant::Dead(grant) | Grant::Uncertain(grant) = self.grant.clone() {
            self.hold(now, Verdict::clone(&grant), out);
            return;
        }
        if !self.spec.renewal.is_own() {
            let text = format!("{}: its credential has expired", self.spec.name);
            self.alert(out, AlertLevel::Critical, text);
            self.load(LoadWhy::Rejected, out);
        } else if self.left(now).is_some_and(|left| !left.is_zero()) {
            // The upstream contradicts the known expiry. A server that calls every new token
            // expired must not be asked for new ones without end.
            self.schedule.refresh = Some(self.budget.spend(now.boot).max(now.boot));
        } else {
            self.refresh(now, RefreshWhy::Expired, out);
        }
    }

    fn warn_of_expiry(&mut self, now: Now, out: &mut Reaction) {
        if self.warned {
            return;
        }
        self.warned = true;
        let left = self
            .credential
            .as_ref()
            .and_then(|credential| credential.expiry)
            .map(|expiry| expiry.at.since(now.wall));
        let note = format!(
            "expires in {} and has not been renewed",
            humantime::format_duration(Duration::from_secs(left.unwrap_or_default().as_secs()))
        );
        let record = self.record(out, RecordKind::WarningRaised);
        record.note = Some(note.clone().into());
        self.alert(
            out,
            AlertLevel::Warning,
            format!("{}: {note}", self.spec.name),
        );
    }

    /// Works out every deadline that follows from the life of the credential at hand.
    pub(super) fn plan_life(&mut self, now: Now) {
        self.schedule.warn = None;
        self.schedule.expiry = None;
        let Some(credential) = &self.credential else {
            return;
        };
        let Some(expiry) = credential.expiry else {
            return;
        };
        let life = expiry.at.since(credential.issued_at);
        let left = expiry.at.since(now.wall);
        self.schedule.expiry = Some(now.boot_at(expiry.at));
        if !self.warned {
            let warn = self.spec.windows.warn.unwrap_or_else(|| {
                if life >= LONG_LIFE {
                    LONG_WARN
                } else {
                    (life / 4).min(SHORT_WARN)
                }
            });
            self.schedule.warn = Some(now.boot_at(expiry.at.minus(warn)));
        }
        if self.spec.renewal.is_own() && self.grant == Grant::Good {
            let part = self.spec.windows.refresh_at.clamp(0.05, REFRESH_LATEST);
            let spread = self.dice.spread(life.mul_f64(part), 0.10);
            let at = spread.min(life.mul_f64(REFRESH_LATEST));
            let due = credential.issued_at.plus(at);
            // A credential met late in its life is refreshed soon, but not all of them at once.
            let due = if due <= now.wall {
                now.wall.plus(left.mul_f64(0.1 * self.dice.unit()))
            } else {
                due
            };
            self.schedule.refresh = Some(now.boot_at(due));
        }
    }

    /// How long a failing refresh may wait so that enough tries fit into what life is left.
    pub(super) fn refresh_wait_cap(&self, now: Now) -> Duration {
        let left = self.left(now).unwrap_or(Duration::MAX);
        if left.is_zero() {
            Duration::from_secs(30)
        } else {
            left / TRIES_LEFT
        }
    }

    /// A try of the refresh that would come after the end of the credential comes shortly before it,
    /// but no sooner than it may.
    pub(super) fn within_life(&mut self, now: Now, at: Boot, no_sooner: Boot) -> Boot {
        let margin = self.dice.spread(LAST_TRY, 0.5);
        let left = self.left(now).unwrap_or(Duration::MAX);
        let last = now.boot.plus(left.saturating_sub(margin));
        if at > last && last > now.boot.plus(margin) {
            last.max(no_sooner)
        } else {
            at
        }
    }

    /// A store that has failed a refresh is watched: its return ends the wait for the next try.
    pub(super) fn watch_for_the_store(&mut self, now: Now) {
        let soon = now.boot.plus(self.dice.spread(LOAD_WAIT_MAX / 2, 1.0));
        self.schedule.store = Some(self.schedule.store.map_or(soon, |at| at.min(soon)));
    }

    /// Life left, if its end is known.
    pub(super) fn left(&self, now: Now) -> Option<Duration> {
        let expiry = self.credential.as_ref()?.expiry?;
        Some(expiry.at.since(now.wall))
    }

    pub(super) fn plan_probe(&mut self, now: Now) {
        if let Some(every) = self.spec.probe_every {
            self.schedule.probe = Some(now.boot.plus(self.dice.spread(every, ROUTINE_SPREAD)));
        }
    }

    pub(super) fn plan_neighbors(&mut self, now: Now) {
        if let (Some(every), false) = (self.spec.probe_every, self.spec.neighbors.is_empty()) {
            let every = neighbors_every(every);
            self.schedule.neighbors = Some(now.boot.plus(self.dice.spread(every, ROUTINE_SPREAD)));
        }
    }

    pub(super) fn plan_store_poll(&mut self, now: Now) {
        let spread = self.dice.spread(self.spec.store_every, ROUTINE_SPREAD);
        self.schedule.store = Some(now.boot.plus(spread));
    }

    /// Something may be new in the store: look soon, each lane at its own moment.
    pub(super) fn store_changed(
        &mut self,
        now: Now,
        version: Option<&super::super::credential::StoreVersion>,
    ) {
        let known = self
            .credential
            .as_ref()
            .and_then(|c| c.store_version.as_ref());
        if version.is_none() || version != known {
            let soon = self.dice.spread(Duration::from_millis(50), 1.0);
            self.schedule.store = Some(now.boot.plus(soon));
        }
    }

    /// Works out every deadline anew after the wall clock jumped.
    ///
    /// An expiry that was reckoned from "so many seconds from now" moves with the wall clock,
    /// because the life it stands for did not change. One that a record in a store tells may have
    /// been reckoned so by a former process: it moves if the clock was set back, since ending too
    /// soon costs a refresh and too late a call that fails. Any other stays where its issuer put it.
    /// A refresh is never put off.
    pub(super) fn clock_jumped(&mut self, now: Now, by_ms: i64) {
        let own = self.spec.renewal.is_own();
        if let Some(credential) = &mut self.credential {
            shift(credential, by_ms, own);
        }
        if let Some(trial) = &mut self.trial {
            shift(&mut trial.candidate, by_ms, own);
        }
        if !self.expired {
            let before = self.schedule.refresh;
            self.plan_life(now);
            if let (Some(before), Some(after)) = (before, self.schedule.refresh) {
                self.schedule.refresh = Some(before.min(after));
            }
        }
        if let Some(until) = self.pause.as_ref().and_then(|pause| pause.until) {
            self.schedule.pause_ends = Some(now.boot_at(until));
        }
    }

    /// Closes the gate on what an answer means, and opens the degraded window.
    pub(super) fn close_with(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let verdict = self.see(now, verdict);
        self.refusal = Some(Refusal::Answer(Arc::clone(&verdict)));
        // Another answer under way is about the same credential, and would be counted twice.
        self.flights.probe = None;
        self.flights.neighbor = None;
        self.preflight = None;
        self.schedule.preflight = None;
        self.open_window(now, verdict, out);
    }

    /// The old credential has stopped being good, and no new one is proven.
    pub(super) fn open_window(&mut self, now: Now, verdict: Arc<Verdict>, out: &mut Reaction) {
        if self.window.is_none() {
            self.record(out, RecordKind::DegradedOpened).cause =
                super::super::record::Cause::Previous;
            self.window = Some(super::Degraded {
                since: now.wall,
                verdict,
            });
        }
    }
}
