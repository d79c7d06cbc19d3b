//! What can go wrong with the audit, in sentences to act on.

use crate::plain::Plain;
use std::io;
use std::path::Path;

/// Why the audit cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Another process, or another [`super::Journal`] of this one, is writing it.
    #[error("the audit in {folder} is being written by {}; only one writer can be", writer(*.pid))]
    Busy {
        /// The audit's folder.
        folder: Plain,
        /// Who writes it, if that can be told.
        pid: Option<u32>,
    },
    /// The journal is not what was written to it. Never continued: a person has to look.
    #[error(
        "the audit is broken at record {seq}, line {line}: {what}. See `lanewatch audit verify`; \
         to begin a new audit, move {folder} aside and keep it"
    )]
    Broken {
        /// The audit's folder.
        folder: Plain,
        /// The record, by its own word or by its place.
        seq: u64,
        /// The line of `journal.jsonl`, from 1.
        line: u64,
        /// What is wrong with it.
        what: Plain,
    },
    /// The journal was touched by somebody else while it was open for writing.
    #[error(
        "{file} was {what} while lanewatch was writing it; find out by whom, see \
         `lanewatch audit verify`, and start lanewatch again"
    )]
    Meddled {
        /// The journal.
        file: Plain,
        /// What was done to it.
        what: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {doing} {file}: {source}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        file: Plain,
        /// What the system said.
        source: io::Error,
    },
}

fn writer(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

impl AuditError {
    /// Whether the journal is not what was written to it, as opposed to not being within reach.
    pub const fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Meddled { .. })
    }

    /// Wraps what the system said of `path`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = shown(path);
        move |source| Self::Io {
            doing,
            file,
            source,
        }
    }

    pub(super) fn broken(folder: &Path, seq: u64, line: u64, what: impl Into<Plain>) -> Self {
        Self::Broken {
            folder: shown(folder),
            seq,
            line,
            what: what.into(),
        }
    }
}

/// A path as it may be shown.
pub(super) fn shown(path: &Path) -> Plain {
    Plain::new(&path.to_string_lossy())
}
