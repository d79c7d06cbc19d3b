//! What an OAuth grant can do: be exchanged, be looked at, be revoked, and die of a replay.
//!
//! Refresh tokens are single-use. One that comes back a second time means that two parties hold the
//! grant, and since nobody can say which is the thief, the whole family dies. [`super::token`] is
//! how this is reached over the wire.

use super::drill::Drill;
use super::seed::Plan;
use super::world::{Id, Token, Use, World};
use crate::lane::Wall;
use crate::secret::Secret;
use std::collections::BTreeSet;

/// What an exchange brings.
pub(super) struct Granted {
    pub(super) access: Secret,
    pub(super) refresh: Secret,
    /// Seconds that the access token lives.
    pub(super) expires_in: u64,
    pub(super) scopes: BTreeSet<String>,
}

/// Why an exchange brings nothing: an error code of RFC 6749 section 5.2, and a description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused(pub(super) &'static str, pub(super) &'static str);

/// What is known of a live token.
pub(super) struct Known {
    pub(super) account: Id,
    pub(super) used_for: Use,
    pub(super) scopes: BTreeSet<String>,
    pub(super) born: Wall,
    pub(super) ends: Option<Wall>,
}

const DEAD: Refused = Refused(
    "invalid_grant",
    "the refresh token is unknown, used, expired or revoked",
);

impl World {
    /// The account of an OAuth client.
    pub(super) fn client(&self, client_id: &str) -> Option<Id> {
        let is_it = |plan| matches!(plan, Plan::Grant { client_id: id, .. } if id == client_id);
        let mut accounts = self.accounts.iter();
        let found = accounts.find(|(_, account)| is_it(account.seed.plan));
        found.map(|(id, _)| *id)
    }

    /// Whether that is the client's secret.
    pub(super) fn client_proves_itself(&self, client: Id, secret: &Secret) -> bool {
        let known = self.accounts.get(client).and_then(|a| a.client_secret);
        known == Some(self.print(secret))
    }

    /// Exchanges a refresh token for a new pair.
    pub(super) fn exchange(
        &mut self,
        client: Id,
        refresh: &Secret,
        scope: Option<&str>,
        now: Wall,
    ) -> Result<Granted, Refused> {
        let print = self.print(refresh);
        let account = self.accounts.get(client).ok_or(DEAD)?;
        let Plan::Grant { life, .. } = account.seed.plan else {
            return Err(DEAD);
        };
        let (face, has, given) = (account.seed.face, account.scopes(), account.seed.scopes);
        let token = self.tokens.get(&print).ok_or(DEAD)?;
        if token.account != client || token.used_for != Use::Refresh {
            return Err(DEAD);
        }
        let family = token.family;
        if token.spent {
            self.kill_family(client, family);
            return Err(DEAD);
        }
        if !token.is_good(now) {
            return Err(DEAD);
        }
        let asked: Option<BTreeSet<String>> =
            scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect());
        let beyond = |name: &String| !has.contains(name) && !given.contains(&name.as_str());
        if asked.as_ref().is_some_and(|asked| asked.iter().any(beyond)) {
            return Err(Refused(
                "invalid_scope",
                "the scope goes beyond what was granted",
            ));
        }
        let scopes = within(&has, asked.as_ref());
        if let Some(used) = self.tokens.get_mut(&print) {
            used.spent = true;
            // So that it is forgotten some day.
            used.ends = Some(now);
        }
        let access = self.invent(face, Use::Access, true);
        let next = self.invent(face, Use::Refresh, false);
        let descendant = |text: &Secret, used_for, ends, only| Token {
            account: client,
            text: text.clone(),
            used_for,
            family,
            born: now,
            ends,
            revoked: false,
            spent: false,
            only,
        };
        self.admit(descendant(
            &access,
            Use::Access,
            Some(now.plus(life)),
            asked,
        ));
        let current = self.admit(descendant(&next, Use::Refresh, None, None));
        if let Some(account) = self.accounts.get_mut(client) {
            account.current = Some(current);
        }
        Ok(Granted {
            access,
            refresh: next,
            expires_in: life.as_secs(),
            scopes,
        })
    }

    /// What is known of a token of that client, if it is alive.
    pub(super) fn introspect(&self, client: Id, text: &Secret, now: Wall) -> Option<Known> {
        let token = self.tokens.get(&self.print(text))?;
        let account = self.accounts.get(token.account)?;
        (token.account == client && token.is_good(now)).then(|| Known {
            account: token.account,
            used_for: token.used_for,
            scopes: within(&account.scopes(), token.only.as_ref()),
            born: token.born,
            ends: token.ends,
        })
    }

    /// Revokes a token of that client; a refresh token takes its family along. Says whether the
    /// token is somebody else's, in which case nothing happens.
    pub(super) fn revoke(&mut self, client: Id, text: &Secret) -> bool {
        let print = self.print(text);
        let Some(token) = self.tokens.get_mut(&print) else {
            return false;
        };
        if token.account != client {
            return true;
        }
        token.revoked = true;
        let (used_for, family) = (token.used_for, token.family);
        if used_for == Use::Refresh {
            self.kill_family(client, family);
        }
        false
    }

    /// Revokes everything that descends from one grant.
    fn kill_family(&mut self, client: Id, family: u32) {
        let all = self.tokens.values_mut();
        for token in all.filter(|t| t.account == client && t.family == family) {
            token.revoked = true;
        }
    }

    /// Whether the client's part of the token endpoint is down.
    pub(super) fn token_endpoint_is_down(&self, client: Option<Id>, refresh: &Secret) -> bool {
        let by_token = self.tokens.get(&self.print(refresh)).map(|t| t.account);
        by_token
            .or(client)
            .and_then(|id| self.accounts.get(id))
            .is_some_and(|account| account.drills.contains(&Drill::Outage))
    }
}

/// The scopes of `has` that were asked for; all of them if none were.
pub(super) fn within(has: &BTreeSet<String>, asked: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    match asked {
        Some(asked) => has.intersection(asked).cloned().collect(),
        None => has.clone(),
    }
}
