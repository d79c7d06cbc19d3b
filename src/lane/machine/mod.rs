//! How a lane changes.
//!
//! A [`Lane`] is a few orthogonal facts: what serves it, what was last seen, what stands against
//! it, what is under way, and what is due when. [`Lane::on`] takes one event, lets the files beside
//! this one change the facts, does whatever has become due, and says when it wants to be woken.
//!
//! | file | idea |
//! |---|---|
//! | `preflight` | the checks before service, one after another |
//! | `proof` | what an answer to a probe or a neighbor's request changes |
//! | `loading` | reading the store, and what it gives |
//! | `renewal` | refreshing, adopting, rotating, and what a failure of those means |
//! | `trial` | a newer credential is tested before it takes the place of a living one |
//! | `handover` | it takes that place; the old one is kept for a while and retired |
//! | `condemned` | revocation: close, look once whether it was a rotation, hold |
//! | `outage` | an outage that lasts is told |
//! | `asked` | what a person asks for |
//! | `quiet` | passing over what changes nothing |
//! | `schedule` | deadlines, and what happens when one passes |
//! | `show` | the word, the gate, the denial, what comes next |

mod asked;
mod condemned;
mod control;
mod handover;
mod loading;
mod outage;
mod preflight;
mod proof;
mod quiet;
mod renewal;
mod schedule;
mod show;
#[cfg(test)]
mod tests;
mod trial;

use super::backoff::{Backoff, Dice, RetryBudget};
use super::counters::Counters;
use super::credential::{Credential, Generation, ScopeSet, StoreVersion};
use super::effect::{AlertLevel, Attempt, Effect, ProbeWhy};
use super::event::{Actor, Event, Step};
use super::gate::{Finding, Hold, Pause, Refusal};
use super::outcome::{Outcome, Verdict};
use super::record::{Cause, Record, RecordKind};
use super::spec::LaneSpec;
use super::time::{Now, Wall};
use crate::plain::Plain;
use crate::secret::Fingerprint;
pub use quiet::{Answers, Look, Stretch};
use schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What is under way for a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Nothing.
    #[default]
    Idle,
    /// Its credential is being read from the store.
    Loading,
    /// It is being proved.
    Probing(ProbeWhy),
    /// Its neighbors are being asked.
    ProvingNeighbors,
    /// It is being refreshed.
    Refreshing,
    /// It is being replaced.
    Rotating,
}

/// Something that does not work, and since when.
///
/// While a lane's credential is dead and no new one is proven, it is the degraded window itself;
/// while the credential still lives, it is what has stopped keeping it alive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Degraded {
    /// Since when.
    pub since: Wall,
    /// What stopped working.
    pub verdict: Arc<Verdict>,
}

/// What a neighbor answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NeighborProof {
    /// Its name.
    pub name: Plain,
    /// When it was last asked.
    pub at: Option<Wall>,
    /// `Some(true)`: denied, as it must be. `Some(false)`: allowed. `None`: not known.
    pub denied: Option<bool>,
    /// What its answer meant.
    pub outcome: Option<Outcome>,
}

/// What happens next, by the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Next {
    /// The next proof.
    pub probe: Option<Wall>,
    /// The next refresh.
    pub refresh: Option<Wall>,
    /// The next try of whatever is failing.
    pub retry: Option<Wall>,
    /// The next look into the store.
    pub store: Option<Wall>,
    /// Until when the upstream asked for patience.
    pub limited_until: Option<Wall>,
}

/// What of a lane outlives the process.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// The last generation it adopted.
    pub generation: Generation,
    /// The fingerprint of that credential: met again after a restart or a release, it is no new one.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
    /// A hold that nobody has lifted.
    pub hold: Option<Hold>,
    /// A pause that has not ended.
    pub pause: Option<Arc<Pause>>,
    /// Whether a refresh began that has not come to an end.
    #[serde(default)]
    pub refreshing: bool,
}

/// What follows from an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reaction {
    /// What happened, for the audit; to be on disk before anything else is done.
    pub records: Vec<Record>,
    /// What to do.
    pub effects: Vec<Effect>,
}

/// Whether the grant can still be exchanged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Grant {
    #[default]
    Good,
    /// The token endpoint condemned it.
    Dead(Arc<Verdict>),
    /// An answer was lost, and it may be used up.
    Uncertain(Arc<Verdict>),
}

/// A replacement that a person asked for and that has not come to an end.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Rotation {
    by: Actor,
    from: Generation,
}

/// Efforts that have not reported yet: at most one of each kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Flights {
    load: Option<(Attempt, super::effect::LoadWhy)>,
    probe: Option<(Attempt, ProbeWhy, Generation)>,
    neighbor: Option<(Attempt, usize, Generation)>,
    refresh: Option<(Attempt, Step)>,
    refresh_path: Option<Attempt>,
    /// What the candidate is being asked.
    trial: Option<Attempt>,
}

/// Latencies that are remembered for the sparkline.
const LATENCIES: usize = 16;

/// One lane.
#[derive(Clone, Debug)]
pub struct Lane {
    spec: Arc<LaneSpec>,
    dice: Dice,
    last_attempt: Attempt,

    /// The last number that was given to a credential.
    generation: Generation,
    /// The fingerprint that goes with it.
    adopted: Option<Fingerprint>,
    credential: Option<Credential>,
    /// A newer one that is tested while the one at hand lives.
    trial: Option<Box<trial::Trial>>,
    /// Those that served before, through their overlap.
    old: Vec<handover::Old>,
    failed: Option<trial::Failed>,
    grant: Grant,
    /// What the store's reading under way has shown of a request whose sender died.
    doubted: Option<Box<Verdict>>,
    /// Whether a person has accepted that the grant may turn out to be used up.
    forgiven: bool,
    /// Whether a former process began to refresh and did not say how it ended.
    cut_off: bool,
    /// The store's mark of the record from which the grant was last seen.
    grant_version: Option<StoreVersion>,
    /// What the credential may do by the word of whoever gave it out. An upstream may count
    /// otherwise, so the two are never held against each other.
    granted: Option<ScopeSet>,

    pause: Option<Arc<Pause>>,
    hold: Option<Hold>,
    refusal: Option<Refusal>,
    audit_writable: bool,

    verdict: Option<(Arc<Verdict>, Wall)>,
    last_ok: Option<Wall>,
    counters: Counters,
    latencies: VecDeque<u32>,
    neighbors: Vec<NeighborProof>,
    findings: Arc<Vec<Finding>>,

    expired: bool,
    warned: bool,
    limited: bool,
    window: Option<Degraded>,
    trouble: Option<Degraded>,
    outage: Option<outage::Outage>,
    /// Whether people were told that pre-flight refuses it, since it was last passed.
    refusal_told: bool,
    rotation: Option<Rotation>,
    preflight: Option<preflight::Preflight>,

    flights: Flights,
    schedule: Schedule,
    probe_backoff: Backoff,
    refresh_backoff: Backoff,
    /// The longest wait between tries of the refresh that is failing: a share of the life that was
    /// left at its first failure, so that tries do not crowd towards the end.
    refresh_cap: Duration,
    load_backoff: Backoff,
    budget: RetryBudget,
}

impl Lane {
    /// A lane that has not begun. `seed` decides its jitter; `memory` is what a former process left.
    pub fn new(spec: Arc<LaneSpec>, seed: u64, now: Now, memory: Memory) -> Self {
        let neighbors = unproven(&spec);
        Self {
            spec,
            dice: Dice::new(seed),
            last_attempt: Attempt(0),
            generation: memory.generation,
            adopted: memory.fingerprint,
            credential: None,
            trial: None,
            old: Vec::new(),
            failed: None,
            grant: Grant::Good,
            doubted: None,
            forgiven: false,
            cut_off: memory.refreshing,
            grant_version: None,
            granted: None,
            pause: memory.pause,
            hold: memory.hold,
            refusal: Some(Refusal::NotProvenYet),
            audit_writable: true,
            verdict: None,
            last_ok: None,
            counters: Counters::default(),
            latencies: VecDeque::new(),
            neighbors,
            findings: Arc::default(),
            expired: false,
            warned: false,
            limited: false,
            window: None,
            trouble: None,
            outage: None,
            refusal_told: false,
            rotation: None,
            preflight: None,
            flights: Flights::default(),
            schedule: Schedule::default(),
            probe_backoff: Backoff::default(),
            refresh_backoff: Backoff::default(),
            refresh_cap: Backoff::CAP,
            load_backoff: Backoff::default(),
            budget: RetryBudget::new(now.boot),
        }
    }

    /// Takes in one event: changes the lane, and says what to record and what to do.
    ///
    /// Total: an event that makes no sense in the present state changes nothing. The last effect is
    /// [`Effect::Wake`], always later than `now`, if anything will become due.
    pub fn on(&mut self, now: Now, event: Event) -> Reaction {
        let mut out = Reaction::default();
        self.take_in(now, event, &mut out);
        out
    }

    /// The same, added to what is in `out`: whoever tells many lanes many things need not make room
    /// for each answer.
    pub fn take_in(&mut self, now: Now, event: Event, out: &mut Reaction) {
        match event {
            Event::Started => self.start(now, out),
            Event::Woke => {}
            Event::Respecified(spec) => self.respecify(now, spec, out),
            Event::Loaded { attempt, found } => self.loaded(now, attempt, found, out),
            Event::LoadFailed { attempt, verdict } => {
                self.load_failed(now, attempt, verdict, out);
            }
            Event::StoreChanged { version } => self.store_changed(now, version.as_ref()),
            Event::Probed {
                attempt,
                verdict,
                observed,
            } => {
                self.probed(now, attempt, verdict, &observed, out);
            }
            Event::NeighborProbed {
                attempt,
                index,
                verdict,
            } => {
                self.neighbor_probed(now, attempt, index, verdict, out);
            }
            Event::RefreshPathChecked { attempt, verdict } => {
                self.refresh_path_checked(now, attempt, verdict, out);
            }
            Event::Refreshed {
                attempt,
                offer,
                lost_race,
            } => {
                self.refreshed(now, attempt, offer, lost_race, out);
            }
            Event::RefreshFailed { attempt, failure } => {
                self.refresh_failed(now, attempt, &failure, out);
            }
            Event::Progressed { attempt, step } => self.progressed(attempt, step, out),
            Event::GrantInDoubt { verdict } => self.grant_in_doubt(verdict),
            Event::Retired {
                generation,
                verdict,
                ..
            } => self.retired(generation, verdict, out),
            Event::Asked { verb, by } => self.asked(now, verb, by, out),
            Event::Notified { channel, delivered } => {
                let note = if delivered {
                    channel
                } else {
                    Plain::new(&format!("{channel}: could not be delivered"))
                };
                self.record(out, RecordKind::OperatorNotified).note = Some(note.into());
            }
            Event::Called { verdict } => self.called(now, verdict, out),
            Event::KeyCondemned { verdict } => self.key_condemned(now, verdict, out),
            Event::ClockJumped { by_ms } => self.clock_jumped(now, by_ms),
            Event::AuditWritable(writable) => self.audit_writable = writable,
            Event::Withdrawn => self.withdraw(out),
        }
        self.do_what_is_due(now, out);
        self.watch_outage(now, out);
        if let Some(at) = self.schedule.soonest() {
            out.effects
                .push(Effect::Wake(at.max(now.boot.plus(Backoff::FLOOR))));
        }
    }

    /// What of it has to outlive the process.
    pub fn memory(&self) -> Memory {
        Memory {
            generation: self.generation,
            fingerprint: self.adopted,
            hold: self.hold.clone(),
            pause: self.pause.clone(),
            refreshing: self.cut_off || self.flights.refresh.is_some(),
        }
    }

    fn start(&mut self, now: Now, out: &mut Reaction) {
        if self.hold.is_none() && self.pause.is_none() {
            self.begin_preflight(now, out);
        } else if let Some(until) = self.pause.as_ref().and_then(|pause| pause.until) {
            self.schedule.pause_ends = Some(now.boot_at(until));
        }
    }

    fn respecify(&mut self, now: Now, spec: Arc<LaneSpec>, out: &mut Reaction) {
        self.neighbors = unproven(&spec);
        self.spec = spec;
        // The store shows it again, and it is tested by what the manifest says now.
        self.abandon_trial(out);
        self.record(out, RecordKind::LaneChanged);
        if self.hold.is_none() && self.pause.is_none() {
            self.begin_preflight(now, out);
        }
    }

    fn withdraw(&mut self, out: &mut Reaction) {
        self.record(out, RecordKind::LaneRemoved);
        self.let_everything_go(out);
        self.flights = Flights::default();
        self.schedule = Schedule::default();
        self.preflight = None;
        self.trouble = None;
        self.verdict = None;
        self.refusal = Some(Refusal::NotProvenYet);
    }

    /// Adds a record about the credential that serves the lane, for the caller to complete.
    fn record<'a>(&self, out: &'a mut Reaction, kind: RecordKind) -> &'a mut Record {
        let record = Record {
            kind,
            lane: Some(self.spec.name.clone()),
            generation: self.at_hand(),
            fingerprint: self
                .credential
                .as_ref()
                .map(|credential| credential.fingerprint),
            verdict: None,
            actor: Actor::Lanewatch,
            cause: Cause::World,
            note: None,
        };
        let at = out.records.len();
        out.records.push(record);
        #[expect(
            clippy::indexing_slicing,
            reason = "the record was pushed a line above"
        )]
        &mut out.records[at]
    }

    /// The number of the credential at hand, else the last one that was given.
    fn at_hand(&self) -> Option<Generation> {
        let at_hand = self.credential.as_ref().map(|c| c.generation);
        at_hand.or_else(|| (self.generation.0 > 0).then_some(self.generation))
    }

    fn alert(&self, out: &mut Reaction, level: AlertLevel, text: String) {
        out.effects.push(Effect::Alert {
            level,
            text: text.into(),
        });
    }

    /// Takes a verdict as the latest.
    fn see(&mut self, now: Now, verdict: Verdict) -> Arc<Verdict> {
        let verdict = Arc::new(verdict);
        self.verdict = Some((Arc::clone(&verdict), now.wall));
        verdict
    }

    fn next_attempt(&mut self) -> Attempt {
        self.last_attempt = Attempt(self.last_attempt.0.wrapping_add(1));
        self.last_attempt
    }
}

/// The neighbors of `spec`, none of them asked yet.
fn unproven(spec: &LaneSpec) -> Vec<NeighborProof> {
    let proof = |name: &Plain| NeighborProof {
        name: name.clone(),
        at: None,
        denied: None,
        outcome: None,
    };
    spec.neighbors.iter().map(proof).collect()
}
