//! The token endpoint fails, loses its answer, or says that a grant is over.

use crate::bench::Bench;
use crate::real::{Canned, Fault};
use crate::rig::{API, EXCHANGE, Rig, generation, serves};
use lanewatch::engine::clock;
use lanewatch::lane::{Gate, Outcome, RecordKind, Word};
use serde_json::json;

const LANE: &str = "repos";

/// Waits until the lane serves a newer credential than `before`.
async fn fresh(bench: &Bench, before: u64) {
    bench
        .until("it is fresh", |_, lanes| {
            serves(&lanes[0]) && generation(&lanes[0]) > before
        })
        .await;
}

#[tokio::test]
async fn a_lost_answer_is_raised_and_the_grant_is_neither_tried_again_nor_called_revoked() {
    tokio::join!(
        loses(Fault::LoseAnswer),
        loses(Fault::Cut(40)),
        loses(Fault::Silence),
        loses(Fault::AnswerWith(Canned::page(504))),
        loses(Fault::AnswerWith(Canned::page(200))),
    );
}

async fn loses(fault: Fault) {
    let mut rig = Rig::start(6).await;
    rig.timeout = "2s";
    let (bench, _) = rig.lanes(&[LANE]).await;
    rig.provider.next(EXCHANGE, fault);
    bench
        .until_record("the loss is raised", |record| {
            record.kind == RecordKind::RefreshUncertain
        })
        .await;
    let exchanged = rig.provider.asked(EXCHANGE);
    assert_eq!(exchanged.last().unwrap().status, Some(200), "it did act");
    // The token at hand serves to its end as if nothing had happened.
    bench.acquire(LANE).await.expect("inside its life");
    bench.until_word(LANE, Word::Held).await;
    let records = bench.of_lane(LANE);
    let has = |kind| records.iter().any(|record| record.kind == kind);
    assert!(has(RecordKind::TokenExpired), "{records:#?}");
    assert!(!has(RecordKind::RevocationDetected), "{records:#?}");
    let hold = bench.lane(LANE).await.hold.clone().unwrap();
    assert_eq!(hold.verdict.outcome, Outcome::UpstreamUnavailable);
    assert_eq!(rig.provider.count(EXCHANGE), exchanged.len());
    assert_eq!(rig.oidc.reuses().await, 0);

    // By its server's clock the token ended within the second before its end by ours.
    bench
        .until("its token's end", |_, lanes| {
            let ends = lanes[0].credential.as_ref().unwrap().expiry.unwrap().at;
            ends <= clock::now().wall
        })
        .await;
    // A person may say: try it. Then it is tried, once, and the server's word counts.
    bench.release(LANE).await;
    bench
        .until("it was tried", |_, lanes| {
            rig.provider.count(EXCHANGE) > exchanged.len() && lanes[0].word == Word::Held
        })
        .await;
    assert_eq!(rig.provider.count(EXCHANGE), exchanged.len() + 1);
    assert_eq!(rig.oidc.reuses().await, 1);
    assert!(rig.rejections() <= 1, "a dead token was shown again");

    rig.consent(LANE).await;
    let before = generation(&*bench.lane(LANE).await);
    bench.release(LANE).await;
    fresh(&bench, before).await;
    bench.stop().await;
}

#[tokio::test]
async fn what_is_no_verdict_on_a_grant_condemns_none_and_the_same_grant_is_exchanged_afterwards() {
    let rig = Rig::start(8).await;
    let (bench, _) = rig.lanes(&[LANE]).await;
    let busy = json!({ "error": "temporarily_unavailable" });
    let failures = [
        Canned::page(500),
        Canned::page(503),
        Canned::json(503, &busy),
        Canned::page(429).with("retry-after", "1"),
        Canned::page(400),
        Canned::page(401),
        Canned::page(403),
    ];
    for failure in failures {
        let before = generation(&*bench.lane(LANE).await);
        let seen = bench.count(LANE, RecordKind::RefreshFailed);
        let said = format!("{failure:?}");
        rig.provider.next(EXCHANGE, Fault::Instead(failure));
        bench
            .ask(LANE, lanewatch::lane::Verb::Refresh)
            .await
            .unwrap();
        bench
            .until(&said, |_, _| {
                bench.count(LANE, RecordKind::RefreshFailed) > seen
            })
            .await;
        assert_eq!(bench.lane(LANE).await.gate, Gate::Open, "{said}");
        bench.acquire(LANE).await.expect("inside its life");
        fresh(&bench, before).await;
    }
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_fails_for_longer_than_a_life_leaves_an_expired_lane_and_no_condemned_one()
{
    let rig = Rig::start(3).await;
    let (bench, _) = rig.lanes(&[LANE]).await;
    rig.provider
        .every(EXCHANGE, Fault::Instead(Canned::page(503)));
    bench.until_word(LANE, Word::Expired).await;
    let denied = bench.denied(LANE).await;
    assert_eq!(denied.outcome, Outcome::CredentialExpired);
    let shown = rig.provider.count(API);
    let exchanged = rig.provider.count(EXCHANGE);
    bench
        .until("it goes on trying", |_, _| {
            rig.provider.count(EXCHANGE) >= exchanged + 2
        })
        .await;
    assert_eq!(
        rig.provider.count(API),
        shown,
        "a dead credential was shown"
    );
    let before = generation(&*bench.lane(LANE).await);
    rig.provider.heal();
    fresh(&bench, before).await;
    rig.nothing_was_condemned(&bench).await;
    bench.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_hangs_may_still_act_and_is_not_shown_the_same_grant_again() {
    let mut rig = Rig::start(5).await;
    rig.timeout = "2s";
    let (bench, _) = rig.lanes(&[LANE]).await;
    let exchanged = rig.provider.count(EXCHANGE);
    bench
        .until("an exchange is due", |_, lanes| generation(&lanes[0]) > 1)
        .await;
    rig.oidc.freeze();
    bench
        .until_record("the time-out is raised", |record| {
            record.kind == RecordKind::RefreshUncertain
        })
        .await;
    bench.until_word(LANE, Word::Held).await;
    assert_eq!(rig.provider.count(EXCHANGE), exchanged + 2);
    rig.oidc.thaw();
    // What nobody waited for any more it does all the same.
    bench
        .until("it has acted", |_, _| {
            rig.provider.asked(EXCHANGE)[exchanged + 1].status == Some(200)
        })
        .await;
    assert_eq!(rig.oidc.reuses().await, 0);
    assert_eq!(bench.count(LANE, RecordKind::RevocationDetected), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_grant_that_its_server_takes_back_is_revoked_held_and_left_alone() {
    let rig = Rig::start(600).await;
    let (bench, grants) = rig.lanes(&[LANE, "other"]).await;
    rig.oidc.revoke(&grants[0]).await;
    bench.until_word(LANE, Word::Held).await;
    let hold = bench.lane(LANE).await.hold.clone().unwrap();
    assert_eq!(hold.verdict.outcome, Outcome::CredentialRevoked);
    assert_eq!(bench.denied(LANE).await.gate, Gate::Held);
    let (exchanged, shown) = (rig.provider.count(EXCHANGE), rig.provider.count(API));
    bench
        .until("the other lane is proved again and again", |_, _| {
            rig.provider.count(API) >= shown + 5
        })
        .await;
    assert_eq!(rig.provider.count(EXCHANGE), exchanged, "a new login");
    assert_eq!(rig.rejections(), 1, "one answer was enough");
    assert_eq!(rig.oidc.reuses().await, 0);

    rig.consent(LANE).await;
    let before = generation(&*bench.lane(LANE).await);
    bench.release(LANE).await;
    fresh(&bench, before).await;
    bench.stop().await;
}
