//! What has to be read from the journal's file, a piece at a time, and what becomes of it when it
//! comes.

use super::search::{Search, Step};
use super::{MARGIN, Told, Trail};
use crate::audit::Way;
use crate::plain::Plain;
use crate::tui::archive::{Answer, Ask, Came, Errand};
use crate::tui::model::Journal;
use std::sync::Arc;

/// How many records one errand brings.
const CHUNK: usize = 400;

/// What an errand under way is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
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

impl Trail {
    /// What is being read is no longer wanted.
    pub(super) const fn void(&mut self) {
        if let Some(Purpose::Scroll(..) | Purpose::Search) = self.under_way {
            self.under_way = Some(Purpose::Void);
        }
    }

    /// Takes up reading again.
    pub(super) fn go_on(&mut self) {
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

    pub(super) fn next_errand(
        &mut self,
        rows: usize,
        journal: &Journal,
    ) -> Option<(Purpose, Errand)> {
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
    pub(super) fn shortage(&self, rows: usize, journal: &Journal) -> Option<(u64, Way)> {
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
                    Step::On => None,
                    Step::Found(seq) => {
                        self.go_to(seq, rows, journal);
                        None
                    }
                    Step::Missed(told) => Some(Told::Note(told)),
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

    pub(super) fn failed(&mut self, purpose: Purpose, why: &Plain) -> Option<Told> {
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

    pub(super) fn shelve(&mut self, way: Way, from: u64, came: Came, journal: &Journal) {
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
