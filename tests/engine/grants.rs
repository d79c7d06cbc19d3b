//! Grants: exchanged for as long as it takes with nobody at the keyboard, stored before they are
//! used, never lost to a race, and held when their server says that they are over.

use crate::bank::{Bank, Mood};
use crate::bench::{Bench, find};
use lanewatch::engine::StateFolder;
use lanewatch::lane::{Gate, Outcome, RecordKind, Word};
use std::sync::Arc;

async fn with_grant(bank: &Bank) -> Bench {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + &bank.grant_lane("crm");
    Bench::open(folder, &text, None).await
}

#[tokio::test]
async fn a_grant_is_exchanged_again_and_again_and_its_successor_is_stored_before_it_is_used() {
    let bank = Bank::start(2).await;
    let bench = with_grant(&bank).await;
    let mut updates = bench.handle.subscribe().unwrap();
    let mut last = 0;
    let watch = async {
        while last < 8 {
            for lane in updates.next().await.lanes {
                let Some(credential) = &lane.credential else {
                    continue;
                };
                let generation = credential.generation.0;
                assert!(
                    generation == last || generation == last + 1,
                    "{last} then {generation}"
                );
                if generation == last {
                    continue;
                }
                last = generation;
                // Version 1 is the person's; each adoption has a version of its own.
                let (record, version) = bank.world().newest("crm");
                let mark = credential
                    .store_version
                    .as_ref()
                    .unwrap()
                    .0
                    .as_str()
                    .to_owned();
                assert_eq!(mark, (generation + 1).to_string());
                assert!(version as u64 > generation, "adopted before it was stored");
                assert!(record.contains_key("access_token"));
            }
        }
    };
    tokio::time::timeout(crate::bench::DEADLINE, watch)
        .await
        .expect("eight generations");
    assert_eq!(bank.world().unstored, Vec::<String>::new());
    assert_eq!(bank.world().refused, 0);
    let kinds = [
        RecordKind::LaneHeld,
        RecordKind::TokenExpired,
        RecordKind::RefreshFailed,
        RecordKind::DegradedOpened,
    ];
    for record in bench.records() {
        assert!(!kinds.contains(&record.kind), "{record:?}");
        if record.kind == RecordKind::RefreshSucceeded {
            let records = bench.records();
            let cause = records
                .iter()
                .find(|other| Some(other.seq) == record.cause)
                .unwrap();
            assert_eq!(cause.kind, RecordKind::RefreshAttempted);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_grant_that_its_server_revoked_with_its_tokens_is_held_and_released_with_a_new_one() {
    let bank = Bank::start(3600).await;
    let bench = with_grant(&bank).await;
    bench.until_word("crm", Word::Ok).await;
    bank.world().revoke("crm", false);
    bench.until_word("crm", Word::Held).await;
    let held = bench.lane("crm").await.hold.clone().unwrap();
    assert_eq!(held.verdict.outcome, Outcome::CredentialRevoked);
    bank.world().new_grant("crm");
    bench.release("crm").await;
    bench.until_word("crm", Word::Ok).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_revoked_grant_serves_to_the_end_of_its_last_token_and_is_held_then() {
    let bank = Bank::start(3).await;
    let bench = with_grant(&bank).await;
    bench.until_word("crm", Word::Ok).await;
    bank.world().revoke("crm", true);
    bench
        .until_record("the exchange was refused", |r| {
            r.kind == RecordKind::RefreshFailed
        })
        .await;
    let lease = bench
        .acquire("crm")
        .await
        .expect("its token is as good as before");
    assert!(bank.world().tokens[lease.secret.expose()].revoked.is_none());
    bench.until_word("crm", Word::Held).await;
    let refused = bank.world().refused;
    assert_eq!(refused, 1, "a dead grant is not tried again");
    assert_eq!(bench.count("crm", RecordKind::LaneHeld), 1);
    bench.stop().await;
}

#[tokio::test]
async fn two_engines_of_one_account_exchange_a_grant_once_and_adopt_what_the_other_minted() {
    let bank = Bank::start(2).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + &bank.grant_lane("crm");
    // One state folder over both: they lock the grant against each other.
    let state = folder.path().join("state");
    let mut both = Vec::new();
    for name in ["one", "two"] {
        let state = StateFolder::at(&state, name);
        both.push(Bench::open_at(Arc::clone(&folder), state, &text, None).await);
    }
    for bench in &both {
        bench
            .until_record("a race was lost", |r| r.kind == RecordKind::LostRace)
            .await;
    }
    check_race(&bank, both).await;
}

#[tokio::test]
async fn a_race_that_was_lost_to_another_machine_holds_nothing() {
    let bank = Bank::start(3).await;
    bank.world().token_after = std::time::Duration::from_millis(400);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = bank.head(folder.path()) + &bank.grant_lane("crm");
    let mut both = Vec::new();
    for name in ["one", "two"] {
        // No lock in common: both send the same single-use grant, and one of them is refused.
        let state = StateFolder::at(&folder.path().join(name), "lanes");
        both.push(Bench::open_at(Arc::clone(&folder), state, &text, None).await);
    }
    both[0]
        .until("somebody was refused", |_, _| bank.world().refused > 0)
        .await;
    check_race(&bank, both).await;
}

/// Whoever lost the race: everybody serves, nobody is held, and the grant lives on.
async fn check_race(bank: &Bank, both: Vec<Bench>) {
    let exchanged = bank.world().exchanged;
    for bench in &both {
        bench
            .until("the grant lives on", |_, _| {
                bank.world().exchanged > exchanged + 2
            })
            .await;
        bench
            .until_lane("crm", "serves", |lane| lane.gate == Gate::Open)
            .await;
        assert_eq!(bench.count("crm", RecordKind::LaneHeld), 0);
    }
    assert_eq!(bank.world().unstored, Vec::<String>::new());
    for bench in both {
        bench.stop().await;
    }
}

#[tokio::test]
async fn a_token_that_the_store_did_not_take_is_stored_when_it_answers_again_and_no_grant_is_lost()
{
    let bank = Bank::start(4).await;
    bank.world().token_after = std::time::Duration::from_millis(300);
    let bench = with_grant(&bank).await;
    bench.until_word("crm", Word::Ok).await;
    let exchanged = bank.world().exchanged;
    bench
        .until("the next exchange", |_, _| {
            bank.world().exchanged > exchanged
        })
        .await;
    // The answer is on its way, and nobody is there to write it down.
    bank.world().mood = Mood::Down;
    bench
        .until_record("the store did not take it", |record| {
            record.kind == RecordKind::RefreshFailed
                && record.outcome == Some(Outcome::StoreUnavailable)
        })
        .await;
    let generation = bench
        .lane("crm")
        .await
        .credential
        .as_ref()
        .unwrap()
        .generation;
    bank.world().mood = Mood::Well;
    bench
        .until("it is stored and serves", |_, lanes| {
            let lane = find(lanes, "crm");
            let newer = lane
                .credential
                .as_ref()
                .is_some_and(|c| c.generation > generation);
            newer && lane.gate == Gate::Open
        })
        .await;
    assert_eq!(
        bank.world().refused,
        0,
        "the successor of the used-up grant was not lost"
    );
    assert_eq!(bank.world().unstored, Vec::<String>::new());
    assert_eq!(bench.count("crm", RecordKind::LaneHeld), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_grant_that_a_person_replaced_is_not_overwritten_by_a_token_that_waited_for_the_store() {
    let bank = Bank::start(4).await;
    bank.world().token_after = std::time::Duration::from_millis(300);
    let bench = with_grant(&bank).await;
    bench.until_word("crm", Word::Ok).await;
    let exchanged = bank.world().exchanged;
    bench
        .until("the next exchange", |_, _| {
            bank.world().exchanged > exchanged
        })
        .await;
    bank.world().mood = Mood::Down;
    bench
        .until_record("the store did not take it", |record| {
            record.kind == RecordKind::RefreshFailed
                && record.outcome == Some(Outcome::StoreUnavailable)
        })
        .await;
    // The person's way to the store is another one.
    let exchanged = bank.world().exchanged;
    let grant = bank.world().new_grant("crm");
    bank.world().mood = Mood::Well;
    bench
        .until("it is exchanged", |_, _| bank.world().exchanged > exchanged)
        .await;
    assert!(
        bank.world().tokens[&grant].spent,
        "the person's grant is the one that counts"
    );
    bench.until_word("crm", Word::Ok).await;
    assert_eq!(bank.world().refused, 0);
    bench.stop().await;
}
