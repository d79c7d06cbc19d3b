//! Whether a lane may serve, and if not, who has to act.
//!
//! Three facts stand side by side: an operator's [`Pause`], a [`Hold`] that only a person lifts,
//! and a [`Refusal`] by pre-flight. [`Gate`] is the worst of them, in one word.

use super::event::Actor;
use super::outcome::{Outcome, Verdict};
use super::time::Wall;
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether the lane may serve.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// It may.
    Open,
    /// Pre-flight has not passed.
    Refused,
    /// An operator paused it.
    Paused,
    /// Something happened that a person has to look at.
    Held,
}

impl Gate {
    /// The name used in JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Paused => "paused",
            Self::Held => "held",
        }
    }
}

/// An operator's pause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Wall,
    /// Until when, if it ends by itself.
    pub until: Option<Wall>,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: Plain,
}

/// A hold: no service, no retry and no re-login until a person releases the lane.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    pub since: Wall,
    /// What was seen.
    pub verdict: Arc<Verdict>,
}

/// Why pre-flight does not let a lane serve.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It has not been proved yet.
    NotProvenYet,
    /// The secret's source is not a managed store, and the manifest does not allow that.
    UnmanagedSource,
    /// Too little life is left.
    TooLittleLife,
    /// The clocks are too far apart to judge an expiry.
    ClockSkew,
    /// A request that must be denied was not, or could not be shown to be.
    Neighbor,
    /// Scopes that must not be granted are.
    ForbiddenScope,
    /// The upstream's or the store's answer stands against it.
    Answer(Arc<Verdict>),
    /// The audit cannot be written, so nothing may happen.
    AuditUnwritable,
}

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// As it should be.
    Pass,
    /// Serves, but should be looked at.
    Warn,
    /// Does not serve.
    Refuse,
}

/// One line of a pre-flight.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked, in snake_case: `managed_source`, `life_left`, `scopes`, `probe`,
    /// `refresh_path`, `neighbor`, `clock_skew`, `shared_key`.
    pub check: Plain,
    /// How it came out.
    pub level: FindingLevel,
    /// What a person should know.
    pub text: Plain,
}

/// Who has to act before a closed gate opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoActs {
    /// Nobody: lanewatch is at it, or time will do.
    Lanewatch,
    /// Whoever watches the lanes.
    Operator,
    /// The owner of the credential.
    Owner,
    /// The upstream's operators.
    Provider,
}

/// The typed answer to a request for a credential that may not be had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Denied {
    /// What stands against it.
    pub outcome: Outcome,
    /// The gate.
    pub gate: Gate,
    /// When it is worth asking again, if that is known.
    pub until: Option<Wall>,
    /// Who has to act.
    pub who_acts: WhoActs,
    /// One sentence.
    pub reason: Plain,
}
