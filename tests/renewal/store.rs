//! The store fails in every way that it can: sealed, limited, hanging, killed, or with a login that
//! ends. None of it is a verdict on a credential.

use crate::bench::Bench;
use crate::real::{Bao, Canned, Fault, Oidc, until};
use crate::rig::{API, EXCHANGE, Rig, generation, serves};
use lanewatch::engine::clock;
use lanewatch::http::Method;
use lanewatch::lane::{Activity, Gate, Outcome, RecordKind, Verb, Word};
use serde_json::{Value, json};

/// What the store is asked to take.
const WRITE: &str = "POST /v1/secret/data/lanes/";
/// A store that is down is asked at most twice a second.
const BETWEEN_TRIES_MS: i64 = 500;

/// What the store's trouble is called, once the engine knows that it has one.
async fn trouble(bench: &Bench) -> String {
    bench
        .until("the store is down", |engine, lanes| {
            let down = engine.stores[0].up == Some(false);
            down && lanes.iter().all(|lane| lane.degraded.is_some())
        })
        .await;
    let (engine, lanes) = bench.look().await;
    for lane in &lanes {
        // Told as what it is, on every lane that it concerns.
        let verdict = &lane.degraded.as_ref().unwrap().verdict;
        assert_eq!(verdict.outcome, Outcome::StoreUnavailable, "{verdict:?}");
    }
    engine.stores[0]
        .trouble
        .as_ref()
        .unwrap()
        .as_str()
        .to_owned()
}

/// Every lane serves with the credential at hand, and says that something is the matter.
async fn all_serve_degraded(bench: &Bench, names: &[&str]) {
    for name in names {
        let lane = bench.lane(name).await;
        assert_eq!((lane.gate, lane.word), (Gate::Open, Word::Degraded));
        bench.acquire(name).await.expect("inside its life");
    }
}

async fn all_are_dead(bench: &Bench, names: &[&str]) {
    for name in names {
        bench.until_word(name, Word::Expired).await;
        let denied = bench.denied(name).await;
        assert_eq!(denied.outcome, Outcome::CredentialExpired);
    }
}

async fn generations(bench: &Bench) -> Vec<u64> {
    let (_, lanes) = bench.look().await;
    lanes.iter().map(|lane| generation(lane)).collect()
}

/// Waits until every lane has a newer credential than `before`.
async fn all_are_fresh(bench: &Bench, before: &[u64]) {
    bench
        .until("every lane is fresh", |_, lanes| {
            let mut lanes = lanes.iter().zip(before);
            lanes.all(|(lane, before)| serves(lane) && generation(lane) > *before)
        })
        .await;
}

/// Waits until the store itself answers as it should, and tells how long the lanes take from there:
/// no test depends on that.
#[allow(clippy::print_stdout, reason = "seen with --nocapture only")]
async fn back_and_fresh(rig: &Rig, bench: &Bench, before: &[u64]) {
    let path = "secret/data/clients/lane";
    let answers = async || rig.bao.send(Method::GET, path, Value::Null).await.0 == 200;
    until("it is back", answers).await;
    let back = clock::now().boot;
    all_are_fresh(bench, before).await;
    let took = clock::now().boot.since(back);
    println!("fresh {} ms after the store was back", took.as_millis());
}

/// Nobody shows a dead credential while the store is down, and nobody asks it all the time.
async fn still_asks_in_measure(rig: &Rig, bench: &Bench) {
    let (asked, shown) = (rig.store.count(""), rig.provider.count(API));
    bench
        .until("it goes on asking", |_, _| rig.store.count("") >= asked + 5)
        .await;
    assert_eq!(
        rig.provider.count(API),
        shown,
        "a dead credential was shown"
    );
    let tries = rig.store.asked("").split_off(asked);
    for pair in tries.windows(2) {
        let between = pair[1].at.0 - pair[0].at.0;
        assert!(between >= BETWEEN_TRIES_MS, "{between} ms: {pair:?}");
    }
}

#[tokio::test]
async fn a_sealed_store_is_an_outage_that_lanes_serve_through_to_the_end_of_their_lives() {
    let rig = Rig::start(6).await;
    let names = ["one", "two", "three"];
    let (bench, _) = rig.lanes(&names).await;
    rig.bao.seal().await;
    let said = trouble(&bench).await;
    assert_eq!(
        said,
        "the store is sealed or not initialised: its operators must unseal it"
    );
    all_serve_degraded(&bench, &names).await;
    let exchanged = rig.provider.count(EXCHANGE);
    all_are_dead(&bench, &names).await;
    // What could not be stored is not asked for: the grant would be used up for nothing.
    assert_eq!(rig.provider.count(EXCHANGE), exchanged);
    still_asks_in_measure(&rig, &bench).await;

    let before = generations(&bench).await;
    rig.bao.unseal().await;
    back_and_fresh(&rig, &bench, &before).await;
    // Long enough for a few more lives.
    all_are_fresh(&bench, &generations(&bench).await).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up_each_time_and_found_again_when_it_goes_on() {
    let mut rig = Rig::start(6).await;
    rig.timeout = "1s";
    let names = ["one", "two", "three"];
    let (bench, _) = rig.lanes(&names).await;
    rig.bao.freeze();
    let said = trouble(&bench).await;
    assert_eq!(said, "the store did not answer within 1000 ms");
    all_serve_degraded(&bench, &names).await;
    all_are_dead(&bench, &names).await;
    still_asks_in_measure(&rig, &bench).await;
    let before = generations(&bench).await;
    rig.bao.thaw();
    back_and_fresh(&rig, &bench, &before).await;
    all_are_fresh(&bench, &generations(&bench).await).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_store_that_is_killed_and_started_again_costs_no_grant() {
    let (bao, oidc) = tokio::join!(Bao::start_on_files(), Oidc::with_ttl(4, 600));
    let mut rig = Rig::of(bao, oidc).await;
    let names = ["one", "two"];
    let (bench, _) = rig.lanes(&names).await;
    rig.bao.kill();
    trouble(&bench).await;
    all_serve_degraded(&bench, &names).await;
    rig.bao.start_again().await;
    bench
        .until("it says that it is sealed", |engine, _| {
            let said = engine.stores[0].trouble.as_ref();
            said.is_some_and(|said| said.as_str().contains("sealed"))
        })
        .await;
    let before = generations(&bench).await;
    rig.bao.unseal().await;
    back_and_fresh(&rig, &bench, &before).await;
    all_are_fresh(&bench, &generations(&bench).await).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_stores_quota_is_respected_and_condemns_nothing() {
    let rig = Rig::start(6).await;
    let names = ["one", "two", "three"];
    let (bench, _) = rig.lanes(&names).await;
    rig.bao.quota(1).await;
    let said = trouble(&bench).await;
    assert_eq!(said, "the store limits how often it may be asked");
    all_serve_degraded(&bench, &names).await;
    all_are_dead(&bench, &names).await;
    still_asks_in_measure(&rig, &bench).await;
    let limited = rig.store.asked("").pop().unwrap();
    assert_eq!(limited.status, Some(429));
    let before = generations(&bench).await;
    rig.bao.lift_quota().await;
    back_and_fresh(&rig, &bench, &before).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn no_lane_notices_that_the_login_to_its_store_ends_again_and_again() {
    let rig = Rig::start(4).await;
    let rules = r#"
        path "secret/data/lanes/*" { capabilities = ["read", "update"] }
        path "secret/data/clients/lane" { capabilities = ["read"] }
    "#;
    rig.bao.policy("lanewatch", rules).await;
    let auth = rig.bao.approle_renewable(&["lanewatch"], "1s", "2s").await;
    let (bench, _) = rig.lanes_with(&auth, &["one", "two"]).await;
    let logins = || rig.store.count("POST /v1/auth/approle/login");
    bench
        .until("eight logins, and three exchanges each", |_, lanes| {
            logins() >= 8 && lanes.iter().all(|lane| generation(lane) >= 4)
        })
        .await;
    // From under it, in the middle of its life.
    rig.bao.revoke_role_tokens().await;
    let (seen, before) = (logins(), generations(&bench).await);
    bench.until("another login", |_, _| logins() > seen).await;
    all_are_fresh(&bench, &before).await;
    let noticed = [
        RecordKind::CredentialLoadFailed,
        RecordKind::RefreshFailed,
        RecordKind::DegradedOpened,
    ];
    for record in bench.records() {
        assert!(!noticed.contains(&record.kind), "{record:?}");
    }
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_token_that_the_store_did_not_take_is_kept_and_stored_when_it_can_be() {
    let rig = Rig::start(8).await;
    let (bench, _) = rig.lanes(&["one"]).await;
    let before = generations(&bench).await;
    let exchanged = rig.provider.count(EXCHANGE);
    let sealed = Canned::json(503, &json!({ "errors": ["Vault is sealed"] }));
    rig.store.every(WRITE, Fault::Instead(sealed));
    let failed = || bench.count("one", RecordKind::RefreshFailed);
    bench
        .until("three failed tries", |_, _| failed() >= 3)
        .await;
    assert_eq!(rig.provider.count(EXCHANGE), exchanged + 1);
    assert_eq!(generations(&bench).await, before, "it serves unstored");
    bench.acquire("one").await.expect("the former one lives");
    rig.store.heal();
    all_are_fresh(&bench, &before).await;
    assert_eq!(rig.provider.count(EXCHANGE), exchanged + 1);
    // And its successor was stored with it.
    all_are_fresh(&bench, &generations(&bench).await).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_costs_no_grant() {
    let mut rig = Rig::start(60).await;
    rig.timeout = "2s";
    let (bench, _) = rig.lanes(&["one"]).await;
    for fault in [
        Fault::LoseAnswer,
        Fault::Cut(30),
        Fault::Silence,
        Fault::Reset,
    ] {
        let before = generations(&bench).await;
        // The lane may have met its new token in the store before the exchange heard of it.
        bench
            .until("no exchange is under way", |_, lanes| {
                lanes[0].activity != Activity::Refreshing
            })
            .await;
        rig.store.next(WRITE, fault);
        bench.ask("one", Verb::Refresh).await.unwrap();
        all_are_fresh(&bench, &before).await;
    }
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_store_that_says_when_to_ask_again_is_not_asked_sooner() {
    let rig = Rig::start(600).await;
    let (bench, _) = rig.lanes(&["one"]).await;
    let record = "GET /v1/secret/data/lanes/one";
    let asked = rig.store.count(record);
    let limited = Canned::json(429, &json!({ "errors": ["slow down"] }));
    let limited = Fault::Instead(limited.with("retry-after", "2"));
    rig.store.next(record, limited);
    bench
        .until("it asks again", |_, lanes| {
            serves(&lanes[0]) && rig.store.count(record) >= asked + 2
        })
        .await;
    let asked = rig.store.asked(record).split_off(asked);
    assert!(asked[1].at.0 - asked[0].at.0 >= 2_000, "{asked:?}");
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}
