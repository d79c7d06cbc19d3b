//! Passing over what changes nothing.
//!
//! A lane that is well asks its store and its upstream again and again, and as long as the world is
//! well too, every answer is what the last one was. Of such a stretch only the moments matter: they
//! draw on the lane's dice, and so decide every later one. [`Lane::pass_over`] goes through them
//! without anybody being asked, and leaves the lane as it would be had everybody been asked. A month
//! of ten thousand lanes is a billion such looks.

use super::super::backoff::{Dice, Spread};
use super::super::outcome::Outcome;
use super::super::time::{Boot, Now};
use super::schedule::{ROUTINE_SPREAD, Schedule, neighbors_every};
use super::{Activity, Attempt, Backoff, Grant, LATENCIES, Lane};
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

/// A moment that does not come.
const NEVER: u64 = u64::MAX;

/// What a stretch of routine has come to, in milliseconds of the boot clock.
///
/// A look that is over well before the next is due is gone through in one step here, from its
/// begin to its answer; nearly all of them are. Whatever overlaps is gone through event by event.
struct Stretch {
    dice: Dice,
    /// The last event.
    now: u64,
    /// The next looks; [`NEVER`] where none is planned.
    store: u64,
    probe: u64,
    neighbors: u64,
    /// Requests that were made.
    requests: u64,
    /// Proofs that were answered, and when the last was.
    proofs: u32,
    last_proof: u64,
    /// When the last round of neighbors ended, if one did.
    last_round: Option<u64>,
}

/// What does not change during a stretch.
struct Routine {
    store: Spread,
    probe: Spread,
    neighbors: Spread,
    /// How long answers take.
    store_takes: u64,
    upstream_takes: u64,
    /// How many neighbors a round asks.
    rounds: u64,
    /// The shortest time from an event to the next look.
    floor: u64,
    /// No look begins after this.
    last_begin: u64,
}

impl Stretch {
    fn new(schedule: &Schedule, dice: Dice, now: Boot) -> Self {
        let at = |planned: Option<Boot>| planned.map_or(NEVER, |at| at.0);
        Self {
            dice,
            now: now.0,
            store: at(schedule.store),
            probe: at(schedule.probe),
            neighbors: at(schedule.neighbors),
            requests: 0,
            proofs: 0,
            last_proof: now.0,
            last_round: None,
        }
    }

    /// Goes through looks that stand alone, up to the first that does not.
    fn alone(&mut self, of: &Routine, seen: &mut impl FnMut(Boot, Look)) {
        loop {
            let rest = self.probe.min(self.neighbors);
            let soonest = self.store.min(rest);
            let begin = soonest.max(self.now.saturating_add(of.floor));
            if begin > of.last_begin {
                return;
            }
            // What comes after it, and the latest moment at which it has to be over.
            let (next, takes) = if self.store < rest {
                (rest, of.store_takes)
            } else if self.probe < self.neighbors {
                (self.store.min(self.neighbors), of.upstream_takes)
            } else {
                (
                    self.store.min(self.probe),
                    of.upstream_takes.saturating_mul(of.rounds),
                )
            };
            let end = begin.saturating_add(takes);
            if end.saturating_add(of.floor) > next {
                return;
            }
            self.now = end;
            if self.store < rest {
                seen(Boot(begin), Look::Store);
                self.requests = self.requests.wrapping_add(1);
                self.store = begin.saturating_add(of.store.millis(&mut self.dice));
            } else if self.probe < self.neighbors {
                seen(Boot(begin), Look::Upstream);
                self.requests = self.requests.wrapping_add(1);
                self.proofs = self.proofs.saturating_add(1);
                self.last_proof = end;
                self.probe = end.saturating_add(of.probe.millis(&mut self.dice));
                if self.neighbors == NEVER && of.rounds > 0 {
                    self.neighbors = end.saturating_add(of.neighbors.millis(&mut self.dice));
                }
            } else {
                for index in 0..of.rounds {
                    let asked = begin.saturating_add(of.upstream_takes.saturating_mul(index));
                    seen(Boot(asked), Look::Upstream);
                }
                self.requests = self.requests.wrapping_add(of.rounds);
                self.last_round = Some(end);
                self.neighbors = end.saturating_add(of.neighbors.millis(&mut self.dice));
            }
        }
    }
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

    fn routine(&self, answers: Answers, last_begin: Boot) -> Routine {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let spread = |every| Spread::new(every, ROUTINE_SPREAD);
        let probe_every = self.spec.probe_every.unwrap_or_default();
        Routine {
            store: spread(self.spec.store_every),
            probe: spread(probe_every),
            neighbors: spread(neighbors_every(probe_every)),
            store_takes: millis(answers.store),
            upstream_takes: millis(answers.upstream),
            rounds: self.neighbors.len() as u64,
            floor: millis(Backoff::FLOOR),
            last_begin: last_begin.0,
        }
    }

    /// Becomes what it is after the stretch.
    fn take(&mut self, stretch: &Stretch, begun: Now, upstream_takes: Duration) {
        let planned = |at: u64| (at != NEVER).then_some(Boot(at));
        self.dice = stretch.dice;
        self.schedule.store = planned(stretch.store);
        self.schedule.probe = planned(stretch.probe);
        self.schedule.neighbors = planned(stretch.neighbors);
        self.last_attempt = Attempt(self.last_attempt.0.wrapping_add(stretch.requests));
        self.counters.add(Outcome::Ok, stretch.proofs);
        if let Some(end) = stretch.last_round {
            let mut at = begun.wall_at(Boot(end));
            for proof in self.neighbors.iter_mut().rev() {
                proof.at = Some(at);
                at = at.minus(upstream_takes);
            }
        }
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
        let routine = self.routine(answers, last_begin);
        loop {
            if (load, probe, round) == (None, None, None) {
                let mut stretch = Stretch::new(&self.schedule, self.dice, now);
                stretch.alone(&routine, seen);
                now = Boot(stretch.now);
                if stretch.proofs > 0 {
                    answered = answered.saturating_add(stretch.proofs);
                    last_answer = Boot(stretch.last_proof);
                }
                self.take(&stretch, begun, answers.upstream);
            }
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
                    // Of two that are answered at one moment the one that was asked first comes
                    // first: a later neighbor of a round is asked before any proof is begun.
                    let rounds_first = round.is_some_and(|(_, left)| left < rounds);
                    for of_round in [rounds_first, !rounds_first] {
                        if of_round {
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
                        } else {
                            if probe == Some(at) {
                                probe = None;
                                answered = answered.saturating_add(1);
                                last_answer = now;
                                self.counters.count(Outcome::Ok);
                                self.plan_probe(moment);
                                if self.schedule.neighbors.is_none() {
                                    self.plan_neighbors(moment);
                                }
                            }
                        }
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
