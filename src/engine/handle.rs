//! The one way to talk to the engine: commands that answer, and updates that never pile up.
//!
//! The screen, the subcommands and the engine's socket all hold a [`Handle`]. A viewer that is slow
//! (a terminal behind a bad link) costs the engine nothing: what it has not yet taken is merged, a
//! lane's newer view replacing the older, and records beyond [`RECORDS_KEPT`] are counted instead
//! of kept.

use super::view::{EngineView, LaneView};
use crate::audit::AuditRecord;
use crate::lane::{Actor, Denied, Generation, LaneName, Verb};
use crate::plain::Plain;
use crate::sandbox::Drill;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc, oneshot};

/// Records that wait for one viewer before the oldest are dropped and counted.
pub const RECORDS_KEPT: usize = 4_096;

/// What can be asked of the engine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Something for one lane.
    Lane {
        /// Which.
        lane: LaneName,
        /// What.
        verb: Verb,
        /// Who asks.
        by: Actor,
    },
    /// Make the sandbox do something to a lane's upstream.
    Drill {
        /// Which lane.
        lane: LaneName,
        /// What.
        drill: Drill,
        /// Who asks.
        by: Actor,
    },
}

/// The engine does it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// One sentence on what happens now.
    pub note: Plain,
}

/// The engine does not do it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The manifest has no such lane.
    #[error("no lane is called {0}")]
    NoSuchLane(Plain),
    /// It makes no sense now.
    #[error("{0}")]
    NotNow(Plain),
    /// The engine has stopped.
    #[error("the engine has stopped")]
    Stopped,
}

/// Everything that changed since the viewer last looked.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Lanes that changed, each once, in no order.
    pub lanes: Vec<Arc<LaneView>>,
    /// Lanes that the manifest no longer has.
    pub removed: Vec<LaneName>,
    /// New records, oldest first.
    pub records: Vec<Arc<AuditRecord>>,
    /// Records that were dropped because nobody took them in time.
    pub records_skipped: u64,
    /// The engine, if it changed.
    pub engine: Option<Arc<EngineView>>,
    /// Whether the engine has stopped: there will be no more updates.
    pub stopped: bool,
}

#[derive(Default)]
struct Pending {
    lanes: HashMap<LaneName, Arc<LaneView>>,
    removed: Vec<LaneName>,
    records: VecDeque<Arc<AuditRecord>>,
    skipped: u64,
    engine: Option<Arc<EngineView>>,
    stopped: bool,
}

#[derive(Default)]
struct Mailbox {
    pending: Mutex<Pending>,
    news: Notify,
}

/// The viewer's end of a stream of updates.
pub struct Updates(Arc<Mailbox>);

/// The engine's end of one.
#[derive(Clone)]
pub struct Publisher(Arc<Mailbox>);

/// A stream of updates and the end to feed it from.
pub fn updates() -> (Publisher, Updates) {
    let mailbox = Arc::new(Mailbox::default());
    (Publisher(Arc::clone(&mailbox)), Updates(mailbox))
}

impl Updates {
    /// Waits until something changed, then takes all of it. Safe to cancel.
    pub async fn next(&mut self) -> Update {
        loop {
            let news = self.0.news.notified();
            if let Some(update) = self.take() {
                return update;
            }
            news.await;
        }
    }

    /// Takes what has changed, if anything has.
    pub fn take(&self) -> Option<Update> {
        let mut pending = self
            .0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let empty = pending.lanes.is_empty()
            && pending.removed.is_empty()
            && pending.records.is_empty()
            && pending.engine.is_none()
            && !pending.stopped;
        if empty {
            return None;
        }
        let taken = std::mem::take(&mut *pending);
        pending.stopped = taken.stopped;
        Some(Update {
            lanes: taken.lanes.into_values().collect(),
            removed: taken.removed,
            records: taken.records.into(),
            records_skipped: taken.skipped,
            engine: taken.engine,
            stopped: taken.stopped,
        })
    }
}

impl Publisher {
    /// Whether nobody listens any more.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Merges what changed into what waits for the viewer, and wakes it once.
    pub fn publish(&self, update: Update) {
        {
            let mut pending = self
                .0
                .pending
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for name in update.removed {
                pending.lanes.remove(&name);
                pending.removed.push(name);
            }
            for lane in update.lanes {
                pending.removed.retain(|name| *name != lane.info.name);
                pending.lanes.insert(lane.info.name.clone(), lane);
            }
            pending.skipped = pending.skipped.saturating_add(update.records_skipped);
            pending.records.extend(update.records);
            while pending.records.len() > RECORDS_KEPT {
                pending.records.pop_front();
                pending.skipped = pending.skipped.saturating_add(1);
            }
            if update.engine.is_some() {
                pending.engine = update.engine;
            }
            pending.stopped |= update.stopped;
        }
        self.0.news.notify_one();
    }
}

/// What a handle can ask, and the way back for the answer.
pub enum Request {
    /// To do something.
    Command(Command, oneshot::Sender<Result<Accepted, Refusal>>),
    /// To tell this viewer of everything now and of every change from now on.
    Subscribe(Publisher),
    /// What is known, once.
    Snapshot(oneshot::Sender<(EngineView, Vec<Arc<LaneView>>)>),
    /// A word when every lane has come through its pre-flight or been refused.
    Settled(oneshot::Sender<()>),
    /// The credential that serves a lane.
    Acquire(LaneName, oneshot::Sender<Option<Result<Lease, Denied>>>),
}

/// A credential, lent for one call.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The secret.
    pub secret: Secret,
    /// Its number among the lane's credentials.
    pub generation: Generation,
}

/// A way to talk to a running engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
}

impl Handle {
    pub(super) const fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests }
    }

    /// A handle whose requests the caller answers itself: for a viewer of something that is not
    /// this process's engine, and for tests of viewers.
    pub fn detached() -> (Self, mpsc::Receiver<Request>) {
        let (requests, answers) = mpsc::channel(64);
        (Self { requests }, answers)
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(question(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Asks for something and waits for the engine's word on it, which comes after the audit has it.
    ///
    /// # Errors
    /// The engine's refusal, or that it has stopped.
    pub async fn send(&self, command: Command) -> Result<Accepted, Refusal> {
        let answer = self.ask(|reply| Request::Command(command, reply)).await;
        answer.unwrap_or(Err(Refusal::Stopped))
    }

    /// Everything that is known now, and every change from now on.
    ///
    /// # Errors
    /// When the engine has stopped, or is asked more than it can take.
    pub fn subscribe(&self) -> Result<Updates, Refusal> {
        let (publisher, updates) = updates();
        let sent = self.requests.try_send(Request::Subscribe(publisher));
        sent.map(|()| updates).map_err(|_| Refusal::Stopped)
    }

    /// What is known now; `None` if the engine has stopped.
    pub async fn snapshot(&self) -> Option<(EngineView, Vec<Arc<LaneView>>)> {
        self.ask(Request::Snapshot).await
    }

    /// Waits until every lane has come through its pre-flight or been refused, or the engine has
    /// stopped.
    pub async fn settled(&self) {
        // An engine that stopped settles nothing more, and there is nothing to wait for.
        let _stopped = self.ask(Request::Settled).await;
    }

    /// The only door by which a secret leaves the engine. A closed gate answers at once with what
    /// stands against the lane.
    ///
    /// # Errors
    /// The typed denial; `None` if there is no such lane, or the engine has stopped.
    pub async fn acquire(&self, lane: LaneName) -> Option<Result<Lease, Denied>> {
        self.ask(|reply| Request::Acquire(lane, reply))
            .await
            .flatten()
    }
}
