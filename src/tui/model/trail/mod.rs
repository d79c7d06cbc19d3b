//! The audit as its pane shows it: which records, from where, and what has to be read for that.
//!
//! The newest records are in [`Journal`]'s ring; older ones are read from the file when somebody
//! scrolls there, and kept on a [`shelf`] of bounded length. A place is the number of a record, so it
//! holds while records come and go. Whatever must be read is asked for by [`Trail::errand`], a piece
//! at a time, and comes back by [`Trail::learn`].

mod export;
mod filter;
mod search;
mod shelf;

pub use export::Export;
pub use filter::{RECORD_FIELDS, RecordFilter, Severity};
pub use search::Search;

use super::Journal;
use crate::audit::{AuditRecord, Way};
use crate::plain::Plain;
use crate::tui::archive::{Answer, Ask, Came, Errand, Form};
use shelf::Shelf;
use std::collections::VecDeque;
use std::sync::Arc;

/// How far from the edge of what is known more is read.
const MARGIN: usize = 120;
/// How many records one errand brings.
const CHUNK: usize = 400;

/// What an errand under way is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// More records to scroll through, from that number on.
    Scroll(Way, u64),
    /// The next match.
    Search,
    /// The next piece of the export.
    Export,
    /// Taking away the file of an export that was stopped.
    Abandon,
    /// Nothing any more.
    Void,
    /// One record of a chain of causes.
    Cause(u64),
}

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

/// What the pane can scroll through now, oldest first: first from the shelf, then from the ring.
pub struct Run<'a> {
    old: std::collections::vec_deque::Iter<'a, Arc<AuditRecord>>,
    new: std::collections::vec_deque::Iter<'a, Arc<AuditRecord>>,
    /// Whether the newest record is at its end.
    whole: bool,
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
    fn index_of(&self, seq: u64) -> usize {
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

    fn last_index(&self) -> usize {
        self.len().saturating_sub(1)
    }
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

    /// What is being read is no longer wanted.
    const fn void(&mut self) {
        if let Some(Purpose::Scroll(..) | Purpose::Search) = self.under_way {
            self.under_way = Some(Purpose::Void);
        }
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

    /// From which number on the ring has every record.
    fn ring_from(&self, journal: &Journal) -> u64 {
        if self.is_archived() {
            journal.whole_from()
        } else {
            journal.oldest()
        }
    }

    /// Whether what is on the shelf ends where the ring begins.
    fn joined(&self, journal: &Journal) -> bool {
        let from = self.ring_from(journal);
        self.shelf.span.is_some_and(|(_, high)| {
            !self.is_archived() || from == u64::MAX || high.saturating_add(1) >= from
        })
    }

    /// Whether what is shown comes from the shelf alone.
    fn on_shelf(&self, journal: &Journal) -> bool {
        let from = self.ring_from(journal);
        let before = self.cursor.is_some_and(|at| at < from);
        before && !self.joined(journal)
    }

    /// From which number on everything up to what is shown is in memory.
    fn known_from(&self, journal: &Journal) -> u64 {
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
    fn first(&mut self, rows: usize, journal: &Journal) {
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
    fn hold(&mut self, journal: &Journal) {
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

    /// Begins to look for a text, from the selected record back; nothing typed ends the search.
    pub fn look_for(&mut self, text: &str, rows: usize, journal: &Journal) -> Option<Told> {
        self.void();
        self.search = None;
        if text.trim().is_empty() {
            return None;
        }
        self.search = Some(Search::new(text));
        self.seek(Way::Older, true, rows, journal)
    }

    /// Goes to the next match in a direction: one in memory at once, another after reading.
    pub fn seek(
        &mut self,
        way: Way,
        inclusive: bool,
        rows: usize,
        journal: &Journal,
    ) -> Option<Told> {
        self.go_on();
        let search = self.search.as_ref()?;
        let run = self.run(journal);
        let here = self.cursor.map_or(run.len(), |seq| run.index_of(seq));
        let mut found = None;
        match way {
            Way::Older => {
                let end = if inclusive { here + 1 } else { here };
                for at in (0..end.min(run.len())).rev() {
                    found = run.at(at).filter(|record| search.needle().wants(record));
                    if found.is_some() {
                        break;
                    }
                }
            }
            Way::Newer => {
                for at in here + 1..run.len() {
                    found = run.at(at).filter(|record| search.needle().wants(record));
                    if found.is_some() {
                        break;
                    }
                }
            }
        }
        if let Some(seq) = found.map(|record| record.seq) {
            self.go_to(seq, rows, journal);
            return None;
        }
        let next = match way {
            Way::Older if journal.is_empty() && self.shelf.span.is_none() => Some(u64::MAX),
            Way::Older => self.known_from(journal).checked_sub(1),
            Way::Newer if run.whole => None,
            Way::Newer => self.shelf.span.map(|(_, high)| high.saturating_add(1)),
        };
        let next = next.filter(|next| *next > 0 && self.is_archived());
        let search = self.search.as_mut()?;
        match next {
            Some(from) => {
                search.go(way, from);
                None
            }
            None => Some(Told::Note(search.missed(way))),
        }
    }

    /// Looks for nothing any more.
    pub fn forget_search(&mut self) {
        self.search = None;
    }

    /// What is looked for.
    pub const fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// Begins to write what the filter shows to a file.
    pub fn export_to(&mut self, path: std::path::PathBuf, form: Form) {
        self.export = Some(Export::new(path, form, Arc::clone(&self.filter)));
    }

    /// The export under way.
    pub const fn export(&self) -> Option<&Export> {
        self.export.as_ref()
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

    /// Whether everything about that number is in memory.
    fn covers(&self, seq: u64, journal: &Journal) -> bool {
        self.shelf.holds(seq) || seq >= self.ring_from(journal) || !self.is_archived()
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

    /// Takes up reading again.
    fn go_on(&mut self) {
        self.stopped = false;
        self.trouble = None;
    }

    /// Whether something is being read, sought or written.
    pub const fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Stops whatever is being sought, read or written; answers whether there was anything.
    pub fn stop(&mut self) -> bool {
        if let Some(export) = self.export.take() {
            self.abandon = Some(export.path);
            return true;
        }
        if self.search.as_ref().is_some_and(Search::is_going) {
            if let Some(search) = &mut self.search {
                search.stop();
            }
            return true;
        }
        let reading = matches!(self.under_way, Some(Purpose::Scroll(..))) && !self.stopped;
        let far = reading && !self.filter.is_empty();
        self.stopped |= far;
        self.to_first &= !far;
        far
    }

    /// Why nothing more can be read.
    pub const fn trouble(&self) -> Option<&Plain> {
        self.trouble.as_ref()
    }

    /// Up to which number was read back under the filter, while that goes on.
    pub fn reading_at(&self) -> Option<u64> {
        let reading = matches!(self.under_way, Some(Purpose::Scroll(..)));
        let filtered = reading && !self.filter.is_empty();
        self.shelf
            .span
            .filter(|_| filtered)
            .map(|(low, high)| match self.under_way {
                Some(Purpose::Scroll(Way::Newer, _)) => high,
                _ => low,
            })
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

    /// Asks for one record that is not in memory.
    pub fn want(&mut self, seq: u64) {
        if self.is_archived() && !self.asked.contains(&seq) {
            self.asked.push(seq);
            self.wanted.push(seq);
        }
    }

    /// Forgets the records that were fetched one by one.
    pub fn release(&mut self) {
        self.wanted.clear();
        self.asked.clear();
        self.fetched.clear();
    }

    /// What has to be read now for so many rows, if anything, unless an errand is under way.
    pub fn errand(&mut self, rows: usize, journal: &Journal) -> Option<Ask> {
        let reachable = self.is_archived() || self.abandon.is_some();
        if self.under_way.is_some() || !reachable {
            return None;
        }
        let (purpose, errand) = self.next_errand(rows, journal)?;
        self.ticket += 1;
        self.under_way = Some(purpose);
        Some(Ask {
            ticket: self.ticket,
            errand,
        })
    }

    fn next_errand(&mut self, rows: usize, journal: &Journal) -> Option<(Purpose, Errand)> {
        if let Some(path) = self.abandon.take() {
            return Some((Purpose::Abandon, Errand::Abandon(path)));
        }
        if let Some(export) = &self.export {
            return Some((Purpose::Export, export.errand()));
        }
        if let Some(errand) = self.search.as_ref().and_then(|it| it.errand(&self.filter)) {
            return Some((Purpose::Search, errand));
        }
        if let Some(seq) = self.wanted.pop() {
            let errand = Errand::Read {
                from: seq,
                way: Way::Newer,
                records: 1,
                filter: Arc::default(),
                also: None,
            };
            return Some((Purpose::Cause(seq), errand));
        }
        let (from, way) = self.shortage(rows, journal)?;
        let errand = Errand::Read {
            from,
            way,
            records: CHUNK,
            filter: Arc::clone(&self.filter),
            also: None,
        };
        Some((Purpose::Scroll(way, from), errand))
    }

    /// From where on more is needed, and in which direction.
    fn shortage(&self, rows: usize, journal: &Journal) -> Option<(u64, Way)> {
        if self.stopped || self.trouble.is_some() {
            return None;
        }
        if self.to_first {
            let next = self.shelf.span.map(|(_, high)| high.saturating_add(1));
            return Some((next.unwrap_or(1), Way::Newer));
        }
        if let Some(cursor) = self.cursor
            && !self.covers(cursor, journal)
        {
            return Some((cursor, Way::Older));
        }
        let run = self.run(journal);
        let (place, margin) = match self.cursor {
            None => (run.last_index(), 0),
            Some(seq) => (run.index_of(seq.min(self.bottom)), MARGIN),
        };
        let wanted = rows + margin;
        let shown = self.cursor.is_none() && run.len() >= rows;
        let known_from = self.known_from(journal);
        if !shown && place < wanted && known_from > 1 {
            // Nothing is known yet: the end of the file.
            let from = match known_from {
                u64::MAX => u64::MAX,
                from => from - 1,
            };
            return Some((from, Way::Older));
        }
        let after = run.last_index().saturating_sub(place);
        if !run.whole && after < wanted {
            let (_, high) = self.shelf.span?;
            return Some((high.saturating_add(1), Way::Newer));
        }
        None
    }

    /// Takes in what an errand brought. Answers what is to be said about it.
    pub fn learn(&mut self, answer: Answer, rows: usize, journal: &Journal) -> Option<Told> {
        if answer.ticket != self.ticket {
            return None;
        }
        let purpose = self.under_way.take()?;
        let came = match answer.came {
            Ok(came) => came,
            Err(why) => return self.failed(purpose, &why),
        };
        match purpose {
            Purpose::Scroll(way, from) => {
                self.shelve(way, from, came, journal);
                self.settle(rows, journal);
                None
            }
            Purpose::Search => {
                let search = self.search.as_mut()?;
                let found = search.learn(&came);
                match found {
                    search::Step::On => None,
                    search::Step::Found(seq) => {
                        self.go_to(seq, rows, journal);
                        None
                    }
                    search::Step::Missed(told) => Some(Told::Note(told)),
                }
            }
            Purpose::Export => {
                let export = self.export.as_mut()?;
                if !export.learn(&came) {
                    return None;
                }
                let told = export.told();
                self.export = None;
                Some(Told::Good(told))
            }
            Purpose::Cause(seq) => {
                let found = came.records.into_iter().find(|record| record.seq == seq);
                self.fetched.extend(found);
                None
            }
            Purpose::Abandon => {
                let told = "the export was stopped, and its file removed";
                Some(Told::Note(told.to_owned()))
            }
            Purpose::Void => None,
        }
    }

    fn failed(&mut self, purpose: Purpose, why: &Plain) -> Option<Told> {
        match purpose {
            Purpose::Search => self.search = None,
            Purpose::Export => self.export = None,
            Purpose::Scroll(..) => {
                self.to_first = false;
                self.trouble = Some(why.clone());
            }
            Purpose::Cause(_) | Purpose::Abandon | Purpose::Void => {}
        }
        // A journal that is not there yet is no trouble worth a word while nobody scrolls.
        let quiet = self.cursor.is_none() && matches!(purpose, Purpose::Scroll(..));
        (!quiet).then(|| Told::Bad(why.to_string()))
    }

    fn shelve(&mut self, way: Way, from: u64, came: Came, journal: &Journal) {
        if self.stopped {
            return;
        }
        let span = match (came.seen, way) {
            (Some((_, high)), Way::Older) => {
                let low = if came.at_end {
                    1
                } else {
                    came.seen.map_or(1, |seen| seen.0)
                };
                Some((
                    low,
                    if from == u64::MAX {
                        high
                    } else {
                        from.max(high)
                    },
                ))
            }
            (Some((low, high)), Way::Newer) => Some((from.min(low), high)),
            (None, Way::Older) if came.at_end => Some((1, if from == u64::MAX { 1 } else { from })),
            // The file ends here, so everything later is in the ring.
            (None, Way::Newer) if came.at_end => Some((from, journal.newest().max(from))),
            (None, _) => None,
        };
        let Some(span) = span else {
            let why = "these lines of the journal are no records: see `lanewatch audit verify`";
            self.trouble = Some(Plain::new(why));
            self.to_first = false;
            return;
        };
        self.shelf.take(way, span, came.records);
        if self.to_first
            && let Some(first) = self.shelf.records.front()
        {
            self.cursor = Some(first.seq);
            self.bottom = first.seq;
            self.to_first = false;
        }
        self.to_first &= !came.at_end;
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
