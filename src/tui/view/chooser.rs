//! The list that columns are chosen from, with the table behind it as it will be.

use super::canvas::Canvas;
use super::footer;
use super::lanes::columns::{about, place, title};
use super::layout::Layout;
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Role;
use ratatui::layout::Rect;

const WIDTH: u16 = 72;
/// Columns before the title: the box and the pin.
const TITLE: u16 = 4;
/// Columns before the width.
const WIDE: u16 = 13;
/// Columns before what a column is for.
const ABOUT: u16 = 22;

pub(super) fn draw(model: &Model, row: usize, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let list = model.columns.list();
    let wanted = u16::try_from(list.len())
        .unwrap_or(u16::MAX)
        .saturating_add(3);
    // Below the heads of the table and its first rows, so that what changes can be seen.
    let top = if height >= 20 { 6 } else { 0 };
    let outer = Rect::new(0, top, width, height.saturating_sub(top + 1));
    let across = WIDTH.min(outer.width);
    let area = Rect::new(
        outer.x + (outer.width - across) / 2,
        outer.y + outer.height.saturating_sub(wanted).min(1),
        across,
        wanted.min(outer.height),
    );
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, "columns", style);
    let lanes = Layout::of(model).pane(Pane::Lanes);
    let placed = lanes.map(|area| place(model, area)).unwrap_or_default();
    let rows = usize::from(inner.height.saturating_sub(1)).max(1);
    let top = (row + 1).saturating_sub(rows);
    let (text, key, marked) = (
        canvas.role(Role::Text),
        canvas.role(Role::Key),
        canvas.role(Role::Selection),
    );
    for (y, (at, choice)) in
        (inner.y..inner.bottom().saturating_sub(1)).zip(list.iter().enumerate().skip(top))
    {
        let chosen = at == row;
        if chosen {
            let line = Rect::new(inner.x, y, inner.width, 1);
            canvas.buffer.set_style(line, marked);
        }
        let pick = |style| if chosen { marked } else { style };
        let there = placed.iter().find(|placed| placed.column == choice.column);
        let sign = if choice.shown { "[x]" } else { "[ ]" };
        let end = inner.right();
        canvas.text(inner.x, y, end, sign, pick(text));
        let name = match title(choice.column) {
            "exp rev sco lim" => "FAILURES",
            name => name,
        };
        canvas.text(inner.x + TITLE, y, end, name, pick(key));
        let wide = match (choice.width, there) {
            (Some(width), Some(_)) => format!("={width}"),
            (None, Some(placed)) => placed.width.to_string(),
            (_, None) if choice.shown => "no room".to_owned(),
            (_, None) => String::new(),
        };
        canvas.text_right(inner.x + WIDE, y, inner.x + ABOUT - 1, &wide, pick(text));
        canvas.text(inner.x + ABOUT, y, end, about(choice.column), pick(text));
    }
    footer::keys(model, inner, canvas);
}
