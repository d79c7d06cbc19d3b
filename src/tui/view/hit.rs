//! What stands in a cell of the screen, for the mouse.

use super::layout::Layout;
use super::{footer, lanes};
use crate::tui::key::Key;
use crate::tui::model::{Column, Model, Pane};
use ratatui::layout::{Position, Rect};

/// What the mouse points at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hit {
    /// A row of the table, counted from the first lane.
    Row(usize),
    /// The head of a column.
    Head(Column),
    /// A pane, beside anything in particular.
    Pane(Pane),
    /// An entry of the footer, by the key that it stands for.
    Key(Key),
}

impl Hit {
    /// The pane it belongs to.
    pub const fn pane(self) -> Option<Pane> {
        match self {
            Self::Row(_) | Self::Head(_) => Some(Pane::Lanes),
            Self::Pane(pane) => Some(pane),
            Self::Key(_) => None,
        }
    }
}

/// What stands in that column and row. The model must be settled.
pub fn hit(model: &Model, column: u16, row: u16) -> Option<Hit> {
    let layout = Layout::of(model);
    let at = Position::new(column, row);
    if layout.too_small {
        return None;
    }
    if layout.footer.contains(at) {
        let found = footer::places(model, layout.footer)
            .into_iter()
            .find(|place| (place.x..place.end).contains(&column))?;
        return model
            .keymap
            .keys(found.entry)
            .first()
            .copied()
            .map(Hit::Key);
    }
    let panes = [Pane::Lanes, Pane::Detail, Pane::Audit];
    let under = |pane: &Pane| layout.pane(*pane).is_some_and(|area| area.contains(at));
    let pane = panes.into_iter().find(under)?;
    let area = layout.pane(pane)?;
    if pane == Pane::Lanes {
        return Some(in_table(model, area, at));
    }
    Some(Hit::Pane(pane))
}

fn in_table(model: &Model, area: Rect, at: Position) -> Hit {
    if at.y == area.y {
        let placed = lanes::columns::place(model, area);
        let mut under = placed
            .iter()
            .filter(|placed| (placed.x..placed.x + placed.width).contains(&at.x));
        return match under.next() {
            Some(placed) => Hit::Head(placed.column),
            None => Hit::Pane(Pane::Lanes),
        };
    }
    let row = model.lanes_top + usize::from(at.y - area.y - 1);
    if row < model.lanes.rows() {
        Hit::Row(row)
    } else {
        Hit::Pane(Pane::Lanes)
    }
}
