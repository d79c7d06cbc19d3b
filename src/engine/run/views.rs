//! What the engine shows of itself and its lanes.

use super::super::handle::Update;
use super::super::runner::Runner;
use super::super::view::{EngineView, LaneView, StoreView};
use super::Engine;
use crate::lane::Now;
use crate::manifest::Manifest;
use crate::plain::Plain;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Engine {
    /// The lanes that serve with the same key.
    fn sharing(&self, slot: usize) -> impl Iterator<Item = &Runner> {
        let grouped = self
            .lanes
            .get(slot)
            .and_then(Option::as_ref)
            .and_then(|r| r.grouped);
        let others = self.groups.of(grouped).filter(move |other| *other != slot);
        others.filter_map(|other| self.lanes.get(other).and_then(Option::as_ref))
    }

    pub(super) fn views(&self, now: Now, slots: impl Iterator<Item = usize>) -> Vec<Arc<LaneView>> {
        let view = |slot: usize| {
            let runner = self.lanes.get(slot).and_then(Option::as_ref)?;
            Some(Arc::new(runner.view(now, self.sharing(slot))))
        };
        slots.filter_map(view).collect()
    }

    pub(super) fn engine_view(&self) -> EngineView {
        EngineView {
            title: self.manifest.title.clone(),
            lanes: self.index.len(),
            stores: self.stores.values().cloned().collect(),
            manifest_trouble: self.manifest_trouble.clone(),
            audit_trouble: self.audit_trouble.clone(),
            audit_seq: self.last_seq,
            started: self.started,
        }
    }

    pub(super) fn publish(&mut self, update: &Update) {
        self.publishers
            .retain(|publisher| !publisher.is_abandoned());
        for publisher in &self.publishers {
            publisher.publish(update.clone());
        }
    }
}

pub(super) fn store_views(manifest: &Manifest, now: Now) -> BTreeMap<Plain, StoreView> {
    let view = |(name, spec): (&Plain, &crate::manifest::StoreSpec)| {
        let view = StoreView {
            name: name.clone(),
            kind: spec.kind().into(),
            up: None,
            since: now.wall,
            trouble: None,
            login: None,
        };
        (name.clone(), view)
    };
    manifest.stores.iter().map(view).collect()
}
