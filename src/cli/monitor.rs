//! `lanewatch`, `lanewatch demo` and `lanewatch run`: an engine on a thread of its own, and in front
//! of it a screen or nothing.
//!
//! The engine has its own thread and runtime, so that a terminal that takes no more bytes never
//! makes a lane late.

use super::args::{ScreenArgs, TourArgs};
use super::ask::operator;
use super::failure::{Failure, Kind};
use super::load::{self, Loaded};
use crate::engine::{Engine, Handle, Setup, StateFolder, Updates, clock, listen};
use crate::lane::Actor;
use crate::manifest::Bindings;
use crate::plain::Plain;
use crate::sandbox::{self, Sandbox};
use crate::tui::reach::Knows;
use crate::tui::tour::{self, Script, Tour};
use crate::tui::{AuditPlace, Exit, ScreenOptions, TuiError};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Watches the lanes of the manifest at `path`.
pub(super) fn monitor(path: &Path, screen: &ScreenArgs) -> Result<u8, Failure> {
    let mut options = options(screen)?;
    let (setup, folder) = open(path)?;
    options.audit = audit_place(&folder);
    let _log = log_to(&folder);
    let socket = folder.socket();
    watch(
        options,
        start(move |_| {
            Ok(Made {
                setup,
                socket,
                sandbox: None,
            })
        })?,
    )
}

/// Watches the built-in sandbox.
pub(super) fn demo(screen: &ScreenArgs, tour: &TourArgs) -> Result<u8, Failure> {
    let mut options = options(screen)?;
    options.tour = read_tour(tour)?;
    let folder = demo_folder()?;
    folder.create()?;
    options.audit = audit_place(&folder);
    let _log = log_to(&folder);
    watch(options, start(move |runtime| make_demo(runtime, folder))?)
}

/// The journal in a state folder; exports of it go where the program was started.
fn audit_place(folder: &StateFolder) -> Option<AuditPlace> {
    let exports = std::env::current_dir().ok()?;
    Some(AuditPlace {
        folder: folder.audit(),
        exports,
    })
}

/// The tour to be played, if one was asked for.
fn read_tour(args: &TourArgs) -> Result<Option<Tour>, Failure> {
    let Some(script) = &args.script else {
        return Ok(None);
    };
    let usage = |text: String| Failure::new(Kind::Usage, text);
    let (name, text) = match script {
        None => ("the built-in tour".to_owned(), tour::DEMO.to_owned()),
        Some(file) => {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| usage(format!("no tour {name}: {error}")))?;
            (name, text)
        }
    };
    let script = Script::parse(&text).map_err(|error| {
        usage(format!("{name}: {error}")).hint("docs/tour.md has every word of a script")
    })?;
    let speed = match args.fast {
        true => f64::INFINITY,
        false if (0.1..=1_000.0).contains(&args.speed) => args.speed,
        false => return Err(usage("--speed is a number from 0.1 to 1000".to_owned())),
    };
    Ok(Some(Tour::new(script, speed)))
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

/// Runs the engine without a screen until it is told to stop.
pub(super) fn headless(path: &Path, out: &mut impl Write) -> Result<u8, Failure> {
    let (setup, folder) = open(path)?;
    let _log = log_to(&folder);
    let socket = folder.socket();
    let shown = socket.display().to_string();
    // Before anybody can know that it runs: whoever stops it at once stops it in order.
    let runtime = current_thread()?;
    let stopped = {
        let _entered = runtime.enter();
        super::stand_alone::stop_signals()?
    };
    let (running, _) = start(move |_| {
        Ok(Made {
            setup,
            socket,
            sandbox: None,
        })
    })?;
    writeln!(
        out,
        "running {}; `lanewatch status` asks at {shown}",
        path.display()
    )
    .and_then(|()| out.flush())
    .map_err(Failure::output)?;
    runtime.block_on(stopped);
    running.stop.cancel();
    wait_for(&running);
    Ok(0)
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

fn watch(options: ScreenOptions, (running, updates): (Running, Updates)) -> Result<u8, Failure> {
    let internal = |error: String| Failure::new(Kind::Internal, error);
    let screen = crate::tui::run(options, running.handle.clone(), updates, clock::now);
    let runtime = current_thread()?;
    // A mistake in the screen must not cut the engine off in the middle of something.
    let exit = catch_unwind(AssertUnwindSafe(|| runtime.block_on(screen)));
    running.stop.cancel();
    wait_for(&running);
    let exit = exit.map_err(|_told| {
        internal(
            "the screen failed; the engine was stopped in order, and the audit is whole".into(),
        )
    })?;
    match exit {
        Err(error @ TuiError::Tour(_)) => Err(Failure::new(Kind::Failing, error)),
        Ok(Exit::Quit | Exit::HangUp | Exit::Signal(_)) => Ok(0),
        Err(error) => Err(Failure::new(Kind::Usage, error)),
    }
}

fn options(args: &ScreenArgs) -> Result<ScreenOptions, Failure> {
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        let text = "this terminal (TERM=dumb) has no cursor that could be moved";
        return Err(Failure::new(Kind::Usage, text)
            .hint("`lanewatch status --watch` prints every change as a line"));
    }
    let operator = match operator() {
        Actor::Operator(name) => name,
        Actor::Lanewatch | Actor::Provider => Plain::new("operator"),
    };
    Ok(ScreenOptions {
        preferences: super::preferences::live(args)?,
        operator,
        knows: Knows::guess(|name| std::env::var(name).ok()),
        audit: None,
        tour: None,
    })
}

/// Lines that may wait for the log's thread; more are dropped. The room for them is taken at the
/// start, and the library's own choice of 128,000 lines takes four megabytes.
const LOG_LINES: usize = 2_048;

/// Logs to daily files in the state folder; never to the terminal. `LANEWATCH_LOG` says how much.
pub(super) fn log_to(folder: &StateFolder) -> tracing_appender::non_blocking::WorkerGuard {
    use tracing_subscriber::EnvFilter;
    let appender = tracing_appender::rolling::daily(folder.path().join("logs"), "lanewatch.log");
    let (writer, guard) = tracing_appender::non_blocking::NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES)
        .finish(appender);
    let filter = EnvFilter::try_from_env("LANEWATCH_LOG");
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("warn,lanewatch=info")))
        .with_writer(writer)
        .with_ansi(false)
        .finish();
    // A test that runs two of these in one process keeps the first.
    let _first = tracing::subscriber::set_global_default(subscriber);
    guard
}
