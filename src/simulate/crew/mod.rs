//! The lanes and their work, driven through the engine's policies.
//!
//! One turn is one moment: what has been answered by then is told to the lanes, clocks are looked
//! at, lanes wake and begin, and then what they ask for waits its turn in the queues. The audit is
//! taken to be written in no time.

mod errands;
mod hired;
mod member;
mod resting;
mod strikes;

use super::report::Report;
use super::scenario::Plan;
use super::tally::Tally;
use super::work::Work;
use super::world::{STORE_MS, UPSTREAM_MS, Verdicts, World, ms};
use crate::lane::{Answers, Boot, Effect, Event, LaneSpec, Now, Reaction, Retirement, Wall};
use crate::policy::{ClockWatch, Dispatch, Jump, Lines, Reading, Starts, Targets, Ticket, Wakes};
use errands::is_wanted;
use member::Member;
use resting::Resting;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// What the wall clock shows at the beginning: 2026-01-01T00:00:00Z.
const BEGINNING: Wall = Wall(1_767_225_600_000);
/// A stretch without a fault that is long enough for a refresh, the time in which a store's return
/// has to be noticed included.
const OPENING_MS: u64 = 2_000;

/// A moment that does not come.
const NEVER: u64 = u64::MAX;

/// A request under way, or one that waits its turn.
struct Job {
    slot: usize,
    work: Work,
}

struct Running {
    ticket: Ticket,
    job: Job,
    asked: u64,
}

/// What all lanes of one entry of the manifest have in common.
struct Kind {
    spec: Arc<LaneSpec>,
    targets: Targets,
    lines: Lines,
    forgives: bool,
    life: Option<u64>,
}

/// Everything that goes on.
pub(super) struct Crew<'a> {
    plan: &'a Plan,
    world: World,
    verdicts: Verdicts,
    tally: Tally,
    kinds: Vec<Kind>,
    members: Vec<Member>,
    resting: Resting,
    limits: crate::manifest::Limits,
    passes_over: bool,

    now: u64,
    wall_ahead: i64,
    slept: u64,
    asleep_until: Option<u64>,
    alive: bool,
    watch: ClockWatch,
    /// Whether nothing has happened to the clocks that has not been noticed.
    clock_is_known: bool,

    wakes: Wakes,
    starts: Starts,
    dispatch: Dispatch<Job>,
    /// What a lane answers; empty but for its room between two events.
    reaction: Reaction,
    effects: Vec<(usize, Effect)>,
    answers: BinaryHeap<Reverse<(u64, u64, usize)>>,
    running: Vec<Option<Running>>,
    free: Vec<usize>,
    number: u64,
    /// When owners replace keys in the store.
    owners: BinaryHeap<Reverse<(u64, usize)>>,
    next_strike: usize,
}

impl Crew<'_> {
    /// The present as lanewatch sees it.
    const fn moment(&self) -> Now {
        Now {
            wall: self.wall(self.now),
            boot: Boot(self.now),
        }
    }

    /// What lanewatch's wall clock showed, set as it is now.
    const fn wall(&self, at: u64) -> Wall {
        Wall(
            BEGINNING
                .0
                .saturating_add_unsigned(at)
                .saturating_add(self.wall_ahead),
        )
    }

    /// Runs to the end.
    pub(super) fn run(mut self) -> Report {
        self.starts = Starts::spread(Boot(0), self.members.len());
        self.turn();
        loop {
            let at = self.next_moment();
            if at >= self.plan.span {
                break;
            }
            self.now = at.max(self.now);
            while let Some((_, strike)) = self
                .plan
                .strikes
                .get(self.next_strike)
                .filter(|(at, _)| *at <= self.now)
            {
                self.next_strike += 1;
                self.strike(*strike);
            }
            self.replace_keys();
            if self.asleep_until.is_some_and(|until| until <= self.now) {
                self.asleep_until = None;
            }
            if self.alive && self.asleep_until.is_none() {
                self.turn();
            }
        }
        self.now = self.plan.span;
        self.report()
    }

    fn next_strike_at(&self) -> u64 {
        let next = self.plan.strikes.get(self.next_strike);
        next.map_or(NEVER, |(at, _)| *at)
    }

    /// When something happens next, [`NEVER`] if nothing does.
    fn next_moment(&mut self) -> u64 {
        let next = self.next_known_moment();
        if !self.resting.may_be_woken_by(next) {
            return next;
        }
        self.hear_of_sleepers(next);
        self.next_known_moment()
    }

    /// The same as far as it is known: a lane that rests may want to be woken before that.
    fn next_known_moment(&self) -> u64 {
        let owner = self.owners.peek().map_or(NEVER, |Reverse((at, _))| *at);
        let world = owner.min(self.next_strike_at());
        if !self.alive {
            return world;
        }
        if let Some(until) = self.asleep_until {
            return world.min(until);
        }
        let boot = |at: Option<Boot>| at.map_or(NEVER, |at| at.0);
        let answer = self.answers.peek().map_or(NEVER, |Reverse((at, ..))| *at);
        world
            .min(answer)
            .min(boot(self.wakes.soonest()))
            .min(boot(self.starts.soonest()))
            .min(boot(self.dispatch.soonest(Boot(self.now))))
    }

    /// One moment of the process.
    fn turn(&mut self) {
        while let Some(Reverse((at, _, index))) = self.answers.peek().copied() {
            if at > self.now {
                break;
            }
            self.answers.pop();
            self.answered(index);
        }
        while let Some(jump) = self.watch.compare(self.reading()) {
            self.jumped(jump);
        }
        self.clock_is_known = true;
        self.hear_of_sleepers(self.now);
        while let Some(slot) = self.wakes.next_due(Boot(self.now)) {
            self.tell(slot, Event::Woke);
        }
        for slot in self.starts.due(Boot(self.now)) {
            if let Some(member) = self.members.get_mut(slot) {
                member.begun = true;
            }
            self.tell(slot, Event::Started);
        }
        let mut effects = std::mem::take(&mut self.effects);
        for (slot, effect) in effects.drain(..) {
            self.perform(slot, &effect);
        }
        // Its room serves the next turn.
        self.effects = effects;
        let now = self.moment();
        loop {
            let members = &self.members;
            let Some((ticket, job)) = self
                .dispatch
                .next(now.boot, |job| is_wanted(members, now, job))
            else {
                break;
            };
            self.ask(Running {
                ticket,
                job,
                asked: self.now,
            });
        }
    }

    const fn reading(&self) -> Reading {
        Reading {
            wall: self.wall(self.now).0,
            boot: self.now.cast_signed(),
            awake: self.now.saturating_sub(self.slept).cast_signed(),
        }
    }

    fn jumped(&mut self, jump: Jump) {
        if jump.is_audited() {
            self.tally.jumps += 1;
            self.tally.records += 1;
        }
        let by_ms = jump.by_ms();
        for slot in 0..self.members.len() {
            self.tell(slot, Event::ClockJumped { by_ms });
        }
    }

    /// Lets one lane react to one event.
    fn tell(&mut self, slot: usize, event: Event) {
        self.get_up(slot);
        let now = self.moment();
        let strikes = self.next_strike_at();
        let calm = self.passes_over
            && self.clock_is_known
            && self.world.is_well()
            && self.dispatch.is_clear();
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        self.tally.dead_calls += member.serves_the_dead(now);
        member.lane.take_in(now, event, &mut self.reaction);
        self.tally.dead_calls += member.serves_the_dead(now);
        for record in self.reaction.records.drain(..) {
            member.count(record.kind, now.boot.0, &mut self.tally);
        }
        let mut wake = None;
        for effect in self.reaction.effects.drain(..) {
            match effect {
                Effect::Wake(at) => wake = Some(at),
                Effect::Alert { .. } => self.tally.alerts += 1,
                Effect::Retire {
                    how: Retirement::Forget,
                    ..
                } => {}
                work => self.effects.push((slot, work)),
            }
        }
        member.look(now, self.plan, &mut self.tally);
        if calm && member.finds_what_it_knows() {
            let replaced = member.replaced.unwrap_or(u64::MAX);
            let until = Boot(strikes.min(self.plan.span).min(replaced));
            let answers = Answers {
                store: ms(STORE_MS),
                upstream: ms(UPSTREAM_MS),
            };
            if let Some(stretch) = member.lane.stretch(now, until, answers) {
                self.let_rest(slot, stretch);
                return;
            }
        }
        self.wakes.set(slot, wake);
    }
}
