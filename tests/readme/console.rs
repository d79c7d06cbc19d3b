//! Runs the commands of a document in one shell, one after the other, with the built program first on
//! its path and every folder that it may use below a temporary one.
//!
//! In a `console` block a line after `$ ` is a command, and the lines below it are what it prints: `…`
//! in a line stands for anything, and alone on a line for any number of lines. A command ends well
//! unless a comment says otherwise (`# exit 3`). An `sh` block is one command. Commands that begin
//! with `cargo` are left out: they are what runs this.

use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Generous: only a hang is to be found.
const PATIENCE: Duration = Duration::from_secs(240);

struct Said {
    command: String,
    exit: String,
    /// `None` where the document shows no output.
    output: Option<Vec<String>>,
}

/// Runs the blocks in `home` and compares; there are at least so many commands in them.
pub(crate) fn run<'a>(home: &Path, least: usize, blocks: impl Iterator<Item = (&'a str, String)>) {
    let said: Vec<Said> = blocks
        .flat_map(|(kind, text)| commands(kind, &text))
        .collect();
    assert!(
        said.len() >= least,
        "only {} commands were found",
        said.len()
    );
    let output = shell(home, &script(&said));
    for (number, said) in said.iter().enumerate() {
        let begin = format!("@@begin {number}\n");
        let (_, after) = output
            .split_once(&begin)
            .unwrap_or_else(|| panic!("`{}` was not reached:\n{output}", said.command));
        let (printed, after) = after
            .split_once(&format!("@@end {number} "))
            .unwrap_or_else(|| panic!("`{}` did not end:\n{output}", said.command));
        let exit = after.lines().next().unwrap();
        assert_eq!(exit, said.exit, "`{}` printed:\n{printed}", said.command);
        let lines: Vec<&str> = printed.trim_end().lines().collect();
        if let Some(expected) = &said.output {
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            assert!(
                all_match(&expected, &lines),
                "`{}` does not print\n{}\nbut\n{printed}",
                said.command,
                expected.join("\n"),
            );
        }
    }
}

fn commands(kind: &str, text: &str) -> Vec<Said> {
    if kind == "sh" {
        return vec![Said {
            command: format!("({text})"),
            exit: "0".into(),
            output: None,
        }];
    }
    let mut all: Vec<Said> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => {
                let exit = command
                    .split_once("# exit ")
                    .map_or("0", |(_, code)| code.trim());
                all.push(Said {
                    command: command.into(),
                    exit: exit.into(),
                    output: None,
                });
            }
            (None, Some(said)) => said.output.get_or_insert_default().push(line.to_owned()),
            (None, None) => panic!("output without a command: {line}"),
        }
    }
    all.retain(|said| !said.command.starts_with("cargo "));
    all
}

/// The shell script that runs them, with a mark before and after each.
fn script(said: &[Said]) -> String {
    let mut script = String::from("exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n");
    for (number, Said { command, .. }) in said.iter().enumerate() {
        let wait = command
            .strip_suffix(" &")
            .map(until_ready)
            .unwrap_or_default();
        let _never_fails = writeln!(
            script,
            "printf '@@begin {number}\\n'\n{command}\nended=$?\n{wait}printf '\\n@@end {number} %s\\n' $ended"
        );
    }
    script
}

/// What the shell does until a command in the background has written that it is ready.
fn until_ready(command: &str) -> String {
    let (command, file) = command.split_once(" > ").expect("it writes to a file");
    let last = if command.contains("sandbox") {
        "gitlab-pipelines\"$"
    } else {
        "^running "
    };
    format!("until grep -q '{last}' {file}; do kill -0 $! || break; sleep 0.05; done\n")
}

/// Runs a script, ends everything that it has started, and answers with what was printed.
fn shell(home: &Path, script: &str) -> String {
    let file = home.join("script");
    std::fs::write(&file, script).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_lanewatch"));
    let path = std::env::var("PATH").unwrap();
    let mut child = Command::new("bash")
        .arg(&file)
        .current_dir(home)
        .env_clear()
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .env("HOME", home)
        .env("USER", "robin")
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .env("XDG_STATE_HOME", home.join(".local/state"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("the README's commands need bash");
    let mut stdout = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let slice = Duration::from_millis(50);
    let mut left = PATIENCE;
    while child.try_wait().unwrap().is_none() && !left.is_zero() {
        std::thread::sleep(slice);
        left = left.saturating_sub(slice);
    }
    // The group is the shell's own; when all of it has ended there is none.
    let group = rustix::process::Pid::from_child(&child);
    let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    child.wait().unwrap();
    reading.join().unwrap()
}

/// Whether the lines are what was expected.
fn all_match(expected: &[&str], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|from| all_match(rest, &lines[from..])),
        Some((pattern, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| matches(pattern, line) && all_match(rest, others)),
    }
}

/// Whether a line is as the pattern says.
fn matches(pattern: &str, line: &str) -> bool {
    let Some((first, others)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let (between, last) = others.rsplit_once('…').unwrap_or(("", others));
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    for piece in between.split('…') {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None if piece.is_empty() => {}
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn a_pattern_says_what_a_line_must_be() {
    assert!(matches(
        "ok: … records, head …:…",
        "ok: 12 records, head 12:ab"
    ));
    assert!(matches("paused", "paused"));
    assert!(!matches("paused", "paused by robin"));
    assert!(!matches("… 0 failed", "134 tests, 2 failed"));
    assert!(all_match(&["a", "…", "b"], &["a", "x", "y", "b"]));
    assert!(all_match(&["…"], &[]));
    assert!(!all_match(&["a", "…", "b"], &["a", "x"]));
}
