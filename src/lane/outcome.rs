//! The typed result of an upstream's answer, and the evidence for it.
//!
//! [`Outcome`] is a closed set: nine words that everything in the house is decided on. [`Evidence`]
//! says how the judgement came about, so that a person can check it and an audit can keep it. Who
//! judges is [`crate::provider`]; what follows from a judgement is [`super::machine`].

use super::time::Wall;
use crate::plain::Plain;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an upstream's answer says of the credential it was asked with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The credential was accepted.
    Ok,
    /// Its life is over, as stated or as its known expiry tells.
    CredentialExpired,
    /// It was made useless before its time.
    CredentialRevoked,
    /// It was rejected, and the cause cannot be told; or it never was a credential.
    CredentialInvalid,
    /// It was accepted but does not cover the call.
    ScopeInsufficient,
    /// Too many calls, or a quota is used up.
    RateLimited,
    /// A rule other than scope forbids the call: address, single sign-on, role, billing, absence.
    PolicyDenied,
    /// The upstream is down or talks nonsense; nothing is known of the credential.
    UpstreamUnavailable,
    /// The place where the credential lives cannot be read or written.
    StoreUnavailable,
}

impl Outcome {
    /// Every outcome, in the order of the counters.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::CredentialExpired,
        Self::CredentialRevoked,
        Self::CredentialInvalid,
        Self::ScopeInsufficient,
        Self::RateLimited,
        Self::PolicyDenied,
        Self::UpstreamUnavailable,
        Self::StoreUnavailable,
    ];

    /// The name used in code, manifest, JSON and docs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::CredentialExpired => "credential_expired",
            Self::CredentialRevoked => "credential_revoked",
            Self::CredentialInvalid => "credential_invalid",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::RateLimited => "rate_limited",
            Self::PolicyDenied => "policy_denied",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::StoreUnavailable => "store_unavailable",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }

    /// Whether the credential itself is condemned: expired, revoked or invalid.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::CredentialExpired | Self::CredentialRevoked | Self::CredentialInvalid
        )
    }

    /// Whether the answer says nothing at all about the credential.
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::UpstreamUnavailable | Self::StoreUnavailable)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the provider said so, or the lane's history did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The answer itself names the cause.
    Stated,
    /// The cause follows from what was known before.
    Inferred,
}

/// How a judgement came about. Holds no secret and no unclean text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule that matched, as `pack/rule`; or the machine's own reason.
    pub rule: Plain,
    /// Stated by the provider, or inferred from history.
    pub basis: Basis,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<Plain>,
    /// The provider's id of the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Plain>,
    /// How many seconds to wait, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// Scopes that the call would have needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_scopes: Vec<Plain>,
    /// When the credential ends or ended, as this answer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Wall>,
    /// One sentence for a person: the provider's message, or what was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Plain>,
}

impl Evidence {
    /// Evidence that the house itself gives, with nothing from a provider in it.
    pub fn own(rule: &str, basis: Basis) -> Self {
        Self {
            rule: Plain::new(rule),
            basis,
            status: None,
            provider_code: None,
            request_id: None,
            retry_after_s: None,
            required_scopes: Vec::new(),
            expires_at: None,
            detail: None,
        }
    }

    /// The same with one sentence for a person.
    #[must_use]
    pub fn detail(mut self, text: impl Into<Plain>) -> Self {
        self.detail = Some(text.into());
        self
    }
}

/// An outcome and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// What the answer means.
    pub outcome: Outcome,
    /// How that was found.
    pub evidence: Evidence,
}

impl Verdict {
    /// A verdict of the house's own, not of a provider's answer.
    pub fn own(outcome: Outcome, rule: &str, detail: impl Into<Plain>) -> Self {
        Self {
            outcome,
            evidence: Evidence::own(rule, Basis::Inferred).detail(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_one_name_everywhere() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
