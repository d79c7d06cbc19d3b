//! What the manifest asks of a lane, as far as the core has to know it.
//!
//! Requests, URLs and secrets stay with [`crate::manifest`] and the adapters; here are only the
//! policies that decide what happens when.

use super::credential::ScopeSet;
use super::time::Wall;
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A lane's name: unique in its manifest.
pub type LaneName = Plain;

/// The kinds of credential a lane can have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A key that the organisation manages in a store.
    ManagedKey,
    /// A key that its owner brings; only the owner can replace it.
    Byok,
    /// An OAuth grant that is exchanged for short-lived tokens.
    OauthRefresh,
    /// An OAuth client of its own, whose secret is exchanged for short-lived tokens.
    ClientCredentials,
    /// A secret that somebody else rotates in the store; the lane follows its versions.
    VaultReference,
    /// A secret that the store makes on demand and takes back: a lease on it is renewed.
    Lease,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::ManagedKey,
        Self::Byok,
        Self::OauthRefresh,
        Self::ClientCredentials,
        Self::VaultReference,
        Self::Lease,
    ];

    /// The name used in the manifest and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManagedKey => "managed_key",
            Self::Byok => "byok",
            Self::OauthRefresh => "oauth_refresh",
            Self::ClientCredentials => "client_credentials",
            Self::Lease => "lease",
            Self::VaultReference => "vault_reference",
        }
    }
}

/// How a lane comes by a newer credential.
///
/// The core asks for a newer one by [`super::Effect::Refresh`], whichever of lanewatch's own ways it
/// is; whoever performs that looks here for the recipe. What the core itself has to know of a recipe
/// is what a lost answer costs and what becomes of the old credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// Exchange the grant at the token endpoint (`refresh_token`).
    Refresh {
        /// Whether a lost answer may have used the grant up: if so it is never retried blindly.
        single_use: bool,
    },
    /// Ask the token endpoint for a token in the client's own name (`client_credentials`).
    ClientCredentials,
    /// Have the store extend the lease of the secret at hand; where it cannot be extended any more,
    /// have it issue another.
    LeaseRenew,
    /// Have the store issue another secret with a lease of its own.
    LeaseIssue,
    /// Have the provider replace the key in one call, after which the old one is dead.
    RotationApi,
    /// Create a second key at the provider, use it, and delete the first once nobody uses it.
    CreateDelete,
    /// Take the newer version from the store when there is one.
    Reload,
    /// Wait for the owner to put a newer version into the store.
    Owner,
}

/// What a request whose answer was lost may have done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LostAnswer {
    /// Nothing that asking again does not mend.
    Harmless,
    /// It may have used up or replaced what it was made with: asking again may destroy more.
    Doubtful,
}

/// What becomes of the old credential when a new one is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predecessor {
    /// It lives to its own end, or until it is revoked.
    #[default]
    LivesOn,
    /// It died with the answer.
    EndsAtOnce,
}

impl Renewal {
    /// Whether lanewatch itself can bring a newer one: by [`super::Effect::Refresh`].
    pub const fn is_own(self) -> bool {
        !matches!(self, Self::Reload | Self::Owner)
    }

    /// What a lost answer may have done.
    pub const fn lost_answer(self) -> LostAnswer {
        match self {
            Self::Refresh { single_use: true } | Self::RotationApi | Self::CreateDelete => {
                LostAnswer::Doubtful
            }
            _ => LostAnswer::Harmless,
        }
    }

    /// What becomes of the old credential.
    pub const fn predecessor(self) -> Predecessor {
        match self {
            Self::RotationApi => Predecessor::EndsAtOnce,
            _ => Predecessor::LivesOn,
        }
    }

    /// What it is called in a sentence: "by …".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh { .. } => "a refresh",
            Self::ClientCredentials => "a new token in the client's own name",
            Self::LeaseRenew => "a longer lease",
            Self::LeaseIssue => "a new lease",
            Self::RotationApi => "the provider's rotation",
            Self::CreateDelete => "a second key",
            Self::Reload => "the store's newer version",
            Self::Owner => "its owner",
        }
    }
}

/// How one credential hands over to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// How long the old one is kept after the new one was promoted, for calls that still use it.
    pub overlap: Duration,
    /// For how long a rejection of a new one may only mean that its provider has not told all of
    /// its servers yet: until then the test is tried again.
    pub settle: Duration,
    /// Whether the old one is made useless at its provider or store after the overlap, by
    /// [`super::Effect::Retire`]. Otherwise it is only forgotten.
    pub revoke: bool,
    /// What its provider makes of the old one when somebody else has it replaced. What lanewatch's
    /// own ways make of it is told by [`Renewal::predecessor`].
    pub predecessor: Predecessor,
}

impl Default for Handover {
    fn default() -> Self {
        Self {
            overlap: Duration::from_secs(60),
            settle: Duration::ZERO,
            revoke: false,
            predecessor: Predecessor::LivesOn,
        }
    }
}

/// Whether the place the secret comes from is fit for a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A managed store.
    Managed,
    /// An unmanaged source that the manifest allows; always a finding.
    UnmanagedAllowed,
    /// An unmanaged source that nobody allowed; the lane is refused.
    UnmanagedRefused,
}

/// What a call through the lane can do at the upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideEffect {
    /// Only reads.
    #[default]
    Read,
    /// Changes something.
    Write,
    /// Changes something that cannot be changed back.
    Destructive,
}

impl SideEffect {
    /// One letter for a narrow column.
    pub const fn letter(self) -> char {
        match self {
            Self::Read => 'R',
            Self::Write => 'W',
            Self::Destructive => 'D',
        }
    }

    /// The name used in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        }
    }
}

/// Scopes that a lane's credential must and must not have.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ScopeRules {
    /// All of these must be granted.
    pub require: ScopeSet,
    /// None of these may be granted.
    pub forbid: ScopeSet,
}

/// When a lane warns, refuses and refreshes.
#[derive(Clone, PartialEq, Debug)]
pub struct Windows {
    /// `EXPIRING` from this long before the end. `None`: a quarter of the life, at most one hour;
    /// for keys that live longer than a month, seven days.
    pub warn: Option<Duration>,
    /// Pre-flight refuses a credential with less life left. `None`: five minutes, or a tenth of
    /// the life where the whole life is under fifty minutes.
    pub refuse: Option<Duration>,
    /// Refresh starts at this part of the life, spread by a tenth of it either way.
    pub refresh_at: f64,
}

impl Windows {
    /// The part of the life at which a refresh starts unless the manifest says otherwise.
    pub const REFRESH_AT: f64 = 0.60;
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            warn: None,
            refuse: None,
            refresh_at: Self::REFRESH_AT,
        }
    }
}

/// One lane as its manifest wants it.
#[derive(Clone, PartialEq, Debug)]
pub struct LaneSpec {
    /// Its name.
    pub name: LaneName,
    /// The kind of its credential.
    pub kind: CredentialKind,
    /// How it comes by a newer one.
    pub renewal: Renewal,
    /// Whether its source is fit for a secret.
    pub trust: Trust,
    /// What a call through it can do.
    pub effect: SideEffect,
    /// Scopes it must and must not have.
    pub scopes: ScopeRules,
    /// When it warns, refuses and refreshes.
    pub windows: Windows,
    /// An expiry that the manifest states, for keys whose provider never says.
    pub expires_at: Option<Wall>,
    /// How often the credential is proved; `None` means it cannot be, and pre-flight says so.
    pub probe_every: Option<Duration>,
    /// How often the store is asked for a newer version.
    pub store_every: Duration,
    /// The names of requests that must be denied, in the manifest's order.
    pub neighbors: Vec<Plain>,
    /// How one credential hands over to the next.
    pub handover: Handover,
}
