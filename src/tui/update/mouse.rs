//! What the mouse does. Nothing that a key could not do, and nothing at once that a key would ask
//! about first.

use super::{Effect, panes, press};
use crate::tui::key::{Deed, Mouse};
use crate::tui::keymap::{ACTIONS, Action, Context};
use crate::tui::model::{Model, Pane, Sort};
use crate::tui::view::{self, Hit};

/// Rows that one step of the wheel is worth.
const STEP: isize = 3;

pub(super) fn act(model: &mut Model, mouse: Mouse) -> Option<Effect> {
    model.settle();
    let hit = view::hit(model, mouse.column, mouse.row);
    if let (Deed::Click, Some(Hit::Key(key))) = (mouse.deed, hit) {
        return press(model, key);
    }
    let context = model.context();
    if context != Context::Main {
        if let Deed::Wheel { down } = mouse.deed {
            let wanted = if down { Action::Down } else { Action::Up };
            let mut own = ACTIONS.iter().filter(|entry| entry.context == context);
            let entry = own.find(|entry| entry.action == wanted)?;
            let key = *model.keymap.keys(entry).first()?;
            return press(model, key);
        }
        return None;
    }
    model.touch();
    match (mouse.deed, hit?) {
        (Deed::Wheel { down }, hit) => {
            let by = if down { STEP } else { -STEP };
            panes::scroll_pane(model, hit.pane()?, by);
        }
        (Deed::Click, Hit::Row(row)) => {
            focus(model, Pane::Lanes);
            model.select_row(row);
        }
        (Deed::Click, Hit::Head(column)) => {
            let Sort { by, reversed } = model.lanes.sort();
            let same = by == column.sort();
            let sort = Sort {
                by: column.sort(),
                reversed: same && !reversed,
            };
            panes::resort(model, sort);
        }
        (Deed::Click, Hit::Pane(pane)) => focus(model, pane),
        (Deed::Click, Hit::Key(_)) => {}
    }
    None
}

fn focus(model: &mut Model, pane: Pane) {
    if model.zoom.is_none() {
        model.focus = pane;
    }
}
