//! A secret leaves the engine by one door, and only for a lane that is proven.

use crate::bench::{Bench, find};
use lanewatch::lane::{Gate, Outcome, Verb, WhoActs, Word};
use lanewatch::sandbox::Drill;

/// The lanes of the demo that serve from the first minute on.
pub(crate) const SERVING: [&str; 11] = [
    "crm-sync",
    "support-inbox",
    "calendar-invites",
    "github-issues",
    "github-releases",
    "billing-refunds",
    "billing-read",
    "deploy-notices",
    "incident-room",
    "gitlab-mirror",
    "gitlab-pipelines",
];

#[tokio::test]
async fn every_lane_of_the_demo_that_can_serve_is_proven_and_does() {
    let bench = Bench::demo("").await;
    bench
        .until("all serve", |_, lanes| {
            SERVING
                .iter()
                .all(|name| find(lanes, name).gate == Gate::Open)
        })
        .await;
    let secrets = bench.control().secrets();
    for name in SERVING {
        let lane = bench.lane(name).await;
        assert_eq!(lane.word, Word::Ok, "{name}");
        let lease = bench.acquire(name).await.unwrap();
        assert_eq!(
            Some(lease.generation),
            lane.credential.as_ref().map(|c| c.generation)
        );
        assert!(
            secrets
                .iter()
                .any(|secret| secret.expose() == lease.secret.expose()),
            "{name}"
        );
    }
    // Whoever made this one forgot a scope.
    bench
        .until_lane("github-audit", "refused", |lane| {
            matches!(lane.word, Word::Scope | Word::Denied) && lane.gate == Gate::Refused
        })
        .await;
    let denied = bench.denied("github-audit").await;
    let outcomes = [Outcome::ScopeInsufficient, Outcome::PolicyDenied];
    assert!(outcomes.contains(&denied.outcome), "{denied:?}");
    assert_eq!(
        (denied.gate, denied.who_acts),
        (Gate::Refused, WhoActs::Owner)
    );
    assert!(bench.handle.acquire("nobody".into()).await.is_none());
    bench.stop().await;
}

#[tokio::test]
async fn a_closed_gate_gives_the_typed_denial_and_never_the_secret() {
    let bench = Bench::demo("").await;
    bench
        .until("all serve", |_, lanes| {
            SERVING
                .iter()
                .all(|name| find(lanes, name).gate == Gate::Open)
        })
        .await;

    let until = lanewatch::engine::clock::now()
        .wall
        .plus(std::time::Duration::from_secs(3600));
    let pause = Verb::Pause {
        reason: "a drill".into(),
        until: Some(until),
    };
    bench.ask("gitlab-mirror", pause).await.unwrap();
    let denied = bench.denied("gitlab-mirror").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::PolicyDenied, Gate::Paused)
    );
    assert_eq!(
        (denied.until, denied.who_acts),
        (Some(until), WhoActs::Operator)
    );

    bench.drill("deploy-notices", Drill::Revoke).await;
    bench.until_word("deploy-notices", Word::Held).await;
    let denied = bench.denied("deploy-notices").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::CredentialRevoked, Gate::Held)
    );
    assert_eq!((denied.until, denied.who_acts), (None, WhoActs::Operator));

    bench.drill("incident-room", Drill::Expire).await;
    bench.until_word("incident-room", Word::Expired).await;
    let denied = bench.denied("incident-room").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::CredentialExpired, Gate::Refused)
    );
    assert_eq!(denied.who_acts, WhoActs::Owner);

    bench.drill("support-inbox", Drill::Throttle).await;
    bench.until_word("support-inbox", Word::Limited).await;
    let denied = bench.denied("support-inbox").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::RateLimited, Gate::Open)
    );
    assert!(denied.until.is_some());
    assert_eq!(denied.who_acts, WhoActs::Lanewatch);

    bench.drill("calendar-invites", Drill::Narrow).await;
    bench.until_word("calendar-invites", Word::Scope).await;
    let denied = bench.denied("calendar-invites").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::ScopeInsufficient, Gate::Refused)
    );

    // A lane in trouble does not take others along.
    for name in ["crm-sync", "github-releases", "billing-refunds"] {
        assert!(bench.acquire(name).await.is_ok(), "{name}");
    }
    bench.stop().await;
}
