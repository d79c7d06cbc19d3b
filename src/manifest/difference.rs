//! What a changed manifest means for each lane, so that a reload touches only those it concerns.

use super::spec::{LaneEntry, Manifest, Source};
use crate::lane::LaneName;
use std::collections::HashMap;
use std::sync::Arc;

/// What became of the lanes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Difference {
    /// Lanes that are new, in the new order.
    pub added: Vec<Arc<LaneEntry>>,
    /// Lanes that are gone, in the old order.
    pub removed: Vec<LaneName>,
    /// Lanes that differ, or whose store does, as they are now, in the new order.
    pub changed: Vec<Arc<LaneEntry>>,
}

impl Difference {
    /// Whether no lane is concerned.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// What became of `old`'s lanes in `new`. Where a lane stands in the file makes no difference.
pub fn difference(old: &Manifest, new: &Manifest) -> Difference {
    let mut before: HashMap<&LaneName, &LaneEntry> = HashMap::with_capacity(old.lanes.len());
    before.extend(old.lanes.iter().map(|lane| (&lane.spec.name, &**lane)));
    let mut difference = Difference::default();
    for lane in &new.lanes {
        match before.remove(&lane.spec.name) {
            None => difference.added.push(Arc::clone(lane)),
            Some(was) if same(was, lane) && same_stores(old, new, lane) => {}
            Some(_) => difference.changed.push(Arc::clone(lane)),
        }
    }
    let gone = old.lanes.iter().map(|lane| &lane.spec.name);
    let gone = gone.filter(|name| before.contains_key(name)).cloned();
    difference.removed = gone.collect();
    difference
}

/// Equality but for the line. Taken apart, so that a new field cannot be forgotten.
fn same(old: &LaneEntry, new: &LaneEntry) -> bool {
    let LaneEntry {
        spec,
        route,
        provider,
        base_url,
        source,
        probe,
        probe_timeout,
        probe_control,
        neighbors,
        probe_command,
        oauth,
        lease,
        owner,
        runbook,
        line: _,
        sandbox,
    } = old;
    *spec == new.spec
        && *route == new.route
        && *provider == new.provider
        && *base_url == new.base_url
        && *source == new.source
        && *probe == new.probe
        && *probe_timeout == new.probe_timeout
        && *probe_control == new.probe_control
        && *neighbors == new.neighbors
        && *probe_command == new.probe_command
        && *oauth == new.oauth
        && *lease == new.lease
        && *owner == new.owner
        && *runbook == new.runbook
        && *sandbox == new.sandbox
}

fn same_stores(old: &Manifest, new: &Manifest, lane: &LaneEntry) -> bool {
    let secret = lane
        .oauth
        .as_ref()
        .and_then(|oauth| oauth.client_secret.as_ref());
    let same = |source: &Source| old.stores.get(&source.store) == new.stores.get(&source.store);
    let keep = lane.oauth.as_ref().and_then(|oauth| oauth.keep.as_ref());
    same(&lane.source) && secret.is_none_or(same) && keep.is_none_or(same)
}
