//! Which lanes are shown, and in which order.

use crate::Desk;
use crate::fixture::{numbered, wall};
use lanewatch::engine::Update;
use lanewatch::lane::Word;
use lanewatch::plain::Plain;
use std::sync::Arc;

#[test]
fn filters_narrow_while_they_are_typed() {
    for (filter, rows) in [
        ("", 12),
        ("crm", 2),
        ("CRM write", 1),
        ("state:held", 1),
        ("owner:comms", 2),
        ("provider:hubspot state:ok", 1),
        ("why:scope", 1),
        ("gate:paused", 1),
        ("route:get_", 5),
        ("expiring", 2),
        ("lane:nothing", 0),
    ] {
        let mut desk = Desk::with(80, 24, wall());
        desk.press("/");
        desk.type_in(filter);
        desk.model.settle();
        assert_eq!(desk.model.lanes.rows(), rows, "{filter}");
        desk.press("esc");
        desk.model.settle();
        assert_eq!(desk.model.lanes.rows(), 12, "esc after {filter}");
    }
}

#[test]
fn a_kept_filter_goes_with_escape() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("/");
    desk.type_in("crm");
    desk.press("enter");
    assert!(desk.text().contains("/crm 2 of 12 lanes"));
    desk.press("esc");
    desk.model.settle();
    assert_eq!(desk.model.lanes.rows(), 12);
}

#[test]
fn sorting_goes_round_and_turns_over() {
    let mut desk = Desk::with(120, 40, wall());
    let first = |desk: &mut Desk| {
        desk.model.settle();
        desk.model.lanes.at(0).unwrap().info.name.to_string()
    };
    for (keys, name) in [
        ("s", "billing-refunds"),
        ("S", "wiki-search"),
        // What is wrong: the worst outcome first.
        ("s", "ledger-post"),
        // Then route, expiry, next refresh, failures, latency, owner, and severity again.
        ("s", "github-issues"),
        ("s", "slack-announce"),
        ("s", "ledger-post"),
        ("s", "crm-write"),
        ("s", "billing-refunds"),
        ("s", "mail-send"),
        ("s", "billing-refunds"),
        ("S", "maps-geocode"),
    ] {
        desk.press(keys);
        assert_eq!(
            first(&mut desk),
            name,
            "after {keys}: {:?}",
            desk.model.lanes.sort()
        );
    }
}

#[test]
fn order_kept_by_changes_is_the_order_of_a_fresh_sort() {
    let mut desk = Desk::with(120, 40, (0..2_000).map(numbered).collect());
    for round in 0..20_u64 {
        let lanes = (0..30).map(|n| {
            let mut lane = numbered((n * 61 + round * 97) % 2_000);
            lane.word = Word::ALL[usize::try_from((n + round) % 14).unwrap()];
            Arc::new(lane)
        });
        desk.learn(Update {
            lanes: lanes.collect(),
            removed: vec![Plain::new(&format!("lane-{:05}", round * 13))],
            ..Update::default()
        });
        let kept: Vec<_> = (0..desk.model.lanes.rows())
            .map(|row| desk.model.lanes.at(row).unwrap().info.name.clone())
            .collect();
        let sort = desk.model.lanes.sort();
        desk.model.lanes.sort_by(sort);
        desk.model.settle();
        let fresh: Vec<_> = (0..desk.model.lanes.rows())
            .map(|row| desk.model.lanes.at(row).unwrap().info.name.clone())
            .collect();
        assert_eq!(kept, fresh, "round {round}");
        let counted: usize = Word::ALL
            .into_iter()
            .map(|word| desk.model.lanes.counted(word))
            .sum();
        assert_eq!(counted, desk.model.lanes.total());
    }
}
