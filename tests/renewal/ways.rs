//! Every way to a newer credential, on the servers it is meant for: a client's own secret, a lease on
//! a real database, and lanewatch's own login at the store.

use crate::bench::Bench;
use crate::real::{Bao, Oidc, Postgres};
use crate::rig::{generation, login, serves};
use lanewatch::engine::LaneView;
use lanewatch::http::Method;
use lanewatch::lane::{Gate, Outcome, RecordKind, Verb, Word};
use lanewatch::manifest::OpenBaoAuth;
use serde_json::{Value, json};
use std::sync::Arc;

const PATH: &str = "database/creds/reader";

fn head(bao: &Bao, auth: &OpenBaoAuth) -> String {
    format!(
        "[stores.bao]\nkind = \"openbao\"\naddress = \"{}\"\ntimeout = \"2s\"\n{}\n\
         [defaults]\nstore = \"bao\"\nstore_every = \"300ms\"\n\
         probe = {{ every = \"200ms\", timeout = \"5s\" }}\n",
        bao.url,
        login(auth)
    )
}

fn client_lane(oidc: &Oidc, keep: &str) -> String {
    format!(
        "[[lane]]\nname = \"machine\"\nprovider = \"oauth-generic\"\nbase_url = \"{}\"\n\
         route = {{ server = \"repos\" }}\nprobe = {{ target = \"/api/repos\" }}\n\
         [lane.credential]\nkind = \"client_credentials\"\n{keep}\
         token_endpoint = \"{}\"\nclient_id = \"machine\"\nscope = [\"repo:read\"]\n\
         client_secret = {{ path = \"clients/machine\", field = \"client_secret\" }}\n",
        oidc.url,
        oidc.at("token")
    )
}

async fn all_serve(bench: &Bench) {
    bench
        .until("every lane serves", |_, lanes| lanes.iter().all(serves))
        .await;
}

async fn newer(bench: &Bench, lane: &str, than: u64) {
    bench
        .until_lane(lane, "a newer credential serves", |lane| {
            generation(lane) > than && lane.gate == Gate::Open && lane.candidate.is_none()
        })
        .await;
}

fn machine_secret() -> Value {
    json!({ "client_secret": "machine-secret" })
}

#[tokio::test]
async fn a_client_has_a_new_token_each_time_by_its_own_secret_and_keeps_it_where_it_is_told() {
    let (bao, oidc) = tokio::join!(Bao::start(), Oidc::with_ttl(4, 600));
    bao.kv_put("clients/machine", machine_secret()).await;
    let auth = bao.spec().auth;
    let text = head(&bao, &auth) + &client_lane(&oidc, "path = \"tokens/machine\"\n");
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    newer(&bench, "machine", 2).await;
    let lease = bench.acquire("machine").await.expect("it serves");
    let kept = bao.kv_get("tokens/machine").await;
    assert!(kept["access_token"].is_string() && kept["expires_at"].is_string());
    assert!(!lease.secret.expose().is_empty());
    // The secret itself is never touched.
    assert_eq!(bao.kv_get("clients/machine").await, machine_secret());
    for record in bench.records() {
        let bad = [
            RecordKind::LaneHeld,
            RecordKind::TokenExpired,
            RecordKind::RefreshUncertain,
            RecordKind::DegradedOpened,
        ];
        assert!(!bad.contains(&record.kind), "{record:?}");
    }
    let (folder, _) = bench.stop().await;
    // The next start takes what lies there while it lives, and asks for another in time.
    let again = Bench::open(folder, &text, None).await;
    all_serve(&again).await;
    again.stop().await;
}

#[tokio::test]
async fn a_client_whose_secret_is_refused_is_not_called_an_outage_and_serves_again_with_another() {
    let (bao, oidc) = tokio::join!(Bao::start(), Oidc::with_ttl(60, 600));
    bao.kv_put("clients/machine", json!({ "client_secret": "wrong" }))
        .await;
    let text = head(&bao, &bao.spec().auth) + &client_lane(&oidc, "");
    let bench = Bench::plain(&text).await;
    bench
        .until_lane("machine", "its client is refused", |lane| {
            let verdict = lane.verdict.as_ref();
            lane.gate == Gate::Refused
                && verdict.is_some_and(|verdict| verdict.outcome.is_terminal())
        })
        .await;
    bao.kv_put("clients/machine", machine_secret()).await;
    all_serve(&bench).await;
    bench.stop().await;
}

/// A database behind a store, whose roles live `first`, and `most` when they are renewed.
async fn database(first: &str, most: &str) -> (Bao, Postgres) {
    let (bao, database) = tokio::join!(Bao::start(), Postgres::start());
    bao.leases_out(&database).await;
    bao.role("reader", first, most).await;
    (bao, database)
}

fn leased_lane(overlap: &str) -> String {
    format!(
        "[[lane]]\nname = \"notes\"\nprovider = \"http\"\nroute = {{ server = \"notes\" }}\n\
         expiry = {{ refuse = \"1s\" }}\n\
         [lane.credential]\nkind = \"lease\"\npath = \"{PATH}\"\noverlap = \"{overlap}\"\n"
    )
}

/// Whether the credential that serves opens the database.
async fn opens(bench: &Bench, database: &Postgres) -> bool {
    let lease = bench.acquire("notes").await.expect("it serves");
    let said: Value = serde_json::from_str(lease.secret.expose()).unwrap();
    let part = |name: &str| said[name].as_str().unwrap().to_owned();
    database.lets_in(&part("username"), &part("password"))
}

#[tokio::test]
async fn a_lease_is_extended_and_before_its_maximum_replaced_by_one_that_was_tested() {
    let (bao, database) = database("6s", "14s").await;
    let text = head(&bao, &bao.spec().auth) + &leased_lane("500ms");
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    assert!(opens(&bench, &database).await);
    bench
        .until_record("it was extended", |r| r.kind == RecordKind::LeaseExtended)
        .await;
    assert_eq!(
        generation(&*bench.lane("notes").await),
        1,
        "the same credential"
    );
    newer(&bench, "notes", 1).await;
    assert!(opens(&bench, &database).await);
    bench
        .until_record("the superseded one was revoked", |r| {
            r.kind == RecordKind::CredentialRetired && r.generation.map(|g| g.0) == Some(1)
        })
        .await;
    assert_eq!(
        database.leased_roles().len(),
        1,
        "nothing is left lying about"
    );
    for record in bench.records() {
        let bad = [
            RecordKind::LaneHeld,
            RecordKind::TokenExpired,
            RecordKind::DegradedOpened,
            RecordKind::RetireFailed,
        ];
        assert!(!bad.contains(&record.kind), "{record:?}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_rotation_of_a_lease_brings_another_role_and_takes_the_old_one_away() {
    let (bao, database) = database("1h", "2h").await;
    let text = head(&bao, &bao.spec().auth) + &leased_lane("0s");
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    let before = database.leased_roles();
    bench.ask("notes", Verb::Rotate).await.unwrap();
    bench
        .until_record("the old one is gone", |r| {
            r.kind == RecordKind::CredentialRetired
        })
        .await;
    let after = database.leased_roles();
    assert_eq!(after.len(), 1);
    assert_ne!(before, after);
    assert!(opens(&bench, &database).await);
    bench
        .until_record("it is completed", |r| {
            r.kind == RecordKind::RotationCompleted
        })
        .await;
    bench.stop().await;
}

#[tokio::test]
async fn a_lease_that_somebody_revoked_stops_its_lane_and_is_not_quietly_replaced() {
    let (bao, database) = database("1h", "2h").await;
    let text = head(&bao, &bao.spec().auth) + &leased_lane("1s");
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    for lease in bao.leases("reader").await {
        bao.revoke_lease(&lease).await;
    }
    bench.until_word("notes", Word::Held).await;
    let held = bench.lane("notes").await.hold.clone().unwrap();
    assert_eq!(held.verdict.outcome, Outcome::CredentialRevoked);
    assert!(
        database.leased_roles().is_empty(),
        "nobody asked for another"
    );
    bench.release("notes").await;
    all_serve(&bench).await;
    assert!(opens(&bench, &database).await);
    bench.stop().await;
}

#[tokio::test]
async fn a_database_that_is_down_is_an_outage_of_the_store_and_condemns_nothing() {
    let (bao, mut database) = database("6s", "1h").await;
    let text = head(&bao, &bao.spec().auth) + &leased_lane("1s");
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    database.stop();
    bench
        .until_record("a renewal failed", |r| r.kind == RecordKind::RefreshFailed)
        .await;
    let lane = bench.lane("notes").await;
    assert_eq!(lane.gate, Gate::Open, "it serves to its end: {lane:?}");
    database.start_again().await;
    all_serve(&bench).await;
    assert!(opens(&bench, &database).await);
    let held = |r: &lanewatch::audit::AuditRecord| r.kind == RecordKind::LaneHeld;
    assert!(!bench.records().iter().any(held));
    bench.stop().await;
}

#[tokio::test]
async fn lanewatchs_own_login_is_renewed_and_replaced_and_no_lane_notices() {
    let (bao, _database) = database("1h", "2h").await;
    bao.kv_put("lanes/key", json!({ "key": "k-1" })).await;
    let rules = r#"path "secret/data/*" { capabilities = ["read"] }
        path "database/creds/reader" { capabilities = ["read"] }
        path "sys/leases/*" { capabilities = ["update"] }"#;
    bao.policy("lanewatch", rules).await;
    let auth = bao
        .approle_renewable(&["lanewatch", "default"], "6s", "14s")
        .await;
    let text = head(&bao, &auth)
        + &leased_lane("0s")
        + "[[lane]]\nname = \"key\"\nprovider = \"http\"\nroute = { server = \"k\" }\n\
           base_url = \"http://127.0.0.1:9\"\nprobe = false\n\
           [lane.credential]\nkind = \"vault_reference\"\npath = \"lanes/key\"\nfield = \"key\"\n";
    let bench = Bench::plain(&text).await;
    all_serve(&bench).await;
    for kind in [RecordKind::StoreLoginGood, RecordKind::StoreLoginReplaced] {
        bench.until_record(kind.as_str(), |r| r.kind == kind).await;
    }
    let good = |r: &&lanewatch::audit::AuditRecord| r.kind == RecordKind::StoreLoginGood;
    let all = bench.records();
    assert_eq!(all.iter().filter(good).count(), 1, "a renewal is no news");
    let (engine, _) = bench.look().await;
    let login = engine.stores[0].login.clone().unwrap();
    assert!(
        login.until.is_some() && login.trouble.is_none(),
        "{login:?}"
    );
    // What hangs on the old token is issued again, tested and promoted before that one ends.
    newer(&bench, "notes", 1).await;
    let (_, lanes) = bench.look().await;
    assert!(
        lanes
            .iter()
            .all(|lane: &Arc<LaneView>| lane.gate == Gate::Open)
    );
    for record in bench.records() {
        let bad = [
            RecordKind::LaneHeld,
            RecordKind::TokenExpired,
            RecordKind::CredentialLoadFailed,
            RecordKind::StoreLoginFailed,
        ];
        assert!(!bad.contains(&record.kind), "{record:?}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn people_are_told_once_that_a_given_token_will_end_and_once_that_it_has() {
    let bao = Bao::start().await;
    let wanted = json!({ "policies": ["default"], "ttl": "6s", "explicit_max_ttl": "9s" });
    let said = bao.ok(Method::POST, "auth/token/create", wanted).await;
    let auth = bao
        .spec_with(said["auth"]["client_token"].as_str().unwrap())
        .auth;
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let text = format!(
        "{}[[alert]]\nname = \"pager\"\ncommand = [\"sh\", \"-c\", \"cat >> '{}'\"]\n\
         [[lane]]\nname = \"key\"\nprovider = \"http\"\nroute = {{ server = \"k\" }}\n\
         base_url = \"http://127.0.0.1:9\"\nprobe = false\n\
         [lane.credential]\nkind = \"vault_reference\"\npath = \"lanes/key\"\nfield = \"key\"\n",
        head(&bao, &auth),
        told.display()
    );
    let bench = Bench::plain(&text).await;
    let alerts = || -> Vec<Value> {
        let text = std::fs::read_to_string(&told).unwrap_or_default();
        let all = serde_json::Deserializer::from_str(&text).into_iter();
        let about_store = |alert: &Value| alert["lane"].is_null();
        all.filter_map(Result::ok).filter(about_store).collect()
    };
    bench
        .until("both are told", |engine, _| {
            let login = engine.stores[0].login.as_ref();
            alerts().len() >= 2 && login.is_some_and(|login| login.trouble.is_some())
        })
        .await;
    let delivered = |r: &&lanewatch::audit::AuditRecord| {
        r.kind == RecordKind::OperatorNotified && r.lane.is_none()
    };
    bench
        .until("both deliveries are on record", |_, _| {
            bench.records().iter().filter(delivered).count() == 2
        })
        .await;
    let told = alerts();
    let levels: Vec<_> = told.iter().map(|alert| alert["level"].clone()).collect();
    assert_eq!(levels, ["warning", "critical"], "{told:?}");
    assert!(
        told[0]["text"]
            .as_str()
            .unwrap()
            .contains("put another one there"),
        "{told:?}"
    );
    // Each names the record that it is about.
    let records = bench.records();
    for (alert, kind) in told
        .iter()
        .zip([RecordKind::WarningRaised, RecordKind::StoreLoginFailed])
    {
        let seq = alert["seq"].as_u64().unwrap();
        assert!(
            records.iter().any(|r| r.kind == kind && r.seq <= seq),
            "{alert}"
        );
    }
    bench.stop().await;
}
