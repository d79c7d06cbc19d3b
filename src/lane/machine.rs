//! How a lane changes. (Public shape; the transitions follow.)

use super::credential::Generation;
use super::effect::{Effect, ProbeWhy};
use super::event::Event;
use super::outcome::{Outcome, Verdict};
use super::record::Record;
use super::spec::{LaneName, LaneSpec};
use super::time::{Now, Wall};
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// The open window between "the old credential stopped being good" and "a new one is proven".
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Degraded {
    /// Since when.
    pub since: Wall,
    /// What stopped working.
    pub verdict: Verdict,
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

/// What follows from an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reaction {
    /// What happened, for the audit; to be on disk before anything else is done.
    pub records: Vec<Record>,
    /// What to do.
    pub effects: Vec<Effect>,
}

/// One lane.
#[derive(Clone, Debug)]
pub struct Lane {
    spec: Arc<LaneSpec>,
}

impl Lane {
    /// Takes in one event.
    pub fn on(&mut self, _now: Now, _event: Event) -> Reaction {
        Reaction::default()
    }

    /// Its name.
    pub fn name(&self) -> &LaneName {
        &self.spec.name
    }

    /// The number of the credential that serves it.
    pub fn generation(&self) -> Generation {
        Generation(0)
    }
}
