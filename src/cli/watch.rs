//! `lanewatch status --watch`: every change as a line, for whoever cannot or will not use a screen.
//!
//! It asks the engine that runs, over its socket, and is told of changes as they happen; where none
//! runs, it runs one itself. Nothing is ever drawn over: no cursor moves, no colour, no line that
//! changes after it was printed.

use super::change::{Change, clock as time_of};
use super::failure::{Failure, Kind};
use super::load;
use super::monitor::{self, Made, Running};
use crate::engine::{
    EngineView, LaneView, StateFolder, Update, Updates, Watching, clock, watch as attach,
};
use crate::lane::{LaneName, Wall, Word};
use crate::plain::Plain;
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether anybody still reads.
const READ_EVERY: Duration = Duration::from_millis(500);

/// Where the news comes from.
enum Source {
    Socket(Watching),
    Own(Updates),
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

/// Prints changes until it is told to stop or nobody reads on.
pub(super) fn watch(
    named: Option<&Path>,
    demo: bool,
    json: bool,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    let path = match demo {
        true => None,
        false => Some(load::manifest_path(named)?),
    };
    let folder = match &path {
        None => monitor::demo_folder()?,
        Some(path) => StateFolder::of_manifest(path)?,
    };
    let runtime = monitor::current_thread()?;
    let stopped = {
        let _entered = runtime.enter();
        super::stand_alone::stop_signals()?
    };
    let attached = runtime.block_on(attach(&folder.socket()));
    let mut own = None;
    let mut log = None;
    let source = match attached {
        Ok(watching) => Source::Socket(watching),
        Err(error) if is_nobody(&error) => {
            let (running, updates) = run(path.as_deref(), folder, &mut log)?;
            own = Some(running);
            Source::Own(updates)
        }
        Err(error) => {
            let text = format!("the engine that runs does not answer: {error}");
            return Err(Failure::new(Kind::Unreachable, text)
                .hint("it may be another version of lanewatch"));
        }
    };
    let mut told = Told::new(json, own.is_none());
    let ended = runtime.block_on(tell(source, &mut told, stopped, out));
    if let Some(running) = own {
        running.stop.cancel();
        monitor::wait_for(&running);
    }
    ended.map(|()| 0)
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// An engine of our own.
fn run(
    path: Option<&Path>,
    folder: StateFolder,
    log: &mut Option<tracing_appender::non_blocking::WorkerGuard>,
) -> Result<(Running, Updates), Failure> {
    let Some(path) = path else {
        folder.create()?;
        *log = Some(monitor::log_to(&folder));
        return monitor::start(move |runtime| monitor::make_demo(runtime, folder));
    };
    let (setup, folder) = monitor::open(path)?;
    *log = Some(monitor::log_to(&folder));
    let socket = folder.socket();
    monitor::start(move |_| {
        Ok(Made {
            setup,
            socket,
            sandbox: None,
        })
    })
}

async fn tell(
    mut source: Source,
    told: &mut Told,
    stopped: impl Future<Output = ()>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let news = tokio::select! {
            biased;
            () = &mut stopped => return Ok(()),
            news = source.next() => news,
            () = tokio::time::sleep(READ_EVERY) => {
                if nobody_reads() {
                    return Ok(());
                }
                continue;
            }
        };
        let ended = match news {
            Ok(Some(update)) => {
                let ended = update.stopped;
                told.update(update, out).map_err(Failure::output)?;
                ended
            }
            Ok(None) => true,
            Err(error) => {
                let text = format!("the engine's news makes no sense: {error}");
                return Err(Failure::new(Kind::Unreachable, text));
            }
        };
        if ended {
            let now = clock::now().wall;
            told.note(now, "the engine has stopped", out)
                .map_err(Failure::output)?;
            return out.flush().map_err(Failure::output);
        }
        out.flush().map_err(Failure::output)?;
    }
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

/// What was told so far.
struct Told {
    json: bool,
    /// Whether the first news is how things stand, rather than how they begin.
    attached: bool,
    lanes: BTreeMap<LaneName, Arc<LaneView>>,
    engine: Option<Arc<EngineView>>,
}

impl Told {
    const fn new(json: bool, attached: bool) -> Self {
        Self {
            json,
            attached,
            lanes: BTreeMap::new(),
            engine: None,
        }
    }

    fn update(&mut self, update: Update, out: &mut impl Write) -> io::Result<()> {
        let now = clock::now().wall;
        if let Some(engine) = update.engine {
            self.engine(now, &engine, out)?;
        }
        let first = self.lanes.is_empty() && !update.lanes.is_empty();
        if first && !self.json {
            let mut counts = BTreeMap::new();
            for lane in &update.lanes {
                *counts.entry(std::cmp::Reverse(lane.word)).or_insert(0) += 1;
            }
            let counts: Vec<String> = counts
                .into_iter()
                .map(|(word, count): (_, usize)| format!("{count} {}", word.0))
                .collect();
            let text = format!("{} lanes: {}", update.lanes.len(), counts.join(", "));
            self.note(now, &text, out)?;
        }
        let mut lanes = update.lanes;
        lanes.sort_by(|a, b| {
            b.word
                .cmp(&a.word)
                .then_with(|| a.info.name.cmp(&b.info.name))
        });
        for lane in lanes {
            let before = self.lanes.get(&lane.info.name);
            // A list of everything that is well, or that has only just begun, is read by nobody.
            let silent = first && !self.json && (!self.attached || lane.word == Word::Ok);
            if let Some(change) = Change::of(before.map(AsRef::as_ref), &lane).filter(|_| !silent) {
                if self.json {
                    serde_json::to_writer(&mut *out, &change)?;
                    writeln!(out)?;
                } else {
                    writeln!(out, "{}", change.line())?;
                }
            }
            self.lanes.insert(lane.info.name.clone(), lane);
        }
        for name in update.removed {
            if self.lanes.remove(&name).is_some() {
                self.note(now, &format!("{name}: left the manifest"), out)?;
            }
        }
        Ok(())
    }

    fn engine(
        &mut self,
        now: Wall,
        engine: &Arc<EngineView>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let before = self.engine.replace(Arc::clone(engine));
        let before = before.as_deref();
        for store in &engine.stores {
            let was = before
                .and_then(|before| before.stores.iter().find(|one| one.name == store.name))
                .and_then(|store| store.up);
            let text = match (was, store.up) {
                (Some(true) | None, Some(false)) => {
                    let trouble = store.trouble.as_ref().map_or("", Plain::as_str);
                    format!("store {}: up -> DOWN: {trouble}", store.name)
                }
                (Some(false), Some(true)) => format!("store {}: DOWN -> up", store.name),
                _ => continue,
            };
            self.note(now, &text, out)?;
        }
        let troubles = [
            (
                "the audit cannot be written, every gate is closed",
                "the audit can be written again",
                &engine.audit_trouble,
                before.and_then(|before| before.audit_trouble.as_ref()),
            ),
            (
                "manifest not taken, the last good one is in force",
                "the manifest is in force",
                &engine.manifest_trouble,
                before.and_then(|before| before.manifest_trouble.as_ref()),
            ),
        ];
        for (bad, good, is, was) in troubles {
            match (is, was) {
                (Some(is), was) if was != Some(is) => {
                    self.note(now, &format!("{bad}: {is}"), out)?;
                }
                (None, Some(_)) => self.note(now, good, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Something that is about no one lane.
    fn note(&self, now: Wall, text: &str, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            writeln!(out, "{}", json!({ "at": now, "note": text }))
        } else {
            writeln!(out, "{} {text}", time_of(now))
        }
    }
}
