//! What a token endpoint gives, in the shapes in which endpoints really give it.
//!
//! RFC 6749 asks for a JSON object. GitHub sends a form unless asked otherwise, and its refusals with
//! status 200; Slack refuses with `"ok": false`, also with 200, and puts a person's token one level
//! down under `authed_user`; some send lifetimes as text.

use super::TokenError;
use crate::http::OwnedAnswer;
use crate::lane::ScopeSet;
use crate::plain::Plain;
use crate::secret::Secret;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// What a refresh gave.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// The new credential.
    pub access_token: Secret,
    /// The refresh token for the next time; `None` means that the old one stays.
    pub refresh_token: Option<Secret>,
    /// How long the access token lives.
    pub expires_in: Option<Duration>,
    /// How long the refresh token lives.
    pub refresh_expires_in: Option<Duration>,
    /// What it may do; `None` means what was asked for.
    pub scope: Option<ScopeSet>,
}

/// The members that matter. One of another type than it should have counts as absent.
#[derive(Deserialize, Default)]
struct Said {
    #[serde(default, deserialize_with = "text")]
    access_token: Option<Secret>,
    #[serde(default, deserialize_with = "text")]
    refresh_token: Option<Secret>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(
        default,
        deserialize_with = "seconds",
        alias = "refresh_expires_in",
        alias = "x_refresh_token_expires_in"
    )]
    refresh_token_expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<ScopeSet>,
    #[serde(default, deserialize_with = "present")]
    error: bool,
    ok: Option<bool>,
    authed_user: Option<Box<Said>>,
}

/// Tells the tokens in an answer from a refusal.
pub(super) fn read(answer: OwnedAnswer) -> Result<TokenSet, TokenError> {
    if !(200..300).contains(&answer.status) {
        return Err(TokenError::Rejected(answer));
    }
    let said = from_json(&answer.body).or_else(|| from_form(&answer));
    let Some(said) = said else {
        return Err(TokenError::Unusable(Plain::new(&format!(
            "status {}, {}, neither a JSON object nor a form",
            answer.status,
            answer.header("content-type").unwrap_or("no content type")
        ))));
    };
    if said.error || said.ok == Some(false) {
        return Err(TokenError::Rejected(answer));
    }
    let (outer_scope, said) = match said {
        Said {
            access_token: None,
            authed_user: Some(user),
            scope,
            ..
        } => (scope, *user),
        flat => (None, flat),
    };
    let usable = |token: &Secret| !token.is_empty();
    let Some(access_token) = said.access_token.filter(usable) else {
        return Err(TokenError::Unusable(
            "it is a success without an access token".into(),
        ));
    };
    Ok(TokenSet {
        access_token,
        refresh_token: said.refresh_token.filter(usable),
        expires_in: said.expires_in,
        refresh_expires_in: said.refresh_token_expires_in,
        scope: said.scope.or(outer_scope),
    })
}

fn from_json(body: &[u8]) -> Option<Said> {
    serde_json::from_slice(body).ok()
}

/// A form says that it is one: any text at all can be read as a form.
fn from_form(answer: &OwnedAnswer) -> Option<Said> {
    let kind = answer.header("content-type")?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let mut said = Said::default();
    for (name, value) in url::form_urlencoded::parse(&answer.body) {
        match &*name {
            "access_token" => said.access_token = Some(Secret::new(value.into_owned())),
            "refresh_token" => said.refresh_token = Some(Secret::new(value.into_owned())),
            "expires_in" => said.expires_in = seconds_of(&value),
            "refresh_token_expires_in" => said.refresh_token_expires_in = seconds_of(&value),
            "scope" => said.scope = Some(ScopeSet::split(&value)),
            "error" => said.error = true,
            _ => {}
        }
    }
    Some(said)
}

/// A number of seconds, whole or not, that a clock can bear.
fn seconds_of(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Any JSON value, told apart by what can be made of it. Text goes into a [`Secret`] at once.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Text(SecretText),
    Number(f64),
    List(Vec<String>),
    Null(()),
    Other(serde::de::IgnoredAny),
}

struct SecretText(Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Secret::new(text)))
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::Text(text) => Some(text.0),
        _ => None,
    })
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::Text(text) => seconds_of(text.0.expose()),
        Loose::Number(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        _ => None,
    })
}

fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ScopeSet>, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::Text(text) => Some(ScopeSet::split(text.0.expose())),
        Loose::List(names) => Some(ScopeSet::new(names)),
        _ => None,
    })
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(!matches!(Loose::deserialize(from)?, Loose::Null(())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn answer(status: u16, kind: &str, body: &str) -> OwnedAnswer {
        OwnedAnswer {
            status,
            headers: vec![("content-type".into(), kind.into())],
            body: Zeroizing::new(body.as_bytes().to_vec()),
            cut: false,
            took: Duration::ZERO,
        }
    }

    fn json(body: &str) -> Result<TokenSet, TokenError> {
        read(answer(200, "application/json", body))
    }

    #[test]
    fn a_form_answer_is_read_like_a_json_one() {
        let form = "access_token=ghu_a%2Bb&expires_in=28800&refresh_token=ghr_c&scope=&token_type=bearer\
                    &refresh_token_expires_in=15811200";
        let set = read(answer(
            200,
            "application/x-www-form-urlencoded; charset=utf-8",
            form,
        ))
        .unwrap();
        assert_eq!(set.access_token.expose(), "ghu_a+b");
        assert_eq!(set.expires_in, Some(Duration::from_secs(28_800)));
        assert_eq!(set.refresh_token.unwrap().expose(), "ghr_c");
        assert_eq!(
            set.refresh_expires_in,
            Some(Duration::from_secs(15_811_200))
        );
    }

    #[test]
    fn a_refusal_with_status_200_is_a_refusal() {
        let github = "error=bad_refresh_token&error_description=incorrect+or+expired";
        let form = "application/x-www-form-urlencoded";
        for refused in [
            json(r#"{"error":"bad_refresh_token","error_description":"x"}"#),
            json(r#"{"ok":false,"error":"invalid_refresh_token"}"#),
            json(r#"{"ok":false}"#),
            read(answer(200, form, github)),
            read(answer(
                400,
                "application/json",
                r#"{"error":"invalid_grant"}"#,
            )),
        ] {
            assert!(matches!(refused, Err(TokenError::Rejected(_))));
        }
    }

    #[test]
    fn slack_keeps_a_persons_token_one_level_down() {
        let set = json(
            r#"{"ok":true,"authed_user":{"id":"U1","access_token":"xoxe.xoxp-1","refresh_token":"xoxe-1",
                "expires_in":43200,"scope":"chat:write,users:read"}}"#,
        )
        .unwrap();
        assert_eq!(set.access_token.expose(), "xoxe.xoxp-1");
        assert_eq!(set.expires_in, Some(Duration::from_secs(43_200)));
        assert_eq!(set.scope, Some(ScopeSet::new(["chat:write", "users:read"])));
    }

    #[test]
    fn odd_types_cost_only_the_member_that_has_them() {
        let set = json(
            r#"{"access_token":"a","refresh_token":null,"expires_in":"3599","scope":["x","y"],"error":null,
                "refresh_expires_in":{"s":1}}"#,
        )
        .unwrap();
        assert!(set.refresh_token.is_none() && set.refresh_expires_in.is_none());
        assert_eq!(set.expires_in, Some(Duration::from_secs(3599)));
        assert_eq!(set.scope, Some(ScopeSet::new(["x", "y"])));
        let mad = json(r#"{"access_token":"a","expires_in":-1}"#).unwrap();
        assert_eq!(mad.expires_in, None);
        let huge = json(r#"{"access_token":"a","expires_in":1e300}"#).unwrap();
        assert_eq!(huge.expires_in, None);
    }

    #[test]
    fn a_success_without_a_token_is_unusable_and_quotes_nothing() {
        for body in [
            r#"{"access_token":""}"#,
            "{}",
            r#"{"access_token":7}"#,
            "<html>canary",
            "[\"canary\"]",
        ] {
            let Err(TokenError::Unusable(why)) = json(body) else {
                panic!("{body} was used");
            };
            assert!(!why.as_str().contains("canary"));
        }
    }
}
