//! The order that the audit's promise rests on: records first, everything else after.
//!
//! A [`Turn`](super::Turn) gathers what events have brought about. Its records are written as one
//! group with one sync; only then are its effects performed, its views published and its requests
//! answered. If they cannot be written, all of it waits and the gates are closed.

use super::super::crash::{self, CrashPoint};
use super::super::handle::{Refusal, Update};
use super::super::perform::{Job, Work};
use super::super::runner::Runner;
use super::{AUDIT_AGAIN, Engine, REMEMBER_EVERY};
use crate::lane::{Cause, Event, Now, Record, RecordKind};
use crate::plain::Plain;
use std::sync::Arc;

impl Engine {
    /// Puts a record into the turn. Its number is known already, because nothing else writes.
    pub(super) fn queue(&mut self, slot: Option<usize>, record: Record) {
        let queued = u64::try_from(self.turn.entries.len()).unwrap_or(u64::MAX);
        let seq = self.last_seq.saturating_add(queued).saturating_add(1);
        let runner = slot
            .and_then(|slot| self.lanes.get_mut(slot))
            .and_then(Option::as_mut);
        let cause = match (record.cause, &runner) {
            (Cause::World, _) => None,
            (Cause::Previous, _) => Some(seq.saturating_sub(1)),
            (Cause::Latest(kind), Some(runner)) => runner.latest(kind),
            (Cause::Latest(_), None) => None,
        };
        if let Some(runner) = runner {
            runner.note(record.kind, seq);
        }
        match record.kind {
            RecordKind::TrialStarted => self.turn.crash_points.push(CrashPoint::TrialRecorded),
            RecordKind::CredentialPromoted => {
                self.turn.crash_points.push(CrashPoint::PromotionRecorded);
            }
            _ => {}
        }
        self.turn.entries.push((record, cause));
    }

    /// Writes the turn's records, and then lets out what they stand for.
    pub(super) async fn finish_turn(&mut self, now: Now) {
        let wait = self.audit_again.is_some_and(|at| at > now.boot);
        // That the audit can be written again is news to the lanes, which may have to say something.
        while !self.turn.entries.is_empty() || self.audit_trouble.is_some() {
            if wait || !self.write(now).await {
                self.show_trouble(now);
                return;
            }
        }
        let turn = std::mem::take(&mut self.turn);
        for recorded in &turn.crash_points {
            crash::reached(*recorded);
        }
        for slot in &turn.touched {
            self.remember(*slot);
        }
        self.publishers
            .retain(|publisher| !publisher.is_abandoned());
        let watched = !self.publishers.is_empty();
        let lanes = self.views(now, turn.touched.iter().copied().filter(|_| watched));
        let engine = turn.engine_changed.then(|| Arc::new(self.engine_view()));
        if !lanes.is_empty() || !turn.removed.is_empty() || engine.is_some() {
            self.publish(&Update {
                lanes,
                removed: turn.removed,
                engine,
                ..Update::default()
            });
        }
        for (answer, done) in turn.answers {
            // Whoever asked may have gone meanwhile.
            let _gone = answer.send(done);
        }
        for (name, answer) in turn.leases {
            let _gone = answer.send(self.lease(now, &name));
        }
        for (slot, effect) in turn.effects {
            self.start(now, slot, effect);
        }
        for notice in turn.notices {
            self.notify(notice);
        }
        let lanes = &self.lanes;
        while let Some((ticket, job)) = self
            .dispatch
            .next(now.boot, |job| is_wanted(lanes, now, job))
        {
            self.workers.give(Arc::clone(&self.tools), ticket, *job);
        }
        if !self.settle.is_empty() {
            let settled = self
                .lanes
                .iter()
                .flatten()
                .all(|runner| runner.lane.is_settled());
            if settled {
                for waiting in self.settle.drain(..) {
                    let _gone = waiting.send(());
                }
            }
        }
        if self.memories_changed && self.remember_at <= now.boot {
            self.save_memories(now);
        }
    }

    /// Writes the turn's records. Answers whether they are on disk.
    pub(super) async fn write(&mut self, now: Now) -> bool {
        let Some(mut journal) = self.journal.take() else {
            return false;
        };
        let entries = std::mem::take(&mut self.turn.entries);
        let wrote = tokio::task::spawn_blocking(move || {
            let records = journal.append(now.wall, &entries);
            (journal, entries, records)
        });
        let Ok((journal, entries, records)) = wrote.await else {
            self.close_gates(
                now,
                "the audit's writer failed; start lanewatch again".into(),
            );
            return false;
        };
        self.last_seq = journal.last_seq();
        self.journal = Some(journal);
        match records {
            Ok(records) => {
                self.audit_again = None;
                if self.audit_trouble.take().is_some() {
                    self.turn.engine_changed = true;
                    for slot in 0..self.lanes.len() {
                        self.tell(now, slot, Event::AuditWritable(true));
                    }
                }
                if !records.is_empty() {
                    let records = records.into_iter().map(Arc::new).collect();
                    let engine = Some(Arc::new(self.engine_view()));
                    self.publish(&Update {
                        records,
                        engine,
                        ..Update::default()
                    });
                }
                true
            }
            Err(error) => {
                self.turn.entries = entries;
                self.audit_again = Some(now.boot.plus(AUDIT_AGAIN));
                self.close_gates(now, error.to_string().into());
                false
            }
        }
    }

    /// What cannot be recorded must not happen.
    pub(super) fn close_gates(&mut self, now: Now, trouble: Plain) {
        if self.audit_trouble.is_none() {
            tracing::error!(error = %trouble, "the audit cannot be written");
            for slot in 0..self.lanes.len() {
                self.tell(now, slot, Event::AuditWritable(false));
            }
        }
        self.audit_trouble = Some(trouble);
    }

    /// While the audit cannot be written, only that is shown, and that every gate is closed.
    pub(super) fn show_trouble(&mut self, now: Now) {
        let lanes = self.views(now, 0..self.lanes.len());
        let engine = Some(Arc::new(self.engine_view()));
        self.publish(&Update {
            lanes,
            engine,
            ..Update::default()
        });
        for (name, answer) in std::mem::take(&mut self.turn.leases) {
            let _gone = answer.send(self.lease(now, &name));
        }
        for (answer, _) in self.turn.answers.drain(..) {
            let why = "the audit cannot be written: this waits until it can";
            let _gone = answer.send(Err(Refusal::NotNow(why.into())));
        }
    }

    pub(super) fn remember(&mut self, slot: usize) {
        if let Some(runner) = self.lanes.get(slot).and_then(Option::as_ref) {
            let seen = runner.history();
            let (name, memory) = (&runner.entry.spec.name, runner.lane.memory());
            let attempt = runner.latest(RecordKind::RefreshAttempted);
            self.memories_changed |= self.memories.note(name, memory, attempt, seen);
        }
    }

    pub(super) fn save_memories(&mut self, now: Now) {
        self.memories.seq = self.last_seq;
        self.memories_changed = false;
        self.remember_at = now.boot.plus(REMEMBER_EVERY);
        self.memories.prune(&self.index);
        if let Err(error) = self.memories.save(&self.folder.memory()) {
            tracing::warn!(%error, "what the lanes remember could not be written");
        }
        crash::reached(CrashPoint::MemoryReplaced);
    }
}

/// Whether a job that waited its turn may still be done: its credential may have died since.
fn is_wanted(lanes: &[Option<Runner>], now: Now, job: &Job) -> bool {
    let (Work::Probe { attempt, .. } | Work::Neighbor { attempt, .. }) = job.work else {
        return true;
    };
    let runner = lanes.get(job.slot).and_then(Option::as_ref);
    runner.is_some_and(|runner| runner.lane.may_ask(now, attempt))
}
