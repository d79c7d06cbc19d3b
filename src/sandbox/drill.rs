//! What a presenter can do to a sandbox lane's upstream.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One way to make an upstream misbehave, or behave again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drill {
    /// End the credential's life now.
    Expire,
    /// Revoke it, and its whole grant.
    Revoke,
    /// Take one of its scopes away.
    Narrow,
    /// Give it a scope that it should not have.
    Widen,
    /// Answer with rate limits.
    Throttle,
    /// Answer with a gateway's error page.
    Outage,
    /// Answer late.
    Slow,
    /// Undo all of these; what was revoked or expired is given out anew.
    Heal,
}

impl Drill {
    /// Every drill, in the order of the menu.
    pub const ALL: [Self; 8] = [
        Self::Expire,
        Self::Revoke,
        Self::Narrow,
        Self::Widen,
        Self::Throttle,
        Self::Outage,
        Self::Slow,
        Self::Heal,
    ];

    /// The name used in JSON and in the menu.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Revoke => "revoke",
            Self::Narrow => "narrow",
            Self::Widen => "widen",
            Self::Throttle => "throttle",
            Self::Outage => "outage",
            Self::Slow => "slow",
            Self::Heal => "heal",
        }
    }

    /// What it does, in a few words for the menu.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Expire => "end the credential's life now",
            Self::Revoke => "revoke the credential and its grant",
            Self::Narrow => "take a required scope away",
            Self::Widen => "grant a scope that it should not have",
            Self::Throttle => "answer with rate limits",
            Self::Outage => "answer with a gateway's error page",
            Self::Slow => "answer late",
            Self::Heal => "undo every drill on this lane",
        }
    }
}

impl fmt::Display for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
