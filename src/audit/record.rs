//! One line of the journal.

use crate::lane::{Actor, Evidence, Generation, LaneName, Note, Outcome, Record, RecordKind, Wall};
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

/// The first and the last millisecond that RFC 3339 has a name for: the years 0000 to 9999.
const WRITABLE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

/// The moment nearest to `at` that can be written down and read back.
fn writable(at: Wall) -> Wall {
    Wall(at.0.clamp(WRITABLE.0, WRITABLE.1))
}

/// How many required scopes a record keeps; of more, it keeps the first and says how many went.
const SCOPES_KEPT: usize = 64;

impl AuditRecord {
    /// What the core said, with its number, its time and the number of what brought it about.
    ///
    /// Whatever an upstream says, the record must fit into a line and be readable again. So the
    /// list of required scopes, the one thing without a bound of its own, gets one here, and an
    /// expiry in the year 200,000 becomes the last moment of the year 9999.
    pub fn new(seq: u64, ts: Wall, record: &Record, cause: Option<u64>) -> Self {
        let verdict = record.verdict.as_ref();
        let mut evidence = verdict.map(|verdict| verdict.evidence.clone());
        if let Some(evidence) = &mut evidence {
            evidence.expires_at = evidence.expires_at.map(writable);
            let scopes = &mut evidence.required_scopes;
            if scopes.len() > SCOPES_KEPT {
                let gone = scopes.len() - (SCOPES_KEPT - 1);
                scopes.truncate(SCOPES_KEPT - 1);
                scopes.push(Plain::new(&format!("… and {gone} more")));
            }
        }
        Self {
            seq,
            ts: writable(ts),
            kind: record.kind,
            lane: record.lane.clone(),
            generation: record.generation,
            fingerprint: record.fingerprint,
            outcome: verdict.map(|verdict| verdict.outcome),
            evidence,
            actor: record.actor.clone(),
            cause,
            note: record.note.as_ref().map(Note::text),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::audit::{Hash, LINE_MAX, chain};
    use crate::lane::{Basis, Cause, Verdict};
    use crate::plain::PLAIN_MAX;

    /// A record with every field filled to the brim with what takes most room.
    pub(in crate::audit) fn full(seq: u64) -> AuditRecord {
        let wide = Plain::new(&"\u{1f511}".repeat(PLAIN_MAX));
        let record = Record {
            kind: RecordKind::RevocationDetected,
            lane: Some(wide.clone()),
            generation: Some(Generation(u64::MAX)),
            fingerprint: Some(Fingerprint::from_bytes([0xff; 8])),
            verdict: Some(Verdict {
                outcome: Outcome::CredentialRevoked,
                evidence: Evidence {
                    rule: wide.clone(),
                    basis: Basis::Inferred,
                    status: Some(u16::MAX),
                    provider_code: Some(wide.clone()),
                    request_id: Some(wide.clone()),
                    retry_after_s: Some(u64::MAX),
                    required_scopes: vec![wide.clone(); 1_000],
                    expires_at: Some(Wall(i64::MAX)),
                    detail: Some(wide.clone()),
                },
            }),
            actor: Actor::Operator(wide.clone()),
            cause: Cause::World,
            note: Some(wide.into()),
        };
        AuditRecord::new(seq, Wall(1_795_378_447_250), &record, Some(u64::MAX))
    }

    #[test]
    fn a_time_beyond_the_calendar_can_still_be_read_back() {
        for absurd in [i64::MIN, i64::MAX, WRITABLE.0 - 1, WRITABLE.1 + 1] {
            let record = AuditRecord {
                ts: writable(Wall(absurd)),
                ..full(1)
            };
            let json = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<AuditRecord>(&json).unwrap(), record);
        }
    }

    #[test]
    fn the_longest_record_fits_into_a_line() {
        let mut line = Vec::new();
        chain::write_line(&mut line, &full(u64::MAX), &Hash::start()).unwrap();
        assert!(line.len() <= LINE_MAX, "{} bytes", line.len());
    }

    #[test]
    fn scopes_that_do_not_fit_are_counted() {
        let scopes = full(1).evidence.unwrap().required_scopes;
        assert_eq!(scopes.len(), SCOPES_KEPT);
        assert_eq!(scopes.last().unwrap().as_str(), "… and 937 more");
    }
}
