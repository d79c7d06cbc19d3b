//! `lanewatch run` ends when it is told to, with the audit closed behind it.

use crate::bank::{Bank, Mood};
use crate::process::{Home, records};
use lanewatch::audit;
use lanewatch::lane::RecordKind;
use rustix::process::Signal;
use std::time::Duration;

/// The longest that an end may take, whatever hangs.
const SOON: Duration = Duration::from_secs(5);

fn closed_in_order(home: &Home) {
    let folder = home.audit();
    let report = audit::verify(&folder, None).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.head, report.noted, "the head is noted");
    assert_eq!(
        records(&folder).last().unwrap().kind,
        RecordKind::EngineStopped
    );
    assert!(
        !home.state().unwrap().join("engine.sock").exists(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_signal_ends_an_idle_engine_with_zero_and_a_last_record() {
    let bank = Bank::start(3600).await;
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = Home::with(&bank, &bank.grant_lane("crm"));
        let engine = home.start().await;
        engine.until_serving("crm").await;
        engine.signal(signal);
        assert_eq!(engine.ended(SOON).await.code(), Some(0));
        closed_in_order(&home);
    }
}

#[tokio::test]
async fn a_store_that_never_answers_does_not_keep_an_engine_from_ending() {
    let bank = Bank::start(3600).await;
    let home = Home::new();
    let text = bank.head(home.folder.path()) + &bank.key_lane("keys", None);
    home.write(&text.replace("timeout = \"1s\"", "timeout = \"60s\""));
    bank.world().mood = Mood::Silent;
    let engine = home.start().await;
    engine
        .until("the store is asked", |_, _| !bank.store.seen().is_empty())
        .await;
    engine.signal(Signal::TERM);
    assert_eq!(engine.ended(SOON).await.code(), Some(0));
    closed_in_order(&home);
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_does_not_keep_an_engine_from_ending_nor_lose_the_intent() {
    let bank = Bank::start(3600).await;
    let home = Home::with(&bank, &bank.grant_lane("crm"));
    bank.world().token_after = Duration::from_secs(60);
    let engine = home.start().await;
    engine
        .until("the endpoint is asked", |_, _| {
            !bank.token.seen().is_empty()
        })
        .await;
    engine.signal(Signal::TERM);
    assert_eq!(engine.ended(SOON).await.code(), Some(0));
    closed_in_order(&home);
    let records = records(&home.audit());
    assert!(
        records
            .iter()
            .any(|record| record.kind == RecordKind::RefreshAttempted)
    );
    // The next process finds a grant that is used up, and holds or refuses the lane: it never
    // goes on as if nothing had been.
    bank.world().token_after = Duration::ZERO;
    let (code, status) = home.json(&["status", "--json"]).await;
    assert_eq!(code, 1, "{status:#}");
}

#[tokio::test]
async fn a_signal_in_the_first_moment_ends_it_in_order_too() {
    let bank = Bank::start(3600).await;
    let home = Home::with(&bank, &bank.key_lane("keys", None));
    for _ in 0..10 {
        let engine = home.start().await;
        engine.signal(Signal::TERM);
        assert_eq!(engine.ended(SOON).await.code(), Some(0));
        closed_in_order(&home);
    }
}
