//! How lanewatch is known to an OpenBao: a token of its own, or one that a role gives.
//!
//! A role's token is kept until shortly before its end and then replaced by a new login, one at a time
//! however many lanes ask; [`super::tend`] renews it long before that. When a token is refused,
//! `lookup-self` tells what was refused: a dead token may not even look at itself, so a role logs in
//! again; a living one may, so it is the path that the policy forbids, and a new login would change
//! nothing.

use super::answer::{json, malformed, refusal};
use super::{JSON, OpenBao};
use crate::http::{Call, Method, OwnedAnswer};
use crate::manifest::{OpenBaoAuth, SecretFrom};
use crate::plain::Plain;
use crate::secret::Secret;
use crate::store::error::without;
use crate::store::fields::to_json;
use crate::store::file::{aside, read_private};
use crate::store::{StoreError, env};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A role's token is replaced when less than a tenth of its life is left, and this much at most.
const REPLACE_BEFORE: Duration = Duration::from_secs(30);

/// How a role's last login ended.
#[derive(Default)]
pub(super) struct Login(pub(super) Mutex<Last>);

#[derive(Default)]
pub(super) struct Last {
    pub(super) token: Option<Token>,
    /// Shared with everybody who waited for it, or a server that hangs would keep them waiting one
    /// after the other.
    failure: Option<(Instant, StoreError)>,
    count: u64,
}

#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Secret,
    /// Numbers the tokens, so that of many lanes whose token died only the first logs in again, and
    /// so that a lease knows which token it hangs on.
    pub(super) number: u64,
    /// What the server has said of its life; `None` for one that nobody here has asked about.
    pub(super) term: Option<Term>,
}

/// How long a token lives.
#[derive(Clone, Copy)]
pub(super) enum Term {
    /// For ever.
    Endless,
    /// Until it ends.
    Until(Life),
}

/// A life that ends.
#[derive(Clone, Copy)]
pub(super) struct Life {
    /// When, unless somebody renews it.
    pub(super) ends_at: Instant,
    /// How long it was when it was last given or renewed.
    pub(super) span: Duration,
    /// The longest that it ever was: a renewal that gives much less is among the last.
    pub(super) first: Duration,
    /// Whether it can be renewed.
    pub(super) renewable: bool,
}

impl Term {
    /// From what the server says: no seconds at all mean a token without an end.
    pub(super) fn new(asked: Instant, seconds: u64, first: u64, renewable: bool) -> Self {
        let (span, first) = (Duration::from_secs(seconds), Duration::from_secs(first));
        match asked.checked_add(span) {
            Some(ends_at) if !span.is_zero() => Self::Until(Life {
                ends_at,
                span,
                first,
                renewable,
            }),
            _ => Self::Endless,
        }
    }
}

impl Token {
    pub(super) const fn life(&self) -> Option<&Life> {
        match &self.term {
            Some(Term::Until(life)) => Some(life),
            _ => None,
        }
    }

    /// How long it lives from now, if it ends and that is known.
    pub(super) fn left(&self) -> Option<Duration> {
        let life = self.life()?;
        Some(life.ends_at.saturating_duration_since(Instant::now()))
    }

    /// Whether so little is left that a request might come too late with it.
    fn is_nearly_over(&self) -> bool {
        let Some((life, left)) = self.life().zip(self.left()) else {
            return false;
        };
        left <= (life.span / 10).min(REPLACE_BEFORE)
    }
}

impl OpenBao {
    /// Sends the call with a token that is good, as far as can be known, and answers everything but a
    /// 403, which is explained. The token comes back too, to be cut out of whatever the answer says.
    pub(super) async fn ask(
        &self,
        call: impl Fn() -> Call,
    ) -> Result<(OwnedAnswer, Secret), StoreError> {
        let (answer, token) = self.ask_known(call).await?;
        Ok((answer, token.text))
    }

    /// The same, with all that is known of the token.
    pub(super) async fn ask_known(
        &self,
        call: impl Fn() -> Call,
    ) -> Result<(OwnedAnswer, Token), StoreError> {
        let token = self.token(None).await?;
        let first = call();
        let changes = first.method != Method::GET;
        let sent = |error: StoreError| {
            if changes {
                error.after_sending()
            } else {
                error
            }
        };
        let answer = self.send(first, Some(&token.text)).await.map_err(sent)?;
        if answer.status != 403 {
            return Ok((answer, token));
        }
        if self.is_alive(&token).await? {
            return Err(denied(&answer, &token));
        }
        let next = self.token(Some(&token)).await?;
        let answer = self.send(call(), Some(&next.text)).await.map_err(sent)?;
        match answer.status {
            403 => Err(denied(&answer, &next)),
            _ => Ok((answer, next)),
        }
    }

    /// The token to use; after one was found `dead`, another one.
    pub(super) async fn token(&self, dead: Option<&Token>) -> Result<Token, StoreError> {
        match &self.spec.auth {
            OpenBaoAuth::Token(from) => {
                let text = own(from).await?;
                if dead.is_some_and(|dead| dead.text.expose() == text.expose()) {
                    return Err(given_is_dead(from));
                }
                Ok(self.given(text).await)
            }
            OpenBaoAuth::AppRole {
                mount,
                role_id,
                secret_id,
            } => {
                let asked = Instant::now();
                let mut last = self.login.0.lock().await;
                if let Some(token) = &last.token
                    && dead.is_none_or(|dead| dead.number != token.number)
                    && !token.is_nearly_over()
                {
                    return Ok(token.clone());
                }
                if let Some((at, error)) = &last.failure
                    && *at > asked
                {
                    return Err(error.clone());
                }
                last.token = None;
                last.count += 1;
                let token = self.log_in(mount, role_id, secret_id, last.count).await;
                match &token {
                    Ok(token) => last.token = Some(token.clone()),
                    Err(error) => last.failure = Some((Instant::now(), error.clone())),
                }
                token
            }
        }
    }

    /// A token that somebody put into its place, with what is known of it if it is the same as before.
    async fn given(&self, text: Secret) -> Token {
        let mut last = self.login.0.lock().await;
        if let Some(known) = &last.token
            && known.text.expose() == text.expose()
        {
            return known.clone();
        }
        last.count += 1;
        let token = Token {
            text,
            number: last.count,
            term: None,
        };
        last.token = Some(token.clone());
        token
    }

    /// Takes the place of the token that was in use, unless somebody else has replaced that.
    pub(super) async fn replace(&self, old: &Token, mut new: Token) -> Token {
        let mut last = self.login.0.lock().await;
        match &last.token {
            Some(other) if other.number != old.number => other.clone(),
            _ => {
                if new.text.expose() != old.text.expose() {
                    last.count += 1;
                    new.number = last.count;
                }
                last.token = Some(new.clone());
                new
            }
        }
    }

    pub(super) async fn log_in(
        &self,
        mount: &str,
        role_id: &SecretFrom,
        secret_id: &SecretFrom,
        number: u64,
    ) -> Result<Token, StoreError> {
        #[derive(Serialize)]
        struct Ids<'a> {
            role_id: &'a str,
            secret_id: &'a str,
        }
        let (role_id, secret_id) = (own(role_id).await?, own(secret_id).await?);
        let body = to_json(&Ids {
            role_id: role_id.expose(),
            secret_id: secret_id.expose(),
        })?;
        let url = self.url(["auth", mount, "login"])?;
        let asked = Instant::now();
        let call = Call::new(Method::POST, url, self.spec.timeout).body(JSON, body);
        let answer = self.send(call, None).await?;
        match answer.status {
            200 => {
                let Granted { auth } = json(&answer).ok_or_else(|| malformed(&answer))?;
                let life = auth.lease_duration;
                Ok(Token {
                    text: auth.client_token,
                    number,
                    term: Some(Term::new(asked, life, life, auth.renewable)),
                })
            }
            status => Err(match refusal(&answer, [&role_id, &secret_id]) {
                StoreError::Failing { detail, .. } | StoreError::Denied(detail) if status < 500 => {
                    StoreError::LoginRefused(Plain::new(&format!("login at {mount}: {detail}")))
                }
                other => other,
            }),
        }
    }

    /// Whether the server still knows the token. Only a refusal says that it does not.
    async fn is_alive(&self, token: &Token) -> Result<bool, StoreError> {
        Ok(self.look_at(token).await?.is_some())
    }

    /// What the server says of the token's life; `None` if it does not know the token.
    pub(super) async fn look_at(&self, token: &Token) -> Result<Option<Term>, StoreError> {
        #[derive(Deserialize)]
        struct Looked {
            data: About,
        }
        #[derive(Deserialize)]
        struct About {
            #[serde(default)]
            ttl: u64,
            expire_time: Option<String>,
            #[serde(default)]
            renewable: bool,
        }
        let url = self.url(["auth", "token", "lookup-self"])?;
        let asked = Instant::now();
        let call = Call::new(Method::GET, url, self.spec.timeout);
        let answer = self.send(call, Some(&token.text)).await?;
        match answer.status {
            200 => {
                let Some(Looked { data }) = json(&answer) else {
                    return Err(malformed(&answer));
                };
                // Less than a second is told as none, and none is told of a token without an end.
                let left = data.ttl.max(u64::from(data.expire_time.is_some()));
                Ok(Some(Term::new(asked, left, left, data.renewable)))
            }
            403 => Ok(None),
            _ => Err(refusal(&answer, [&token.text])),
        }
    }
}

/// What a login and a renewal of a token answer.
#[derive(Deserialize)]
pub(super) struct Granted {
    pub(super) auth: Auth,
}

#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(deserialize_with = "secret")]
    pub(super) client_token: Secret,
    pub(super) lease_duration: u64,
    #[serde(default)]
    pub(super) renewable: bool,
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

fn denied(answer: &OwnedAnswer, token: &Token) -> StoreError {
    match refusal(answer, [&token.text]) {
        StoreError::Denied(said) => StoreError::Denied(without(
            &format!("the token is good, and its policies do not cover this path ({said})"),
            [],
        )),
        other => other,
    }
}

/// The sentence on a token of ours that the server does not know.
pub(super) fn given_is_dead(from: &SecretFrom) -> StoreError {
    StoreError::LoginRefused(Plain::new(&format!(
        "the token in {} is expired, revoked or unknown",
        place(from)
    )))
}

/// One of lanewatch's own secrets. It is read anew every time, so that a renewed one is taken up.
async fn own(from: &SecretFrom) -> Result<Secret, StoreError> {
    let read = match from {
        SecretFrom::Env(name) => env::variable(name),
        SecretFrom::File(file) => {
            let file = file.clone();
            aside(move || read_private(&file).map(|(secret, _)| secret)).await
        }
    };
    read.map_err(|error| match error {
        StoreError::BadMode { .. } => error,
        other => StoreError::LoginRefused(Plain::new(&format!(
            "its own secret in {} cannot be read: {other}",
            place(from)
        ))),
    })
}

pub(super) fn place(from: &SecretFrom) -> String {
    match from {
        SecretFrom::Env(name) => format!("the variable {name}"),
        SecretFrom::File(file) => file.display().to_string(),
    }
}
