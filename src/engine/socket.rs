//! The engine's door for other processes: one JSON object a line, over a Unix socket.
//!
//! Whoever can open the socket is the account that runs the engine; the folder around it is closed
//! to others. It lets through what a person may see and ask, and never a secret.

use super::handle::{Accepted, Command, Handle, Refusal, Update, Updates};
use super::view::{EngineView, LaneView};
use crate::audit::AuditRecord;
use crate::lane::LaneName;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines, Take,
};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// The longest question.
const QUESTION_MAX: u64 = 64 * 1024;
/// How long the engine has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What another process can ask.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// What the engine knows.
    Status,
    /// To be told of everything now, and of every change from now on.
    Watch,
    /// To be told of one lane now, and of every change and every record of it from now on.
    Follow(LaneName),
    /// To do something.
    Command(Command),
}

/// What it is answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// What the engine knows.
    Status {
        /// The engine itself.
        engine: EngineView,
        /// Its lanes.
        lanes: Vec<Arc<LaneView>>,
    },
    /// What changed since the last of these.
    News {
        /// The engine, if it changed.
        engine: Option<Arc<EngineView>>,
        /// Lanes that changed.
        lanes: Vec<Arc<LaneView>>,
        /// Lanes that the manifest no longer has.
        removed: Vec<LaneName>,
        /// New records, oldest first; told only to who follows a lane.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        records: Vec<Arc<AuditRecord>>,
        /// Whether the engine has stopped.
        stopped: bool,
    },
    /// It is done.
    Accepted(Accepted),
    /// It is not done.
    Refused(Refusal),
    /// The question made no sense.
    Confused(String),
}

/// Listens at `path` until the handle's engine stops. An old socket that nobody listens at is
/// replaced: the engine's lock has made sure that there is no other engine.
///
/// # Errors
/// When the socket cannot be made.
pub fn listen(path: &Path, handle: Handle) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handle = handle.clone();
            tokio::spawn(async move {
                if let Err(error) = serve(stream, &handle).await {
                    tracing::debug!(%error, "a caller went away");
                }
            });
        }
    });
    Ok(())
}

async fn serve(stream: UnixStream, handle: &Handle) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(QUESTION_MAX)).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = match serde_json::from_str(&line) {
            Ok(Question::Status) => match handle.snapshot().await {
                Some((engine, lanes)) => Reply::Status { engine, lanes },
                None => Reply::Refused(Refusal::Stopped),
            },
            // The rest of the connection is news: nothing more is asked on it.
            Ok(Question::Watch) => match handle.subscribe() {
                Ok(updates) => return tell(updates, None, &mut lines, &mut write).await,
                Err(refusal) => Reply::Refused(refusal),
            },
            Ok(Question::Follow(lane)) => match handle.subscribe() {
                Ok(updates) => return tell(updates, Some(&lane), &mut lines, &mut write).await,
                Err(refusal) => Reply::Refused(refusal),
            },
            Ok(Question::Command(command)) => match handle.send(command).await {
                Ok(accepted) => Reply::Accepted(accepted),
                Err(refusal) => Reply::Refused(refusal),
            },
            Err(error) => Reply::Confused(error.to_string()),
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        write.write_all(&text).await?;
    }
    Ok(())
}

/// Writes news until the engine stops or the viewer goes, of every lane or of one. A viewer that
/// reads slowly is told less often: what it has not taken yet is merged.
async fn tell(
    mut updates: Updates,
    of: Option<&LaneName>,
    lines: &mut Lines<BufReader<Take<OwnedReadHalf>>>,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let mut first = true;
    loop {
        let mut update = tokio::select! {
            update = updates.next() => update,
            gone = lines.next_line() => match gone? {
                None => return Ok(()),
                Some(_) => continue,
            },
        };
        match of {
            None => update.records.clear(),
            Some(lane) => narrow(&mut update, lane),
        }
        let stopped = update.stopped;
        let about_others = update.lanes.is_empty()
            && update.removed.is_empty()
            && update.records.is_empty()
            && of.is_some();
        if about_others && !first && !stopped {
            continue;
        }
        first = false;
        let news = Reply::News {
            engine: update.engine,
            lanes: update.lanes,
            removed: update.removed,
            records: update.records,
            stopped,
        };
        let mut text = serde_json::to_vec(&news)?;
        text.push(b'\n');
        write.write_all(&text).await?;
        if stopped {
            return Ok(());
        }
    }
}

/// Leaves only what is about `lane`.
fn narrow(update: &mut Update, lane: &LaneName) {
    update.lanes.retain(|view| view.info.name == *lane);
    update.removed.retain(|name| name == lane);
    let of = |record: &Arc<AuditRecord>| record.lane.as_ref() == Some(lane);
    update.records.retain(of);
    update.engine = None;
}

/// The news of an engine in another process.
pub struct Watching {
    lines: Lines<BufReader<OwnedReadHalf>>,
    first: Option<Update>,
    // Closing this end would tell the engine that nobody reads.
    _ask: OwnedWriteHalf,
}

impl Watching {
    /// Waits for the next news; `None` when the engine is gone. Records are among it only where one
    /// lane is followed. Safe to cancel.
    ///
    /// # Errors
    /// When what comes is no news.
    pub async fn next(&mut self) -> io::Result<Option<Update>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match self.lines.next_line().await? {
            None => Ok(None),
            Some(line) => news(&line).map(Some),
        }
    }
}

fn news(line: &str) -> io::Result<Update> {
    match serde_json::from_str(line)? {
        Reply::News {
            engine,
            lanes,
            removed,
            records,
            stopped,
        } => Ok(Update {
            engine,
            lanes,
            removed,
            records,
            stopped,
            ..Update::default()
        }),
        Reply::Refused(refusal) => Err(io::Error::other(refusal)),
        _ => Err(io::Error::other("it cannot tell of changes")),
    }
}

/// Attaches to the engine that listens at `path`; answers when it has said how things stand.
///
/// # Errors
/// As [`ask`].
pub async fn watch(path: &Path) -> io::Result<Watching> {
    attach(path, Question::Watch).await
}

/// The same for one lane, with its records.
///
/// # Errors
/// As [`ask`].
pub async fn follow(path: &Path, lane: LaneName) -> io::Result<Watching> {
    attach(path, Question::Follow(lane)).await
}

async fn attach(path: &Path, question: Question) -> io::Result<Watching> {
    let attach = async {
        let (read, mut write) = UnixStream::connect(path).await?.into_split();
        let mut text = serde_json::to_vec(&question)?;
        text.push(b'\n');
        write.write_all(&text).await?;
        let mut lines = BufReader::new(read).lines();
        let line = lines.next_line().await?;
        let first = Some(news(&line.unwrap_or_default())?);
        Ok(Watching {
            lines,
            first,
            _ask: write,
        })
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the engine does not answer");
    tokio::time::timeout(PATIENCE, attach)
        .await
        .map_err(|_| late())?
}

/// Asks the engine that listens at `path`.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] or [`io::ErrorKind::ConnectionRefused`] when no engine listens there;
/// others when it does not answer sensibly in time.
pub async fn ask(path: &Path, question: &Question) -> io::Result<Reply> {
    let exchange = async {
        let stream = UnixStream::connect(path).await?;
        let (read, mut write) = stream.into_split();
        let mut text = serde_json::to_vec(question)?;
        text.push(b'\n');
        write.write_all(&text).await?;
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).await?;
        Ok(serde_json::from_str(&line)?)
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the engine does not answer");
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .map_err(|_| late())?
}
