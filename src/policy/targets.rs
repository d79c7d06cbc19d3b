//! Where the effects of a lane go.

use super::dispatch::{Dispatch, Line, Place, Target};
use crate::lane::{Effect, Retirement};
use crate::manifest::LaneEntry;
use std::sync::Arc;
use url::Url;

/// The targets that one lane's effects go to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Targets {
    /// The host of its upstream.
    pub upstream: Target,
    /// The host of its token endpoint; that of nothing where it has none.
    pub token: Target,
    /// Its store.
    pub store: Target,
}

impl Targets {
    /// The targets of the lane that `entry` describes. `provider` is the address of its provider,
    /// for a lane without one of its own.
    pub fn of(entry: &LaneEntry, provider: Option<&str>) -> Self {
        let own = entry.base_url.clone();
        let upstream = own.or_else(|| provider?.parse().ok());
        let token = entry.oauth.as_ref().map(|oauth| &oauth.token_endpoint);
        Self {
            upstream: host_of(upstream.as_ref()),
            token: host_of(token),
            store: Arc::from(format!("store {}", entry.source.store)),
        }
    }

    /// Takes what is equal from another lane's: most of many lanes go to the same targets, and need
    /// not each keep their names.
    pub fn share(&mut self, other: &Self) {
        let pairs = [
            (&mut self.upstream, &other.upstream),
            (&mut self.token, &other.token),
            (&mut self.store, &other.store),
        ];
        for (own, theirs) in pairs {
            if own == theirs {
                *own = Arc::clone(theirs);
            }
        }
    }

    /// Where an effect has to wait its turn; `None` for one that is no request.
    pub fn place(&self, effect: &Effect) -> Option<Place> {
        Some(self.at(Goes::to(effect)?))
    }

    /// The lines in which the lane's effects wait.
    pub fn lines<J>(&self, dispatch: &mut Dispatch<J>) -> Lines {
        Lines {
            store: dispatch.line(self.at(Goes::Store)),
            upstream: dispatch.line(self.at(Goes::Upstream)),
            token: dispatch.line(self.at(Goes::Token)),
            refresh: dispatch.line(self.at(Goes::TokenAndStore)),
        }
    }

    fn at(&self, goes: Goes) -> Place {
        match goes {
            Goes::Store => Place::Store(Arc::clone(&self.store)),
            Goes::Upstream => Place::Host(Arc::clone(&self.upstream)),
            Goes::Token => Place::Host(Arc::clone(&self.token)),
            Goes::TokenAndStore => Place::Both {
                host: Arc::clone(&self.token),
                store: Arc::clone(&self.store),
            },
        }
    }
}

/// The lines of a [`Dispatch`] in which one lane's effects wait: looked up once, for those who have
/// many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lines {
    store: Line,
    upstream: Line,
    token: Line,
    refresh: Line,
}

impl Lines {
    /// The line in which an effect waits its turn; `None` for one that is no request.
    pub fn of(&self, effect: &Effect) -> Option<Line> {
        Some(match Goes::to(effect)? {
            Goes::Store => self.store,
            Goes::Upstream => self.upstream,
            Goes::Token => self.token,
            Goes::TokenAndStore => self.refresh,
        })
    }
}

/// Whom an effect needs.
#[derive(Clone, Copy)]
enum Goes {
    Store,
    Upstream,
    Token,
    TokenAndStore,
}

impl Goes {
    const fn to(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Load { .. } => Some(Self::Store),
            Effect::Probe { .. } | Effect::ProbeNeighbor { .. } => Some(Self::Upstream),
            Effect::CheckRefreshPath { .. }
            | Effect::Retire {
                how: Retirement::Revoke,
                ..
            } => Some(Self::Token),
            Effect::Refresh { .. } => Some(Self::TokenAndStore),
            Effect::Retire { .. } | Effect::Alert { .. } | Effect::Wake(_) => None,
        }
    }
}

/// Host and port of an address.
fn host_of(url: Option<&Url>) -> Target {
    let host = url.and_then(Url::host_str).unwrap_or_default();
    let port = url.and_then(Url::port_or_known_default).unwrap_or_default();
    Arc::from(format!("{host}:{port}"))
}
