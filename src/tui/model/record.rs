//! One record on a page of its own, and the records that brought it about.

use super::{Journal, Trail};
use crate::audit::AuditRecord;
use std::sync::Arc;

/// How far a chain of causes is followed.
const CHAIN: usize = 12;

/// The page: the last record of the stack; the ones below it are gone back to.
#[derive(Clone, Debug)]
pub struct RecordPage {
    stack: Vec<Arc<AuditRecord>>,
    /// First line shown.
    pub top: usize,
}

impl RecordPage {
    /// Opens a record.
    pub fn new(record: Arc<AuditRecord>) -> Self {
        Self {
            stack: vec![record],
            top: 0,
        }
    }

    /// The record shown.
    pub fn record(&self) -> Option<&Arc<AuditRecord>> {
        self.stack.last()
    }

    /// Shows another record; going back leads here.
    pub fn push(&mut self, record: Arc<AuditRecord>) {
        self.stack.push(record);
        self.top = 0;
    }

    /// Shows another record instead of this one.
    pub fn replace(&mut self, record: Arc<AuditRecord>) {
        self.stack.pop();
        self.push(record);
    }

    /// Goes back; answers whether there was a way back.
    pub fn pop(&mut self) -> bool {
        if self.stack.len() > 1 {
            self.stack.pop();
            self.top = 0;
            return true;
        }
        false
    }

    /// What brought the record about, and what brought that about, as far as it is in memory; and
    /// the number of the first that is not.
    pub fn chain<'a>(
        &self,
        trail: &'a Trail,
        journal: &'a Journal,
    ) -> (Vec<&'a Arc<AuditRecord>>, Option<u64>) {
        let mut chain: Vec<&Arc<AuditRecord>> = Vec::new();
        let Some(record) = self.record() else {
            return (chain, None);
        };
        let (mut last, mut next) = (record.seq, record.cause);
        // A cause always comes before its effect; a journal that says otherwise is not followed.
        while let Some(seq) = next.filter(|next| *next < last && chain.len() < CHAIN) {
            let Some(cause) = trail.find(seq, journal) else {
                return (chain, Some(seq));
            };
            chain.push(cause);
            (last, next) = (seq, cause.cause);
        }
        (chain, None)
    }
}
