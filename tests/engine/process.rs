//! The built binary, in a state folder of its own; ended by its process id when the test is over.

use crate::bank::Bank;
use crate::bench::{DEADLINE, Lanes, find};
use lanewatch::audit::{self, AuditRecord};
use lanewatch::engine::{Command, EngineView, LaneView, Question, Reply, ask};
use lanewatch::lane::{Actor, Verb, Word};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// How often something that nobody announces is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A folder with a manifest and all that lanewatch writes.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) file: PathBuf,
}

/// How a subcommand ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanes.toml");
        Self { folder, file }
    }

    /// One whose manifest has these lanes, at that bank.
    pub(crate) fn with(bank: &Bank, lanes: &str) -> Self {
        let home = Self::new();
        home.write(&(bank.head(home.folder.path()) + lanes));
        home
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }

    /// A command in this home. Nothing else of the environment reaches it.
    pub(crate) fn command(&self, program: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .env("USER", "tester")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a subcommand to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(env!("CARGO_BIN_EXE_lanewatch"));
        let ended = tokio::time::timeout(2 * DEADLINE, command.args(arguments).output()).await;
        let ended = ended
            .unwrap_or_else(|_| panic!("{arguments:?} does not end"))
            .unwrap();
        Ended {
            code: ended.status.code().unwrap_or(-1),
            out: String::from_utf8(ended.stdout).unwrap(),
            err: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    /// The same, for output that is JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> (i32, serde_json::Value) {
        let ended = self.run(arguments).await;
        let json = serde_json::from_str(&ended.out);
        (
            ended.code,
            json.unwrap_or_else(|error| panic!("{error}: {ended:?}")),
        )
    }

    /// `lanewatch run`, once it is ready.
    pub(crate) async fn start(&self) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_lanewatch"));
        command.arg("run").arg(&self.file);
        Running::of(command).await
    }

    /// The folder that belongs to the manifest, if there is one.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let folders = std::fs::read_dir(self.folder.path().join("state/lanewatch")).ok()?;
        let mut folders = folders.map(|entry| entry.unwrap().path());
        folders.find(|path| path.file_name().is_some_and(|name| name != "grants"))
    }

    pub(crate) fn audit(&self) -> PathBuf {
        self.state().expect("it has run").join("audit")
    }
}

/// A running engine.
pub(crate) struct Running {
    child: Child,
    pub(crate) socket: PathBuf,
}

impl Running {
    pub(crate) async fn of(mut command: tokio::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let line = tokio::time::timeout(DEADLINE, out.read_line(&mut said)).await;
        line.expect("it says that it runs").unwrap();
        let socket = said.trim_end().split("asks at ").nth(1);
        let socket = socket.unwrap_or_else(|| panic!("it does not run: {said:?}"));
        Self {
            child,
            socket: PathBuf::from(socket),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id().expect("it runs")).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Waits for the end, which must come within `limit`.
    pub(crate) async fn ended(mut self, limit: Duration) -> ExitStatus {
        let ended = tokio::time::timeout(limit, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("still there after {limit:?}"))
            .unwrap()
    }

    /// Ends it the hard way.
    pub(crate) async fn kill(self) {
        self.signal(Signal::KILL);
        self.ended(DEADLINE).await;
    }

    /// Ends it in an orderly way.
    pub(crate) async fn stop(self) {
        self.signal(Signal::TERM);
        assert_eq!(self.ended(DEADLINE).await.code(), Some(0));
    }

    pub(crate) async fn look(&self) -> (EngineView, Vec<Arc<LaneView>>) {
        match ask(&self.socket, &Question::Status).await.unwrap() {
            Reply::Status { engine, lanes } => (engine, lanes),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn ask(&self, lane: &str, verb: Verb) -> Reply {
        let by = Actor::Operator("tester".into());
        let command = Command::Lane {
            lane: lane.into(),
            verb,
            by,
        };
        ask(&self.socket, &Question::Command(command))
            .await
            .unwrap()
    }

    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&EngineView, &Lanes) -> bool) {
        let wait = async {
            loop {
                let (engine, lanes) = self.look().await;
                if condition(&engine, &lanes) {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(DEADLINE, wait).await.is_err() {
            panic!("never came: {what}: {:?}", self.look().await);
        }
    }

    /// Waits until that lane serves and nothing is the matter.
    pub(crate) async fn until_serving(&self, lane: &str) {
        self.until(&format!("{lane} serves"), |_, lanes| {
            find(lanes, lane).word == Word::Ok
        })
        .await;
    }

    /// Waits for a record, looking at the files only.
    pub(crate) async fn until_record(&self, what: &str, condition: impl Fn(&AuditRecord) -> bool) {
        let folder = self.socket.parent().unwrap().join("audit");
        let wait = async {
            while !records(&folder).iter().any(&condition) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let came = tokio::time::timeout(DEADLINE, wait).await;
        came.unwrap_or_else(|_| panic!("never came: {what}"));
    }
}

/// Every record of an audit.
pub(crate) fn records(folder: &Path) -> Vec<AuditRecord> {
    audit::read_since(folder, 0, |_| true).unwrap()
}
