//! What the audit is told: one [`Record`] for everything that happened to a lane.
//!
//! The core says what happened and what caused it; [`crate::audit`] adds the sequence number, the
//! time and the chain.

use super::credential::Generation;
use super::event::Actor;
use super::note::Note;
use super::outcome::Verdict;
use super::spec::LaneName;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares the kinds with their one name, so that JSON, filters and docs cannot disagree.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What kind of thing happened.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum RecordKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl RecordKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name used in the audit.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// A credential was read from its store and adopted.
    CredentialLoaded = "credential_loaded",
    /// A credential could not be read from its store.
    CredentialLoadFailed = "credential_load_failed",
    /// The checks before service began.
    PreflightStarted = "preflight_started",
    /// A store that had failed answers again.
    StoreRecovered = "store_recovered",
    /// Lanewatch's own login at a store is good: for the first time, or again after trouble.
    StoreLoginGood = "store_login_good",
    /// Lanewatch logged in anew at a store, before its token ended.
    StoreLoginReplaced = "store_login_replaced",
    /// Lanewatch's own login at a store cannot be kept up.
    StoreLoginFailed = "store_login_failed",
    /// Every check before service came out well.
    PreflightPassed = "preflight_passed",
    /// A check before service did not.
    PreflightRefused = "preflight_refused",
    /// The first proof, or the first after trouble, came out well.
    ProbePassed = "probe_passed",
    /// A proof came out otherwise than the one before it.
    ProbeFailed = "probe_failed",
    /// A refresh is about to be requested. Written before the request leaves.
    RefreshAttempted = "refresh_attempted",
    /// Another process has the grant, and this lane waits for it.
    RefreshWaiting = "refresh_waiting",
    /// The request left: from here to the end a lost answer may have used the grant up.
    RefreshRequested = "refresh_requested",
    /// A newer credential was made and stored. It serves nobody before its test.
    RefreshSucceeded = "refresh_succeeded",
    /// The end of the life of the credential at hand was moved.
    LeaseExtended = "lease_extended",
    /// A newer credential is on trial; the old one serves as long as it lives.
    TrialStarted = "trial_started",
    /// A newer credential has passed its test and serves from now on.
    CredentialPromoted = "credential_promoted",
    /// A credential that no longer serves was let go of.
    CredentialRetired = "credential_retired",
    /// A credential that no longer serves could not be made useless.
    RetireFailed = "retire_failed",
    /// A refresh did not work; nothing was deleted.
    RefreshFailed = "refresh_failed",
    /// A refresh's answer was lost, and it may have used the grant up. Nobody tries again before a
    /// person says so.
    RefreshUncertain = "refresh_uncertain",
    /// Somebody else refreshed first; their credential was adopted.
    LostRace = "lost_race",
    /// Something should be looked at.
    WarningRaised = "warning_raised",
    /// A credential's life ended.
    TokenExpired = "token_expired",
    /// A credential was found revoked.
    RevocationDetected = "revocation_detected",
    /// The granted scopes are not what they were.
    ScopeChanged = "scope_changed",
    /// The upstream asked for patience.
    RateLimited = "rate_limited",
    /// An operator paused the lane.
    LanePaused = "lane_paused",
    /// The pause ended.
    LaneResumed = "lane_resumed",
    /// The lane was stopped until a person looks.
    LaneHeld = "lane_held",
    /// A person looked.
    LaneReleased = "lane_released",
    /// A replacement of the credential began.
    RotationStarted = "rotation_started",
    /// The replacement serves.
    RotationCompleted = "rotation_completed",
    /// The replacement did not come about; the old credential stays.
    RotationFailed = "rotation_failed",
    /// The old credential stopped being good before a new one was proven.
    DegradedOpened = "degraded_opened",
    /// A good credential serves again.
    DegradedClosed = "degraded_closed",
    /// Somebody was told.
    OperatorNotified = "operator_notified",
    /// Somebody said that they know.
    OperatorAcknowledged = "operator_acknowledged",
    /// A request that must be denied was.
    NeighborDenied = "neighbor_denied",
    /// A request that must be denied was not.
    NeighborAllowed = "neighbor_allowed",
    /// The wall clock jumped, or the machine slept.
    ClockJumped = "clock_jumped",
    /// A lane came with the manifest.
    LaneAdded = "lane_added",
    /// A lane went with the manifest.
    LaneRemoved = "lane_removed",
    /// A lane's entry in the manifest changed.
    LaneChanged = "lane_changed",
    /// The manifest was read.
    ManifestLoaded = "manifest_loaded",
    /// A changed manifest has mistakes; the last good one stays in force.
    ManifestRejected = "manifest_rejected",
    /// The engine started.
    EngineStarted = "engine_started",
    /// The engine stopped in an orderly way.
    EngineStopped = "engine_stopped",
    /// The audit's last line was torn by a crash and set aside.
    AuditRepaired = "audit_repaired",
    /// A drill was begun on a sandbox lane.
    DrillStarted = "drill_started",
    /// A call went through the lane, or was denied.
    ToolCall = "tool_call",
}

impl RecordKind {
    /// Whether later records of a lane name one of this kind as their cause.
    pub const fn is_cause(self) -> bool {
        matches!(
            self,
            Self::RefreshAttempted
                | Self::RefreshSucceeded
                | Self::LostRace
                | Self::CredentialLoaded
                | Self::TrialStarted
                | Self::CredentialPromoted
                | Self::RotationStarted
                | Self::LaneHeld
                | Self::LanePaused
                | Self::DegradedOpened
                | Self::CredentialLoadFailed
                | Self::RevocationDetected
                | Self::ProbeFailed
        )
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which earlier record brought this one about. The engine turns it into a sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cause {
    /// Nothing in the audit: time, or the world.
    #[default]
    World,
    /// The record before it in the same reaction.
    Previous,
    /// The lane's latest record of that kind.
    Latest(RecordKind),
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What kind of thing.
    pub kind: RecordKind,
    /// To which lane; `None` for the engine itself.
    pub lane: Option<LaneName>,
    /// The generation it concerns.
    pub generation: Option<Generation>,
    /// The fingerprint it concerns.
    pub fingerprint: Option<Fingerprint>,
    /// What was seen, and why that was concluded.
    pub verdict: Option<Verdict>,
    /// Who did it.
    pub actor: Actor,
    /// What brought it about.
    pub cause: Cause,
    /// One sentence for a person: a reason, a finding, a number.
    pub note: Option<Note>,
}

impl Record {
    /// A record of the engine's own, about no lane.
    pub fn engine(kind: RecordKind, note: impl Into<Note>) -> Self {
        Self {
            kind,
            lane: None,
            generation: None,
            fingerprint: None,
            verdict: None,
            actor: Actor::Lanewatch,
            cause: Cause::World,
            note: Some(note.into()),
        }
    }
}
