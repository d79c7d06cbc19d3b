//! How a subcommand ends when it does not end well: what kind, in one sentence, with a hint.

use crate::audit::AuditError;
use crate::engine::{StartError, StateError};
use crate::manifest::ManifestError;
use std::fmt;
use std::io;

/// What kind of failure; decides the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A lane is refused or failing.
    Failing,
    /// Bad usage, or a mistake in the manifest.
    Usage,
    /// A store or the engine cannot be reached.
    Unreachable,
    /// The audit is broken or cannot be written.
    Audit,
    /// Whoever reads the output has gone.
    Closed,
    /// lanewatch itself failed.
    Internal,
}

impl Kind {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Failing => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Audit => 4,
            Self::Internal => 70,
        }
    }
}

/// A failure as a person reads it.
#[derive(Debug)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    text: String,
    hint: Option<&'static str>,
}

impl Failure {
    /// A failure of that kind.
    pub fn new(kind: Kind, text: impl fmt::Display) -> Self {
        Self {
            kind,
            text: text.to_string(),
            hint: None,
        }
    }

    /// The same, and what to do about it.
    #[must_use]
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The output cannot be written. That its reader has had enough is no failure.
    pub fn output(error: impl Into<io::Error>) -> Self {
        let error = error.into();
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(Kind::Closed, "")
        } else {
            Self::new(Kind::Internal, format!("cannot print: {error}"))
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Closed {
            return Ok(());
        }
        write!(f, "lanewatch: {}", self.text)?;
        match self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<ManifestError> for Failure {
    fn from(error: ManifestError) -> Self {
        Self::new(Kind::Usage, error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::NoHome => Self::new(Kind::Usage, error).hint("set XDG_STATE_HOME"),
            StateError::Busy { .. } => Self::new(Kind::Unreachable, error)
                .hint("`lanewatch status` shows what it knows; stop it to start another"),
            StateError::Unusable { .. } => Self::new(Kind::Audit, error)
                .hint("nothing runs unaudited: make the folder writable, or set XDG_STATE_HOME"),
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        Self::new(Kind::Audit, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::State(error) => error.into(),
            StartError::Audit(error) => error.into(),
            StartError::Key { .. } => Self::new(Kind::Audit, error),
        }
    }
}
