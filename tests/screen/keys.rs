//! What keys do, and what they must not do.

use crate::Desk;
use crate::fixture::{at, held, lane, record, wall};
use lanewatch::engine::{Accepted, Command, Refusal, Update};
use lanewatch::lane::{Actor, RecordKind, Verb};
use lanewatch::plain::Plain;
use lanewatch::sandbox::Drill;
use lanewatch::tui::model::{Overlay, Pane, RECORDS_SHOWN};
use lanewatch::tui::update::{Effect, Msg};
use std::sync::Arc;

fn command(effect: Option<Effect>) -> Command {
    match effect {
        Some(Effect::Send { command, .. }) => command,
        other => panic!("not a command: {other:?}"),
    }
}

fn verb(effect: Option<Effect>) -> (String, Verb) {
    match command(effect) {
        Command::Lane { lane, verb, by } => {
            assert_eq!(by, Actor::Operator(Plain::new("maria")));
            (lane.to_string(), verb)
        }
        other => panic!("not for a lane: {other:?}"),
    }
}

#[test]
fn the_worst_lane_comes_first_and_is_looked_at_first() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(desk.selected(), "billing-refunds");
    let picture = desk.text();
    assert!(
        picture.contains("REVOKED 26 s ago, seen by probe: 401 token_revoked (stated by stripe)")
    );
    assert!(picture.contains("HELD: no calls served since 20:13:41Z. Needs a person:"));
}

#[test]
fn the_selection_stays_on_its_lane_while_rows_move() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("/");
    desk.press("esc j j");
    let chosen = desk.selected();
    desk.learn(Update {
        lanes: vec![Arc::new(held("aaa-new")), Arc::new(held("zzz-new"))],
        ..Update::default()
    });
    assert_eq!(desk.selected(), chosen);
    assert_eq!(desk.model.row(), 4);
    desk.press("s");
    desk.model.settle();
    assert_eq!(desk.selected(), chosen);
}

#[test]
fn a_lane_that_goes_hands_the_selection_to_its_row() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("j");
    let (gone, row) = (desk.selected(), desk.model.row());
    desk.learn(Update {
        removed: vec![Plain::new(&gone)],
        ..Update::default()
    });
    assert_ne!(desk.selected(), gone);
    assert_eq!(desk.model.row(), row);
    assert_eq!(desk.model.lanes.total(), 11);
}

#[test]
fn moves_end_at_the_ends() {
    let mut desk = Desk::with(80, 24, wall());
    for (keys, row) in [
        ("k", 0),
        ("j j", 2),
        ("G", 11),
        ("j down pgdn", 11),
        ("up", 10),
        ("g", 0),
        ("end", 11),
        ("home", 0),
    ] {
        desk.press(keys);
        assert_eq!(desk.model.row(), row, "after {keys}");
    }
}

#[test]
fn rotating_asks_first_and_the_safe_answer_is_the_default() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(desk.press("r"), None);
    let picture = desk.text();
    for said in [
        "Rotate billing-refunds?",
        "stripe › create_refund",
        "Side effect: write",
    ] {
        assert!(picture.contains(said), "{said}");
    }
    assert_eq!(desk.press("enter"), None);
    assert!(desk.model.overlay.is_none());
    assert_eq!(desk.press("r esc"), None);
    let asked = desk.press("r tab enter");
    assert_eq!(verb(asked), ("billing-refunds".to_owned(), Verb::Rotate));
    let asked = desk.press("r y");
    assert_eq!(verb(asked).1, Verb::Rotate);
}

#[test]
fn releasing_needs_a_hold_a_reason_and_a_confirmation() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(desk.press("l enter"), None);
    assert!(desk.text().contains("a reason is needed"));
    desk.type_in("rotated by hand");
    assert_eq!(desk.press("enter"), None);
    assert!(matches!(desk.model.overlay, Some(Overlay::Confirm { .. })));
    let asked = desk.press("y");
    let reason = Plain::new("rotated by hand");
    assert_eq!(
        verb(asked),
        ("billing-refunds".to_owned(), Verb::Release { reason })
    );

    assert_eq!(desk.press("G l"), None);
    assert!(desk.model.overlay.is_none());
    assert!(desk.text().contains("is not held"));
}

#[test]
fn one_key_pauses_and_resumes() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("p");
    desk.type_in("looking");
    let (name, asked) = verb(desk.press("enter"));
    assert_eq!(name, "billing-refunds");
    assert!(matches!(asked, Verb::Pause { until: None, .. }));
    desk.press("/");
    desk.type_in("state:paused");
    desk.press("enter p");
    desk.type_in("legal says go");
    let reason = Plain::new("legal says go");
    assert_eq!(
        verb(desk.press("enter")),
        ("mail-send".to_owned(), Verb::Resume { reason })
    );
}

#[test]
fn refresh_needs_no_question() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(verb(desk.press("f")).1, Verb::Refresh);
    assert!(desk.text().contains("refresh billing-refunds: asked"));
}

#[test]
fn drills_are_for_sandbox_lanes_only() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(desk.press("d"), None);
    assert!(desk.text().contains("no sandbox lane"));
    desk.press("/");
    desk.type_in("demo-notes");
    let asked = desk.press("enter d j enter");
    assert!(matches!(
        command(asked),
        Command::Drill {
            drill: Drill::Revoke,
            ..
        }
    ));
}

#[test]
fn read_only_sends_nothing_and_says_so() {
    for keys in ["r", "f", "p", "l", "d"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.model.read_only = true;
        assert_eq!(desk.press(keys), None, "{keys}");
        assert!(desk.model.overlay.is_none(), "{keys}");
        assert!(desk.text().contains("read-only"), "{keys}");
    }
}

#[test]
fn a_paste_is_never_a_command() {
    let mut desk = Desk::with(80, 24, wall());
    assert_eq!(desk.tell(Msg::Paste("r y q".to_owned())), None);
    assert!(desk.model.overlay.is_none());
    desk.press("l");
    desk.tell(Msg::Paste("key\nreplaced\x1b[A".to_owned()));
    assert!(desk.text().contains("key replaced [A"));
}

#[test]
fn an_answer_and_a_refusal_are_shown_for_some_seconds() {
    let mut desk = Desk::with(80, 24, wall());
    let about = Plain::new("refresh crm-read");
    let answer = Ok(Accepted {
        note: Plain::new("probing now"),
    });
    desk.tell(Msg::Answered {
        about: about.clone(),
        answer,
    });
    assert!(desk.text().contains("refresh crm-read: probing now"));
    let answer = Err(Refusal::NotNow(Plain::new("it is held")));
    desk.tell(Msg::Answered { about, answer });
    assert!(desk.text().contains("refresh crm-read: it is held"));
    desk.now = at(7_000);
    desk.tell(Msg::Tick);
    assert!(!desk.text().contains("it is held"));
}

fn more_records(range: std::ops::Range<u64>) -> Update {
    let records = range.map(|seq| Arc::new(record(seq, RecordKind::ProbePassed, "crm-read", 0)));
    Update {
        records: records.collect(),
        ..Update::default()
    }
}

#[test]
fn a_scrolled_audit_holds_its_place_by_number_and_follows_again() {
    let mut desk = Desk::with(80, 24, wall());
    desk.learn(more_records(2_000..2_100));
    desk.press("tab tab k k k");
    assert_eq!(desk.model.trail.cursor(), Some(2_096));
    assert!(desk.text().contains("#2096"));
    desk.learn(more_records(2_100..2_200));
    let picture = desk.text();
    assert!(
        picture.contains("#2098") && !picture.contains("#2099"),
        "{picture}"
    );
    desk.press("G");
    assert_eq!(desk.model.trail.cursor(), None);
    assert!(desk.text().contains("#2199"));
    desk.press("g");
    assert!(desk.text().contains("#1037"));
    // Even when the ring has dropped the place, what is looked at stays.
    desk.learn(more_records(3_000..9_000));
    assert!(desk.text().contains("#1037"));
    assert_eq!(desk.model.journal.len(), RECORDS_SHOWN);
}

#[test]
fn a_quiet_lane_keeps_its_story_when_the_audit_has_moved_on() {
    let mut desk = Desk::with(120, 40, wall());
    desk.learn(more_records(3_000..8_500));
    desk.press("enter");
    assert!(desk.text().contains("revocation_detected"));
}

#[test]
fn the_keys_move_between_panes_and_back() {
    let mut desk = Desk::with(80, 24, wall());
    for (keys, focus, zoom) in [
        ("tab", Pane::Detail, None),
        ("tab", Pane::Audit, None),
        ("z", Pane::Audit, Some(Pane::Audit)),
        ("esc", Pane::Audit, None),
        ("tab", Pane::Lanes, None),
        ("backtab", Pane::Audit, None),
        ("tab enter", Pane::Lanes, Some(Pane::Detail)),
        ("esc z", Pane::Lanes, Some(Pane::Lanes)),
        ("enter", Pane::Lanes, Some(Pane::Detail)),
        ("esc", Pane::Lanes, None),
    ] {
        desk.press(keys);
        assert_eq!(
            (desk.model.focus, desk.model.zoom),
            (focus, zoom),
            "after {keys}"
        );
    }
    assert_eq!(desk.press("q"), Some(Effect::Quit));
    assert_eq!(desk.press("ctrl-z"), Some(Effect::Suspend));
    assert_eq!(desk.press("? q"), None);
    assert!(desk.model.overlay.is_none());
    assert_eq!(desk.press("? ctrl-c"), Some(Effect::Quit));
}

#[test]
fn help_names_every_action_of_the_panes() {
    let mut desk = Desk::with(120, 60, wall());
    desk.press("?");
    let picture = desk.text();
    for said in [
        "replace the credential",
        "lift the hold",
        "state:",
        "ctrl-z",
        "REVOKED",
    ] {
        assert!(picture.contains(said), "{said}");
    }
}

#[test]
fn a_new_lane_without_a_verdict_can_be_looked_at() {
    let mut fresh = lane("fresh", "github", "", "");
    fresh.verdict = None;
    fresh.credential = None;
    let mut desk = Desk::with(80, 24, vec![fresh]);
    assert!(desk.text().contains("NOT YET ASKED"));
}
