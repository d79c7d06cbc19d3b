//! Everything that a lane can ask its engine to do.

use super::credential::Generation;
use super::time::Boot;
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};

/// Numbers the efforts of one lane, so that a late report can be told from a current one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Attempt(pub u64);

/// Why the store is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadWhy {
    /// Before the lane may serve.
    Preflight,
    /// To see whether it has a newer version.
    Poll,
    /// Because a person asked for a newer credential.
    Asked,
    /// To see whether somebody replaced the credential that was just rejected.
    Rejected,
}

/// Why a proof is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeWhy {
    /// Before the lane may serve.
    Preflight,
    /// Because it is time.
    Routine,
    /// A candidate must be tested before it is promoted. The generation is the candidate's.
    Fresh,
    /// To tell what a rejected grant means for the credential at hand.
    Confirm,
}

/// What becomes of a credential that no longer serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retirement {
    /// Its secret is forgotten here; where it is still good, it lives to its own end.
    Forget,
    /// It is made useless at its provider or store as well: a token is revoked, a lease is revoked,
    /// a key is deleted. Reported by [`super::Event::Retired`].
    Revoke,
}

/// Why a refresh is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshWhy {
    /// Its time in the credential's life has come.
    Due,
    /// There is no usable credential yet.
    Preflight,
    /// The credential was found expired.
    Expired,
    /// A person asked.
    Asked,
    /// A person was told that the grant may be used up, and asked all the same.
    Forgiven,
}

/// How loud an alert is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Should be looked at.
    Warning,
    /// A person has to act.
    Critical,
}

/// One thing to do. Effects are performed after the reaction's records are on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Read the credential from its store.
    Load {
        /// Number of the effort.
        attempt: Attempt,
        /// Why.
        why: LoadWhy,
    },
    /// Ask the upstream to accept the credential.
    Probe {
        /// Number of the effort.
        attempt: Attempt,
        /// With the credential of this generation.
        generation: Generation,
        /// Why.
        why: ProbeWhy,
    },
    /// Ask the upstream something that must be denied.
    ProbeNeighbor {
        /// Number of the effort.
        attempt: Attempt,
        /// With the credential of this generation.
        generation: Generation,
        /// Which of the lane's neighbors.
        index: usize,
    },
    /// See whether the token endpoint answers, without touching the grant.
    CheckRefreshPath {
        /// Number of the effort.
        attempt: Attempt,
    },
    /// Bring a newer credential by the lane's [`super::Renewal`], whichever of lanewatch's own ways
    /// that is; have the store take it, and report it by [`super::Event::Refreshed`] or
    /// [`super::Event::RefreshFailed`]. A lease that was only extended is reported as the same
    /// fingerprint with a later expiry. A grant in doubt is shown again only for
    /// [`RefreshWhy::Forgiven`].
    Refresh {
        /// Number of the effort.
        attempt: Attempt,
        /// The generation it shall replace.
        generation: Generation,
        /// Why.
        why: RefreshWhy,
    },
    /// Let go of a credential that no longer serves, or never did.
    Retire {
        /// Number of the effort.
        attempt: Attempt,
        /// Its generation.
        generation: Generation,
        /// Whose secret it is: the engine has it until this effect.
        fingerprint: Fingerprint,
        /// What becomes of it.
        how: Retirement,
    },
    /// Tell people.
    Alert {
        /// How loudly.
        level: AlertLevel,
        /// One sentence.
        text: Plain,
    },
    /// Send [`super::Event::Woke`] at this moment. The latest one counts.
    Wake(Boot),
}

impl Effect {
    /// Whether performing it shows the lane's credential to its upstream.
    pub const fn uses_credential(&self) -> bool {
        matches!(self, Self::Probe { .. } | Self::ProbeNeighbor { .. })
    }
}
