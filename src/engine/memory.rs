//! What the lanes remember across restarts, without a secret in it.
//!
//! A file in the state folder, replaced whole. The audit is the truth and this a summary of it up
//! to one record: whatever the audit has after that record is read again at the start, so a process
//! that was killed between a hold's record and this file comes back with the lane held.

use crate::audit::AuditRecord;
use crate::lane::{Generation, History};
use crate::lane::{Hold, LaneName, Memory, Pause, RecordKind, Verdict};
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Fingerprints that are remembered for each lane: the present credential and a few before it.
const FINGERPRINTS_A_LANE: usize = 4;

/// How exact the last success is remembered.
const LAST_OK_EVERY: Duration = Duration::from_secs(600);

/// Everything that is remembered.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memories {
    /// The audit's last record that is part of this.
    pub(super) seq: u64,
    /// By lane.
    #[serde(default)]
    lanes: BTreeMap<LaneName, LaneMemory>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct LaneMemory {
    #[serde(flatten)]
    memory: Memory,
    /// The record of the refresh that has not come to an end, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u64>,
    /// Newest last.
    #[serde(default)]
    histories: Vec<(Fingerprint, History)>,
}

impl Memories {
    /// Nothing is remembered, and whatever the audit has up to `seq` is not to be remembered.
    pub(super) fn from(seq: u64) -> Self {
        Self {
            seq,
            lanes: BTreeMap::new(),
        }
    }

    /// Reads the file; a missing one is an empty memory, and so is one that makes no sense, with
    /// the reason.
    pub(super) fn load(file: &Path) -> (Self, Option<Plain>) {
        match std::fs::read(file) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(memories) => (memories, None),
                Err(error) => {
                    let why = format!("what was remembered cannot be read and is left: {error}");
                    (Self::default(), Some(why.into()))
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) => (Self::default(), Some(error.to_string().into())),
        }
    }

    /// Takes in what the audit has after [`Self::seq`]: of the records up to `seq` those that
    /// [`matter`], oldest first.
    pub(super) fn catch_up(&mut self, records: &[AuditRecord], seq: u64) {
        let known = std::mem::replace(&mut self.seq, seq);
        for record in records {
            if record.seq <= known {
                continue;
            }
            let Some(lane) = &record.lane else { continue };
            let lane = self.lanes.entry(lane.clone()).or_default();
            if let Some(generation) = record.generation
                && generation > lane.memory.generation
            {
                lane.memory.generation = generation;
                lane.memory.fingerprint = record.fingerprint;
            }
            match record.kind {
                RecordKind::LaneHeld => {
                    if let (Some(outcome), Some(evidence)) = (record.outcome, &record.evidence) {
                        let verdict = Verdict {
                            outcome,
                            evidence: evidence.clone(),
                        };
                        lane.memory.hold = Some(Hold {
                            since: record.ts,
                            verdict: Arc::new(verdict),
                        });
                    }
                }
                RecordKind::LaneReleased => lane.memory.hold = None,
                RecordKind::LanePaused => {
                    // When it would have ended is not in the record: a person ends it.
                    lane.memory.pause = Some(Arc::new(Pause {
                        since: record.ts,
                        until: None,
                        by: record.actor.clone(),
                        reason: record
                            .note
                            .clone()
                            .unwrap_or_else(|| Plain::new("not said")),
                    }));
                }
                RecordKind::LaneResumed => lane.memory.pause = None,
                RecordKind::RefreshAttempted => {
                    lane.memory.refreshing = true;
                    lane.attempt = Some(record.seq);
                }
                RecordKind::RefreshSucceeded
                | RecordKind::LostRace
                | RecordKind::LeaseExtended
                | RecordKind::RefreshFailed
                | RecordKind::RefreshUncertain => {
                    lane.memory.refreshing = false;
                    lane.attempt = None;
                }
                _ => {}
            }
        }
    }

    /// What one lane left.
    pub(super) fn lane(&self, name: &LaneName) -> Memory {
        self.lanes
            .get(name)
            .map(|lane| lane.memory.clone())
            .unwrap_or_default()
    }

    /// The record of the refresh that one lane left without an end.
    pub(super) fn attempt(&self, name: &LaneName) -> Option<u64> {
        self.lanes.get(name)?.attempt
    }

    /// What is known of a fingerprint of one lane.
    pub(super) fn history(&self, name: &LaneName, fingerprint: Fingerprint) -> Option<History> {
        let lane = self.lanes.get(name)?;
        let found = lane.histories.iter().find(|(of, _)| *of == fingerprint);
        found.map(|(_, history)| history.clone())
    }

    /// Takes what a lane has to remember now. Answers whether that is news: a proof that only
    /// repeats the last one is not, or a quiet wall of lanes would keep the disk busy.
    pub(super) fn note(
        &mut self,
        name: &LaneName,
        memory: Memory,
        attempt: Option<u64>,
        seen: Option<(Fingerprint, History)>,
    ) -> bool {
        let lane = self.lanes.entry(name.clone()).or_default();
        let mut news = lane.memory != memory;
        lane.attempt = attempt.filter(|_| memory.refreshing);
        lane.memory = memory;
        if let Some((fingerprint, history)) = seen {
            let known = lane.histories.iter().find(|(of, _)| *of == fingerprint);
            if known.is_some_and(|(_, known)| !is_news(known, &history)) {
                return news;
            }
            news = true;
            lane.histories.retain(|(of, _)| *of != fingerprint);
            lane.histories.reserve_exact(1);
            lane.histories.push((fingerprint, history));
            if lane.histories.len() > FINGERPRINTS_A_LANE {
                lane.histories.remove(0);
            }
        }
        news
    }

    /// Forgets lanes that nobody asks for, unless a person has still to look at them.
    pub(super) fn prune(&mut self, known: &HashMap<LaneName, usize>) {
        self.lanes.retain(|name, lane| {
            known.contains_key(name)
                || lane.memory.hold.is_some()
                || lane.memory.generation > Generation(0)
        });
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn save(&self, file: &Path) -> io::Result<()> {
        let fresh = file.with_extension("new");
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        // Written as it is made: the whole text of ten thousand lanes at once would cost megabytes
        // that the process never gives back.
        let mut out = BufWriter::new(made);
        serde_json::to_writer(&mut out, self)?;
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_data()?;
        std::fs::rename(&fresh, file)
    }
}

/// Picks the records that a memory is caught up with, from the newest back: every hold and pause
/// and its end, and of each lane the newest that names its credential, the newest that gave one a
/// number, and the newest of its refreshes, which has come to an end or has not.
pub(super) fn matter() -> impl FnMut(&AuditRecord) -> bool {
    let mut newest = HashSet::new();
    let mut numbered = HashSet::new();
    let mut refreshed = HashSet::new();
    move |record| {
        let Some(lane) = &record.lane else {
            return false;
        };
        let names = record.generation.is_some() && record.fingerprint.is_some();
        let numbers = record.kind == RecordKind::TrialStarted && numbered.insert(lane.clone());
        let refreshes = matches!(
            record.kind,
            RecordKind::RefreshAttempted
                | RecordKind::RefreshSucceeded
                | RecordKind::LostRace
                | RecordKind::LeaseExtended
                | RecordKind::RefreshFailed
                | RecordKind::RefreshUncertain
        ) && refreshed.insert(lane.clone());
        (names && newest.insert(lane.clone()))
            || numbers
            || refreshes
            || matches!(
                record.kind,
                RecordKind::LaneHeld
                    | RecordKind::LaneReleased
                    | RecordKind::LanePaused
                    | RecordKind::LaneResumed
            )
    }
}

/// Whether `now` tells more than `before`, beyond a slightly later last success.
fn is_news(before: &History, now: &History) -> bool {
    let fresher = match (before.last_ok, now.last_ok) {
        (Some(before), Some(now)) => now.since(before) >= LAST_OK_EVERY,
        (before, now) => before != now,
    };
    fresher || before.expiry != now.expiry || before.scopes != now.scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{Actor, Basis, Evidence, Outcome, Wall};

    fn record(seq: u64, kind: RecordKind) -> AuditRecord {
        AuditRecord {
            seq,
            ts: Wall(seq as i64),
            kind,
            lane: Some("billing".into()),
            generation: Some(Generation(seq)),
            fingerprint: None,
            outcome: Some(Outcome::CredentialRevoked),
            evidence: Some(Evidence::own("test", Basis::Stated)),
            actor: Actor::Lanewatch,
            cause: None,
            note: None,
        }
    }

    #[test]
    fn a_hold_that_only_the_audit_knows_is_remembered() {
        let mut memories = Memories::default();
        memories.catch_up(
            &[
                record(1, RecordKind::CredentialLoaded),
                record(2, RecordKind::LaneHeld),
            ],
            2,
        );
        let memory = memories.lane(&"billing".into());
        assert_eq!(
            memory.hold.unwrap().verdict.outcome,
            Outcome::CredentialRevoked
        );
        assert_eq!(memory.generation, Generation(2));
        memories.catch_up(
            &[
                record(2, RecordKind::LaneHeld),
                record(3, RecordKind::LaneReleased),
            ],
            3,
        );
        assert_eq!(memories.lane(&"billing".into()).hold, None);
    }

    #[test]
    fn a_catching_up_needs_few_of_many_records() {
        let mut day: Vec<_> = (1..=1_000)
            .map(|seq| AuditRecord {
                fingerprint: Some(Fingerprint::from_bytes([7; 8])),
                ..record(seq, RecordKind::ProbePassed)
            })
            .collect();
        day[10].kind = RecordKind::LaneHeld;
        let mut matter = matter();
        let mut kept: Vec<_> = day.iter().rev().filter(|it| matter(it)).cloned().collect();
        kept.reverse();
        assert_eq!(kept, [day[10].clone(), day[999].clone()]);
        let (mut of_few, mut of_all) = (Memories::default(), Memories::default());
        of_few.catch_up(&kept, 1_000);
        of_all.catch_up(&day, 1_000);
        assert_eq!(of_few, of_all);
    }

    #[test]
    fn what_is_saved_is_what_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.json");
        let mut memories = Memories::default();
        memories.catch_up(&[record(1, RecordKind::LaneHeld)], 1);
        let print = Fingerprint::from_bytes([7; 8]);
        let history = History {
            last_ok: Some(Wall(5)),
            ..History::default()
        };
        let memory = memories.lane(&"billing".into());
        memories.note(
            &"billing".into(),
            memory,
            None,
            Some((print, history.clone())),
        );
        memories.save(&file).unwrap();
        let (loaded, trouble) = Memories::load(&file);
        assert_eq!(trouble, None);
        assert_eq!(loaded, memories);
        assert_eq!(loaded.history(&"billing".into(), print), Some(history));
    }

    #[test]
    fn a_memory_that_makes_no_sense_is_left_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.json");
        std::fs::write(&file, "{half").unwrap();
        let (memories, trouble) = Memories::load(&file);
        assert_eq!(memories, Memories::default());
        assert!(trouble.unwrap().as_str().contains("cannot be read"));
    }
}
