//! What befalls the crew: faults, revocations, the process's death and return, and owners who
//! replace their keys.

use super::super::fault::Share;
use super::super::scenario::Strike;
use super::super::work::Work;
use super::hired::{portion, replaced_at};
use super::{BEGINNING, Crew};
use crate::lane::{Boot, Lane, Wall};
use crate::policy::{ClockWatch, Dispatch, Starts, Wakes, lane_seed};
use std::cmp::Reverse;
use std::sync::Arc;

impl Crew<'_> {
    /// Something happens to the world, or to the machine.
    pub(super) fn strike(&mut self, strike: Strike) {
        self.all_up();
        self.world.strike(self.now, strike);
        match strike {
            Strike::StoreBack if self.world.store_is_up() => {
                let now = self.now;
                self.members
                    .iter_mut()
                    .for_each(|member| member.could_be_fresh(now));
            }
            Strike::Revoke(share) => self.revoke(share),
            Strike::Step(by) => {
                self.wall_ahead = self.wall_ahead.saturating_add(by);
                self.clock_is_known = false;
            }
            Strike::Sleep(until) => {
                self.clock_is_known = false;
                self.asleep_until = Some(self.asleep_until.map_or(until, |at| at.max(until)));
                self.slept += until.saturating_sub(self.now);
            }
            Strike::Die => self.die(),
            Strike::Restart => self.restart(),
            _ => {}
        }
    }

    pub(super) fn revoke(&mut self, share: Share) {
        let all = self.members.len();
        let mut left = match share {
            Share::Count(count) => count as usize,
            Share::Part(part) => usize::try_from(portion(all as u64, part)).unwrap_or(all),
        };
        // Each lane is as likely as the next: so many of those that are left are taken.
        for (slot, member) in self.members.iter_mut().enumerate() {
            let rest = (all - slot) as f64;
            if left > 0 && self.world.dice.unit() * rest < left as f64 {
                member.account.revoke();
                left -= 1;
            }
        }
    }

    /// The process is killed: requests under way stay without an answer that anybody hears.
    pub(super) fn die(&mut self) {
        self.alive = false;
        for running in std::mem::take(&mut self.running).into_iter().flatten() {
            let Some(member) = self.members.get_mut(running.job.slot) else {
                continue;
            };
            let Some(kind) = self.kinds.get(member.kind) else {
                continue;
            };
            if let Work::Refresh { step, .. } = running.job.work {
                member.cut_off(&step, kind, self.now, self.world.dice.unit() < 0.5);
            }
        }
        self.free.clear();
        self.answers.clear();
        self.effects.clear();
        self.dispatch = Dispatch::new(self.limits);
        for kind in &mut self.kinds {
            kind.lines = kind.targets.lines(&mut self.dispatch);
        }
        self.wakes = Wakes::default();
        self.starts = Starts::at_once(Boot(self.now), 0);
    }

    pub(super) fn restart(&mut self) {
        self.alive = true;
        let now = self.moment();
        self.watch = ClockWatch::new(self.reading());
        for (slot, member) in self.members.iter_mut().enumerate() {
            let seed = lane_seed(self.plan.seed ^ self.now, slot);
            member.history = member.remembered();
            member.unsaved = None;
            member.begun = false;
            let memory = member.lane.memory();
            member.lane = Lane::new(Arc::clone(member.lane.spec()), seed, now, memory);
        }
        self.starts = Starts::spread(Boot(self.now), self.members.len());
    }

    /// Owners put newer keys into the store, each before the old one ends.
    pub(super) fn replace_keys(&mut self) {
        while let Some(Reverse((at, slot))) = self.owners.peek().copied() {
            if at > self.now {
                break;
            }
            self.owners.pop();
            let issued = Wall(BEGINNING.0.saturating_add_unsigned(at));
            let Some(member) = self.members.get_mut(slot) else {
                continue;
            };
            let life = self.kinds.get(member.kind).and_then(|kind| kind.life);
            let token = member.account.make(at, issued, life);
            member.account.put(token);
            member.replaced = life.map(|life| replaced_at(at, life));
            self.owners
                .extend(member.replaced.map(|at| Reverse((at, slot))));
        }
    }
}
