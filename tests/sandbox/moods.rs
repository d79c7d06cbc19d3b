//! Upstreams that will not answer now: rate limits and outages.

use crate::bench::Bench;
use lanewatch::sandbox::Drill;

const SELF: &str = "/api/v4/personal_access_tokens/self";

#[tokio::test]
async fn each_face_limits_in_its_own_way() {
    let bench = Bench::start().await;
    let lanes = [
        "github-audit",
        "deploy-notices",
        "billing-read",
        "gitlab-mirror",
    ];
    for lane in lanes {
        bench.drill(&format!("lanes/{lane}"), Drill::Throttle);
    }
    let github = bench
        .ask("github", "GET", "/user", &bench.key(lanes[0]).await)
        .await;
    assert_eq!(
        (github.status, github.header("retry-after")),
        (403, Some("15"))
    );
    assert!(
        github
            .at("/documentation_url")
            .ends_with("secondary-rate-limits")
    );
    assert_ne!(github.header("x-ratelimit-remaining"), Some("0"));
    let slack = bench
        .ask(
            "slack",
            "POST",
            "/api/auth.test",
            &bench.key(lanes[1]).await,
        )
        .await;
    assert_eq!(
        (slack.status, slack.header("retry-after")),
        (429, Some("15"))
    );
    assert_eq!(slack.at("/error"), "ratelimited");
    let stripe = bench
        .ask("stripe", "GET", "/v1/balance", &bench.key(lanes[2]).await)
        .await;
    assert_eq!((stripe.status, stripe.header("retry-after")), (429, None));
    assert_eq!(
        stripe.header("stripe-rate-limited-reason"),
        Some("global-rate")
    );
    assert_eq!(stripe.at("/error/code"), "rate_limit");
    let gitlab = bench
        .ask("gitlab", "GET", SELF, &bench.key(lanes[3]).await)
        .await;
    assert_eq!(
        (gitlab.status, gitlab.text.as_str()),
        (429, "Retry later\n")
    );
    assert_eq!(gitlab.header("retry-after"), Some("15"));
    assert_eq!(gitlab.header("ratelimit-reset"), Some("1795377615"));
    let date = gitlab.header("ratelimit-resettime");
    assert_eq!(date, Some("Sun, 22 Nov 2026 20:00:15 GMT"));
}

#[tokio::test]
async fn a_busy_instance_limits_for_a_while_and_says_for_how_long() {
    let bench = Bench::start().await;
    let key = bench.key("gitlab-pipelines").await;
    for (advance, wait) in [
        (39, None),
        (1, Some("20")),
        (15, Some("5")),
        (5, None),
        (70, Some("20")),
    ] {
        bench.advance(advance);
        let seen = bench.ask("gitlab", "GET", SELF, &key).await;
        assert_eq!(seen.header("retry-after"), wait);
        assert_eq!(seen.status, if wait.is_some() { 429 } else { 200 });
    }
}

#[tokio::test]
async fn an_outage_is_a_gateways_page_for_one_account_only() {
    let bench = Bench::start().await;
    let (down, up) = (
        bench.key("github-audit").await,
        bench.key("github-releases").await,
    );
    bench.drill("lanes/github-audit", Drill::Outage);
    let seen = bench.ask("github", "GET", "/user", &down).await;
    assert_eq!(seen.status, 502);
    assert!(
        seen.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(seen.text.contains("502 Bad Gateway"));
    assert_eq!(bench.ask("github", "GET", "/user", &up).await.status, 200);
    bench.drill("lanes/crm-sync", Drill::Outage);
    let refresh = bench.secret("lanes/crm-sync", "refresh_token").await;
    let token = bench.exchange("crm-sync", "lanewatch-crm", &refresh).await;
    assert_eq!(token.status, 503);
    assert!(token.text.starts_with("<html>"));
    bench.drill("lanes/crm-sync", Drill::Heal);
    let token = bench.exchange("crm-sync", "lanewatch-crm", &refresh).await;
    assert_eq!(token.status, 200, "an outage uses no grant up");
}
