//! Which columns the table has, and that they keep out of each other's way.

use crate::fixture::{at, held, lane, record, seen, verdict, wall};
use crate::{Desk, text};
use lanewatch::engine::{LaneView, Update};
use lanewatch::lane::{Basis, Outcome, RecordKind, Wall, Word};
use lanewatch::tui::model::{Column, Columns, SortBy};
use lanewatch::tui::view::column_width;
use std::sync::Arc;

fn row_of(desk: &mut Desk, name: &str) -> String {
    let picture = desk.text();
    let row = picture.lines().find(|line| line.contains(name));
    row.unwrap_or_else(|| panic!("{name} is not on:\n{picture}"))
        .to_owned()
}

#[test]
fn at_every_width_columns_stand_apart_and_no_word_is_cut() {
    for width in 60..=240 {
        let mut desk = Desk::with(width, 24, wall());
        let painted = desk.paint();
        let picture = text(&painted);
        let table: Vec<_> = picture.lines().skip(1).take(10).collect();
        let head = table[0];
        assert!(
            head.contains("STATE") && head.contains("LANE"),
            "{width}: {head}"
        );
        for row in &table {
            assert!(!row.contains('…'), "{width}: {row}");
        }
        // Before each column but the first there is a gap, in every row.
        let mut x = 0;
        for choice in Columns::default().shown() {
            if let Some(wide) = column_width(&desk.model, choice.column) {
                x += wide;
                for y in (1..11).filter(|_| x < width) {
                    let gap = painted[(x, y)].symbol();
                    assert_eq!(gap, " ", "{width}, after {:?} in row {y}", choice.column);
                }
                x += 1;
            }
        }
        assert!(x <= width + 1, "{width}");
    }
}

#[test]
fn a_wider_screen_never_shows_fewer_columns() {
    let mut most = 0;
    for width in 40..=240 {
        let mut desk = Desk::with(width, 24, wall());
        desk.model.settle();
        let shown = Column::ALL.into_iter();
        let shown = shown.filter(|column| column_width(&desk.model, *column).is_some());
        let count = shown.count();
        assert!(count + 1 >= most, "{width}: {count} after {most}");
        most = most.max(count);
    }
    assert_eq!(most, Columns::default().shown().count());
}

#[test]
fn what_a_person_asks_for_is_shown_even_if_others_must_go() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(column_width(&desk.model, Column::Store), None);
    let at = Column::ALL
        .iter()
        .position(|column| *column == Column::Store);
    desk.press("c");
    for _ in 0..at.unwrap() {
        desk.press("j");
    }
    desk.press("space");
    assert!(column_width(&desk.model, Column::Store).is_some());
    desk.press("esc");
    assert!(row_of(&mut desk, "crm-read").contains(" bao"));
    desk.press("c");
    for _ in 0..at.unwrap() {
        desk.press("j");
    }
    desk.press("space");
    assert_eq!(column_width(&desk.model, Column::Store), None);
}

#[test]
fn a_column_without_room_gets_it_at_the_first_press_and_goes_at_the_second() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(column_width(&desk.model, Column::Life), None);
    desk.press("c j j j j j space");
    assert!(column_width(&desk.model, Column::Life).is_some());
    desk.press("space");
    assert_eq!(column_width(&desk.model, Column::Life), None);
    desk.press("space");
    assert!(column_width(&desk.model, Column::Life).is_some());
}

#[test]
fn columns_move_and_grow_and_are_as_at_first_again() {
    let mut desk = Desk::with(120, 40, wall());
    let before = desk.text();
    let wide = column_width(&desk.model, Column::Lane).unwrap();
    desk.press("c j + +");
    assert_eq!(column_width(&desk.model, Column::Lane), Some(wide + 2));
    desk.press("- right");
    let head = desk.text().lines().nth(1).unwrap().to_owned();
    assert!(
        head.find("WHY").unwrap() < head.find("LANE").unwrap(),
        "{head}"
    );
    desk.press("0 esc");
    assert_eq!(desk.text(), before);
}

#[test]
fn the_list_of_columns_sorts_too() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("c G s");
    assert_eq!(desk.model.lanes.sort().by, SortBy::Generation);
    desk.press("S esc");
    assert!(desk.model.lanes.sort().reversed);
}

fn asked(mut lane: LaneView, outcome: Outcome, now: Wall) -> Update {
    lane.verdict = Some(Arc::new(verdict(outcome, 200, "", Basis::Stated)));
    lane.verdict_at = Some(now);
    lane.counters.count(outcome);
    Update {
        lanes: vec![Arc::new(lane)],
        ..Update::default()
    }
}

#[test]
fn the_last_hour_of_a_lane_is_a_row_of_bars() {
    let well = lane("crm-read", "hubspot", "get_contact", "growth");
    let mut desk = Desk::with(160, 24, vec![well.clone()]);
    for (minutes, outcome) in [
        (10, Outcome::RateLimited),
        (16, Outcome::CredentialExpired),
        (20, Outcome::Ok),
        (30, Outcome::Ok),
    ] {
        desk.now = at(minutes * 60_000);
        desk.learn(asked(well.clone(), outcome, desk.now.wall));
    }
    // Ten minutes ago it was well; the five minutes with an end in them are not whitewashed.
    assert!(row_of(&mut desk, "crm-read").contains("▁ ▄ █ ▁"));
    desk.now = at(75 * 60_000);
    desk.tell(lanewatch::tui::update::Msg::Tick);
    assert!(!row_of(&mut desk, "crm-read").contains('▄'));
}

#[test]
fn answers_between_two_views_are_counted_and_records_tell_of_the_past() {
    let mut before = lane("crm-read", "hubspot", "get_contact", "growth");
    before.verdict_at = None;
    let mut desk = Desk::with(160, 24, vec![before.clone()]);
    let mut after = before.clone();
    after.counters.count(Outcome::CredentialRevoked);
    after.verdict_at = Some(desk.now.wall);
    desk.learn(Update {
        lanes: vec![Arc::new(after)],
        ..Update::default()
    });
    assert!(row_of(&mut desk, "crm-read").contains("█ growth"));

    let mut old = record(5_000, RecordKind::RateLimited, "crm-read", 20 * 60_000);
    old.outcome = Some(Outcome::RateLimited);
    let mut denied = record(5_001, RecordKind::NeighborDenied, "crm-read", 40 * 60_000);
    denied.outcome = Some(Outcome::ScopeInsufficient);
    desk.learn(Update {
        records: vec![Arc::new(old), Arc::new(denied)],
        ..Update::default()
    });
    assert!(row_of(&mut desk, "crm-read").contains("▄   █ growth"));
}

#[test]
fn every_column_can_be_sorted_by_and_shows_that_it_is() {
    for column in Column::ALL {
        let mut lanes = wall();
        lanes.push(held("zzz"));
        let other = lane("aaa", "zoom", "get_x", "zed");
        lanes.push(seen(
            other,
            Word::Denied,
            verdict(Outcome::PolicyDenied, 403, "", Basis::Stated),
            5,
        ));
        let mut desk = Desk::with(240, 40, lanes);
        let place = desk.model.columns.list().iter();
        let place = place.take_while(|choice| choice.column != column).count();
        if !desk.model.columns.list()[place].shown {
            desk.model.columns.toggle(place, true);
        }
        desk.model.lanes.sort_by(lanewatch::tui::model::Sort {
            by: column.sort(),
            reversed: false,
        });
        let head = desk.text().lines().nth(1).unwrap().to_owned();
        assert_eq!(head.matches('▾').count(), 1, "{column:?}: {head}");
    }
}
