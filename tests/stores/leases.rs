//! The real database behind a real OpenBao, from which leases come.

use crate::openbao;
use crate::real::{Bao, Postgres, until};
use lanewatch::store::{LeaseEnd, LeaseTerm, Leased, LoginNews, StoreError};
use std::time::Duration;

#[tokio::test]
async fn a_lease_is_a_role_of_the_database_for_as_long_as_it_lives() {
    let (bao, mut database) = tokio::join!(Bao::start(), Postgres::start());
    bao.leases_out(&database).await;
    bao.role("reader", "1h", "2h").await;
    let lease = bao.lease("reader").await;
    let part = |name: &str| lease["data"][name].as_str().unwrap().to_owned();
    let (user, password) = (part("username"), part("password"));
    assert!(database.lets_in(&user, &password));
    assert!(!database.lets_in(&user, "another"));
    assert_eq!(database.leased_roles().join(" "), user);

    database.stop();
    database.start_again().await;
    assert!(database.lets_in(&user, &password));

    let id = lease["lease_id"].as_str().unwrap();
    assert_eq!(bao.leases("reader").await, [id]);
    bao.revoke_lease(id).await;
    assert!(!database.lets_in(&user, &password));
    assert!(database.leased_roles().is_empty());
    assert!(bao.leases("reader").await.is_empty());

    bao.role("briefly", "1s", "1s").await;
    let lease = bao.lease("briefly").await;
    assert_eq!(lease["lease_duration"], 1);
    until("its role is taken away", async || {
        database.leased_roles().is_empty()
    })
    .await;
}

/// A store whose engine makes roles that live `first`, and `most` when they are renewed.
async fn rig(first: &str, most: &str) -> (Bao, Postgres) {
    let (bao, database) = tokio::join!(Bao::start(), Postgres::start());
    bao.leases_out(&database).await;
    bao.role("reader", first, most).await;
    (bao, database)
}

const ROLE: &str = "database/creds/reader";

fn opens(database: &Postgres, leased: &Leased) -> bool {
    let said: serde_json::Value = serde_json::from_str(leased.secret.expose()).unwrap();
    let part = |name: &str| said[name].as_str().unwrap().to_owned();
    database.lets_in(&part("username"), &part("password"))
}

#[tokio::test]
async fn near_its_maximum_a_lease_is_given_less_than_was_asked_for() {
    let (bao, database) = rig("8s", "12s").await;
    let store = openbao(bao.spec());
    let store = store.openbao().unwrap();
    let leased = store.issue(ROLE, None).await.unwrap();
    assert!(opens(&database, &leased));
    assert_eq!(leased.lives, Duration::from_secs(8));
    assert!(leased.lease.renewable);
    let less = Duration::from_secs(6);
    let given = store.renew_lease(&leased.lease, less).await.unwrap();
    assert_eq!(given, LeaseTerm::Lives(less));
    let much = Duration::from_secs(60);
    let LeaseTerm::Lives(given) = store.renew_lease(&leased.lease, much).await.unwrap() else {
        panic!("it lives");
    };
    assert!(given <= Duration::from_secs(12), "{given:?}");
}

#[tokio::test]
async fn a_revoked_lease_is_gone_for_whoever_looks_or_renews_and_opens_nothing() {
    let (bao, database) = rig("60s", "2h").await;
    let store = openbao(bao.spec());
    let store = store.openbao().unwrap();
    let leased = store.issue(ROLE, Some("password")).await.unwrap();
    let other = store.issue(ROLE, None).await.unwrap();
    assert!(!leased.secret.expose().contains('{'), "one field of it");
    let looked = store.look_up_lease(&leased.lease).await.unwrap();
    assert!(matches!(looked, LeaseTerm::Lives(_)));
    let minute = Duration::from_secs(60);
    for _ in 0..2 {
        // A second wish finds nothing left to do.
        let end = store.revoke_lease(&leased.lease).await.unwrap();
        assert_eq!(end, LeaseEnd::Revoked);
        let looked = store.look_up_lease(&leased.lease).await.unwrap();
        assert_eq!(looked, LeaseTerm::Gone);
        let renewed = store.renew_lease(&leased.lease, minute).await.unwrap();
        assert_eq!(renewed, LeaseTerm::Gone);
    }
    assert!(
        opens(&database, &other),
        "another lease is none of its business"
    );
    assert_eq!(database.leased_roles().len(), 1);
}

#[tokio::test]
async fn a_revocation_waits_at_the_store_while_the_database_is_down() {
    let (bao, mut database) = rig("1h", "2h").await;
    let store = openbao(bao.spec());
    let store = store.openbao().unwrap();
    let leased = store.issue(ROLE, None).await.unwrap();
    database.stop();
    let minute = Duration::from_secs(60);
    let renewed = store.renew_lease(&leased.lease, minute).await;
    let why = renewed.unwrap_err();
    assert!(!matches!(why, StoreError::NotFound(_)), "{why}");
    let end = store.revoke_lease(&leased.lease).await.unwrap();
    assert_eq!(end, LeaseEnd::Queued);
    database.start_again().await;
}

#[tokio::test]
async fn a_lease_is_not_promised_beyond_the_token_that_it_dies_with() {
    let (bao, _database) = rig("1h", "2h").await;
    let rules = r#"path "database/creds/reader" { capabilities = ["read"] }
        path "sys/leases/*" { capabilities = ["update"] }"#;
    bao.policy("lease", rules).await;
    let auth = bao.approle(&["lease", "default"], "5s").await;
    let store = openbao(bao.spec_of(auth));
    let store = store.openbao().unwrap();
    let leased = store.issue(ROLE, None).await.unwrap();
    assert!(leased.lives <= Duration::from_secs(5), "{:?}", leased.lives);
    until("a new login", async || {
        store.tend().await.news == LoginNews::LoggedIn
    })
    .await;
    let minute = Duration::from_secs(60);
    let renewed = store.renew_lease(&leased.lease, minute).await.unwrap();
    assert_eq!(renewed, LeaseTerm::Orphaned);
}

#[tokio::test]
async fn a_path_that_gives_no_lease_is_told_from_one_that_is_not_there() {
    let bao = Bao::start().await;
    bao.kv_put("gh", serde_json::json!({"token": "one"})).await;
    let store = openbao(bao.spec());
    let store = store.openbao().unwrap();
    let why = async |path| match store.issue(path, None).await {
        Ok(_) => panic!("{path} gave something"),
        Err(error) => error.to_string(),
    };
    let said = why("secret/data/gh").await;
    assert!(said.contains("gives no lease"), "{said}");
    let said = why("database/creds/none").await;
    assert!(said.contains("no such role or engine"), "{said}");
}
