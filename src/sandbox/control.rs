//! The switches behind the scenes: what a presenter, a test or the engine does to the sandbox.

use super::accounts::AccountView;
use super::drill::Drill;
use super::seed::Plan;
use super::shared::Shared;
use super::wire::{Ask, Reply};
use super::world::{Id, Token, Use, World};
use crate::lane::Wall;
use crate::plain::Plain;
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The path that stands for the vault itself in a drill.
pub(super) const VAULT: &str = "vault";

/// A way to make things go wrong in a running sandbox. Cheap to clone; harmless after its end.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

impl Control {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Does one drill to the account whose secret lies at `path` in the vault, or to the vault
    /// itself if `path` is `vault`. Answers with one sentence on what was done. It takes effect
    /// before this returns, with one exception: a GitHub key that is told to expire does so twelve
    /// seconds later and says so in its headers, because no answer after its end would.
    ///
    /// # Errors
    /// One sentence, if there is no such account or if the vault cannot do that.
    pub fn drill(&self, path: &str, drill: Drill) -> Result<Plain, Plain> {
        let now = self.0.now();
        let done = match (path, drill) {
            (VAULT, Drill::Outage) => Ok(self.vault(true)),
            (VAULT, Drill::Heal) => Ok(self.vault(false)),
            (VAULT, _) => Err(Plain::new(
                "the vault knows only two drills: outage and heal",
            )),
            _ => self.0.world().drill(path, drill, now),
        };
        self.0.drilled.notify_waiters();
        done
    }

    /// Seals the vault, or unseals it. Answers with one sentence on what was done.
    pub fn vault(&self, down: bool) -> Plain {
        self.0.world().vault.sealed = down;
        Plain::new(match down {
            true => "sealed the vault: it answers nothing until it is healed",
            false => "unsealed the vault",
        })
    }

    /// Every account, as it is now.
    pub fn accounts(&self) -> Vec<AccountView> {
        let now = self.0.now();
        self.0.world().accounts_now(now)
    }

    /// Every secret that the sandbox has given out and remembers, the vault's token included: what
    /// must not be found anywhere else, for a test that looks.
    pub fn secrets(&self) -> Vec<Secret> {
        let world = self.0.world();
        let mut all = vec![world.vault.token.clone()];
        all.extend(world.tokens.values().map(|token| token.text.clone()));
        all
    }
}

/// The body of `POST /drill`.
#[derive(Deserialize)]
struct DrillRequest {
    path: String,
    drill: Drill,
}

/// The control listener's answer.
pub(super) fn answer(ask: &Ask, control: &Control) -> Reply {
    let steps = ask.steps();
    match (ask.method.as_str(), steps.as_slice()) {
        ("GET", ["accounts"]) => Reply::json(200, &json!({ "accounts": control.accounts() })),
        ("POST", ["drill"]) => drill(ask, control),
        (_, ["accounts"]) => Reply::empty(405).with("allow", "GET"),
        (_, ["drill"]) => Reply::empty(405).with("allow", "POST"),
        _ => error(404, "there is GET /accounts and POST /drill"),
    }
}

fn drill(ask: &Ask, control: &Control) -> Reply {
    // A web page that the presenter has open can send a form here unasked, but not JSON.
    let kind = ask.header("content-type").unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return error(415, "send JSON, with content-type: application/json");
    }
    match serde_json::from_slice::<DrillRequest>(&ask.body) {
        Err(wrong) => error(400, Plain::new(&wrong.to_string()).as_str()),
        Ok(asked) => match control.drill(&asked.path, asked.drill) {
            Ok(done) => Reply::json(200, &json!({ "done": done })),
            Err(why) => error(404, why.as_str()),
        },
    }
}

fn error(status: u16, why: &str) -> Reply {
    Reply::json(status, &json!({ "error": why }))
}

impl World {
    fn drill(&mut self, path: &str, drill: Drill, now: Wall) -> Result<Plain, Plain> {
        self.keep(now);
        let unknown = || Plain::new(&format!("no account has its secret at {path}"));
        let id = self.account_at(path).ok_or_else(unknown)?;
        let account = self.accounts.get_mut(id).ok_or_else(unknown)?;
        let seed = account.seed;
        let is_grant = matches!(seed.plan, Plan::Grant { .. });
        if drill != Drill::Heal {
            account.drills.insert(drill);
        }
        let provider = seed.face.provider();
        let done = match drill {
            Drill::Expire => {
                let notice = seed.face.notice();
                let many = self.end_tokens(id, now.plus(notice));
                if is_grant {
                    // The grant outlives its access tokens, so there is nothing to undo.
                    if let Some(account) = self.accounts.get_mut(id) {
                        account.drills.remove(&Drill::Expire);
                    }
                    let tokens = if many == 1 { "token" } else { "tokens" };
                    format!("ended {many} access {tokens} of {path}; the grant lives on")
                } else if notice.is_zero() {
                    format!("ended the key of {path} at {provider}; its owner stays away")
                } else {
                    let secs = notice.as_secs();
                    format!("the key of {path} ends in {secs} s, as {provider}'s headers now say")
                }
            }
            Drill::Revoke => {
                for token in self.tokens.values_mut().filter(|t| t.account == id) {
                    token.revoked = true;
                }
                match is_grant {
                    true => format!("revoked the grant of {path} and all its access tokens"),
                    false => format!("revoked the key of {path} at {provider}"),
                }
            }
            Drill::Narrow => format!("took the scope {} from {path}", seed.narrow),
            Drill::Widen => format!("gave the scope {} to {path}", seed.widen),
            Drill::Throttle => format!("{provider} now rate-limits {path}"),
            Drill::Outage => format!("{provider} now answers {path} with a gateway's error page"),
            Drill::Slow => format!("{provider} now answers {path} after 20 s"),
            Drill::Heal => {
                let ending = account.drills.contains(&Drill::Expire);
                account.drills.clear();
                if self.is_in_force(id, now) && !ending {
                    format!("undid every drill on {path}")
                } else {
                    self.issue(id, now);
                    format!("undid every drill on {path} and put a new credential into the vault")
                }
            }
        };
        Ok(Plain::from(done))
    }

    /// Ends everything that the account can show to an API at `end` if it would live longer, and
    /// says how many that were.
    fn end_tokens(&mut self, id: Id, end: Wall) -> usize {
        let mut ended = 0;
        let shown = |token: &&mut Token| token.used_for != Use::Refresh;
        for token in self.tokens.values_mut().filter(shown) {
            if token.account == id && !token.has_ended(end) {
                token.ends = Some(end);
                ended += 1;
            }
        }
        ended
    }
}
