//! The terminal itself: found, put into raw mode, and given back whatever happens.
//!
//! The terminal is opened anew by its own name, without blocking, so that reading and writing never
//! wait and the shell's own descriptors keep their flags. What was switched on is remembered in one
//! place for the whole process, from where a panic can undo it as well as an orderly end. Only one
//! thing is ever asked of the terminal, after the first frame, and nothing waits for its answer: it
//! costs a round trip over SSH, and some never come.

mod decode;
mod output;
mod watch;

pub(super) use output::Output;
pub(super) use watch::{Input, Watcher};

use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, QueueSelector, Termios};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::ThreadId;

/// The title put aside, alternate screen, hidden cursor, pasted text marked as such.
const ENTER: &[u8] = b"\x1b[22;2t\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// Undoes [`ENTER`] and whatever a frame may have left open.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b]8;;\x1b\\\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l\x1b[23;2t";
/// Has the mouse reported, in the form that any size of screen fits in.
pub(super) const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Leaves the mouse to the terminal again.
pub(super) const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// Asks for the colour of the background.
pub(super) const ASK_BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\";
/// Ends an escape sequence of which only a part was sent.
const CANCEL: &[u8] = b"\x18";

/// A terminal, open for reading and writing without waiting.
#[derive(Clone)]
pub(super) struct Tty(Arc<OwnedFd>);

impl Tty {
    /// The terminal that this process was started on.
    ///
    /// # Errors
    /// When neither input nor output is a terminal, or it cannot be opened.
    pub(super) fn open() -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let stdin = rustix::stdio::stdin();
        let stdout = rustix::stdio::stdout();
        if !rustix::termios::isatty(stdout) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the output is not a terminal",
            ));
        }
        // In a container the name may lead nowhere, and then only this other name works.
        let name = rustix::termios::ttyname(stdout, Vec::new());
        let name = name.or_else(|_| rustix::termios::ttyname(stdin, Vec::new()));
        let opened = match name {
            Ok(name) => rustix::fs::open(name, flags, Mode::empty()),
            Err(wrong) => Err(wrong),
        };
        let opened = opened.or_else(|_| rustix::fs::open(c"/dev/tty", flags, Mode::empty()))?;
        Ok(Self(Arc::new(opened)))
    }

    /// A terminal that is open already, for reading and writing, without blocking.
    #[cfg(test)]
    pub(super) fn from_fd(fd: OwnedFd) -> Self {
        Self(Arc::new(fd))
    }

    /// Columns and rows; a terminal that does not know counts as 80 by 24.
    pub(super) fn size(&self) -> (u16, u16) {
        match rustix::termios::tcgetwinsize(&*self.0) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            _ => (80, 24),
        }
    }

    /// As many of the bytes as it takes at once.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&*self.0, bytes) {
                Ok(written) => return Ok(written),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Ok(0),
                Err(wrong) => return Err(wrong.into()),
            }
        }
    }

    /// Throws away what the terminal has not read yet and writes these bytes instead.
    fn write_instead(&self, bytes: &[u8]) -> io::Result<()> {
        rustix::termios::tcflush(&*self.0, QueueSelector::OFlush)?;
        self.write(CANCEL)?;
        self.write(bytes)?;
        Ok(())
    }
}

/// What has to be undone.
struct InForce {
    tty: Tty,
    modes: Termios,
    thread: ThreadId,
}

static IN_FORCE: Mutex<Option<InForce>> = Mutex::new(None);
/// What other threads panicked with while the screen was up.
static HELD_BACK: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps the terminal in raw mode on the alternate screen until it is dropped.
pub(super) struct Guard {
    tty: Tty,
}

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it cannot be switched.
    pub(super) fn enter(tty: &Tty) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(install_hook);
        let guard = Self { tty: tty.clone() };
        guard.resume()?;
        Ok(guard)
    }

    /// Takes the terminal over again, after [`Guard::leave`] or after somebody else used it.
    ///
    /// # Errors
    /// When it cannot be switched.
    pub(super) fn resume(&self) -> io::Result<()> {
        let mut in_force = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner);
        let modes = match in_force.take() {
            Some(before) => before.modes,
            None => rustix::termios::tcgetattr(&*self.tty.0)?,
        };
        let mut raw = modes.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(&*self.tty.0, OptionalActions::Now, &raw)?;
        *in_force = Some(InForce {
            tty: self.tty.clone(),
            modes,
            thread: std::thread::current().id(),
        });
        drop(in_force);
        self.tty.write(ENTER)?;
        Ok(())
    }

    /// Gives the terminal back. `stuck` says that the terminal did not take all of the last frame:
    /// the rest is thrown away. Never waits.
    pub(super) fn leave(&self, stuck: bool) {
        restore(stuck);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore(false);
        let mut held_back = HELD_BACK.lock().unwrap_or_else(PoisonError::into_inner);
        for message in held_back.drain(..) {
            // There is nowhere else to say it.
            let _said = writeln!(io::stderr(), "{message}");
        }
    }
}

/// Gives the terminal back once; more calls do nothing.
fn restore(stuck: bool) {
    let taken = match IN_FORCE.try_lock() {
        Ok(mut in_force) => in_force.take(),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
        Err(std::sync::TryLockError::WouldBlock) => None,
    };
    let Some(in_force) = taken else { return };
    let tty = &in_force.tty;
    // A terminal that is gone cannot be restored, and need not be.
    let whole = !stuck && tty.write(LEAVE).is_ok_and(|written| written == LEAVE.len());
    if !whole {
        let _gone = tty.write_instead(LEAVE);
    }
    let _gone = rustix::termios::tcsetattr(&*tty.0, OptionalActions::Now, &in_force.modes);
}

/// A panic of the screen gives the terminal back before it is reported. A panic elsewhere must not
/// be printed across the screen: it is logged, and printed when the screen is left.
fn install_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let screen = IN_FORCE.try_lock().map_or(None, |in_force| {
            in_force.as_ref().map(|in_force| in_force.thread)
        });
        match screen {
            Some(thread) if thread != std::thread::current().id() => {
                tracing::error!(panic = %info, "a background thread panicked");
                let mut held_back = HELD_BACK.lock().unwrap_or_else(PoisonError::into_inner);
                held_back.push(info.to_string());
            }
            _ => {
                restore(false);
                before(info);
            }
        }
    }));
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
