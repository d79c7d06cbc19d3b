//! What a drill breaks a heal mends, nobody else can reach the sandbox, and it leaves nothing behind.

use crate::bench::{Bench, START};
use lanewatch::cli::sandbox::run;
use lanewatch::lane::Wall;
use lanewatch::sandbox::Drill;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

#[tokio::test]
async fn heal_mends_whatever_was_drilled() {
    let bench = Bench::start().await;
    for account in bench.control.accounts() {
        let path = account.paths[0].as_str();
        let before = account.clone();
        for drill in Drill::ALL {
            bench.drill(path, drill);
        }
        for drill in Drill::ALL.into_iter().filter(|drill| *drill != Drill::Heal) {
            bench.drill(path, drill);
        }
        bench.drill(path, Drill::Heal);
        let after = bench.control.accounts();
        let after = after.iter().find(|now| now.paths == before.paths).unwrap();
        assert_eq!(after.scopes, before.scopes);
        assert!(after.drills.is_empty() && after.in_force && !after.limited);
        assert_eq!(
            after.issued,
            before.issued + 2,
            "{path}: two revocations, two new credentials"
        );
        assert!(bench.works(&account.provider, path).await, "{path}");
    }
}

#[tokio::test]
async fn heal_gives_a_dead_family_a_new_grant() {
    let bench = Bench::start().await;
    let path = "lanes/crm-sync";
    let first = bench.secret(path, "refresh_token").await;
    for _ in 0..2 {
        bench.exchange("crm-sync", "lanewatch-crm", &first).await;
    }
    assert!(
        !bench.works("oauth-generic", path).await,
        "the replay killed it"
    );
    bench.drill(path, Drill::Heal);
    assert!(bench.works("oauth-generic", path).await);
}

#[tokio::test]
async fn heal_leaves_a_good_credential_alone() {
    let bench = Bench::start().await;
    let before = bench.key("deploy-notices").await;
    bench.drill("lanes/deploy-notices", Drill::Throttle);
    bench.drill("lanes/deploy-notices", Drill::Heal);
    assert_eq!(bench.key("deploy-notices").await, before);
}

#[tokio::test]
async fn heal_replaces_a_key_that_is_about_to_end() {
    let bench = Bench::start().await;
    bench.drill("lanes/github-audit", Drill::Expire);
    bench.drill("lanes/github-audit", Drill::Heal);
    bench.advance(60);
    assert!(bench.works("github", "lanes/github-audit").await);
}

#[tokio::test]
async fn lanes_that_share_a_key_share_its_fate() {
    let bench = Bench::start().await;
    assert_eq!(
        bench.key("billing-refunds").await,
        bench.key("billing-read").await
    );
    bench.drill("lanes/billing-read", Drill::Revoke);
    assert!(!bench.works("stripe", "lanes/billing-refunds").await);
    bench.drill("lanes/billing-refunds", Drill::Heal);
    assert_eq!(
        bench.key("billing-refunds").await,
        bench.key("billing-read").await
    );
    assert!(bench.works("stripe", "lanes/billing-read").await);
}

async fn control(bench: &Bench, body: &Value) -> crate::bench::Seen {
    Bench::send(bench.request("control", "POST", "/drill").json(body)).await
}

#[tokio::test]
async fn drills_can_be_asked_for_over_http() {
    let bench = Bench::start().await;
    let body = json!({"path": "lanes/deploy-notices", "drill": "revoke"});
    let done = control(&bench, &body).await;
    assert_eq!(done.status, 200);
    assert_eq!(
        done.at("/done"),
        "revoked the key of lanes/deploy-notices at slack"
    );
    assert!(!bench.works("slack", "lanes/deploy-notices").await);
    let seen = Bench::send(bench.request("control", "GET", "/accounts")).await;
    let accounts = seen.json();
    let accounts = accounts["accounts"].as_array().unwrap();
    let slack = accounts
        .iter()
        .find(|a| a["paths"] == json!(["lanes/deploy-notices"]))
        .unwrap();
    assert_eq!(
        (&slack["drills"], &slack["in_force"]),
        (&json!(["revoke"]), &json!(false))
    );
    let unknown = control(&bench, &json!({"path": "lanes/nobody", "drill": "heal"})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.at("/error"),
        "no account has its secret at lanes/nobody"
    );
    let nonsense = control(&bench, &json!({"path": "vault", "drill": "explode"})).await;
    assert_eq!(nonsense.status, 400);
    let form = bench
        .request("control", "POST", "/drill")
        .body(body.to_string());
    assert_eq!(
        Bench::send(form).await.status,
        415,
        "a web page must not get through"
    );
}

#[tokio::test]
async fn the_control_listener_tells_no_secret() {
    let bench = Bench::start().await;
    for account in bench.control.accounts() {
        bench.works(&account.provider, &account.paths[0]).await;
    }
    let told = Bench::send(bench.request("control", "GET", "/accounts"))
        .await
        .text;
    let secrets = bench.control.secrets();
    assert!(secrets.len() > 12);
    assert!(secrets.iter().all(|secret| !told.contains(secret.expose())));
}

#[tokio::test]
async fn nothing_listens_beyond_the_loopback_address() {
    let bench = Bench::start().await;
    let mut ports = std::collections::BTreeSet::new();
    for (name, address) in &bench.at {
        let Some(address) = address.strip_prefix("http://") else {
            assert_eq!(name, "vault-token-file");
            continue;
        };
        let address: std::net::SocketAddrV4 = address.parse().unwrap();
        assert_eq!(*address.ip(), std::net::Ipv4Addr::LOCALHOST);
        assert!(ports.insert(address.port()), "each has a port of its own");
        // A listener on every address would answer here, too.
        let other = (std::net::Ipv4Addr::new(127, 0, 0, 2), address.port());
        let refused = tokio::net::TcpStream::connect(other).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert_eq!(ports.len(), 8);
}

#[tokio::test]
async fn the_end_takes_ports_and_token_file_along() {
    let bench = Bench::start().await;
    let file = bench.folder.path().join("vault-token");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bench.key("github-audit").await;
    bench.sandbox.stop().await;
    assert!(!file.exists());
    assert!(
        bench
            .http
            .get(&bench.at["vault"])
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
}

#[tokio::test]
async fn standing_alone_it_prints_a_manifest_that_can_be_watched() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let clock = Arc::new(|| Wall(START));
    run(&mut out, clock, 7, folder.path(), async {})
        .await
        .unwrap();
    let text = String::from_utf8(out).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let store = &table["stores"]["vault"];
    assert!(
        store["address"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let file = folder.path().join("vault-token");
    assert_eq!(
        store["auth"]["token"]["file"].as_str().unwrap(),
        file.to_str().unwrap()
    );
    let lane = &table["lane"].as_array().unwrap()[0];
    assert!(
        lane["credential"]["token_endpoint"]
            .as_str()
            .unwrap()
            .ends_with("/token")
    );
    assert!(
        text.contains("/drill --json '{\"path\":\"lanes/billing-refunds\",\"drill\":\"revoke\"}'")
    );
}
