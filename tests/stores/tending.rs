//! Lanewatch's own login is kept alive, against a real OpenBao.

use crate::openbao;
use crate::real::Bao;
use lanewatch::http::Method;
use lanewatch::store::{LoginNews, Store, Tended};
use serde_json::json;
use std::time::Duration;

/// Tends the login, again and again, until something is the news.
async fn until(store: &Store, what: &str, wanted: impl Fn(&LoginNews) -> bool) -> Tended {
    let bao = store.openbao().unwrap();
    let look = async {
        loop {
            let tended = bao.tend().await;
            if wanted(&tended.news) {
                return tended;
            }
            tokio::time::sleep(tended.again_in).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(60), look).await;
    done.unwrap_or_else(|_| panic!("never: {what}"))
}

#[tokio::test]
async fn a_roles_token_is_renewed_and_replaced_before_its_maximum() {
    let bao = Bao::start().await;
    let auth = bao.approle_renewable(&["default"], "6s", "12s").await;
    let store = openbao(bao.spec_of(auth));
    let first = store.openbao().unwrap().tend().await;
    assert!(first.ends_in.unwrap() > Duration::from_secs(4), "{first:?}");
    let renewed = until(&store, "a renewal", |news| *news == LoginNews::Renewed).await;
    assert!(
        renewed.ends_in.unwrap() > Duration::from_secs(4),
        "{renewed:?}"
    );
    assert_eq!(bao.role_tokens().await, 1, "a renewal is no login");
    let replaced = until(&store, "a new login", |news| *news == LoginNews::LoggedIn).await;
    assert!(
        replaced.ends_in.unwrap() > Duration::from_secs(4),
        "{replaced:?}"
    );
    assert_eq!(bao.role_tokens().await, 2, "the old token was still alive");
}

#[tokio::test]
async fn a_given_token_is_renewed_and_its_end_is_foretold() {
    let bao = Bao::start().await;
    let wanted = json!({"policies": ["default"], "ttl": "6s", "explicit_max_ttl": "9s"});
    let said = bao.ok(Method::POST, "auth/token/create", wanted).await;
    let token = said["auth"]["client_token"].as_str().unwrap();
    let store = openbao(bao.spec_with(token));
    until(&store, "a renewal", |news| *news == LoginNews::Renewed).await;
    let ending = until(&store, "its end", |news| {
        matches!(news, LoginNews::Ending(_))
    })
    .await;
    assert!(ending.ends_in.unwrap() > Duration::ZERO, "{ending:?}");
    let failed = until(&store, "its death", |news| {
        matches!(news, LoginNews::Failed(_))
    })
    .await;
    let LoginNews::Failed(why) = failed.news else {
        panic!()
    };
    assert!(
        why.to_string().contains("expired, revoked or unknown"),
        "{why}"
    );
}

#[tokio::test]
async fn a_token_without_an_end_needs_nothing() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let tended = store.openbao().unwrap().tend().await;
    assert_eq!((tended.news, tended.ends_in), (LoginNews::Steady, None));
}

#[tokio::test]
async fn a_role_whose_policy_forbids_renewal_logs_in_before_its_token_ends() {
    let bao = Bao::start().await;
    let said = json!({"token_policies": [], "token_no_default_policy": true, "token_ttl": "4s"});
    let auth = bao.approle(&["nothing"], "4s").await;
    bao.ok(Method::POST, "auth/approle/role/lane", said).await;
    let store = openbao(bao.spec_of(auth));
    let replaced = until(&store, "a new login", |news| *news == LoginNews::LoggedIn).await;
    assert!(
        replaced.ends_in.unwrap() > Duration::from_secs(2),
        "{replaced:?}"
    );
}
