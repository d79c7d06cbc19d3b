//! What lanewatch says to whoever looks after it: a log in the state folder, for the terminal is taken.

use crate::engine::StateFolder;

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
