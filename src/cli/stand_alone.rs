//! Subcommands that need neither an engine nor a manifest.

use super::failure::{Failure, Kind};
use super::load;
use super::monitor::current_thread;
use super::{classify, providers, sandbox};
use crate::engine::{StateFolder, clock};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// `lanewatch sandbox`: the upstreams alone, until it is told to stop.
pub(super) fn sandbox(out: &mut impl Write) -> Result<u8, Failure> {
    let folder = StateFolder::named("sandbox")?;
    folder.create()?;
    let _lock = folder.lock()?;
    let now: crate::sandbox::Clock = Arc::new(|| clock::now().wall);
    let seed = clock::now().boot.0;
    let stop = async {
        // Without signals it goes on until it is killed.
        if told_to_stop().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    current_thread()?
        .block_on(sandbox::run(out, now, seed, folder.path(), stop))
        .map(|()| 0)
        .map_err(|error| Failure::new(Kind::Internal, error))
}

/// Waits for SIGTERM, SIGINT or SIGHUP.
pub(super) async fn told_to_stop() -> Result<(), Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::new(Kind::Internal, format!("no signals: {error}")))
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
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
