//! The vault answers as OpenBao does, and owners put new keys into it by themselves.

use crate::bench::Bench;
use lanewatch::sandbox::Drill;
use serde_json::json;

#[tokio::test]
async fn a_write_with_a_stale_version_changes_nothing() {
    let bench = Bench::start().await;
    let path = "secret/data/lanes/crm-sync";
    let before = bench.vault("GET", path, None).await;
    assert_eq!(before.at("/data/metadata/version"), "1");
    assert_eq!(
        before.at("/data/metadata/created_time"),
        "2026-11-22T20:00:00.000000000Z"
    );
    let write = |cas: u64| json!({"options": {"cas": cas}, "data": {"refresh_token": "next"}});
    let lost = bench.vault("POST", path, Some(write(0))).await;
    assert_eq!(lost.status, 400);
    let told = "check-and-set parameter did not match the current version";
    assert_eq!(lost.at("/errors/0"), told);
    let won = bench.vault("POST", path, Some(write(1))).await;
    assert_eq!((won.status, won.at("/data/version").as_str()), (200, "2"));
    let again = bench.vault("POST", path, Some(write(1))).await;
    assert_eq!(again.status, 400);
    assert_eq!(
        bench.secret("lanes/crm-sync", "refresh_token").await,
        "next"
    );
    let old = bench.vault("GET", &format!("{path}?version=1"), None).await;
    assert_eq!(old.at("/data/data"), before.at("/data/data"));
    let about = bench
        .vault("GET", "secret/metadata/lanes/crm-sync", None)
        .await;
    assert_eq!(about.at("/data/current_version"), "2");
}

#[tokio::test]
async fn only_the_vaults_token_opens_it() {
    let bench = Bench::start().await;
    let target = "/v1/secret/data/lanes/crm-sync";
    let nobody = Bench::send(bench.request("vault", "GET", target)).await;
    let wrong = bench
        .request("vault", "GET", target)
        .header("x-vault-token", "s.guess");
    let wrong = Bench::send(wrong).await;
    for seen in [nobody, wrong] {
        assert_eq!(
            (seen.status, seen.text.as_str()),
            (403, "{\"errors\":[\"permission denied\"]}")
        );
    }
    assert_eq!(
        bench
            .vault("GET", "auth/token/lookup-self", None)
            .await
            .status,
        200
    );
    let policy = bench.vault("GET", "secret/data/elsewhere", None).await;
    assert_eq!(
        policy.at("/errors/0"),
        "1 error occurred:\n\t* permission denied\n\n"
    );
    let body = json!({"data": {"client_secret": "x"}});
    let read_only = bench
        .vault("POST", "secret/data/clients/crm-sync", Some(body))
        .await;
    assert_eq!(read_only.status, 403);
    let absent = bench.vault("GET", "secret/data/lanes/nothing", None).await;
    assert_eq!(
        (absent.status, absent.text.as_str()),
        (404, "{\"errors\":[]}")
    );
}

#[tokio::test]
async fn a_sealed_vault_says_so_until_it_is_healed() {
    let bench = Bench::start().await;
    bench.drill("vault", Drill::Outage);
    let sealed = bench.vault("GET", "secret/data/lanes/crm-sync", None).await;
    assert_eq!(
        (sealed.status, sealed.at("/errors/0").as_str()),
        (503, "Vault is sealed")
    );
    let health = Bench::send(bench.request("vault", "GET", "/v1/sys/health")).await;
    assert_eq!(
        (health.status, health.at("/sealed").as_str()),
        (503, "true")
    );
    bench.drill("vault", Drill::Heal);
    let health = Bench::send(bench.request("vault", "GET", "/v1/sys/health")).await;
    assert_eq!(
        (health.status, health.at("/sealed").as_str()),
        (200, "false")
    );
    assert_eq!(
        bench
            .vault("GET", "secret/data/lanes/crm-sync", None)
            .await
            .status,
        200
    );
    assert!(bench.control.drill("vault", Drill::Narrow).is_err());
}

#[tokio::test]
async fn a_referenced_key_is_replaced_before_it_ends() {
    let bench = Bench::start().await;
    let (path, probe) = ("secret/data/lanes/incident-room", "/api/auth.test");
    let first = bench.key("incident-room").await;
    let ends = bench.secret("lanes/incident-room", "expires_at").await;
    assert_eq!(ends, "2026-11-22T20:01:15.000Z");
    bench.advance(62);
    let second = bench.vault("GET", path, None).await;
    assert_eq!(second.at("/data/metadata/version"), "2");
    assert_eq!(
        second.at("/data/metadata/created_time"),
        "2026-11-22T20:01:00.000000000Z"
    );
    let second = second.at("/data/data/key");
    assert_ne!(first, second);
    for key in [&first, &second] {
        assert_eq!(
            bench.ask("slack", "POST", probe, key).await.at("/ok"),
            "true"
        );
    }
    bench.advance(13);
    let old = bench.ask("slack", "POST", probe, &first).await;
    assert_eq!(old.at("/error"), "token_expired");
    assert_eq!(
        bench.ask("slack", "POST", probe, &second).await.at("/ok"),
        "true"
    );
    // A machine that slept finds one new key, not one for every minute it missed.
    bench.advance(3_600);
    let late = bench.vault("GET", path, None).await;
    assert_eq!(late.at("/data/metadata/version"), "3");
    assert!(bench.works("slack", "lanes/incident-room").await);
}

#[tokio::test]
async fn an_owner_brings_a_new_key_some_time_after_the_old_one_ended() {
    let bench = Bench::start().await;
    bench.advance(120);
    assert!(!bench.works("github", "lanes/github-issues").await);
    bench.advance(39);
    assert!(!bench.works("github", "lanes/github-issues").await);
    bench.advance(1);
    assert!(bench.works("github", "lanes/github-issues").await);
    let ends = bench.secret("lanes/github-issues", "expires_at").await;
    assert_eq!(ends, "2026-11-22T20:04:40.000Z");
}

#[tokio::test]
async fn an_owner_stays_away_while_a_drill_is_on() {
    let bench = Bench::start().await;
    bench.drill("lanes/incident-room", Drill::Revoke);
    bench.advance(3_600);
    assert!(!bench.works("slack", "lanes/incident-room").await);
}
