//! An engine in this process, in front of the sandbox or of servers of the test's own.
#![allow(
    dead_code,
    reason = "two test binaries include this, and each uses its part"
)]

use lanewatch::audit::{self, AuditRecord};
use lanewatch::engine::{
    Accepted, Command, Engine, EngineView, Handle, LaneView, Lease, Reader, Refusal, Reload, Setup,
    StateFolder, clock,
};
use lanewatch::lane::{Actor, Denied, LaneName, RecordKind, Verb, Word};
use lanewatch::manifest::{self, Bindings, Manifest, Surroundings};
use lanewatch::plain::Plain;
use lanewatch::provider::Catalog;
use lanewatch::sandbox::{self, Control, Drill, Sandbox};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a condition may take to come true. Generous, since a busy machine is not a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

pub(crate) type Lanes = [Arc<LaneView>];

/// A running engine with all that belongs to it.
pub(crate) struct Bench {
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) state: StateFolder,
    pub(crate) file: PathBuf,
    pub(crate) handle: Handle,
    sandbox: Option<Sandbox>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

/// The demo's manifest, with everything that is asked regularly asked so often that a test need
/// not wait for it, and with more text at its end.
pub(crate) fn brisk_demo(more: &str) -> String {
    brisk(sandbox::DEMO, more)
}

/// The same for a demo whose addresses are filled in.
pub(crate) fn brisk(demo: &str, more: &str) -> String {
    let brisk = demo
        .replace(r#"store_every = "5s""#, r#"store_every = "400ms""#)
        .replace(r#"every = "5s""#, r#"every = "400ms""#)
        .replace(r#"every = "10s""#, r#"every = "400ms""#)
        .replace(r#"timeout = "3s""#, r#"timeout = "800ms""#);
    assert!(brisk.contains(r#"every = "400ms", timeout = "800ms""#));
    format!("{brisk}\n{more}")
}

/// The accounts' clock.
pub(crate) fn wall() -> sandbox::Clock {
    Arc::new(|| clock::now().wall)
}

/// Reads a manifest as the command line does.
pub(crate) fn reader(file: &Path, bindings: Bindings, catalog: &Arc<Catalog>) -> Reader {
    let (file, catalog) = (file.to_owned(), Arc::clone(catalog));
    Arc::new(move || {
        let providers: Vec<String> = catalog.names().map(str::to_owned).collect();
        let facts = |name: &str| catalog.get(name).map(|pack| pack.facts());
        let around = Surroundings {
            bindings: &bindings,
            provider: &facts,
            providers: &providers,
        };
        manifest::load(&file, &around).map_err(|error| Plain::new(&error.to_string()))
    })
}

impl Bench {
    /// The brisk demo in front of a sandbox of its own.
    pub(crate) async fn demo(more: &str) -> Self {
        Self::with_sandbox(&brisk_demo(more)).await
    }

    /// A manifest in front of a sandbox of its own.
    pub(crate) async fn with_sandbox(text: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let sandbox = Sandbox::start(wall(), 7, folder.path()).await.unwrap();
        Self::open(folder, text, Some(sandbox)).await
    }

    /// A manifest without a sandbox.
    pub(crate) async fn plain(text: &str) -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), text, None).await
    }

    /// A manifest and a state folder in `folder`, where a former engine may have left something.
    pub(crate) async fn open(
        folder: Arc<tempfile::TempDir>,
        text: &str,
        sandbox: Option<Sandbox>,
    ) -> Self {
        let state = StateFolder::at(&folder.path().join("state"), "lanes");
        Self::open_at(folder, state, text, sandbox).await
    }

    /// The same, with the state elsewhere.
    pub(crate) async fn open_at(
        folder: Arc<tempfile::TempDir>,
        state: StateFolder,
        text: &str,
        sandbox: Option<Sandbox>,
    ) -> Self {
        let file = folder.path().join("lanes.toml");
        std::fs::write(&file, text).unwrap();
        let bindings = sandbox
            .as_ref()
            .map(|sandbox| sandbox.addresses().into_iter().collect());
        let catalog = Arc::new(Catalog::builtin());
        let read = reader(&file, bindings.unwrap_or_default(), &catalog);
        let reload = Reload::new(file.clone(), Arc::clone(&read));
        let manifest: Manifest = read().unwrap_or_else(|mistake| panic!("{mistake}"));
        let mut setup = Setup::open(manifest, catalog, state.clone())
            .unwrap()
            .reloading(reload);
        if let Some(sandbox) = &sandbox {
            setup = setup.with_sandbox(sandbox.control());
        }
        let (engine, handle) = Engine::new(setup);
        let stop = CancellationToken::new();
        let running = tokio::spawn(engine.run(stop.clone()));
        Self {
            folder,
            state,
            file,
            handle,
            sandbox,
            stop,
            running,
        }
    }

    pub(crate) fn control(&self) -> Control {
        self.sandbox.as_ref().unwrap().control()
    }

    pub(crate) fn address(&self, name: &str) -> String {
        self.sandbox.as_ref().unwrap().addresses()[name].clone()
    }

    /// Ends the engine in an orderly way and keeps what it left.
    pub(crate) async fn stop(self) -> (Arc<tempfile::TempDir>, Option<Sandbox>) {
        self.stop.cancel();
        self.running.await.unwrap();
        (self.folder, self.sandbox)
    }

    pub(crate) async fn look(&self) -> (EngineView, Vec<Arc<LaneView>>) {
        self.handle.snapshot().await.expect("the engine runs")
    }

    pub(crate) async fn lane(&self, name: &str) -> Arc<LaneView> {
        let (_, lanes) = self.look().await;
        find(&lanes, name)
    }

    /// Waits until what is known fulfils `condition`.
    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&EngineView, &Lanes) -> bool) {
        let mut updates = self.handle.subscribe().unwrap();
        let wait = async {
            loop {
                let (engine, lanes) = self.look().await;
                if condition(&engine, &lanes) {
                    return;
                }
                // Whatever changes is published; time alone changes only when something is due.
                tokio::time::timeout(Duration::from_secs(1), updates.next())
                    .await
                    .ok();
            }
        };
        if tokio::time::timeout(DEADLINE, wait).await.is_err() {
            let (engine, lanes) = self.look().await;
            let words: Vec<_> = lanes.iter().map(|lane| describe(lane)).collect();
            panic!("never came: {what}\n{engine:?}\n{}", words.join("\n"));
        }
    }

    pub(crate) async fn until_lane(
        &self,
        name: &str,
        what: &str,
        condition: impl Fn(&LaneView) -> bool,
    ) {
        let what = format!("{name}: {what}");
        self.until(&what, |_, lanes| condition(&find(lanes, name)))
            .await;
    }

    pub(crate) async fn until_word(&self, name: &str, word: Word) {
        self.until_lane(name, word.as_str(), |lane| lane.word == word)
            .await;
    }

    /// Waits until the audit has a record that fulfils `condition`, and answers with it.
    pub(crate) async fn until_record(
        &self,
        what: &str,
        condition: impl Fn(&AuditRecord) -> bool,
    ) -> AuditRecord {
        let found = std::cell::RefCell::new(None);
        self.until(what, |_, _| {
            *found.borrow_mut() = self.records().into_iter().find(|record| condition(record));
            found.borrow().is_some()
        })
        .await;
        found.into_inner().unwrap()
    }

    /// The whole audit.
    pub(crate) fn records(&self) -> Vec<AuditRecord> {
        audit::read_since(&self.state.audit(), 0, |_| true).unwrap()
    }

    pub(crate) fn of_lane(&self, name: &str) -> Vec<AuditRecord> {
        let of = |record: &AuditRecord| record.lane.as_ref().map(Plain::as_str) == Some(name);
        self.records().into_iter().filter(of).collect()
    }

    pub(crate) fn count(&self, name: &str, kind: RecordKind) -> usize {
        self.of_lane(name)
            .iter()
            .filter(|record| record.kind == kind)
            .count()
    }

    pub(crate) async fn ask(&self, name: &str, verb: Verb) -> Result<Accepted, Refusal> {
        let by = Actor::Operator("tester".into());
        self.handle
            .send(Command::Lane {
                lane: name.into(),
                verb,
                by,
            })
            .await
    }

    pub(crate) async fn drill(&self, name: &str, drill: Drill) {
        let by = Actor::Operator("tester".into());
        let command = Command::Drill {
            lane: name.into(),
            drill,
            by,
        };
        self.handle.send(command).await.unwrap();
    }

    pub(crate) async fn release(&self, name: &str) {
        self.ask(
            name,
            Verb::Release {
                reason: "looked at it".into(),
            },
        )
        .await
        .unwrap();
    }

    pub(crate) async fn acquire(&self, name: &str) -> Result<Lease, Denied> {
        self.handle
            .acquire(name.into())
            .await
            .expect("there is such a lane")
    }

    /// What stands against the lane.
    pub(crate) async fn denied(&self, name: &str) -> Denied {
        match self.acquire(name).await {
            Ok(lease) => panic!("{name} serves generation {}", lease.generation),
            Err(denied) => denied,
        }
    }
}

pub(crate) fn find(lanes: &Lanes, name: &str) -> Arc<LaneView> {
    let name = LaneName::new(name);
    let found = lanes.iter().find(|lane| lane.info.name == name);
    Arc::clone(found.unwrap_or_else(|| panic!("there is no lane {name}")))
}

fn describe(lane: &LaneView) -> String {
    format!(
        "{} {} gate {:?} activity {:?} generation {:?} verdict {:?} degraded {:?} next {:?}",
        lane.info.name,
        lane.word,
        lane.gate,
        lane.activity,
        lane.credential
            .as_ref()
            .map(|credential| credential.generation.0),
        lane.verdict,
        lane.degraded,
        lane.next,
    )
}
