//! Passing over what changes nothing.
//!
//! A lane that is well asks its store and its upstream again and again, and as long as the world is
//! well too, every answer is what the last one was. Of such a stretch only the moments matter: they
//! draw on the lane's dice, and so decide every later one. [`Lane::stretch`] cuts out what decides
//! them, [`Stretch::pass`] goes through it without anybody being asked, wherever and whenever there
//! is time for it, and [`Lane::resume`] leaves the lane as it would be had everybody been asked. A
//! month of ten thousand lanes is a billion such looks.

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

/// The routine of one lane from its last event to the next moment that is more than routine, in
/// milliseconds of the boot clock.
///
/// A look that is over well before the next is due is gone through in one step here, from its
/// begin to its answer; nearly all of them are. Whatever overlaps is gone through event by event.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    routine: Routine,
    begun: Now,
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
#[derive(Clone, Copy, Debug)]
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
    /// No look begins after this: what is begun before it is at an end before the stretch is.
    last_begin: u64,
    /// The first moment that is more than routine, or [`NEVER`].
    horizon: u64,
}

/// Requests under way: when each is answered, or [`NEVER`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    store: u64,
    probe: u64,
    neighbor: u64,
    /// Neighbors of the round that have not answered, the one that is being asked among them.
    left: u64,
}

impl UnderWay {
    const NOTHING: Self = Self {
        store: NEVER,
        probe: NEVER,
        neighbor: NEVER,
        left: 0,
    };

    fn soonest(self) -> u64 {
        self.store.min(self.probe).min(self.neighbor)
    }
}

impl Stretch {
    /// The lane does not want to be woken before this.
    pub const fn sleeps_until(&self) -> Boot {
        Boot(self.routine.last_begin)
    }

    /// When the lane wants to be woken next, once it has been passed over.
    pub fn wakes(&self) -> Boot {
        let soonest = self.soonest().min(self.routine.horizon);
        Boot(soonest.max(self.now.saturating_add(self.routine.floor)))
    }

    /// Goes through all of it as if every answer had been what it was before, and tells `seen` of
    /// every request.
    pub fn pass(&mut self, seen: &mut impl FnMut(Boot, Look)) {
        loop {
            self.alone(seen);
            if !self.together(seen) {
                return;
            }
        }
    }

    /// The next look that is planned.
    fn soonest(&self) -> u64 {
        self.store.min(self.probe).min(self.neighbors)
    }

    /// Goes through looks that stand alone, up to the first that does not.
    fn alone(&mut self, seen: &mut impl FnMut(Boot, Look)) {
        let of = self.routine;
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
                self.look(begin, Look::Store, seen);
                self.store = begin.saturating_add(of.store.millis(&mut self.dice));
            } else if self.probe < self.neighbors {
                self.look(begin, Look::Upstream, seen);
                self.proved(end);
            } else {
                for index in 0..of.rounds {
                    let asked = begin.saturating_add(of.upstream_takes.saturating_mul(index));
                    self.look(asked, Look::Upstream, seen);
                }
                self.went_round(end);
            }
        }
    }

    /// Goes event by event through looks that overlap, until nothing is under way. Answers whether
    /// there is more to go through.
    fn together(&mut self, seen: &mut impl FnMut(Boot, Look)) -> bool {
        let of = self.routine;
        let mut under_way = UnderWay::NOTHING;
        loop {
            let wake = self.soonest().max(self.now.saturating_add(of.floor));
            let answer = under_way.soonest();
            if answer != NEVER && answer <= wake {
                self.now = answer;
                self.answered(&mut under_way, seen);
            } else if answer == NEVER && wake > of.last_begin {
                return false;
            } else {
                self.now = wake;
            }
            // In the order in which a lane does what is due.
            let now = self.now;
            if self.store <= now {
                self.look(now, Look::Store, seen);
                under_way.store = now.saturating_add(of.store_takes);
                self.store = now.saturating_add(of.store.millis(&mut self.dice));
            }
            if self.probe <= now {
                self.look(now, Look::Upstream, seen);
                self.probe = NEVER;
                under_way.probe = now.saturating_add(of.upstream_takes);
            }
            if self.neighbors <= now {
                self.neighbors = NEVER;
                self.look(now, Look::Upstream, seen);
                under_way.neighbor = now.saturating_add(of.upstream_takes);
                under_way.left = of.rounds;
            }
            if under_way == UnderWay::NOTHING {
                return true;
            }
        }
    }

    /// Takes the answers that are here now.
    fn answered(&mut self, under_way: &mut UnderWay, seen: &mut impl FnMut(Boot, Look)) {
        let (of, now) = (self.routine, self.now);
        if under_way.store == now {
            under_way.store = NEVER;
        }
        // Of two that are answered at one moment the one that was asked first comes first: a later
        // neighbor of a round is asked before any proof is begun.
        let rounds_first = under_way.neighbor != NEVER && under_way.left < of.rounds;
        for of_round in [rounds_first, !rounds_first] {
            if of_round && under_way.neighbor == now {
                under_way.left = under_way.left.saturating_sub(1);
                if under_way.left > 0 {
                    self.look(now, Look::Upstream, seen);
                    under_way.neighbor = now.saturating_add(of.upstream_takes);
                } else {
                    under_way.neighbor = NEVER;
                    self.went_round(now);
                }
            } else if !of_round && under_way.probe == now {
                under_way.probe = NEVER;
                self.proved(now);
            }
        }
    }

    fn look(&mut self, at: u64, look: Look, seen: &mut impl FnMut(Boot, Look)) {
        seen(Boot(at), look);
        self.requests = self.requests.wrapping_add(1);
    }

    /// A proof was answered.
    fn proved(&mut self, at: u64) {
        let of = self.routine;
        self.proofs = self.proofs.saturating_add(1);
        self.last_proof = at;
        self.probe = at.saturating_add(of.probe.millis(&mut self.dice));
        if self.neighbors == NEVER && of.rounds > 0 {
            self.neighbors = at.saturating_add(of.neighbors.millis(&mut self.dice));
        }
    }

    /// The last neighbor of a round has answered.
    fn went_round(&mut self, at: u64) {
        self.last_round = Some(at);
        let every = self.routine.neighbors.millis(&mut self.dice);
        self.neighbors = at.saturating_add(every);
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

    /// The routine that lies ahead from `now`, the moment of its last event, up to `until`, or
    /// `None` if it is not well, or if nothing is routine.
    ///
    /// From here to [`Self::resume`] nobody may tell it anything.
    pub fn stretch(&self, now: Now, until: Boot, answers: Answers) -> Option<Stretch> {
        let rounds = u32::try_from(self.neighbors.len()).unwrap_or(u32::MAX);
        let longest = answers.upstream.saturating_mul(rounds.saturating_add(1));
        if !self.is_quiet() || longest > LONGEST / 2 {
            return None;
        }
        let at = |planned: Option<Boot>| planned.map_or(NEVER, |at| at.0);
        let mut rest = self.schedule;
        (rest.probe, rest.store, rest.neighbors) = (None, None, None);
        let Schedule {
            probe,
            store,
            neighbors,
            ..
        } = self.schedule;
        let horizon = at(rest.soonest());
        let stretch = Stretch {
            routine: self.routine(answers, horizon, until),
            begun: now,
            dice: self.dice,
            now: now.boot.0,
            store: at(store),
            probe: at(probe),
            neighbors: at(neighbors),
            requests: 0,
            proofs: 0,
            last_proof: now.boot.0,
            last_round: None,
        };
        // A proof out of turn is no routine.
        let routine = probe.is_none() || self.spec.probe_every.is_some();
        (routine && stretch.soonest() != NEVER).then_some(stretch)
    }

    fn routine(&self, answers: Answers, horizon: u64, until: Boot) -> Routine {
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
            last_begin: horizon.min(until.0).saturating_sub(LONGEST_MS),
            horizon,
        }
    }

    /// Becomes what it is after a stretch that was cut out of it and has been passed over.
    pub fn resume(&mut self, stretch: &Stretch) {
        let planned = |at: u64| (at != NEVER).then_some(Boot(at));
        self.dice = stretch.dice;
        self.schedule.store = planned(stretch.store);
        self.schedule.probe = planned(stretch.probe);
        self.schedule.neighbors = planned(stretch.neighbors);
        self.last_attempt = Attempt(self.last_attempt.0.wrapping_add(stretch.requests));
        self.counters.add(Outcome::Ok, stretch.proofs);
        let upstream_takes = Duration::from_millis(stretch.routine.upstream_takes);
        if let Some(end) = stretch.last_round {
            let mut at = stretch.begun.wall_at(Boot(end));
            for proof in self.neighbors.iter_mut().rev() {
                proof.at = Some(at);
                at = at.minus(upstream_takes);
            }
        }
        if stretch.proofs > 0 {
            let at = stretch.begun.wall_at(Boot(stretch.last_proof));
            self.last_ok = Some(at);
            if let Some((_, seen)) = &mut self.verdict {
                *seen = at;
            }
        }
        let took = u32::try_from(stretch.routine.upstream_takes).unwrap_or(u32::MAX);
        let proofs = usize::try_from(stretch.proofs).unwrap_or(LATENCIES);
        let newest = proofs.min(LATENCIES);
        let over = (self.latencies.len() + newest).saturating_sub(LATENCIES);
        self.latencies.drain(..over.min(self.latencies.len()));
        self.latencies.extend(std::iter::repeat_n(took, newest));
    }
}
