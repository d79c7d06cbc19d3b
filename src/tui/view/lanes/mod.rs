//! The table of lanes. Columns come and go with the width, the most telling ones last.

mod cells;
pub(super) mod columns;
pub(super) mod group;
pub(super) mod sparkline;

use super::canvas::Canvas;
use crate::lane::Outcome;
use crate::tui::model::{Column, LaneRow, Model, Pane, Row, Shown, Slice, Sort};
use crate::tui::symbols::{self, Symbols};
use crate::tui::theme::Role;
use cells::{Cell, Stand};
use columns::Placed;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let columns = columns::place(model, area);
    head(model, area, &columns, canvas);
    let rows = area.height.saturating_sub(1);
    if model.lanes.rows() == 0 {
        empty(model, area, canvas);
        return;
    }
    // Where the names begin, so do those of the groups.
    let names = columns.iter().find(|placed| placed.column == Column::Lane);
    let names = names.map_or(area.x + 16, |placed| placed.x.max(area.x + 16));
    for (y, at) in (area.y + 1..area.y + 1 + rows).zip(model.lanes_top..) {
        let selected = at == model.row();
        let place = Rect::new(area.x, y, area.width, 1);
        match model.lanes.row(at) {
            Some(Row::Lane(lane)) => draw_row(model, lane, selected, place, &columns, canvas),
            Some(Row::Head(group)) => group::draw(model, group, place, names, selected, canvas),
            None => break,
        }
    }
}

fn head(model: &Model, area: Rect, columns: &[Placed], canvas: &mut Canvas<'_>) {
    let focused = model.focus == Pane::Lanes && model.zoom.is_none();
    let style = canvas.role(if focused { Role::Focus } else { Role::Head });
    let Sort { by, reversed } = model.lanes.sort();
    let mut sorted = columns.iter().filter(|placed| placed.column.sort() == by);
    let sorted = sorted.next().map(|placed| placed.column);
    for placed in columns {
        let Placed { column, x, width } = *placed;
        let end = x + width;
        let sign = match (sorted == Some(column), reversed) {
            (false, _) => "",
            (true, false) => canvas.look.symbols.down,
            (true, true) => canvas.look.symbols.up,
        };
        let title = if sign.is_empty() {
            columns::title(column).to_owned()
        } else {
            format!("{}{sign}", columns::sorted_title(column))
        };
        if columns::is_right(column) {
            canvas.text_right(x, area.y, end, &title, style);
        } else {
            let indent = if column == Column::State { 2 } else { 0 };
            canvas.text(x + indent, area.y, end, &title, style);
        }
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
    row: LaneRow<'_>,
    selected: bool,
    place: Rect,
    columns: &[Placed],
    canvas: &mut Canvas<'_>,
) {
    let bar = canvas.role(Role::Selection);
    if selected {
        canvas.buffer.set_style(place, bar);
    }
    // One style for the whole selected row: a bar in one colour is legible in every palette.
    let pick = |style: Style| if selected { bar } else { style };
    let lane = row.view.as_ref();
    let text = pick(canvas.role(Role::Text));
    let word = pick(canvas.look.theme.word(lane.word));
    let y = place.y;
    for placed in columns {
        let cell = Cell {
            x: placed.x,
            y,
            right: placed.x + placed.width,
            now: model.now.wall,
        };
        let mut say = |words: &str, style: Style| {
            canvas.text(cell.x, y, cell.right, words, style);
        };
        match placed.column {
            Column::State => {
                let stand = Stand {
                    selected,
                    marked: row.marked,
                };
                let mark = pick(canvas.role(Role::Focus));
                cells::state(lane.word, stand, cell, word, mark, canvas);
            }
            Column::Lane => {
                let name = lane.info.name.as_str();
                say(name, text);
                found(model, Shown::Lane, name, cell, canvas);
            }
            Column::Why => {
                let last = lane.verdict.as_ref().map(|last| last.outcome);
                if let Some(outcome) = last.filter(|outcome| *outcome != Outcome::Ok) {
                    say(symbols::brief(outcome), word);
                }
            }
            Column::Route => {
                let whole = columns::is_whole_route(model, placed.width);
                cells::route(lane, cell, whole, &pick, canvas);
                let tool = lane.info.route.tool.as_ref();
                if let (Some(tool), false) = (tool, whole) {
                    found(model, Shown::Route, tool.as_str(), cell, canvas);
                } else if whole {
                    let server = lane.info.route.server.as_str();
                    found(model, Shown::Route, server, cell, canvas);
                }
            }
            Column::Expires => cells::expires(lane, cell, &pick, canvas),
            Column::Life => cells::gauge(lane, cell, word, canvas),
            Column::Refresh => cells::refresh(lane, cell, &pick, canvas),
            Column::Counters => cells::counters(lane, cell, &pick, canvas),
            Column::Probe => cells::probe(lane, cell, text, canvas),
            Column::Hour => bars(row, cell, &pick, sparkline::outcome, canvas),
            Column::Latency => bars(row, cell, &pick, sparkline::latency, canvas),
            Column::Since => cells::since(lane, cell, text, canvas),
            Column::Owner => match &lane.info.owner {
                Some(owner) => {
                    say(owner.as_str(), text);
                    found(model, Shown::Owner, owner.as_str(), cell, canvas);
                }
                None => {
                    let none = canvas.look.symbols.none;
                    canvas.text(cell.x, y, cell.right, none, text);
                }
            },
            Column::Provider => {
                let provider = lane.info.provider.as_str();
                say(provider, text);
                found(model, Shown::Provider, provider, cell, canvas);
            }
            Column::Store => say(lane.info.store.as_str(), text),
            Column::Key => cells::key(lane, cell, text, canvas),
            Column::Generation => cells::generation(lane, cell, text, canvas),
        }
    }
}

/// Makes visible what the filter looked for in a text that stands in a cell.
fn found(model: &Model, shown: Shown, text: &str, at: Cell, canvas: &mut Canvas<'_>) {
    let filter = model.lanes.filter();
    if !filter.is_empty() {
        let places = filter.places(shown, text);
        canvas.emphasize(at.x, at.y, at.right, text, &places);
    }
}

/// The last hour, one bar a column.
fn bars(
    row: LaneRow<'_>,
    at: Cell,
    pick: &dyn Fn(Style) -> Style,
    bar: impl Fn(Slice, &Symbols) -> Option<sparkline::Bar>,
    canvas: &mut Canvas<'_>,
) {
    let slices = row.hour.slices(at.now);
    let room = usize::from(at.right.saturating_sub(at.x));
    for (x, slice) in (at.x..at.right).zip(sparkline::merged(&slices, room)) {
        if let Some((sign, role)) = bar(slice, &canvas.look.symbols) {
            let style = pick(canvas.role(role));
            canvas.text(x, at.y, at.right, sign, style);
        }
    }
}
