//! News of an engine: of the one that runs, over its socket, or of one that the subcommand runs
//! itself where there is none.

use super::engine_thread::{self, Made, Running};
use super::failure::{Failure, Kind};
use super::load;
use super::log::log_to;
use crate::engine::{StateFolder, Update, Updates, Watching};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often it is looked whether anybody still reads.
const READ_EVERY: Duration = Duration::from_millis(500);

/// Whose lanes.
pub(super) enum Of {
    /// Those of the manifest at that path.
    Manifest(PathBuf),
    /// The demo's.
    Demo,
}

impl Of {
    /// Those of the manifest that was named, or is found.
    pub(super) fn manifest(named: Option<&Path>) -> Result<Self, Failure> {
        load::manifest_path(named).map(Self::Manifest)
    }

    /// Where their engine keeps its state.
    pub(super) fn folder(&self) -> Result<StateFolder, Failure> {
        match self {
            Self::Demo => engine_thread::demo_folder(),
            Self::Manifest(path) => Ok(StateFolder::of_manifest(path)?),
        }
    }
}

/// Where the news comes from.
enum Source {
    Socket(Box<Watching>),
    Own(Updates),
}

/// What came while news was waited for.
pub(super) enum Came {
    /// News.
    News(Update),
    /// The engine has gone.
    Gone,
    /// The subcommand was told to stop, or nobody reads what it prints.
    Stopped,
}

/// An engine that is listened to.
pub(super) struct Attached {
    source: Source,
    /// The engine that the subcommand runs itself.
    pub(super) own: Option<Running>,
    _log: Option<tracing_appender::non_blocking::WorkerGuard>,
}

impl Attached {
    /// Attaches by `attach` to the engine that runs, or starts one.
    pub(super) fn to(
        runtime: &Runtime,
        of: &Of,
        attach: impl Future<Output = io::Result<Watching>>,
    ) -> Result<Self, Failure> {
        match runtime.block_on(attach) {
            Ok(watching) => Ok(Self {
                source: Source::Socket(Box::new(watching)),
                own: None,
                _log: None,
            }),
            Err(error) if is_nobody(&error) => Self::run(of),
            Err(error) => {
                let text = format!("the engine that runs does not answer: {error}");
                Err(Failure::new(Kind::Unreachable, text)
                    .hint("it may be another version of lanewatch"))
            }
        }
    }

    /// An engine of our own.
    fn run(of: &Of) -> Result<Self, Failure> {
        let (log, (running, updates)) = match of {
            Of::Demo => {
                let folder = of.folder()?;
                folder.create()?;
                let log = log_to(&folder);
                let made = move |runtime: &Runtime| engine_thread::make_demo(runtime, folder);
                (log, engine_thread::start(made)?)
            }
            Of::Manifest(path) => {
                let (setup, folder) = engine_thread::open(path)?;
                let log = log_to(&folder);
                let socket = folder.socket();
                let made = Made {
                    setup,
                    socket,
                    sandbox: None,
                };
                (log, engine_thread::start(move |_| Ok(made))?)
            }
        };
        Ok(Self {
            source: Source::Own(updates),
            own: Some(running),
            _log: Some(log),
        })
    }

    /// Waits for the next news, or until `stopped`.
    pub(super) async fn next(
        &mut self,
        mut stopped: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Came, Failure> {
        loop {
            let news = tokio::select! {
                biased;
                () = &mut stopped => return Ok(Came::Stopped),
                news = self.source.next() => news,
                () = tokio::time::sleep(READ_EVERY) => {
                    if nobody_reads() {
                        return Ok(Came::Stopped);
                    }
                    continue;
                }
            };
            return match news {
                Ok(Some(update)) => Ok(Came::News(update)),
                Ok(None) => Ok(Came::Gone),
                Err(error) => {
                    let text = format!("the engine's news makes no sense: {error}");
                    Err(Failure::new(Kind::Unreachable, text))
                }
            };
        }
    }

    /// Ends the engine that was started for this, if one was.
    pub(super) fn let_go(self) {
        if let Some(running) = self.own {
            running.stop.cancel();
            engine_thread::wait_for(&running);
        }
    }
}

impl Source {
    /// The next news; `None` when there will be none.
    async fn next(&mut self) -> io::Result<Option<Update>> {
        match self {
            Self::Socket(watching) => watching.next().await,
            Self::Own(updates) => Ok(Some(updates.next().await)),
        }
    }
}

/// Whether no engine listens at a socket.
pub(super) fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// Whether the other end of the output is closed, which a writer hears of only when it writes.
fn nobody_reads() -> bool {
    let stdout = rustix::stdio::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    rustix::event::poll(&mut fds, Some(&at_once)).is_ok()
        && fds.iter().any(|fd| {
            fd.revents()
                .intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
        })
}
