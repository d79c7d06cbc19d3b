//! The signals that concern the screen, and the stop that Ctrl-Z asks for.

use rustix::process::Signal as Sig;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that concerns the screen.
pub(super) enum Caught {
    End(i32),
    HangUp,
    Resize,
    Stop,
    Continue,
}

pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
    resize: Signal,
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            stop: signal(SignalKind::from_raw(Sig::TSTP.as_raw()))?,
            go_on: signal(SignalKind::from_raw(Sig::CONT.as_raw()))?,
        })
    }

    pub(super) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.terminate.recv() => Caught::End(Sig::TERM.as_raw()),
            _ = self.interrupt.recv() => Caught::End(Sig::INT.as_raw()),
            _ = self.quit.recv() => Caught::End(Sig::QUIT.as_raw()),
            _ = self.hang_up.recv() => Caught::HangUp,
            _ = self.resize.recv() => Caught::Resize,
            _ = self.stop.recv() => Caught::Stop,
            _ = self.go_on.recv() => Caught::Continue,
        }
    }

    /// Stops this process. `SIGSTOP`, because a `SIGTSTP` that we catch ourselves stops nothing.
    pub(super) async fn stop_until_continued(&mut self) {
        // One that came before does not end the stop that is yet to come.
        let _stale = tokio::time::timeout(Duration::ZERO, self.go_on.recv()).await;
        if rustix::process::kill_process(rustix::process::getpid(), Sig::STOP).is_ok() {
            // The stop takes effect a moment after the call; only the signal that ends it tells
            // that it is over.
            self.go_on.recv().await;
        }
    }
}
