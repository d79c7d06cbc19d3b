//! The command line.

use crate::bench::GRANT;
use std::process::{Command, Output};

fn simulate(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lanes.toml"), GRANT).unwrap();
    Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["simulate", "lanes.toml"])
        .args(arguments)
        .current_dir(folder.path())
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .output()
        .unwrap()
}

#[test]
fn it_ends_well_badly_or_with_a_hint() {
    for (arguments, code, told) in [
        (&["--for", "2h"][..], 0, "late refreshes          0"),
        (
            &[
                "--life",
                "1m",
                "--for",
                "10m",
                "--fault",
                "store-outage=2m@5m",
            ],
            0,
            "1 (1 of them unavoidable)",
        ),
        (
            &["--fault", "store-outge=15s@1h"],
            2,
            "did you mean store-outage",
        ),
        (&["--fault", "store-outage=15s@30h"], 2, "give --for"),
        (&["--life", "soon"], 2, "write it like 60s"),
        (&["--lanes", "0"], 2, "the manifest has 1 lanes already"),
    ] {
        let output = simulate(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(told), "{arguments:?}: {text}");
    }
}

#[test]
fn its_json_has_what_scripts_look_for() {
    let output = simulate(&["--lanes", "10", "--for", "2h", "--seed", "7", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in [
        "late_refreshes",
        "late_unavoidable",
        "dead_credential_calls",
        "peak_to_mean",
        "worst_degraded_s",
        "refreshes",
        "uncertain",
        "held",
    ] {
        assert!(json[name].is_number(), "{name}: {json}");
    }
    assert_eq!(json["seed"], 7);
    assert_eq!(json["lanes"], 10);
}

#[test]
fn it_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanes.toml");
    std::fs::write(&file, GRANT).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .arg("simulate")
        .arg(&file)
        .args(["--for", "1h"])
        .env("HOME", folder.path())
        .env("XDG_STATE_HOME", folder.path())
        .env_remove("VAULT_TOKEN")
        .output()
        .unwrap();
    assert!(output.status.success());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
