//! Lanewatch's own login at its stores: looked after by the clock and not by whoever happens to ask.
//!
//! What is done and what goes wrong is in the audit, and on the store's line. A store that is down is
//! left alone: its lanes ask it often enough, and nothing of a login can be mended there.

use super::super::view::LoginView;
use super::Engine;
use crate::lane::{Boot, Now, Record, RecordKind};
use crate::plain::Plain;
use crate::store::{LoginNews, Store, Tended};
use std::sync::Arc;

impl Engine {
    /// Begins with the stores at hand, each at once.
    pub(super) fn tend_from(&mut self, now: Now) {
        let stores = self.manifest.stores.keys();
        let with_login = stores.filter(|name| {
            let store = self.tools.stores.get(name);
            store.is_some_and(|store| store.openbao().is_some())
        });
        self.tend_at = with_login.map(|name| (name.clone(), now.boot)).collect();
    }

    /// When a login wants to be looked at next.
    pub(super) fn next_tending(&self) -> Option<Boot> {
        let due = self.tend_at.iter().filter(|(name, _)| !self.is_down(name));
        due.map(|(_, at)| *at).min()
    }

    fn is_down(&self, store: &Plain) -> bool {
        self.stores.get(store).and_then(|view| view.up) == Some(false)
    }

    /// Looks at the logins whose time has come. Each is looked at once until it has answered.
    pub(super) fn tend_the_due(&mut self, now: Now) {
        let due = self.tend_at.iter().filter(|(_, at)| **at <= now.boot);
        let due: Vec<_> = due
            .map(|(name, _)| name.clone())
            .filter(|name| !self.is_down(name))
            .collect();
        for name in due {
            self.tend_at.remove(&name);
            let Some(store) = self.tools.stores.get(&name).cloned() else {
                continue;
            };
            let tended = self.tended.0.clone();
            tokio::spawn(async move {
                if let Some(bao) = store.openbao() {
                    let done = bao.tend().await;
                    // The engine may have stopped: the login is as it is.
                    let _stopped = tended.send((name, store, done));
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
        self.tend_at
            .insert(name.clone(), now.boot.plus(tended.again_in));
        let Some(view) = self.stores.get_mut(name) else {
            return;
        };
        let before = view.login.take().unwrap_or_default();
        let trouble = match &tended.news {
            LoginNews::Ending(text) => Some(text.clone()),
            // An outage is told of by the lanes, as what it is.
            LoginNews::Failed(error) if error.is_outage() => before.trouble.clone(),
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
        let news = login.trouble.is_some() && login.trouble != before.trouble;
        self.turn.engine_changed |= login != before;
        let text = login.trouble.clone().filter(|_| news);
        view.login = Some(login);
        let ends = until.map_or_else(
            || "it has no end".to_owned(),
            |until| format!("it ends at {until}"),
        );
        let said = match (&tended.news, text) {
            (LoginNews::Renewed, _) => Some((RecordKind::StoreLoginRenewed, ends)),
            (LoginNews::LoggedIn, _) => Some((RecordKind::StoreLoginReplaced, ends)),
            (LoginNews::Ending(_), Some(text)) => {
                Some((RecordKind::WarningRaised, format!("{text}; {ends}")))
            }
            (_, Some(text)) => Some((RecordKind::StoreLoginFailed, text.to_string())),
            (_, None) => None,
        };
        if let Some((kind, text)) = said {
            self.queue(None, Record::engine(kind, format!("store {name}: {text}")));
        }
    }
}
