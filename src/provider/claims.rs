//! What a credential says of itself, where it is a JWT (RFC 7519).
//!
//! Nothing is verified here: whoever honours the token does that. Only the claims that the pack names
//! as places are taken out, and nothing of the token is kept.

use super::json::scalar;
use super::pack::Pack;
use super::place::Place;
use crate::lane::{Expiry, ExpirySource, ScopeSet, Wall};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

/// The longest token that is looked into, in bytes.
const TOKEN_MAX: usize = 32 * 1024;

/// What a credential says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// When it ends.
    pub expiry: Option<Expiry>,
    /// What it may do.
    pub scopes: Option<ScopeSet>,
}

impl Pack {
    /// What `secret` says of itself; nothing if it is no JWT.
    pub fn claims(&self, secret: &Secret) -> Claims {
        let Some(payload) = payload(secret) else {
            return Claims::default();
        };
        let claimed = |of: fn(&Pack) -> &Vec<Place>| {
            let places = self.layers().flat_map(move |layer| of(layer).iter());
            places.filter_map(|place| Some((place, payload.get(place.claim()?)?)))
        };
        let expiry = claimed(|layer| &layer.expiry).find_map(|(place, value)| {
            // A claim names a moment, never a wait.
            let at = place.form.read(&scalar(value)?, Wall(0))?;
            let source = ExpirySource::Claim;
            Some(Expiry { at, source })
        });
        let scopes = claimed(|layer| &layer.scopes).find_map(|(_, value)| match value {
            Value::String(text) => Some(ScopeSet::split(text)),
            Value::Array(list) => Some(ScopeSet::new(list.iter().filter_map(Value::as_str))),
            _ => None,
        });
        Claims { expiry, scopes }
    }
}

/// The payload of a JWT.
fn payload(secret: &Secret) -> Option<Value> {
    let text = secret.expose();
    if text.len() > TOKEN_MAX || !text.starts_with("eyJ") {
        return None;
    }
    let mut parts = text.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;

    fn token(payload: &str) -> Secret {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        Secret::new(format!(
            "{}.{}.{}",
            part(r#"{"alg":"RS256"}"#),
            part(payload),
            part("canary")
        ))
    }

    #[test]
    fn a_jwt_tells_its_end_and_its_scopes_and_is_not_kept() {
        let catalog = Catalog::builtin();
        let claims = |payload: &str| catalog.get_or_http("nobody").claims(&token(payload));
        let found = claims(r#"{"sub":"canary","exp":1790003600,"scope":"read write"}"#);
        let expiry = found.expiry.unwrap();
        assert_eq!(expiry.at.to_string(), "2026-09-21T15:13:20.000Z");
        assert_eq!(expiry.source, ExpirySource::Claim);
        assert_eq!(found.scopes, Some(ScopeSet::new(["read", "write"])));
        assert!(!format!("{found:?}").contains("canary"));
        assert_eq!(claims(r#"{"exp":"soon","scope":7}"#), Claims::default());
        assert_eq!(claims("[1]"), Claims::default());
    }

    #[test]
    fn what_is_no_jwt_claims_nothing() {
        let catalog = Catalog::builtin();
        let pack = catalog.get_or_http("nobody");
        for text in [
            "",
            "eyJ",
            "eyJ.eyJ",
            "a.b.c",
            "eyJh.%%%.x",
            "eyJh.e30.x.y.z",
            "ghp_x",
        ] {
            assert_eq!(pack.claims(&Secret::new(text.into())), Claims::default());
        }
    }
}
