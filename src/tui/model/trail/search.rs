//! Looking for a text among all records, a piece of the journal at a time.

use super::{RecordFilter, Told, Trail};
use crate::audit::Way;
use crate::tui::archive::{Came, Errand};
use crate::tui::model::Journal;
use std::sync::Arc;

/// What somebody looks for in the audit.
#[derive(Clone, Debug)]
pub struct Search {
    needle: Arc<RecordFilter>,
    /// In which direction it goes on, and with which number.
    going: Option<(Way, u64)>,
}

/// What a piece has brought.
pub(super) enum Step {
    /// Nothing yet.
    On,
    /// The record.
    Found(u64),
    /// There is none that way.
    Missed(String),
}

impl Search {
    pub(super) fn new(text: &str) -> Self {
        Self {
            needle: Arc::new(RecordFilter::needle(text)),
            going: None,
        }
    }

    /// What is looked for.
    pub fn needle(&self) -> &RecordFilter {
        &self.needle
    }

    /// Whether the journal is being looked through.
    pub const fn is_going(&self) -> bool {
        self.going.is_some()
    }

    /// Up to which number it has come.
    pub fn at(&self) -> Option<u64> {
        self.going.map(|(_, at)| at)
    }

    pub(super) const fn go(&mut self, way: Way, from: u64) {
        self.going = Some((way, from));
    }

    pub(super) const fn stop(&mut self) {
        self.going = None;
    }

    pub(super) fn errand(&self, filter: &Arc<RecordFilter>) -> Option<Errand> {
        let (way, from) = self.going?;
        Some(Errand::Read {
            from,
            way,
            records: 1,
            filter: Arc::clone(filter),
            also: Some(Arc::clone(&self.needle)),
        })
    }

    pub(super) fn learn(&mut self, came: &Came) -> Step {
        // Stopped while this piece was being read.
        let Some((way, _)) = self.going else {
            return Step::On;
        };
        if let Some(found) = came.records.first() {
            self.going = None;
            return Step::Found(found.seq);
        }
        let next = came.seen.and_then(|(low, high)| match way {
            Way::Older => low.checked_sub(1).filter(|next| *next > 0),
            Way::Newer => high.checked_add(1),
        });
        self.going = next.filter(|_| !came.at_end).map(|next| (way, next));
        if self.going.is_some() {
            return Step::On;
        }
        Step::Missed(self.missed(way))
    }

    pub(super) fn missed(&self, way: Way) -> String {
        let side = match way {
            Way::Older => "further back",
            Way::Newer => "nearer to now",
        };
        format!("no record {side} has {:?}", self.needle.text())
    }
}

impl Trail {
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
}
