//! The main job on real servers: lanes whose grants live in a real OpenBao and are exchanged at a
//! real authorization server, watched through a terminal.

use crate::real::{Bao, Oidc};
use crate::terminal::{PATIENCE, Terminal};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const SAMPLE: &str = include_str!("../../sample-lanes/openbao-oauth.toml");

/// The sample manifest, with the addresses of the servers that run here.
fn manifest(bao: &Bao, oidc: &Oidc) -> String {
    let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    for address in [
        "http://127.0.0.1:8200",
        "http://127.0.0.1:9000",
        "http://127.0.0.1:3000",
    ] {
        assert!(
            SAMPLE.contains(address),
            "the sample no longer has {address}"
        );
    }
    SAMPLE
        .replace("http://127.0.0.1:8200", &plain(&bao.url))
        .replace("http://127.0.0.1:9000", &plain(&oidc.url))
        .replace("http://127.0.0.1:3000", &plain(&oidc.url))
}

fn audit(state: &Path, manifest: &Path, args: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .arg("audit")
        .args(args)
        .arg("--manifest")
        .arg(manifest)
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    (out.status.success(), String::from_utf8(out.stdout).unwrap())
}

fn refreshes(state: &Path, manifest: &Path) -> usize {
    let selected = [
        "query",
        "--lane",
        "repo-writer",
        "--kind",
        "refresh_succeeded",
        "-n",
        "1000",
        "--json",
    ];
    audit(state, manifest, &selected).1.lines().count()
}

#[test]
fn lanes_in_a_real_store_refresh_at_a_real_server_until_the_grant_is_revoked() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (bao, oidc) =
        runtime.block_on(async { (Bao::start().await, Oidc::with_ttl(3, 600).await) });
    let scope = "offline_access repo:read repo:write";
    let (writer, reader) =
        runtime.block_on(async { (oidc.mint(scope).await, oidc.mint(scope).await) });
    runtime.block_on(async {
        for (lane, grant) in [("repo-writer", &writer), ("repo-reader", &reader)] {
            let fields = serde_json::json!({ "refresh_token": grant.refresh_token.expose() });
            bao.kv_put(&format!("lanes/{lane}"), fields).await;
        }
        let secret = Oidc::client_secret();
        bao.kv_put(
            "clients/lane",
            serde_json::json!({ "client_secret": secret.expose() }),
        )
        .await;
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanes.toml");
    std::fs::write(&file, manifest(&bao, &oidc)).unwrap();
    let state = folder.path().join("state");

    // What the sample's comment says that lanewatch needs, and nothing more.
    let rules = r#"
        path "secret/data/lanes/*" { capabilities = ["read", "update"] }
        path "secret/data/clients/lane" { capabilities = ["read"] }
    "#;
    let token = runtime.block_on(async {
        bao.policy("lanewatch", rules).await;
        bao.token(&["lanewatch"], "1h").await
    });
    let env = [("VAULT_TOKEN", token.as_str())];
    let mut terminal = Terminal::run((120, 40), &state, &[file.to_str().unwrap()], &env);
    let serves = |terminal: &Terminal, lane: &str| {
        terminal
            .line_with(&format!(" {lane} "))
            .is_some_and(|line| line.contains(" OK "))
    };
    terminal.wait("both lanes OK", |_| {
        serves(&terminal, "repo-writer") && serves(&terminal, "repo-reader")
    });

    let until = Instant::now() + PATIENCE;
    while refreshes(&state, &file) < 10 {
        assert!(
            Instant::now() < until,
            "{} refreshes only",
            refreshes(&state, &file)
        );
        std::thread::sleep(std::time::Duration::from_millis(200));
    }

    // A token's last second could as well be its natural end, so a young one is taken away.
    let promotions = || {
        let is_one = |line: &&str| {
            line.contains("\"credential_promoted\"") && line.contains("\"repo-writer\"")
        };
        journal(&state).lines().filter(is_one).count()
    };
    let seen = promotions();
    let until = Instant::now() + PATIENCE;
    while promotions() == seen {
        assert!(Instant::now() < until, "the lane stopped refreshing");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    runtime.block_on(oidc.revoke(&writer.grant_id));
    terminal.wait("HELD on the lane and REVOKED as its cause", |screen| {
        let held = screen
            .lines()
            .any(|l| l.contains(" repo-writer ") && l.contains("HELD"));
        held && screen.contains("REVOKED")
    });
    assert!(serves(&terminal, "repo-reader"), "{}", terminal.screen());
    let before = refreshes(&state, &file);
    let reader_refreshes = || {
        let select = [
            "query",
            "--lane",
            "repo-reader",
            "--kind",
            "refresh_succeeded",
            "--json",
        ];
        audit(&state, &file, &select).1.lines().count()
    };
    let seen = reader_refreshes();
    let until = Instant::now() + PATIENCE;
    while reader_refreshes() < seen + 2 {
        assert!(Instant::now() < until, "the neighbour stopped refreshing");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(
        refreshes(&state, &file),
        before,
        "a held lane was refreshed"
    );
    assert!(serves(&terminal, "repo-reader"), "{}", terminal.screen());

    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.is_clean());
    let (good, said) = audit(&state, &file, &["verify"]);
    assert!(good, "{said}");

    let own = lanewatch::secret::Secret::new(token);
    let mut secrets = vec![
        own,
        writer.refresh_token,
        reader.refresh_token,
        Oidc::client_secret(),
    ];
    let kept = runtime.block_on(bao.kv_get("lanes/repo-reader"));
    for field in ["refresh_token", "access_token"] {
        let text = kept[field].as_str().expect(field).to_owned();
        secrets.push(lanewatch::secret::Secret::new(text));
    }
    let seen = terminal.bytes();
    for secret in &secrets {
        let wanted = secret.expose().as_bytes();
        let within = |bytes: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
        assert!(!within(&seen), "a secret was shown");
        each_file(&state, &|path, bytes| {
            assert!(!within(bytes), "a secret is in {}", path.display());
        });
    }
}

fn journal(state: &Path) -> String {
    let folders = std::fs::read_dir(state.join("lanewatch")).unwrap();
    let mut journals = folders.map(|entry| entry.unwrap().path().join("audit/journal.jsonl"));
    let journal = journals.find(|path| path.exists()).unwrap();
    std::fs::read_to_string(journal).unwrap()
}

fn each_file(folder: &Path, look: &impl Fn(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else if path.is_file() {
            look(&path, &std::fs::read(&path).unwrap());
        }
    }
}
