//! What a presenter uses: tours, the stopwatch of a drill, its receipt.

use crate::terminal::Terminal;
use std::process::Command;

fn lanewatch(state: &std::path::Path, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(args)
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_built_in_tour_comes_to_its_end_and_hands_the_keys_over() {
    let state = tempfile::tempdir().unwrap();
    let args = ["demo", "--script", "--fast"];
    let mut terminal = Terminal::run((120, 40), state.path(), &args, &[]);
    let shown = terminal.wait_for("The keys are yours");
    for stage in ["outage gitlab-mirror", "detected", "healed"] {
        assert!(shown.contains(stage), "{stage} is missing:\n{shown}");
    }
    terminal.press("D");
    let receipt = terminal.wait_for("receipt 1 of 2");
    assert!(
        receipt.contains("drill outage on gitlab-mirror"),
        "{receipt}"
    );
    terminal.press("j");
    let receipt = terminal.wait_for("receipt 2 of 2");
    for told in [
        "drill revoke on deploy-notices",
        "revocation_detected",
        "lane_held",
        "operator_notified",
        "lane_released",
        "preflight_passed",
        "key replaced by its owner",
    ] {
        assert!(receipt.contains(told), "{told} is missing:\n{receipt}");
    }
    terminal.press("\u{3}");
    assert_eq!(terminal.exit_code(), 0);

    // The same receipt, from the records alone, when the screen is gone.
    let printed = lanewatch(state.path(), &["audit", "receipts", "--demo", "--json"]);
    let receipts: Vec<serde_json::Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(receipts.len(), 2, "{printed}");
    let first = &receipts[0];
    assert_eq!(first["drill"], "revoke");
    let seqs: Vec<u64> = ["injected", "detected", "held", "alerted", "healed"]
        .iter()
        .map(|stage| first[stage]["seq"].as_u64().expect(stage))
        .collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    for seq in seqs {
        assert!(receipt.contains(&format!("#{seq} ")), "#{seq}:\n{receipt}");
    }
    let text = lanewatch(state.path(), &["audit", "receipts", "--demo"]);
    assert!(text.contains(" revoke on deploy-notices"), "{text}");
}

#[test]
fn a_script_of_ones_own_is_played_and_leaves_by_itself() {
    let state = tempfile::tempdir().unwrap();
    let script = state.path().join("my.tour");
    let steps = "caption Hello there.\nuntil crm-sync is OK\ntype /crm\nkeys enter q\n";
    std::fs::write(&script, steps).unwrap();
    let args = ["demo", "--fast", "--script", script.to_str().unwrap()];
    let mut terminal = Terminal::run((80, 24), state.path(), &args, &[]);
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.is_clean());
    let seen = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(seen.contains("Hello there."));
}

#[test]
fn a_key_of_the_viewers_ends_the_tour() {
    let state = tempfile::tempdir().unwrap();
    let script = state.path().join("my.tour");
    std::fs::write(&script, "caption Wait for it.\nwait 1h\nkeys q\n").unwrap();
    let args = ["demo", "--script", script.to_str().unwrap()];
    let mut terminal = Terminal::run((80, 24), state.path(), &args, &[]);
    terminal.wait_for("Wait for it.");
    terminal.press("j");
    terminal.wait("the caption to go", |screen| {
        !screen.contains("Wait for it.")
    });
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_script_with_a_mistake_is_told_before_anything_is_shown() {
    let state = tempfile::tempdir().unwrap();
    let script = state.path().join("my.tour");
    std::fs::write(&script, "caption Hello.\njump\n").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["demo", "--script", script.to_str().unwrap()])
        .env("XDG_STATE_HOME", state.path())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        said.contains("my.tour: line 2: “jump” is no step"),
        "{said}"
    );
}
