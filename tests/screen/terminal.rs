//! The screen on a real terminal: this test program runs itself once more inside a pseudo-terminal.

use crate::fixture::{news, numbered, wall};
use lanewatch::engine::{Accepted, Command, Handle, Publisher, Request, Update, updates};
use lanewatch::lane::{Boot, Now, Wall};
use lanewatch::plain::Plain;
use lanewatch::tui::config::{Live, Sources, Wishes};
use lanewatch::tui::reach::Knows;
use lanewatch::tui::{Exit, ScreenOptions, run};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::termios::{LocalModes, tcgetattr};
use std::io::{Read as _, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Set for the program that shows the screen.
const CHILD: &str = "LANEWATCH_TEST_SCREEN";
/// Nothing here takes long; this only keeps a broken test from waiting for ever.
const PATIENCE: Duration = Duration::from_secs(30);

const SIZE: PtySize = PtySize {
    rows: 24,
    cols: 80,
    pixel_width: 0,
    pixel_height: 0,
};

/// This program once more, showing the screen.
fn command(lanes: u64) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "terminal::child", "--nocapture"]);
    command.env(CHILD, lanes.to_string());
    command.env("RUST_BACKTRACE", "0");
    command
}

fn real_now() -> Now {
    let wall = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let ms = |time: rustix::time::Timespec| time.tv_sec * 1_000 + time.tv_nsec / 1_000_000;
    Now {
        wall: Wall(ms(wall)),
        boot: Boot(u64::try_from(ms(boot)).unwrap()),
    }
}

/// The program inside the terminal. Not a test of its own.
#[test]
#[ignore = "run by the other tests of this file"]
fn child() {
    let Ok(lanes) = std::env::var(CHILD) else {
        return;
    };
    let (publisher, updates) = updates();
    match lanes.parse() {
        Ok(0) | Err(_) => publisher.publish(news(wall())),
        Ok(many) => storm(publisher, many),
    }
    let (handle, mut asked) = Handle::detached();
    let engine = std::thread::spawn(move || {
        while let Some(request) = asked.blocking_recv() {
            let Request::Command(command, reply) = request else {
                continue;
            };
            let note = match command {
                Command::Lane { .. } => Plain::new("under way"),
                Command::Drill { .. } => panic!("an engine that breaks"),
            };
            reply.send(Ok(Accepted { note })).unwrap();
        }
    });
    let options = ScreenOptions {
        preferences: Live::start(Sources {
            flags: Wishes {
                theme: Some("dark".to_owned()),
                ..Wishes::default()
            },
            ..Sources::default()
        })
        .unwrap(),
        operator: Plain::new("tester"),
        knows: Knows::default(),
        audit: None,
        tour: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let exit = runtime
        .block_on(run(options, handle, updates, real_now))
        .unwrap();
    let _broken_on_purpose = engine.join();
    let _line_may_be_gone = writeln!(std::io::stdout(), "left by {exit:?}");
    // The harness would go on to report to a line that may be gone.
    std::process::exit(0);
}

/// So many lanes, of which five hundred change every second.
fn storm(publisher: Publisher, lanes: u64) {
    publisher.publish(news((0..lanes).map(numbered).collect()));
    std::thread::spawn(move || {
        for turn in 0_u64.. {
            let mut lane = numbered(turn * 7 % lanes);
            lane.latencies.push(u32::try_from(turn % 200).unwrap());
            publisher.publish(Update {
                lanes: vec![Arc::new(lane)],
                ..Update::default()
            });
            std::thread::sleep(Duration::from_millis(2));
        }
    });
}

struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    line: OwnedFd,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    over: bool,
}

impl Terminal {
    fn start() -> Self {
        let mut terminal = Self::with(0);
        terminal.wait_for("the first frame", |seen| shows(seen, "billing-refunds"));
        terminal
    }

    fn with(lanes: u64) -> Self {
        let pty = native_pty_system().openpty(SIZE).unwrap();
        let child = pty.slave.spawn_command(command(lanes)).unwrap();
        drop(pty.slave);
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
        let name = pty.master.tty_name().unwrap();
        let line = rustix::fs::open(&name, flags, rustix::fs::Mode::empty()).unwrap();
        let seen = Arc::new((
            Mutex::new(Seen {
                screen: vt100::Parser::new(24, 80, 0),
                bytes: Vec::new(),
                over: false,
            }),
            Condvar::new(),
        ));
        let mut reader = pty.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut part = [0_u8; 4096];
            loop {
                let read = reader.read(&mut part).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                seen.screen.process(&part[..read]);
                seen.bytes.extend_from_slice(&part[..read]);
                seen.over = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Self {
            master: Some(pty.master),
            writer: Some(writer),
            child,
            line,
            seen,
        }
    }

    fn wait_for(&mut self, what: &str, is: impl Fn(&Seen) -> bool) {
        let (seen, changed) = &*self.seen;
        let seen = seen.lock().unwrap();
        let (seen, waited) = changed
            .wait_timeout_while(seen, PATIENCE, |seen| !is(seen))
            .unwrap();
        assert!(
            !waited.timed_out(),
            "waited in vain for {what}; the screen shows:\n{}",
            seen.screen.screen().contents()
        );
    }

    fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// The shell's view of a suspended job.
    fn wait_until_stopped(&self) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let told = waitpid(Pid::from_raw(pid), WaitOptions::UNTRACED).unwrap();
        assert!(told.unwrap().1.stopped());
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.line)
            .unwrap()
            .local_modes
            .contains(LocalModes::ICANON)
    }

    /// The program has ended well, and the terminal is as it was.
    fn left_clean(mut self, by: &str) {
        let status = self.child.wait().unwrap();
        self.wait_for("the last words", |seen| {
            shows(seen, &format!("left by {by}"))
        });
        assert!(status.success(), "{status:?}");
        assert!(!self.is_raw());
        let seen = self.seen.0.lock().unwrap();
        assert_clean(&seen);
    }
}

fn shows(seen: &Seen, text: &str) -> bool {
    seen.screen.screen().contents().contains(text)
}

fn assert_clean(seen: &Seen) {
    let screen = seen.screen.screen();
    assert!(!screen.alternate_screen());
    assert!(!screen.hide_cursor());
    assert!(!screen.bracketed_paste());
    let opened = seen
        .bytes
        .windows(8)
        .filter(|part| part == b"\x1b[?2026h")
        .count();
    let closed = seen
        .bytes
        .windows(8)
        .filter(|part| part == b"\x1b[?2026l")
        .count();
    assert!(
        closed >= opened && opened > 0,
        "{opened} frames opened, {closed} closed"
    );
}

#[test]
fn every_key_that_leaves_leaves_the_terminal_clean() {
    for keys in ["q", "\x03", "?\x03", "/abc\x03", "r\x03"] {
        let mut terminal = Terminal::start();
        assert!(terminal.is_raw());
        terminal.send(keys);
        terminal.left_clean(&format!("{:?}", Exit::Quit));
    }
}

#[test]
fn every_signal_that_ends_leaves_the_terminal_clean() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let terminal = Terminal::start();
        terminal.signal(signal);
        terminal.left_clean(&format!("{:?}", Exit::Signal(signal.as_raw())));
    }
    let terminal = Terminal::start();
    terminal.signal(Signal::HUP);
    terminal.left_clean(&format!("{:?}", Exit::HangUp));
}

#[test]
fn a_line_that_hangs_up_ends_the_screen() {
    let pty = native_pty_system().openpty(SIZE).unwrap();
    let mut child = pty.slave.spawn_command(command(0)).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let (mut screen, mut part) = (vt100::Parser::new(24, 80, 0), [0_u8; 4096]);
    while !screen.screen().contents().contains("billing-refunds") {
        let read = reader.read(&mut part).unwrap();
        screen.process(&part[..read]);
    }
    // Nobody holds the other side any more.
    drop(reader);
    drop(pty.master);
    let status = child.wait().unwrap();
    assert!(status.success(), "{status:?}");
}

#[test]
fn suspending_gives_the_terminal_back_and_continuing_takes_it_again() {
    let mut terminal = Terminal::start();
    terminal.send("\x1a");
    terminal.wait_for("the shell's screen", |seen| {
        !seen.screen.screen().alternate_screen()
    });
    terminal.wait_for("the cursor", |seen| !seen.screen.screen().hide_cursor());
    terminal.wait_until_stopped();
    terminal.signal(Signal::CONT);
    terminal.wait_for("the screen again", |seen| {
        seen.screen.screen().alternate_screen() && shows(seen, "billing-refunds")
    });
    assert!(terminal.is_raw());
    terminal.send("q");
    terminal.left_clean("Quit");
}

#[test]
fn a_new_size_is_taken_at_once() {
    let mut terminal = Terminal::start();
    let size = PtySize {
        rows: 40,
        cols: 120,
        pixel_width: 0,
        pixel_height: 0,
    };
    terminal.seen.0.lock().unwrap().screen = vt100::Parser::new(40, 120, 0);
    terminal.master.as_ref().unwrap().resize(size).unwrap();
    terminal.wait_for("the wide screen", |seen| shows(seen, "read-write"));
    let (rows, columns) = (40, 120);
    let reaches = |seen: &Seen| seen.screen.screen().cell(rows - 2, columns - 3).is_some();
    terminal.wait_for("the corner", reaches);
    terminal.send("q");
    let status = terminal.child.wait().unwrap();
    assert!(status.success());
}

#[test]
fn a_command_is_answered_on_the_screen() {
    let mut terminal = Terminal::start();
    terminal.send("f");
    terminal.wait_for("the answer", |seen| {
        shows(seen, "refresh billing-refunds: under way")
    });
    terminal.send("q");
    terminal.left_clean("Quit");
}

#[test]
fn keys_are_answered_in_a_storm_of_news() {
    let mut terminal = Terminal::with(10_000);
    terminal.wait_for("the wall", |seen| shows(seen, "10000 lanes"));
    terminal.send("G");
    terminal.wait_for("the last row", |seen| shows(seen, "lane 10000 of 10000"));
    terminal.send("g");
    terminal.wait_for("the first row", |seen| shows(seen, "lane 1 of 10000"));
    terminal.send("q");
    terminal.left_clean("Quit");
}

#[test]
fn a_panic_elsewhere_is_told_after_the_screen_and_not_across_it() {
    let mut terminal = Terminal::start();
    terminal.send("/demo-notes\r");
    terminal.wait_for("the demo lane", |seen| shows(seen, "1 of 12 lanes"));
    terminal.send("d\r");
    terminal.wait_for("the refusal", |seen| shows(seen, "the engine has stopped"));
    assert!(!shows(&terminal.seen.0.lock().unwrap(), "panicked"));
    terminal.send("q");
    terminal.wait_for("the report", |seen| shows(seen, "an engine that breaks"));
    terminal.left_clean("Quit");
}

#[test]
fn no_question_is_ever_put_to_the_terminal() {
    let mut terminal = Terminal::start();
    terminal.send("q");
    let seen = Arc::clone(&terminal.seen);
    terminal.left_clean("Quit");
    let bytes = &seen.0.lock().unwrap().bytes;
    let text = String::from_utf8_lossy(bytes);
    for question in [
        "\x1b[6n",
        "\x1b[c",
        "\x1b[>c",
        "\x1b[?u",
        "\x1b]10;?",
        "\x1b]11;?",
        "$p",
    ] {
        assert!(!text.contains(question), "{question:?}");
    }
}
