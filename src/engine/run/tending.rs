//! Lanewatch's own login at its stores: looked after by the clock and not by whoever happens to ask.
//!
//! That it is good, what was done and what goes wrong is in the audit, and on the store's line; that a
//! token was renewed once more is not. Where a person has to act, people are told, once for each
//! trouble. A store that is down is left alone: its lanes ask it often enough, and nothing of a login
//! can be mended there.

use super::super::view::LoginView;
use super::Engine;
use super::notices::Aside;
use crate::alert::Alert;
use crate::lane::{AlertLevel, Boot, Now, Record, RecordKind, Wall};
use crate::plain::Plain;
use crate::store::{LoginNews, Store, Tended};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long before its end people are told of a token that only they can replace.
const TOLD_BEFORE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A token that ends so little later than people were told is the same story: near its end a server
/// tells it now so and now otherwise.
const LATER: Duration = Duration::from_secs(60);

/// When the logins are looked after, and what people know of them.
#[derive(Default)]
pub(super) struct Logins {
    /// When each is looked at; one that is being looked at is missing.
    at: BTreeMap<Plain, Boot>,
    /// How loudly people were told of a trouble that is not over, and of which end.
    told: BTreeMap<Plain, (AlertLevel, Option<Wall>)>,
}

impl Engine {
    /// Begins with the stores at hand, each at once.
    pub(super) fn tend_from(&mut self, now: Now) {
        let stores = self.manifest.stores.keys();
        let with_login = stores.filter(|name| {
            let store = self.tools.stores.get(name);
            store.is_some_and(|store| store.openbao().is_some())
        });
        self.logins.at = with_login.map(|name| (name.clone(), now.boot)).collect();
    }

    /// When a login wants to be looked at next.
    pub(super) fn next_tending(&self) -> Option<Boot> {
        let at = &self.logins.at;
        let due = at.iter().filter(|(name, _)| !self.is_down(name));
        due.map(|(_, at)| *at).min()
    }

    fn is_down(&self, store: &Plain) -> bool {
        self.stores.get(store).and_then(|view| view.up) == Some(false)
    }

    /// Looks at the logins whose time has come. Each is looked at once until it has answered.
    pub(super) fn tend_the_due(&mut self, now: Now) {
        let due = self.logins.at.iter().filter(|(_, at)| **at <= now.boot);
        let due: Vec<_> = due
            .map(|(name, _)| name.clone())
            .filter(|name| !self.is_down(name))
            .collect();
        for name in due {
            self.logins.at.remove(&name);
            let Some(store) = self.tools.stores.get(&name).cloned() else {
                continue;
            };
            let tended = self.asides.0.clone();
            tokio::spawn(async move {
                if let Some(bao) = store.openbao() {
                    let done = bao.tend().await;
                    // The engine may have stopped: the login is as it is.
                    let _stopped = tended.send(Aside::Tended(name, store, done));
                }
            });
        }
    }

    /// Takes what was done for a login, unless its store was replaced meanwhile.
    pub(super) fn take_tended(
        &mut self,
        now: Now,
        name: &Plain,
        store: &Arc<Store>,
        tended: &Tended,
    ) {
        let current = self.tools.stores.get(name);
        if !current.is_some_and(|current| Arc::ptr_eq(current, store)) {
            return;
        }
        self.logins
            .at
            .insert(name.clone(), now.boot.plus(tended.again_in));
        let Some(view) = self.stores.get_mut(name) else {
            return;
        };
        let known = view.login.take();
        let before = known.unwrap_or_default();
        let first = before == LoginView::default();
        let trouble = match &tended.news {
            LoginNews::Ending(text) => Some(text.clone()),
            // An outage is told of by the lanes, as what it is.
            LoginNews::Failed(error) if error.is_outage() => {
                view.login = Some(before);
                return;
            }
            LoginNews::Failed(error) => Some(error.to_string().into()),
            _ => None,
        };
        let left = tended.ends_in;
        let until = left.map(|left| now.wall.plus(left));
        let until = match (before.until, until) {
            // Told anew each time, and off by what the telling took.
            (Some(old), Some(new)) if old.since(new).max(new.since(old)).as_secs() < 2 => Some(old),
            (_, new) => new,
        };
        let login = LoginView { until, trouble };
        self.turn.engine_changed |= login != before;
        view.login = Some(login.clone());
        let ends = until.map_or_else(
            || "it has no end".to_owned(),
            |until| format!("it ends at {until}"),
        );
        let Some(trouble) = login.trouble else {
            let over = |told: Wall| until.is_none_or(|until| until.since(told) > LATER);
            self.logins
                .told
                .retain(|of, (_, told)| of != name || !told.is_none_or(over));
            let kind = match &tended.news {
                _ if before.trouble.is_some() || first && until.is_some() => {
                    RecordKind::StoreLoginGood
                }
                LoginNews::LoggedIn => RecordKind::StoreLoginReplaced,
                _ => return,
            };
            self.queue(None, Record::engine(kind, format!("store {name}: {ends}")));
            return;
        };
        let (kind, level, text) = match &tended.news {
            LoginNews::Ending(_) => {
                let near = left.is_none_or(|left| left <= TOLD_BEFORE);
                let level = near.then_some(AlertLevel::Warning);
                (
                    RecordKind::WarningRaised,
                    level,
                    format!("{trouble}; {ends}"),
                )
            }
            _ => {
                let level = Some(AlertLevel::Critical);
                (RecordKind::StoreLoginFailed, level, trouble.to_string())
            }
        };
        let louder = level > self.logins.told.get(name).map(|(level, _)| *level);
        if louder || before.trouble.as_ref() != Some(&trouble) {
            let text = format!("store {name}: {text}");
            if let Some(level) = level.filter(|_| louder) {
                self.logins.told.insert(name.clone(), (level, until));
                self.turn.notices.push(notice(now.wall, level, &text));
            }
            self.queue(None, Record::engine(kind, text));
        }
    }
}

fn notice(at: Wall, level: AlertLevel, text: &str) -> Alert {
    Alert {
        level,
        lane: None,
        word: None,
        outcome: None,
        generation: None,
        fingerprint: None,
        owner: None,
        runbook: None,
        text: Plain::new(text),
        at,
        seq: None,
    }
}
