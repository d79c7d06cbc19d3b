//! What the engine lets others see: plain values, made for a screen, a script or a wire.
//!
//! A view holds no secret and borrows nothing. The screen, `status --json` and the engine's socket
//! all show the same [`LaneView`].

use crate::lane::{
    Activity, Counters, Credential, CredentialKind, Degraded, Finding, Gate, Hold, LaneName,
    NeighborProof, Next, Pause, Refusal, Step, Verdict, Wall, Word,
};
use crate::manifest::Route;
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What of a lane changes only with the manifest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LaneInfo {
    /// Its name: unique, and how everything refers to it.
    pub name: LaneName,
    /// Which route it is.
    pub route: Route,
    /// The provider.
    pub provider: Plain,
    /// The kind of its credential.
    pub credential: CredentialKind,
    /// Where its secret lives, as `store:path#field`.
    pub source: Plain,
    /// The name of its store.
    pub store: Plain,
    /// The address that its requests go to.
    pub endpoint: Plain,
    /// Who owns the credential.
    pub owner: Option<Plain>,
    /// What to read when it fails.
    pub runbook: Option<Plain>,
    /// Where a person replaces the credential, as the pack says.
    pub rotate_url: Option<Plain>,
    /// Scopes it must have.
    pub require: Vec<Plain>,
    /// Scopes it must not have.
    pub forbid: Vec<Plain>,
    /// Whether its upstream is the built-in sandbox, so that drills can be run on it.
    pub sandbox: bool,
}

impl LaneInfo {
    /// Holds what is the same as in `other` once for both: ten thousand lanes have few addresses.
    pub(super) fn share(&mut self, other: &Self) {
        if self.endpoint == other.endpoint {
            self.endpoint = other.endpoint.clone();
        }
        if self.rotate_url == other.rotate_url {
            self.rotate_url.clone_from(&other.rotate_url);
        }
        if self.runbook == other.runbook {
            self.runbook.clone_from(&other.runbook);
        }
    }
}

/// One lane, now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaneView {
    /// What does not change.
    pub info: Arc<LaneInfo>,
    /// Its state in one word.
    pub word: Word,
    /// Since when it shows that word.
    pub since: Wall,
    /// Whether it may serve.
    pub gate: Gate,
    /// The operator's pause, if there is one.
    pub pause: Option<Arc<Pause>>,
    /// The hold, if there is one.
    pub hold: Option<Hold>,
    /// Why pre-flight refuses it, if it does.
    pub refusal: Option<Refusal>,
    /// What is under way.
    pub activity: Activity,
    /// How far the coming of a newer credential has got.
    #[serde(default)]
    pub step: Option<Step>,
    /// A newer credential that is being tested.
    #[serde(default)]
    pub candidate: Option<Arc<Credential>>,
    /// Credentials that served before and are kept through their overlap, oldest first.
    #[serde(default)]
    pub old: Vec<Credential>,
    /// The credential that serves it.
    pub credential: Option<Credential>,
    /// What the last answer meant.
    pub verdict: Option<Arc<Verdict>>,
    /// When that was.
    pub verdict_at: Option<Wall>,
    /// When an upstream last accepted the credential.
    pub last_ok: Option<Wall>,
    /// What happens next, and when.
    pub next: Next,
    /// How often each outcome was seen.
    pub counters: Counters,
    /// Failed tries in a row of whatever is failing now.
    pub tries: u32,
    /// The open degraded window.
    pub degraded: Option<Degraded>,
    /// What its neighbors answered.
    pub neighbors: Vec<NeighborProof>,
    /// The last pre-flight, check by check.
    pub findings: Arc<Vec<Finding>>,
    /// Latencies of the last proofs in milliseconds, oldest first, at most sixteen.
    pub latencies: Vec<u32>,
    /// Other lanes that use the very same secret: the first [`LaneView::SHARING_NAMED`] of them.
    pub shares_key_with: Vec<LaneName>,
}

impl LaneView {
    /// How many of the lanes with its key a lane names. Ten thousand that all name one another would
    /// be a hundred million names.
    pub const SHARING_NAMED: usize = 16;
}

/// How a store is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoreView {
    /// Its name.
    pub name: Plain,
    /// Its kind.
    pub kind: Plain,
    /// Whether the last request to it was answered; `None` before the first.
    pub up: Option<bool>,
    /// Since when that is so.
    pub since: Wall,
    /// What it said when it failed.
    pub trouble: Option<Plain>,
    /// Lanewatch's own login there, where it has one and it is known.
    #[serde(default)]
    pub login: Option<LoginView>,
}

/// How lanewatch's own login at a store is doing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LoginView {
    /// When its token ends unless it is renewed; `None` for one without an end.
    pub until: Option<Wall>,
    /// What keeps it from being kept up.
    pub trouble: Option<Plain>,
}

/// The engine itself, now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EngineView {
    /// What the header calls the manifest.
    pub title: Plain,
    /// How many lanes it has.
    pub lanes: usize,
    /// The stores.
    pub stores: Vec<StoreView>,
    /// The mistake in the manifest on disk that keeps the last good one in force, with line and
    /// column.
    pub manifest_trouble: Option<Plain>,
    /// Why the audit cannot be written.
    pub audit_trouble: Option<Plain>,
    /// The newest record's number.
    pub audit_seq: u64,
    /// When the engine started.
    pub started: Wall,
}
