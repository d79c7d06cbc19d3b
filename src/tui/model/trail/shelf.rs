//! Records read back from the journal: one unbroken stretch of it, bounded.

use crate::audit::{AuditRecord, Way};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most records that are kept at once.
pub(super) const KEPT: usize = 1_500;

/// Every wanted record between two numbers.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) records: VecDeque<Arc<AuditRecord>>,
    /// The first and last number of the stretch, wanted or not; `None` while there is none.
    pub(super) span: Option<(u64, u64)>,
}

impl Shelf {
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.span = None;
    }

    pub(super) fn holds(&self, seq: u64) -> bool {
        self.span
            .is_some_and(|(low, high)| (low..=high).contains(&seq))
    }

    /// Takes in what was read on from one of its ends, or begins anew with it.
    pub(super) fn take(&mut self, way: Way, span: (u64, u64), records: Vec<Arc<AuditRecord>>) {
        let joined = self.span.and_then(|(low, high)| match way {
            Way::Older if (low..=high.saturating_add(1)).contains(&span.1.saturating_add(1)) => {
                Some((span.0.min(low), high))
            }
            Way::Newer if (low..=high.saturating_add(1)).contains(&span.0) => {
                Some((low, span.1.max(high)))
            }
            _ => None,
        });
        let Some((low, high)) = joined else {
            self.records = records.into();
            self.span = Some(span);
            return;
        };
        self.span = Some((low, high));
        match way {
            Way::Older => {
                let first = self.records.front().map_or(u64::MAX, |first| first.seq);
                for record in records.into_iter().rev().filter(|old| old.seq < first) {
                    self.records.push_front(record);
                }
            }
            Way::Newer => {
                let last = self.records.back().map_or(0, |last| last.seq);
                self.records
                    .extend(records.into_iter().filter(|new| new.seq > last));
            }
        }
        self.trim(way);
    }

    /// Adds the record that comes next after its last.
    pub(super) fn push(&mut self, record: &Arc<AuditRecord>, wanted: bool) {
        let seq = record.seq;
        self.span = Some(self.span.map_or((seq, seq), |(low, _)| (low, seq)));
        if wanted {
            self.records.push_back(Arc::clone(record));
            self.trim(Way::Newer);
        }
    }

    /// Forgets what is too many, at the end that is not read on from.
    fn trim(&mut self, grown: Way) {
        while self.records.len() > KEPT {
            match grown {
                Way::Older => self.records.pop_back(),
                Way::Newer => self.records.pop_front(),
            };
            let ends = (self.records.front(), self.records.back());
            if let (Some((low, high)), (Some(first), Some(last))) = (&mut self.span, ends) {
                match grown {
                    Way::Older => *high = last.seq,
                    Way::Newer => *low = first.seq,
                }
            }
        }
    }
}
