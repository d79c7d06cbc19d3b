//! OAuth grants live and die by the RFCs.

use crate::bench::Bench;
use lanewatch::sandbox::Drill;

const LANE: &str = "lanes/crm-sync";
const CLIENT: &str = "lanewatch-crm";

async fn refresh_token(bench: &Bench) -> String {
    bench.secret(LANE, "refresh_token").await
}

async fn exchange(bench: &Bench, refresh: &str) -> crate::bench::Seen {
    bench.exchange("crm-sync", CLIENT, refresh).await
}

/// A request to one of the three endpoints, with the client's secret in the body.
async fn post(bench: &Bench, path: &str, form: &[(&str, &str)]) -> crate::bench::Seen {
    let secret = bench.secret("clients/crm-sync", "client_secret").await;
    let mut all = vec![("client_id", CLIENT), ("client_secret", &secret)];
    all.extend_from_slice(form);
    Bench::send(bench.request("oauth", "POST", path).form(&all)).await
}

#[tokio::test]
async fn an_exchange_gives_a_short_life_and_the_next_refresh_token() {
    let bench = Bench::start().await;
    let first = refresh_token(&bench).await;
    let seen = exchange(&bench, &first).await;
    assert_eq!(seen.status, 200);
    assert_eq!(seen.at("/token_type"), "Bearer");
    assert_eq!(seen.at("/expires_in"), "30");
    assert_eq!(seen.at("/scope"), "contacts:read contacts:write");
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    assert_ne!(seen.at("/refresh_token"), first);
    assert_eq!(
        exchange(&bench, &seen.at("/refresh_token")).await.status,
        200
    );
}

#[tokio::test]
async fn a_replayed_refresh_token_kills_the_whole_family() {
    let bench = Bench::start().await;
    let first = refresh_token(&bench).await;
    let second = exchange(&bench, &first).await;
    let access = second.at("/access_token");
    assert_eq!(
        bench.ask("oauth", "GET", "/api/me", &access).await.status,
        200
    );
    let replay = exchange(&bench, &first).await;
    assert_eq!(
        (replay.status, replay.at("/error").as_str()),
        (400, "invalid_grant")
    );
    let next = exchange(&bench, &second.at("/refresh_token")).await;
    assert_eq!(
        (next.status, next.at("/error").as_str()),
        (400, "invalid_grant")
    );
    assert_eq!(
        bench.ask("oauth", "GET", "/api/me", &access).await.status,
        401
    );
}

#[tokio::test]
async fn a_revoke_drill_kills_the_grant_and_its_access_tokens() {
    let bench = Bench::start().await;
    let seen = exchange(&bench, &refresh_token(&bench).await).await;
    bench.drill(LANE, Drill::Revoke);
    let access = bench
        .ask("oauth", "GET", "/api/me", &seen.at("/access_token"))
        .await;
    assert_eq!(access.status, 401);
    let next = exchange(&bench, &seen.at("/refresh_token")).await;
    assert_eq!(next.at("/error"), "invalid_grant");
}

#[tokio::test]
async fn an_expire_drill_leaves_the_grant_alive() {
    let bench = Bench::start().await;
    let seen = exchange(&bench, &refresh_token(&bench).await).await;
    bench.drill(LANE, Drill::Expire);
    let access = bench
        .ask("oauth", "GET", "/api/me", &seen.at("/access_token"))
        .await;
    assert_eq!(access.at("/error_description"), "The access token expired");
    assert_eq!(
        exchange(&bench, &seen.at("/refresh_token")).await.status,
        200
    );
}

#[tokio::test]
async fn the_client_must_prove_itself_in_one_way() {
    let bench = Bench::start().await;
    let refresh = refresh_token(&bench).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let wrong = bench.request("oauth", "POST", "/token").form(&form);
    let wrong = Bench::send(wrong.basic_auth(CLIENT, Some("guess"))).await;
    assert_eq!(
        (wrong.status, wrong.at("/error").as_str()),
        (401, "invalid_client")
    );
    assert!(
        wrong
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic")
    );
    let nobody = Bench::send(bench.request("oauth", "POST", "/token").form(&form)).await;
    assert_eq!(nobody.at("/error"), "invalid_client");
    let secret = bench.secret("clients/crm-sync", "client_secret").await;
    let both = [
        form[0],
        form[1],
        ("client_id", CLIENT),
        ("client_secret", &secret),
    ];
    let both = bench.request("oauth", "POST", "/token").form(&both);
    let both = Bench::send(both.basic_auth(CLIENT, Some(&secret))).await;
    assert_eq!(
        (both.status, both.at("/error").as_str()),
        (400, "invalid_request")
    );
    assert_eq!(
        post(&bench, "/token", &form).await.status,
        200,
        "none of these used it up"
    );
}

#[tokio::test]
async fn errors_are_those_of_the_rfc() {
    let bench = Bench::start().await;
    let refresh = refresh_token(&bench).await;
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "rt_never"),
            ],
            "invalid_grant",
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh),
                ("scope", "contacts:read payments:write"),
            ],
            "invalid_scope",
        ),
    ];
    for (form, error) in cases {
        let seen = post(&bench, "/token", form).await;
        assert_eq!((seen.status, seen.at("/error").as_str()), (400, error));
    }
    // Another client's grant is no grant at all, and nothing happens to it.
    let theirs = bench.secret("lanes/support-inbox", "refresh_token").await;
    assert_eq!(
        exchange(&bench, &theirs).await.at("/error"),
        "invalid_grant"
    );
    assert!(bench.works("oauth-generic", "lanes/support-inbox").await);
    let get = Bench::send(bench.request("oauth", "GET", "/token")).await;
    assert_eq!(get.status, 405);
    assert_eq!(exchange(&bench, &refresh).await.status, 200);
}

#[tokio::test]
async fn a_narrower_scope_holds_for_the_access_token_only() {
    let bench = Bench::start().await;
    let refresh = refresh_token(&bench).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("scope", "contacts:read"),
    ];
    let seen = post(&bench, "/token", &form).await;
    assert_eq!(seen.at("/scope"), "contacts:read");
    let write = bench
        .ask("oauth", "POST", "/api/contacts", &seen.at("/access_token"))
        .await;
    assert_eq!(write.status, 403);
    let next = exchange(&bench, &seen.at("/refresh_token")).await;
    assert_eq!(next.at("/scope"), "contacts:read contacts:write");
}

#[tokio::test]
async fn drilled_scopes_show_at_once_and_in_the_next_token() {
    let bench = Bench::start().await;
    let seen = exchange(&bench, &refresh_token(&bench).await).await;
    let access = seen.at("/access_token");
    bench.drill(LANE, Drill::Narrow);
    bench.drill(LANE, Drill::Widen);
    assert_eq!(
        bench
            .ask("oauth", "GET", "/api/contacts", &access)
            .await
            .status,
        403
    );
    assert_eq!(
        bench
            .ask("oauth", "POST", "/api/payments", &access)
            .await
            .status,
        201
    );
    let next = exchange(&bench, &seen.at("/refresh_token")).await;
    assert_eq!(next.at("/scope"), "contacts:write payments:write");
}

#[tokio::test]
async fn introspection_tells_the_living_from_the_dead_and_no_more() {
    let bench = Bench::start().await;
    let first = refresh_token(&bench).await;
    let seen = exchange(&bench, &first).await;
    let access = seen.at("/access_token");
    let alive = post(&bench, "/introspect", &[("token", &access)]).await;
    assert_eq!(alive.at("/active"), "true");
    assert_eq!(alive.at("/exp"), "1795377630");
    assert_eq!(alive.at("/scope"), "contacts:read contacts:write");
    bench.advance(30);
    for dead in [access.as_str(), &first, "at_never"] {
        let seen = post(&bench, "/introspect", &[("token", dead)]).await;
        assert_eq!(
            (seen.status, seen.text.as_str()),
            (200, "{\"active\":false}")
        );
    }
    let stranger = bench
        .request("oauth", "POST", "/introspect")
        .form(&[("token", &access)]);
    assert_eq!(Bench::send(stranger).await.status, 401);
}

#[tokio::test]
async fn revoking_a_refresh_token_takes_its_family_along() {
    let bench = Bench::start().await;
    let one = exchange(&bench, &refresh_token(&bench).await).await;
    let revoked = post(&bench, "/revoke", &[("token", &one.at("/access_token"))]).await;
    assert_eq!((revoked.status, revoked.text.as_str()), (200, ""));
    assert_eq!(
        bench
            .ask("oauth", "GET", "/api/me", &one.at("/access_token"))
            .await
            .status,
        401
    );
    let two = exchange(&bench, &one.at("/refresh_token")).await;
    assert_eq!(two.status, 200, "an access token goes alone");
    post(&bench, "/revoke", &[("token", &two.at("/refresh_token"))]).await;
    assert_eq!(
        bench
            .ask("oauth", "GET", "/api/me", &two.at("/access_token"))
            .await
            .status,
        401
    );
    assert_eq!(
        post(&bench, "/revoke", &[("token", "never")]).await.status,
        200
    );
    let theirs = bench.secret("lanes/support-inbox", "refresh_token").await;
    assert_eq!(
        post(&bench, "/revoke", &[("token", &theirs)]).await.status,
        400
    );
    assert!(bench.works("oauth-generic", "lanes/support-inbox").await);
}

#[tokio::test]
async fn the_metadata_document_leads_to_the_token_endpoint() {
    let bench = Bench::start().await;
    let path = "/.well-known/oauth-authorization-server";
    let seen = Bench::send(bench.request("oauth", "GET", path)).await;
    assert_eq!(seen.at("/issuer"), bench.at["oauth"]);
    assert_eq!(
        seen.at("/token_endpoint"),
        format!("{}/token", bench.at["oauth"])
    );
}
