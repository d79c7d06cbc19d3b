//! A drill by the keys alone, as a presenter does it: revoke, see it held, heal, release.

use crate::terminal::Terminal;

#[test]
fn a_presenter_revokes_a_lane_heals_it_and_releases_it_by_what_the_screen_says() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run((120, 40), state.path(), &["demo"], &[]);
    let lane = |screen: &str, word: &str| {
        screen
            .lines()
            .any(|line| line.contains(" deploy-notices ") && line.contains(word))
    };
    terminal.wait("the lane to serve", |screen| lane(screen, " OK "));

    terminal.press("/deploy");
    terminal.wait("the filter to leave one lane", |screen| {
        lane(screen, " OK ") && screen.contains("1 of 12")
    });
    terminal.press("\r");
    terminal.press("d");
    choose(&mut terminal, "revoke");
    let held = terminal.wait("the lane to be held", |screen| lane(screen, " HELD "));
    assert!(held.contains("REVOKED"), "{held}");
    assert!(held.contains("token_revoked"), "{held}");

    terminal.press("d");
    choose(&mut terminal, "heal");
    terminal.press("l");
    terminal.wait_for("reason");
    terminal.press("key replaced by its owner\r");
    let question = terminal.wait_for("[ Release ]");
    for named in [
        "[ Cancel ]",
        "deploy-notices",
        "post_message",
        "key replaced by its owner",
    ] {
        assert!(
            question.contains(named),
            "{named} is not named:\n{question}"
        );
    }
    terminal.press("y");
    terminal.wait("the lane to serve again", |screen| lane(screen, " OK "));
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);

    let audit = std::process::Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["audit", "query", "--demo", "--lane", "deploy-notices"])
        .env("XDG_STATE_HOME", state.path())
        .output()
        .unwrap();
    let told = String::from_utf8(audit.stdout).unwrap();
    for kind in [
        "drill_started",
        "revocation_detected",
        "lane_held",
        "lane_released",
    ] {
        assert!(told.contains(kind), "{kind} is missing:\n{told}");
    }
    assert!(told.contains("key replaced by its owner"), "{told}");
}

/// In the open menu: goes down to the entry and takes it.
fn choose(terminal: &mut Terminal, entry: &str) {
    let menu = terminal.wait_for("run it");
    for _ in 0..10 {
        if terminal.is_chosen(entry) {
            terminal.press("\r");
            return;
        }
        let before = terminal.bytes().len();
        terminal.press("j");
        terminal.wait("the mark to move", |_| terminal.bytes().len() > before);
    }
    panic!("{entry} cannot be chosen in:\n{menu}");
}
