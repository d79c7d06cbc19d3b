//! One line of the journal.

use crate::lane::{Actor, Evidence, Generation, LaneName, Outcome, RecordKind, Wall};
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};

/// A record as it stands in the journal, without the two hashes that chain it.
///
/// The chain covers the exact bytes of the line, so it does not depend on how a value is printed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its number: one more than the record before it; the first is 1.
    pub seq: u64,
    /// When it was written, by the wall clock.
    pub ts: Wall,
    /// What kind of thing happened.
    pub kind: RecordKind,
    /// To which lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<LaneName>,
    /// The generation it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// The fingerprint it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why that was concluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Who did it.
    pub actor: Actor,
    /// The record that brought it about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// One sentence for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Plain>,
}
