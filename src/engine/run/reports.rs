//! What comes back from work under way.

use super::super::crash::{self, CrashPoint};
use super::super::workers::Done;
use super::Engine;
use crate::lane::{Event, Now};
use crate::plain::Plain;

impl Engine {
    pub(super) fn take_report(&mut self, now: Now, done: Done) {
        self.take_progress(now);
        self.workers.take_back(&done);
        let Done { ticket, report, .. } = done;
        let down = report.store.as_ref().map(Result::is_err);
        self.dispatch.done(&ticket, down, now.boot);
        let Some(runner) = self.lanes.get_mut(report.slot).and_then(Option::as_mut) else {
            return;
        };
        if let Some(kept) = report.kept {
            runner.keep(kept);
        }
        match (report.unsaved, &report.event) {
            (Some(unsaved), _) => runner.unsaved = Some(unsaved),
            (None, Event::Refreshed { .. }) => runner.unsaved = None,
            (None, _) => {}
        }
        let name = runner.entry.spec.name.clone();
        let store = runner.entry.source.store.clone();
        let has_unsaved = runner.unsaved.is_some();
        let runner_is_testing = runner.lane.candidate().is_some();
        let mut event = report.event;
        if let Event::Loaded {
            found: crate::lane::Found::Credential(offer),
            ..
        }
        | Event::Refreshed { offer, .. } = &mut event
        {
            offer.history = self.memories.history(&name, offer.fingerprint);
        }
        if let Event::Probed { verdict, .. } = &event
            && verdict.outcome == crate::lane::Outcome::Ok
            && runner_is_testing
        {
            crash::reached(CrashPoint::CandidateProbed);
        }
        // What was minted and waits for the store is no loss: its request has an answer.
        if let Some(verdict) = report.doubt.filter(|_| !has_unsaved) {
            self.tell(now, report.slot, Event::GrantInDoubt { verdict });
        }
        if let Some(said) = report.store {
            self.note_store(now, &store, said);
        }
        self.tell(now, report.slot, event);
    }

    pub(super) fn note_store(&mut self, now: Now, name: &Plain, said: Result<(), Plain>) {
        let Some(view) = self.stores.get_mut(name) else {
            return;
        };
        let up = said.is_ok();
        if view.up != Some(up) {
            view.up = Some(up);
            view.since = now.wall;
            self.turn.engine_changed = true;
        }
        let trouble = said.err();
        if view.trouble != trouble {
            view.trouble = trouble;
            self.turn.engine_changed = true;
        }
    }
}
