//! At most one frame under way.
//!
//! A frame is handed over whole and leaves in one write on any line that keeps up. On one that does
//! not, the rest waits here, no newer frame is encoded meanwhile, and the screen's loop goes on:
//! what the terminal shows next is the newest state, not the backlog.

use super::Tty;
use std::io;
use std::time::Duration;

/// How often a stuck terminal is tried while the screen is being left.
const LAST_TRY_EVERY: Duration = Duration::from_millis(10);
/// How many times.
const LAST_TRIES: u32 = 20;

/// The way of frames to the terminal.
pub(crate) struct Output {
    tty: Tty,
    frame: Vec<u8>,
    sent: usize,
}

impl Output {
    pub(crate) const fn new(tty: Tty) -> Self {
        Self {
            tty,
            frame: Vec::new(),
            sent: 0,
        }
    }

    /// Whether the last frame has left whole.
    pub(crate) const fn idle(&self) -> bool {
        self.sent == self.frame.len()
    }

    /// Where the next frame goes. To be asked for only while idle.
    pub(crate) fn next_frame(&mut self) -> &mut Vec<u8> {
        self.frame.clear();
        self.sent = 0;
        &mut self.frame
    }

    /// Sends as much as the terminal takes.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn send(&mut self) -> io::Result<()> {
        while let Some(rest) = self.frame.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.tty.write(rest)? {
                0 => break,
                written => self.sent += written,
            }
        }
        Ok(())
    }

    /// Gives a slow terminal a last chance to take the frame under way; answers whether it is
    /// stuck.
    pub(crate) async fn finish(&mut self) -> bool {
        for _ in 0..LAST_TRIES {
            if self.send().is_err() || self.idle() {
                return false;
            }
            tokio::time::sleep(LAST_TRY_EVERY).await;
        }
        true
    }
}
