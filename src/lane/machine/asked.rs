//! What a person asks for.

use super::super::effect::{LoadWhy, ProbeWhy, RefreshWhy};
use super::super::event::{Actor, Verb};
use super::super::gate::Pause;
use super::super::record::{Cause, RecordKind};
use super::super::spec::Renewal;
use super::super::time::Now;
use super::{Grant, Lane, Reaction, Rotation};
use crate::plain::Plain;
use std::sync::Arc;

impl Lane {
    /// Whether a request makes sense now: one sentence on what will happen, or on why it will not.
    ///
    /// # Errors
    /// The sentence that tells why not.
    pub fn may(&self, verb: &Verb) -> Result<Plain, Plain> {
        let name = &self.spec.name;
        let held = format!("{name} is held: release it first, with a reason");
        let done = match verb {
            Verb::Refresh | Verb::Rotate if self.hold.is_some() => return Err(held.into()),
            Verb::Refresh | Verb::Rotate if self.flights.refresh.is_some() => {
                return Err(format!("{name} is being refreshed already").into());
            }
            Verb::Refresh | Verb::Rotate if self.trial.is_some() => {
                return Err(format!("a newer credential of {name} is being tested already").into());
            }
            Verb::Rotate if self.rotation.is_some() && self.spec.renewal == Renewal::Owner => {
                format!("{name} still waits for its owner: looking in the store again")
            }
            Verb::Rotate if self.rotation.is_some() => {
                return Err(format!("{name} is being rotated already").into());
            }
            Verb::Refresh | Verb::Rotate if matches!(self.grant, Grant::Uncertain(_)) => format!(
                "refreshing {name} with a grant that may be used up: if it is, its provider may \
                 end every token of it"
            ),
            Verb::Refresh if self.spec.renewal.is_own() => format!("refreshing {name}"),
            Verb::Refresh => format!("reading the store and proving {name}"),
            Verb::Rotate => match self.spec.renewal {
                own if own.is_own() => {
                    format!("replacing the credential of {name} by {}", own.as_str())
                }
                Renewal::Owner => {
                    format!("waiting for the owner of {name} to bring a newer key")
                }
                _ => format!("looking in the store for a newer credential of {name}"),
            },
            Verb::Pause { .. } if self.hold.is_some() => return Err(held.into()),
            Verb::Pause { .. } if self.pause.is_some() => {
                return Err(format!("{name} is paused already").into());
            }
            Verb::Pause { .. } => format!("{name} is paused: it serves no call and is not probed"),
            Verb::Resume { .. } if self.pause.is_none() => {
                return Err(format!("{name} is not paused").into());
            }
            Verb::Resume { .. } => format!("{name} is resumed: proving it before it serves"),
            Verb::Release { .. } if self.hold.is_none() => {
                return Err(format!("{name} is not held").into());
            }
            Verb::Release { .. } => format!("{name} is released: proving it before it serves"),
            Verb::Acknowledge { .. } => format!("noted for {name}"),
        };
        let needs_reason = match verb {
            Verb::Pause { reason, .. } | Verb::Resume { reason } | Verb::Release { reason } => {
                reason.is_empty()
            }
            Verb::Refresh | Verb::Rotate | Verb::Acknowledge { .. } => false,
        };
        if needs_reason {
            return Err("a reason is needed: the audit keeps it".into());
        }
        Ok(done.into())
    }

    pub(super) fn asked(&mut self, now: Now, verb: Verb, by: Actor, out: &mut Reaction) {
        if self.may(&verb).is_err() {
            return;
        }
        match verb {
            Verb::Refresh => {
                // A person takes the risk that a machine must not.
                self.forgive_grant();
                if self.spec.renewal.is_own() {
                    self.refresh(now, RefreshWhy::Asked, out);
                    if let Some(record) = out.records.last_mut() {
                        record.actor = by;
                    }
                } else if self.refusal.is_some() {
                    self.begin_preflight(now, out);
                } else {
                    self.load(LoadWhy::Asked, out);
                    self.probe(ProbeWhy::Routine, out);
                }
            }
            Verb::Rotate => {
                if self.rotation.is_none() {
                    self.rotation = Some(Rotation {
                        by: by.clone(),
                        from: self.at_hand().unwrap_or_default(),
                    });
                    let way = self.spec.renewal.as_str();
                    let record = self.record(out, RecordKind::RotationStarted);
                    record.actor = by;
                    record.note = Some(format!("by {way}").into());
                }
                self.forgive_grant();
                if self.spec.renewal.is_own() {
                    self.refresh(now, RefreshWhy::Asked, out);
                } else {
                    self.load_again(LoadWhy::Asked, out);
                }
            }
            Verb::Pause { reason, until } => {
                let record = self.record(out, RecordKind::LanePaused);
                record.actor = by.clone();
                record.note = Some(reason.clone().into());
                self.pause = Some(Arc::new(Pause {
                    since: now.wall,
                    until,
                    by,
                    reason,
                }));
                self.schedule.pause_ends = until.map(|at| now.boot_at(at));
                self.schedule.probe = None;
                self.schedule.neighbors = None;
                self.schedule.preflight = None;
                self.preflight = None;
                self.flights.probe = None;
                self.flights.neighbor = None;
                self.flights.trial = None;
                self.schedule.trial = None;
            }
            Verb::Resume { reason } => self.end_pause(now, by, reason, out),
            Verb::Release { reason } => {
                let record = self.record(out, RecordKind::LaneReleased);
                record.actor = by;
                record.note = Some(reason.into());
                record.cause = Cause::Latest(RecordKind::LaneHeld);
                // What was held for a grant in doubt is tried again at the person's risk.
                let held = self.hold.take();
                self.forgiven = held.is_some_and(|hold| hold.verdict.outcome.is_outage());
                self.grant = Grant::Good;
                self.expired = false;
                // The store decides anew what serves: the credential at hand was condemned.
                self.let_everything_go(out);
                self.failed = None;
                self.schedule = super::Schedule {
                    pause_ends: self.schedule.pause_ends,
                    ..super::Schedule::default()
                };
                self.flights = super::Flights {
                    refresh: self.flights.refresh.take(),
                    ..Default::default()
                };
                if self.pause.is_none() {
                    self.begin_preflight(now, out);
                }
            }
            Verb::Acknowledge { reason } => {
                let record = self.record(out, RecordKind::OperatorAcknowledged);
                record.actor = by;
                record.note = (!reason.is_empty()).then_some(reason.into());
            }
        }
    }

    pub(super) fn end_pause(&mut self, now: Now, by: Actor, reason: Plain, out: &mut Reaction) {
        if self.pause.take().is_none() {
            return;
        }
        self.schedule.pause_ends = None;
        let record = self.record(out, RecordKind::LaneResumed);
        record.actor = by;
        record.note = Some(reason.into());
        record.cause = Cause::Latest(RecordKind::LanePaused);
        if self.hold.is_none() {
            self.begin_preflight(now, out);
        }
    }

    fn forgive_grant(&mut self) {
        let doubted = self.doubted.take().is_some();
        if doubted || matches!(self.grant, Grant::Uncertain(_)) {
            self.grant = Grant::Good;
            self.trouble = None;
            self.forgiven = true;
        }
    }
}
