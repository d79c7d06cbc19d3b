//! One thread that waits for the terminal, so that nothing else has to.
//!
//! It reads keys, says when a slow terminal takes more, and says when the terminal is gone. The
//! event stream of `crossterm` does the first and not the last: at the end of its input it reads
//! for ever.

use super::Tty;
use super::decode::Decoder;
use crate::tui::key::{Key, Mouse};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use tokio::sync::mpsc;

/// How long a lone escape may be the beginning of a longer sequence.
const ESCAPE_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 30_000_000,
};
/// Keys that wait for the loop before the thread stops reading.
const WAITING: usize = 256;

/// What the thread has seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    /// The terminal said whether its background is light.
    Background {
        light: bool,
    },
    /// The terminal takes bytes again.
    Writable,
    /// The terminal is gone.
    HangUp,
}

/// The loop's end of the thread. The thread ends when this is dropped.
pub(crate) struct Watcher {
    wake: UnixStream,
    seen: mpsc::Receiver<Input>,
}

impl Watcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system has no more threads or descriptors to give.
    pub(crate) fn start(tty: &Tty) -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let (tell, seen) = mpsc::channel(WAITING);
        let tty = tty.clone();
        std::thread::Builder::new()
            .name("terminal".to_owned())
            .spawn(move || watch(&tty, &woken, &tell))?;
        Ok(Self { wake, seen })
    }

    /// The next thing seen. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Input {
        self.seen.recv().await.unwrap_or(Input::HangUp)
    }

    /// The next thing seen, if there is one already.
    pub(crate) fn take(&mut self) -> Option<Input> {
        self.seen.try_recv().ok()
    }

    /// Asks to be told once when the terminal takes bytes again.
    pub(crate) fn want_writable(&mut self) {
        // A full pipe has a wish in it already.
        let _asked = self.wake.write(&[1]);
    }
}

fn watch(tty: &Tty, mut woken: &UnixStream, tell: &mpsc::Sender<Input>) {
    let mut decoder = Decoder::default();
    let mut want_out = false;
    let mut buffer = [0_u8; 1024];
    loop {
        let mut wanted = PollFlags::IN;
        if want_out {
            wanted |= PollFlags::OUT;
        }
        let mut fds = [
            PollFd::new(&*tty.0, wanted),
            PollFd::new(woken, PollFlags::IN),
        ];
        let timeout = decoder.waits().then_some(&ESCAPE_WAIT);
        let [on_tty, on_wake] = match rustix::event::poll(&mut fds, timeout) {
            Ok(_) => fds.map(|fd| fd.revents()),
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => {
                let _loop_is_gone = tell.blocking_send(Input::HangUp);
                return;
            }
        };
        if !on_wake.is_empty() {
            match woken.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => want_out = true,
                Err(again) if again.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
        let mut seen = Vec::new();
        if on_tty.contains(PollFlags::OUT) {
            want_out = false;
            seen.push(Input::Writable);
        }
        if on_tty.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            match rustix::io::read(&*tty.0, &mut buffer) {
                Ok(0) => seen.push(Input::HangUp),
                Ok(read) => decoder.feed(buffer.get(..read).unwrap_or_default(), &mut seen),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(_) => seen.push(Input::HangUp),
            }
        } else if on_tty.is_empty() && on_wake.is_empty() {
            decoder.give_up(&mut seen);
        }
        for input in seen {
            let gone = input == Input::HangUp;
            if tell.blocking_send(input).is_err() || gone {
                return;
            }
        }
    }
}
