//! Carrying away what the pane shows, a piece of the journal at a time.

use super::RecordFilter;
use crate::tui::archive::{Came, Errand, Form};
use std::path::PathBuf;
use std::sync::Arc;

/// An export under way.
#[derive(Clone, Debug)]
pub struct Export {
    pub(super) path: PathBuf,
    form: Form,
    filter: Arc<RecordFilter>,
    from: u64,
    written: u64,
}

impl Export {
    pub(super) const fn new(path: PathBuf, form: Form, filter: Arc<RecordFilter>) -> Self {
        Self {
            path,
            form,
            filter,
            from: 1,
            written: 0,
        }
    }

    /// Up to which number it has come.
    pub const fn at(&self) -> u64 {
        self.from
    }

    pub(super) fn errand(&self) -> Errand {
        Errand::Export {
            path: self.path.clone(),
            form: self.form,
            from: self.from,
            filter: Arc::clone(&self.filter),
        }
    }

    /// Answers whether it is done.
    pub(super) fn learn(&mut self, came: &Came) -> bool {
        self.written += came.count;
        if let Some((_, high)) = came.seen {
            self.from = high.saturating_add(1);
        }
        // A piece without a single record would be read for ever.
        came.at_end || came.seen.is_none()
    }

    pub(super) fn told(&self) -> String {
        let records = match self.written {
            1 => "1 record".to_owned(),
            many => format!("{many} records"),
        };
        format!("{records} written to {}", self.path.display())
    }
}
