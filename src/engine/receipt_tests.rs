//! Receipts from records made by hand.

use super::*;
use crate::lane::{Cause, Record};

struct Told {
    receipts: Receipts,
    seq: u64,
}

impl Told {
    fn new() -> Self {
        Self {
            receipts: Receipts::default(),
            seq: 0,
        }
    }

    /// The next record, written so many milliseconds after the beginning.
    fn tell(&mut self, at: i64, kind: RecordKind, lane: &str, note: &str) -> &mut Self {
        self.seq += 1;
        let mut record = Record::engine(kind, Plain::new(note));
        record.lane = (!lane.is_empty()).then(|| Plain::new(lane));
        record.cause = Cause::World;
        let written = AuditRecord::new(self.seq, Wall(at), &record, None);
        self.receipts.take(&written);
        self
    }

    fn took(&self, lane: &str, stage: Stage) -> Option<u128> {
        let receipt = self.receipts.of(&Plain::new(lane))?;
        receipt.took(stage).map(|took| took.as_millis())
    }
}

use RecordKind as K;

#[test]
fn a_revocation_is_healed_by_a_release_and_a_pre_flight_and_by_nothing_less() {
    let mut told = Told::new();
    told.tell(0, K::DrillStarted, "a", "revoke: revoked the key of a")
        .tell(400, K::ProbePassed, "b", "")
        .tell(900, K::RevocationDetected, "a", "")
        .tell(901, K::LaneHeld, "a", "")
        .tell(950, K::OperatorNotified, "a", "pager")
        .tell(990, K::OperatorNotified, "a", "mail")
        .tell(1_000, K::ProbePassed, "a", "")
        .tell(1_100, K::PreflightPassed, "a", "");
    assert_eq!(told.took("a", Stage::Detected), Some(900));
    assert_eq!(told.took("a", Stage::Held), Some(901));
    assert_eq!(told.took("a", Stage::Alerted), Some(950));
    assert_eq!(told.took("a", Stage::Healed), None);
    told.tell(5_000, K::DrillStarted, "a", "heal: undid every drill")
        .tell(9_000, K::LaneReleased, "a", "replaced")
        .tell(9_100, K::ProbePassed, "a", "")
        .tell(9_200, K::PreflightPassed, "a", "")
        .tell(9_900, K::PreflightPassed, "a", "");
    assert_eq!(told.took("a", Stage::Healed), Some(9_200));
    let receipt = told.receipts.of(&Plain::new("a")).unwrap();
    assert_eq!(receipt.injected.said.as_str(), "revoked the key of a");
    let proofs: Vec<_> = Stage::ALL
        .iter()
        .filter_map(|stage| receipt.mark(*stage))
        .map(|mark| mark.seq)
        .collect();
    assert_eq!(proofs, [1, 3, 4, 5, 12]);
}

#[test]
fn a_drill_that_holds_nothing_is_healed_by_the_next_good_answer() {
    let mut told = Told::new();
    told.tell(0, K::DrillStarted, "a", "throttle: limits a")
        .tell(10, K::ProbePassed, "a", "")
        .tell(20, K::RateLimited, "a", "")
        .tell(70, K::ProbePassed, "a", "");
    assert_eq!(told.took("a", Stage::Held), None);
    assert_eq!(told.took("a", Stage::Healed), Some(70));
}

#[test]
fn an_alert_that_arrives_just_after_the_end_still_counts_and_a_late_one_does_not() {
    for (at, counts) in [(9_000, true), (60_000, false)] {
        let mut told = Told::new();
        told.tell(0, K::DrillStarted, "a", "expire: ended a")
            .tell(20, K::ProbeFailed, "a", "")
            .tell(70, K::ProbePassed, "a", "")
            .tell(at, K::OperatorNotified, "a", "pager");
        assert_eq!(told.took("a", Stage::Alerted).is_some(), counts);
    }
}

#[test]
fn a_new_drill_or_an_engine_that_stops_ends_what_was_unfinished() {
    let mut told = Told::new();
    told.tell(0, K::DrillStarted, "a", "outage: a is down")
        .tell(10, K::DrillStarted, "a", "slow: a is slow");
    assert_eq!(told.receipts.len(), 2);
    let overs: Vec<_> = told.receipts.iter().map(|one| one.over).collect();
    assert_eq!(overs, [false, true]);
    told.tell(20, K::EngineStopped, "", "");
    assert!(told.receipts.iter().all(|one| !one.runs()));
    told.tell(30, K::ProbeFailed, "a", "");
    assert_eq!(told.took("a", Stage::Detected), None);
}
