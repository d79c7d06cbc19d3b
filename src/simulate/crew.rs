//! The lanes and their work, driven through the engine's policies.
//!
//! One turn is one moment: what has been answered by then is told to the lanes, clocks are looked
//! at, lanes wake and begin, and then what they ask for waits its turn in the queues. The audit is
//! taken to be written in no time.

use super::account::{Account, Minted};
use super::fault::Share;
use super::report::Report;
use super::scenario::{Plan, Strike};
use super::tally::{Tally, rounded};
use super::work::{Done, Exchange, Scene, Whom, Work};
use super::world::{STORE_MS, UPSTREAM_MS, Verdicts, World, ms};
use crate::lane::{
    Answers, Boot, Credential, Effect, Event, Found, Gate, History, Lane, LaneSpec, Look, Memory,
    Now, Reaction, RecordKind, Retirement, Wall,
};
use crate::manifest::Manifest;
use crate::plain::Plain;
use crate::policy::{
    ClockWatch, Dispatch, Jump, Reading, Starts, Targets, Ticket, Wakes, lane_seed,
};
use crate::provider::Catalog;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

/// What the wall clock shows at the beginning: 2026-01-01T00:00:00Z.
const BEGINNING: Wall = Wall(1_767_225_600_000);
/// The life of what lanewatch renews itself, unless it is said.
const LIFE_MS: u64 = 3_600_000;
/// The part of its life after which a key is replaced in the store by whoever owns it.
const REPLACED_AT: f64 = 0.80;
/// A stretch without a fault that is long enough for a refresh, the time in which a store's return
/// has to be noticed included.
const OPENING_MS: u64 = 2_000;
/// Routine looks are passed over only while they would take less than this part of the places that
/// the limits give: then nobody waits for them.
const BUSY: f64 = 0.5;

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
    forgives: bool,
    life: Option<u64>,
}

/// A lane, the world's side of it, and what is known of it for counting.
struct Member {
    lane: Lane,
    kind: usize,
    /// Whether it has begun since the process was started.
    begun: bool,
    account: Account,
    /// When its owner replaces its key in the store.
    replaced: Option<u64>,
    unsaved: Option<Minted>,
    /// The token that serves, and when its refresh was due.
    serving: Option<(u32, Option<u64>)>,
    /// The last token that it was told is dead.
    told_dead: u32,
    /// What is remembered of its token across a crash.
    history: Option<(u32, History)>,
    /// The end that was counted.
    counted_dead: u32,
    degraded_since: Option<u64>,
    /// Since when it could be fresh, and the token that must go.
    waiting: Option<(u64, Option<u32>)>,
}

/// Everything that goes on.
pub(super) struct Crew<'a> {
    plan: &'a Plan,
    world: World,
    verdicts: Verdicts,
    tally: Tally,
    kinds: Vec<Kind>,
    members: Vec<Member>,
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
    effects: Vec<(usize, Effect)>,
    answers: BinaryHeap<Reverse<(u64, u64, usize)>>,
    running: Vec<Option<Running>>,
    free: Vec<usize>,
    number: u64,
    /// When owners replace keys in the store.
    owners: BinaryHeap<Reverse<(u64, usize)>>,
    next_strike: usize,
}

impl<'a> Crew<'a> {
    pub(super) fn new(manifest: &Manifest, catalog: &Catalog, plan: &'a Plan) -> Self {
        let kinds: Vec<Kind> = manifest
            .lanes
            .iter()
            .map(|entry| {
                let pack = catalog.get_or_http(entry.provider.as_str());
                let own = entry.spec.renewal.is_own().then_some(LIFE_MS);
                let asked = plan
                    .life
                    .map(|life| u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
                Kind {
                    spec: Arc::clone(&entry.spec),
                    targets: Targets::of(entry, pack.base_url()),
                    forgives: pack.forgives_retry(),
                    life: asked.or(own),
                }
            })
            .collect();
        let reading = Reading {
            wall: BEGINNING.0,
            boot: 0,
            awake: 0,
        };
        let mut crew = Self {
            plan,
            world: World::new(plan.seed),
            verdicts: Verdicts::new(),
            tally: Tally::new(plan.span),
            limits: manifest.limits,
            passes_over: !plan.every_request && leaves_room(&kinds, manifest, plan.lanes),
            kinds,
            members: Vec::with_capacity(plan.lanes),
            now: 0,
            wall_ahead: 0,
            slept: 0,
            asleep_until: None,
            alive: true,
            watch: ClockWatch::new(reading),
            clock_is_known: true,
            wakes: Wakes::default(),
            starts: Starts::at_once(Boot(0), 0),
            dispatch: Dispatch::new(manifest.limits),
            effects: Vec::new(),
            answers: BinaryHeap::new(),
            running: Vec::new(),
            free: Vec::new(),
            number: 0,
            owners: BinaryHeap::new(),
            next_strike: 0,
        };
        for slot in 0..plan.lanes {
            let kind = slot % crew.kinds.len().max(1);
            crew.hire(slot, kind);
        }
        crew
    }

    /// A lane of that kind, with a grant or a key of its own in the store.
    fn hire(&mut self, slot: usize, kind: usize) {
        let now = self.moment();
        let Some(of) = self.kinds.get(kind) else {
            return;
        };
        let copy = slot / self.kinds.len().max(1);
        let spec = if copy == 0 {
            Arc::clone(&of.spec)
        } else {
            let name = Plain::new(&format!("{}-{}", of.spec.name, copy + 1));
            Arc::new(LaneSpec {
                name,
                ..LaneSpec::clone(&of.spec)
            })
        };
        let mut account = Account::new(slot);
        let mut replaced = None;
        if !spec.renewal.is_own() {
            let token = account.make(0, BEGINNING, of.life);
            account.put(token);
            replaced = of.life.map(|life| replaced_at(0, life));
        }
        self.owners.extend(replaced.map(|at| Reverse((at, slot))));
        let seed = lane_seed(self.plan.seed, slot);
        self.members.push(Member {
            lane: Lane::new(spec, seed, now, Memory::default()),
            kind,
            begun: false,
            account,
            replaced,
            unsaved: None,
            serving: None,
            told_dead: 0,
            history: None,
            counted_dead: 0,
            degraded_since: None,
            waiting: None,
        });
    }

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
        while let Some(at) = self.next_moment() {
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

    fn next_strike_at(&self) -> Option<u64> {
        self.plan.strikes.get(self.next_strike).map(|(at, _)| *at)
    }

    fn next_moment(&self) -> Option<u64> {
        let world = [
            self.next_strike_at(),
            self.owners.peek().map(|Reverse((at, _))| *at),
        ];
        let boot = |at: Option<Boot>| at.map(|at| at.0);
        let own = match self.asleep_until {
            _ if !self.alive => [None; 4],
            Some(until) => [Some(until), None, None, None],
            None => [
                self.answers.peek().map(|Reverse((at, ..))| *at),
                boot(self.wakes.soonest()),
                boot(self.starts.soonest()),
                boot(self.dispatch.soonest(Boot(self.now))),
            ],
        };
        world.into_iter().chain(own).flatten().min()
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
        while let Some(slot) = self.wakes.next_due(Boot(self.now)) {
            self.tell(slot, Event::Woke);
        }
        for slot in self.starts.due(Boot(self.now)) {
            if let Some(member) = self.members.get_mut(slot) {
                member.begun = true;
            }
            self.tell(slot, Event::Started);
        }
        for (slot, effect) in std::mem::take(&mut self.effects) {
            self.perform(slot, &effect);
        }
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
        let now = self.moment();
        let strikes = self.next_strike_at().unwrap_or(u64::MAX);
        let calm = self.passes_over
            && self.clock_is_known
            && self.world.is_well()
            && self.dispatch.is_clear();
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        self.tally.dead_calls += member.serves_the_dead(now);
        let Reaction { records, effects } = member.lane.on(now, event);
        self.tally.dead_calls += member.serves_the_dead(now);
        for record in &records {
            member.count(record.kind, now.boot.0, &mut self.tally);
        }
        let mut wake = None;
        for effect in effects {
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
            let tally = &mut self.tally;
            let passed = member.lane.pass_over(now, until, answers, &mut |at, look| {
                tally.passed_over += 1;
                let whom = match look {
                    Look::Store => Whom::Store,
                    Look::Upstream => Whom::Upstream,
                };
                tally.request(whom, at.0);
            });
            wake = passed.or(wake);
        }
        self.wakes.set(slot, wake);
    }

    /// Puts what a lane asks for into the queue of its target.
    fn perform(&mut self, slot: usize, effect: &Effect) {
        let Some(member) = self.members.get(slot) else {
            return;
        };
        let serial = |credential: &Credential| Account::serial(&credential.fingerprint);
        let current = member.lane.credential().map(serial);
        let of = |generation| member.lane.credential_of(generation).map(serial);
        let work = match (effect, current) {
            (Effect::Load { attempt, .. }, known) => Work::Load {
                attempt: *attempt,
                known,
            },
            (
                Effect::Probe {
                    attempt,
                    generation,
                    ..
                },
                _,
            ) => match of(*generation) {
                Some(serial) => Work::Probe {
                    attempt: *attempt,
                    serial,
                },
                None => return,
            },
            (
                Effect::ProbeNeighbor {
                    attempt,
                    generation,
                    index,
                },
                _,
            ) => match of(*generation) {
                Some(serial) => Work::Neighbor {
                    attempt: *attempt,
                    index: *index,
                    serial,
                },
                None => return,
            },
            (Effect::CheckRefreshPath { attempt }, _) => Work::RefreshPath { attempt: *attempt },
            (Effect::Refresh { attempt, .. }, current) => Work::Refresh {
                attempt: *attempt,
                current,
                step: Exchange::Reading,
            },
            (
                Effect::Retire {
                    attempt,
                    generation,
                    ..
                },
                _,
            ) => Work::Retire {
                attempt: *attempt,
                generation: *generation,
            },
            _ => return,
        };
        let Some(kind) = self.kinds.get(member.kind) else {
            return;
        };
        if let Some(place) = kind.targets.place(effect) {
            self.dispatch.push(place, Job { slot, work });
        }
    }

    /// A request leaves.
    fn ask(&mut self, running: Running) {
        let (whom, takes) = running.job.work.request();
        self.tally.request(whom, self.now);
        self.tally.played_out += 1;
        if let (Some(serial), Some(member)) =
            (running.job.work.shows(), self.members.get(running.job.slot))
        {
            let over = member
                .account
                .end(serial)
                .is_some_and(|end| end <= self.now);
            if over || serial <= member.told_dead {
                self.tally.dead_calls += 1;
            }
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        if let Some(place) = self.running.get_mut(index) {
            *place = Some(running);
        }
        self.number += 1;
        self.answers
            .push(Reverse((self.now + takes, self.number, index)));
    }

    /// An answer is here, or it is clear that none will come.
    fn answered(&mut self, index: usize) {
        let Some(Running { ticket, job, asked }) =
            self.running.get_mut(index).and_then(Option::take)
        else {
            return;
        };
        self.free.push(index);
        let (wall_asked, wall) = (self.wall(asked), self.wall(self.now));
        let Some(member) = self.members.get_mut(job.slot) else {
            return;
        };
        let Some(kind) = self.kinds.get(member.kind) else {
            return;
        };
        let shown = job.work.shows();
        let done = job.work.answered(&mut Scene {
            world: &mut self.world,
            verdicts: &self.verdicts,
            account: &mut member.account,
            unsaved: &mut member.unsaved,
            renewal: kind.spec.renewal,
            forgives: kind.forgives,
            life: kind.life,
            asked,
            now: self.now,
            wall_asked,
            wall,
            skew_ms: self.wall_ahead.saturating_neg(),
        });
        match done {
            Done::Next(work) => self.ask(Running {
                ticket,
                job: Job {
                    slot: job.slot,
                    work,
                },
                asked: self.now,
            }),
            Done::Ended { mut event, down } => {
                self.dispatch.done(&ticket, down, Boot(self.now));
                member.remember(&mut event);
                let dead = shown.filter(|_| condemns(&event));
                let doubt = member.account.in_doubt && matches!(event, Event::Loaded { .. });
                if doubt {
                    let verdict = self.verdicts.in_doubt.clone();
                    self.tell(job.slot, Event::GrantInDoubt { verdict });
                }
                self.tell(job.slot, event);
                if let (Some(dead), Some(member)) = (dead, self.members.get_mut(job.slot)) {
                    member.told_dead = member.told_dead.max(dead);
                }
            }
        }
    }

    /// Something happens to the world, or to the machine.
    fn strike(&mut self, strike: Strike) {
        self.world.strike(self.now, strike);
        match strike {
            Strike::StoreBack if self.world.store_is_up() => {
                let now = self.now;
                self.members
                    .iter_mut()
                    .for_each(|member| member.could_be_fresh(now));
            }
            Strike::Revoke(share) => self.revoke(share),
            Strike::Step(by) => {
                self.wall_ahead = self.wall_ahead.saturating_add(by);
                self.clock_is_known = false;
            }
            Strike::Sleep(until) => {
                self.clock_is_known = false;
                self.asleep_until = Some(self.asleep_until.map_or(until, |at| at.max(until)));
                self.slept += until.saturating_sub(self.now);
            }
            Strike::Die => self.die(),
            Strike::Restart => self.restart(),
            _ => {}
        }
    }

    fn revoke(&mut self, share: Share) {
        let all = self.members.len();
        let mut left = match share {
            Share::Count(count) => count as usize,
            Share::Part(part) => usize::try_from(portion(all as u64, part)).unwrap_or(all),
        };
        // Each lane is as likely as the next: so many of those that are left are taken.
        for (slot, member) in self.members.iter_mut().enumerate() {
            let rest = (all - slot) as f64;
            if left > 0 && self.world.dice.unit() * rest < left as f64 {
                member.account.revoke();
                left -= 1;
            }
        }
    }

    /// The process is killed: requests under way stay without an answer that anybody hears.
    fn die(&mut self) {
        self.alive = false;
        for running in std::mem::take(&mut self.running).into_iter().flatten() {
            let Some(member) = self.members.get_mut(running.job.slot) else {
                continue;
            };
            let Some(kind) = self.kinds.get(member.kind) else {
                continue;
            };
            if let Work::Refresh { step, .. } = running.job.work {
                member.cut_off(&step, kind, self.now, self.world.dice.unit() < 0.5);
            }
        }
        self.free.clear();
        self.answers.clear();
        self.effects.clear();
        self.dispatch = Dispatch::new(self.limits);
        self.wakes = Wakes::default();
        self.starts = Starts::at_once(Boot(self.now), 0);
    }

    fn restart(&mut self) {
        self.alive = true;
        let now = self.moment();
        self.watch = ClockWatch::new(self.reading());
        for (slot, member) in self.members.iter_mut().enumerate() {
            let seed = lane_seed(self.plan.seed ^ self.now, slot);
            member.history = member.remembered();
            member.unsaved = None;
            member.begun = false;
            let memory = member.lane.memory();
            member.lane = Lane::new(Arc::clone(member.lane.spec()), seed, now, memory);
        }
        self.starts = Starts::spread(Boot(self.now), self.members.len());
    }

    /// Owners put newer keys into the store, each before the old one ends.
    fn replace_keys(&mut self) {
        while let Some(Reverse((at, slot))) = self.owners.peek().copied() {
            if at > self.now {
                break;
            }
            self.owners.pop();
            let issued = Wall(BEGINNING.0.saturating_add_unsigned(at));
            let Some(member) = self.members.get_mut(slot) else {
                continue;
            };
            let life = self.kinds.get(member.kind).and_then(|kind| kind.life);
            let token = member.account.make(at, issued, life);
            member.account.put(token);
            member.replaced = life.map(|life| replaced_at(at, life));
            self.owners
                .extend(member.replaced.map(|at| Reverse((at, slot))));
        }
    }

    fn report(mut self) -> Report {
        let now = self.now;
        for member in &mut self.members {
            member.end(now, self.plan, &mut self.tally);
        }
        let stores: Vec<(u64, u64)> = outages(&self.plan.strikes);
        let requests = self.tally.all();
        let seconds = |ms: u64| rounded(ms as f64 / 1_000.0);
        let closed = self
            .members
            .iter()
            .filter(|member| member.lane.gate() != Gate::Open)
            .count();
        Report {
            lanes: self.members.len(),
            life_s: self.plan.life.map(|life| rounded(life.as_secs_f64())),
            span_s: seconds(self.plan.span),
            seed: self.plan.seed,
            late_refreshes: self.tally.late,
            late_unavoidable: self.tally.unavoidable,
            dead_credential_calls: self.tally.dead_calls,
            refreshes: self.tally.refreshes,
            refresh_failures: self.tally.refresh_failures,
            uncertain: self.tally.uncertain,
            lost_races: self.tally.lost_races,
            held: self.tally.holds,
            closed_at_end: closed,
            least_life_left_s: self.tally.least_left.map(seconds),
            degraded_windows: self.tally.windows,
            worst_degraded_s: seconds(self.tally.worst_window),
            store_back_to_fresh: self.tally.recovery(),
            store_down_peak: self.tally.store_peak_within(&stores),
            requests,
            peak_to_mean: requests.peak_to_mean,
            store_requests: self.tally.of(Whom::Store),
            token_requests: self.tally.of(Whom::Token),
            upstream_requests: self.tally.of(Whom::Upstream),
            played_out: self.tally.played_out,
            passed_over: self.tally.passed_over,
            audit_records: self.tally.records,
            alerts: self.tally.alerts,
            clock_jumps: self.tally.jumps,
        }
    }
}

/// A part of a number, rounded to the next one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "neither is negative, and a part of a number is no more than it"
)]
fn portion(of: u64, part: f64) -> u64 {
    (of as f64 * part).round() as u64
}

/// When a key that was made at `at` is replaced.
fn replaced_at(at: u64, life: u64) -> u64 {
    at.saturating_add(portion(life, REPLACED_AT))
}

/// The stretches in which stores were down.
fn outages(strikes: &[(u64, Strike)]) -> Vec<(u64, u64)> {
    let mut stretches = Vec::new();
    let (mut down, mut since) = (0_u32, 0);
    for (at, strike) in strikes {
        match strike {
            Strike::StoreGoes => {
                if down == 0 {
                    since = *at;
                }
                down += 1;
            }
            Strike::StoreBack => {
                down = down.saturating_sub(1);
                if down == 0 {
                    stretches.push((since, *at));
                }
            }
            _ => {}
        }
    }
    stretches
}

/// Whether routine looks leave the queues so empty that nothing waits for them.
fn leaves_room(kinds: &[Kind], manifest: &Manifest, lanes: usize) -> bool {
    let mut use_of: Vec<(&str, f64)> = Vec::new();
    let copies = lanes as f64 / kinds.len().max(1) as f64;
    let mut add = |target, every: Option<Duration>, takes: u64| {
        let Some(every) = every else { return };
        let use_ = copies * ms(takes).as_secs_f64() / every.as_secs_f64();
        match use_of.iter_mut().find(|(of, _)| *of == target) {
            Some((_, sum)) => *sum += use_,
            None => use_of.push((target, use_)),
        }
    };
    for kind in kinds {
        let neighbors = kind.spec.neighbors.len() as u64;
        add(&kind.targets.store, Some(kind.spec.store_every), STORE_MS);
        let takes = UPSTREAM_MS * (1 + neighbors);
        add(&kind.targets.upstream, kind.spec.probe_every, takes);
    }
    let all: f64 = use_of.iter().map(|(_, sum)| sum).sum();
    let per_host = manifest.limits.per_host as f64 * BUSY;
    use_of.iter().all(|(_, sum)| *sum < per_host) && all < manifest.limits.in_all as f64 * BUSY
}

/// Whether a job that waited its turn may still be done: its credential may have died since.
fn is_wanted(members: &[Member], now: Now, job: &Job) -> bool {
    let (Work::Probe { attempt, .. } | Work::Neighbor { attempt, .. }) = job.work else {
        return true;
    };
    members
        .get(job.slot)
        .is_some_and(|member| member.lane.may_ask(now, attempt))
}

/// Whether an upstream said that what it was shown is dead.
const fn condemns(event: &Event) -> bool {
    match event {
        Event::Probed { verdict, .. } | Event::NeighborProbed { verdict, .. } => {
            verdict.outcome.is_terminal()
        }
        _ => false,
    }
}

impl Member {
    /// Whether it would serve a credential whose life is really over.
    fn serves_the_dead(&self, now: Now) -> u64 {
        let Some((serial, _)) = self.serving else {
            return 0;
        };
        let over = self
            .account
            .end(serial)
            .is_some_and(|end| end <= now.boot.0);
        u64::from((over || serial <= self.told_dead) && self.lane.serve(now).is_ok())
    }

    /// Whether the store and the upstream would answer it what they answered before.
    fn finds_what_it_knows(&self) -> bool {
        self.serving.is_some_and(|(serial, _)| {
            let stored = self.account.stored.is_some_and(|t| t.serial == serial);
            stored && !self.account.is_revoked(serial)
        })
    }

    fn count(&mut self, kind: RecordKind, now: u64, tally: &mut Tally) {
        tally.records += 1;
        match kind {
            RecordKind::RefreshSucceeded => tally.refreshes += 1,
            RecordKind::LostRace => tally.lost_races += 1,
            RecordKind::RefreshFailed => tally.refresh_failures += 1,
            RecordKind::RefreshUncertain => tally.uncertain += 1,
            RecordKind::DegradedOpened => self.degraded_since = Some(now),
            RecordKind::DegradedClosed => self.close_window(now, tally),
            RecordKind::LaneHeld => {
                tally.holds += 1;
                self.close_window(now, tally);
            }
            _ => {}
        }
    }

    fn close_window(&mut self, now: u64, tally: &mut Tally) {
        if let Some(since) = self.degraded_since.take() {
            tally.window(now.saturating_sub(since));
        }
    }

    /// Notices what a lane's reaction has changed.
    fn look(&mut self, now: Now, plan: &Plan, tally: &mut Tally) {
        let serves = self
            .lane
            .credential()
            .map(|c| Account::serial(&c.fingerprint));
        let before = self.serving.map(|(serial, _)| serial);
        if serves.is_some() && serves != before {
            if let Some(end) = before.and_then(|serial| self.account.end(serial)) {
                if end <= now.boot.0 {
                    self.count_late(end, plan, tally);
                } else if before.is_some_and(|serial| !self.account.is_revoked(serial)) {
                    let left = end - now.boot.0;
                    tally.least_left = Some(tally.least_left.map_or(left, |least| least.min(left)));
                }
            }
            self.serving = serves.map(|serial| (serial, self.due(now)));
            if let Some(serial) = serves
                && self
                    .account
                    .end(serial)
                    .is_some_and(|end| end <= now.boot.0)
            {
                // It was over before the store could take it: it never served, so it is not missed.
                self.counted_dead = serial;
            }
        } else if let Some((_, due)) = &mut self.serving
            && due.is_none()
        {
            *due = self.lane.next(now).refresh.map(|at| now.boot_at(at).0);
        }
        if let Some((since, old)) = self.waiting
            && self.lane.gate() == Gate::Open
            && (old.is_none() || old != serves)
        {
            self.waiting = None;
            tally.recoveries.push(now.boot.0 - since);
        } else if self.lane.held().is_some() {
            self.waiting = None;
        }
    }

    fn due(&self, now: Now) -> Option<u64> {
        if !self.lane.spec().renewal.is_own() {
            // It can be followed as soon as its owner has brought the next one.
            return self.replaced;
        }
        let at = self.lane.next(now).refresh?;
        Some(now.boot_at(at).0)
    }

    /// The life of the token that serves ended before another one served.
    fn count_late(&mut self, end: u64, plan: &Plan, tally: &mut Tally) {
        let Some((serial, due)) = self.serving else {
            return;
        };
        if self.counted_dead >= serial || self.account.is_revoked(serial) {
            return;
        }
        self.counted_dead = serial;
        tally.late += 1;
        if due.is_some_and(|due| !plan.opens(due, end, OPENING_MS)) {
            tally.unavoidable += 1;
        }
    }

    /// Stores answer again: whoever waited for that could be fresh now.
    fn could_be_fresh(&mut self, now: u64) {
        let closed = self.lane.gate() != Gate::Open;
        let due = self.serving.and_then(|(serial, due)| {
            let due = due.is_some_and(|due| due <= now);
            due.then_some(serial)
        });
        if self.begun && self.lane.held().is_none() && (closed || due.is_some()) {
            self.waiting = Some((now, due));
        }
    }

    /// What the engine does with a report before it tells the lane.
    fn remember(&mut self, event: &mut Event) {
        if let Event::Loaded {
            found: Found::Credential(offer),
            ..
        }
        | Event::Refreshed { offer, .. } = event
        {
            let serial = Account::serial(&offer.fingerprint);
            let known = self.history.as_ref().filter(|(of, _)| *of == serial);
            offer.history = known.map(|(_, history)| history.clone());
        }
    }

    /// What is remembered of the token that served when the process died.
    fn remembered(&self) -> Option<(u32, History)> {
        let credential = self.lane.credential()?;
        let history = History {
            last_ok: self.lane.last_ok().filter(|_| credential.proven),
            expiry: credential.expiry,
            scopes: credential.scopes.clone(),
        };
        Some((Account::serial(&credential.fingerprint), history))
    }

    /// The process died with this step of a refresh under way. Whether the other side has acted by
    /// then is left to chance.
    fn cut_off(&mut self, step: &Exchange, kind: &Kind, now: u64, acted: bool) {
        match step {
            Exchange::Asking { grant } => {
                let single_use = matches!(
                    kind.spec.renewal,
                    crate::lane::Renewal::Refresh { single_use: true }
                );
                if acted {
                    let made = (now, BEGINNING, kind.life);
                    self.account.exchange(*grant, single_use, false, made);
                }
                self.account.in_doubt = single_use && !kind.forgives;
            }
            Exchange::Storing(minted) if acted => self.account.store(*minted),
            Exchange::Storing(_) => {
                let doubtful = kind.spec.renewal.lost_answer() == crate::lane::LostAnswer::Doubtful;
                self.account.in_doubt = doubtful && !kind.forgives;
            }
            Exchange::Reading | Exchange::ReadingAgain => {}
        }
    }

    /// The run is over.
    fn end(&mut self, now: u64, plan: &Plan, tally: &mut Tally) {
        let over = self
            .serving
            .and_then(|(serial, _)| self.account.end(serial))
            .filter(|end| *end <= now);
        if let Some(end) = over
            && self.lane.held().is_none()
        {
            self.count_late(end, plan, tally);
        }
        self.close_window(now, tally);
    }
}
