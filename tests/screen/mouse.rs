//! The mouse, for those who switch it on.

use crate::Desk;
use crate::fixture::wall;
use lanewatch::tui::key::{Deed, Mouse};
use lanewatch::tui::model::{Overlay, Pane, SortBy};
use lanewatch::tui::update::{Effect, Msg};

fn click(desk: &mut Desk, column: u16, row: u16) -> Option<Effect> {
    desk.tell(Msg::Mouse(Mouse {
        deed: Deed::Click,
        column,
        row,
    }))
}

fn wheel(desk: &mut Desk, down: bool, column: u16, row: u16) {
    desk.tell(Msg::Mouse(Mouse {
        deed: Deed::Wheel { down },
        column,
        row,
    }));
}

/// Where `text` stands.
fn find(desk: &mut Desk, text: &str) -> (u16, u16) {
    let screen = desk.text();
    let mut lines = screen.lines().enumerate();
    let found = lines.find_map(|(y, line)| {
        let at = line.find(text)?;
        Some((line[..at].chars().count(), y))
    });
    let (x, y) = found.unwrap_or_else(|| panic!("no {text} in\n{screen}"));
    (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
}

#[test]
fn a_click_selects_the_lane_under_it() {
    let mut desk = Desk::with(120, 40, wall());
    let (x, y) = find(&mut desk, "crm-write");
    click(&mut desk, x, y);
    assert_eq!(desk.selected(), "crm-write");
    let before = desk.selected();
    click(&mut desk, 119, 0);
    assert_eq!(desk.selected(), before);
}

#[test]
fn a_click_on_the_head_of_a_column_sorts_and_another_one_reverses() {
    let mut desk = Desk::with(120, 40, wall());
    let (x, y) = find(&mut desk, "OWNER");
    click(&mut desk, x, y);
    let sort = desk.model.lanes.sort();
    assert_eq!((sort.by, sort.reversed), (SortBy::Owner, false));
    click(&mut desk, x, y);
    assert!(desk.model.lanes.sort().reversed);
}

#[test]
fn the_wheel_moves_the_pane_under_it_whichever_has_the_keys() {
    let mut desk = Desk::with(80, 24, wall());
    let (x, y) = find(&mut desk, "audit");
    desk.press("g");
    let selected = desk.selected();
    wheel(&mut desk, false, x, y + 1);
    assert_eq!(desk.selected(), selected);
    assert!(desk.model.trail.cursor().is_some());
    let (x, y) = find(&mut desk, "LANE");
    wheel(&mut desk, true, x, y + 2);
    assert_ne!(desk.selected(), selected);
    assert_eq!(desk.model.focus, Pane::Lanes);
}

#[test]
fn a_click_on_the_footer_is_the_key_that_stands_there_and_asks_as_the_key_does() {
    let mut desk = Desk::with(120, 40, wall());
    let (x, y) = find(&mut desk, "rotate");
    let effect = click(&mut desk, x, y);
    assert!(effect.is_none());
    assert!(matches!(desk.model.overlay, Some(Overlay::Confirm { .. })));
    desk.press("esc");
    // The answer to a key stands in the footer until the next one.
    desk.press("g");
    let (x, y) = find(&mut desk, "? help");
    click(&mut desk, x + 3, y);
    assert!(matches!(desk.model.overlay, Some(Overlay::Help { .. })));
    wheel(&mut desk, true, 5, 5);
    assert!(matches!(
        desk.model.overlay,
        Some(Overlay::Help { top: 0 | 1 })
    ));
}

#[test]
fn every_cell_can_be_clicked_in_every_view_without_an_order_to_the_engine() {
    for keys in ["", "enter", "c", "r", "p", "/", "?", "b b"] {
        for y in 0..24 {
            for x in (0..80).step_by(if y == 23 { 1 } else { 13 }) {
                let mut desk = Desk::with(80, 24, wall());
                desk.press(keys);
                let sent = click(&mut desk, x, y);
                let asks = matches!(sent, Some(Effect::Send { .. } | Effect::SendAll { .. }));
                // Only the footer has words that send at once, and there a key says which.
                assert!(!asks || y == 23, "{keys} {x} {y}: {sent:?}");
            }
        }
    }
}
