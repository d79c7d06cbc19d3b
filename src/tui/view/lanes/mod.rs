//! The table of lanes. Columns come and go with the width, the most telling ones last.

mod cells;
mod columns;

use super::canvas::Canvas;
use crate::engine::LaneView;
use crate::lane::Outcome;
use crate::tui::model::{Model, Pane, Sort, SortBy};
use crate::tui::symbols;
use crate::tui::theme::Role;
use cells::Cell;
use columns::Column;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let columns = columns::columns(model, area);
    head(model, area, &columns, canvas);
    let rows = area.height.saturating_sub(1);
    if model.lanes.rows() == 0 {
        empty(model, area, canvas);
        return;
    }
    for (y, row) in (area.y + 1..area.y + 1 + rows).zip(model.lanes_top..) {
        let Some(lane) = model.lanes.at(row) else {
            break;
        };
        let selected = row == model.row();
        draw_row(model, lane, y, selected, area, &columns, canvas);
    }
}

fn head(model: &Model, area: Rect, columns: &[(Column, u16, u16)], canvas: &mut Canvas<'_>) {
    let focused = model.focus == Pane::Lanes && model.zoom.is_none();
    let style = canvas.role(if focused { Role::Focus } else { Role::Head });
    let Sort { by, reversed } = model.lanes.sort();
    for (column, x, width) in columns {
        let indent = if *column == Column::State { 2 } else { 0 };
        let sorted = column.sorted_by(by);
        let sign = match (sorted, reversed) {
            (false, _) => "",
            (true, false) => canvas.look.symbols.down,
            (true, true) => canvas.look.symbols.up,
        };
        let title = match (column, by) {
            (Column::State, SortBy::Since) => "SINCE",
            _ => column.title(),
        };
        let end = x + width + 1;
        let x = canvas.text(x + indent, area.y, end.min(area.right()), title, style);
        canvas.text(x, area.y, end.min(area.right()), sign, style);
    }
}

fn empty(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let text = canvas.role(Role::Text);
    let line = if !model.lanes.filter().is_empty() {
        format!(
            "No lane matches /{}. Esc drops the filter.",
            model.lanes.filter().text()
        )
    } else if model.engine.is_some() {
        "The manifest has no lanes.".to_owned()
    } else {
        "Waiting for the engine.".to_owned()
    };
    canvas.text(area.x + 2, area.y + 2, area.right(), &line, text);
}

fn draw_row(
    model: &Model,
    lane: &LaneView,
    y: u16,
    selected: bool,
    area: Rect,
    columns: &[(Column, u16, u16)],
    canvas: &mut Canvas<'_>,
) {
    let bar = canvas.role(Role::Selection);
    if selected {
        canvas
            .buffer
            .set_style(Rect::new(area.x, y, area.width, 1), bar);
    }
    // One style for the whole selected row: a bar in one colour is legible in every palette.
    let pick = |style: Style| if selected { bar } else { style };
    for (column, x, width) in columns {
        let cell = Cell {
            x: *x,
            y,
            right: *x + *width,
            now: model.now.wall,
        };
        match column {
            Column::State => cells::state(
                lane,
                cell,
                selected,
                pick(canvas.look.theme.word(lane.word)),
                canvas,
            ),
            Column::Lane => {
                let style = pick(canvas.role(Role::Text));
                canvas.text(cell.x, y, cell.right, lane.info.name.as_str(), style);
            }
            Column::Why => {
                let style = pick(canvas.look.theme.word(lane.word));
                let not_ok = lane
                    .verdict
                    .as_ref()
                    .filter(|last| last.outcome != Outcome::Ok);
                if let Some(verdict) = not_ok {
                    canvas.text(
                        cell.x,
                        y,
                        cell.right,
                        symbols::brief(verdict.outcome),
                        style,
                    );
                }
            }
            Column::Route => cells::route(lane, cell, &pick, canvas),
            Column::Expires => cells::expires(lane, cell, &pick, canvas),
            Column::Gauge => {
                cells::gauge(lane, cell, pick(canvas.look.theme.word(lane.word)), canvas);
            }
            Column::Refresh => cells::refresh(lane, cell, &pick, canvas),
            Column::Counters => cells::counters(lane, cell, &pick, canvas),
            Column::Probe => cells::probe(lane, cell, pick(canvas.role(Role::Text)), canvas),
            Column::Owner => {
                let style = pick(canvas.role(Role::Text));
                let none = canvas.look.symbols.none;
                let owner = lane
                    .info
                    .owner
                    .as_ref()
                    .map_or(none, |owner| owner.as_str());
                canvas.text(cell.x, y, cell.right, owner, style);
            }
        }
    }
}
