//! Where the effects of a lane go.

use super::dispatch::{Place, Target};
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
        match effect {
            Effect::Load { .. } => Some(Place::Store(Arc::clone(&self.store))),
            Effect::Probe { .. } | Effect::ProbeNeighbor { .. } => {
                Some(Place::Host(Arc::clone(&self.upstream)))
            }
            Effect::CheckRefreshPath { .. }
            | Effect::Retire {
                how: Retirement::Revoke,
                ..
            } => Some(Place::Host(Arc::clone(&self.token))),
            Effect::Refresh { .. } => Some(Place::Both {
                host: Arc::clone(&self.token),
                store: Arc::clone(&self.store),
            }),
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
