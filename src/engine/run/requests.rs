//! What a [`Handle`](super::Handle) asks, and what it is answered.

use super::super::handle::{Accepted, Command, Lease, Refusal, Request, Update};
use super::Engine;
use crate::lane::{Actor, Denied, Event, LaneName, Now, Record, RecordKind};
use crate::sandbox;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Engine {
    pub(super) fn take_request(&mut self, now: Now, request: Request) {
        match request {
            Request::Command(command, answer) => self.take_command(now, command, answer),
            Request::Subscribe(publisher) => {
                let lanes = self.views(now, 0..self.lanes.len());
                let engine = Some(Arc::new(self.engine_view()));
                publisher.publish(Update {
                    lanes,
                    engine,
                    ..Update::default()
                });
                self.publishers.push(publisher);
            }
            Request::Snapshot(answer) => {
                let lanes = self.views(now, 0..self.lanes.len());
                // The asker may have gone; then nobody needs it.
                let _gone = answer.send((self.engine_view(), lanes));
            }
            Request::Settled(answer) => self.settle.push(answer),
            Request::Acquire(name, answer) => {
                // Who is asked for need not wait for the others.
                if let Some(slot) = self.index.get(&name).copied() {
                    self.begin(now, slot);
                }
                self.turn.leases.push((name, answer));
            }
        }
    }

    /// The secret that serves a lane, or what stands against it. Asked at the end of a turn only: a
    /// gate that has opened in this turn is open when the audit has it.
    pub(super) fn lease(&self, now: Now, name: &LaneName) -> Option<Result<Lease, Denied>> {
        let slot = self.index.get(name)?;
        let runner = self.lanes.get(*slot)?.as_ref()?;
        let lease = runner.lane.serve(now).map(|generation| {
            let secret = runner.secret().cloned()?;
            Some(Lease { secret, generation })
        });
        lease.transpose()
    }

    pub(super) fn take_command(
        &mut self,
        now: Now,
        command: Command,
        answer: oneshot::Sender<Result<Accepted, Refusal>>,
    ) {
        let done = match command {
            _ if self.audit_trouble.is_some() => {
                let why = "the audit cannot be written, so nothing is done";
                Err(Refusal::NotNow(why.into()))
            }
            Command::Lane { lane, verb, by } => self.slot(&lane).and_then(|slot| {
                self.begin(now, slot);
                let runner = self.lanes.get(slot).and_then(Option::as_ref);
                let may = runner.map(|runner| runner.lane.may(&verb));
                match may {
                    Some(Ok(note)) => {
                        self.tell(now, slot, Event::Asked { verb, by });
                        Ok(Accepted { note })
                    }
                    Some(Err(why)) => Err(Refusal::NotNow(why)),
                    None => Err(Refusal::NoSuchLane(lane)),
                }
            }),
            Command::Drill { lane, drill, by } => self.drill(&lane, drill, by),
        };
        self.turn.answers.push((answer, done));
    }

    pub(super) fn drill(
        &mut self,
        lane: &LaneName,
        drill: sandbox::Drill,
        by: Actor,
    ) -> Result<Accepted, Refusal> {
        let slot = self.slot(lane)?;
        let runner = self.lanes.get(slot).and_then(Option::as_ref);
        let entry = runner.map(|runner| Arc::clone(&runner.entry));
        let (Some(control), Some(entry)) = (&self.sandbox, entry.filter(|entry| entry.sandbox))
        else {
            let why = format!("{lane} has a real upstream: drills are for sandbox lanes only");
            return Err(Refusal::NotNow(why.into()));
        };
        let note = control
            .drill(&entry.source.path, drill)
            .map_err(Refusal::NotNow)?;
        let mut record = Record::engine(RecordKind::DrillStarted, format!("{drill}: {note}"));
        record.lane = Some(lane.clone());
        record.actor = by;
        self.queue(Some(slot), record);
        Ok(Accepted { note })
    }

    pub(super) fn slot(&self, lane: &LaneName) -> Result<usize, Refusal> {
        self.index
            .get(lane)
            .copied()
            .ok_or_else(|| Refusal::NoSuchLane(lane.clone()))
    }
}
