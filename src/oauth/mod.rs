//! The token endpoint: refresh, client credentials, revoke, introspect.
//!
//! One exchange each, and no judgement: a refused grant is handed up as the answer it came in, for the
//! provider's pack to read, and an answer that never came keeps the word on whether the grant may have
//! been used. Nothing here tries twice.

mod token;

pub use token::TokenSet;

use crate::http::{Call, Http, Method, OwnedAnswer};
use crate::lane::{ScopeSet, Wall};
use crate::manifest::{ClientAuth, OauthSpec};
use crate::plain::Plain;
use crate::provider::NoAnswer;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Why an exchange with a token endpoint gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No answer came. [`NoAnswer::may_have_acted`] says whether the grant may have been used.
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
    /// It said no, in whatever status; what that means is for the provider's pack to say.
    #[error("the token endpoint refused, with status {}", .0.status)]
    Rejected(OwnedAnswer),
    /// It said yes, and what it gave cannot be used. The grant may have been.
    #[error("the token endpoint's answer cannot be used: {0}")]
    Unusable(Plain),
}

/// What introspection says of a token, by RFC 7662 section 2.2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Introspection {
    /// Whether it is good now; if not, nobody says why.
    pub active: bool,
    /// When it ends.
    pub expires_at: Option<Wall>,
    /// What it may do.
    pub scope: Option<ScopeSet>,
}

/// Exchanges a refresh token for a new access token, by RFC 6749 section 6, once.
///
/// # Errors
/// See [`TokenError`]. After anything but a rejection or [`NoAnswer::NotReached`] the refresh token
/// may have been used up.
pub async fn refresh(
    http: &Http,
    spec: &OauthSpec,
    client_secret: Option<&Secret>,
    refresh_token: &Secret,
) -> Result<TokenSet, TokenError> {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose()),
    ];
    if !spec.scope.is_empty() {
        form.push(("scope", &spec.scope));
    }
    if let Some(resource) = &spec.resource {
        form.push(("resource", resource));
    }
    let answer = post(http, spec, &spec.token_endpoint, client_secret, form).await?;
    token::read(answer)
}

/// Asks for an access token by the client's own secret, by RFC 6749 section 4.4. Nothing is used up by
/// it: it may be asked for again whatever became of the answer. A refresh token beside it is left out,
/// because the secret does all that it could.
///
/// # Errors
/// See [`TokenError`].
pub async fn client_credentials(
    http: &Http,
    spec: &OauthSpec,
    client_secret: &Secret,
) -> Result<TokenSet, TokenError> {
    let mut form = vec![("grant_type", "client_credentials")];
    if !spec.scope.is_empty() {
        form.push(("scope", &spec.scope));
    }
    if let Some(resource) = &spec.resource {
        form.push(("resource", resource));
    }
    let endpoint = &spec.token_endpoint;
    let answer = post(http, spec, endpoint, Some(client_secret), form).await?;
    let tokens = token::read(answer)?;
    Ok(TokenSet {
        refresh_token: None,
        ..tokens
    })
}

/// Makes a token useless, by RFC 7009. A success does not prove that the token was known.
///
/// # Errors
/// Whatever is not a success.
pub async fn revoke(
    http: &Http,
    spec: &OauthSpec,
    client_secret: Option<&Secret>,
    endpoint: &Url,
    token: &Secret,
) -> Result<(), TokenError> {
    let form = vec![("token", token.expose())];
    let answer = post(http, spec, endpoint, client_secret, form).await?;
    match answer.status {
        200..300 => Ok(()),
        _ => Err(TokenError::Rejected(answer)),
    }
}

/// Asks whether a token is good, by RFC 7662.
///
/// # Errors
/// Whatever is not an answer to that question.
pub async fn introspect(
    http: &Http,
    spec: &OauthSpec,
    client_secret: Option<&Secret>,
    endpoint: &Url,
    token: &Secret,
) -> Result<Introspection, TokenError> {
    #[derive(Deserialize)]
    struct Said {
        active: bool,
        exp: Option<i64>,
        scope: Option<String>,
    }
    let form = vec![("token", token.expose())];
    let answer = post(http, spec, endpoint, client_secret, form).await?;
    if answer.status != 200 {
        return Err(TokenError::Rejected(answer));
    }
    let said: Said = serde_json::from_slice(&answer.body)
        .map_err(|_| TokenError::Unusable("it does not say whether the token is active".into()))?;
    Ok(Introspection {
        active: said.active,
        expires_at: said.exp.map(Wall::from_secs),
        scope: said.scope.map(|names| ScopeSet::split(&names)),
    })
}

/// Whether the token endpoint answers at all. It is asked with `GET` and without a grant, which every
/// endpoint refuses in its own way; only a 5xx or silence counts against it.
///
/// # Errors
/// No answer, or a rejection that is the 5xx answer.
pub async fn answers(http: &Http, spec: &OauthSpec) -> Result<(), TokenError> {
    let call = Call::new(Method::GET, spec.token_endpoint.clone(), spec.timeout);
    let answer = http.exchange(call).await?;
    match answer.status {
        ..500 => Ok(()),
        _ => Err(TokenError::Rejected(answer)),
    }
}

async fn post(
    http: &Http,
    spec: &OauthSpec,
    endpoint: &Url,
    client_secret: Option<&Secret>,
    mut form: Vec<(&str, &str)>,
) -> Result<OwnedAnswer, NoAnswer> {
    let mut call = Call::new(Method::POST, endpoint.clone(), spec.timeout)
        .header("accept", "application/json");
    match (client_secret, spec.client_auth) {
        (Some(secret), ClientAuth::Basic) => {
            call = call.secret_header("authorization", basic(&spec.client_id, secret));
        }
        (Some(secret), ClientAuth::Post) => {
            form.push(("client_id", &spec.client_id));
            form.push(("client_secret", secret.expose()));
        }
        (None, _) => form.push(("client_id", &spec.client_id)),
    }
    // Escaping triples a length at most; a buffer that never moves leaves no copy behind.
    let room = form.iter().map(|(k, v)| k.len() + 3 * v.len() + 2).sum();
    let text = Serializer::new(String::with_capacity(room))
        .extend_pairs(form)
        .finish();
    http.exchange(call.body("application/x-www-form-urlencoded", Secret::new(text)))
        .await
}

/// `Authorization: Basic`, both halves escaped as in a form first, by RFC 6749 section 2.3.1.
fn basic(client_id: &str, client_secret: &Secret) -> Secret {
    let mut pair = String::with_capacity(3 * (client_id.len() + client_secret.expose().len()) + 1);
    pair.extend(byte_serialize(client_id.as_bytes()));
    pair.push(':');
    pair.extend(byte_serialize(client_secret.expose().as_bytes()));
    let pair = Secret::new(pair);
    let mut header = String::with_capacity(6 + pair.expose().len().div_ceil(3) * 4);
    header.push_str("Basic ");
    STANDARD.encode_string(pair.expose(), &mut header);
    Secret::new(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_secret_with_special_characters_is_escaped_before_it_is_encoded() {
        let header = basic("my client", &Secret::new("p:s/s%ö".into()));
        let encoded = header.expose().strip_prefix("Basic ").unwrap();
        let pair = STANDARD.decode(encoded).unwrap();
        assert_eq!(pair, b"my+client:p%3As%2Fs%25%C3%B6");
    }
}
