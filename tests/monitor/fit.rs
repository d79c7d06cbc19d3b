//! What the terminal is told of the mouse and asked of its colours, and preferences that change
//! under a running screen.

use crate::terminal::Terminal;
use rustix::process::Signal;
use std::path::Path;

const QUESTION: &[u8] = b"\x1b]11;?";

fn at(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn configure(state: &Path, text: &str) {
    let folder = state.join("config/lanewatch");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

#[test]
fn the_mouse_is_switched_on_only_where_it_is_asked_for_and_off_again_in_every_way_out() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run((80, 24), state.path(), &["demo"], &[]);
    terminal.wait_for("crm-sync");
    terminal.press("q");
    terminal.exit_code();
    assert_eq!(at(&terminal.bytes(), b"\x1b[?1000h"), None);
    for way in ["q", "TERM", "QUIT"] {
        let state = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::run((80, 24), state.path(), &["demo", "--mouse"], &[]);
        terminal.wait_for("crm-sync");
        assert!(at(&terminal.bytes(), b"\x1b[?1006h").is_some());
        match way {
            "TERM" => terminal.signal(Signal::TERM),
            "QUIT" => terminal.signal(Signal::QUIT),
            keys => terminal.press(keys),
        }
        terminal.exit_code();
        assert!(terminal.is_clean(), "by {way}");
    }
}

#[test]
fn the_background_is_asked_for_after_the_first_frame_and_a_late_answer_is_no_key() {
    // A colour that only the light form of a theme has, in 256 colours.
    background_is_asked_for("", b"38;5;29");
    background_is_asked_for("theme = \"high-contrast\"", b"38;5;19");
}

fn background_is_asked_for(config: &str, color: &[u8]) {
    let state = tempfile::tempdir().unwrap();
    configure(state.path(), config);
    let mut terminal = Terminal::run((80, 24), state.path(), &["demo"], &[]);
    terminal.wait_for("crm-sync");
    terminal.wait("the question", |_| {
        at(&terminal.bytes(), QUESTION).is_some()
    });
    let bytes = terminal.bytes();
    let (frame, question) = (at(&bytes, b"lanes"), at(&bytes, QUESTION));
    assert!(frame < question, "{frame:?} {question:?}");
    let painted = |terminal: &Terminal, color: &[u8]| at(&terminal.bytes(), color).is_some();
    assert!(!painted(&terminal, color));
    terminal.press("\x1b]11;rgb:ffff/ff");
    terminal.press("ff/ffff\x1b\\");
    terminal.wait("the light theme", |_| painted(&terminal, color));
    let screen = terminal.screen();
    assert!(
        !screen.contains("rgb") && screen.contains("crm-sync"),
        "{screen}"
    );
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_terminal_whose_background_is_known_or_none_of_our_business_is_not_asked() {
    let cases: [(&str, &[(&str, &str)]); 3] = [
        ("", &[("COLORFGBG", "15;0")]),
        ("ask_background = false", &[]),
        ("theme = \"dark\"", &[]),
    ];
    for (config, env) in cases {
        let state = tempfile::tempdir().unwrap();
        configure(state.path(), config);
        let mut terminal = Terminal::run((80, 24), state.path(), &["demo"], env);
        terminal.wait_for("crm-sync");
        terminal.press("?");
        terminal.wait_for("lanes: find and act");
        terminal.press("\x03");
        terminal.exit_code();
        assert_eq!(at(&terminal.bytes(), QUESTION), None, "{config}");
    }
}

#[test]
fn preferences_that_change_are_taken_at_once_and_a_mistake_is_shown_with_its_place() {
    let state = tempfile::tempdir().unwrap();
    configure(state.path(), "ascii = false\n");
    let mut terminal = Terminal::run((120, 40), state.path(), &["demo"], &[]);
    terminal.wait("the signs", |screen| {
        screen.contains("crm-sync") && screen.contains('▶')
    });
    configure(state.path(), "ascii = true\n[keys]\nquit = \"X\"\n");
    terminal.wait("ASCII", |screen| {
        !screen.contains('▶') && screen.contains("X quit")
    });
    configure(state.path(), "ascii = false\nthme = \"dark\"\n");
    let screen = terminal.wait_for("config.toml:2:1");
    assert!(
        screen.contains("last good one") && !screen.contains('▶'),
        "{screen}"
    );
    configure(state.path(), "private = true\n");
    terminal.wait("masks", |screen| {
        screen.contains("lane-01") && !screen.contains("crm-sync")
    });
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
