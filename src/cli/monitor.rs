//! `lanewatch`, `lanewatch demo` and `lanewatch run`: an engine on a thread of its own, and in front
//! of it a screen or nothing.
//!
//! The engine has its own thread and runtime, so that a terminal that takes no more bytes never
//! makes a lane late.

use super::args::{ScreenArgs, TourArgs};
use super::ask::operator;
use super::engine_thread::{
    Made, Running, current_thread, demo_folder, make_demo, open, start, wait_for,
};
use super::failure::{Failure, Kind};
use super::log::log_to;
use super::signals::stop_signals;
use crate::engine::{StateFolder, Updates, clock};
use crate::lane::Actor;
use crate::plain::Plain;
use crate::tui::reach::Knows;
use crate::tui::tour::{self, Script, Tour};
use crate::tui::{AuditPlace, Exit, ScreenOptions, TuiError};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

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
        stop_signals()?
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
