//! What of the audit is in memory: the shelf, the ring, and how they join to one run of records.

use super::Trail;
use crate::audit::AuditRecord;
use crate::tui::model::Journal;
use std::sync::Arc;

/// What the pane can scroll through now, oldest first: first from the shelf, then from the ring.
pub struct Run<'a> {
    old: std::collections::vec_deque::Iter<'a, Arc<AuditRecord>>,
    new: std::collections::vec_deque::Iter<'a, Arc<AuditRecord>>,
    /// Whether the newest record is at its end.
    pub(super) whole: bool,
}

impl<'a> Run<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.old.len() + self.new.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record at a place.
    pub fn at(&self, index: usize) -> Option<&'a Arc<AuditRecord>> {
        match index.checked_sub(self.old.len()) {
            None => self.old.clone().nth(index),
            Some(index) => self.new.clone().nth(index),
        }
    }

    /// The place of the first record with that number or a higher one.
    pub(super) fn index_of(&self, seq: u64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.at(middle).is_some_and(|record| record.seq < seq) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(super) fn last_index(&self) -> usize {
        self.len().saturating_sub(1)
    }
}

impl Trail {
    /// From which number on the ring has every record.
    pub(super) fn ring_from(&self, journal: &Journal) -> u64 {
        if self.is_archived() {
            journal.whole_from()
        } else {
            journal.oldest()
        }
    }

    /// Whether what is on the shelf ends where the ring begins.
    pub(super) fn joined(&self, journal: &Journal) -> bool {
        let from = self.ring_from(journal);
        self.shelf.span.is_some_and(|(_, high)| {
            !self.is_archived() || from == u64::MAX || high.saturating_add(1) >= from
        })
    }

    /// Whether what is shown comes from the shelf alone.
    pub(super) fn on_shelf(&self, journal: &Journal) -> bool {
        let from = self.ring_from(journal);
        let before = self.cursor.is_some_and(|at| at < from);
        before && !self.joined(journal)
    }

    /// From which number on everything up to what is shown is in memory.
    pub(super) fn known_from(&self, journal: &Journal) -> u64 {
        let usable = self.joined(journal) || self.on_shelf(journal);
        let low = self.shelf.span.filter(|_| usable).map(|(low, _)| low);
        low.unwrap_or_else(|| self.ring_from(journal))
    }

    /// What can be scrolled through now.
    pub fn run<'a>(&'a self, journal: &'a Journal) -> Run<'a> {
        let from = self.ring_from(journal);
        let joined = self.joined(journal);
        let on_shelf = self.on_shelf(journal);
        let ring = if self.filter.is_empty() {
            journal.ring()
        } else {
            &self.passing
        };
        let ring_start = ring.partition_point(|record| record.seq < from);
        let shelf = &self.shelf.records;
        let shelf_end = shelf.partition_point(|record| record.seq < from);
        let none = shelf.range(0..0);
        match (joined, on_shelf) {
            (true, _) => Run {
                old: shelf.range(..shelf_end),
                new: ring.range(ring_start..),
                whole: true,
            },
            (false, true) => Run {
                old: shelf.range(..),
                new: ring.range(0..0),
                whole: false,
            },
            (false, false) => Run {
                old: none,
                new: ring.range(ring_start..),
                whole: true,
            },
        }
    }

    /// Whether everything about that number is in memory.
    pub(super) fn covers(&self, seq: u64, journal: &Journal) -> bool {
        self.shelf.holds(seq) || seq >= self.ring_from(journal) || !self.is_archived()
    }

    /// A record by its number, if it is in memory.
    pub fn find<'a>(&'a self, seq: u64, journal: &'a Journal) -> Option<&'a Arc<AuditRecord>> {
        let in_ring = journal
            .at(journal.index_of(seq))
            .filter(|record| record.seq == seq);
        let shelf = &self.shelf.records;
        let on_shelf = || {
            let at = shelf.partition_point(|record| record.seq < seq);
            shelf.get(at).filter(|record| record.seq == seq)
        };
        let fetched = || self.fetched.iter().find(|record| record.seq == seq);
        in_ring.or_else(on_shelf).or_else(fetched)
    }
}
