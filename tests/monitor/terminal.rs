//! The built program in a real pty, with a screen that a test can read.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a test waits for something to appear.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Everything the program has written, and what the terminal makes of it.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

/// Lets the emulator show `bytes`. What was written for a wide terminal may reach one that has a
/// single column by now, and the emulator panics at that where a terminal shows nonsense: it begins
/// anew, and the program's next whole frame fills it.
fn show(parser: &mut vt100::Parser, bytes: &[u8]) {
    let (rows, cols) = parser.screen().size();
    let shown = catch_unwind(AssertUnwindSafe(|| parser.process(bytes)));
    if shown.is_err() {
        *parser = vt100::Parser::new(rows, cols, 0);
    }
}

/// A program in a terminal. Killed by its process id when dropped.
pub(crate) struct Terminal {
    shown: Arc<Mutex<Shown>>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Runs lanewatch with `args` in a terminal of that size, with `state` as its state folder.
    pub(crate) fn run(size: (u16, u16), state: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let lanewatch = env!("CARGO_BIN_EXE_lanewatch");
        Self::start(OsStr::new(lanewatch), size, state, args, env)
    }

    /// Runs any program like that.
    pub(crate) fn start(
        program: &OsStr,
        (cols, rows): (u16, u16),
        state: &Path,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("XDG_STATE_HOME", state);
        command.env("XDG_CONFIG_HOME", state.join("config"));
        command.env("TERM", "xterm-256color");
        for name in ["NO_COLOR", "COLORTERM", "COLORFGBG", "TMUX"] {
            command.env_remove(name);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(rows, cols, 0);
        let shown = Arc::new(Mutex::new(Shown {
            parser,
            bytes: Vec::new(),
            ended: false,
        }));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut chunk = [0; 65_536];
            loop {
                let read = reader.read(&mut chunk).unwrap_or(0);
                let mut shown = sink.lock().unwrap();
                if read == 0 {
                    shown.ended = true;
                    return;
                }
                show(&mut shown.parser, &chunk[..read]);
                shown.bytes.extend_from_slice(&chunk[..read]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self {
            shown,
            master: pair.master,
            keys,
            child,
        }
    }

    /// What a person sees now.
    pub(crate) fn screen(&self) -> String {
        self.shown.lock().unwrap().parser.screen().contents()
    }

    /// The line that has `text` in it.
    pub(crate) fn line_with(&self, text: &str) -> Option<String> {
        self.screen()
            .lines()
            .find(|line| line.contains(text))
            .map(str::to_owned)
    }

    /// Whether `text` stands somewhere in reverse, as what is chosen does.
    pub(crate) fn is_chosen(&self, text: &str) -> bool {
        let shown = self.shown.lock().unwrap();
        let screen = shown.parser.screen();
        let (rows, cols) = screen.size();
        let reversed = |row: u16| -> String {
            let cells = (0..cols).filter_map(|col| screen.cell(row, col));
            cells
                .filter(|cell| cell.inverse())
                .map(|cell| cell.contents().to_owned())
                .collect()
        };
        (0..rows).any(|row| reversed(row).contains(text))
    }

    /// Every byte so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shown.lock().unwrap().bytes.clone()
    }

    /// Whether the terminal is as a shell expects it: primary screen, cursor shown, no modes left.
    pub(crate) fn is_clean(&self) -> bool {
        let shown = self.shown.lock().unwrap();
        let screen = shown.parser.screen();
        let quiet = screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && quiet
    }

    /// Waits until the screen satisfies `is`, and answers with it.
    pub(crate) fn wait(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < until,
                "waited in vain for {what}; the screen:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.shown
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(rows, cols);
        self.master.resize(size).unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits for the program's end and answers with its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last has to be read before the screen is looked at.
                while !self.shown.lock().unwrap().ended {
                    assert!(Instant::now() < until, "the terminal stays open");
                    std::thread::sleep(Duration::from_millis(5));
                }
                return status.exit_code();
            }
            assert!(
                Instant::now() < until,
                "it does not end; the screen:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = self.child.kill();
            let _waited = self.child.wait();
        }
    }
}
