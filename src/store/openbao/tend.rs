//! Lanewatch's own token is kept alive, so that no store fails because of it.
//!
//! Two thirds into its life a token is renewed. A renewal that gives much less than the first life is
//! one of the last, because no token outlives its maximum: a role then logs in anew while the old
//! token still lives, so that nobody notices, and what hangs on the old one is issued again before it
//! ends. A token that somebody gave us cannot be replaced by us: that it will end is said in time.

use super::answer::{json, malformed, refusal};
use super::login::{Granted, Life, Term, Token, given_is_dead, place};
use super::{JSON, OpenBao};
use crate::http::{Call, Method};
use crate::manifest::OpenBaoAuth;
use crate::plain::Plain;
use crate::secret::Secret;
use crate::store::StoreError;
use std::time::Duration;
use tokio::time::Instant;

/// How often a token that needs nothing is looked at: a token in a file may have been replaced.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The soonest that it is looked at again.
const LOOK_LEAST: Duration = Duration::from_millis(250);

/// What was done for lanewatch's own login, and what is known of it now.
#[derive(Clone, Debug)]
pub struct Tended {
    /// What happened.
    pub news: LoginNews,
    /// How long the token lives from now; `None` for one without an end, or if that is not known.
    pub ends_in: Option<Duration>,
    /// When to look again.
    pub again_in: Duration,
}

/// What happened to lanewatch's own login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginNews {
    /// Nothing: it is good, and needs nothing yet.
    Steady,
    /// The token was renewed.
    Renewed,
    /// A new token took the place of the old one.
    LoggedIn,
    /// The token will end, and only a person can bring another: the sentence says where.
    Ending(Plain),
    /// The login could not be kept up; the token, if there is one, is as good as before.
    Failed(StoreError),
}

impl OpenBao {
    /// Does what the login needs now: a first login, a renewal, a new login, or nothing.
    pub async fn tend(&self) -> Tended {
        let token = match self.token(None).await {
            Ok(token) => token,
            Err(error) => return Tended::failed(error, None),
        };
        // A role's first token comes from the login just made, or from a lane that was sooner.
        let token = match token.term {
            Some(_) if token.left() != Some(Duration::ZERO) => token,
            _ => match self.learn(token).await {
                Ok(token) => token,
                Err(error @ StoreError::LoginRefused(_)) => return Tended::failed(error, None),
                Err(error) if error.is_outage() => return Tended::failed(error, None),
                // A server that does not answer that question has not refused the token.
                Err(_) => return Tended::unknown(),
            },
        };
        let Some(life) = token.life().copied() else {
            return Tended::of(LoginNews::Steady, &token);
        };
        if !life.is_due() {
            return Tended::of(self.ending(&life).unwrap_or(LoginNews::Steady), &token);
        }
        let renewed = match life.renewable {
            true => self.renew(&token, &life).await,
            false => Ok(None),
        };
        match renewed {
            Ok(Some(token)) if token.life().is_none_or(Life::is_long) => {
                Tended::of(LoginNews::Renewed, &token)
            }
            Ok(other) => self.log_in_anew(other.unwrap_or(token)).await,
            Err(error) => Tended::failed(error, Some(&token)),
        }
    }

    /// Asks what the life of a token is that somebody gave us.
    async fn learn(&self, token: Token) -> Result<Token, StoreError> {
        match (self.look_at(&token).await?, &self.spec.auth) {
            (Some(term), _) => {
                let term = Some(term);
                Ok(self.replace(&token.clone(), Token { term, ..token }).await)
            }
            (None, OpenBaoAuth::Token(from)) => Err(given_is_dead(from)),
            (None, OpenBaoAuth::AppRole { .. }) => self.token(Some(&token)).await,
        }
    }

    /// A longer life for the token; `None` if the server does not give one to it.
    async fn renew(&self, token: &Token, life: &Life) -> Result<Option<Token>, StoreError> {
        let url = self.url(["auth", "token", "renew-self"])?;
        let asked = Instant::now();
        let call = Call::new(Method::POST, url, self.spec.timeout)
            .body(JSON, Secret::new("{}".to_owned()));
        let answer = self.send(call, Some(&token.text)).await?;
        match answer.status {
            200 => {
                let Granted { auth } = json(&answer).ok_or_else(|| malformed(&answer))?;
                let first = life.first.as_secs().max(auth.lease_duration);
                let term = Term::new(asked, auth.lease_duration, first, auth.renewable);
                let renewed = Token {
                    term: Some(term),
                    ..token.clone()
                };
                Ok(Some(self.replace(token, renewed).await))
            }
            // It says no, to this token or to this request: another token may do better.
            400 | 403 => Ok(None),
            _ => Err(refusal(&answer, [&token.text])),
        }
    }

    async fn log_in_anew(&self, token: Token) -> Tended {
        let OpenBaoAuth::AppRole {
            mount,
            role_id,
            secret_id,
        } = &self.spec.auth
        else {
            let life = token.life();
            let news = life.and_then(|life| {
                self.ending(&Life {
                    renewable: false,
                    ..*life
                })
            });
            return Tended::of(news.unwrap_or(LoginNews::Steady), &token);
        };
        // The old token goes on serving meanwhile: nobody waits for this login.
        match self.log_in(mount, role_id, secret_id, token.number).await {
            Ok(new) => {
                let token = self.replace(&token, new).await;
                Tended::of(LoginNews::LoggedIn, &token)
            }
            Err(error) => Tended::failed(error, Some(&token)),
        }
    }

    /// The sentence on a given token whose end nobody here can put off.
    fn ending(&self, life: &Life) -> Option<LoginNews> {
        let OpenBaoAuth::Token(from) = &self.spec.auth else {
            return None;
        };
        let stays = life.renewable && life.is_long();
        (!stays).then(|| {
            LoginNews::Ending(Plain::new(&format!(
                "the token in {} cannot be renewed beyond its end: put another one there",
                place(from)
            )))
        })
    }
}

impl Life {
    /// Whether two thirds of it are over.
    fn is_due(&self) -> bool {
        self.ends_at.saturating_duration_since(Instant::now()) <= self.span / 3
    }

    /// Whether it is worth another renewal.
    fn is_long(&self) -> bool {
        self.span > self.first / 2
    }
}

impl Tended {
    fn of(news: LoginNews, token: &Token) -> Self {
        let ends_in = token.left();
        let due = token.life().zip(ends_in).map(|(life, left)| {
            let last = matches!(news, LoginNews::Ending(_));
            if last {
                left
            } else {
                left.saturating_sub(life.span / 3)
            }
        });
        Self {
            news,
            ends_in,
            again_in: due.unwrap_or(LOOK_EVERY).clamp(LOOK_LEAST, LOOK_EVERY),
        }
    }

    const fn unknown() -> Self {
        Self {
            news: LoginNews::Steady,
            ends_in: None,
            again_in: LOOK_EVERY,
        }
    }

    fn failed(error: StoreError, token: Option<&Token>) -> Self {
        let ends_in = token.and_then(Token::left);
        let soon = ends_in.map_or(LOOK_EVERY / 6, |left| left / 6);
        Self {
            news: LoginNews::Failed(error),
            ends_in,
            again_in: soon.clamp(LOOK_LEAST, LOOK_EVERY),
        }
    }
}
