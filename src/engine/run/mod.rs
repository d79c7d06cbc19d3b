//! The engine's loop: events in; records to the audit; then effects, views and answers out.
//!
//! One task owns every lane, so nothing is locked. Each turn takes whatever has come in, lets the
//! core react, and has the reactions' records written as one group with one sync. Only when they
//! are on disk are the effects performed, the views published and the commands answered. If they
//! cannot be written, all of that waits, the gates close, and the write is tried again.

mod jobs;
mod lanes;
mod notices;
mod reports;
mod requests;
mod tending;
mod turn;
mod views;

use super::clock::{self, Clock};
use super::crash::CrashPoint;
use super::handle::{Accepted, Handle, Lease, Publisher, Refusal, Request, Update};
use super::memory::Memories;
use super::perform::Job;
use super::pocket::Pocket;
use super::reload::{self, News};
use super::runner::Runner;
use super::setup::Setup;
use super::state_folder::{EngineLock, StateFolder};
use super::tools::{Controls, Tools};
use super::view::StoreView;
use super::watching::Watching;
use super::workers::{Done, Workers};
use crate::alert::Alert;
use crate::audit::Journal;
use crate::http::Http;
use crate::lane::{
    Boot, Denied, Effect, Event, Finding, LaneName, Now, Record, RecordKind, Verdict, Wall,
};
use crate::manifest::Manifest;
use crate::plain::Plain;
use crate::policy::{Dispatch, Groups, Jump, Starts, Wakes};
use crate::sandbox;
use crate::store::Stores;
use notices::Aside;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tending::Logins;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use views::store_views;

/// The longest sleep: how soon a stepped wall clock or the end of a machine's sleep is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon a failed audit is tried again.
const AUDIT_AGAIN: Duration = Duration::from_secs(1);
/// How often what the lanes remember is written.
const REMEMBER_EVERY: Duration = Duration::from_secs(2);
/// How long work under way gets at the end.
const FAREWELL: Duration = Duration::from_millis(800);
/// Lanes that begin in one turn.
const START_GROUP: usize = 256;
/// Events taken in one turn, and so in one group of the audit.
const TURN: usize = 1_024;

/// What a command is answered.
type Answer = Result<Accepted, Refusal>;
/// What a request for a credential is answered; `None` if there is no such lane.
type Lent = Option<Result<Lease, Denied>>;

/// What a turn has brought about and the audit does not have yet.
#[derive(Default)]
struct Turn {
    /// Records, each with the number of the one that brought it about.
    entries: Vec<(Record, Option<u64>)>,
    effects: Vec<(usize, Effect)>,
    touched: BTreeSet<usize>,
    removed: Vec<LaneName>,
    /// What people are told of the engine itself.
    notices: Vec<Alert>,
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    leases: Vec<(LaneName, oneshot::Sender<Lent>)>,
    engine_changed: bool,
    /// Where a test may have the process killed once the records are on disk.
    crash_points: Vec<CrashPoint>,
}

/// Runs the lanes of one manifest.
pub struct Engine {
    manifest: Manifest,
    tools: Arc<Tools>,
    folder: StateFolder,
    journal: Option<Journal>,
    last_seq: u64,
    memories: Memories,
    memories_changed: bool,
    remember_at: Boot,
    sandbox: Option<sandbox::Control>,
    seed: u64,
    /// Whether somebody waits for one pass, and reads what comes of it.
    one_pass: bool,
    clock: Clock,
    started: Wall,

    lanes: Vec<Option<Runner>>,
    index: HashMap<LaneName, usize>,
    groups: Groups,
    wakes: Wakes,
    starts: Starts,
    /// Boxed, because ten thousand jobs may wait at the start and leave an empty queue behind.
    dispatch: Dispatch<Box<Job>>,
    workers: Workers,
    stores: BTreeMap<Plain, StoreView>,

    turn: Turn,
    audit_trouble: Option<Plain>,
    audit_again: Option<Boot>,
    manifest_trouble: Option<Plain>,
    publishers: Vec<Publisher>,
    settle: Vec<oneshot::Sender<()>>,
    /// What lanes have found at pre-flight that others will find as well.
    findings: Vec<Arc<Vec<Finding>>>,
    /// What lanes were answered that others will be answered as well.
    verdicts: Vec<Arc<Verdict>>,

    requests: mpsc::Receiver<Request>,
    reports: mpsc::Receiver<Done>,
    /// How far work under way has got, by lane.
    progress: mpsc::UnboundedReceiver<(usize, Event)>,
    logins: Logins,
    /// What came of work that is for no lane.
    asides: (mpsc::UnboundedSender<Aside>, mpsc::UnboundedReceiver<Aside>),
    watching: Option<Watching>,
    /// Told when other folders have to be watched.
    rewatch: (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
    news: Option<mpsc::Receiver<News>>,
    reload: Option<reload::Reload>,
    _lock: EngineLock,
}

impl Engine {
    /// An engine, and a way to talk to it. It does nothing before [`Engine::run`].
    pub fn new(setup: Setup) -> (Self, Handle) {
        let (requests, receiver) = mpsc::channel(256);
        let (workers, reports) = Workers::new();
        let (progressed, progress) = mpsc::unbounded_channel();
        let http = Http::new();
        let tools = Tools {
            stores: Stores::new(&setup.manifest.stores, &http),
            http,
            catalog: setup.catalog,
            key: setup.key,
            pocket: Pocket::default(),
            grants: setup.folder.grants().to_owned(),
            grants_key: setup.grants_key,
            progress: progressed,
            controls: Controls::default(),
            now: clock::now,
        };
        let now = clock::now();
        let engine = Self {
            tools: Arc::new(tools),
            folder: setup.folder,
            last_seq: setup.journal.last_seq(),
            journal: Some(setup.journal),
            memories: setup.memories,
            memories_changed: false,
            remember_at: now.boot,
            sandbox: setup.sandbox,
            seed: setup.seed,
            one_pass: setup.one_pass,
            clock: Clock::new(),
            started: now.wall,
            lanes: Vec::with_capacity(setup.manifest.lanes.len()),
            index: HashMap::with_capacity(setup.manifest.lanes.len()),
            groups: Groups::default(),
            wakes: Wakes::default(),
            starts: Starts::at_once(now.boot, 0),
            dispatch: Dispatch::new(setup.manifest.limits),
            workers,
            stores: store_views(&setup.manifest, now),
            turn: Turn {
                engine_changed: true,
                ..Turn::default()
            },
            audit_trouble: None,
            audit_again: None,
            manifest_trouble: None,
            publishers: Vec::new(),
            settle: Vec::new(),
            findings: Vec::new(),
            verdicts: Vec::new(),
            manifest: setup.manifest,
            requests: receiver,
            reports,
            progress,
            logins: Logins::default(),
            asides: mpsc::unbounded_channel(),
            watching: None,
            rewatch: mpsc::unbounded_channel(),
            news: None,
            reload: setup.reload,
            _lock: setup._lock,
        };
        let mut engine = engine;
        for found in setup.found {
            engine.queue(None, found);
        }
        (engine, Handle::new(requests))
    }

    /// Runs until `stop`: then lets work under way come to its end for a moment, writes what is to
    /// be remembered, and closes the audit.
    pub async fn run(mut self, stop: CancellationToken) {
        self.news = self.reload.take().map(reload::follow);
        let now = clock::now();
        let note = format!(
            "lanewatch {} with {}",
            env!("CARGO_PKG_VERSION"),
            self.manifest.title
        );
        self.queue(None, Record::engine(RecordKind::EngineStarted, note));
        let lanes = self.manifest.lanes.clone();
        self.queue(
            None,
            Record::engine(RecordKind::ManifestLoaded, format!("{} lanes", lanes.len())),
        );
        for entry in lanes {
            self.add(now, entry);
        }
        // Who is watching already sees the lanes before the first record is on disk.
        while let Ok(request) = self.requests.try_recv() {
            self.take_request(now, request);
        }
        self.tend_from(now);
        self.watch_files();
        self.starts = match self.one_pass {
            true => Starts::at_once(now.boot, self.lanes.len()),
            false => Starts::spread(now.boot, self.lanes.len()),
        };
        self.begin_the_due(now).await;
        self.finish_turn(now).await;
        loop {
            let sleep = self.sleep();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                request = self.requests.recv() => match request {
                    Some(request) => self.take_request(clock::now(), request),
                    None => break,
                },
                Some((slot, event)) = self.progress.recv() => self.tell(clock::now(), slot, event),
                Some(()) = self.rewatch.1.recv() => {
                    while self.rewatch.1.try_recv().is_ok() {}
                    self.watch_files();
                }
                Some(aside) = self.asides.1.recv() => self.take_aside(clock::now(), aside),
                Some(done) = self.reports.recv() => self.take_report(clock::now(), done),
                news = next_news(&mut self.news) => self.take_news(clock::now(), news),
                () = tokio::time::sleep(sleep) => {}
            }
            self.drain();
            let mut now = clock::now();
            while let (at, Some(jump)) = self.clock.look() {
                now = at;
                self.jumped(now, jump);
            }
            self.wake_the_due(now);
            self.tend_the_due(now);
            self.begin_the_due(now).await;
            self.finish_turn(now).await;
        }
        self.close().await;
    }

    /// Lets lanes begin whose moment has come, unless somebody asked for them before.
    async fn begin_the_due(&mut self, now: Now) {
        let due = self.starts.due(now.boot);
        // Not all at once: a group of records, of views and of jobs stays of a size.
        for first in due.clone().step_by(START_GROUP) {
            for slot in first..due.end.min(first + START_GROUP) {
                self.begin(now, slot);
            }
            if due.len() > START_GROUP {
                self.finish_turn(now).await;
            }
        }
    }

    /// Takes what else has come in, so that one group of records holds all of it.
    fn drain(&mut self) {
        let now = clock::now();
        for _ in 0..TURN {
            if let Ok((slot, event)) = self.progress.try_recv() {
                self.tell(now, slot, event);
            } else if let Ok(done) = self.reports.try_recv() {
                self.take_report(now, done);
            } else if let Ok(request) = self.requests.try_recv() {
                self.take_request(now, request);
            } else {
                break;
            }
        }
    }

    /// What a job said on its way comes before what it says at its end.
    fn take_progress(&mut self, now: Now) {
        while let Ok((slot, event)) = self.progress.try_recv() {
            self.tell(now, slot, event);
        }
    }

    fn sleep(&self) -> Duration {
        let now = clock::now().boot;
        let remember = self.memories_changed.then_some(self.remember_at);
        let due = [
            self.wakes.soonest(),
            self.starts.soonest(),
            self.audit_again,
            remember,
            self.dispatch.soonest(now),
            self.next_tending(),
        ];
        let soonest = due.into_iter().flatten().min();
        soonest
            .map_or(LOOK_EVERY, |at| at.since(now))
            .min(LOOK_EVERY)
    }

    fn wake_the_due(&mut self, now: Now) {
        while let Some(slot) = self.wakes.next_due(now.boot) {
            self.tell(now, slot, Event::Woke);
        }
    }

    fn jumped(&mut self, now: Now, jump: Jump) {
        if jump.is_audited() {
            let note = match jump {
                Jump::Stepped(by) => format!("the wall clock was set by {:.1} s", secs(by)),
                Jump::Slept(ms) => format!("the machine slept for {:.1} s", secs(ms)),
            };
            self.queue(None, Record::engine(RecordKind::ClockJumped, note));
        }
        let by_ms = jump.by_ms();
        for slot in 0..self.lanes.len() {
            self.tell(now, slot, Event::ClockJumped { by_ms });
        }
    }

    async fn close(&mut self) {
        let until = tokio::time::Instant::now() + FAREWELL;
        while self.workers.busy() > 0 {
            match tokio::time::timeout_at(until, self.reports.recv()).await {
                Ok(Some(done)) => self.take_report(clock::now(), done),
                Ok(None) | Err(_) => break,
            }
        }
        let now = clock::now();
        self.turn.effects.clear();
        self.queue(
            None,
            Record::engine(RecordKind::EngineStopped, "in an orderly way"),
        );
        if self.write(now).await {
            let touched: Vec<_> = self.turn.touched.iter().copied().collect();
            for slot in touched {
                self.remember(slot);
            }
            self.save_memories(now);
        }
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.note_head()
        {
            tracing::warn!(%error, "the audit's head could not be noted");
        }
        self.publish(&Update {
            stopped: true,
            ..Update::default()
        });
    }
}

fn secs(ms: i64) -> f64 {
    std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64() * ms.signum() as f64
}

async fn next_news(news: &mut Option<mpsc::Receiver<News>>) -> News {
    if let Some(receiver) = news
        && let Some(said) = receiver.recv().await
    {
        return said;
    }
    *news = None;
    std::future::pending().await
}
