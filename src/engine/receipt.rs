//! The receipt of a drill: what was done to an upstream, what was seen of it, when, and which
//! records say so.
//!
//! A receipt is put together from the audit's records and from nothing else, so the screen, which
//! sees them come, and `lanewatch audit receipts`, which reads them later, show the same one.

use crate::audit::AuditRecord;
use crate::lane::{Actor, LaneName, RecordKind, Wall};
use crate::plain::Plain;
use crate::sandbox::Drill;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// How many receipts are kept; the oldest go first.
const KEPT: usize = 64;
/// How long after the end of a drill an alert may still arrive. A token that is refreshed at once
/// is good again before anybody has taken the message.
const ALERT_LATE: Duration = Duration::from_secs(10);

/// What a drill goes through, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The upstream began to misbehave.
    Injected,
    /// A record says that it does.
    Detected,
    /// The lane was held. Not every drill comes to this.
    Held,
    /// Somebody was told.
    Alerted,
    /// A proven credential serves again.
    Healed,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 5] = [
        Self::Injected,
        Self::Detected,
        Self::Held,
        Self::Alerted,
        Self::Healed,
    ];

    /// Its name, as it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Detected => "detected",
            Self::Held => "held",
            Self::Alerted => "alerted",
            Self::Healed => "healed",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A stage that was reached, and the record that proves it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Mark {
    /// The record's number.
    pub seq: u64,
    /// When it was written.
    pub at: Wall,
    /// What kind of record it is.
    pub kind: RecordKind,
    /// What it says: the outcome and its evidence, or its note.
    pub said: Plain,
}

impl Mark {
    fn of(record: &AuditRecord) -> Self {
        let detail = record.evidence.as_ref().and_then(|evidence| {
            let code = evidence.provider_code.as_ref();
            code.or(evidence.detail.as_ref())
        });
        let said = match (record.outcome, detail, &record.note) {
            (Some(outcome), Some(detail), _) => Plain::new(&format!("{outcome}: {detail}")),
            (Some(outcome), None, _) => Plain::new(outcome.as_str()),
            (None, _, Some(note)) => note.clone(),
            (None, _, None) => Plain::new(""),
        };
        Self {
            seq: record.seq,
            at: record.ts,
            kind: record.kind,
            said,
        }
    }
}

/// What came of one drill.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Receipt {
    /// Of which lane.
    pub lane: LaneName,
    /// Which drill.
    pub drill: Drill,
    /// In whose name.
    pub by: Actor,
    /// When it began; the record says what was done.
    pub injected: Mark,
    /// The first sign of it.
    pub detected: Option<Mark>,
    /// The hold.
    pub held: Option<Mark>,
    /// When a person lifted the hold.
    pub released: Option<Mark>,
    /// The first alert that was sent after the first sign.
    pub alerted: Option<Mark>,
    /// When a proven credential served again.
    pub healed: Option<Mark>,
    /// Whether nothing more will come: another drill was begun on the lane, or the engine stopped.
    pub over: bool,
}

impl Receipt {
    /// The record of a stage, if it was reached.
    pub const fn mark(&self, stage: Stage) -> Option<&Mark> {
        match stage {
            Stage::Injected => Some(&self.injected),
            Stage::Detected => self.detected.as_ref(),
            Stage::Held => self.held.as_ref(),
            Stage::Alerted => self.alerted.as_ref(),
            Stage::Healed => self.healed.as_ref(),
        }
    }

    /// From the beginning to a stage, if it was reached.
    pub fn took(&self, stage: Stage) -> Option<Duration> {
        Some(self.mark(stage)?.at.since(self.injected.at))
    }

    /// Whether there is more to come.
    pub const fn runs(&self) -> bool {
        !self.over && self.healed.is_none()
    }

    fn take(&mut self, record: &AuditRecord) {
        use RecordKind as K;
        let mark = || Some(Mark::of(record));
        let is_sign = match record.kind {
            K::RevocationDetected
            | K::TokenExpired
            | K::ProbeFailed
            | K::ScopeChanged
            | K::RateLimited
            | K::RefreshFailed
            | K::RefreshUncertain
            | K::NeighborAllowed
            | K::CredentialLoadFailed
            | K::DegradedOpened
            | K::PreflightRefused
            | K::LaneHeld => true,
            // An end that the upstream announces is found by its announcement.
            K::WarningRaised => self.drill == Drill::Expire,
            _ => false,
        };
        if is_sign && self.detected.is_none() {
            self.detected = mark();
        }
        let Some(detected) = &self.detected else {
            return;
        };
        match record.kind {
            K::LaneHeld if self.held.is_none() => self.held = mark(),
            K::LaneReleased if self.held.is_some() => self.released = mark(),
            K::OperatorNotified if self.alerted.is_none() && record.seq > detected.seq => {
                self.alerted = mark();
            }
            // Behind a hold a good answer is not enough: a person and pre-flight stand before it.
            K::PreflightPassed if self.held.is_none() || self.released.is_some() => {
                self.healed = mark();
            }
            K::ProbePassed | K::DegradedClosed if self.held.is_none() => self.healed = mark(),
            _ => {}
        }
    }
}

/// The receipts of the drills that the records told of, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    all: VecDeque<Receipt>,
}

impl Receipts {
    /// Takes in the next record of the audit.
    pub fn take(&mut self, record: &AuditRecord) {
        if matches!(
            record.kind,
            RecordKind::EngineStarted | RecordKind::EngineStopped
        ) {
            for receipt in &mut self.all {
                receipt.over = receipt.over || receipt.healed.is_none();
            }
        }
        let Some(lane) = &record.lane else { return };
        let known = self.all.iter_mut().rev().find(|one| one.lane == *lane);
        if record.kind == RecordKind::DrillStarted {
            let Some((drill, done)) = drill_of(record) else {
                return;
            };
            // To heal is the end of a drill, not a drill of its own.
            if drill == Drill::Heal {
                return;
            }
            if let Some(before) = known {
                before.over = before.over || before.healed.is_none();
            }
            if self.all.len() >= KEPT {
                self.all.pop_front();
            }
            self.all.push_back(Receipt {
                lane: lane.clone(),
                drill,
                by: record.actor.clone(),
                injected: Mark {
                    said: done,
                    ..Mark::of(record)
                },
                detected: None,
                held: None,
                released: None,
                alerted: None,
                healed: None,
                over: false,
            });
        } else if let Some(receipt) = known {
            let late_alert = receipt.alerted.is_none()
                && record.kind == RecordKind::OperatorNotified
                && receipt
                    .healed
                    .as_ref()
                    .is_some_and(|healed| record.ts.since(healed.at) <= ALERT_LATE);
            if receipt.runs() || late_alert {
                receipt.take(record);
            }
        }
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Receipt> {
        self.all.iter().rev()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The newest of a lane.
    pub fn of(&self, lane: &LaneName) -> Option<&Receipt> {
        self.iter().find(|receipt| receipt.lane == *lane)
    }
}

/// Which drill a record began, and what was done, as the engine writes it: `revoke: revoked …`.
fn drill_of(record: &AuditRecord) -> Option<(Drill, Plain)> {
    let note = record.note.as_ref()?;
    let (name, done) = note.as_str().split_once(": ")?;
    let drill = Drill::ALL
        .into_iter()
        .find(|drill| drill.as_str() == name)?;
    Some((drill, Plain::new(done)))
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
