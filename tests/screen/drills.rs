//! The stopwatch of a drill and its receipt, as the records build them up.

use crate::Desk;
use crate::fixture::{at, held, lane, record};
use crate::pictures::styles;
use lanewatch::audit::AuditRecord;
use lanewatch::engine::Update;
use lanewatch::lane::{Actor, RecordKind};
use lanewatch::plain::Plain;
use lanewatch::tui::model::Caption;
use lanewatch::tui::theme::Theme;
use lanewatch::tui::update::Msg;
use std::sync::Arc;

fn desk(width: u16, height: u16) -> Desk {
    let mut lanes = vec![
        held("billing-refunds"),
        lane("crm-read", "hubspot", "get_contact", "growth"),
    ];
    for lane in &mut lanes {
        Arc::make_mut(&mut lane.info).sandbox = true;
    }
    Desk::with(width, height, lanes)
}

/// A record of the drill, so many milliseconds after it began.
fn told(seq: u64, kind: RecordKind, after: i64, note: &str) -> AuditRecord {
    let mut record = record(seq, kind, "billing-refunds", 20_000 - after);
    record.note = Some(Plain::new(note));
    record
}

fn learn(desk: &mut Desk, record: AuditRecord) {
    desk.learn(Update {
        records: vec![Arc::new(record)],
        ..Update::default()
    });
}

fn begin(desk: &mut Desk) {
    let mut begun = told(
        10,
        RecordKind::DrillStarted,
        0,
        "revoke: revoked the key at stripe",
    );
    begun.actor = Actor::Operator(Plain::new("maria"));
    learn(desk, begun);
}

fn go_on(desk: &mut Desk) {
    use RecordKind as K;
    learn(desk, told(12, K::RevocationDetected, 3_912, ""));
    learn(desk, told(13, K::LaneHeld, 3_913, ""));
    learn(desk, told(14, K::OperatorNotified, 4_020, "pager"));
}

fn finish(desk: &mut Desk) {
    use RecordKind as K;
    learn(
        desk,
        told(20, K::LaneReleased, 17_250, "key replaced by its owner"),
    );
    learn(
        desk,
        told(22, K::PreflightPassed, 17_790, "4 checks passed"),
    );
}

#[test]
fn the_stopwatch_counts_while_something_is_missing_and_goes_when_all_is_told() {
    let mut desk = desk(80, 24);
    assert!(!desk.text().contains("revoke billing-refunds"));
    begin(&mut desk);
    let line = |desk: &mut Desk| {
        let text = desk.text();
        let line = text
            .lines()
            .find(|line| line.contains("revoke billing-refunds "));
        line.map(str::to_owned)
    };
    assert!(line(&mut desk).unwrap().contains("not detected 20s"));
    go_on(&mut desk);
    let shown = line(&mut desk).unwrap();
    for stage in [
        "detected 3.9s",
        "held 3.9s",
        "alerted 4.0s",
        "not healed 20s",
    ] {
        assert!(shown.contains(stage), "{stage} is missing: {shown}");
    }
    desk.now = at(5_000);
    desk.tell(Msg::Tick);
    assert!(line(&mut desk).unwrap().contains("not healed 25s"));
    finish(&mut desk);
    let shown = line(&mut desk).unwrap();
    assert!(
        shown.contains("healed 17.7s") && !shown.contains("not "),
        "{shown}"
    );
    desk.now = at(60_000);
    desk.tell(Msg::Tick);
    assert_eq!(line(&mut desk), None);
}

#[test]
fn the_menu_the_receipt_and_a_caption_look_like_this() {
    for (width, height) in [(80, 24), (120, 40), (60, 15)] {
        let mut desk = desk(width, height);
        begin(&mut desk);
        go_on(&mut desk);
        desk.model.caption = Some(Caption {
            text: Plain::new("Found by the next probe and held: nothing is served."),
            number: 3,
            of: 11,
        });
        desk.press("d");
        insta::assert_snapshot!(format!("menu_{width}x{height}"), desk.text());
        finish(&mut desk);
        desk.press("r");
        insta::assert_snapshot!(format!("receipt_{width}x{height}"), desk.text());
        for theme in ["light", "mono", "dark"] {
            desk.look.theme = Theme::built_in(theme).unwrap();
            let name = format!("receipt_in_{theme}_{width}x{height}");
            insta::assert_snapshot!(name, styles(&desk.paint()));
        }
        desk.press("esc");
        insta::assert_snapshot!(format!("strip_{width}x{height}"), desk.text());
    }
}

#[test]
fn without_a_drill_there_is_no_receipt_to_be_shown() {
    let mut desk = desk(80, 24);
    desk.press("D");
    assert!(!desk.text().contains("receipt"));
}
