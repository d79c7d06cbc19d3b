//! Looking for a text among all records, a piece of the journal at a time.

use super::RecordFilter;
use crate::audit::Way;
use crate::tui::archive::{Came, Errand};
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
