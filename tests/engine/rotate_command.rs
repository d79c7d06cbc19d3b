//! `lanewatch rotate` tells each step of a rotation, and how it ended.

use crate::bank::{Bank, Mood};
use crate::bench::find;
use crate::process::{Ended, Home, Running};
use lanewatch::lane::Step;
use serde_json::Value;

/// A home whose lane `crm` has a grant, with these lines more.
fn home(bank: &Bank, more: &str) -> Home {
    Home::with(bank, &(bank.grant_lane("crm") + more))
}

async fn serving(home: &Home) -> Running {
    let engine = home.start().await;
    engine.until_serving("crm").await;
    engine
}

/// The steps that were told, in order.
fn steps(ended: &Ended) -> Vec<Value> {
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {ended:?}")))
        .collect()
}

fn names(steps: &[Value]) -> Vec<&str> {
    steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect()
}

/// Whether `wanted` come in this order; others may stand between them.
fn in_order(told: &[&str], wanted: &[&str]) -> bool {
    let mut told = told.iter();
    wanted.iter().all(|wanted| told.any(|step| step == wanted))
}

#[tokio::test]
async fn every_step_of_a_rotation_is_told_up_to_the_end_of_the_old_credential() {
    let bank = Bank::start(3600).await;
    let revocation = format!(
        "overlap = \"1s\"\nrevocation_endpoint = \"{}/revoke\"\n",
        bank.token.address
    );
    let home = home(&bank, &revocation);
    let engine = serving(&home).await;
    let ended = home.run(&["rotate", "crm", "--json"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let told = steps(&ended);
    let wanted = [
        "intent",
        "lock",
        "request",
        "stored",
        "test",
        "promoted",
        "completed",
        "overlap",
        "revoked",
    ];
    assert!(in_order(&names(&told), &wanted), "{ended:?}");
    assert_eq!(names(&told).last(), Some(&"revoked"), "{ended:?}");
    // What is on record is told in the order of the records, and of the right credential.
    let seqs: Vec<u64> = told
        .iter()
        .filter_map(|step| step["seq"].as_u64())
        .collect();
    assert!(seqs.len() >= 7 && seqs.is_sorted(), "{ended:?}");
    let of = |name: &str| &told.iter().find(|step| step["step"] == name).unwrap()["generation"];
    assert_eq!((of("promoted"), of("revoked")), (&2.into(), &1.into()));
    engine.stop().await;
}

#[tokio::test]
async fn a_rotation_can_be_left_to_the_engine_once_the_new_credential_serves() {
    let bank = Bank::start(3600).await;
    let home = home(&bank, "overlap = \"1h\"\n");
    let engine = serving(&home).await;
    let ended = home.run(&["rotate", "crm", "--promoted"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let last = ended.out.lines().last().unwrap_or_default();
    assert!(
        last.contains(" overlap ") && last.contains("generation 1"),
        "{ended:?}"
    );
    let (_, lanes) = engine.look().await;
    let crm = lanes
        .iter()
        .find(|lane| lane.info.name == "crm".into())
        .unwrap();
    assert_eq!(crm.credential.as_ref().unwrap().generation.0, 2);
    engine.stop().await;
}

#[tokio::test]
async fn where_no_engine_runs_a_rotation_has_one_of_its_own_until_it_is_over() {
    let bank = Bank::start(3600).await;
    let home = home(&bank, "overlap = \"0s\"\n");
    let exchanged = bank.world().exchanged;
    let ended = home.run(&["rotate", "crm", "--json"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let told = steps(&ended);
    let wanted = [
        "engine",
        "intent",
        "request",
        "promoted",
        "completed",
        "retired",
    ];
    assert!(in_order(&names(&told), &wanted), "{ended:?}");
    // One for the first token, one for the rotation.
    assert_eq!(bank.world().exchanged, exchanged + 2);
    let asked = home.run(&["refresh", "crm"]).await;
    assert_eq!(asked.code, 3, "no engine is left: {asked:?}");
}

#[tokio::test]
async fn a_rotation_that_an_owner_has_to_make_says_so_and_goes_on_when_the_key_is_there() {
    let bank = Bank::start(3600).await;
    let lane = bank.key_lane("theirs", None).replace("managed_key", "byok");
    let home = Home::with(&bank, &lane);
    let engine = home.start().await;
    engine.until_serving("theirs").await;
    let owner = async {
        engine
            .until("it waits for its owner", |_, lanes| {
                find(lanes, "theirs").step == Some(Step::AwaitingOwner)
            })
            .await;
        bank.world().new_key("theirs", None);
    };
    let arguments = ["rotate", "theirs", "--promoted", "--json"];
    let (ended, ()) = tokio::join!(home.run(&arguments), owner);
    assert_eq!(ended.code, 0, "{ended:?}");
    let told = steps(&ended);
    let wanted = [
        "intent",
        "awaiting_owner",
        "stored",
        "test",
        "promoted",
        "completed",
    ];
    assert!(in_order(&names(&told), &wanted), "{ended:?}");
    engine.stop().await;
}

/// It waited for the end of a credential that serves again.
#[tokio::test]
async fn a_rotation_whose_old_credential_comes_back_waits_for_its_end_no_longer() {
    let bank = Bank::start(3600).await;
    let lane = bank.key_lane("theirs", None).replace("managed_key", "byok") + "overlap = \"1h\"\n";
    let home = Home::with(&bank, &lane);
    let engine = home.start().await;
    engine.until_serving("theirs").await;
    let (first, _) = bank.world().newest("theirs");
    let owner = async {
        let waits = "it waits for its owner";
        engine
            .until(waits, |_, lanes| {
                find(lanes, "theirs").step == Some(Step::AwaitingOwner)
            })
            .await;
        bank.world().new_key("theirs", None);
        engine
            .until("the newer key serves", |_, lanes| {
                let lane = find(lanes, "theirs");
                lane.step == Some(Step::Overlapping)
                    && lane.credential.as_ref().unwrap().generation.0 == 2
            })
            .await;
        bank.world().put("theirs", first.into());
    };
    let arguments = ["rotate", "theirs", "--json"];
    let (ended, ()) = tokio::join!(home.run(&arguments), owner);
    assert_eq!(ended.code, 0, "{ended:?}");
    let told = steps(&ended);
    let last = told.last().unwrap();
    assert_eq!(
        (&last["step"], &last["generation"]),
        (&"stored".into(), &3.into()),
        "{ended:?}"
    );
    engine.stop().await;
}

#[tokio::test]
async fn a_rotation_that_fails_ends_with_the_reason_and_the_next_step() {
    let bank = Bank::start(3600).await;
    let home = home(&bank, "");
    let engine = serving(&home).await;
    bank.world().revoke("crm", true);
    let refused = home.run(&["rotate", "crm", "--json"]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    let told = steps(&refused);
    let last = told.last().unwrap();
    assert_eq!(last["step"], "failed", "{refused:?}");
    assert!(
        last["text"].as_str().unwrap().contains("invalid_grant"),
        "{refused:?}"
    );
    assert!(!last["do"].as_str().unwrap().is_empty(), "{refused:?}");
    engine.stop().await;
}

#[tokio::test]
async fn a_rotation_that_finds_no_store_ends_with_three() {
    let bank = Bank::start(3600).await;
    let home = home(&bank, "");
    let engine = serving(&home).await;
    bank.world().mood = Mood::Down;
    let ended = home.run(&["rotate", "crm"]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    let last = ended.out.lines().last().unwrap_or_default();
    assert!(
        last.contains(" failed ") && last.contains("store"),
        "{ended:?}"
    );
    engine.stop().await;
}

#[tokio::test]
async fn a_lane_that_nobody_knows_is_not_rotated() {
    let bank = Bank::start(3600).await;
    let home = home(&bank, "");
    let engine = serving(&home).await;
    let unknown = home.run(&["rotate", "nobody"]).await;
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""), "{unknown:?}");
    assert!(
        unknown.err.contains("no lane is called nobody"),
        "{unknown:?}"
    );
    engine.stop().await;
}
