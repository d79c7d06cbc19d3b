//! The records that passed by: the last two thousand of all, and the last few of each lane.

use crate::audit::AuditRecord;
use crate::lane::LaneName;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// How many records the audit pane can scroll through.
pub const RECORDS_SHOWN: usize = 2_000;
/// How many records of one lane its story has.
const STORY: usize = 50;
/// How many records all stories have together. A quiet lane keeps its story long after the audit
/// pane has forgotten it, but ten thousand lanes must not keep half a million records.
const STORIES: usize = 6_000;

/// Records by number and by lane. Numbers rise from front to back.
#[derive(Default)]
pub struct Journal {
    records: VecDeque<Arc<AuditRecord>>,
    stories: HashMap<LaneName, VecDeque<Arc<AuditRecord>>>,
    arrivals: VecDeque<(LaneName, u64)>,
    skipped: u64,
    /// The first number after the last one that never got here.
    whole_from: u64,
}

impl Journal {
    /// Whether a record is newer than the newest; another one is a repetition.
    pub fn is_new(&self, record: &AuditRecord) -> bool {
        record.seq > self.newest() || self.records.is_empty()
    }

    /// Takes in a new record, and answers the one that had to go for it.
    pub fn push(&mut self, record: Arc<AuditRecord>) -> Option<Arc<AuditRecord>> {
        if !self.is_new(&record) {
            return None;
        }
        if record.seq > self.newest() + 1 {
            self.whole_from = record.seq;
        }
        if let Some(lane) = &record.lane {
            let story = self.stories.entry(lane.clone()).or_default();
            if story.len() >= STORY {
                story.pop_front();
            }
            story.push_back(Arc::clone(&record));
            self.arrivals.push_back((lane.clone(), record.seq));
        }
        while self.arrivals.len() > STORIES {
            self.forget_oldest();
        }
        let full = self.records.len() >= RECORDS_SHOWN;
        let dropped = if full { self.records.pop_front() } else { None };
        self.records.push_back(record);
        dropped
    }

    /// The number of the oldest; `u64::MAX` before the first.
    pub fn oldest(&self) -> u64 {
        self.records.front().map_or(u64::MAX, |record| record.seq)
    }

    /// The number from which on none is missing; `u64::MAX` before the first.
    pub fn whole_from(&self) -> u64 {
        self.oldest().max(self.whole_from)
    }

    /// Every record, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<AuditRecord>> {
        self.records.iter()
    }

    pub(super) const fn ring(&self) -> &VecDeque<Arc<AuditRecord>> {
        &self.records
    }

    fn forget_oldest(&mut self) {
        let Some((lane, seq)) = self.arrivals.pop_front() else {
            return;
        };
        let Some(story) = self.stories.get_mut(&lane) else {
            return;
        };
        if story.front().is_some_and(|oldest| oldest.seq <= seq) {
            story.pop_front();
        }
        if story.is_empty() {
            self.stories.remove(&lane);
        }
    }

    /// Puts other records in the place of all of them.
    pub fn replace(&mut self, mut other: impl FnMut(&Arc<AuditRecord>) -> Arc<AuditRecord>) {
        let stories = self.stories.values().flatten();
        let all = stories
            .chain(&self.records)
            .map(|record| (record.seq, record));
        let all: BTreeMap<_, _> = all.collect();
        let all: Vec<_> = all.into_values().map(&mut other).collect();
        *self = Self {
            skipped: self.skipped,
            ..Self::default()
        };
        for record in all {
            self.push(record);
        }
    }

    /// Counts records that the engine dropped before they got here.
    pub const fn skip(&mut self, records: u64) {
        self.skipped = self.skipped.saturating_add(records);
    }

    /// How many never got here.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The number of the newest; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.records.back().map_or(0, |record| record.seq)
    }

    /// Where the record of that number is, or the one that comes next after it.
    pub fn index_of(&self, seq: u64) -> usize {
        self.records.partition_point(|record| record.seq < seq)
    }

    /// The record at that place.
    pub fn at(&self, index: usize) -> Option<&Arc<AuditRecord>> {
        self.records.get(index)
    }

    /// What is remembered of a lane, newest first.
    pub fn story(&self, lane: &LaneName) -> impl Iterator<Item = &Arc<AuditRecord>> {
        self.stories
            .get(lane)
            .into_iter()
            .flat_map(|story| story.iter().rev())
    }
}
