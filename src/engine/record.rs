//! What a record in a store means for a lane.
//!
//! A key is a field of it. A grant is one too, and beside it stands the token that was last minted
//! from it: whoever reads the record next, after a restart or on another machine, need not use the
//! grant up to have a token.

use super::tools::{Kept, Tools, pack};
use crate::lane::{Expiry, ExpirySource, Found, Offer, ScopeSet, Wall};
use crate::manifest::LaneEntry;
use crate::secret::{Fingerprint, Secret};
use crate::store::SecretRecord;
use sha2::{Digest as _, Sha256};

/// What a record in a store means for a lane.
pub(super) fn understand(
    tools: &Tools,
    entry: &LaneEntry,
    record: &SecretRecord,
    known: Option<Fingerprint>,
) -> (Found, Option<Kept>) {
    if entry.oauth.is_none() {
        let Some(secret) = record.field(&entry.source) else {
            return (
                Found::GrantOnly {
                    version: record.version.clone(),
                },
                None,
            );
        };
        let offer = offer_of(tools, entry, record, secret);
        return settle(offer, secret.clone(), known);
    }
    match minted(entry, record) {
        Some(secret) => {
            let offer = offer_of(tools, entry, record, secret);
            let over = offer
                .expiry
                .is_some_and(|expiry| expiry.at <= (tools.now)().wall);
            if over && known != Some(offer.fingerprint) {
                return (
                    Found::GrantOnly {
                        version: record.version.clone(),
                    },
                    None,
                );
            }
            settle(offer, secret.clone(), known)
        }
        None => (
            Found::GrantOnly {
                version: record.version.clone(),
            },
            None,
        ),
    }
}

fn settle(offer: Offer, secret: Secret, known: Option<Fingerprint>) -> (Found, Option<Kept>) {
    let kept = (known != Some(offer.fingerprint)).then_some((offer.fingerprint, secret));
    (Found::Credential(offer), kept)
}

/// The access token that a record holds beside its grant, if it was minted from that very grant: a
/// grant that a person has replaced makes the token beside it stale.
pub(super) fn minted<'a>(entry: &LaneEntry, record: &'a SecretRecord) -> Option<&'a Secret> {
    let grant = record.field(&entry.source)?;
    let of = record.fields.get(fields::ACCESS_TOKEN_FOR)?;
    (of.expose() == grant_mark(grant)).then(|| record.fields.get(fields::ACCESS_TOKEN))?
}

/// Names of the fields that a refresh writes beside the grant.
pub(super) mod fields {
    /// The token that was minted.
    pub(in crate::engine) const ACCESS_TOKEN: &str = "access_token";
    /// The mark of the grant it was minted with.
    pub(in crate::engine) const ACCESS_TOKEN_FOR: &str = "access_token_for";
    /// When it ends, RFC 3339.
    pub(in crate::engine) const EXPIRES_AT: &str = "expires_at";
    /// When its life began, RFC 3339.
    pub(in crate::engine) const ISSUED_AT: &str = "issued_at";
    /// What it may do, separated by spaces.
    pub(in crate::engine) const SCOPE: &str = "scope";
    /// The key before this one, until it is deleted at its provider.
    pub(in crate::engine) const PREVIOUS: &str = "previous";
}

/// Tells one grant from another. It stands only beside the grant itself.
pub(super) fn grant_mark(grant: &Secret) -> String {
    let hash = Sha256::digest(grant.expose().as_bytes());
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a record says of a secret in it.
pub(super) fn offer_of(
    tools: &Tools,
    entry: &LaneEntry,
    record: &SecretRecord,
    secret: &Secret,
) -> Offer {
    let at = |field: &str| {
        record
            .fields
            .get(field)
            .and_then(|text| Wall::parse(text.expose()))
    };
    let scope = record
        .fields
        .get(fields::SCOPE)
        .map(|text| ScopeSet::split(text.expose()));
    // What a token says of itself is what its issuer will hold it to; a record beside it may be older.
    let claims = pack(tools, entry).claims(secret);
    let stored = at(fields::EXPIRES_AT).map(|at| Expiry {
        at,
        source: ExpirySource::Store,
    });
    Offer {
        fingerprint: tools.key.fingerprint(secret),
        issued_at: at(fields::ISSUED_AT).or(record.created),
        expiry: claims.expiry.or(stored),
        scopes: scope.filter(|scopes| !scopes.is_empty()).or(claims.scopes),
        store_version: record.version.clone(),
        history: None,
    }
}
