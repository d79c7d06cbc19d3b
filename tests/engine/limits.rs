//! However many lanes there are, a store that is down is asked seldom, and a host is never asked by
//! more at once than the manifest allows.

use crate::bank::{Bank, Mood};
use crate::bench::Bench;
use crate::real::until;
use crate::server::{Ask, Server};
use lanewatch::engine::clock;
use lanewatch::lane::{Gate, Wall};
use std::sync::Arc;
use std::time::Duration;

const MANY: usize = 200;
const PER_HOST: usize = 4;

async fn open(bank: &Bank, lanes: &str) -> Bench {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + &format!("[limits]\nper_host = {PER_HOST}\n") + lanes;
    Bench::open(folder, &text, None).await
}

/// Asserts at most two requests in every second, after a first burst of at most so many: what was on
/// its way before an answer could tell that the store is down.
fn seldom(asked: &[Ask], since: Wall, burst: usize) {
    let mut at: Vec<i64> = asked
        .iter()
        .map(|ask| ask.at.0)
        .filter(|at| *at >= since.0)
        .collect();
    at.sort_unstable();
    let after = at.get(burst..).unwrap_or_default();
    for (number, first) in after.iter().enumerate() {
        let within = after[number..]
            .iter()
            .filter(|at| **at - first < 1_000)
            .count();
        // One more than two: a whole second between the first and the third is not a whole one
        // when their requests took unequally long to arrive.
        assert!(within <= 3, "{within} requests in a second: {at:?}");
    }
    let spent = after
        .last()
        .zip(after.first())
        .map_or(0, |(last, first)| last - first);
    let allowed = usize::try_from(spent / 500).unwrap() + 2;
    assert!(
        after.len() <= allowed,
        "{} requests in {spent} ms: {at:?}",
        after.len()
    );
}

async fn watch(server: &Server, requests: usize) {
    let before = server.seen().len();
    until("it goes on asking", async || {
        server.seen().len() >= before + requests
    })
    .await;
}

#[tokio::test]
async fn two_hundred_lanes_ask_a_dead_store_twice_a_second() {
    let bank = Bank::start(3600).await;
    let lanes: String = (0..MANY)
        .map(|n| bank.key_lane(&format!("lane-{n}"), None))
        .collect();
    bank.world().mood = Mood::Down;
    let bench = open(&bank, &lanes).await;
    watch(&bank.store, PER_HOST + 10).await;
    seldom(&bank.store.seen(), Wall(0), PER_HOST);
    bank.world().mood = Mood::Well;
    bench
        .until("all serve", |_, lanes| {
            lanes.len() == MANY && lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    assert!(
        bank.store.most_at_once() <= PER_HOST,
        "{}",
        bank.store.most_at_once()
    );
    assert!(
        bank.api.most_at_once() <= PER_HOST,
        "{}",
        bank.api.most_at_once()
    );
    bench.stop().await;
}

#[tokio::test]
async fn grants_that_are_due_do_not_storm_a_dead_store_either() {
    let bank = Bank::start(4).await;
    let lanes: String = (0..40)
        .map(|n| bank.grant_lane(&format!("lane-{n}")))
        .collect();
    let bench = open(&bank, &lanes).await;
    bench
        .until("all serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    bank.world().mood = Mood::Down;
    let down = clock::now().wall;
    // Past the end of every token: all of them are due, and none can be exchanged. Readings wait for
    // the store's places and refreshes for the token endpoint's, so each may be under way.
    let burst = 2 * PER_HOST;
    watch(&bank.store, burst + 12).await;
    seldom(&bank.store.seen(), down, burst);
    bank.world().mood = Mood::Well;
    bench
        .until("all serve again", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    assert!(
        bank.token.most_at_once() <= PER_HOST,
        "{}",
        bank.token.most_at_once()
    );
    assert_eq!(bank.world().refused, 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_slow_host_is_asked_by_no_more_at_once_than_allowed() {
    let bank = Bank::start(3600).await;
    bank.world().api_after = Duration::from_millis(20);
    let lanes: String = (0..60)
        .map(|n| bank.key_lane(&format!("lane-{n}"), None))
        .collect();
    let bench = open(&bank, &lanes).await;
    bench
        .until("all serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    let asked = bank.api.seen().len();
    bench
        .until("they go on", |_, _| bank.api.seen().len() > asked + 100)
        .await;
    assert_eq!(bank.api.most_at_once(), PER_HOST);
    bench.stop().await;
}
