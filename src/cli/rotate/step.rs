//! One step of a rotation, as a line or as JSON.

use super::super::change::clock as time_of;
use crate::lane::{Generation, LaneName, Outcome, Wall};
use serde::{Serialize, Serializer};
use std::io::{self, Write};

/// How far a rotation has got, as it is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum At {
    /// No engine runs, and the subcommand runs one itself.
    Engine,
    /// The engine takes it on, and the intent is on disk.
    Intent,
    /// Another process has the grant or key.
    Waiting,
    /// The grant or key is ours; the store is read again.
    Lock,
    /// The request leaves.
    Request,
    /// The new credential is here, and the store is asked to take it.
    Storing,
    /// The store has it.
    Stored,
    /// The life of the credential at hand was made longer instead.
    Extended,
    /// Somebody else was faster.
    LostRace,
    /// It is being tested.
    Test,
    /// It has passed its test and serves.
    Promoted,
    /// The old one stopped being good before the new one was proven.
    DegradedOpened,
    /// That is over.
    DegradedClosed,
    /// A person has to bring the new one.
    AwaitingOwner,
    /// The rotation has come to its end; the old one may still be kept.
    Completed,
    /// The old one is kept for calls that still use it.
    Overlap,
    /// The old one was forgotten here.
    Retired,
    /// The old one was made useless upstream.
    Revoked,
    /// The old one could not be made useless.
    RetireFailed,
    /// An answer was lost, and what it was made with may be used up.
    Uncertain,
    /// Something did not work.
    Failed,
    /// The lane is stopped until a person looks.
    Held,
}

impl At {
    /// The name that is printed and that JSON has.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Intent => "intent",
            Self::Waiting => "waiting",
            Self::Lock => "lock",
            Self::Request => "request",
            Self::Storing => "storing",
            Self::Stored => "stored",
            Self::Extended => "extended",
            Self::LostRace => "lost_race",
            Self::Test => "test",
            Self::Promoted => "promoted",
            Self::DegradedOpened => "degraded_opened",
            Self::DegradedClosed => "degraded_closed",
            Self::AwaitingOwner => "awaiting_owner",
            Self::Completed => "completed",
            Self::Overlap => "overlap",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::RetireFailed => "retire_failed",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
            Self::Held => "held",
        }
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One step, as a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Line {
    pub(super) at: Wall,
    pub(super) lane: LaneName,
    pub(super) step: At,
    /// The generation it concerns.
    pub(super) generation: Option<Generation>,
    /// What was seen.
    pub(super) outcome: Option<Outcome>,
    pub(super) text: String,
    /// What a person should do; empty if nothing.
    #[serde(rename = "do")]
    pub(super) todo: String,
    /// The audit record that says so.
    pub(super) seq: Option<u64>,
}

impl Line {
    /// `20:14:07Z promoted        generation 8 serves. What to do.`
    pub(super) fn print(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        write!(
            out,
            "{} {:<15} {}",
            time_of(self.at),
            self.step.as_str(),
            self.text
        )?;
        match self.todo.is_empty() {
            true => writeln!(out),
            false => writeln!(out, ". {}", self.todo),
        }
    }
}
