//! Where in the audit the pane stands, and how it moves: a place is the number of a record, so it
//! holds while others come and go.

use super::Trail;
use crate::audit::AuditRecord;
use crate::tui::model::Journal;
use std::sync::Arc;

impl Trail {
    /// The number of the selected record; `None` while following.
    pub const fn cursor(&self) -> Option<u64> {
        self.cursor
    }

    /// The selected record, or the newest.
    pub fn selected<'a>(&'a self, journal: &'a Journal) -> Option<&'a Arc<AuditRecord>> {
        let run = self.run(journal);
        let at = self
            .cursor
            .map_or(run.last_index(), |seq| run.index_of(seq));
        run.at(at.min(run.last_index()))
    }

    /// Follows the newest record.
    pub fn follow(&mut self) {
        self.cursor = None;
        self.to_first = false;
        self.center = false;
        self.shelf.clear();
        self.void();
        self.go_on();
    }

    /// Moves the selection by so many records; at the newest it follows.
    pub fn scroll(&mut self, by: isize, rows: usize, journal: &Journal) {
        self.go_on();
        if by == isize::MAX {
            return self.follow();
        }
        if by == isize::MIN && self.is_archived() && self.ring_from(journal) > 1 {
            return self.first(rows, journal);
        }
        let run = self.run(journal);
        let last = run.last_index();
        let at = self.cursor.map_or(last, |seq| run.index_of(seq).min(last));
        let next = at.saturating_add_signed(by).min(last);
        if next == last && run.whole {
            return self.follow();
        }
        let seq = run.at(next).map(|record| record.seq);
        self.hold(journal);
        if let Some(seq) = seq {
            self.cursor = Some(seq);
        }
        self.settle(rows, journal);
    }

    /// To the first record of the file.
    pub(super) fn first(&mut self, rows: usize, journal: &Journal) {
        // Held here until it is read.
        self.hold(journal);
        if self.shelf.span.is_none_or(|(low, _)| low > 1) {
            self.shelf.clear();
            self.void();
            self.to_first = true;
        } else if let Some(first) = self.shelf.records.front() {
            self.cursor = Some(first.seq);
            self.bottom = first.seq;
            self.settle(rows, journal);
        }
    }

    /// Stops following where the pane stands.
    pub(super) fn hold(&mut self, journal: &Journal) {
        self.center = false;
        if self.cursor.is_none() {
            let run = self.run(journal);
            let newest = run.at(run.last_index()).map(|record| record.seq);
            self.cursor = newest;
            self.bottom = newest.unwrap_or(0);
        }
    }

    /// Selects that record and shows it in the middle.
    pub fn go_to(&mut self, seq: u64, rows: usize, journal: &Journal) {
        self.go_on();
        self.to_first = false;
        if !self.covers(seq, journal) {
            self.void();
        }
        self.cursor = Some(seq);
        self.bottom = seq;
        self.center = true;
        self.settle(rows, journal);
    }

    /// Keeps the selected record among so many rows.
    pub fn settle(&mut self, rows: usize, journal: &Journal) {
        let Some(cursor) = self.cursor else { return };
        let run = self.run(journal);
        if run.is_empty() || rows == 0 {
            return;
        }
        let last = run.last_index();
        let at = run.index_of(cursor).min(last);
        let held = run.index_of(self.bottom).min(last);
        let lowest = (at + rows - 1).min(last);
        let middle = at + rows / 2;
        let held = if self.center { middle.min(last) } else { held };
        let bottom = held.clamp(at, lowest).max((rows - 1).min(last));
        let seq = run.at(bottom).map(|record| record.seq);
        let centered = middle <= last || run.whole;
        // A place that was not read yet is not given up for what happens to be known.
        let known = self.covers(cursor, journal) && !self.to_first;
        if let Some(seq) = seq.filter(|_| known) {
            self.bottom = seq;
            self.center &= !centered;
        }
    }

    /// The records of so many rows, oldest first.
    pub fn window<'a>(&'a self, rows: usize, journal: &'a Journal) -> Vec<&'a Arc<AuditRecord>> {
        let run = self.run(journal);
        let end = match self.cursor {
            None => run.len(),
            Some(_) => (run.index_of(self.bottom) + 1).min(run.len()),
        };
        let end = end.max(rows.min(run.len()));
        (end.saturating_sub(rows)..end)
            .filter_map(|at| run.at(at))
            .collect()
    }
}
