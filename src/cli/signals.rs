//! The signals that ask a subcommand to come to its end.

use super::failure::{Failure, Kind};
use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM, SIGINT or SIGHUP.
pub(super) async fn told_to_stop() -> Result<(), Failure> {
    stop_signals()?.await;
    Ok(())
}

/// Listens for SIGTERM, SIGINT and SIGHUP from this call on; what it gives ends with the first of
/// them. To be called within a runtime.
pub(super) fn stop_signals() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::new(Kind::Internal, format!("no signals: {error}")))
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
