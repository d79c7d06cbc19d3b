//! What a lane is and how it changes: the pure core.
//!
//! Nothing here reads a clock, a file, a socket or a secret, and nothing here waits. A [`Lane`] is
//! a value; [`Lane::on`] takes the moment and one [`Event`], and answers with the [`Effect`]s to
//! perform and the [`Record`]s to write. It is total: every event in every state has an answer.
//! That makes a month of ten thousand lanes a few seconds of arithmetic, and it makes the promises
//! of the house (a dead credential is never served, a hold is never lifted by a machine) properties
//! that can be checked over arbitrary histories.
//!
//! [`crate::engine`] is the neighbour above: it turns the world into events and effects into work.

mod backoff;
mod counters;
mod credential;
mod effect;
mod event;
mod gate;
mod machine;
mod note;
mod outcome;
mod record;
mod spec;
mod time;
mod word;

pub use backoff::{Backoff, Dice, RetryBudget};
pub use counters::Counters;
pub use credential::{
    Credential, Expiry, ExpirySource, Generation, History, Offer, ScopeSet, StoreVersion,
};
pub use effect::{AlertLevel, Attempt, Effect, LoadWhy, ProbeWhy, RefreshWhy, Retirement};
pub use event::{Actor, Control, Event, Found, Observed, RefreshFailure, Step, Verb};
pub use gate::{Denied, Finding, FindingLevel, Gate, Hold, Pause, Refusal, WhoActs};
pub use machine::{
    Activity, Answers, Degraded, Lane, Look, Memory, NeighborProof, Next, Reaction, Stretch,
};
pub use note::Note;
pub use outcome::{Basis, Evidence, Outcome, Verdict};
pub use record::{Cause, Record, RecordKind};
pub use spec::{
    CredentialKind, Handover, LaneName, LaneSpec, LostAnswer, Predecessor, Renewal, ScopeRules,
    SideEffect, Trust, Windows,
};
pub use time::{Boot, Now, Wall};
pub use word::Word;
