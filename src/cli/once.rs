//! One pass over a manifest: what the running engine knows, or every lane proved once.

use super::engine_thread::current_thread;
use super::failure::{Failure, Kind};
use super::load::{self, Loaded};
use crate::engine::{
    Engine, EngineView, LaneView, Question, Reply, Setup, StartError, StateError, StateFolder, ask,
};
use crate::manifest::Bindings;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the lanes of one pass have, all together.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the answer comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    /// An engine that was running.
    RunningEngine,
    /// A pass made for the purpose.
    OnePass,
}

/// What is known of a manifest's lanes, by name.
pub(super) struct Known {
    pub from: From,
    pub engine: EngineView,
    pub lanes: Vec<Arc<LaneView>>,
}

/// Asks the running engine, or proves every lane once.
pub(super) fn know(path: &Path) -> Result<Known, Failure> {
    let Loaded {
        manifest, catalog, ..
    } = load::load(path, &Bindings::default())?;
    let folder = StateFolder::of_manifest(path)?;
    let runtime = current_thread()?;
    let mut known = match Setup::open(manifest, catalog, folder.clone()) {
        Ok(setup) => runtime.block_on(pass(setup.at_once()))?,
        Err(StartError::State(StateError::Busy { pid })) => {
            let busy = |error: io::Error| {
                let running = StateError::Busy { pid };
                Failure::new(
                    Kind::Unreachable,
                    format!("{running}, but it does not answer: {error}"),
                )
            };
            match runtime
                .block_on(ask(&folder.socket(), &Question::Status))
                .map_err(busy)?
            {
                Reply::Status { engine, lanes } => Known {
                    from: From::RunningEngine,
                    engine,
                    lanes,
                },
                other => return Err(busy(io::Error::other(format!("it said {other:?}")))),
            }
        }
        Err(other) => return Err(other.into()),
    };
    sort(&mut known);
    Ok(known)
}

/// The same, whatever state the manifest on disk is in, as long as its engine runs.
///
/// # Errors
/// Those of [`know`].
pub(super) fn know_from_engine(path: &Path) -> Result<Known, Failure> {
    let folder = StateFolder::of_manifest(path)?;
    match current_thread()?.block_on(ask(&folder.socket(), &Question::Status)) {
        Ok(Reply::Status { engine, lanes }) => {
            let mut known = Known {
                from: From::RunningEngine,
                engine,
                lanes,
            };
            sort(&mut known);
            Ok(known)
        }
        Ok(_) | Err(_) => know(path),
    }
}

/// Worst first.
fn sort(known: &mut Known) {
    known.lanes.sort_by(|a, b| {
        b.word
            .cmp(&a.word)
            .then_with(|| a.info.name.cmp(&b.info.name))
    });
}

async fn pass(setup: Setup) -> Result<Known, Failure> {
    let (engine, handle) = Engine::new(setup);
    let stop = CancellationToken::new();
    let running = tokio::spawn(engine.run(stop.clone()));
    // Lanes that are not settled by then are shown as they are: still being proved.
    let _late = tokio::time::timeout(PATIENCE, handle.settled()).await;
    let known = handle.snapshot().await;
    stop.cancel();
    let ended = running.await;
    match (known, ended) {
        (Some((engine, lanes)), Ok(())) => Ok(Known {
            from: From::OnePass,
            engine,
            lanes,
        }),
        (None, _) | (_, Err(_)) => Err(Failure::new(
            Kind::Internal,
            "the engine failed; its log says more",
        )),
    }
}

impl Known {
    /// The exit code that a script gets: every lane serves, or the worst of what stands against it.
    pub(super) fn code(&self) -> u8 {
        use crate::lane::{Gate, Outcome};
        if self.engine.audit_trouble.is_some() {
            return Kind::Audit.code();
        }
        let failing = self
            .lanes
            .iter()
            .filter(|lane| lane.gate != Gate::Open || lane.word.is_failing());
        let mut code = 0;
        for lane in failing {
            // A store that answers, but not with this secret, is within reach.
            let down = self
                .engine
                .stores
                .iter()
                .any(|store| store.name == lane.info.store && store.up == Some(false));
            let why = lane.verdict.as_ref().map(|verdict| verdict.outcome);
            let this = if down && why == Some(Outcome::StoreUnavailable) {
                Kind::Unreachable
            } else {
                Kind::Failing
            }
            .code();
            // A lane that fails of itself is the news, even where a store is down as well.
            code = if code == 0 { this } else { code.min(this) };
        }
        code
    }
}
