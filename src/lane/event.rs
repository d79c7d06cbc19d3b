//! Everything that can happen to a lane.

use super::credential::{Expiry, Generation, Offer, ScopeSet, StoreVersion};
use super::effect::Attempt;
use super::outcome::Verdict;
use super::spec::LaneSpec;
use super::time::Wall;
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Who did something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// lanewatch itself.
    Lanewatch,
    /// A person at the screen or at the command line, by account name.
    Operator(Plain),
    /// The upstream.
    Provider,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lanewatch => f.pad("lanewatch"),
            Self::Operator(name) => f.pad(name.as_str()),
            Self::Provider => f.pad("provider"),
        }
    }
}

/// What a person can ask of a lane.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verb")]
pub enum Verb {
    /// Prove it now, and refresh it if it can be.
    Refresh,
    /// Replace its credential.
    Rotate,
    /// Stop serving.
    Pause {
        /// Why.
        reason: Plain,
        /// When the pause ends by itself.
        until: Option<Wall>,
    },
    /// Serve again, after a new pre-flight.
    Resume {
        /// Why.
        reason: Plain,
    },
    /// Lift a hold; a new pre-flight decides what follows.
    Release {
        /// Why.
        reason: Plain,
    },
    /// Say that the trouble is known.
    Acknowledge {
        /// A remark.
        reason: Plain,
    },
}

/// What a store gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// A credential that can be proved.
    Credential(Offer),
    /// The very credential that serves the lane already.
    Unchanged,
    /// A grant, but no token minted from it yet.
    GrantOnly {
        /// The store's mark of the record that holds the grant.
        version: Option<StoreVersion>,
    },
}

/// What an answer showed besides its outcome.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// When the credential ends.
    pub expiry: Option<Expiry>,
    /// What it may do.
    pub scopes: Option<ScopeSet>,
    /// How far the server's clock is ahead of ours, in milliseconds.
    pub skew_ms: Option<i64>,
    /// How long the exchange took.
    pub took: Duration,
    /// What came of the same request with an invented credential, where that was made.
    pub control: Option<Control>,
}

/// What a probe is worth: what came of it with an invented credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// It was rejected, as it must be.
    Rejected,
    /// It was accepted: the probe proves nothing.
    Accepted,
    /// No answer told.
    Untold,
}

/// Why a refresh brought no new credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RefreshFailure {
    /// Nothing is lost; try again later.
    Transient(Verdict),
    /// The token endpoint condemned the grant, and the store holds no newer one.
    GrantDead(Verdict),
    /// The answer was lost after the request had left, and the grant may be used up.
    Uncertain(Verdict),
    /// A new credential was minted but could not be stored. It is kept in memory and not used.
    NotPersisted(Verdict),
    /// The store holds another grant than the one that was exchanged: somebody replaced it
    /// meanwhile, and theirs stays.
    Superseded(Verdict),
}

impl RefreshFailure {
    /// What was seen.
    pub const fn verdict(&self) -> &Verdict {
        match self {
            Self::Transient(verdict)
            | Self::GrantDead(verdict)
            | Self::Uncertain(verdict)
            | Self::NotPersisted(verdict)
            | Self::Superseded(verdict) => verdict,
        }
    }
}

/// How far the coming of a newer credential has got, in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// The intent is on disk, and the effort waits for its turn.
    Intended,
    /// Another process has the grant.
    Waiting {
        /// Who has it and since when, in one sentence.
        holder: Plain,
    },
    /// The grant is ours; the store is read again.
    Locked,
    /// The request has left. From here on a lost answer may have used the grant up.
    Requested,
    /// The new credential is here, and the store is asked to take it.
    Storing,
    /// It is stored and on trial: it serves nobody before it has passed.
    Testing,
    /// It serves; the old one is kept until its overlap is over.
    Overlapping,
    /// A person has to bring the newer one; the store is watched for it.
    AwaitingOwner,
}

/// One thing that happened. The `attempt` of a report is that of the effect it reports on: reports
/// of an effect that no longer matters are ignored.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The lane begins its life in this process.
    Started,
    /// A deadline has passed.
    Woke,
    /// The manifest's entry changed.
    Respecified(Arc<LaneSpec>),
    /// The store answered.
    Loaded {
        /// Of which effect.
        attempt: Attempt,
        /// What it gave.
        found: Found,
    },
    /// The store gave none.
    LoadFailed {
        /// Of which effect.
        attempt: Attempt,
        /// What was seen.
        verdict: Verdict,
    },
    /// Somebody says that the store has changed.
    StoreChanged {
        /// The version it is said to have now.
        version: Option<StoreVersion>,
    },
    /// The upstream answered a proof.
    Probed {
        /// Of which effect.
        attempt: Attempt,
        /// What it means.
        verdict: Verdict,
        /// What it showed.
        observed: Observed,
    },
    /// The upstream answered a request that must be denied.
    NeighborProbed {
        /// Of which effect.
        attempt: Attempt,
        /// Which of the lane's neighbors.
        index: usize,
        /// What it means.
        verdict: Verdict,
    },
    /// The refresh path answered, or did not.
    RefreshPathChecked {
        /// Of which effect.
        attempt: Attempt,
        /// What was seen; `Ok` if it answers.
        verdict: Verdict,
    },
    /// A new credential was minted and stored.
    Refreshed {
        /// Of which effect.
        attempt: Attempt,
        /// The new credential.
        offer: Offer,
        /// Whether somebody else had minted it.
        lost_race: bool,
    },
    /// An effort to bring a newer credential has got further.
    Progressed {
        /// Of which effect.
        attempt: Attempt,
        /// How far.
        step: Step,
    },
    /// A request with the grant that is in the store left this machine, and nobody knows what
    /// became of it: whoever sent it died first.
    GrantInDoubt {
        /// What is known.
        verdict: Verdict,
    },
    /// A credential was made useless, or could not be.
    Retired {
        /// Of which effect.
        attempt: Attempt,
        /// Which credential.
        generation: Generation,
        /// What was seen; `Ok` if it is useless now.
        verdict: Verdict,
    },
    /// No new credential came of it.
    RefreshFailed {
        /// Of which effect.
        attempt: Attempt,
        /// Why.
        failure: RefreshFailure,
    },
    /// A person asks for something.
    Asked {
        /// What.
        verb: Verb,
        /// Who.
        by: Actor,
    },
    /// Somebody was told, or could not be.
    Notified {
        /// By which way.
        channel: Plain,
        /// Whether it got there.
        delivered: bool,
    },
    /// A call went through the lane.
    Called {
        /// What the upstream's answer means.
        verdict: Verdict,
    },
    /// Another lane showed the very same key to the same upstream, and it was condemned there.
    KeyCondemned {
        /// What the upstream's answer means.
        verdict: Verdict,
    },
    /// The wall clock jumped by this many milliseconds against the boot clock.
    ClockJumped {
        /// By how many milliseconds, forward if positive.
        by_ms: i64,
    },
    /// The audit cannot be written, or can again.
    AuditWritable(bool),
    /// The manifest no longer has the lane.
    Withdrawn,
}
