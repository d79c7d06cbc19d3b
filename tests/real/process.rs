//! A server's process: ended when its handle is dropped, however the test ends.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::process::{Child, Command};
use std::time::Duration;

/// How long a server may take to become ready. Generous, since a busy machine is not a failure.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end when it is asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    pub(crate) fn start(name: &'static str, command: &mut Command, install: &str) -> Self {
        let started = command.spawn();
        let child =
            started.unwrap_or_else(|error| panic!("cannot start {name} ({error}): {install}"));
        Self { child, name }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for an end that was asked for; forces it when nothing comes of that.
    pub(crate) fn wait(&mut self) {
        let until = std::time::Instant::now() + ENDS_WITHIN;
        while !self.has_ended() && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(&mut self) {
        // An error says that it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Stops it, and waits until it has stopped: the signal alone leaves its threads a moment in
    /// which they still answer.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), stopped).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Asks `is_ready` until it says so. False if the process ends first.
    pub(crate) async fn ready(&mut self, is_ready: impl AsyncFn() -> bool) -> bool {
        let asked = tokio::time::timeout(READY_WITHIN, async {
            while !is_ready().await {
                if self.has_ended() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            true
        });
        match asked.await {
            Ok(ready) => ready,
            Err(_) => panic!("{} was not ready within {READY_WITHIN:?}", self.name),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
