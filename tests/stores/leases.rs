//! The real database behind a real OpenBao, from which leases come.

use crate::real::{Bao, Postgres};
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
    let ended = async {
        while !database.leased_roles().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended)
        .await
        .expect("its role is taken away");
}
