//! Everything that is so in the sandbox: accounts, the tokens they were ever given, and the vault.
//!
//! The world has no tasks and no timers. Whoever looks at it says what time it is, and what was due
//! by then has happened: [`World::keep`] is called before every look, so that a clock in a test's
//! hand and a real one lead to the same world. [`super::grant`] holds what an OAuth grant can do,
//! [`super::visit`] what an API sees of a caller.

use super::drill::Drill;
use super::kv::Kv;
use super::seed::{Face, Owner, Plan, SEEDS, Seed};
use crate::lane::{Dice, Wall};
use crate::secret::{Fingerprint, FingerprintKey, Secret};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

/// What an account is known by: the first path of its secret.
pub(super) type Id = &'static str;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// Shown to an API, and put into the vault by its owner.
    Key,
    /// Shown to an API, and minted from a grant.
    Access,
    /// Exchanged, once.
    Refresh,
}

/// A token that was given out at some time.
pub(super) struct Token {
    pub(super) account: Id,
    pub(super) text: Secret,
    pub(super) used_for: Use,
    /// The grant it descends from.
    pub(super) family: u32,
    pub(super) born: Wall,
    pub(super) ends: Option<Wall>,
    pub(super) revoked: bool,
    /// A refresh token that was exchanged already.
    pub(super) spent: bool,
    /// The scopes that the exchange asked for; `None` means all that the account has.
    pub(super) only: Option<BTreeSet<String>>,
}

impl Token {
    pub(super) fn has_ended(&self, now: Wall) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    pub(super) fn is_good(&self, now: Wall) -> bool {
        !self.revoked && !self.spent && !self.has_ended(now)
    }
}

/// One account at a provider.
pub(super) struct Account {
    pub(super) seed: &'static Seed,
    /// The drills that are on.
    pub(super) drills: HashSet<Drill>,
    /// The number of the grant or key in force.
    pub(super) family: u32,
    /// The key or refresh token in force.
    pub(super) current: Option<Fingerprint>,
    /// When the key or grant in force was given out.
    issued: Wall,
    /// When the key in force ends.
    ends: Option<Wall>,
    /// Of an OAuth client.
    pub(super) client_secret: Option<Fingerprint>,
    /// Requests so far, for the counts in rate-limit headers.
    pub(super) requests: u64,
}

/// After a pause longer than this (a machine that slept), what was due is done as of now.
const LATE: Duration = Duration::from_secs(30);

impl Account {
    /// What it is granted at present.
    pub(super) fn scopes(&self) -> BTreeSet<String> {
        let mut scopes: BTreeSet<String> =
            self.seed.scopes.iter().map(|s| (*s).to_owned()).collect();
        if self.drills.contains(&Drill::Narrow) {
            scopes.remove(self.seed.narrow);
        }
        if self.drills.contains(&Drill::Widen) {
            scopes.insert(self.seed.widen.to_owned());
        }
        scopes
    }

    /// How many seconds its API refuses to answer for, if it does.
    pub(super) fn limited_for(&self, started: Wall, now: Wall) -> Option<u64> {
        if self.drills.contains(&Drill::Throttle) {
            return Some(super::visit::THROTTLE_SECS);
        }
        let spell = self.seed.spell?;
        let age = now.since(started).checked_sub(spell.first)?;
        let into = u64::try_from(age.as_millis() % spell.every.as_millis().max(1)).ok()?;
        let left = spell.lasts.checked_sub(Duration::from_millis(into))?;
        let secs = u64::try_from(left.as_millis().div_ceil(1_000)).ok()?;
        (secs > 0).then_some(secs)
    }

    /// When its owner brought a new key, if that is past and no drill keeps the owner away.
    fn owner_came(&self, now: Wall) -> Option<Wall> {
        let Plan::Key { owner, .. } = self.seed.plan else {
            return None;
        };
        let away = [Drill::Expire, Drill::Revoke];
        if away.iter().any(|drill| self.drills.contains(drill)) {
            return None;
        }
        let due = match owner {
            Owner::Nobody => return None,
            Owner::Reissues { every } => self.issued.plus(every),
            Owner::Returns { after } => self.ends?.plus(after),
        };
        let late = now.since(due) > LATE;
        (due <= now).then_some(if late { now } else { due })
    }
}

/// The whole of it.
pub(super) struct World {
    pub(super) started: Wall,
    pub(super) accounts: BTreeMap<Id, Account>,
    pub(super) tokens: BTreeMap<Fingerprint, Token>,
    pub(super) vault: Kv,
    key: FingerprintKey,
    dice: Dice,
}

/// Tokens that ended longer ago than this are forgotten.
const REMEMBERED: Duration = Duration::from_secs(86_400);

impl World {
    /// Every account with its first credential, and those in the vault.
    pub(super) fn new(now: Wall, seed: u64, key: FingerprintKey) -> Self {
        let mut dice = Dice::new(seed);
        let vault_token = Secret::new(format!("s.{}", letters(&mut dice, 24)));
        let mut world = Self {
            started: now,
            accounts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            vault: Kv::new(vault_token),
            key,
            dice,
        };
        for seed in SEEDS {
            let client_secret = match seed.plan {
                Plan::Grant { .. } => Some(world.register_client(seed, now)),
                Plan::Key { .. } => None,
            };
            let account = Account {
                seed,
                drills: HashSet::new(),
                family: 0,
                current: None,
                issued: now,
                ends: None,
                client_secret,
                requests: 0,
            };
            world.accounts.insert(seed.id(), account);
            world.issue(seed.id(), now);
        }
        world
    }

    /// Gives an OAuth client its secret, by way of `clients/NAME` in the vault.
    fn register_client(&mut self, seed: &Seed, now: Wall) -> Fingerprint {
        let secret = Secret::new(format!("cs_{}", self.letters(32)));
        let path = seed.id().replacen("lanes/", "clients/", 1);
        let record = one("client_secret", &secret);
        self.vault.put(&path, &record, now);
        self.print(&secret)
    }

    /// Lets everything happen that was due by `now`.
    pub(super) fn keep(&mut self, now: Wall) {
        let due: Vec<(Id, Wall)> = self
            .accounts
            .iter()
            .filter_map(|(id, account)| Some((*id, account.owner_came(now)?)))
            .collect();
        for (id, at) in due {
            self.issue(id, at);
        }
    }

    /// Gives an account a new key or grant as of `born`, and puts it into the vault.
    pub(super) fn issue(&mut self, id: Id, born: Wall) {
        let Some(account) = self.accounts.get_mut(id) else {
            return;
        };
        account.family = account.family.saturating_add(1);
        let (seed, family) = (account.seed, account.family);
        let (field, used_for, life) = match seed.plan {
            Plan::Key { life, .. } => ("key", Use::Key, life),
            Plan::Grant { .. } => ("refresh_token", Use::Refresh, None),
        };
        let ends = life.map(|life| seed.face.end(born.plus(life)));
        let text = self.invent(seed.face, used_for, ends.is_some());
        let mut record = one(field, &text);
        if let Some(ends) = ends {
            record.insert("expires_at".to_owned(), ends.to_string().into());
        }
        for path in seed.paths {
            self.vault.put(path, &record, born);
        }
        let print = self.admit(Token {
            account: id,
            text,
            used_for,
            family,
            born,
            ends,
            revoked: false,
            spent: false,
            only: None,
        });
        if let Some(account) = self.accounts.get_mut(id) {
            account.current = Some(print);
            account.issued = born;
            account.ends = ends;
        }
    }

    /// Whether the account's key, or the refresh token of its grant, still works.
    pub(super) fn is_in_force(&self, id: Id, now: Wall) -> bool {
        self.accounts
            .get(id)
            .and_then(|account| account.current)
            .and_then(|print| self.tokens.get(&print))
            .is_some_and(|token| token.is_good(now))
    }

    /// The account whose secret lies at `path`.
    pub(super) fn account_at(&self, path: &str) -> Option<Id> {
        let mut accounts = self.accounts.iter();
        let found = accounts.find(|(_, account)| account.seed.paths.contains(&path));
        found.map(|(id, _)| *id)
    }

    /// Remembers a token.
    pub(super) fn admit(&mut self, token: Token) -> Fingerprint {
        let now = token.born;
        self.tokens
            .retain(|_, old| old.ends.is_none_or(|ends| now.since(ends) < REMEMBERED));
        let print = self.print(&token.text);
        self.tokens.insert(print, token);
        print
    }

    /// The fingerprint by which the world knows a secret.
    pub(super) fn print(&self, secret: &Secret) -> Fingerprint {
        self.key.fingerprint(secret)
    }

    /// Letters and digits, `many` of them.
    pub(super) fn letters(&mut self, many: usize) -> String {
        letters(&mut self.dice, many)
    }

    /// A token as that provider would write it.
    pub(super) fn invent(&mut self, face: Face, used_for: Use, ends: bool) -> Secret {
        let (prefix, many) = match (face, used_for) {
            (Face::Github, _) => ("ghp_", 36),
            (Face::Slack, _) if ends => ("xoxe.xoxb-1-", 48),
            (Face::Slack, _) => ("xoxb-", 48),
            (Face::Stripe, _) => ("rk_test_", 32),
            (Face::Gitlab, _) => ("glpat-", 20),
            (Face::Oauth, Use::Refresh) => ("rt_", 40),
            (Face::Oauth, _) => ("at_", 40),
        };
        let tail = self.letters(many);
        Secret::new(format!("{prefix}{tail}"))
    }
}

fn letters(dice: &mut Dice, many: usize) -> String {
    const LETTERS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u',
        'v', 'w', 'x', 'y', 'z', 'A', 'C', 'E', '2', '4', '5', '6', '7', '9',
    ];
    let mut pick = || {
        // A spread around the middle by all of it: a number below thirty-two.
        let at = dice.spread(Duration::from_secs(16), 1.0).as_secs() % 32;
        let at = usize::try_from(at).unwrap_or(0);
        LETTERS.get(at).copied().unwrap_or('a')
    };
    (0..many).map(|_| pick()).collect()
}

/// A record of one field.
fn one(field: &str, secret: &Secret) -> Map<String, Value> {
    Map::from_iter([(field.to_owned(), Value::from(secret.expose()))])
}
