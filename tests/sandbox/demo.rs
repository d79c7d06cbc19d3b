//! The demo's manifest and the sandbox's accounts belong together.

use crate::bench::{Bench, Seen};
use lanewatch::sandbox::{DEMO, Drill, manifest};
use std::collections::BTreeSet;
use toml::Value;

fn lanes(text: &str) -> Vec<Value> {
    let table: toml::Table = text.parse().unwrap();
    table["lane"].as_array().unwrap().clone()
}

fn strings(value: Option<&Value>) -> BTreeSet<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|s| s.as_str().unwrap().to_owned())
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn lanes_and_accounts_match_one_to_one() {
    let bench = Bench::start().await;
    let accounts = bench.control.accounts();
    let mut seeded: Vec<&String> = accounts.iter().flat_map(|a| &a.paths).collect();
    seeded.sort();
    let lanes = lanes(DEMO);
    let mut wanted: Vec<String> = lanes
        .iter()
        .map(|lane| text(&lane["credential"], "path").to_owned())
        .collect();
    wanted.sort();
    assert_eq!(seeded.into_iter().cloned().collect::<Vec<_>>(), wanted);
    for lane in &lanes {
        let (name, path) = (text(lane, "name"), text(&lane["credential"], "path"));
        assert_eq!(path, format!("lanes/{name}"));
        let account = accounts
            .iter()
            .find(|a| a.paths.iter().any(|p| p == path))
            .unwrap();
        assert_eq!(text(lane, "provider"), account.provider, "{name}");
        let is_grant = text(&lane["credential"], "kind") == "oauth_refresh";
        assert_eq!(is_grant, account.credential == "grant", "{name}");
        let scopes = lane.get("scopes");
        let require = strings(scopes.and_then(|s| s.get("require")));
        let forbid = strings(scopes.and_then(|s| s.get("forbid")));
        assert!(forbid.is_disjoint(&account.scopes), "{name}");
        let missing: Vec<_> = require.difference(&account.scopes).collect();
        match name {
            "github-audit" => assert_eq!(missing, ["read:audit_log"]),
            _ => assert!(missing.is_empty(), "{name}"),
        }
        if require.is_empty() {
            continue;
        }
        // Either scope drill touches what the lane's own rules are about.
        bench.drill(path, Drill::Narrow);
        bench.drill(path, Drill::Widen);
        let now = bench.control.accounts();
        let now = &now
            .iter()
            .find(|a| a.paths == account.paths)
            .unwrap()
            .scopes;
        assert!(require.difference(now).count() > missing.len(), "{name}");
        assert!(!forbid.is_disjoint(now), "{name}");
        bench.drill(path, Drill::Heal);
    }
    let kinds: BTreeSet<_> = lanes
        .iter()
        .map(|l| text(&l["credential"], "kind"))
        .collect();
    assert_eq!(kinds.len(), 4, "every kind of credential is there");
    let providers: BTreeSet<_> = lanes.iter().map(|l| text(l, "provider")).collect();
    assert_eq!(providers.len(), 5, "every face is there");
}

/// Sends a request that the manifest describes.
async fn ask(bench: &Bench, lane: &Value, request: &Value, token: &str) -> Seen {
    let url = format!("{}{}", text(lane, "base_url"), text(request, "target"));
    let method = text(request, "method").parse().unwrap();
    let mut asked = bench.http.request(method, url).bearer_auth(token);
    if let Some(body) = request.get("body").and_then(Value::as_str) {
        asked = asked.header("content-type", text(request, "content_type"));
        asked = asked.body(body.to_owned());
    }
    Bench::send(asked).await
}

#[tokio::test]
async fn every_lane_of_the_demo_can_be_walked_from_vault_to_probe() {
    let bench = Bench::start().await;
    let filled = manifest(&bench.at);
    let left = filled.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(left.filter(|line| line.contains("sandbox://")).count(), 0);
    let mut neighbors = 0;
    for lane in &lanes(&filled) {
        let name = text(lane, "name");
        let credential = &lane["credential"];
        let secret = bench
            .secret(text(credential, "path"), text(credential, "field"))
            .await;
        let token = if text(credential, "kind") == "oauth_refresh" {
            let from = &credential["client_secret"];
            let client_secret = bench.secret(text(from, "path"), text(from, "field")).await;
            let client = text(credential, "client_id");
            let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &secret)];
            let mut asked = bench.http.post(text(credential, "token_endpoint"));
            if text(credential, "client_auth") == "post" {
                form.extend([("client_id", client), ("client_secret", &client_secret)]);
            } else {
                asked = asked.basic_auth(client, Some(&client_secret));
            }
            Bench::send(asked.form(&form)).await.at("/access_token")
        } else {
            secret
        };
        let seen = ask(&bench, lane, &lane["probe"], &token).await;
        let expected = if name == "github-audit" { 403 } else { 200 };
        assert_eq!(seen.status, expected, "{name}: {}", seen.text);
        assert_ne!(seen.at("/ok"), "false", "{name}");
        let beside = lane.get("neighbor").and_then(Value::as_array);
        for neighbor in beside.into_iter().flatten() {
            neighbors += 1;
            let denied = ask(&bench, lane, neighbor, &token).await;
            assert_eq!(denied.status, 403, "{name}");
            bench.drill(text(credential, "path"), Drill::Widen);
            let allowed = ask(&bench, lane, neighbor, &token).await;
            assert!(
                (200..300).contains(&allowed.status),
                "{name}: {}",
                allowed.text
            );
            bench.drill(text(credential, "path"), Drill::Heal);
        }
    }
    assert_eq!(neighbors, 2);
}
