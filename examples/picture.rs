//! A picture of the screen, made from the program itself.
//!
//! Runs the built `lanewatch` in a pseudo-terminal of its own, presses keys, and writes what the
//! terminal then shows as an SVG. The arguments are the file, and after it the steps:
//!
//! | step | what it does |
//! |---|---|
//! | `120x40` | the terminal's columns and rows; only as the first step |
//! | `--light` | run with the light theme, on light paper; only before the other steps |
//! | `script=FILE` | play this tour, and look on until its last caption is shown; only before the other steps |
//! | `40s` | look on for that long |
//! | `until=TEXT` | look on until the screen shows the text, at most two minutes |
//! | `type=TEXT` | press these keys |
//! | `enter` `esc` `tab` | press this key |
//!
//! ```sh
//! cargo build && cargo run --example picture -- docs/screen.svg 120x40 script=docs/screen.tour
//! ```

#[path = "picture/svg.rs"]
mod svg;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a text may let us wait.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the screen must have been quiet before it is taken for drawn.
const QUIET: Duration = Duration::from_millis(150);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let file: PathBuf = arguments
        .next()
        .ok_or("name the file to write, then the steps")?
        .into();
    let size = arguments.next_if(|step| parse_size(step).is_some());
    let (columns, rows) = size.as_deref().and_then(parse_size).unwrap_or((120, 40));
    let light = arguments.next_if_eq("--light").is_some();

    let script = arguments.next_if(|step| step.starts_with("script="));
    let script = script
        .as_deref()
        .and_then(|step| step.strip_prefix("script="));
    // The program starts in another folder.
    let script = script.map(std::fs::canonicalize).transpose()?;

    let home = tempfile::tempdir()?;
    let mut terminal = Terminal::start(columns, rows, light, script.as_deref(), home.path())?;
    if let Some(file) = &script {
        let text = std::fs::read_to_string(file)?;
        let mut captions = text
            .lines()
            .filter_map(|line| line.strip_prefix("caption "));
        let last = captions
            .next_back()
            .ok_or("the script has no caption to wait for")?;
        terminal.until(last.trim())?;
    }
    for step in arguments {
        terminal.step(&step)?;
    }
    terminal.settle();
    let paper = if light {
        svg::Paper::LIGHT
    } else {
        svg::Paper::DARK
    };
    std::fs::write(&file, svg::draw(terminal.parser.screen(), &paper))?;
    terminal.leave()
}

fn parse_size(step: &str) -> Option<(u16, u16)> {
    let (columns, rows) = step.split_once('x')?;
    Some((columns.parse().ok()?, rows.parse().ok()?))
}

/// The program, its terminal, and what the terminal shows.
struct Terminal {
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the demo with its files under `home`.
    fn start(
        columns: u16,
        rows: u16,
        light: bool,
        script: Option<&Path>,
        home: &Path,
    ) -> Outcome<Self> {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program()?);
        command.arg("demo");
        if let Some(file) = script {
            command.arg("--script");
            command.arg(file);
        }
        if light {
            command.args(["--theme", "light"]);
        }
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("USER", "robin");
        command.env("HOME", home);
        command.env("XDG_STATE_HOME", home);
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let Some(bytes) = buffer.get(..read) else {
                    return;
                };
                if send.send(bytes.to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            parser: vt100::Parser::new(rows, columns, 0),
            output,
            keys: pair.master.take_writer()?,
            child,
            _master: pair.master,
        })
    }

    fn step(&mut self, step: &str) -> Outcome<()> {
        match step.split_once('=') {
            Some(("type", text)) => self.press(text.as_bytes()),
            Some(("until", text)) => self.until(text),
            _ => match step {
                "enter" => self.press(b"\r"),
                "esc" => self.press(b"\x1b"),
                "tab" => self.press(b"\t"),
                _ => {
                    let secs = step.strip_suffix('s').and_then(|secs| secs.parse().ok());
                    let secs = secs.ok_or_else(|| format!("{step:?} is no step"))?;
                    self.look_on(Duration::from_secs(secs), |_| false)?;
                    Ok(())
                }
            },
        }
    }

    fn press(&mut self, keys: &[u8]) -> Outcome<()> {
        self.keys.write_all(keys)?;
        self.keys.flush()?;
        self.settle();
        Ok(())
    }

    fn until(&mut self, text: &str) -> Outcome<()> {
        if self.look_on(PATIENCE, |screen| screen.contents().contains(text))? {
            return Ok(());
        }
        Err(format!(
            "the screen never showed {text:?}:\n{}",
            self.parser.screen().contents()
        )
        .into())
    }

    /// Takes in output until `enough` or for as long as `at_most`; says whether it was enough.
    fn look_on(
        &mut self,
        at_most: Duration,
        enough: impl Fn(&vt100::Screen) -> bool,
    ) -> Outcome<bool> {
        let slice = Duration::from_millis(50);
        let mut left = at_most;
        while !enough(self.parser.screen()) {
            match self.output.recv_timeout(slice) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Ok(false),
                Err(RecvTimeoutError::Timeout) => left = left.saturating_sub(slice),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(
                        format!("it has ended:\n{}", self.parser.screen().contents()).into(),
                    );
                }
            }
        }
        Ok(true)
    }

    /// Takes in output until there is none for a while.
    fn settle(&mut self) {
        while let Ok(bytes) = self.output.recv_timeout(QUIET) {
            self.parser.process(&bytes);
        }
    }

    fn leave(mut self) -> Outcome<()> {
        self.keys.write_all(b"\x03")?;
        self.keys.flush()?;
        while self.output.recv_timeout(Duration::from_secs(5)).is_ok() {}
        self.child.kill().ok();
        self.child.wait()?;
        Ok(())
    }
}

/// The built program: two folders up from this one, which is among the examples.
fn program() -> Outcome<PathBuf> {
    let me = std::env::current_exe()?;
    let built = me
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join("lanewatch"));
    built
        .filter(|path| path.exists())
        .ok_or_else(|| "run `cargo build` first".into())
}
