//! What keys do while the panes have them.

use super::{Effect, copy, order, trail};
use crate::tui::keymap::Action;
use crate::tui::model::{
    Ask, Filter, GroupBy, Model, Overlay, Palette, Pane, RecordFilter, Sort, Tone,
};
use crate::tui::view::{self, Layout};
use tui_input::Input;

pub(super) fn act(model: &mut Model, action: Action) -> Option<Effect> {
    let page = isize::try_from(page(model)).unwrap_or(1);
    match action {
        Action::Down => scroll(model, 1),
        Action::Up => scroll(model, -1),
        Action::PageDown => scroll(model, page),
        Action::PageUp => scroll(model, -page),
        Action::First => scroll(model, isize::MIN),
        Action::Last => scroll(model, isize::MAX),
        Action::Open => model.zoom = Some(Pane::Detail),
        Action::Search
        | Action::SearchNext
        | Action::SearchPrevious
        | Action::Records
        | Action::Record
        | Action::Export => trail::act(model, action),
        Action::Copy => copy::offer(model, None),
        Action::Palette => model.overlay = Some(Overlay::Palette(Palette::default())),
        Action::Back => back(model),
        Action::FocusNext => focus(model, true),
        Action::FocusPrevious => focus(model, false),
        Action::Zoom => {
            model.zoom = match model.zoom {
                Some(_) => None,
                None => Some(model.focus),
            };
        }
        Action::Filter => {
            let text = model.lanes.filter().text().to_owned();
            model.overlay = Some(Overlay::Filter(Input::new(text)));
        }
        Action::Sort => {
            let columns = model.columns.shown().map(|choice| choice.column);
            let by = model.lanes.sort().by.next(columns);
            resort(
                model,
                Sort {
                    by,
                    reversed: false,
                },
            );
        }
        Action::SortReverse => {
            let Sort { by, reversed } = model.lanes.sort();
            resort(
                model,
                Sort {
                    by,
                    reversed: !reversed,
                },
            );
        }
        Action::Group => {
            let by = model.lanes.grouped_by().next();
            group(model, by);
        }
        Action::Fold => fold(model, |_| true),
        Action::Unfold => fold(model, |_| false),
        Action::FoldToggle => fold(model, |folded| !folded),
        Action::FoldAll => model.fold_all(true),
        Action::UnfoldAll => model.fold_all(false),
        Action::Columns => model.overlay = Some(Overlay::Columns { row: 0 }),
        Action::Mark => mark(model),
        Action::MarkAll => model.lanes.mark_shown(|_| true),
        Action::MarkInvert => model.lanes.mark_shown(|marked| !marked),
        Action::MarkNone => model.lanes.unmark(),
        Action::NextLane => model.select_neighbor(true),
        Action::PreviousLane => model.select_neighbor(false),
        Action::Private => {
            let private = !model.mask.is_on();
            model.set_private(private);
            let text = if private {
                "names are masked"
            } else {
                "names are shown"
            };
            model.say(Tone::Note, text);
        }
        Action::Mouse => {
            model.mouse = !model.mouse;
            let text = if model.mouse {
                "the mouse is listened to; with shift the terminal still selects text"
            } else {
                "the mouse is the terminal's"
            };
            model.say(Tone::Note, text);
        }
        Action::Help => model.overlay = Some(Overlay::Help { top: 0 }),
        Action::Redraw => return Some(Effect::Redraw),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Quit => return Some(Effect::Quit),
        Action::Refresh => return order::begin(model, Ask::Refresh),
        Action::Rotate => return order::begin(model, Ask::Rotate),
        Action::Pause => return order::begin(model, Ask::Pause),
        Action::Resume => return order::begin(model, Ask::Resume),
        Action::Release => return order::begin(model, Ask::Release),
        Action::Receipts => model.overlay = Some(Overlay::Receipts { row: 0 }),
        Action::Drill => {
            let lane = model.selection()?.info.name.clone();
            model.overlay = Some(Overlay::Drills { lane, row: 0 });
        }
        Action::Accept
        | Action::Cancel
        | Action::Yes
        | Action::Cause
        | Action::Older
        | Action::Newer
        | Action::Format
        | Action::Complete
        | Action::CompleteBack
        | Action::Other
        | Action::ToggleColumn
        | Action::ColumnLeft
        | Action::ColumnRight
        | Action::Wider
        | Action::Narrower
        | Action::Reset => {}
    }
    None
}

fn fold(model: &mut Model, change: impl Fn(bool) -> bool) {
    if let Some(group) = model.group_here() {
        let (key, folded) = (group.key.clone(), change(group.folded));
        model.fold(&key, folded);
    }
}

/// Marks the lane and goes on to the next, so that a row of presses marks a row of lanes. On the
/// head of a group: all of its lanes.
fn mark(model: &mut Model) {
    if let Some(lane) = model.selection() {
        let name = lane.info.name.clone();
        let marked = model.lanes.is_marked(&name);
        model.lanes.set_mark(&name, !marked);
        if active(model) == Pane::Lanes {
            model.select_row(model.row() + 1);
        }
        return;
    }
    let Some(group) = model.selected_group() else {
        return;
    };
    let all = group.marked == group.lanes;
    let members = model.lanes.members(&group.key);
    let names: Vec<_> = members.map(|lane| lane.info.name.clone()).collect();
    for name in names {
        model.lanes.set_mark(&name, !all);
    }
}

/// Groups the lanes and says so.
pub(super) fn group(model: &mut Model, by: GroupBy) {
    model.lanes.group_by(by);
    let text = match by {
        GroupBy::None => "lanes are not grouped".to_owned(),
        by => format!("grouped by {}", by.as_str()),
    };
    model.say(Tone::Note, text);
}

pub(super) fn resort(model: &mut Model, sort: Sort) {
    model.lanes.sort_by(sort);
    let way = if sort.reversed { ", reversed" } else { "" };
    model.say(Tone::Note, format!("sorted by {}{way}", sort.by.as_str()));
}

fn back(model: &mut Model) {
    if model.trail.stop() || model.zoom.take().is_some() {
        return;
    }
    let trail = &mut model.trail;
    if trail.search().is_some() {
        trail.forget_search();
    } else if trail.cursor().is_some() {
        trail.follow();
    } else if model.focus == Pane::Audit && !trail.filter().is_empty() {
        trail.filter_by(RecordFilter::default(), &model.journal);
    } else if !model.lanes.filter().is_empty() {
        model.lanes.filter_by(Filter::default());
    } else {
        trail.filter_by(RecordFilter::default(), &model.journal);
    }
}

/// The pane that moves act on.
fn active(model: &Model) -> Pane {
    model.zoom.unwrap_or(model.focus)
}

fn focus(model: &mut Model, forward: bool) {
    if let Some(next) = Layout::of(model).beside(model, forward) {
        model.focus = next;
        if model.zoom.is_some() {
            model.zoom = Some(next);
        }
    }
}

fn page(model: &Model) -> usize {
    let layout = Layout::of(model);
    let rows = match active(model) {
        Pane::Lanes => layout.lane_rows(),
        Pane::Detail => layout.detail_rows(),
        Pane::Audit => layout.audit_rows(),
    };
    usize::from(rows).saturating_sub(1).max(1)
}

fn scroll(model: &mut Model, by: isize) {
    scroll_pane(model, active(model), by);
}

/// Moves what a pane shows; in the lanes the selection moves along.
pub(super) fn scroll_pane(model: &mut Model, pane: Pane, by: isize) {
    match pane {
        Pane::Lanes => model.select_row(model.row().saturating_add_signed(by)),
        Pane::Detail => {
            let rows = usize::from(Layout::of(model).detail_rows());
            let last = view::detail_lines(model).saturating_sub(rows);
            model.detail_top = model.detail_top.saturating_add_signed(by).min(last);
        }
        Pane::Audit => {
            let rows = usize::from(Layout::of(model).audit_rows());
            model.trail.scroll(by, rows, &model.journal);
        }
    }
}
