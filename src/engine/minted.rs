//! A token that was minted, on its way into the store.

use super::record::{fields, grant_mark};
use crate::lane::{Expiry, ExpirySource, Offer, ScopeSet, StoreVersion, Wall};
use crate::manifest::{LaneEntry, OauthSpec};
use crate::oauth::TokenSet;
use crate::secret::{FingerprintKey, Secret};
use crate::store::{SecretRecord, WHOLE};
use std::collections::BTreeMap;

/// A token that was minted and that the store has not taken. It serves nobody until it has.
// Boxed, because every lane has room for one and hardly any ever has one.
#[derive(Clone)]
pub(super) struct Unsaved(Box<Minted>);

impl Unsaved {
    pub(super) fn new(minted: Minted) -> Self {
        Self(Box::new(minted))
    }

    pub(super) fn into_minted(self) -> Minted {
        *self.0
    }

    /// Whether the record holds the grant it was minted from, or its successor already.
    pub(super) fn is_of(&self, entry: &LaneEntry, record: &SecretRecord) -> bool {
        self.0.is_of(entry, record)
    }
}

/// What a token endpoint gave.
#[derive(Clone)]
pub(super) struct Minted {
    /// The mark of the grant it was minted from.
    of: String,
    pub(super) access_token: Secret,
    /// The grant for the next time.
    grant: Secret,
    /// Whether the grant is another than before.
    pub(super) rotated: bool,
    issued_at: Wall,
    expires_at: Option<Wall>,
    scope: Option<String>,
}

impl Minted {
    /// What `tokens` are, which were asked for with `grant` at `started`.
    pub(super) fn from(oauth: &OauthSpec, tokens: TokenSet, grant: &Secret, started: Wall) -> Self {
        let asked = (!oauth.scope.is_empty()).then(|| oauth.scope.clone());
        let rotated = tokens.refresh_token.is_some();
        Self {
            of: grant_mark(grant),
            access_token: tokens.access_token,
            grant: tokens.refresh_token.unwrap_or_else(|| grant.clone()),
            rotated,
            issued_at: started,
            // Reckoned from before the request, so that it ends here no later than at its issuer.
            expires_at: tokens.expires_in.map(|life| started.plus(life)),
            // An absent scope means the scope that was asked for (RFC 6749 section 5.1).
            scope: tokens.scope.map(|scope| scope.to_string()).or(asked),
        }
    }

    /// Whether the record holds the grant it was minted from, or its successor already.
    pub(super) fn is_of(&self, entry: &LaneEntry, record: &SecretRecord) -> bool {
        let grant = record.field(&entry.source);
        grant.is_some_and(|grant| grant_mark(grant) == self.of) || self.is_in(entry, record)
    }

    /// Whether the record holds its grant for the next time.
    pub(super) fn is_in(&self, entry: &LaneEntry, record: &SecretRecord) -> bool {
        record
            .field(&entry.source)
            .is_some_and(|grant| grant.expose() == self.grant.expose())
    }

    /// What the core is told of it, once the store has it at that version.
    pub(super) fn offer(&self, key: &FingerprintKey, store_version: Option<StoreVersion>) -> Offer {
        Offer {
            fingerprint: key.fingerprint(&self.access_token),
            issued_at: Some(self.issued_at),
            expiry: self.expires_at.map(|at| Expiry {
                at,
                source: ExpirySource::TokenResponse,
            }),
            scopes: self.scope.as_deref().map(ScopeSet::split),
            store_version,
            history: None,
        }
    }

    /// The fields of the lane's record that it goes into.
    pub(super) fn to_store(&self, entry: &LaneEntry) -> BTreeMap<String, Secret> {
        let Some(field) = &entry.source.field else {
            return BTreeMap::from([(WHOLE.into(), self.grant.clone())]);
        };
        let mut text = BTreeMap::from([
            (field.clone(), self.grant.clone()),
            (fields::ACCESS_TOKEN.into(), self.access_token.clone()),
        ]);
        let mut put = |field: &str, value: String| text.insert(field.into(), Secret::new(value));
        put(fields::ACCESS_TOKEN_FOR, grant_mark(&self.grant));
        put(fields::ISSUED_AT, self.issued_at.to_string());
        if let Some(at) = self.expires_at {
            put(fields::EXPIRES_AT, at.to_string());
        }
        if let Some(scope) = &self.scope {
            put(fields::SCOPE, scope.clone());
        }
        text
    }
}
