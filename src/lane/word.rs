//! The one word that a lane shows.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A lane's state in one word, best first; the order is the order of severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Proven, open, in life.
    Ok,
    /// A newer credential is on its way.
    Refreshing,
    /// An operator paused it.
    Paused,
    /// Its life is nearly over.
    Expiring,
    /// The upstream asks for patience.
    Limited,
    /// The upstream cannot be reached; nothing is known of the credential.
    Unreachable,
    /// It serves, but something that keeps it alive has stopped working.
    Degraded,
    /// It serves, but its grant may be used up, and only a person can say whether to try it again.
    Uncertain,
    /// A rule of the upstream forbids the call.
    Denied,
    /// Its scopes do not cover the call.
    Scope,
    /// Pre-flight has not let it serve.
    Refused,
    /// It was rejected, and the cause cannot be told.
    Invalid,
    /// Its life is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It was stopped until a person looks.
    Held,
}

impl Word {
    /// Every word, best first.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::Refreshing,
        Self::Paused,
        Self::Expiring,
        Self::Limited,
        Self::Unreachable,
        Self::Degraded,
        Self::Uncertain,
        Self::Denied,
        Self::Scope,
        Self::Refused,
        Self::Invalid,
        Self::Expired,
        Self::Revoked,
        Self::Held,
    ];

    /// As shown: capitals, at most eleven letters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Refreshing => "REFRESHING",
            Self::Paused => "PAUSED",
            Self::Expiring => "EXPIRING",
            Self::Limited => "LIMITED",
            Self::Unreachable => "UNREACHABLE",
            Self::Degraded => "DEGRADED",
            Self::Uncertain => "UNCERTAIN",
            Self::Denied => "DENIED",
            Self::Scope => "SCOPE",
            Self::Refused => "REFUSED",
            Self::Invalid => "INVALID",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
            Self::Held => "HELD",
        }
    }

    /// Whether a lane that shows this word is failing or refused, for exit codes and counts.
    pub const fn is_failing(self) -> bool {
        matches!(
            self,
            Self::Denied
                | Self::Scope
                | Self::Refused
                | Self::Invalid
                | Self::Expired
                | Self::Revoked
                | Self::Held
                | Self::Unreachable
        )
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
