//! What the core knows of a credential: everything but the secret.

use super::time::Wall;
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Rises by one with every credential that a lane adopts; zero before the first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A store's own mark of one state of a secret; equal marks mean an unchanged secret.
///
/// A number at OpenBao, a hash of modification time and content at a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreVersion(pub Plain);

/// Where a credential's expiry is known from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirySource {
    /// The manifest says so.
    Manifest,
    /// The secret's own record in its store says so.
    Store,
    /// A claim of the credential itself, a JWT.
    Claim,
    /// `expires_in` of the token endpoint's answer.
    TokenResponse,
    /// A header of an ordinary answer.
    ResponseHeader,
    /// The body of the probe's answer.
    ProbeBody,
    /// The provider's error said when it ended.
    ErrorAnswer,
}

impl ExpirySource {
    /// The name used in JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Store => "store",
            Self::Claim => "claim",
            Self::TokenResponse => "token response",
            Self::ResponseHeader => "response header",
            Self::ProbeBody => "probe body",
            Self::ErrorAnswer => "error answer",
        }
    }
}

/// When a credential ends, and who says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expiry {
    /// The moment from which it is dead.
    pub at: Wall,
    /// Who says so.
    pub source: ExpirySource,
}

impl Expiry {
    /// Whether whoever honours the credential said so: a record in a store may be older than that.
    pub const fn is_upstreams_word(&self) -> bool {
        matches!(
            self.source,
            ExpirySource::ResponseHeader | ExpirySource::ProbeBody | ExpirySource::ErrorAnswer
        )
    }
}

/// A set of scope names. Order and repetition do not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(pub BTreeSet<Plain>);

impl ScopeSet {
    /// From any list of names; empty names are left out.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(|name| Plain::new(name.as_ref()));
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// From text that separates names by spaces, commas or both.
    pub fn split(text: &str) -> Self {
        Self::new(text.split(|c: char| c == ',' || c.is_whitespace()))
    }

    /// Names in this set that `other` lacks.
    pub fn minus(&self, other: &Self) -> Vec<Plain> {
        self.0.difference(&other.0).cloned().collect()
    }

    /// Names in both sets.
    pub fn and(&self, other: &Self) -> Vec<Plain> {
        self.0.intersection(&other.0).cloned().collect()
    }

    /// Whether there is no name in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name.as_str())?;
        }
        Ok(())
    }
}

/// The credential that serves a lane now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// Its number among the lane's credentials.
    pub generation: Generation,
    /// The keyed hash of its secret.
    pub fingerprint: Fingerprint,
    /// When its life began, as far as known: its creation, else its adoption.
    pub issued_at: Wall,
    /// When its life ends; `None` means that nobody said.
    pub expiry: Option<Expiry>,
    /// What it is allowed to do; `None` means that nobody said.
    pub scopes: Option<ScopeSet>,
    /// The store's mark of the secret it came from.
    pub store_version: Option<StoreVersion>,
    /// Whether an upstream has accepted it since it was adopted, or did under a former run.
    pub proven: bool,
}

/// A credential that was loaded or minted, before the lane has adopted it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The keyed hash of its secret.
    pub fingerprint: Fingerprint,
    /// When its life began, if the store or the token endpoint says so.
    pub issued_at: Option<Wall>,
    /// When its life ends, if anybody says so.
    pub expiry: Option<Expiry>,
    /// What it may do, if anybody says so.
    pub scopes: Option<ScopeSet>,
    /// The store's mark of the secret it came from.
    pub store_version: Option<StoreVersion>,
    /// What is remembered of this fingerprint from before.
    pub history: Option<History>,
}

/// What is remembered of a fingerprint, across restarts and without the secret.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct History {
    /// When an upstream last accepted it.
    pub last_ok: Option<Wall>,
    /// Its last known expiry.
    pub expiry: Option<Expiry>,
    /// Its last known scopes.
    pub scopes: Option<ScopeSet>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_either_separator() {
        assert_eq!(
            ScopeSet::split("repo, gist,read:org"),
            ScopeSet::split("read:org gist repo")
        );
        assert_eq!(
            ScopeSet::split("a b").minus(&ScopeSet::split("b")),
            vec![Plain::new("a")]
        );
        assert!(ScopeSet::split(" , ").is_empty());
    }
}
