//! What an API knows of a caller before it answers: who, whether the token is good, and in what
//! mood the account's provider is.

use super::drill::Drill;
use super::grant::within;
use super::seed::Face;
use super::world::{Id, Use, World};
use crate::lane::Wall;
use crate::secret::Secret;
use std::collections::BTreeSet;

/// How long a drilled rate limit asks a caller to wait, in seconds.
pub(super) const THROTTLE_SECS: u64 = 15;

/// What a token turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// None was shown.
    Absent,
    /// It was never given out, or not by this provider.
    Unknown,
    Expired,
    Revoked,
    Good,
}

/// One caller, as an API sees it.
pub(super) struct Visit {
    pub(super) now: Wall,
    pub(super) standing: Standing,
    /// Whose the token is or was.
    pub(super) account: Option<Id>,
    pub(super) scopes: BTreeSet<String>,
    pub(super) born: Wall,
    pub(super) ends: Option<Wall>,
    /// The token as Stripe repeats it: its kind, stars, and the last four letters.
    pub(super) redacted: String,
    /// Seconds to wait, if the provider has had enough of this caller.
    pub(super) limited: Option<u64>,
    /// Whether a gateway in front of the API has lost it.
    pub(super) outage: bool,
    /// Requests of this account so far.
    pub(super) requests: u64,
    /// Twenty-four letters and digits of no meaning.
    pub(super) request_id: String,
}

impl Visit {
    /// Whether a call that needs any one of these may be made; one that needs none always may.
    pub(super) fn covers(&self, any_of: &[&str]) -> bool {
        any_of.is_empty() || any_of.iter().any(|scope| self.scopes.contains(*scope))
    }

    /// The scopes, written with that between them.
    pub(super) fn scopes_by(&self, between: &str) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        scopes.join(between)
    }
}

impl World {
    /// Looks at the caller that shows `token` at `face`.
    pub(super) fn visit(&mut self, face: Face, token: Option<&Secret>, now: Wall) -> Visit {
        self.keep(now);
        let mut visit = Visit {
            now,
            standing: Standing::Absent,
            account: None,
            scopes: BTreeSet::new(),
            born: now,
            ends: None,
            redacted: token.map(redact).unwrap_or_default(),
            limited: None,
            outage: false,
            requests: 0,
            request_id: self.letters(24),
        };
        let Some(shown) = token else { return visit };
        visit.standing = Standing::Unknown;
        let print = self.print(shown);
        let Some(token) = self.tokens.get(&print) else {
            return visit;
        };
        let Some(account) = self.accounts.get_mut(token.account) else {
            return visit;
        };
        if account.seed.face != face || token.used_for == Use::Refresh {
            return visit;
        }
        account.requests = account.requests.saturating_add(1);
        visit.standing = if token.revoked {
            Standing::Revoked
        } else if token.has_ended(now) {
            Standing::Expired
        } else {
            Standing::Good
        };
        visit.account = Some(token.account);
        visit.scopes = within(&account.scopes(), token.only.as_ref());
        visit.born = token.born;
        visit.ends = token.ends;
        visit.limited = account.limited_for(self.started, now);
        visit.outage = account.drills.contains(&Drill::Outage);
        visit.requests = account.requests;
        visit
    }

    /// Whether the holder of that token has to wait for an answer.
    pub(super) fn is_slow(&self, token: &Secret) -> bool {
        let token = self.tokens.get(&self.print(token));
        token
            .and_then(|token| self.accounts.get(token.account))
            .is_some_and(|account| account.drills.contains(&Drill::Slow))
    }
}

fn redact(token: &Secret) -> String {
    let text: Vec<char> = token.expose().chars().collect();
    if text.len() < 16 {
        return "*".repeat(text.len());
    }
    let head: String = text.iter().take(8).collect();
    let tail: String = text.iter().skip(text.len() - 4).collect();
    format!("{head}{}{tail}", "*".repeat(text.len() - 12))
}
