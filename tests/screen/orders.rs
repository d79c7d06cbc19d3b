//! Marks, orders for many lanes, and pauses that end.

use crate::Desk;
use crate::fixture::{held, secs, wall};
use lanewatch::engine::{Command, Refusal, Update};
use lanewatch::lane::{Verb, Wall};
use lanewatch::plain::Plain;
use lanewatch::tui::model::Overlay;
use lanewatch::tui::update::{Effect, Msg};
use std::sync::Arc;

/// The lanes that an order is for, and what it asks of them.
fn order(effect: Option<Effect>) -> (Vec<String>, Verb) {
    let commands = match effect {
        Some(Effect::Send { command, .. }) => vec![command],
        Some(Effect::SendAll { commands, .. }) => commands,
        other => panic!("no order: {other:?}"),
    };
    let mut verbs = Vec::new();
    let mut lanes = Vec::new();
    for command in commands {
        match command {
            Command::Lane { lane, verb, .. } => {
                lanes.push(lane.to_string());
                verbs.push(verb);
            }
            other @ Command::Drill { .. } => panic!("{other:?}"),
        }
    }
    verbs.dedup();
    assert_eq!(verbs.len(), 1, "{verbs:?}");
    (lanes, verbs.remove(0))
}

#[test]
fn marks_stay_with_their_lanes_while_rows_move() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("space space");
    let marked = |desk: &Desk| {
        let names = desk.model.targets().into_iter();
        names
            .map(|lane| lane.info.name.to_string())
            .collect::<Vec<_>>()
    };
    let both = ["billing-refunds", "warehouse-sql"];
    assert_eq!(marked(&desk), both);
    assert!(desk.text().contains("◆ 2 marked"));
    desk.learn(Update {
        lanes: vec![Arc::new(held("aaa-new"))],
        ..Update::default()
    });
    desk.press("s s S");
    assert_eq!(marked(&desk), both);
    desk.learn(Update {
        removed: vec![Plain::new("warehouse-sql")],
        ..Update::default()
    });
    assert_eq!(marked(&desk), both[..1]);
    desk.press("i");
    assert_eq!(desk.model.lanes.marked(), 11);
    desk.press("*");
    assert_eq!(desk.model.lanes.marked(), 12);
    desk.press("u");
    assert_eq!(desk.model.lanes.marked(), 0);
    desk.press("u");
    assert!(desk.text().contains("no lane is marked"));
}

#[test]
fn marking_all_means_all_that_is_shown() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("/");
    desk.type_in("owner:comms");
    desk.press("enter * esc");
    assert_eq!(desk.model.lanes.marked(), 2);
}

#[test]
fn an_order_for_many_says_how_many_which_and_what_they_do_and_means_no() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("* f");
    let picture = desk.text();
    for said in [
        "Refresh 12 lanes?",
        "billing-refunds, warehouse-sql, drive-export",
        " more",
        "Side effects: 7 write, 5 read.",
        "[ Cancel ]",
    ] {
        assert!(picture.contains(said), "{said} in\n{picture}");
    }
    assert_eq!(desk.press("enter"), None);
    assert!(desk.text().contains("12 lanes: nothing was done"));
    let (lanes, verb) = order(desk.press("f y"));
    assert_eq!((lanes.len(), verb), (12, Verb::Refresh));
    assert!(desk.text().contains("refresh 12 lanes: asked"));
}

#[test]
fn an_order_is_only_for_lanes_that_it_makes_sense_for() {
    let mut lanes = wall();
    lanes.push(held("crm-admin"));
    let mut desk = Desk::with(80, 24, lanes);
    desk.press("* l");
    desk.type_in("keys replaced");
    desk.press("enter");
    let picture = desk.text();
    assert!(picture.contains("Release 2 lanes?"), "{picture}");
    assert!(picture.contains("11 left out: not held."), "{picture}");
    let (lanes, verb) = order(desk.press("tab enter"));
    assert_eq!(lanes, ["billing-refunds", "crm-admin"]);
    let reason = Plain::new("keys replaced");
    assert_eq!(verb, Verb::Release { reason });
    // Of the marked ones one is paused: P is for that one, p for the others.
    desk.press("P");
    desk.type_in("go");
    assert_eq!(order(desk.press("enter")).0, ["mail-send"]);
    desk.press("p");
    desk.type_in("stop");
    assert_eq!(order(desk.press("enter y")).0.len(), 12);
}

#[test]
fn marks_that_the_filter_hides_are_named_before_anything_happens() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("space space /");
    desk.type_in("crm");
    desk.press("enter r");
    assert!(desk.text().contains("2 of them hidden by the filter."));
    assert!(desk.text().contains("Rotate 2 lanes?"));
}

#[test]
fn the_head_of_a_group_stands_for_its_lanes() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("b b g /");
    desk.type_in("owner:growth");
    desk.press("enter g r");
    assert!(desk.text().contains("Rotate 2 lanes?"));
    assert_eq!(order(desk.press("y")).0, ["crm-write", "crm-read"]);
    desk.press("g space");
    assert_eq!(desk.model.lanes.marked(), 2);
    desk.press("space");
    assert_eq!(desk.model.lanes.marked(), 0);
}

fn until(effect: Option<Effect>) -> Option<Wall> {
    match order(effect).1 {
        Verb::Pause { until, .. } => until,
        other => panic!("no pause: {other:?}"),
    }
}

#[test]
fn a_pause_lasts_as_long_as_is_picked_or_typed() {
    let mut desk = Desk::with(80, 24, wall());
    let now = desk.now.wall;
    desk.press("p");
    desk.type_in("vendor incident");
    desk.press("down down");
    assert!(desk.text().contains("until 20:44:07Z"));
    assert_eq!(until(desk.press("enter")), Some(now.plus(secs(30 * 60))));
    desk.press("p tab");
    desk.type_in("1h 30m");
    desk.press("tab");
    desk.type_in("vendor incident");
    assert_eq!(until(desk.press("enter")), Some(now.plus(secs(90 * 60))));
    desk.press("p down up");
    desk.type_in("until further notice");
    assert_eq!(until(desk.press("enter")), None);
}

#[test]
fn a_span_that_is_none_pauses_nothing() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("p");
    desk.type_in("vendor incident");
    desk.press("tab");
    desk.type_in("soon");
    assert_eq!(desk.press("enter"), None);
    assert!(matches!(desk.model.overlay, Some(Overlay::Form(_))));
    assert!(desk.text().contains("write 30m, 2h or 1h 30m"));
    desk.press("ctrl-u");
    desk.type_in("2h");
    let lasts = until(desk.press("enter"));
    assert_eq!(lasts, Some(desk.now.wall.plus(secs(7_200))));
}

#[test]
fn the_engines_answers_to_an_order_are_one_line() {
    let mut desk = Desk::with(120, 24, wall());
    let about = Plain::new("pause 5 lanes");
    let no = |text: &str| Refusal::NotNow(Plain::new(text));
    let mut answer = |refused| {
        desk.tell(Msg::AnsweredAll {
            about: about.clone(),
            done: 4,
            refused,
        });
        desk.text()
    };
    assert!(answer(vec![]).contains("pause 5 lanes: under way"));
    let one = (Plain::new("crm-read"), no("it is held"));
    let told = answer(vec![one.clone(), one]);
    let said = "pause 5 lanes: 4 under way; crm-read refused: it is held, and 1 more";
    assert!(told.contains(said), "{told}");
}

#[test]
fn read_only_marks_and_folds_but_orders_nothing() {
    let mut desk = Desk::with(120, 40, wall());
    desk.model.read_only = true;
    desk.press("b b * left");
    assert_eq!(desk.model.lanes.marked(), 12);
    for keys in ["f", "r", "p", "P", "l"] {
        assert_eq!(desk.press(keys), None, "{keys}");
        assert!(desk.model.overlay.is_none(), "{keys}");
    }
}
