//! One file a subcommand.
//!
//! [`args`] says what can be typed, the other files do it. They all end in a [`Failure`] or well,
//! and the exit codes are the same everywhere:
//!
//! | code | means |
//! |---|---|
//! | 0 | all good |
//! | 1 | a lane is refused or failing |
//! | 2 | bad usage, or a mistake in the manifest |
//! | 3 | a store or the engine cannot be reached |
//! | 4 | the audit is broken or cannot be written |
//! | 70 | lanewatch itself failed |

pub mod args;
mod ask;
mod attach;
pub mod audit;
mod change;
mod check;
pub mod classify;
mod engine_thread;
mod failure;
mod help;
mod init;
mod load;
mod log;
mod monitor;
mod once;
mod preferences;
pub mod providers;
mod read_audit;
mod receipts;
mod rotate;
pub mod sandbox;
mod show;
mod signals;
mod simulate;
mod stand_alone;
mod status;
mod watch;

pub use failure::{Failure, Kind};

use args::{Args, Verb};
use clap::{CommandFactory as _, Parser as _};
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are errors to clap, and go where they belong.
            let _shown = error.print();
            return ExitCode::from(if error.use_stderr() {
                Kind::Usage.code()
            } else {
                0
            });
        }
    };
    let mut out = io::stdout().lock();
    match run(args, &mut out).and_then(|ended| flush(&mut out).map(|()| ended)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _nowhere_left_to_say_it = writeln!(io::stderr().lock(), "{failure}");
            ExitCode::from(failure.kind.code())
        }
    }
}

fn flush(out: &mut impl Write) -> Result<(), Failure> {
    out.flush().map_err(Failure::output)
}

fn run(args: Args, out: &mut impl Write) -> Result<u8, Failure> {
    let screen = args.screen;
    match args.verb {
        None if args.print_config => preferences::print(&screen, out),
        None => monitor::monitor(&load::manifest_path(args.manifest.as_deref())?, &screen),
        Some(Verb::Demo { screen, tour }) => monitor::demo(&screen, &tour),
        Some(Verb::Run { manifest }) => monitor::headless(&manifest, out),
        Some(Verb::Check { manifest, json }) => check::check(&manifest, json, out),
        Some(Verb::Status {
            watch: true,
            manifest,
            json,
            demo,
        }) => watch::watch(manifest.as_deref(), demo, json, out),
        Some(Verb::Status { manifest, json, .. }) => {
            status::status(&load::manifest_path(manifest.as_deref())?, json, out)
        }
        Some(Verb::Refresh(target)) => ask::refresh(&target, out),
        Some(Verb::Rotate(args)) => rotate::rotate(&args, out),
        Some(Verb::Pause {
            target,
            reason,
            until,
        }) => ask::pause(&target, reason, until, out),
        Some(Verb::Resume { target, reason }) => ask::resume(&target, reason, out),
        Some(Verb::Release { target, reason }) => ask::release(&target, reason, out),
        Some(Verb::Audit(verb)) => read_audit::run(verb, out),
        Some(Verb::Classify { explain, packs }) => {
            stand_alone::classify(explain, packs.as_deref(), out)
        }
        Some(Verb::Providers { name, test, packs }) => {
            stand_alone::providers(name.as_deref(), test, packs.as_deref(), out)
        }
        Some(Verb::Simulate(args)) => simulate::simulate(&args, out),
        Some(Verb::Sandbox) => stand_alone::sandbox(out),
        Some(Verb::Init { file }) => init::init(&file, out),
        Some(Verb::Schema { of }) => preferences::schema(of, out),
        Some(Verb::Completions { shell }) => {
            clap_complete::generate(shell, &mut Args::command(), "lanewatch", out);
            Ok(0)
        }
        Some(Verb::Man) => {
            clap_mangen::Man::new(Args::command())
                .render(out)
                .map_err(Failure::output)?;
            Ok(0)
        }
    }
}
