//! What keys do while the columns are being chosen. The table behind the list changes at once.

use crate::tui::keymap::Action;
use crate::tui::model::{Columns, Model, Overlay, Sort};
use crate::tui::view;

pub(super) fn act(model: &mut Model, mut row: usize, action: Action) {
    let last = model.columns.list().len().saturating_sub(1);
    match action {
        Action::Cancel => return,
        Action::Down => row = (row + 1).min(last),
        Action::Up => row = row.saturating_sub(1),
        Action::First => row = 0,
        Action::Last => row = last,
        Action::ToggleColumn => {
            let column = model.columns.list().get(row).map(|choice| choice.column);
            let there = column.and_then(|column| view::column_width(model, column));
            model.columns.toggle(row, there.is_some());
        }
        Action::ColumnLeft => row = model.columns.shift(row, false),
        Action::ColumnRight => row = model.columns.shift(row, true),
        Action::Wider => resize(model, row, 1),
        Action::Narrower => resize(model, row, -1),
        Action::Reset => model.columns = Columns::default(),
        Action::Sort | Action::SortReverse => {
            if let Some(choice) = model.columns.list().get(row) {
                model.lanes.sort_by(Sort {
                    by: choice.column.sort(),
                    reversed: action == Action::SortReverse,
                });
            }
        }
        _ => {}
    }
    model.overlay = Some(Overlay::Columns { row });
}

/// From the width that the column has on the screen now, so that the first press already shows.
fn resize(model: &mut Model, row: usize, by: i16) {
    let Some(choice) = model.columns.list().get(row) else {
        return;
    };
    let width = choice
        .width
        .or_else(|| view::column_width(model, choice.column));
    if let Some(width) = width {
        model
            .columns
            .resize(row, Some(width.saturating_add_signed(by)));
    }
}
