//! Lanes come, react, share a key, change and go.
//!
//! Every event of every lane goes through [`Engine::tell`]: the core reacts, and the turn takes what
//! follows. An edited manifest is a few such events.

use super::super::reload::News;
use super::super::runner::{self, Runner, SHARING_SEEN};
use super::super::tools::Tools;
use super::super::watching;
use super::Engine;
use super::views::store_views;
use crate::lane::{Effect, Event, Lane, Now, Outcome, Record, RecordKind, Retirement, Verdict};
use crate::manifest::{LaneEntry, difference};
use crate::policy::{Groups, Target, lane_seed};
use crate::secret::Fingerprint;
use crate::store::Stores;
use std::sync::Arc;

/// Lists of findings that are kept to be shared.
const FINDINGS_SHARED: usize = 16;
/// Good answers that are kept to be shared.
const VERDICTS_SHARED: usize = 16;

impl Engine {
    /// Lets one lane react to one event.
    pub(super) fn tell(&mut self, now: Now, slot: usize, event: Event) {
        let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        // Whoever was told by another lane does not tell the others again.
        let told = matches!(event, Event::KeyCondemned { .. });
        let alive = runner.lane.condemned_for().is_none();
        let reaction = runner.lane.on(now, event);
        let condemned = runner
            .lane
            .condemned_for()
            .filter(|_| alive && !told)
            .cloned();
        let shown_at = Target::clone(&runner.targets.upstream);
        for effect in &reaction.effects {
            if let Effect::Retire {
                fingerprint,
                how: Retirement::Revoke,
                ..
            } = effect
            {
                runner.set_aside(*fingerprint);
            }
        }
        runner.forget_others();
        runner.note_word(now);
        if reaction
            .records
            .iter()
            .any(|record| record.kind == RecordKind::PreflightPassed)
        {
            match self
                .findings
                .iter()
                .find(|same| *same == runner.lane.findings())
            {
                Some(same) => runner.lane.share_findings(same),
                None if self.findings.len() < FINDINGS_SHARED => {
                    self.findings.push(Arc::clone(runner.lane.findings()));
                }
                None => {}
            }
        }
        if let Some((seen, _)) = runner.lane.verdict()
            && seen.outcome == Outcome::Ok
            && seen.evidence.request_id.is_none()
        {
            match self.verdicts.iter().find(|same| *same == seen) {
                Some(same) => runner.lane.share_verdict(same),
                None if self.verdicts.len() < VERDICTS_SHARED => {
                    self.verdicts.push(Arc::clone(seen));
                }
                None => {}
            }
        }
        let wake = reaction
            .effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Wake(at) => Some(*at),
                _ => None,
            });
        self.wakes.set(slot, wake);
        let serving = runner
            .lane
            .credential()
            .map(|credential| credential.fingerprint);
        if serving != runner.grouped {
            let before = std::mem::replace(&mut runner.grouped, serving);
            self.regroup(slot, before, serving);
        }
        for record in reaction.records {
            self.queue(Some(slot), record);
        }
        let work = reaction
            .effects
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Wake(_)));
        self.turn.effects.extend(work.map(|effect| (slot, effect)));
        self.turn.touched.insert(slot);
        if let Some(verdict) = condemned {
            self.condemn_the_others(now, slot, serving, &shown_at, &verdict);
        }
    }

    /// Lets a lane begin, once.
    pub(super) fn begin(&mut self, now: Now, slot: usize) {
        let runner = self.lanes.get_mut(slot).and_then(Option::as_mut);
        if runner.is_some_and(|runner| !std::mem::replace(&mut runner.begun, true)) {
            self.tell(now, slot, Event::Started);
        }
    }

    /// Lanes that show the same key to the same upstream need not see for themselves that it is
    /// dead.
    pub(super) fn condemn_the_others(
        &mut self,
        now: Now,
        slot: usize,
        key: Option<Fingerprint>,
        shown_at: &Target,
        verdict: &Verdict,
    ) {
        let others: Vec<usize> = self.groups.of(key).collect();
        for other in others.into_iter().filter(|other| *other != slot) {
            let runner = self.lanes.get(other).and_then(Option::as_ref);
            if runner.is_some_and(|runner| runner.targets.upstream == *shown_at) {
                let verdict = verdict.clone();
                self.tell(now, other, Event::KeyCondemned { verdict });
            }
        }
    }

    pub(super) fn regroup(
        &mut self,
        slot: usize,
        before: Option<Fingerprint>,
        now: Option<Fingerprint>,
    ) {
        // Others show only the first of those that share their key: where a lane that came or went
        // is none of these, nothing of theirs has changed.
        let counts = |groups: &Groups, key| {
            let mut first = groups.of(key).take(SHARING_SEEN + 1);
            first.any(|of| of == slot)
        };
        let left = counts(&self.groups, before);
        self.groups.moved(slot, before, now);
        if left {
            self.turn.touched.extend(self.groups.of(before));
        }
        if counts(&self.groups, now) {
            self.turn.touched.extend(self.groups.of(now));
        }
    }

    pub(super) fn add(&mut self, now: Now, entry: Arc<LaneEntry>) -> usize {
        let slot = self.lanes.len();
        let name = entry.spec.name.clone();
        let seed = lane_seed(self.seed, slot);
        let memory = self.memories.lane(&name);
        let lane = Lane::new(Arc::clone(&entry.spec), seed, now, memory);
        let mut info = runner::info(&entry, &self.tools.catalog);
        let mut targets = Arc::new(runner::targets(&entry, &self.tools.catalog));
        // Ten thousand lanes have few addresses: what is alike is held once.
        if let Some(before) = self.lanes.last().and_then(Option::as_ref) {
            info.share(&before.info);
            if before.targets == targets {
                targets = Arc::clone(&before.targets);
            }
        }
        let info = Arc::new(info);
        let attempt = self.memories.attempt(&name);
        let runner = Runner::new(lane, entry, info, targets, now, attempt);
        self.lanes.push(Some(runner));
        self.index.insert(name, slot);
        self.turn.touched.insert(slot);
        slot
    }

    /// The manifest's file has changed.
    pub(super) fn take_news(&mut self, now: Now, news: News) {
        self.turn.engine_changed = true;
        let fresh = match news {
            Ok(fresh) => fresh,
            Err(mistake) => {
                if self.manifest_trouble.as_ref() != Some(&mistake) {
                    self.queue(
                        None,
                        Record::engine(RecordKind::ManifestRejected, mistake.clone()),
                    );
                }
                self.manifest_trouble = Some(mistake);
                return;
            }
        };
        self.manifest_trouble = None;
        let difference = difference(&self.manifest, &fresh);
        if fresh.stores != self.manifest.stores {
            let stores = Stores::new(&fresh.stores, &self.tools.http);
            self.tools = Arc::new(Tools {
                stores,
                ..Tools::clone(&self.tools)
            });
            let mut views = store_views(&fresh, now);
            for (name, view) in &mut views {
                if let Some(old) = self.stores.get(name).filter(|old| old.kind == view.kind) {
                    *view = old.clone();
                }
            }
            self.stores = views;
        }
        let stores_changed = fresh.stores != self.manifest.stores;
        self.dispatch.set_limits(fresh.limits);
        let note = format!(
            "{} lanes: {} added, {} removed, {} changed",
            fresh.lanes.len(),
            difference.added.len(),
            difference.removed.len(),
            difference.changed.len()
        );
        self.queue(None, Record::engine(RecordKind::ManifestLoaded, note));
        self.manifest = fresh;
        for name in difference.removed {
            if let Some(slot) = self.index.remove(&name) {
                self.tell(now, slot, Event::Withdrawn);
                self.remember(slot);
                if let Some(gone) = self.lanes.get_mut(slot).and_then(Option::take) {
                    self.regroup(slot, gone.grouped, None);
                }
                self.turn.touched.remove(&slot);
                self.turn.removed.push(name);
            }
        }
        for entry in difference.changed {
            let Some(slot) = self.index.get(&entry.spec.name).copied() else {
                continue;
            };
            if let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) {
                runner.info = Arc::new(runner::info(&entry, &self.tools.catalog));
                runner.targets = Arc::new(runner::targets(&entry, &self.tools.catalog));
                runner.begun = true;
                if runner.entry.source != entry.source {
                    runner.unsaved = None;
                }
                runner.entry = Arc::clone(&entry);
            }
            self.tell(now, slot, Event::Respecified(Arc::clone(&entry.spec)));
        }
        for entry in difference.added {
            let name = entry.spec.name.clone();
            let slot = self.add(now, entry);
            let mut record = Record::engine(RecordKind::LaneAdded, "by the manifest");
            record.lane = Some(name);
            self.queue(Some(slot), record);
            self.begin(now, slot);
        }
        if stores_changed {
            self.tend_from(now);
        }
        self.watch_files();
    }

    /// Watches the files that the lanes at hand have their secrets in.
    pub(super) fn watch_files(&mut self) {
        let runners = self.lanes.iter().enumerate();
        let lanes: Vec<_> = runners
            .filter_map(|(slot, runner)| Some((slot, Arc::clone(&runner.as_ref()?.entry))))
            .collect();
        let missed = match watching::watch(
            &self.manifest,
            &lanes,
            &self.tools.progress,
            &self.rewatch.0,
        ) {
            Ok(watching) => {
                self.watching = watching;
                let missed = self.watching.iter_mut();
                missed.flat_map(|w| std::mem::take(&mut w.missed)).collect()
            }
            Err(why) => vec![why],
        };
        for why in missed {
            let text = format!("cannot be watched, and so is looked at now and then: {why}");
            self.queue(None, Record::engine(RecordKind::WarningRaised, text));
        }
    }
}
