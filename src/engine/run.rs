//! The engine's loop: events in; records to the audit; then effects, views and answers out.
//!
//! One task owns every lane, so nothing is locked. Each turn takes whatever has come in, lets the
//! core react, and has the reactions' records written as one group with one sync. Only when they
//! are on disk are the effects performed, the views published and the commands answered. If they
//! cannot be written, all of that waits, the gates close, and the write is tried again.

use super::clock::{self, Clock, Jump};
use super::dispatch::{Dispatch, Place, Target, Ticket};
use super::handle::{Accepted, Command, Handle, Lease, Publisher, Refusal, Request, Update};
use super::memory::Memories;
use super::perform::{Job, Report, Tools, Work, perform};
use super::reload::{self, News};
use super::runner::{self, Runner};
use super::setup::Setup;
use super::state_folder::{EngineLock, StateFolder};
use super::view::{EngineView, LaneView, StoreView};
use crate::alert::{self, Alert};
use crate::audit::Journal;
use crate::http::Http;
use crate::lane::{
    Actor, Boot, Cause, Denied, Effect, Event, Lane, LaneName, Now, Record, RecordKind, SideEffect,
    Verdict, Wall,
};
use crate::manifest::{LaneEntry, Manifest, difference};
use crate::plain::Plain;
use crate::sandbox;
use crate::secret::Fingerprint;
use crate::store::Stores;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// The longest sleep: how soon a stepped wall clock or the end of a machine's sleep is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon a failed audit is tried again.
const AUDIT_AGAIN: Duration = Duration::from_secs(1);
/// How often what the lanes remember is written.
const REMEMBER_EVERY: Duration = Duration::from_secs(2);
/// How long work under way gets at the end.
const FAREWELL: Duration = Duration::from_millis(800);
/// Events taken in one turn, and so in one group of the audit.
const TURN: usize = 1_024;

/// What came of a command.
type Done = Result<Accepted, Refusal>;
/// What came of asking for a credential; `None` if there is no such lane.
type Lent = Option<Result<Lease, Denied>>;

/// What a turn has brought about and the audit does not have yet.
#[derive(Default)]
struct Turn {
    entries: Vec<(Record, Option<u64>)>,
    effects: Vec<(usize, Effect)>,
    touched: BTreeSet<usize>,
    removed: Vec<LaneName>,
    answers: Vec<(oneshot::Sender<Done>, Done)>,
    leases: Vec<(LaneName, oneshot::Sender<Lent>)>,
    engine_changed: bool,
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
    clock: Clock,
    started: Wall,

    lanes: Vec<Option<Runner>>,
    index: HashMap<LaneName, usize>,
    groups: HashMap<Fingerprint, BTreeSet<usize>>,
    wakes: BinaryHeap<Reverse<(Boot, usize)>>,
    dispatch: Dispatch,
    running: usize,
    stores: BTreeMap<Plain, StoreView>,

    turn: Turn,
    audit_trouble: Option<Plain>,
    audit_again: Option<Boot>,
    manifest_trouble: Option<Plain>,
    publishers: Vec<Publisher>,
    settle: Vec<oneshot::Sender<()>>,

    requests: mpsc::Receiver<Request>,
    reports: mpsc::Receiver<(Ticket, Report)>,
    report: mpsc::Sender<(Ticket, Report)>,
    news: Option<mpsc::Receiver<News>>,
    reload: Option<reload::Reload>,
    _lock: EngineLock,
}

impl Engine {
    /// An engine, and a way to talk to it. It does nothing before [`Engine::run`].
    pub fn new(setup: Setup) -> (Self, Handle) {
        let (requests, receiver) = mpsc::channel(256);
        let (report, reports) = mpsc::channel(1024);
        let http = Http::new();
        let tools = Tools {
            stores: Stores::new(&setup.manifest.stores, &http),
            http,
            catalog: setup.catalog,
            key: setup.key,
            grants: setup.folder.grants().to_owned(),
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
            clock: Clock::new(),
            started: now.wall,
            lanes: Vec::with_capacity(setup.manifest.lanes.len()),
            index: HashMap::with_capacity(setup.manifest.lanes.len()),
            groups: HashMap::new(),
            wakes: BinaryHeap::new(),
            dispatch: Dispatch::new(setup.manifest.limits),
            running: 0,
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
            manifest: setup.manifest,
            requests: receiver,
            reports,
            report,
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
        self.show_everything(now);
        for slot in 0..self.lanes.len() {
            self.tell(now, slot, Event::Started);
        }
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
                Some((ticket, report)) = self.reports.recv() => {
                    self.take_report(clock::now(), &ticket, report);
                }
                news = next_news(&mut self.news) => self.take_news(clock::now(), news),
                () = tokio::time::sleep(sleep) => {}
            }
            self.drain();
            let (now, jump) = self.clock.look();
            if let Some(jump) = jump {
                self.jumped(now, jump);
            }
            self.wake_the_due(now);
            self.finish_turn(now).await;
        }
        self.close().await;
    }

    /// Takes what else has come in, so that one group of records holds all of it.
    fn drain(&mut self) {
        let now = clock::now();
        for _ in 0..TURN {
            if let Ok((ticket, report)) = self.reports.try_recv() {
                self.take_report(now, &ticket, report);
            } else if let Ok(request) = self.requests.try_recv() {
                self.take_request(now, request);
            } else {
                break;
            }
        }
    }

    fn sleep(&self) -> Duration {
        let now = clock::now().boot;
        let remember = self.memories_changed.then_some(self.remember_at);
        let due = [
            self.wakes.peek().map(|Reverse((at, _))| *at),
            self.audit_again,
            remember,
            self.dispatch.soonest(now),
        ];
        let soonest = due.into_iter().flatten().min();
        soonest
            .map_or(LOOK_EVERY, |at| at.since(now))
            .min(LOOK_EVERY)
    }

    fn wake_the_due(&mut self, now: Now) {
        while let Some(Reverse((at, slot))) = self.wakes.peek().copied() {
            if at > now.boot {
                break;
            }
            self.wakes.pop();
            let due = self
                .lanes
                .get(slot)
                .and_then(Option::as_ref)
                .and_then(|r| r.wake)
                == Some(at);
            if due {
                self.tell(now, slot, Event::Woke);
            }
        }
    }

    fn jumped(&mut self, now: Now, jump: Jump) {
        let (by_ms, note) = match jump {
            Jump::Stepped(by) => (by, format!("the wall clock was set by {:.1} s", secs(by))),
            Jump::Slept(ms) => (0, format!("the machine slept for {:.1} s", secs(ms))),
        };
        self.queue(None, Record::engine(RecordKind::ClockJumped, note));
        for slot in 0..self.lanes.len() {
            self.tell(now, slot, Event::ClockJumped { by_ms });
        }
    }

    /// Lets one lane react to one event.
    fn tell(&mut self, now: Now, slot: usize, event: Event) {
        let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        // Whoever was told by another lane does not tell the others again.
        let told = matches!(event, Event::KeyCondemned { .. });
        let alive = runner.lane.condemned_for().is_none();
        let reaction = runner.lane.on(now, event);
        let condemned = runner.lane.condemned_for().filter(|_| alive && !told).cloned();
        let shown_at = host(&runner.info);
        runner.forget_others();
        let wake = reaction
            .effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Wake(at) => Some(*at),
                _ => None,
            });
        if wake != runner.wake {
            runner.wake = wake;
            if let Some(at) = wake {
                self.wakes.push(Reverse((at, slot)));
            }
        }
        let serving = runner
            .lane
            .credential()
            .map(|credential| credential.fingerprint);
        if serving != runner.grouped {
            let before = std::mem::replace(&mut runner.grouped, serving);
            self.regroup(slot, before, serving);
        }
        for record in reaction.records {
            self.queue(Some(slot), record);
        }
        let work = reaction
            .effects
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Wake(_)));
        self.turn.effects.extend(work.map(|effect| (slot, effect)));
        self.turn.touched.insert(slot);
        if let Some(verdict) = condemned {
            self.condemn_the_others(now, slot, serving, &shown_at, &verdict);
        }
    }

    /// Lanes that show the same key to the same upstream need not see for themselves that it is
    /// dead.
    fn condemn_the_others(
        &mut self,
        now: Now,
        slot: usize,
        key: Option<Fingerprint>,
        shown_at: &Target,
        verdict: &Verdict,
    ) {
        let group = key.and_then(|key| self.groups.get(&key));
        let others: Vec<usize> = group.into_iter().flatten().copied().collect();
        for other in others.into_iter().filter(|other| *other != slot) {
            let runner = self.lanes.get(other).and_then(Option::as_ref);
            if runner.is_some_and(|runner| host(&runner.info) == *shown_at) {
                let verdict = verdict.clone();
                self.tell(now, other, Event::KeyCondemned { verdict });
            }
        }
    }

    fn regroup(&mut self, slot: usize, before: Option<Fingerprint>, now: Option<Fingerprint>) {
        if let Some(group) = before.and_then(|before| self.groups.get_mut(&before)) {
            group.remove(&slot);
            self.turn.touched.extend(group.iter().copied());
        }
        if let Some(before) = before
            && self.groups.get(&before).is_some_and(BTreeSet::is_empty)
        {
            self.groups.remove(&before);
        }
        if let Some(now) = now {
            let group = self.groups.entry(now).or_default();
            group.insert(slot);
            self.turn.touched.extend(group.iter().copied());
        }
    }

    /// Puts a record into the turn. Its number is known already, because nothing else writes.
    fn queue(&mut self, slot: Option<usize>, record: Record) {
        let queued = u64::try_from(self.turn.entries.len()).unwrap_or(u64::MAX);
        let seq = self.last_seq.saturating_add(queued).saturating_add(1);
        let runner = slot
            .and_then(|slot| self.lanes.get_mut(slot))
            .and_then(Option::as_mut);
        let cause = match (record.cause, &runner) {
            (Cause::World, _) => None,
            (Cause::Previous, _) => Some(seq.saturating_sub(1)),
            (Cause::Latest(kind), Some(runner)) => runner.latest(kind),
            (Cause::Latest(_), None) => None,
        };
        if let Some(runner) = runner {
            runner.note(record.kind, seq);
        }
        self.turn.entries.push((record, cause));
    }

    fn take_report(&mut self, now: Now, ticket: &Ticket, report: Report) {
        self.running = self.running.saturating_sub(1);
        let down = report.store.as_ref().map(Result::is_err);
        self.dispatch.done(ticket, down, now.boot);
        let Some(runner) = self.lanes.get_mut(report.slot).and_then(Option::as_mut) else {
            return;
        };
        if let Some(kept) = report.kept {
            runner.keep(kept);
        }
        match (report.unsaved, &report.event) {
            (Some(unsaved), _) => runner.unsaved = Some(unsaved),
            (None, Event::Refreshed { .. }) => runner.unsaved = None,
            (None, _) => {}
        }
        let name = runner.entry.spec.name.clone();
        let store = runner.entry.source.store.clone();
        let mut event = report.event;
        if let Event::Loaded {
            found: crate::lane::Found::Credential(offer),
            ..
        }
        | Event::Refreshed { offer, .. } = &mut event
        {
            offer.history = self.memories.history(&name, offer.fingerprint);
        }
        if let Some(said) = report.store {
            self.note_store(now, &store, said);
        }
        self.tell(now, report.slot, event);
    }

    fn note_store(&mut self, now: Now, name: &Plain, said: Result<(), Plain>) {
        let Some(view) = self.stores.get_mut(name) else {
            return;
        };
        let up = said.is_ok();
        if view.up != Some(up) {
            view.up = Some(up);
            view.since = now.wall;
            self.turn.engine_changed = true;
        }
        let trouble = said.err();
        if view.trouble != trouble {
            view.trouble = trouble;
            self.turn.engine_changed = true;
        }
    }

    fn take_request(&mut self, now: Now, request: Request) {
        match request {
            Request::Command(command, answer) => self.take_command(now, command, answer),
            Request::Subscribe(publisher) => {
                let lanes = self.views(now, 0..self.lanes.len());
                let engine = Some(Arc::new(self.engine_view()));
                publisher.publish(Update {
                    lanes,
                    engine,
                    ..Update::default()
                });
                self.publishers.push(publisher);
            }
            Request::Snapshot(answer) => {
                let lanes = self.views(now, 0..self.lanes.len());
                // The asker may have gone; then nobody needs it.
                let _gone = answer.send((self.engine_view(), lanes));
            }
            Request::Settled(answer) => self.settle.push(answer),
            Request::Acquire(name, answer) => self.turn.leases.push((name, answer)),
        }
    }

    /// The secret that serves a lane, or what stands against it. Asked at the end of a turn only: a
    /// gate that has opened in this turn is open when the audit has it.
    fn lease(&self, now: Now, name: &LaneName) -> Lent {
        let slot = self.index.get(name)?;
        let runner = self.lanes.get(*slot)?.as_ref()?;
        let lease = runner.lane.serve(now).map(|generation| {
            let secret = runner.secret().cloned()?;
            Some(Lease { secret, generation })
        });
        lease.transpose()
    }

    fn take_command(
        &mut self,
        now: Now,
        command: Command,
        answer: oneshot::Sender<Result<Accepted, Refusal>>,
    ) {
        let done = match command {
            _ if self.audit_trouble.is_some() => {
                let why = "the audit cannot be written, so nothing is done";
                Err(Refusal::NotNow(why.into()))
            }
            Command::Lane { lane, verb, by } => self.slot(&lane).and_then(|slot| {
                let runner = self.lanes.get(slot).and_then(Option::as_ref);
                let may = runner.map(|runner| runner.lane.may(&verb));
                match may {
                    Some(Ok(note)) => {
                        self.tell(now, slot, Event::Asked { verb, by });
                        Ok(Accepted { note })
                    }
                    Some(Err(why)) => Err(Refusal::NotNow(why)),
                    None => Err(Refusal::NoSuchLane(lane)),
                }
            }),
            Command::Drill { lane, drill, by } => self.drill(&lane, drill, by),
        };
        self.turn.answers.push((answer, done));
    }

    fn drill(
        &mut self,
        lane: &LaneName,
        drill: sandbox::Drill,
        by: Actor,
    ) -> Result<Accepted, Refusal> {
        let slot = self.slot(lane)?;
        let runner = self.lanes.get(slot).and_then(Option::as_ref);
        let entry = runner.map(|runner| Arc::clone(&runner.entry));
        let (Some(control), Some(entry)) = (&self.sandbox, entry.filter(|entry| entry.sandbox))
        else {
            let why = format!("{lane} has a real upstream: drills are for sandbox lanes only");
            return Err(Refusal::NotNow(why.into()));
        };
        let note = control
            .drill(&entry.source.path, drill)
            .map_err(Refusal::NotNow)?;
        let mut record = Record::engine(RecordKind::DrillStarted, format!("{drill}: {note}"));
        record.lane = Some(lane.clone());
        record.actor = by;
        self.queue(Some(slot), record);
        Ok(Accepted { note })
    }

    fn slot(&self, lane: &LaneName) -> Result<usize, Refusal> {
        self.index
            .get(lane)
            .copied()
            .ok_or_else(|| Refusal::NoSuchLane(lane.clone()))
    }

    fn add(&mut self, now: Now, entry: Arc<LaneEntry>) -> usize {
        let slot = self.lanes.len();
        let name = entry.spec.name.clone();
        let seed = self
            .seed
            .wrapping_add(slot as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let memory = self.memories.lane(&name);
        let lane = Lane::new(Arc::clone(&entry.spec), seed, now, memory);
        let info = Arc::new(runner::info(&entry, &self.tools.catalog));
        self.lanes.push(Some(Runner::new(lane, entry, info, now)));
        self.index.insert(name, slot);
        self.turn.touched.insert(slot);
        slot
    }

    /// The manifest's file has changed.
    fn take_news(&mut self, now: Now, news: News) {
        self.turn.engine_changed = true;
        let fresh = match news {
            Ok(fresh) => fresh,
            Err(mistake) => {
                if self.manifest_trouble.as_ref() != Some(&mistake) {
                    self.queue(
                        None,
                        Record::engine(RecordKind::ManifestRejected, mistake.clone()),
                    );
                }
                self.manifest_trouble = Some(mistake);
                return;
            }
        };
        self.manifest_trouble = None;
        let difference = difference(&self.manifest, &fresh);
        if fresh.stores != self.manifest.stores {
            let stores = Stores::new(&fresh.stores, &self.tools.http);
            self.tools = Arc::new(Tools {
                stores,
                ..Tools::clone(&self.tools)
            });
            let mut views = store_views(&fresh, now);
            for (name, view) in &mut views {
                if let Some(old) = self.stores.get(name).filter(|old| old.kind == view.kind) {
                    *view = old.clone();
                }
            }
            self.stores = views;
        }
        self.dispatch.set_limits(fresh.limits);
        let note = format!(
            "{} lanes: {} added, {} removed, {} changed",
            fresh.lanes.len(),
            difference.added.len(),
            difference.removed.len(),
            difference.changed.len()
        );
        self.queue(None, Record::engine(RecordKind::ManifestLoaded, note));
        self.manifest = fresh;
        for name in difference.removed {
            if let Some(slot) = self.index.remove(&name) {
                self.tell(now, slot, Event::Withdrawn);
                self.remember(slot);
                if let Some(gone) = self.lanes.get_mut(slot).and_then(Option::take) {
                    self.regroup(slot, gone.grouped, None);
                }
                self.turn.touched.remove(&slot);
                self.turn.removed.push(name);
            }
        }
        for entry in difference.changed {
            let Some(slot) = self.index.get(&entry.spec.name).copied() else {
                continue;
            };
            if let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) {
                runner.info = Arc::new(runner::info(&entry, &self.tools.catalog));
                if runner.entry.source != entry.source {
                    runner.unsaved = None;
                }
                runner.entry = Arc::clone(&entry);
            }
            self.tell(now, slot, Event::Respecified(Arc::clone(&entry.spec)));
        }
        for entry in difference.added {
            let name = entry.spec.name.clone();
            let slot = self.add(now, entry);
            let mut record = Record::engine(RecordKind::LaneAdded, "by the manifest");
            record.lane = Some(name);
            self.queue(Some(slot), record);
            self.tell(now, slot, Event::Started);
        }
    }

    /// Writes the turn's records, and then lets out what they stand for.
    async fn finish_turn(&mut self, now: Now) {
        let wait = self.audit_again.is_some_and(|at| at > now.boot);
        // That the audit can be written again is news to the lanes, which may have to say something.
        while !self.turn.entries.is_empty() || self.audit_trouble.is_some() {
            if wait || !self.write(now).await {
                self.show_trouble(now);
                return;
            }
        }
        let turn = std::mem::take(&mut self.turn);
        for slot in &turn.touched {
            self.remember(*slot);
        }
        let lanes = self.views(now, turn.touched.iter().copied());
        let engine = turn.engine_changed.then(|| Arc::new(self.engine_view()));
        if !lanes.is_empty() || !turn.removed.is_empty() || engine.is_some() {
            self.publish(&Update {
                lanes,
                removed: turn.removed,
                engine,
                ..Update::default()
            });
        }
        for (answer, done) in turn.answers {
            // Whoever asked may have gone meanwhile.
            let _gone = answer.send(done);
        }
        for (name, answer) in turn.leases {
            let _gone = answer.send(self.lease(now, &name));
        }
        for (slot, effect) in turn.effects {
            self.start(now, slot, effect);
        }
        while let Some((ticket, job)) = self.dispatch.pop(now.boot) {
            if !self.is_wanted(now, &job) {
                self.dispatch.done(&ticket, None, now.boot);
                continue;
            }
            self.running += 1;
            let (tools, report) = (Arc::clone(&self.tools), self.report.clone());
            tokio::spawn(async move {
                let done = perform(tools, job).await;
                // The engine may have stopped: what was stored is stored, and the audit has the
                // intent.
                let _stopped = report.send((ticket, done)).await;
            });
        }
        if !self.settle.is_empty() {
            let settled = self
                .lanes
                .iter()
                .flatten()
                .all(|runner| runner.lane.is_settled());
            if settled {
                for waiting in self.settle.drain(..) {
                    let _gone = waiting.send(());
                }
            }
        }
        if self.memories_changed && self.remember_at <= now.boot {
            self.save_memories(now);
        }
    }

    /// Whether a job that waited its turn may still be done: its credential may have died since.
    fn is_wanted(&self, now: Now, job: &Job) -> bool {
        let (Work::Probe { attempt, .. } | Work::Neighbor { attempt, .. }) = job.work else {
            return true;
        };
        let runner = self.lanes.get(job.slot).and_then(Option::as_ref);
        runner.is_some_and(|runner| runner.lane.may_ask(now, attempt))
    }

    /// Writes the turn's records. Answers whether they are on disk.
    async fn write(&mut self, now: Now) -> bool {
        let Some(mut journal) = self.journal.take() else {
            return false;
        };
        let entries = std::mem::take(&mut self.turn.entries);
        let wrote = tokio::task::spawn_blocking(move || {
            let records = journal.append(now.wall, &entries);
            (journal, entries, records)
        });
        let Ok((journal, entries, records)) = wrote.await else {
            self.close_gates(now, "the audit's writer failed; start lanewatch again".into());
            return false;
        };
        self.last_seq = journal.last_seq();
        self.journal = Some(journal);
        match records {
            Ok(records) => {
                self.audit_again = None;
                if self.audit_trouble.take().is_some() {
                    self.turn.engine_changed = true;
                    for slot in 0..self.lanes.len() {
                        self.tell(now, slot, Event::AuditWritable(true));
                    }
                }
                self.memories_changed |= !records.is_empty();
                if !records.is_empty() {
                    let records = records.into_iter().map(Arc::new).collect();
                    let engine = Some(Arc::new(self.engine_view()));
                    self.publish(&Update {
                        records,
                        engine,
                        ..Update::default()
                    });
                }
                true
            }
            Err(error) => {
                self.turn.entries = entries;
                self.audit_again = Some(now.boot.plus(AUDIT_AGAIN));
                self.close_gates(now, error.to_string().into());
                false
            }
        }
    }

    /// What cannot be recorded must not happen.
    fn close_gates(&mut self, now: Now, trouble: Plain) {
        if self.audit_trouble.is_none() {
            tracing::error!(error = %trouble, "the audit cannot be written");
            for slot in 0..self.lanes.len() {
                self.tell(now, slot, Event::AuditWritable(false));
            }
        }
        self.audit_trouble = Some(trouble);
    }

    /// While the audit cannot be written, only that is shown, and that every gate is closed.
    fn show_trouble(&mut self, now: Now) {
        let lanes = self.views(now, 0..self.lanes.len());
        let engine = Some(Arc::new(self.engine_view()));
        self.publish(&Update {
            lanes,
            engine,
            ..Update::default()
        });
        for (name, answer) in std::mem::take(&mut self.turn.leases) {
            let _gone = answer.send(self.lease(now, &name));
        }
        for (answer, _) in self.turn.answers.drain(..) {
            let why = "the audit cannot be written: this waits until it can";
            let _gone = answer.send(Err(Refusal::NotNow(why.into())));
        }
    }

    /// Turns an effect into a job for its target's queue.
    fn start(&mut self, now: Now, slot: usize, effect: Effect) {
        let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let entry = Arc::clone(&runner.entry);
        let credential = runner.lane.credential().cloned();
        let secret = runner.secret().cloned();
        let (place, work) = match effect {
            Effect::Load { attempt, why: _ } => {
                // What is kept is known; a secret that was let go of has to be brought again.
                let known = secret
                    .as_ref()
                    .and(credential.as_ref())
                    .map(|c| c.fingerprint);
                (Place::Store(store_of(&entry)), Work::Load { attempt, known })
            }
            Effect::Probe { attempt, .. } => match credential {
                Some(credential) => (
                    Place::Host(host(&runner.info)),
                    Work::Probe {
                        attempt,
                        secret,
                        credential,
                    },
                ),
                None => return,
            },
            Effect::ProbeNeighbor { attempt, index, .. } => match credential {
                Some(credential) => (
                    Place::Host(host(&runner.info)),
                    Work::Neighbor {
                        attempt,
                        index,
                        secret,
                        credential,
                    },
                ),
                None => return,
            },
            Effect::CheckRefreshPath { attempt } => {
                (Place::Host(token_host(&entry)), Work::RefreshPath { attempt })
            }
            Effect::Refresh { attempt, .. } => {
                // Kept until it is stored: this try may end before it comes to that.
                let unsaved = runner.unsaved.clone();
                let (host, store) = (token_host(&entry), store_of(&entry));
                (
                    Place::Both { host, store },
                    Work::Refresh {
                        attempt,
                        current: credential,
                        unsaved,
                    },
                )
            }
            Effect::Alert { level, text } => {
                let alert = Alert {
                    level,
                    lane: Some(entry.spec.name.clone()),
                    word: Some(runner.lane.word()),
                    outcome: runner.lane.verdict().map(|(verdict, _)| verdict.outcome),
                    generation: credential.as_ref().map(|c| c.generation),
                    fingerprint: credential.as_ref().map(|c| c.fingerprint),
                    owner: entry.owner.clone(),
                    runbook: entry.runbook.clone(),
                    text,
                    at: now.wall,
                    seq: Some(self.last_seq),
                };
                let told: Vec<_> = alert::for_alert(&self.manifest.alerts, &alert)
                    .cloned()
                    .collect();
                for spec in told {
                    let place = Place::Host(Arc::from(format!("alert {}", spec.name)));
                    let (spec, alert) = (Box::new(spec), Box::new(alert.clone()));
                    let work = Work::Alert { spec, alert };
                    let job = Job {
                        slot,
                        name: entry.spec.name.clone(),
                        entry: Arc::clone(&entry),
                        work,
                    };
                    self.dispatch.push(place, job);
                }
                return;
            }
            Effect::Retire { .. } | Effect::Wake(_) => return,
        };
        let name = entry.spec.name.clone();
        self.dispatch.push(
            place,
            Job {
                slot,
                name,
                entry,
                work,
            },
        );
    }

    fn sharing(&self, slot: usize) -> Vec<(LaneName, SideEffect)> {
        let grouped = self
            .lanes
            .get(slot)
            .and_then(Option::as_ref)
            .and_then(|r| r.grouped);
        let group = grouped.and_then(|print| self.groups.get(&print));
        let others = group.into_iter().flatten().filter(|other| **other != slot);
        others
            .filter_map(|other| self.lanes.get(*other).and_then(Option::as_ref))
            .map(|runner| (runner.entry.spec.name.clone(), runner.entry.route.effect))
            .take(64)
            .collect()
    }

    fn views(&mut self, now: Now, slots: impl Iterator<Item = usize>) -> Vec<Arc<LaneView>> {
        let mut views = Vec::with_capacity(slots.size_hint().0);
        for slot in slots {
            let sharing = self.sharing(slot);
            if let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) {
                views.push(Arc::new(runner.view(now, sharing)));
            }
        }
        views
    }

    fn show_everything(&mut self, now: Now) {
        let lanes = self.views(now, 0..self.lanes.len());
        let engine = Some(Arc::new(self.engine_view()));
        self.publish(&Update {
            lanes,
            engine,
            ..Update::default()
        });
    }

    fn engine_view(&self) -> EngineView {
        EngineView {
            title: self.manifest.title.clone(),
            lanes: self.index.len(),
            stores: self.stores.values().cloned().collect(),
            manifest_trouble: self.manifest_trouble.clone(),
            audit_trouble: self.audit_trouble.clone(),
            audit_seq: self.last_seq,
            started: self.started,
        }
    }

    fn publish(&mut self, update: &Update) {
        self.publishers
            .retain(|publisher| !publisher.is_abandoned());
        for publisher in &self.publishers {
            publisher.publish(update.clone());
        }
    }

    fn remember(&mut self, slot: usize) {
        if let Some(runner) = self.lanes.get(slot).and_then(Option::as_ref) {
            let seen = runner.history();
            self.memories
                .note(&runner.entry.spec.name, runner.lane.memory(), seen);
            self.memories_changed = true;
        }
    }

    fn save_memories(&mut self, now: Now) {
        self.memories.seq = self.last_seq;
        self.memories_changed = false;
        self.remember_at = now.boot.plus(REMEMBER_EVERY);
        self.memories.prune(&self.index);
        if let Err(error) = self.memories.save(&self.folder.memory()) {
            tracing::warn!(%error, "what the lanes remember could not be written");
        }
    }

    async fn close(&mut self) {
        let until = tokio::time::Instant::now() + FAREWELL;
        while self.running > 0 {
            match tokio::time::timeout_at(until, self.reports.recv()).await {
                Ok(Some((ticket, report))) => self.take_report(clock::now(), &ticket, report),
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

async fn next_news(news: &mut Option<mpsc::Receiver<News>>) -> News {
    if let Some(receiver) = news
        && let Some(said) = receiver.recv().await
    {
        return said;
    }
    *news = None;
    std::future::pending().await
}

fn store_views(manifest: &Manifest, now: Now) -> BTreeMap<Plain, StoreView> {
    let view = |(name, spec): (&Plain, &crate::manifest::StoreSpec)| {
        let view = StoreView {
            name: name.clone(),
            kind: spec.kind().into(),
            up: None,
            since: now.wall,
            trouble: None,
        };
        (name.clone(), view)
    };
    manifest.stores.iter().map(view).collect()
}

fn host(info: &super::view::LaneInfo) -> Target {
    let url: Option<url::Url> = info.endpoint.as_str().parse().ok();
    host_of(url.as_ref())
}

fn token_host(entry: &LaneEntry) -> Target {
    host_of(entry.oauth.as_ref().map(|oauth| &oauth.token_endpoint))
}

fn store_of(entry: &LaneEntry) -> Target {
    Arc::from(format!("store {}", entry.source.store))
}

fn host_of(url: Option<&url::Url>) -> Target {
    let host = url.and_then(url::Url::host_str).unwrap_or_default();
    let port = url
        .and_then(url::Url::port_or_known_default)
        .unwrap_or_default();
    Arc::from(format!("{host}:{port}"))
}

fn secs(ms: i64) -> f64 {
    std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64() * ms.signum() as f64
}
