//! What a terminal and its user can do to the program without meaning well.

use crate::terminal::{PATIENCE, Terminal};
use lanewatch::engine::{Handle, updates};
use lanewatch::lane::{Boot, Now, Wall};
use lanewatch::plain::Plain;
use lanewatch::tui::config::{Live, Sources, Wishes};
use lanewatch::tui::{ScreenOptions, run};
use rustix::process::Signal;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

fn demo(size: (u16, u16)) -> (Terminal, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    (Terminal::run(size, state.path(), &["demo"], &[]), state)
}

/// Leaves by key, and looks whether everything is as it was.
fn leave(mut terminal: Terminal, state: &Path) {
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0, "{}", terminal.screen());
    assert!(terminal.is_clean());
    assert_whole(state);
}

fn assert_whole(state: &Path) {
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_lanewatch"))
        .args(["audit", "verify", "--demo"])
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{said}");
}

#[test]
fn every_size_from_one_cell_to_500_by_200_and_a_storm_of_them_is_survived() {
    let (terminal, state) = demo((3, 3));
    for (cols, rows) in [(1, 1), (2, 200), (500, 1), (500, 200), (40, 8), (39, 7)] {
        let before = terminal.bytes().len();
        terminal.resize(cols, rows);
        terminal.wait(&format!("a frame at {cols}x{rows}"), |_| {
            terminal.bytes().len() > before
        });
    }
    for turn in 0..400_u16 {
        terminal.resize(1 + turn * 37 % 500, 1 + turn * 17 % 200);
    }
    terminal.resize(120, 40);
    terminal.wait_for("crm-sync");
    leave(terminal, state.path());
}

#[test]
fn a_megabyte_pasted_into_the_wrong_window_presses_no_key() {
    let (mut terminal, state) = demo((120, 40));
    terminal.wait("the lane to serve", |screen| {
        screen
            .lines()
            .any(|line| line.contains(" crm-sync ") && line.contains(" OK "))
    });
    let paste = "qrly\u{3}\n\u{1b}[A".repeat(125_000);
    terminal.press(&format!("\u{1b}[200~{paste}\u{1b}[201~"));
    terminal.wait_for("pasted text was ignored");
    terminal.press("/");
    terminal.wait_for("enter keep");
    terminal.press(&format!("\u{1b}[200~{}\u{1b}[201~", "x".repeat(1_000_000)));
    terminal.wait_for("0 of 12");
    terminal.press("\u{3}");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.is_clean());
    assert_whole(state.path());
}

#[test]
fn escape_sequences_that_mean_nothing_to_it_press_no_key() {
    let (mut terminal, state) = demo((120, 40));
    terminal.wait_for("crm-sync");
    for odd in [
        "\u{1b}[?62;22c",
        "\u{1b}[24;80R",
        "\u{1b}]11;rgb:ffff/ffff/ffff\u{7}",
        "\u{1b}]52;c;cXFxcQ==\u{1b}\\",
        "\u{1b}P>|qqqq\u{1b}\\",
        "\u{1b}[<0;10;10M",
        "\u{1b}[I",
        "\u{1b}[O",
        "\u{1b}[99;99;99;99;99u",
        "\u{1b}[200000000000000000000000~",
        "\u{1b}_qqq\u{1b}\\",
        "\u{1b}[1;2:3;4$y",
    ] {
        terminal.press(odd);
    }
    terminal.press("?");
    terminal.wait_for("─ help ─");
    terminal.press("\u{1b}");
    terminal.wait("the help is gone", |screen| !screen.contains("─ help ─"));
    leave(terminal, state.path());
}

#[test]
fn a_stop_from_outside_and_a_terminal_that_changed_meanwhile_are_taken_in_stride() {
    let (terminal, state) = demo((120, 40));
    terminal.wait_for("crm-sync");
    for size in [(80, 24), (200, 50)] {
        terminal.signal(Signal::STOP);
        terminal.resize(size.0, size.1);
        terminal.signal(Signal::CONT);
        let row = usize::from(size.1) - 1;
        terminal.wait("the footer in the last row", |screen| {
            screen
                .lines()
                .nth(row)
                .is_some_and(|last| last.contains("quit"))
        });
    }
    leave(terminal, state.path());
}

#[test]
fn what_ends_it_while_a_dialog_is_open_ends_it_as_cleanly() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let (mut terminal, state) = demo((120, 40));
        terminal.wait_for("crm-sync");
        terminal.press("/crm-sync\r");
        terminal.wait_for("1 of 12");
        terminal.press("d");
        terminal.wait_for("drill on crm-sync");
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), 0);
        assert!(terminal.is_clean());
        assert_whole(state.path());
    }
}

/// The other half of the test below: a screen whose clock breaks down after some frames, run inside
/// the terminal of that test.
#[test]
#[ignore = "runs inside the terminal of the test below"]
fn a_screen_that_panics() {
    static LOOKED: AtomicU32 = AtomicU32::new(0);
    let clock = || {
        assert!(
            LOOKED.fetch_add(1, Ordering::Relaxed) < 12,
            "a widget fell over"
        );
        Now {
            wall: Wall(1_795_000_000_000 + i64::from(LOOKED.load(Ordering::Relaxed)) * 1_000),
            boot: Boot(u64::from(LOOKED.load(Ordering::Relaxed)) * 1_000),
        }
    };
    let options = ScreenOptions {
        preferences: Live::start(Sources {
            flags: Wishes {
                theme: Some("dark".to_owned()),
                ..Wishes::default()
            },
            ..Sources::default()
        })
        .unwrap(),
        operator: Plain::new("robin"),
        knows: lanewatch::tui::reach::Knows::default(),
        audit: None,
        tour: None,
    };
    let (_publisher, news) = updates();
    let (handle, _requests) = Handle::detached();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _never = runtime.block_on(run(options, handle, news, clock));
}

#[test]
fn a_panic_in_the_screen_gives_the_terminal_back_before_it_is_told() {
    let state = tempfile::tempdir().unwrap();
    let me = std::env::current_exe().unwrap();
    let args = [
        "--ignored",
        "--exact",
        "--nocapture",
        "rough::a_screen_that_panics",
    ];
    let mut terminal = Terminal::start(me.as_os_str(), (120, 40), state.path(), &args, &[]);
    assert_ne!(terminal.exit_code(), 0);
    assert!(terminal.is_clean());
    let bytes = terminal.bytes();
    let at = |wanted: &str| {
        let wanted = wanted.as_bytes();
        bytes.windows(wanted.len()).position(|part| part == wanted)
    };
    let entered = at("\u{1b}[?1049h").expect("the screen was shown");
    let left = at("\u{1b}[?1049l").expect("the screen was left");
    let told = at("a widget fell over").expect("the panic was told");
    assert!(entered < left && left < told, "{entered} {left} {told}");
}

#[test]
fn nothing_is_asked_of_the_terminal_before_the_first_frame() {
    let (terminal, state) = demo((120, 40));
    terminal.wait_for("crm-sync");
    let bytes = terminal.bytes();
    let end = b"\x1b[?2026l";
    let frame = bytes.windows(end.len()).position(|part| part == end);
    let until_first = String::from_utf8_lossy(&bytes[..frame.expect("a frame")]);
    // Device attributes, cursor position, colours, keyboard, version, terminfo, modes, window.
    for query in ["c", "n", "u", "q", "t", "$p", "x"] {
        let asks = until_first.split("\u{1b}[").skip(1).any(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| {
                let (parameters, last) = rest.split_at(end);
                let asked = last.starts_with(query.trim_start_matches('$'));
                // This puts the title aside and is not answered.
                let title = query == "t" && parameters == "22;2";
                asked && !title && (query != "$p" || parameters.ends_with('$'))
            })
        });
        assert!(!asks, "CSI … {query} in {until_first:?}");
    }
    assert!(!until_first.contains(";?"), "a colour is asked for");
    assert!(!until_first.contains("\u{1b}P"), "a device control string");
    leave(terminal, state.path());
}

#[test]
fn a_screen_on_which_nothing_changes_writes_nothing() {
    let state = tempfile::tempdir().unwrap();
    // A theme of one's own choice: then the terminal is not asked for its background.
    let args = ["demo", "--theme", "dark"];
    let terminal = Terminal::run((30, 5), state.path(), &args, &[]);
    // Too small for anything that ticks: nothing visible changes.
    terminal.wait_for("too small");
    // The window's title is no part of the screen, and changes with the lanes.
    let shown = || {
        let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        let mut parts = bytes.split("\u{1b}]2;");
        let first = parts.next().map_or(0, str::len);
        let rest = parts.filter_map(|part| Some(part.split_once("\u{1b}\\")?.1.len()));
        first + rest.sum::<usize>()
    };
    let before = shown();
    let folder = state.path().join("lanewatch/demo/audit/journal.jsonl");
    let until = std::time::Instant::now() + PATIENCE;
    // Meanwhile the engine is at work.
    while std::fs::read_to_string(&folder)
        .unwrap_or_default()
        .matches("probe_passed")
        .count()
        + std::fs::read_to_string(&folder)
            .unwrap_or_default()
            .matches("refresh_succeeded")
            .count()
        < 4
    {
        assert!(std::time::Instant::now() < until, "the engine does nothing");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(shown(), before);
    leave(terminal, state.path());
}
