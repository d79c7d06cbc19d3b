//! An engine on a thread of its own, for whoever puts something in front of it: a screen, a printer
//! of changes, a rotation that is told step by step, or nothing.

use super::failure::{Failure, Kind};
use super::load::{self, Loaded};
use crate::engine::{Engine, Handle, Setup, StateFolder, Updates, clock, listen};
use crate::manifest::Bindings;
use crate::sandbox::{self, Sandbox};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// How long the engine has to come to its end after the screen has gone.
const FAREWELL: Duration = Duration::from_millis(2500);

/// What an engine's thread makes before it runs.
pub(super) struct Made {
    pub(super) setup: Setup,
    pub(super) socket: PathBuf,
    pub(super) sandbox: Option<Sandbox>,
}

/// An engine on its own thread.
pub(super) struct Running {
    pub(super) handle: Handle,
    pub(super) stop: CancellationToken,
    ended: mpsc::Receiver<()>,
}

/// Where the demo keeps its state.
pub(super) fn demo_folder() -> Result<StateFolder, Failure> {
    Ok(StateFolder::named("demo")?)
}

pub(super) fn make_demo(runtime: &Runtime, folder: StateFolder) -> Result<Made, Failure> {
    let internal = |error: &dyn std::fmt::Display| Failure::new(Kind::Internal, error);
    // The lock comes first: a second demo must not touch the first one's files.
    let lock = folder.lock()?;
    let file = folder.path().join("demo.toml");
    std::fs::write(&file, sandbox::DEMO).map_err(|error| internal(&error))?;
    let clock: sandbox::Clock = std::sync::Arc::new(|| clock::now().wall);
    let seed = clock::now().boot.0;
    let sandbox = runtime
        .block_on(Sandbox::start(clock, seed, folder.path()))
        .map_err(|error| internal(&error))?;
    let bindings: Bindings = sandbox.addresses().into_iter().collect();
    let Loaded {
        manifest,
        catalog,
        reload,
    } = load::load(&file, &bindings)?;
    let socket = folder.socket();
    let setup = Setup::open_locked(manifest, catalog, folder, lock)?
        .forgetting()
        .reloading(reload)
        .with_sandbox(sandbox.control());
    Ok(Made {
        setup,
        socket,
        sandbox: Some(sandbox),
    })
}

pub(super) fn open(path: &Path) -> Result<(Setup, StateFolder), Failure> {
    let Loaded {
        manifest,
        catalog,
        reload,
    } = load::load(path, &Bindings::default())?;
    let folder = StateFolder::of_manifest(path)?;
    let setup = Setup::open(manifest, catalog, folder.clone())?.reloading(reload);
    Ok((setup, folder))
}

pub(super) fn current_thread() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, format!("no runtime: {error}")))
}

/// Starts an engine on a thread of its own. Answers when it is ready to be talked to, with what it
/// shows from its first moment on.
pub(super) fn start(
    make: impl FnOnce(&Runtime) -> Result<Made, Failure> + Send + 'static,
) -> Result<(Running, Updates), Failure> {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let (ready, made) = mpsc::channel();
    let (ending, ended) = mpsc::channel();
    let body = move || {
        let prepared =
            current_thread().and_then(|runtime| make(&runtime).map(|made| (runtime, made)));
        let (runtime, made) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                // Whoever started this thread waits for exactly this word.
                let _heard = ready.send(Err(failure));
                return;
            }
        };
        let Made {
            setup,
            socket,
            sandbox,
        } = made;
        let (engine, handle) = Engine::new(setup);
        runtime.block_on(async {
            if let Err(error) = listen(&socket, handle.clone()) {
                tracing::warn!(%error, "other processes cannot ask this engine");
            }
            let updates = handle.subscribe();
            let _heard = ready.send(Ok((handle, updates)));
            engine.run(stopped).await;
            if let Some(sandbox) = sandbox {
                sandbox.stop().await;
            }
        });
        // A socket that nobody listens at would only confuse those who ask.
        let _gone = std::fs::remove_file(&socket);
        runtime.shutdown_background();
        drop(ending);
    };
    thread::Builder::new()
        .name("engine".into())
        .spawn(body)
        .map_err(|error| Failure::new(Kind::Internal, format!("no thread: {error}")))?;
    let (handle, updates) = made
        .recv()
        .unwrap_or_else(|_| Err(Failure::new(Kind::Internal, "the engine did not start")))?;
    let updates = updates.map_err(|error| Failure::new(Kind::Internal, error))?;
    let running = Running {
        handle,
        stop,
        ended,
    };
    Ok((running, updates))
}

pub(super) fn wait_for(running: &Running) {
    // The thread drops its end when it is done; one that is stuck is left to the process's end.
    let _done = running.ended.recv_timeout(FAREWELL);
}
