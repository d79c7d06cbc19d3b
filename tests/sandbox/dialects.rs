//! Each face answers as its original does.

use crate::bench::Bench;
use lanewatch::sandbox::Drill;

const SELF: &str = "/api/v4/personal_access_tokens/self";

#[tokio::test]
async fn github_shows_scopes_expiry_and_counts_in_headers() {
    let bench = Bench::start().await;
    let seen = bench
        .ask("github", "GET", "/user", &bench.key("github-issues").await)
        .await;
    assert_eq!(seen.status, 200);
    assert_eq!(seen.at("/login"), "acme-bot");
    assert_eq!(seen.header("x-oauth-scopes"), Some("read:org, repo"));
    assert_eq!(seen.header("x-accepted-oauth-scopes"), Some(""));
    let expiry = seen.header("github-authentication-token-expiration");
    assert_eq!(expiry, Some("2026-11-22 20:02:00 UTC"));
    assert_eq!(seen.header("x-ratelimit-limit"), Some("5000"));
    assert_eq!(seen.header("x-ratelimit-remaining"), Some("4999"));
    assert_eq!(seen.header("x-ratelimit-reset"), Some("1795381200"));
    assert!(seen.header("x-github-request-id").is_some());
    assert_eq!(seen.header("date"), Some("Sun, 22 Nov 2026 20:00:00 GMT"));
    let forever = bench
        .ask("github", "GET", "/user", &bench.key("github-audit").await)
        .await;
    assert_eq!(
        forever.header("github-authentication-token-expiration"),
        None
    );
}

#[tokio::test]
async fn github_calls_a_dead_token_the_same_whatever_it_died_of() {
    let bench = Bench::start().await;
    let (ends, revoked) = (
        bench.key("github-issues").await,
        bench.key("github-audit").await,
    );
    bench.drill("lanes/github-audit", Drill::Revoke);
    bench.advance(120);
    for token in [ends.as_str(), &revoked, "ghp_never"] {
        let seen = bench.ask("github", "GET", "/user", token).await;
        assert_eq!(
            (seen.status, seen.at("/message").as_str()),
            (401, "Bad credentials")
        );
        assert_eq!(seen.header("x-oauth-scopes"), None);
    }
    let nobody = Bench::send(bench.request("github", "GET", "/user")).await;
    assert_eq!(nobody.at("/message"), "Requires authentication");
}

#[tokio::test]
async fn a_github_key_that_is_told_to_expire_says_so_first() {
    let bench = Bench::start().await;
    let key = bench.key("github-audit").await;
    bench.drill("lanes/github-audit", Drill::Expire);
    let seen = bench.ask("github", "GET", "/user", &key).await;
    let expiry = seen.header("github-authentication-token-expiration");
    assert_eq!(expiry, Some("2026-11-22 20:00:12 UTC"));
    bench.advance(12);
    assert_eq!(bench.ask("github", "GET", "/user", &key).await.status, 401);
}

#[tokio::test]
async fn github_names_accepted_scopes_with_a_denial() {
    let bench = Bench::start().await;
    let key = bench.key("github-audit").await;
    let seen = bench
        .ask("github", "GET", "/orgs/shop/audit-log?per_page=1", &key)
        .await;
    assert_eq!(seen.status, 403);
    assert_eq!(
        seen.header("x-accepted-oauth-scopes"),
        Some("read:audit_log")
    );
    assert_eq!(seen.header("x-oauth-scopes"), Some("read:org, repo"));
    assert_eq!(seen.header("x-ratelimit-remaining"), Some("4999"));
    let write = bench
        .ask("github", "POST", "/repos/shop/web/issues", &key)
        .await;
    assert_eq!(write.status, 201);
    bench.drill("lanes/github-audit", Drill::Widen);
    let wide = bench
        .ask("github", "PUT", "/orgs/shop/memberships/eve", &key)
        .await;
    assert_eq!(wide.status, 200);
    assert_eq!(
        wide.header("x-oauth-scopes"),
        Some("admin:org, read:org, repo")
    );
    assert_eq!(
        bench.ask("github", "GET", "/nothing", &key).await.status,
        404
    );
}

#[tokio::test]
async fn github_wants_to_know_the_user_agent() {
    let bench = Bench::start().await;
    let key = bench.key("github-audit").await;
    let request = bench
        .request("github", "GET", "/user")
        .header("user-agent", "");
    assert_eq!(Bench::send(request.bearer_auth(key)).await.status, 403);
}

#[tokio::test]
async fn slack_says_what_is_wrong_under_a_200() {
    let bench = Bench::start().await;
    let (lives, ends) = (
        bench.key("deploy-notices").await,
        bench.key("incident-room").await,
    );
    assert!(ends.starts_with("xoxe.xoxb-"));
    let good = bench.ask("slack", "POST", "/api/auth.test", &lives).await;
    assert_eq!((good.status, good.at("/ok").as_str()), (200, "true"));
    assert_eq!(
        good.header("x-oauth-scopes"),
        Some("channels:read,chat:write")
    );
    let denied = bench
        .ask("slack", "POST", "/api/admin.users.list", &lives)
        .await;
    assert_eq!(denied.at("/error"), "missing_scope");
    assert_eq!(denied.at("/needed"), "admin,admin.users:read");
    assert_eq!(denied.at("/provided"), "channels:read,chat:write");
    bench.drill("lanes/deploy-notices", Drill::Revoke);
    bench.drill("lanes/incident-room", Drill::Expire);
    let words = [
        (lives.as_str(), "token_revoked"),
        (&ends, "token_expired"),
        ("xoxb-never", "invalid_auth"),
    ];
    for (token, word) in words {
        let seen = bench.ask("slack", "POST", "/api/auth.test", token).await;
        assert_eq!((seen.status, seen.at("/ok").as_str()), (200, "false"));
        assert_eq!(seen.at("/error"), word);
    }
    let nobody = Bench::send(bench.request("slack", "POST", "/api/auth.test")).await;
    assert_eq!(nobody.at("/error"), "not_authed");
}

#[tokio::test]
async fn stripe_tells_expired_from_invalid_but_not_from_revoked() {
    let bench = Bench::start().await;
    let key = bench.key("billing-read").await;
    let good = bench.ask("stripe", "GET", "/v1/balance", &key).await;
    assert_eq!((good.status, good.at("/object").as_str()), (200, "balance"));
    assert!(good.header("request-id").unwrap().starts_with("req_"));
    bench.drill("lanes/billing-read", Drill::Expire);
    let expired = bench.ask("stripe", "GET", "/v1/balance", &key).await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.at("/error/code"), "api_key_expired");
    assert_eq!(expired.at("/error/type"), "invalid_request_error");
    assert!(
        expired
            .at("/error/message")
            .starts_with("Expired API Key provided: rk_test_***")
    );
    assert!(!expired.text.contains(&key));
    bench.drill("lanes/billing-read", Drill::Revoke);
    for token in [key.as_str(), "rk_test_never"] {
        let seen = bench.ask("stripe", "GET", "/v1/balance", token).await;
        assert_eq!(seen.status, 401);
        assert!(
            seen.at("/error/message")
                .starts_with("Invalid API Key provided: ")
        );
        assert_eq!(seen.at("/error/code"), "null");
    }
}

#[tokio::test]
async fn stripe_names_the_permission_that_would_do() {
    let bench = Bench::start().await;
    let key = bench.key("billing-refunds").await;
    let pay = [("amount", "100"), ("currency", "eur")];
    let denied = bench.form("stripe", "/v1/payouts", &key, &pay).await;
    assert_eq!(denied.status, 403);
    assert!(
        denied
            .at("/error/message")
            .contains("Having the 'rak_payout_write' permission")
    );
    let refund = bench
        .form("stripe", "/v1/refunds", &key, &[("charge", "ch_1")])
        .await;
    assert_eq!(refund.at("/status"), "succeeded");
    let short = bench.form("stripe", "/v1/refunds", &key, &[]).await;
    assert_eq!(
        (short.status, short.at("/error/code").as_str()),
        (400, "parameter_missing")
    );
    bench.drill("lanes/billing-refunds", Drill::Widen);
    assert_eq!(
        bench.form("stripe", "/v1/payouts", &key, &pay).await.status,
        200
    );
    bench.drill("lanes/billing-refunds", Drill::Narrow);
    assert_eq!(
        bench.ask("stripe", "GET", "/v1/balance", &key).await.status,
        403
    );
}

#[tokio::test]
async fn gitlab_says_in_words_what_a_token_died_of() {
    let bench = Bench::start().await;
    let (one, two) = (
        bench.key("gitlab-mirror").await,
        bench.key("gitlab-pipelines").await,
    );
    let request = bench
        .request("gitlab", "GET", SELF)
        .header("private-token", &one);
    let good = Bench::send(request).await;
    assert_eq!(good.status, 200);
    assert_eq!(
        good.json()["scopes"],
        serde_json::json!(["read_api", "read_repository"])
    );
    assert_eq!(good.at("/expires_at"), "2027-05-21");
    assert_eq!(
        (good.at("/active").as_str(), good.at("/revoked").as_str()),
        ("true", "false")
    );
    assert_eq!(good.header("ratelimit-limit"), Some("2000"));
    let denied = bench
        .ask("gitlab", "POST", "/api/v4/projects/42/issues", &one)
        .await;
    assert_eq!(
        (denied.status, denied.at("/error").as_str()),
        (403, "insufficient_scope")
    );
    assert_eq!(denied.at("/scope"), "api");
    bench.drill("lanes/gitlab-mirror", Drill::Expire);
    bench.drill("lanes/gitlab-pipelines", Drill::Revoke);
    for (token, word) in [(one, "Token is expired."), (two, "Token was revoked.")] {
        let seen = bench.ask("gitlab", "GET", SELF, &token).await;
        assert_eq!(
            (seen.status, seen.at("/error").as_str()),
            (401, "invalid_token")
        );
        assert!(seen.at("/error_description").starts_with(word));
    }
    let never = bench.ask("gitlab", "GET", SELF, "glpat-never").await;
    assert_eq!(
        (never.status, never.at("/message").as_str()),
        (401, "401 Unauthorized")
    );
}

#[tokio::test]
async fn the_sandbox_api_challenges_by_the_book() {
    let bench = Bench::start().await;
    let refresh = bench.secret("lanes/crm-sync", "refresh_token").await;
    let token = bench
        .exchange("crm-sync", "lanewatch-crm", &refresh)
        .await
        .at("/access_token");
    assert_eq!(
        bench
            .ask("oauth", "GET", "/api/contacts", &token)
            .await
            .status,
        200
    );
    let denied = bench.ask("oauth", "POST", "/api/payments", &token).await;
    let challenge = denied.header("www-authenticate").unwrap();
    assert_eq!(denied.status, 403);
    assert!(challenge.contains("error=\"insufficient_scope\""));
    assert!(challenge.ends_with("scope=\"payments:write\""));
    bench.drill("lanes/crm-sync", Drill::Throttle);
    let limited = bench.ask("oauth", "GET", "/api/contacts", &token).await;
    assert_eq!(
        (limited.status, limited.header("retry-after")),
        (429, Some("15"))
    );
    bench.drill("lanes/crm-sync", Drill::Heal);
    let nobody = Bench::send(bench.request("oauth", "GET", "/api/me")).await;
    assert_eq!(
        nobody.header("www-authenticate"),
        Some("Bearer realm=\"sandbox\"")
    );
    bench.advance(30);
    let expired = bench.ask("oauth", "GET", "/api/contacts", &token).await;
    assert_eq!(
        (expired.status, expired.at("/error").as_str()),
        (401, "invalid_token")
    );
    assert!(
        expired
            .header("www-authenticate")
            .unwrap()
            .contains("The access token expired")
    );
    // A refresh token opens no API.
    let refresh = bench.secret("lanes/support-inbox", "refresh_token").await;
    assert_eq!(
        bench.ask("oauth", "GET", "/api/me", &refresh).await.status,
        401
    );
}

#[tokio::test]
async fn a_token_is_unknown_at_another_provider() {
    let bench = Bench::start().await;
    let key = bench.key("github-audit").await;
    assert_eq!(
        bench.ask("gitlab", "GET", SELF, &key).await.at("/message"),
        "401 Unauthorized"
    );
    let slack = bench.ask("slack", "POST", "/api/auth.test", &key).await;
    assert_eq!(slack.at("/error"), "invalid_auth");
}
