//! Lanes in groups: what the heads say, and that the selection stays where it was.

use crate::Desk;
use crate::fixture::{held, lane, numbered, seen, verdict, wall};
use lanewatch::engine::{LaneView, Update};
use lanewatch::lane::{Basis, Outcome, Word};
use lanewatch::plain::Plain;
use lanewatch::secret::Fingerprint;
use lanewatch::tui::model::{GroupBy, GroupKey, Row};
use std::sync::Arc;

/// What each row is: the name of a lane, or `# head`.
fn rows(desk: &mut Desk) -> Vec<String> {
    desk.model.settle();
    let lanes = &desk.model.lanes;
    let row = |at| match lanes.row(at).unwrap() {
        Row::Lane(lane) => lane.view.info.name.to_string(),
        Row::Head(group) => match &group.key {
            GroupKey::Named(name) => format!("# {name} {}", group.lanes),
            GroupKey::Key(print) => format!("# key {} {}", print.short(), group.lanes),
            GroupKey::None => format!("# none {}", group.lanes),
        },
    };
    (0..lanes.rows()).map(row).collect()
}

#[test]
fn the_worst_group_comes_first_and_its_head_says_how_bad_it_is() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("b b");
    assert_eq!(desk.model.lanes.grouped_by(), GroupBy::Owner);
    let rows = rows(&mut desk);
    assert_eq!(rows[..2], ["# payments 1", "billing-refunds"]);
    assert_eq!(rows.len(), 12 + 9);
    let comms = rows.iter().position(|row| row == "# comms 2").unwrap();
    assert_eq!(rows[comms + 1..comms + 3], ["slack-announce", "mail-send"]);
    let picture = desk.text();
    assert!(
        picture.contains("comms  2 lanes  1 expiring  1 paused"),
        "{picture}"
    );
}

#[test]
fn lanes_that_share_a_key_stand_together() {
    let mut lanes = wall();
    for (name, other) in [
        ("billing-read", "billing-refunds"),
        ("billing-refunds", "billing-read"),
    ] {
        let mut one = match name {
            "billing-refunds" => held(name),
            _ => lane(name, "stripe", "get_charge", "payments"),
        };
        one.shares_key_with = vec![Plain::new(other)];
        if let Some(credential) = &mut one.credential {
            credential.fingerprint = Fingerprint::from_bytes([9; 8]);
        }
        lanes.retain(|lane| lane.info.name.as_str() != name);
        lanes.push(one);
    }
    let mut desk = Desk::with(120, 40, lanes);
    desk.press("b b b b");
    let rows = rows(&mut desk);
    assert_eq!(
        rows[..4],
        [
            "# key 09090909 2",
            "billing-refunds",
            "billing-read",
            "# none 11"
        ]
    );
    desk.press("g");
    assert!(desk.text().contains("One secret serves all of them"));
}

#[test]
fn a_fold_keeps_the_selection_and_gives_the_lane_back() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("/");
    desk.press("esc b b");
    for _ in 0..3 {
        desk.press("]");
    }
    let chosen = desk.selected();
    // Another group folds: the row changes, the lane does not.
    let key = desk.model.lanes.groups().next().unwrap().key.clone();
    let row = desk.model.row();
    desk.model.fold(&key, true);
    assert_eq!(
        (desk.selected(), desk.model.row()),
        (chosen.clone(), row - 1)
    );
    // Its own group folds: the head stands in for it until it unfolds.
    desk.press("left");
    assert!(desk.model.selected_group().is_some());
    assert_eq!(desk.selected(), "");
    desk.learn(Update {
        lanes: vec![Arc::new(held("aaa-new"))],
        ..Update::default()
    });
    desk.press("right");
    desk.model.settle();
    assert_eq!(desk.selected(), chosen);
    desk.press("-");
    assert_eq!(desk.model.lanes.rows(), desk.model.lanes.groups().count());
    desk.press("+");
    assert_eq!(desk.selected(), chosen);
    desk.press("b b b");
    desk.model.settle();
    assert_eq!(desk.model.lanes.grouped_by(), GroupBy::None);
    assert_eq!(desk.selected(), chosen);
}

#[test]
fn a_folded_group_still_shows_that_it_got_worse() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("b b -");
    let worse = seen(
        lane("crm-read", "hubspot", "get_contact", "growth"),
        Word::Revoked,
        verdict(Outcome::CredentialRevoked, 401, "", Basis::Stated),
        3,
    );
    desk.learn(Update {
        lanes: vec![Arc::new(worse)],
        ..Update::default()
    });
    let picture = desk.text();
    let growth = picture
        .lines()
        .find(|line| line.contains("growth"))
        .unwrap();
    assert!(growth.contains("✗ REVOKED"), "{growth}");
    assert!(rows(&mut desk).starts_with(&["# payments 1".to_owned(), "# growth 2".to_owned()]));
}

#[test]
fn groups_kept_by_changes_are_those_of_a_fresh_grouping() {
    let mut desk = Desk::with(120, 40, (0..1_000).map(numbered).collect());
    desk.press("b b j");
    for round in 0..12_u64 {
        let lanes = (0..30).map(|n| {
            let mut lane: LaneView = numbered((n * 61 + round * 97) % 1_000);
            lane.word = Word::ALL[usize::try_from((n + round) % 14).unwrap()];
            let owner = format!("team-{}", (n + round) % 5);
            Arc::make_mut(&mut lane.info).owner = Some(Plain::new(&owner));
            Arc::new(lane)
        });
        desk.learn(Update {
            lanes: lanes.collect(),
            removed: vec![Plain::new(&format!("lane-{:05}", round * 13))],
            ..Update::default()
        });
        let kept = rows(&mut desk);
        let chosen = desk.selected();
        desk.model.lanes.group_by(GroupBy::Owner);
        assert_eq!(kept, rows(&mut desk), "round {round}");
        assert_eq!(desk.selected(), chosen);
        let named = desk
            .model
            .lanes
            .at(desk.model.row())
            .map(|lane| lane.info.name.to_string());
        assert_eq!(named.unwrap_or_default(), chosen);
    }
}

#[test]
fn a_filter_leaves_only_groups_that_have_something_to_show() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("b /");
    desk.type_in("crm");
    desk.press("enter");
    assert_eq!(rows(&mut desk), ["# hubspot 2", "crm-write", "crm-read"]);
    assert!(desk.text().contains("/crm 2 of 12 lanes"));
}

#[test]
fn a_key_of_many_lanes_says_how_many_more_there_are_than_are_named() {
    let named: Vec<_> = (1..=16)
        .map(|n| Plain::new(&format!("lane-{n:02}")))
        .collect();
    let lanes = (0..20).map(|n| {
        let mut one = lane(&format!("lane-{n:02}"), "stripe", "get_charge", "payments");
        one.shares_key_with.clone_from(&named);
        if let Some(credential) = &mut one.credential {
            credential.fingerprint = Fingerprint::from_bytes([9; 8]);
        }
        one
    });
    let mut desk = Desk::with(120, 40, lanes.collect());
    let text = desk.text();
    assert!(text.contains("shares its key with lane-01"), "{text}");
    assert!(text.contains("lane-16 and 3 more"), "{text}");
    desk.press("enter");
    let page = desk.text();
    assert!(page.contains("and 3 more"), "{page}");
}
