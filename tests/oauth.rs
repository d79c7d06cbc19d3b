//! The token endpoint, against a real authorization server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod real;

use lanewatch::http::{Http, Method};
use lanewatch::lane::ScopeSet;
use lanewatch::manifest::{ClientAuth, OauthSpec};
use lanewatch::oauth::{self, TokenError, TokenSet};
use lanewatch::provider::NoAnswer;
use lanewatch::secret::Secret;
use real::{Fault, Oidc, Proxy};
use std::time::Duration;

const REPOS: &str = "repo:read repo:write";

async fn refresh(spec: &OauthSpec, token: &Secret) -> Result<TokenSet, TokenError> {
    refresh_as(spec, Some(&Oidc::client_secret()), token).await
}

async fn refresh_as(
    spec: &OauthSpec,
    client_secret: Option<&Secret>,
    token: &Secret,
) -> Result<TokenSet, TokenError> {
    oauth::refresh(&Http::new(), spec, client_secret, token).await
}

/// The status and the error code of a refusal.
fn refused(ended: Result<TokenSet, TokenError>) -> (u16, String) {
    match ended {
        Err(TokenError::Rejected(answer)) => {
            let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            (answer.status, said["error"].as_str().unwrap().to_owned())
        }
        Err(other) => panic!("not refused but: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_that_works() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    let set = refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
    assert_eq!(set.expires_in, Some(Duration::from_secs(60)));
    assert_eq!(
        set.scope,
        Some(ScopeSet::split(&format!("offline_access {REPOS}")))
    );
    let next = set.refresh_token.unwrap();
    assert_ne!(next.expose(), minted.refresh_token.expose());
    assert_eq!(
        server
            .api(Method::GET, "api/repos", &set.access_token)
            .await,
        200
    );
    assert_eq!(
        server
            .api(Method::POST, "api/repos", &set.access_token)
            .await,
        200
    );
    assert_eq!(
        server
            .api(Method::GET, "api/admin", &set.access_token)
            .await,
        403
    );

    let mut narrow = server.spec();
    narrow.scope = "repo:read".into();
    let set = refresh(&narrow, &next).await.unwrap();
    assert_eq!(set.scope, Some(ScopeSet::split("repo:read")));
    assert_eq!(
        server
            .api(Method::POST, "api/repos", &set.access_token)
            .await,
        403
    );
    let mut wide = server.spec();
    wide.scope = "admin".into();
    let (status, code) = refused(refresh(&wide, &set.refresh_token.unwrap()).await);
    assert_eq!((status, code.as_str()), (400, "invalid_scope"));
}

/// Why one refresh at a time is a promise and not a wish: the server takes a token that is used twice
/// for a stolen one, and everything that came from the grant dies.
#[tokio::test]
async fn a_refresh_token_that_is_used_twice_costs_the_whole_family() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    let set = refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
    let again = refused(refresh(&server.spec(), &minted.refresh_token).await);
    assert_eq!(again, (400, "invalid_grant".into()));
    let next = refused(refresh(&server.spec(), &set.refresh_token.unwrap()).await);
    assert_eq!(next, (400, "invalid_grant".into()));
    assert_eq!(
        server
            .api(Method::GET, "api/repos", &set.access_token)
            .await,
        401
    );
    // Once by the token that was used up. That of its successor is another kind of refusal.
    assert_eq!(server.reuses().await, 1);
}

#[tokio::test]
async fn a_wrong_client_secret_is_the_clients_fault_and_costs_the_grant_nothing() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    let wrong = Secret::new("wrong".into());
    let ended = refresh_as(&server.spec(), Some(&wrong), &minted.refresh_token).await;
    assert_eq!(refused(ended), (401, "invalid_client".into()));
    refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_may_prove_itself_in_the_body_or_be_public() {
    let server = Oidc::start().await;
    let minted = server.mint_for("posting lane", REPOS).await;
    let mut spec = server.spec();
    spec.client_id = "posting lane".into();
    spec.client_auth = ClientAuth::Post;
    let secret = Secret::new("p:s/s%&+".into());
    let ended = refresh_as(&spec, Some(&secret), &minted.refresh_token).await;
    ended.unwrap();

    let minted = server.mint_for("public", REPOS).await;
    spec.client_id = "public".into();
    let ended = refresh_as(&spec, None, &minted.refresh_token).await;
    ended.unwrap();
}

#[tokio::test]
async fn a_consent_that_was_taken_back_is_an_invalid_grant() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    let set = refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
    server.revoke(&minted.grant_id).await;
    assert_eq!(
        server
            .api(Method::GET, "api/repos", &set.access_token)
            .await,
        401
    );
    let ended = refused(refresh(&server.spec(), &set.refresh_token.unwrap()).await);
    assert_eq!(ended, (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_refusal_and_may_have_used_the_grant() {
    let server = Oidc::start().await;
    let proxy = Proxy::before(&server.url).await;
    let mut spec = server.spec();
    spec.token_endpoint = proxy.in_place_of(&spec.token_endpoint);
    for (fault, timeout) in [
        (Fault::LoseAnswer, Duration::from_secs(5)),
        (Fault::Cut(20), Duration::from_secs(5)),
        (Fault::Silence, Duration::from_secs(2)),
    ] {
        let minted = server.mint(REPOS).await;
        proxy.next("POST /token", fault.clone());
        spec.timeout = timeout;
        let lost = refresh(&spec, &minted.refresh_token).await.unwrap_err();
        match (fault, &lost) {
            (Fault::Silence, TokenError::NoAnswer(why @ NoAnswer::TimedOut(2_000)))
            | (_, TokenError::NoAnswer(why @ NoAnswer::Lost(_))) => assert!(why.may_have_acted()),
            _ => panic!("{lost}"),
        }
        // The server did act, which is why nobody may simply try again.
        let retried = refused(refresh(&server.spec(), &minted.refresh_token).await);
        assert_eq!(retried, (400, "invalid_grant".into()));
    }
}

#[tokio::test]
async fn a_refresh_that_cannot_leave_has_used_nothing() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut spec = server.spec();
    spec.token_endpoint.set_port(Some(closed.port())).unwrap();
    let ended = refresh(&spec, &minted.refresh_token).await;
    let Err(TokenError::NoAnswer(why @ NoAnswer::NotReached(_))) = ended else {
        panic!("it was reached");
    };
    assert!(!why.may_have_acted());
    assert!(matches!(
        oauth::answers(&Http::new(), &spec).await,
        Err(TokenError::NoAnswer(_))
    ));
    refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_refresh_path_is_checked_without_touching_a_grant() {
    let server = Oidc::start().await;
    let minted = server.mint(REPOS).await;
    oauth::answers(&Http::new(), &server.spec()).await.unwrap();
    refresh(&server.spec(), &minted.refresh_token)
        .await
        .unwrap();
}

#[tokio::test]
async fn introspection_tells_a_living_token_from_a_revoked_one() {
    let server = Oidc::start().await;
    let (http, spec, secret) = (Http::new(), server.spec(), Oidc::client_secret());
    let (asks, revokes) = (
        server.at("token/introspection"),
        server.at("token/revocation"),
    );
    let minted = server.mint(REPOS).await;
    let set = refresh(&spec, &minted.refresh_token).await.unwrap();
    let token = set.access_token;

    let said = oauth::introspect(&http, &spec, Some(&secret), &asks, &token)
        .await
        .unwrap();
    assert!(said.active && said.expires_at.is_some());
    assert_eq!(said.scope, set.scope);
    oauth::revoke(&http, &spec, Some(&secret), &revokes, &token)
        .await
        .unwrap();
    let said = oauth::introspect(&http, &spec, Some(&secret), &asks, &token)
        .await
        .unwrap();
    assert!(!said.active && said.expires_at.is_none());

    let wrong = Secret::new("wrong".into());
    let ended = oauth::introspect(&http, &spec, Some(&wrong), &asks, &token).await;
    assert!(matches!(ended, Err(TokenError::Rejected(answer)) if answer.status == 401));
}

#[tokio::test]
async fn a_client_gets_a_token_by_its_own_secret_as_often_as_it_asks() {
    let server = Oidc::start().await;
    let mut spec = server.spec();
    spec.client_id = "machine".into();
    spec.scope = "repo:read".into();
    let (http, secret) = (Http::new(), Secret::new("machine-secret".into()));
    let one = oauth::client_credentials(&http, &spec, &secret)
        .await
        .unwrap();
    let two = oauth::client_credentials(&http, &spec, &secret)
        .await
        .unwrap();
    assert_eq!(one.expires_in, Some(Duration::from_secs(60)));
    assert!(one.refresh_token.is_none());
    assert_ne!(one.access_token.expose(), two.access_token.expose());
    for set in [&one, &two] {
        let got = server
            .api(Method::GET, "api/repos", &set.access_token)
            .await;
        assert_eq!(got, 200, "a second token leaves the first alone");
    }
    let wide = server
        .api(Method::POST, "api/repos", &one.access_token)
        .await;
    assert_eq!(wide, 403, "only what was asked for");
    let wrong = Secret::new("wrong-canary".into());
    let refusal = refused(oauth::client_credentials(&http, &spec, &wrong).await);
    assert_eq!(refusal, (401, "invalid_client".into()));
    spec.client_id = "lane".into();
    let forbidden = oauth::client_credentials(&http, &spec, &Oidc::client_secret()).await;
    assert_eq!(refused(forbidden).0, 400, "the client is not meant to");
}
