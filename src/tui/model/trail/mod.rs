//! The audit as its pane shows it: which records, from where, and what has to be read for that.
//!
//! The newest records are in [`Journal`]'s ring; older ones are read from the file when somebody
//! scrolls there, and kept on a [`shelf`] of bounded length. A place is the number of a record, so it
//! holds while records come and go ([`place`]). What is in memory makes one run of records
//! ([`known`]). Whatever must be read is asked for by [`Trail::errand`], a piece at a time, and comes
//! back by [`Trail::learn`] ([`reading`]).

mod export;
mod filter;
mod known;
mod place;
mod reading;
mod search;
mod shelf;

pub use export::Export;
pub use filter::{RECORD_FIELDS, RecordFilter, Severity};
pub use known::Run;
pub use search::Search;

use super::Journal;
use crate::audit::AuditRecord;
use crate::plain::Plain;
use crate::tui::archive::Form;
use reading::Purpose;
use shelf::Shelf;
use std::collections::VecDeque;
use std::sync::Arc;

/// How far from the edge of what is known more is read.
const MARGIN: usize = 120;

/// The state of the audit pane.
#[derive(Default)]
pub struct Trail {
    filter: Arc<RecordFilter>,
    /// Those of the ring that the filter wants; unused without a filter.
    passing: VecDeque<Arc<AuditRecord>>,
    shelf: Shelf,
    /// The selected record; `None` follows the newest.
    cursor: Option<u64>,
    /// The record on the last line, while not following.
    bottom: u64,
    /// Whether the journal's file can be read.
    archived: bool,
    /// Whether names are masked: the file has the real ones, so it is left alone.
    private: bool,
    /// The number of the last errand, and what it is for while it is under way.
    ticket: u64,
    under_way: Option<Purpose>,
    /// Somebody stopped the reading; the next move goes on with it.
    stopped: bool,
    /// Go to the first record as soon as it was read.
    to_first: bool,
    /// Show the selected record in the middle as soon as enough was read around it.
    center: bool,
    trouble: Option<Plain>,
    search: Option<Search>,
    export: Option<Export>,
    abandon: Option<std::path::PathBuf>,
    /// Records that a page wants to show and that are not in memory, and those asked for already.
    wanted: Vec<u64>,
    asked: Vec<u64>,
    fetched: Vec<Arc<AuditRecord>>,
}

impl Trail {
    /// Says that the journal's file can be read.
    pub const fn connect(&mut self) {
        self.archived = true;
    }

    /// Whether older records than those in memory can be reached.
    pub const fn is_archived(&self) -> bool {
        self.archived && !self.private
    }

    /// Names are masked from now on, or no longer. Everything that quotes one is forgotten.
    pub fn set_private(&mut self, private: bool) {
        self.stop();
        self.private = private;
        self.filter = Arc::default();
        self.passing.clear();
        self.search = None;
        self.release();
        self.follow();
        if self.under_way.is_some() && self.under_way != Some(Purpose::Abandon) {
            self.under_way = Some(Purpose::Void);
        }
    }

    /// The filter in force.
    pub fn filter(&self) -> &RecordFilter {
        &self.filter
    }

    /// Shows other records.
    pub fn filter_by(&mut self, filter: RecordFilter, journal: &Journal) {
        if *self.filter == filter {
            return;
        }
        self.filter = Arc::new(filter);
        self.passing.clear();
        if !self.filter.is_empty() {
            let wanted = journal.all().filter(|record| self.filter.wants(record));
            self.passing.extend(wanted.cloned());
        }
        self.shelf.clear();
        self.void();
        self.go_on();
    }

    /// Takes in a record that has just come, and the one that the ring dropped for it.
    pub fn came(&mut self, record: &Arc<AuditRecord>, dropped: Option<Arc<AuditRecord>>) {
        if !self.filter.is_empty() && self.filter.wants(record) {
            self.passing.push_back(Arc::clone(record));
        }
        let Some(dropped) = dropped else { return };
        while self
            .passing
            .front()
            .is_some_and(|front| front.seq <= dropped.seq)
        {
            self.passing.pop_front();
        }
        // What is looked at stays where it is.
        let Some(cursor) = self.cursor else { return };
        let near = self.bottom.saturating_add(MARGIN as u64);
        if dropped.seq > near {
            return;
        }
        let next = |(_, high): (u64, u64)| high.saturating_add(1) >= dropped.seq;
        if !self.shelf.span.is_none_or(next) {
            if cursor < dropped.seq {
                return;
            }
            self.shelf.clear();
        }
        if !self.shelf.holds(dropped.seq) {
            let wanted = self.filter.wants(&dropped);
            self.shelf.push(&dropped, wanted);
        }
    }

    /// Begins to write what the filter shows to a file.
    pub fn export_to(&mut self, path: std::path::PathBuf, form: Form) {
        self.export = Some(Export::new(path, form, Arc::clone(&self.filter)));
    }

    /// The export under way.
    pub const fn export(&self) -> Option<&Export> {
        self.export.as_ref()
    }
}

/// A sentence for the status line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It is done.
    Good(String),
    /// It is not done, and that is no failure.
    Note(String),
    /// It failed.
    Bad(String),
}
