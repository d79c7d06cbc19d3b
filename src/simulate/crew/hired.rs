//! How a crew is put together from a manifest and a plan, and what it has come to at the end.

use super::super::account::Account;
use super::super::report::Report;
use super::super::scenario::{Plan, Strike};
use super::super::tally::{Tally, rounded};
use super::super::work::Whom;
use super::super::world::{STORE_MS, UPSTREAM_MS, Verdicts, World, ms};
use super::member::Member;
use super::resting::Resting;
use super::{BEGINNING, Crew, Kind};
use crate::lane::{Boot, Gate, Lane, LaneSpec, Memory, Reaction};
use crate::manifest::Manifest;
use crate::plain::Plain;
use crate::policy::{ClockWatch, Dispatch, Reading, Starts, Targets, Wakes, lane_seed};
use crate::provider::Catalog;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

/// The life of what lanewatch renews itself, unless it is said.
const LIFE_MS: u64 = 3_600_000;
/// The part of its life after which a key is replaced in the store by whoever owns it.
const REPLACED_AT: f64 = 0.80;
/// Routine looks are passed over only while they would take less than this part of the places that
/// the limits give: then nobody waits for them.
const BUSY: f64 = 0.5;

impl<'a> Crew<'a> {
    pub(in crate::simulate) fn new(manifest: &Manifest, catalog: &Catalog, plan: &'a Plan) -> Self {
        let mut dispatch = Dispatch::new(manifest.limits);
        let kinds: Vec<Kind> = manifest
            .lanes
            .iter()
            .map(|entry| {
                let pack = catalog.get_or_http(entry.provider.as_str());
                let own = entry.spec.renewal.is_own().then_some(LIFE_MS);
                let asked = plan
                    .life
                    .map(|life| u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
                let targets = Targets::of(entry, pack.base_url());
                Kind {
                    spec: Arc::clone(&entry.spec),
                    lines: targets.lines(&mut dispatch),
                    targets,
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
            resting: Resting::new(plan.lanes, plan.span),
            now: 0,
            wall_ahead: 0,
            slept: 0,
            asleep_until: None,
            alive: true,
            watch: ClockWatch::new(reading),
            clock_is_known: true,
            wakes: Wakes::default(),
            starts: Starts::at_once(Boot(0), 0),
            dispatch,
            reaction: Reaction::default(),
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

    pub(super) fn report(mut self) -> Report {
        self.end_of_rest();
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
pub(super) fn portion(of: u64, part: f64) -> u64 {
    (of as f64 * part).round() as u64
}

/// When a key that was made at `at` is replaced.
pub(super) fn replaced_at(at: u64, life: u64) -> u64 {
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
