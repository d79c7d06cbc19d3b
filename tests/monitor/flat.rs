//! The monitor without a screen: changes as lines.

use crate::terminal::{PATIENCE, Terminal};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// `lanewatch status --watch`, and the lines it prints. Killed by its process id when dropped.
struct Flat {
    child: Child,
    lines: Receiver<String>,
}

impl Flat {
    fn run(state: &Path, args: &[&str]) -> Self {
        let mut child = spawn(state, args);
        let out = child.stdout.take().unwrap();
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line that is wanted.
    fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            assert!(!line.contains('\u{1b}'), "an escape in {line:?}");
            if wanted(&line) {
                return line;
            }
            seen.push(line);
        }
        panic!("waited in vain for {what}; it said:\n{}", seen.join("\n"));
    }

    fn interrupt(&mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Flat {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn spawn(state: &Path, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["status", "--watch"])
        .args(args)
        .env("XDG_STATE_HOME", state)
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn first_line(out: ChildStdout) -> String {
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_drill_on_the_screen_is_told_line_by_line_to_whoever_listens() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("my.tour");
    std::fs::write(
        &file,
        "until crm-sync is OK\nuntil deploy-notices is OK\ncaption Ready.",
    )
    .unwrap();
    let ready = ["demo", "--fast", "--script", file.to_str().unwrap()];
    let mut screen = Terminal::run((120, 40), state.path(), &ready, &[]);
    screen.wait_for("Ready.");
    let mut flat = Flat::run(state.path(), &["--demo"]);
    let mut json = Flat::run(state.path(), &["--demo", "--json"]);
    let head = flat.until("how things stand", |line| line.contains("12 lanes: "));
    assert!(head.contains(" OK"), "{head}");
    json.until("the lane", |line| line.contains("deploy-notices"));

    screen.press("/deploy-notices\r");
    screen.wait_for("1 of 12");
    screen.press("d");
    screen.wait_for("drill on deploy-notices");
    screen.press("j\r");
    let line = flat.until("the hold", |line| {
        line.contains("deploy-notices: ") && line.contains("-> HELD")
    });
    for told in [
        "credential_revoked",
        "lanewatch release deploy-notices --reason",
        "Owner ",
        "Runbook ",
    ] {
        assert!(line.contains(told), "{told} is missing: {line}");
    }
    let line = json.until("the hold", |line| line.contains(r#""to":"held""#));
    let change: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(change["lane"], "deploy-notices");
    assert_eq!(change["gate"], "held");
    assert_eq!(change["outcome"], "credential_revoked");

    assert_eq!(flat.interrupt(), Some(0));
    screen.press("\u{3}");
    assert_eq!(screen.exit_code(), 0);
    json.until("the end", |line| line.contains("the engine has stopped"));
    assert_eq!(json.child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_an_engine_it_runs_one_itself_and_ends_it_in_order() {
    let state = tempfile::tempdir().unwrap();
    let mut flat = Flat::run(state.path(), &["--demo"]);
    flat.until("a lane to serve", |line| line.contains("-> OK"));
    assert_eq!(flat.interrupt(), Some(0));
    let journal = state.path().join("lanewatch/demo/audit/journal.jsonl");
    let journal = std::fs::read_to_string(journal).unwrap();
    assert!(journal.contains("engine_stopped"));
}

#[test]
fn it_ends_when_nobody_reads_on_even_if_nothing_changes() {
    let state = tempfile::tempdir().unwrap();
    let mut child = spawn(state.path(), &["--demo"]);
    let line = first_line(child.stdout.take().unwrap());
    assert!(line.contains("lanes"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_terminal_without_a_cursor_is_told_of_it() {
    let state = tempfile::tempdir().unwrap();
    let dumb = [("TERM", "dumb")];
    let mut terminal = Terminal::run((80, 24), state.path(), &["demo"], &dumb);
    assert_eq!(terminal.exit_code(), 2);
    assert!(terminal.screen().contains("lanewatch status --watch"));
    assert!(!terminal.bytes().contains(&0x1b));
}
