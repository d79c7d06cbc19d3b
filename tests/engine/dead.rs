//! Nobody is shown a credential that is known to be dead.

use crate::bank::{Bank, Mood};
use crate::bench::{Bench, find};
use crate::server::{Answer, Server};
use lanewatch::lane::{Gate, RecordKind, Wall, Word};
use std::sync::Arc;
use std::time::Duration;

/// How far the upstream's clock reading of a request may lag behind the moment it was sent.
const UNDER_WAY: Duration = Duration::from_millis(150);

async fn open(bank: &Bank, lanes: &str) -> Bench {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + lanes;
    Bench::open(folder, &text, None).await
}

/// Requests that showed a credential at a moment when it was known to be dead.
fn late(bank: &Bank, dead_from: impl Fn(&str) -> Option<Wall>) -> Vec<(Wall, String)> {
    let seen = bank.api.seen().into_iter();
    let late = seen.filter_map(|ask| {
        let shown = ask.bearer()?.to_owned();
        (ask.at > dead_from(&shown)?.plus(UNDER_WAY)).then_some((ask.at, shown))
    });
    late.collect()
}

#[tokio::test]
async fn an_expired_key_is_shown_to_nobody_not_even_by_a_request_that_waited_its_turn() {
    let bank = Bank::start(3600).await;
    // One request at a time, each of a third of a second: most wait, and the keys end meanwhile.
    bank.world().api_after = Duration::from_millis(300);
    let lanes: String = (0..8)
        .map(|n| bank.key_lane(&format!("lane-{n}"), Some(3)))
        .collect();
    let bench = open(&bank, &("\n[limits]\nper_host = 1\n".to_owned() + &lanes)).await;
    bench
        .until("all have ended", |_, lanes| {
            lanes.iter().all(|lane| lane.word == Word::Expired)
        })
        .await;
    let stored = bank.store.seen().len();
    bench
        .until("the store is still looked at", |_, _| {
            bank.store.seen().len() > stored + 16
        })
        .await;
    let ends = |shown: &str| bank.world().tokens[shown].ends;
    assert_eq!(late(&bank, ends), []);
    bench.stop().await;
}

#[tokio::test]
async fn a_revoked_key_is_shown_to_nobody_once_its_revocation_was_seen() {
    let bank = Bank::start(3600).await;
    let lanes = bank.key_lane("one", None);
    let bench = open(&bank, &lanes).await;
    bench.until_word("one", Word::Ok).await;
    bank.world().revoke("one", false);
    bench.until_word("one", Word::Held).await;
    let detected = bench.of_lane("one");
    let detected = detected
        .iter()
        .find(|r| r.kind == RecordKind::RevocationDetected)
        .unwrap();
    let stored = bank.store.seen().len();
    let asked = bank.api.seen().len();
    bench.release("one").await;
    bench
        .until("the store was asked", |_, _| {
            bank.store.seen().len() > stored
        })
        .await;
    let shown_anew = |_: &str| Some(detected.ts);
    let before_release = late(&bank, shown_anew).len();
    assert!(
        before_release <= bank.api.seen().len() - asked,
        "shown while it was held"
    );
    bench.stop().await;
}

#[tokio::test]
async fn lanes_that_share_a_key_stop_together_when_one_of_them_sees_it_revoked() {
    let bank = Bank::start(3600).await;
    let first = bank.key_lane("often", None);
    let slow = bank.key_lane_at("seldom", "often");
    let slow = slow.replace("target = \"/api\"", "target = \"/api\", every = \"1h\"");
    let bench = open(&bank, &(first + &slow)).await;
    bench
        .until("both serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    bank.world().revoke("often", false);
    bench
        .until("both are held", |_, lanes| {
            lanes.iter().all(|lane| lane.word == Word::Held)
        })
        .await;
    let records = bench.records();
    let detected = records
        .iter()
        .find(|r| r.kind == RecordKind::RevocationDetected)
        .unwrap();
    assert_eq!(late(&bank, |_| Some(detected.ts)), []);
    for name in ["often", "seldom"] {
        let held = records.iter().find(|record| {
            record.kind == RecordKind::LaneHeld && record.lane.as_ref().unwrap().as_str() == name
        });
        assert!(held.unwrap().ts.0 - detected.ts.0 < 1_000, "{held:?}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_token_that_ended_while_its_endpoint_and_store_are_down_is_not_tried_at_the_upstream() {
    let bank = Bank::start(3).await;
    let bench = open(&bank, &bank.grant_lane("crm")).await;
    bench.until_word("crm", Word::Ok).await;
    bank.world().mood = Mood::Down;
    bench.until_word("crm", Word::Expired).await;
    assert!(bench.acquire("crm").await.is_err());
    let stored = bank.store.seen().len();
    bench
        .until("it goes on trying", |_, _| {
            bank.store.seen().len() > stored + 4
        })
        .await;
    let ends = |shown: &str| bank.world().tokens[shown].ends;
    assert_eq!(late(&bank, ends), []);
    bank.world().mood = Mood::Well;
    bench
        .until("it serves again", |_, lanes| {
            find(lanes, "crm").gate == Gate::Open
        })
        .await;
    assert_eq!(bench.count("crm", RecordKind::LaneHeld), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_key_that_ends_by_its_issuers_clock_has_expired_and_was_not_revoked() {
    let bank = Bank::start(3600).await;
    let lane = bank.key_lane("keys", Some(6));
    let ends = bank.world().tokens.values().next().unwrap().ends.unwrap();
    // Three seconds ahead of ours, and a bare 401 that does not say why.
    let issuer = Server::start(move |ask| {
        let there = ask.at.plus(Duration::from_secs(3));
        let date = there.to_utc().unwrap().format("%a, %d %b %Y %H:%M:%S GMT");
        let answer = match there >= ends {
            true => Answer::json(401, &serde_json::json!({})),
            false => Answer::json(200, &serde_json::json!({ "ok": true })),
        };
        answer.with("date", &date.to_string())
    })
    .await;
    let bench = open(&bank, &lane.replace(&bank.api.address, &issuer.address)).await;
    bench.until_word("keys", Word::Ok).await;
    bench
        .until_lane("keys", "over", |lane| lane.gate != Gate::Open)
        .await;
    assert_eq!(bench.lane("keys").await.word, Word::Expired);
    assert_eq!(bench.count("keys", RecordKind::LaneHeld), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_key_that_is_over_a_moment_before_its_stated_end_has_expired_and_was_not_revoked() {
    let bank = Bank::start(3600).await;
    let lane = bank.key_lane("keys", Some(6));
    let ends = bank.world().tokens.values().next().unwrap().ends.unwrap();
    // Its life was reckoned in whole seconds, and no `Date` tells what time it is there.
    let issuer = Server::start(move |ask| {
        let early = ask.at.plus(Duration::from_millis(1_500));
        match early >= ends {
            true => Answer::json(401, &serde_json::json!({})),
            false => Answer::json(200, &serde_json::json!({ "ok": true })),
        }
    })
    .await;
    let bench = open(&bank, &lane.replace(&bank.api.address, &issuer.address)).await;
    bench.until_word("keys", Word::Ok).await;
    bench
        .until_lane("keys", "over", |lane| lane.gate != Gate::Open)
        .await;
    assert_eq!(bench.lane("keys").await.word, Word::Expired);
    assert_eq!(bench.count("keys", RecordKind::LaneHeld), 0);
    bench.stop().await;
}
