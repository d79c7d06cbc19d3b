//! How the program leaves its terminal, and what it does with one that is of no use.

use crate::terminal::Terminal;
use rustix::process::Signal;

fn demo(size: (u16, u16)) -> (Terminal, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    (Terminal::run(size, state.path(), &["demo"], &[]), state)
}

#[test]
fn every_way_out_leaves_the_terminal_clean_and_the_audit_whole() {
    for way in ["q", "\x03", "TERM", "INT", "HUP", "QUIT"] {
        let (mut terminal, state) = demo((120, 40));
        terminal.wait_for("crm-sync");
        match way {
            "TERM" => terminal.signal(Signal::TERM),
            "INT" => terminal.signal(Signal::INT),
            "HUP" => terminal.signal(Signal::HUP),
            "QUIT" => terminal.signal(Signal::QUIT),
            keys => terminal.press(keys),
        }
        assert_eq!(terminal.exit_code(), 0, "by {way:?}");
        assert!(terminal.is_clean(), "by {way:?}");
        assert!(verifies(state.path()), "by {way:?}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_program_and_not_the_audit() {
    // A terminal goes away when whoever holds its other end is gone.
    let state = tempfile::tempdir().unwrap();
    let holder = "import pty, sys; pty.spawn(sys.argv[1:])";
    let mut holder = std::process::Command::new("python3")
        .args(["-c", holder, env!("CARGO_BIN_EXE_lanewatch"), "demo"])
        .env("XDG_STATE_HOME", state.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("Python 3 is needed: install python3");
    let folder = state.path().join("lanewatch/demo");
    let watched =
        || std::fs::read_to_string(folder.join("audit/journal.jsonl")).unwrap_or_default();
    until("the lanes to be proved", || {
        watched().contains("preflight_passed")
    });
    let pid: i32 = std::fs::read_to_string(folder.join("lock"))
        .unwrap()
        .parse()
        .unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("the program to end", || {
        rustix::process::test_kill_process(pid).is_err()
    });
    assert!(watched().contains("engine_stopped"));
    assert!(verifies(state.path()));
}

#[test]
fn a_terminal_of_ten_by_three_is_told_to_grow_and_then_shows_the_lanes() {
    let (mut terminal, _state) = demo((10, 3));
    terminal.wait("what it needs", |screen| screen.contains("need 40x8"));
    terminal.resize(100, 30);
    terminal.wait_for("crm-sync");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let state = tempfile::tempdir().unwrap();
    let out = std::process::Command::new("setsid")
        .args(["-w", env!("CARGO_BIN_EXE_lanewatch"), "demo"])
        .env("XDG_STATE_HOME", state.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(
        said.contains("no terminal") && said.contains("lanewatch status"),
        "{said}"
    );
    assert!(out.stdout.is_empty());
}

#[test]
fn a_second_monitor_of_the_same_lanes_is_told_who_has_them() {
    let (terminal, state) = demo((100, 30));
    terminal.wait_for("crm-sync");
    let mut second = Terminal::run((100, 30), state.path(), &["demo"], &[]);
    assert_eq!(second.exit_code(), 3);
    assert!(
        second
            .screen()
            .contains(&format!("process {}", terminal.pid())),
        "{}",
        second.screen()
    );
}

fn until(what: &str, is: impl Fn() -> bool) {
    let patience = std::time::Instant::now() + crate::terminal::PATIENCE;
    while !is() {
        assert!(
            std::time::Instant::now() < patience,
            "waited in vain for {what}"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn verifies(state: &std::path::Path) -> bool {
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["audit", "verify", "--demo"])
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    verified.status.success()
}
