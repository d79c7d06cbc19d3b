//! When an action makes sense: asked for the footer, the palette, and each key as it comes.

use crate::lane::Gate;
use crate::tui::model::{Ask, GroupBy, Model, Overlay, Pane};

pub(super) const fn always(_: &Model) -> bool {
    true
}

pub(super) fn any_lane(model: &Model) -> bool {
    model.any_target(|_| true)
}

pub(super) fn held(model: &Model) -> bool {
    model.any_target(|lane| lane.gate == Gate::Held)
}

pub(super) fn paused(model: &Model) -> bool {
    model.any_target(|lane| lane.pause.is_some())
}

pub(super) fn pausable(model: &Model) -> bool {
    model.any_target(|lane| lane.pause.is_none())
}

pub(super) fn sandboxed(model: &Model) -> bool {
    model.selection().is_some_and(|lane| lane.info.sandbox)
}

pub(super) fn drilled(model: &Model) -> bool {
    !model.receipts.is_empty()
}

pub(super) fn choosing(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Drills { .. }))
}

pub(super) fn copying(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Copy { .. }))
}

pub(super) fn markable(model: &Model) -> bool {
    model.lanes.shown() > 0
}

pub(super) fn marked(model: &Model) -> bool {
    model.lanes.marked() > 0
}

pub(super) fn grouped(model: &Model) -> bool {
    model.lanes.grouped_by() != GroupBy::None
}

pub(super) fn foldable(model: &Model) -> bool {
    model.group_here().is_some_and(|group| !group.folded)
}

pub(super) fn unfoldable(model: &Model) -> bool {
    model.group_here().is_some_and(|group| group.folded)
}

pub(super) fn on_a_head(model: &Model) -> bool {
    model.zoom.unwrap_or(model.focus) == Pane::Lanes && model.selected_group().is_some()
}

pub(super) fn in_audit(model: &Model) -> bool {
    model.zoom.unwrap_or(model.focus) == Pane::Audit
}

pub(super) fn on_a_record(model: &Model) -> bool {
    in_audit(model) && model.trail.selected(&model.journal).is_some()
}

pub(super) fn searching(model: &Model) -> bool {
    in_audit(model) && model.trail.search().is_some()
}

pub(super) fn exporting(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Export { .. }))
}

pub(super) fn has_cause(model: &Model) -> bool {
    match &model.overlay {
        Some(Overlay::Record(page)) => page.record().is_some_and(|record| record.cause.is_some()),
        _ => false,
    }
}

pub(super) fn pausing(model: &Model) -> bool {
    let form = match &model.overlay {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    };
    form.is_some_and(|form| form.order.ask == Ask::Pause)
}

pub(super) fn closable(model: &Model) -> bool {
    let trail = &model.trail;
    let audit = trail.cursor().is_some() || !trail.filter().is_empty() || trail.is_busy();
    let audit = audit || trail.search().is_some() || trail.export().is_some();
    model.zoom.is_some() || !model.lanes.filter().is_empty() || audit
}

pub(super) fn openable(model: &Model) -> bool {
    let open = model.zoom == Some(Pane::Detail) || in_audit(model);
    !open && !on_a_head(model) && model.lanes.rows() > 0
}

/// Whether what is typed has proposals; a text to look for has none.
pub(super) fn completing(model: &Model) -> bool {
    !matches!(model.overlay, Some(Overlay::Search(_)))
}
