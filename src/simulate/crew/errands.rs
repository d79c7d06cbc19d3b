//! What lanes ask for: put into the queue of its target, begun when there is a place, answered when
//! the world has taken its time over it.

use super::super::account::Account;
use super::super::work::{Done, Exchange, Scene, Work};
use super::member::Member;
use super::{Crew, Job, Running};
use crate::lane::{Boot, Credential, Effect, Event, Now};
use std::cmp::Reverse;

impl Crew<'_> {
    /// Puts what a lane asks for into the queue of its target.
    pub(super) fn perform(&mut self, slot: usize, effect: &Effect) {
        let Some(member) = self.members.get(slot) else {
            return;
        };
        let serial = |credential: &Credential| Account::serial(&credential.fingerprint);
        let current = member.lane.credential().map(serial);
        let of = |generation| member.lane.credential_of(generation).map(serial);
        let work = match (effect, current) {
            (Effect::Load { attempt, .. }, known) => Work::Load {
                attempt: *attempt,
                known,
            },
            (
                Effect::Probe {
                    attempt,
                    generation,
                    ..
                },
                _,
            ) => match of(*generation) {
                Some(serial) => Work::Probe {
                    attempt: *attempt,
                    serial,
                },
                None => return,
            },
            (
                Effect::ProbeNeighbor {
                    attempt,
                    generation,
                    index,
                },
                _,
            ) => match of(*generation) {
                Some(serial) => Work::Neighbor {
                    attempt: *attempt,
                    index: *index,
                    serial,
                },
                None => return,
            },
            (Effect::CheckRefreshPath { attempt }, _) => Work::RefreshPath { attempt: *attempt },
            (Effect::Refresh { attempt, .. }, current) => Work::Refresh {
                attempt: *attempt,
                current,
                step: Exchange::Reading,
            },
            (
                Effect::Retire {
                    attempt,
                    generation,
                    ..
                },
                _,
            ) => Work::Retire {
                attempt: *attempt,
                generation: *generation,
            },
            _ => return,
        };
        let Some(kind) = self.kinds.get(member.kind) else {
            return;
        };
        if let Some(line) = kind.lines.of(effect) {
            self.dispatch.push_to(line, Job { slot, work });
        }
    }

    /// A request leaves.
    pub(super) fn ask(&mut self, running: Running) {
        let (whom, takes) = running.job.work.request();
        self.tally.request(whom, self.now);
        self.tally.played_out += 1;
        if let (Some(serial), Some(member)) =
            (running.job.work.shows(), self.members.get(running.job.slot))
        {
            let over = member
                .account
                .end(serial)
                .is_some_and(|end| end <= self.now);
            if over || serial <= member.told_dead {
                self.tally.dead_calls += 1;
            }
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        if let Some(place) = self.running.get_mut(index) {
            *place = Some(running);
        }
        self.number += 1;
        self.answers
            .push(Reverse((self.now + takes, self.number, index)));
    }

    /// An answer is here, or it is clear that none will come.
    pub(super) fn answered(&mut self, index: usize) {
        let Some(Running { ticket, job, asked }) =
            self.running.get_mut(index).and_then(Option::take)
        else {
            return;
        };
        self.free.push(index);
        let (wall_asked, wall) = (self.wall(asked), self.wall(self.now));
        let Some(member) = self.members.get_mut(job.slot) else {
            return;
        };
        let Some(kind) = self.kinds.get(member.kind) else {
            return;
        };
        let shown = job.work.shows();
        let done = job.work.answered(&mut Scene {
            world: &mut self.world,
            verdicts: &self.verdicts,
            account: &mut member.account,
            unsaved: &mut member.unsaved,
            renewal: kind.spec.renewal,
            forgives: kind.forgives,
            life: kind.life,
            asked,
            now: self.now,
            wall_asked,
            wall,
            skew_ms: self.wall_ahead.saturating_neg(),
        });
        match done {
            Done::Next(work) => self.ask(Running {
                ticket,
                job: Job {
                    slot: job.slot,
                    work,
                },
                asked: self.now,
            }),
            Done::Ended { mut event, down } => {
                self.dispatch.done(&ticket, down, Boot(self.now));
                member.remember(&mut event);
                let dead = shown.filter(|_| condemns(&event));
                let doubt = member.account.in_doubt && matches!(event, Event::Loaded { .. });
                if doubt {
                    let verdict = self.verdicts.in_doubt.clone();
                    self.tell(job.slot, Event::GrantInDoubt { verdict });
                }
                self.tell(job.slot, event);
                if let (Some(dead), Some(member)) = (dead, self.members.get_mut(job.slot)) {
                    member.told_dead = member.told_dead.max(dead);
                }
            }
        }
    }
}

/// Whether a job that waited its turn may still be done: its credential may have died since.
pub(super) fn is_wanted(members: &[Member], now: Now, job: &Job) -> bool {
    let (Work::Probe { attempt, .. } | Work::Neighbor { attempt, .. }) = job.work else {
        return true;
    };
    members
        .get(job.slot)
        .is_some_and(|member| member.lane.may_ask(now, attempt))
}

/// Whether an upstream said that what it was shown is dead.
const fn condemns(event: &Event) -> bool {
    match event {
        Event::Probed { verdict, .. } | Event::NeighborProbed { verdict, .. } => {
            verdict.outcome.is_terminal()
        }
        _ => false,
    }
}
