//! Which lane comes before which.

use super::column::Column;
use crate::engine::LaneView;
use crate::lane::{Outcome, Wall};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What the lanes are sorted by. Equal ones are in order of their names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// Worst first, then soonest to expire.
    #[default]
    Severity,
    /// By name.
    Name,
    /// What is wrong, worst first; lanes that are well last.
    Why,
    /// By server, then tool.
    Route,
    /// Soonest to expire first.
    Expiry,
    /// Soonest to be refreshed or tried again first.
    Refresh,
    /// Most failures first.
    Failures,
    /// Slowest last answer first.
    Latency,
    /// Latest change of state first.
    Since,
    /// By owner; lanes without one last.
    Owner,
    /// By provider.
    Provider,
    /// By store.
    Store,
    /// By the fingerprint of the key: lanes that share one stand together.
    Key,
    /// Most often renewed first.
    Generation,
}

impl SortBy {
    /// As the screen calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Name => "name",
            Self::Why => "what is wrong",
            Self::Route => "route",
            Self::Expiry => "expiry",
            Self::Refresh => "next refresh",
            Self::Failures => "failures",
            Self::Latency => "latency",
            Self::Since => "latest change",
            Self::Owner => "owner",
            Self::Provider => "provider",
            Self::Store => "store",
            Self::Key => "key",
            Self::Generation => "generation",
        }
    }

    /// The next one of those that the columns offer, round and round.
    #[must_use]
    pub fn next(self, columns: impl Iterator<Item = Column>) -> Self {
        let mut offered: Vec<Self> = Vec::new();
        for by in columns.map(Column::sort) {
            if !offered.contains(&by) {
                offered.push(by);
            }
        }
        let at = offered.iter().position(|by| *by == self);
        let next = at.map_or(0, |at| (at + 1) % offered.len());
        offered.get(next).copied().unwrap_or_default()
    }
}

/// An order of lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The other way round.
    pub reversed: bool,
}

impl Sort {
    pub(super) fn compare(self, a: &LaneView, b: &LaneView) -> Ordering {
        let by_expiry = || ends(a).cmp(&ends(b));
        let order = match self.by {
            SortBy::Severity => b.word.cmp(&a.word).then_with(by_expiry),
            SortBy::Name => Ordering::Equal,
            SortBy::Why => wrong(b).cmp(&wrong(a)),
            SortBy::Route => {
                let (mine, theirs) = (&a.info.route, &b.info.route);
                let servers = mine.server.cmp(&theirs.server);
                servers.then_with(|| mine.tool.cmp(&theirs.tool))
            }
            SortBy::Expiry => by_expiry(),
            SortBy::Refresh => renews(a).cmp(&renews(b)),
            SortBy::Failures => failures(b).cmp(&failures(a)),
            SortBy::Latency => b.latencies.last().cmp(&a.latencies.last()),
            SortBy::Since => b.since.cmp(&a.since),
            SortBy::Owner => {
                let (mine, theirs) = (&a.info.owner, &b.info.owner);
                mine.is_none()
                    .cmp(&theirs.is_none())
                    .then_with(|| mine.cmp(theirs))
            }
            SortBy::Provider => a.info.provider.cmp(&b.info.provider),
            SortBy::Store => a.info.store.cmp(&b.info.store),
            SortBy::Key => key(a).cmp(&key(b)),
            SortBy::Generation => generation(b).cmp(&generation(a)),
        };
        let order = order.then_with(|| a.info.name.cmp(&b.info.name));
        if self.reversed {
            order.reverse()
        } else {
            order
        }
    }
}

/// Whether its credential is useless whatever its expiry says.
pub fn is_dead(lane: &LaneView) -> bool {
    let last = lane.verdict.as_ref().map(|last| last.outcome);
    let revoked = [Outcome::CredentialRevoked, Outcome::CredentialInvalid];
    last.is_some_and(|outcome| revoked.contains(&outcome))
}

/// When its credential ends; lanes for which nobody knows, or it matters no more, come last.
fn ends(lane: &LaneView) -> i64 {
    if is_dead(lane) {
        return i64::MAX;
    }
    let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
    expiry.map_or(i64::MAX, |expiry| {
        let Wall(at) = expiry.at;
        at
    })
}

fn renews(lane: &LaneView) -> i64 {
    let soonest = lane.next.retry.or(lane.next.refresh);
    soonest.map_or(i64::MAX, |Wall(at)| at)
}

/// The outcome of a lane that is not well.
fn wrong(lane: &LaneView) -> Option<Outcome> {
    let last = lane.verdict.as_ref().map(|last| last.outcome);
    last.filter(|outcome| *outcome != Outcome::Ok)
}

fn failures(lane: &LaneView) -> u64 {
    let all = Outcome::ALL.into_iter();
    let bad = all.filter(|outcome| *outcome != Outcome::Ok);
    bad.map(|outcome| u64::from(lane.counters.of(outcome)))
        .sum()
}

fn key(lane: &LaneView) -> Option<crate::secret::Fingerprint> {
    lane.credential.as_ref().map(|known| known.fingerprint)
}

fn generation(lane: &LaneView) -> Option<crate::lane::Generation> {
    lane.credential.as_ref().map(|known| known.generation)
}
