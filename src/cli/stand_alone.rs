//! Subcommands that need neither an engine nor a manifest.

use super::engine_thread::current_thread;
use super::failure::{Failure, Kind};
use super::load;
use super::signals::stop_signals;
use super::{classify, providers, sandbox};
use crate::engine::{StateFolder, clock};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// `lanewatch sandbox`: the upstreams alone, until it is told to stop.
pub(super) fn sandbox(out: &mut impl Write) -> Result<u8, Failure> {
    let folder = StateFolder::named("sandbox")?;
    folder.create()?;
    let _lock = folder.lock()?;
    let now: crate::sandbox::Clock = Arc::new(|| clock::now().wall);
    let seed = clock::now().boot.0;
    let runtime = current_thread()?;
    let signals = {
        let _entered = runtime.enter();
        stop_signals()
    };
    let stop = async {
        match signals {
            Ok(signals) => signals.await,
            // Without signals it goes on until it is killed.
            Err(_) => std::future::pending::<()>().await,
        }
    };
    runtime
        .block_on(sandbox::run(out, now, seed, folder.path(), stop))
        .map(|()| 0)
        .map_err(|error| Failure::new(Kind::Internal, error))
}

/// `lanewatch classify`: answers in, judgements out. Unreadable lines are said in place, and in the
/// exit code.
pub(super) fn classify(
    explain: bool,
    packs: Option<&Path>,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    let catalog = load::catalog(packs)?;
    let now = clock::now().wall;
    let summary = classify::run(io::stdin().lock(), out, &catalog, explain, now);
    let unreadable = summary.map_err(Failure::output)?.unreadable;
    Ok(if unreadable == 0 {
        0
    } else {
        Kind::Usage.code()
    })
}

/// `lanewatch providers`: what the packs know, or whether their own tests pass.
pub(super) fn providers(
    name: Option<&str>,
    test: bool,
    packs: Option<&Path>,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    let catalog = load::catalog(packs)?;
    let good = match (test, name) {
        (true, _) => providers::test(&catalog, out).map(|failed| failed == 0),
        (false, Some(name)) => providers::show(&catalog, name, out),
        (false, None) => providers::list(&catalog, out).map(|()| true),
    };
    Ok(if good.map_err(Failure::output)? {
        0
    } else {
        Kind::Failing.code()
    })
}
