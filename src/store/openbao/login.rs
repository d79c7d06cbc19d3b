//! How lanewatch is known to an OpenBao: a token of its own, or one that a role gives.
//!
//! A role's token is kept until shortly before its end and then replaced by a new login, one at a time
//! however many lanes ask. When a token is refused, `lookup-self` tells what was refused: a dead token
//! may not even look at itself, so a role logs in again; a living one may, so it is the path that the
//! policy forbids, and a new login would change nothing.

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
pub(super) struct Login(Mutex<Last>);

#[derive(Default)]
struct Last {
    token: Option<Token>,
    /// Shared with everybody who waited for it, or a server that hangs would keep them waiting one
    /// after the other.
    failure: Option<(Instant, StoreError)>,
    count: u64,
}

#[derive(Clone)]
struct Token {
    text: Secret,
    /// Numbers the logins, so that of many lanes whose token died only the first logs in again.
    number: u64,
    /// `None` for one that does not end, and for one that nobody here has asked for.
    replace_at: Option<Instant>,
}

impl OpenBao {
    /// Sends the call with a token that is good, as far as can be known, and answers everything but a
    /// 403, which is explained. The token comes back too, to be cut out of whatever the answer says.
    pub(super) async fn ask(
        &self,
        call: impl Fn() -> Call,
    ) -> Result<(OwnedAnswer, Secret), StoreError> {
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
            return Ok((answer, token.text));
        }
        if self.is_alive(&token).await? {
            return Err(denied(&answer, &token));
        }
        let next = self.token(Some(&token)).await?;
        let answer = self.send(call(), Some(&next.text)).await.map_err(sent)?;
        match answer.status {
            403 => Err(denied(&answer, &next)),
            _ => Ok((answer, next.text)),
        }
    }

    /// The token to use; after one was found `dead`, another one.
    async fn token(&self, dead: Option<&Token>) -> Result<Token, StoreError> {
        match &self.spec.auth {
            OpenBaoAuth::Token(from) => {
                let text = own(from).await?;
                if dead.is_some_and(|dead| dead.text.expose() == text.expose()) {
                    return Err(StoreError::LoginRefused(Plain::new(&format!(
                        "the token in {} is expired, revoked or unknown",
                        place(from)
                    ))));
                }
                Ok(Token {
                    text,
                    number: 0,
                    replace_at: None,
                })
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
                    && token.replace_at.is_none_or(|at| Instant::now() < at)
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

    async fn log_in(
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
        #[derive(Deserialize)]
        struct Answer {
            auth: Auth,
        }
        #[derive(Deserialize)]
        struct Auth {
            client_token: String,
            lease_duration: u64,
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
                let Answer { auth } = json(&answer).ok_or_else(|| malformed(&answer))?;
                let life = Duration::from_secs(auth.lease_duration);
                let early = (life / 10).min(REPLACE_BEFORE);
                Ok(Token {
                    text: Secret::new(auth.client_token),
                    number,
                    replace_at: (!life.is_zero())
                        .then(|| asked.checked_add(life.saturating_sub(early)))
                        .flatten(),
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
        let url = self.url(["auth", "token", "lookup-self"])?;
        let call = Call::new(Method::GET, url, self.spec.timeout);
        let answer = self.send(call, Some(&token.text)).await?;
        match answer.status {
            200 => Ok(true),
            403 => Ok(false),
            _ => Err(refusal(&answer, [&token.text])),
        }
    }
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

fn place(from: &SecretFrom) -> String {
    match from {
        SecretFrom::Env(name) => format!("the variable {name}"),
        SecretFrom::File(file) => file.display().to_string(),
    }
}
