//! What must outlive the process does, however it ends.

use crate::bank::Bank;
use crate::bench::find;
use crate::process::{Home, records};
use lanewatch::audit;
use lanewatch::engine::Reply;
use lanewatch::lane::{RecordKind, Verb, Word};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

fn lane<'a>(status: &'a Value, name: &str) -> &'a Value {
    let lanes = status["lanes"].as_array().unwrap();
    lanes
        .iter()
        .find(|lane| lane["info"]["name"] == name)
        .unwrap()
}

#[tokio::test]
async fn a_hold_survives_a_kill_in_the_very_moment_it_was_written() {
    let bank = Bank::start(3600).await;
    let home = Home::with(&bank, &bank.key_lane("keys", None));
    let engine = home.start().await;
    engine.until_serving("keys").await;
    bank.world().revoke("keys", false);
    engine
        .until_record("the hold", |record| record.kind == RecordKind::LaneHeld)
        .await;
    engine.kill().await;

    // A new key lies ready; a machine must not take that for a person's look.
    bank.world().new_key("keys", None);
    for _ in 0..2 {
        let (code, status) = home.json(&["status", "--json"]).await;
        assert_eq!(code, 1);
        assert_eq!(status["from"], "one_pass");
        assert_eq!(lane(&status, "keys")["word"], "held", "{status:#}");
        assert_eq!(
            lane(&status, "keys")["hold"]["verdict"]["outcome"],
            "credential_revoked"
        );
    }
    let engine = home.start().await;
    engine
        .until("it is held", |_, lanes| {
            find(lanes, "keys").word == Word::Held
        })
        .await;
    let released = engine
        .ask(
            "keys",
            Verb::Release {
                reason: "a new key".into(),
            },
        )
        .await;
    assert!(matches!(released, Reply::Accepted(_)), "{released:?}");
    engine.until_serving("keys").await;
    engine.kill().await;
    // And neither does a release get lost.
    let (code, status) = home.json(&["status", "--json"]).await;
    assert_eq!((code, &lane(&status, "keys")["word"]), (0, &"ok".into()));
}

#[tokio::test]
async fn a_pause_survives_a_kill_after_its_answer_and_a_restart_in_order() {
    let bank = Bank::start(3600).await;
    let home = Home::with(&bank, &bank.key_lane("keys", None));
    let engine = home.start().await;
    engine.until_serving("keys").await;
    let paused = engine
        .ask(
            "keys",
            Verb::Pause {
                reason: "audit week".into(),
                until: None,
            },
        )
        .await;
    assert!(matches!(paused, Reply::Accepted(_)), "{paused:?}");
    engine.kill().await;
    let asked = bank.api.seen().len();
    for round in 0..2 {
        let engine = home.start().await;
        let (_, lanes) = engine.look().await;
        let lane = find(&lanes, "keys");
        assert_eq!(lane.word, Word::Paused, "round {round}");
        assert_eq!(lane.pause.as_ref().unwrap().reason.as_str(), "audit week");
        engine.stop().await;
    }
    assert_eq!(bank.api.seen().len(), asked, "a paused lane asks nobody");
    let engine = home.start().await;
    engine
        .ask(
            "keys",
            Verb::Resume {
                reason: "over".into(),
            },
        )
        .await;
    engine.until_serving("keys").await;
    engine.stop().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_an_audit_that_verifies_and_generations_that_only_rise() {
    // Tokens of a second: records and refreshes all the time.
    let bank = Bank::start(1).await;
    let home = Home::new();
    let names = ["one", "two", "three", "four"];
    let lanes: String = names.iter().map(|name| bank.grant_lane(name)).collect();
    home.write(&(bank.head(home.folder.path()) + &lanes));
    let mut generations: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..14_u64 {
        let engine = home.start().await;
        // Somewhere in the first half second; where exactly is the point of it.
        tokio::time::sleep(Duration::from_millis(round * 97 % 500)).await;
        let (_, lanes) = engine.look().await;
        engine.kill().await;
        for lane in &lanes {
            let Some(credential) = &lane.credential else {
                continue;
            };
            let last = generations.entry(lane.info.name.to_string()).or_default();
            assert!(credential.generation.0 >= *last, "round {round}: {lane:?}");
            *last = credential.generation.0;
        }
    }
    home.start().await.stop().await;
    let folder = home.audit();
    let report = audit::verify(&folder, None).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(home.run(&["audit", "verify"]).await.code, 0);
    let records = records(&folder);
    let started = records
        .iter()
        .filter(|r| r.kind == RecordKind::EngineStarted)
        .count();
    assert_eq!(started, 15);
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    // What serves is told of beside what is tested; among those that were made, numbers only rise.
    let made = [RecordKind::RefreshSucceeded, RecordKind::CredentialPromoted];
    for record in records.iter().filter(|record| made.contains(&record.kind)) {
        if let (Some(lane), Some(generation)) = (&record.lane, record.generation) {
            let last = last.entry(lane.to_string()).or_default();
            assert!(generation.0 >= *last, "{record:?}");
            *last = generation.0;
        }
    }
    // A grant whose answer was on its way is used up or not: said, and never guessed.
    let world = bank.world();
    assert_eq!(world.unstored, Vec::<String>::new());
}
