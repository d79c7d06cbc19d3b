//! What can be told of an account: everything but its secrets.

use super::drill::Drill;
use super::seed::Plan;
use super::world::{Account, Use, World};
use crate::lane::Wall;
use serde::Serialize;
use std::collections::BTreeSet;

/// One account, now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccountView {
    /// Where in the vault its credential lies. A drill on any of these is a drill on the account.
    pub paths: Vec<String>,
    /// The provider pack that reads its answers.
    pub provider: String,
    /// `key` or `grant`.
    pub credential: String,
    /// What it is granted at present.
    pub scopes: BTreeSet<String>,
    /// The drills that are on.
    pub drills: Vec<Drill>,
    /// How many keys or grants it was given so far.
    pub issued: u32,
    /// When the newest token that an API accepts ends; `None` if it never does, or if there is
    /// none.
    pub ends: Option<Wall>,
    /// Whether its key, or its grant's refresh token, still works.
    pub in_force: bool,
    /// Whether its API refuses to answer for a while.
    pub limited: bool,
}

impl World {
    /// Every account, by path.
    pub(super) fn accounts_now(&mut self, now: Wall) -> Vec<AccountView> {
        self.keep(now);
        let ids: Vec<_> = self.accounts.keys().copied().collect();
        ids.into_iter()
            .filter_map(|id| Some(self.view(self.accounts.get(id)?, now)))
            .collect()
    }

    fn view(&self, account: &Account, now: Wall) -> AccountView {
        let id = account.seed.id();
        let live = self
            .tokens
            .values()
            .filter(|token| token.account == id && token.used_for != Use::Refresh);
        AccountView {
            paths: account.seed.paths.iter().map(|p| (*p).to_owned()).collect(),
            provider: account.seed.face.provider().to_owned(),
            credential: match account.seed.plan {
                Plan::Key { .. } => "key",
                Plan::Grant { .. } => "grant",
            }
            .to_owned(),
            scopes: account.scopes(),
            drills: Drill::ALL
                .into_iter()
                .filter(|drill| account.drills.contains(drill))
                .collect(),
            issued: account.family,
            ends: live
                .filter(|token| token.is_good(now))
                .filter_map(|token| token.ends)
                .max(),
            in_force: self.is_in_force(id, now),
            limited: account.limited_for(self.started, now).is_some(),
        }
    }
}
