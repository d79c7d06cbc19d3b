//! How a rotation ends, and what a person should do when it did not end well.

use super::super::change::todo;
use super::step::At;
use crate::audit::AuditRecord;
use crate::engine::LaneView;
use crate::lane::Outcome;

/// The step that the rotation ends with.
pub(super) enum End {
    /// The new one serves.
    Well,
    /// It does not, or the old one could not be let go of.
    Badly(Box<Last>),
}

/// A last line that tells of no success.
pub(super) struct Last {
    pub(super) at: At,
    pub(super) text: String,
    pub(super) record: Option<AuditRecord>,
}

impl End {
    pub(super) fn badly(at: At, text: String, record: Option<&AuditRecord>) -> Self {
        let record = record.cloned();
        Self::Badly(Box::new(Last { at, text, record }))
    }
}

/// What to do after the last line. `seen` is what its record saw, `refused` the last answer before it
/// that was no good.
pub(super) fn next_step(
    at: At,
    seen: Option<Outcome>,
    refused: Option<Outcome>,
    view: &LaneView,
) -> String {
    let page = view.info.rotate_url.as_ref();
    if at == At::RetireFailed {
        return match page {
            Some(page) => format!("Delete the old one yourself: {page}"),
            None => "Delete the old one yourself at its provider.".into(),
        };
    }
    // The grant or key was refused, or nothing newer was found: only another one helps.
    if at == At::Failed && refused.map_or(seen.is_none(), Outcome::is_terminal) {
        let source = &view.info.source;
        let page = page.map_or_else(String::new, |page| format!(" It is made at {page}"));
        return format!("Put a newer one into {source}: lanewatch takes it from there.{page}");
    }
    match todo(view) {
        todo if todo.is_empty() => {
            let name = &view.info.name;
            format!("What served before goes on: `lanewatch rotate {name}` tries again.")
        }
        todo => todo,
    }
}
