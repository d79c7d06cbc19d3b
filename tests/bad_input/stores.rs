//! Stores that are down, slow, lying, or hold what cannot be used.

use crate::bank::Bank;
use crate::bench::Bench;
use crate::process::Home;
use crate::server::{Answer, Server};
use lanewatch::lane::{Gate, Outcome, RecordKind, Word};
use serde_json::json;
use std::sync::Arc;

/// A lane whose store says always the same.
async fn facing(answer: Answer) -> (Bank, Server, Bench) {
    let bank = Bank::start(3600).await;
    let store = Server::start(move |_| answer.clone()).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let lane = bank.key_lane("keys", None);
    let text = (bank.head(folder.path()) + &lane).replace(&bank.store.address, &store.address);
    let bench = Bench::open(folder, &text, None).await;
    (bank, store, bench)
}

fn record(data: &serde_json::Value) -> Answer {
    let about = json!({ "version": 1, "created_time": "2026-11-22T20:00:00Z" });
    Answer::json(200, &json!({ "data": { "data": data, "metadata": about } }))
}

#[tokio::test]
async fn a_store_that_gives_no_secret_is_the_stores_trouble_and_never_the_credentials() {
    let answers = [
        ("down", Answer::Nothing),
        ("silent", Answer::Silence),
        (
            "an error page",
            Answer::new(503, "text/html", "<h1>down\u{1b}[2J</h1>"),
        ),
        (
            "a login page",
            Answer::new(200, "text/html", "<h1>Log in</h1>"),
        ),
        (
            "another JSON",
            Answer::json(200, &json!({ "secret": "canary-1" })),
        ),
        ("a list", Answer::json(200, &json!(["canary-1"]))),
        (
            "half of JSON",
            Answer::new(
                200,
                "application/json",
                "{\"data\":{\"data\":{\"key\":\"can",
            ),
        ),
        (
            "a record without the field",
            record(&json!({ "other": "canary-1" })),
        ),
        ("a number", record(&json!({ "key": { "a": 1 } }))),
        (
            "a line feed inside",
            record(&json!({ "key": "canary-1\ncanary-2" })),
        ),
        ("an empty value", record(&json!({ "key": "" }))),
        ("endless", Answer::Endless),
        (
            "denied",
            Answer::json(
                403,
                &json!({ "errors": ["permission denied\u{1b}]0;x\u{7}"] }),
            ),
        ),
    ];
    for (what, answer) in answers {
        let (bank, _store, bench) = facing(answer).await;
        bench
            .until_lane("keys", what, |lane| {
                lane.verdict.is_some() && lane.gate == Gate::Refused
            })
            .await;
        let lane = bench.lane("keys").await;
        let verdict = lane.verdict.as_ref().unwrap();
        assert_eq!(
            verdict.outcome,
            Outcome::StoreUnavailable,
            "{what}: {verdict:?}"
        );
        assert!(verdict.evidence.detail.is_some(), "{what}");
        let records = serde_json::to_string(&bench.records()).unwrap();
        let shown = records + &serde_json::to_string(&*lane).unwrap();
        assert!(!shown.contains("canary"), "{what}: {shown}");
        assert!(!shown.contains("\\u00"), "{what}: {shown}");
        assert!(bench.acquire("keys").await.is_err(), "{what}");
        assert_eq!(bench.count("keys", RecordKind::LaneHeld), 0, "{what}");
        assert!(
            bank.api.seen().is_empty(),
            "{what}: something was shown to the upstream"
        );
        bench.stop().await;
    }
}

#[tokio::test]
async fn a_store_that_turns_bad_costs_a_serving_lane_nothing() {
    let bank = Bank::start(3600).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + &bank.key_lane("keys", None);
    let bench = Bench::open(folder, &text, None).await;
    bench.until_word("keys", Word::Ok).await;
    let generation = bench.acquire("keys").await.unwrap().generation;
    for mood in [crate::bank::Mood::Down, crate::bank::Mood::Silent] {
        bank.world().mood = mood;
        bench.until_word("keys", Word::Degraded).await;
        assert_eq!(bench.acquire("keys").await.unwrap().generation, generation);
        bank.world().mood = crate::bank::Mood::Well;
        bench.until_word("keys", Word::Ok).await;
    }
    // A value that nobody can use, put there by mistake, is no new credential.
    bank.world()
        .put("keys", json!({ "key": "canary-1\ncanary-2" }));
    bench.until_word("keys", Word::Degraded).await;
    assert_eq!(bench.acquire("keys").await.unwrap().generation, generation);
    let records = serde_json::to_string(&bench.records()).unwrap();
    assert!(!records.contains("canary"), "{records}");
    bench.stop().await;
}

#[tokio::test]
async fn status_shows_hostile_text_of_upstream_and_store_harmlessly() {
    let bank = Bank::start(3600).await;
    let hostile = Server::start(|_| {
        let tricks = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
        Answer::json(
            403,
            &json!({ "message": format!("ip not allowed {tricks}") }),
        )
    })
    .await;
    let home = Home::new();
    let lane = bank
        .key_lane("keys", None)
        .replace(&bank.api.address, &hostile.address);
    home.write(&(bank.head(home.folder.path()) + &lane));
    for arguments in [
        &["status"][..],
        &["check", "lanes.toml"],
        &["audit", "tail"],
    ] {
        let ended = home.run(arguments).await;
        let strange = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ended.out.chars().any(strange), "{ended:?}");
        assert!(ended.out.contains("ip not allowed"), "{ended:?}");
    }
}
