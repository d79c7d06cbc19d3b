//! Secrets that an OpenBao makes on demand and takes back: dynamic secrets, each under a lease.
//!
//! Reading such a path makes a new credential every time, so it is read only when a new one is wanted.
//! What a lease's end is, is decided in three places: by its own time to live, by the maximum that no
//! renewal exceeds (a renewal then gives less than was asked for), and by the token that asked for it,
//! with which every lease dies that hangs on it.

use super::answer::{json, malformed, refusal, says};
use super::login::Token;
use super::{Fields, JSON, OpenBao, to_json};
use crate::http::{Call, Method, OwnedAnswer};
use crate::plain::Plain;
use crate::secret::Secret;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;

/// One lease, as its store knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    id: String,
    /// The number of the token that it dies with.
    token: u64,
    /// Whether the store says that it can be renewed.
    pub renewable: bool,
    /// How long it lived at first.
    pub first: Duration,
}

/// A credential that was made for us.
pub struct Leased {
    /// Its lease.
    pub lease: Lease,
    /// The field that was asked for; without one, all of it as a JSON object.
    pub secret: Secret,
    /// How long it lives from when it was asked for.
    pub lives: Duration,
}

/// What a renewal gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaseTerm {
    /// It lives this much longer, from when it was asked.
    Lives(Duration),
    /// The store no longer knows the lease: it has ended or was revoked.
    Gone,
    /// Nothing will prolong it: it hangs on a token that was replaced. A new one has to be issued.
    Orphaned,
}

/// What became of a wish to revoke.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaseEnd {
    /// The credential is of no use any more.
    Revoked,
    /// The store has taken the wish and goes on trying: what made the credential is down.
    Queued,
}

#[derive(Deserialize)]
struct Made<'a> {
    lease_id: String,
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Wish<'a> {
    lease_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    increment: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<bool>,
}

impl OpenBao {
    /// Has a new credential made by the engine at `path`, which begins with the engine's mount.
    ///
    /// # Errors
    /// Why there is none. One whose answer was lost dies with its lease and serves nobody.
    pub async fn issue(&self, path: &str, field: Option<&str>) -> Result<Leased, StoreError> {
        let url = self.url([path.trim_matches('/')])?;
        let call = || Call::new(Method::GET, url.clone(), self.spec.timeout);
        let (answer, token) = self.ask_known(call).await?;
        match answer.status {
            200 => {}
            404 => {
                let at = format!("{path}: no such role or engine");
                return Err(StoreError::NotFound(Plain::new(&at)));
            }
            _ => return Err(refusal(&answer, [&token.text])),
        }
        let made: Made<'_> =
            serde_json::from_slice(&answer.body).map_err(|_| malformed(&answer))?;
        if made.lease_id.is_empty() {
            let text = format!("{path} gives no lease: read it as a secret, not as a lease");
            return Err(StoreError::Unusable(Plain::new(&text)));
        }
        let secret = match field {
            None => Secret::new(made.data.get().to_owned()),
            Some(field) => {
                let fields = Fields::parse(made.data.get()).ok_or_else(|| malformed(&answer))?;
                let mut all = fields.secrets(Some(field))?;
                let found = all.remove(field);
                found.ok_or_else(|| malformed(&answer))?
            }
        };
        Ok(Leased {
            lives: bounded(made.lease_duration, &token),
            lease: Lease {
                id: made.lease_id,
                token: token.number,
                renewable: made.renewable,
                first: Duration::from_secs(made.lease_duration),
            },
            secret,
        })
    }

    /// Asks for a longer life. Near its maximum a lease is given less than was asked for.
    ///
    /// # Errors
    /// Why it was not answered. The lease is as good as before.
    pub async fn renew_lease(
        &self,
        lease: &Lease,
        increment: Duration,
    ) -> Result<LeaseTerm, StoreError> {
        #[derive(Deserialize)]
        struct Renewed {
            lease_duration: u64,
        }
        // What hangs on another token ends with that one, whatever a renewal says.
        if self.token(None).await?.number != lease.token {
            return Ok(LeaseTerm::Orphaned);
        }
        let (answer, token) = self.wish("renew", lease, Some(increment), None).await?;
        match answer.status {
            200 => {
                let Some(Renewed { lease_duration }) = json(&answer) else {
                    return Err(malformed(&answer));
                };
                Ok(LeaseTerm::Lives(bounded(lease_duration, &token)))
            }
            400 if says(&answer, "lease not found") || says(&answer, "invalid lease") => {
                Ok(LeaseTerm::Gone)
            }
            _ => Err(refusal(&answer, [&token.text])),
        }
    }

    /// How long the lease lives.
    ///
    /// # Errors
    /// Why it was not answered.
    pub async fn look_up_lease(&self, lease: &Lease) -> Result<LeaseTerm, StoreError> {
        #[derive(Deserialize)]
        struct Looked {
            data: About,
        }
        #[derive(Deserialize)]
        struct About {
            ttl: i64,
        }
        let (answer, token) = self.wish("lookup", lease, None, None).await?;
        match answer.status {
            200 => {
                let Some(Looked { data }) = json(&answer) else {
                    return Err(malformed(&answer));
                };
                Ok(match u64::try_from(data.ttl) {
                    Ok(ttl) if token.number == lease.token => {
                        LeaseTerm::Lives(bounded(ttl, &token))
                    }
                    Ok(ttl) => LeaseTerm::Lives(Duration::from_secs(ttl)),
                    // It has ended, and is about to be taken away.
                    Err(_) => LeaseTerm::Gone,
                })
            }
            400 if says(&answer, "invalid lease") => Ok(LeaseTerm::Gone),
            _ => Err(refusal(&answer, [&token.text])),
        }
    }

    /// Takes the credential back before its end.
    ///
    /// # Errors
    /// Why that may not have happened. It may be asked for again.
    pub async fn revoke_lease(&self, lease: &Lease) -> Result<LeaseEnd, StoreError> {
        let (answer, token) = self.wish("revoke", lease, None, Some(true)).await?;
        match answer.status {
            200..300 => return Ok(LeaseEnd::Revoked),
            400 if says(&answer, "invalid lease") || says(&answer, "lease not found") => {
                return Ok(LeaseEnd::Revoked);
            }
            // What made it is down: the store takes the wish, and goes on trying by itself.
            400 => {}
            _ => return Err(refusal(&answer, [&token.text])),
        }
        let (answer, token) = self.wish("revoke", lease, None, Some(false)).await?;
        match answer.status {
            200..300 => Ok(LeaseEnd::Queued),
            _ => Err(refusal(&answer, [&token.text])),
        }
    }

    async fn wish(
        &self,
        what: &str,
        lease: &Lease,
        increment: Option<Duration>,
        sync: Option<bool>,
    ) -> Result<(OwnedAnswer, Token), StoreError> {
        let url = self.url(["sys", "leases", what])?;
        let body = to_json(&Wish {
            lease_id: &lease.id,
            increment: increment.map(|span| span.as_secs()),
            sync,
        })?;
        let call =
            || Call::new(Method::PUT, url.clone(), self.spec.timeout).body(JSON, body.clone());
        self.ask_known(call).await
    }
}

/// A life in seconds, which the end of its token cuts short.
fn bounded(seconds: u64, token: &Token) -> Duration {
    let own = Duration::from_secs(seconds);
    token.left().map_or(own, |left| own.min(left))
}
