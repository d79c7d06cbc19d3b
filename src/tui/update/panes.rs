//! What keys do while the panes have them.

use super::{Effect, send};
use crate::engine::Command;
use crate::lane::{Actor, Verb};
use crate::plain::Plain;
use crate::tui::keymap::Action;
use crate::tui::model::{Ask, Choice, Filter, Model, Overlay, Pane, Sort, Tone};
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
        Action::Open => {
            let audit = model.focus == Pane::Audit && model.zoom.is_none();
            model.zoom = Some(if audit { Pane::Audit } else { Pane::Detail });
        }
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
            let by = model.lanes.sort().by.next();
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
        Action::Help => model.overlay = Some(Overlay::Help { top: 0 }),
        Action::Redraw => return Some(Effect::Redraw),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Quit => return Some(Effect::Quit),
        Action::Rotate
        | Action::Refresh
        | Action::Pause
        | Action::Resume
        | Action::Release
        | Action::Drill => return on_lane(model, action),
        Action::Accept | Action::Cancel | Action::Yes | Action::Other => {}
    }
    None
}

fn on_lane(model: &mut Model, action: Action) -> Option<Effect> {
    let lane = model.selection()?.info.name.clone();
    let reason = |ask, lane| Overlay::Reason {
        ask,
        lane,
        input: Input::default(),
    };
    model.overlay = Some(match action {
        Action::Refresh => {
            let command = Command::Lane {
                lane: lane.clone(),
                verb: Verb::Refresh,
                by: Actor::Operator(model.operator.clone()),
            };
            return Some(send(model, command, &format!("refresh {lane}")));
        }
        Action::Rotate => Overlay::Confirm {
            ask: Ask::Rotate,
            lane,
            reason: Plain::new(""),
            choice: Choice::Cancel,
        },
        Action::Pause => reason(Ask::Pause, lane),
        Action::Resume => reason(Ask::Resume, lane),
        Action::Release => reason(Ask::Release, lane),
        Action::Drill => Overlay::Drills { lane, row: 0 },
        _ => return None,
    });
    None
}

fn resort(model: &mut Model, sort: Sort) {
    model.lanes.sort_by(sort);
    let way = if sort.reversed { ", reversed" } else { "" };
    model.say(Tone::Note, format!("sorted by {}{way}", sort.by.as_str()));
}

fn back(model: &mut Model) {
    if model.zoom.take().is_some() {
        return;
    }
    if model.audit_at.take().is_none() {
        model.lanes.filter_by(Filter::default());
    }
}

/// The pane that moves act on.
fn active(model: &Model) -> Pane {
    model.zoom.unwrap_or(model.focus)
}

fn focus(model: &mut Model, forward: bool) {
    const ROUND: [Pane; 3] = [Pane::Lanes, Pane::Detail, Pane::Audit];
    let layout = Layout::of(model);
    let current = active(model);
    let at = ROUND.iter().position(|pane| *pane == current).unwrap_or(0);
    let step = if forward { 1 } else { ROUND.len() - 1 };
    let mut candidates = (1..=ROUND.len()).filter_map(|turn| ROUND.get((at + turn * step) % 3));
    let next = candidates.find(|pane| model.zoom.is_some() || layout.shows(**pane));
    if let Some(next) = next {
        model.focus = *next;
        if model.zoom.is_some() {
            model.zoom = Some(*next);
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
    match active(model) {
        Pane::Lanes => model.select_row(model.row().saturating_add_signed(by)),
        Pane::Detail => {
            let rows = usize::from(Layout::of(model).detail_rows());
            let last = view::detail_lines(model).saturating_sub(rows);
            model.detail_top = model.detail_top.saturating_add_signed(by).min(last);
        }
        Pane::Audit => {
            let rows = usize::from(Layout::of(model).audit_rows());
            let last = model.journal.len().saturating_sub(1);
            let bottom = model.audit_at.map_or(last, |at| model.journal.index_of(at));
            let next = bottom.saturating_add_signed(by).max(rows.saturating_sub(1));
            let held = model.journal.at(next).filter(|_| next < last);
            model.audit_at = held.map(|record| record.seq);
        }
    }
}
