//! Which effects run now and which wait their turn.
//!
//! Each target (a host, a store) has a queue, at most so many of its jobs under way, and at most so
//! many in all. A store that does not answer is asked at most twice a second, however many lanes
//! want something of it: its queue waits, and the first good answer lets all of it go.

use super::perform::Job;
use crate::lane::Boot;
use crate::manifest::Limits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two tries of a target that is down.
const DOWN_EVERY: Duration = Duration::from_millis(500);

/// Where a job goes: a host's name, or a store's.
pub(super) type Target = Arc<str>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    running: usize,
    /// Set while the target is down: no job before this.
    not_before: Option<Boot>,
}

/// The queues.
pub(super) struct Dispatch {
    limits: Limits,
    queues: HashMap<Target, Queue>,
    running: usize,
    /// Targets that may have a job ready, each once, in turn.
    turn: VecDeque<Target>,
}

impl Dispatch {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: HashMap::new(),
            running: 0,
            turn: VecDeque::new(),
        }
    }

    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// A job for `target`.
    pub(super) fn push(&mut self, target: Target, job: Job) {
        if !self.turn.contains(&target) {
            self.turn.push_back(Arc::clone(&target));
        }
        self.queues
            .entry(target)
            .or_default()
            .waiting
            .push_back(job);
    }

    /// The next job that may run, if any; it then counts as running until [`Self::done`].
    pub(super) fn pop(&mut self, now: Boot) -> Option<(Target, Job)> {
        for _ in 0..self.turn.len() {
            if self.running >= self.limits.in_all {
                return None;
            }
            let target = self.turn.pop_front()?;
            let Some(queue) = self.queues.get_mut(&target) else {
                continue;
            };
            let down = queue.not_before.is_some();
            let per_host = if down { 1 } else { self.limits.per_host };
            let early = queue.not_before.is_some_and(|at| now < at);
            let job = if queue.running < per_host && !early {
                queue.waiting.pop_front()
            } else {
                None
            };
            if !queue.waiting.is_empty() {
                self.turn.push_back(Arc::clone(&target));
            }
            if let Some(job) = job {
                queue.running += 1;
                self.running += 1;
                return Some((target, job));
            }
        }
        None
    }

    /// A job of `target` has come to its end. `down` says whether the target failed to answer;
    /// `None` where the job says nothing about that.
    pub(super) fn done(&mut self, target: &Target, down: Option<bool>, now: Boot) {
        self.running = self.running.saturating_sub(1);
        let Some(queue) = self.queues.get_mut(target) else {
            return;
        };
        queue.running = queue.running.saturating_sub(1);
        match down {
            Some(true) => queue.not_before = Some(now.plus(DOWN_EVERY)),
            Some(false) => queue.not_before = None,
            None => {}
        }
        if queue.waiting.is_empty() && queue.running == 0 && queue.not_before.is_none() {
            self.queues.remove(target);
        } else if !queue.waiting.is_empty() && !self.turn.contains(target) {
            self.turn.push_back(Arc::clone(target));
        }
    }

    /// When a queue that waits for its target may go on.
    pub(super) fn soonest(&self) -> Option<Boot> {
        let waiting = self
            .queues
            .values()
            .filter(|queue| !queue.waiting.is_empty() && queue.running == 0);
        waiting.filter_map(|queue| queue.not_before).min()
    }
}
