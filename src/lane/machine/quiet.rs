//! Passing over what changes nothing.
//!
//! A lane that is well asks its store and its upstream again and again, and as long as the world is
//! well too, every answer is what the last one was. Of such a stretch only the moments matter: they
//! draw on the lane's dice, and so decide every later one. [`Lane::pass_over`] goes through them
//! without anybody being asked, and leaves the lane as it would be had everybody been asked. A month
//! of ten thousand lanes is a billion such looks.

use super::super::outcome::Outcome;
use super::super::time::{Boot, Now};
use super::{Activity, Backoff, Grant, LATENCIES, Lane};
use std::time::Duration;

/// Looks that take longer than this, all together, are not passed over.
const LONGEST: Duration = Duration::from_millis(LONGEST_MS);
/// The same, in milliseconds.
const LONGEST_MS: u64 = 1_000;

/// A routine look of a lane that is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Into its store.
    Store,
    /// At its upstream, with its credential.
    Upstream,
}

/// How long answers take in a world that is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answers {
    /// The store's.
    pub store: Duration,
    /// The upstream's.
    pub upstream: Duration,
}

impl Lane {
    /// Whether nothing is under way, nothing is wrong, and nothing is awaited but routine.
    fn is_quiet(&self) -> bool {
        let failing = [self.probe_backoff, self.refresh_backoff, self.load_backoff]
            .iter()
            .any(|backoff| backoff.failures() > 0);
        let routine = |every: Duration| every > LONGEST * 2;
        self.refusal.is_none()
            && self.hold.is_none()
            && self.pause.is_none()
            && self.audit_writable
            && self.credential.is_some()
            && self.grant == Grant::Good
            && self.activity() == Activity::Idle
            && self.flights.refresh_path.is_none()
            && self.preflight.is_none()
            && self.trial.is_none()
            && self.trouble.is_none()
            && self.window.is_none()
            && !(self.expired || self.limited || failing)
            && self
                .verdict
                .as_ref()
                .is_some_and(|(last, _)| last.outcome == Outcome::Ok)
            && self.spec.probe_every.is_none_or(routine)
            && routine(self.spec.store_every)
    }

    /// Goes through the routine looks from `now`, the moment of its last event, up to `until` as if
    /// every answer had been what it was before, and tells `seen` of every request. Answers when the
    /// lane wants to be woken next, or `None` if it is not quiet and nothing was done.
    pub fn pass_over(
        &mut self,
        now: Now,
        until: Boot,
        answers: Answers,
        seen: &mut impl FnMut(Boot, Look),
    ) -> Option<Boot> {
        let rounds = u32::try_from(self.neighbors.len()).unwrap_or(u32::MAX);
        let longest = answers.upstream.saturating_mul(rounds.saturating_add(1));
        if !self.is_quiet() || longest > LONGEST / 2 {
            return None;
        }
        let mut rest = self.schedule;
        (rest.probe, rest.store, rest.neighbors) = (None, None, None);
        let horizon = rest.soonest().map_or(until, |at| at.min(until));
        // What is begun before this is at an end before the horizon.
        let last_begin = Boot(horizon.0.saturating_sub(LONGEST_MS));
        let begun = now;
        let mut now = begun.boot;
        let (mut load, mut probe) = (None, None);
        let mut round: Option<(Boot, u32)> = None;
        let mut answered = 0_u32;
        let mut last_answer = now;
        loop {
            let routine = [
                self.schedule.probe,
                self.schedule.store,
                self.schedule.neighbors,
            ];
            // Nothing else is due before the horizon.
            let wake = routine.into_iter().flatten().min()?;
            let wake = wake.max(now.plus(Backoff::FLOOR));
            let answer = [load, probe, round.map(|(at, _)| at)];
            let answer = answer.into_iter().flatten().min();
            match answer {
                Some(at) if at <= wake => {
                    now = at;
                    let moment = begun.later(now);
                    load = load.filter(|load| *load != at);
                    if probe == Some(at) {
                        probe = None;
                        answered = answered.saturating_add(1);
                        last_answer = now;
                        self.counters.count(Outcome::Ok);
                        self.plan_probe(moment);
                        if self.schedule.neighbors.is_none() && round.is_none() {
                            self.plan_neighbors(moment);
                        }
                    }
                    if let Some((_, left)) = round.filter(|(end, _)| *end == at) {
                        let index = rounds.saturating_sub(left);
                        if let Some(proof) = self.neighbors.get_mut(index as usize) {
                            proof.at = Some(begun.wall_at(now));
                        }
                        round = if left > 1 {
                            self.next_attempt();
                            seen(now, Look::Upstream);
                            Some((now.plus(answers.upstream), left - 1))
                        } else {
                            self.plan_neighbors(moment);
                            None
                        };
                    }
                }
                None if wake > last_begin => break,
                _ => now = wake,
            }
            // In the order in which a lane does what is due.
            let moment = begun.later(now);
            let due = |at: Option<Boot>| at.is_some_and(|at| at <= now);
            if due(self.schedule.store) {
                self.next_attempt();
                seen(now, Look::Store);
                load = Some(now.plus(answers.store));
                self.plan_store_poll(moment);
            }
            if due(self.schedule.probe) {
                self.next_attempt();
                seen(now, Look::Upstream);
                self.schedule.probe = None;
                probe = Some(now.plus(answers.upstream));
            }
            if due(self.schedule.neighbors) {
                self.schedule.neighbors = None;
                self.next_attempt();
                seen(now, Look::Upstream);
                round = Some((now.plus(answers.upstream), rounds));
            }
        }
        if answered > 0 {
            let at = begun.wall_at(last_answer);
            self.last_ok = Some(at);
            if let Some((_, seen)) = &mut self.verdict {
                *seen = at;
            }
        }
        let took = u32::try_from(answers.upstream.as_millis()).unwrap_or(u32::MAX);
        for _ in 0..usize::try_from(answered)
            .unwrap_or(LATENCIES)
            .min(LATENCIES)
        {
            if self.latencies.len() == LATENCIES {
                self.latencies.pop_front();
            }
            self.latencies.push_back(took);
        }
        self.schedule
            .soonest()
            .map(|at| at.max(now.plus(Backoff::FLOOR)))
    }
}

impl Now {
    /// A later moment for planning on the boot clock, which asks for no more than that.
    const fn later(self, boot: Boot) -> Self {
        Self {
            wall: self.wall,
            boot,
        }
    }
}
