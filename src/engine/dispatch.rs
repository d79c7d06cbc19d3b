//! Which effects run now and which wait their turn.
//!
//! Jobs that need the same host and the same store wait in one queue. A host, and a store, has at
//! most so many jobs under way, and there are at most so many in all. A store that does not answer
//! is asked at most twice a second, however many lanes want something of it: what needs it waits,
//! and the first good answer lets all of that go.

use super::perform::Job;
use crate::lane::Boot;
use crate::manifest::Limits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two tries of a store that is down.
const DOWN_EVERY: Duration = Duration::from_millis(500);

/// A host's name, or a store's.
pub(super) type Target = Arc<str>;

/// Where a job goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Place {
    /// To a host.
    Host(Target),
    /// To a store.
    Store(Target),
    /// To a store first, then for as long as it takes to a host, and to the store again.
    Both { host: Target, store: Target },
}

impl Place {
    const fn host(&self) -> Option<&Target> {
        match self {
            Self::Host(host) | Self::Both { host, .. } => Some(host),
            Self::Store(_) => None,
        }
    }

    const fn store(&self) -> Option<&Target> {
        match self {
            Self::Store(store) | Self::Both { store, .. } => Some(store),
            Self::Host(_) => None,
        }
    }
}

/// What a job that runs has taken, to be given back by [`Dispatch::done`].
pub(super) struct Ticket {
    place: Place,
    /// Whether it counts among the jobs of its store.
    at_store: bool,
}

#[derive(Default)]
struct State {
    running: usize,
    /// Set while the target is down: no job before this.
    not_before: Option<Boot>,
}

/// The queues.
pub(super) struct Dispatch {
    limits: Limits,
    /// Boxed, because ten thousand jobs may wait at the start and leave an empty queue behind.
    queues: HashMap<Place, VecDeque<Box<Job>>>,
    targets: HashMap<Target, State>,
    running: usize,
    /// Places that have a job waiting, each once, in turn.
    turn: VecDeque<Place>,
}

impl Dispatch {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: HashMap::new(),
            targets: HashMap::new(),
            running: 0,
            turn: VecDeque::new(),
        }
    }

    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// A job for `place`.
    pub(super) fn push(&mut self, place: Place, job: Job) {
        let queue = self.queues.entry(place.clone()).or_default();
        if queue.is_empty() {
            self.turn.push_back(place);
        }
        queue.push_back(Box::new(job));
    }

    /// The next job that may run, if any; it then counts as running until [`Self::done`].
    pub(super) fn pop(&mut self, now: Boot) -> Option<(Ticket, Job)> {
        for _ in 0..self.turn.len() {
            if self.running >= self.limits.in_all {
                return None;
            }
            let place = self.turn.pop_front()?;
            let ticket = self.ticket(&place, now);
            let queue = self.queues.get_mut(&place);
            let job = queue.and_then(|queue| ticket.is_some().then(|| queue.pop_front())?);
            if self.queues.get(&place).is_none_or(VecDeque::is_empty) {
                self.queues.remove(&place);
            } else {
                self.turn.push_back(place);
            }
            if let (Some(ticket), Some(job)) = (ticket, job) {
                self.count(&ticket, 1);
                return Some((ticket, *job));
            }
        }
        None
    }

    /// What a job of `place` would take now, if it may run.
    fn ticket(&self, place: &Place, now: Boot) -> Option<Ticket> {
        let state = |target: &Target| {
            self.targets
                .get(target)
                .map_or((0, None), |state| (state.running, state.not_before))
        };
        if let Some(host) = place.host()
            && state(host).0 >= self.limits.per_host
        {
            return None;
        }
        let mut at_store = false;
        if let Some(store) = place.store() {
            let (running, not_before) = state(store);
            let down = not_before.is_some();
            // What goes to a host as well holds its store's place only while that may be down: a
            // host that hangs must not keep others from their store.
            at_store = down || place.host().is_none();
            let most = if down { 1 } else { self.limits.per_host };
            if at_store && running >= most || not_before.is_some_and(|at| now < at) {
                return None;
            }
        }
        Some(Ticket {
            place: place.clone(),
            at_store,
        })
    }

    fn count(&mut self, ticket: &Ticket, by: isize) {
        self.running = self.running.saturating_add_signed(by);
        let store = ticket.place.store().filter(|_| ticket.at_store);
        for target in ticket.place.host().into_iter().chain(store) {
            let state = self.targets.entry(Arc::clone(target)).or_default();
            state.running = state.running.saturating_add_signed(by);
        }
    }

    /// A job has come to its end. `down` says whether its store failed to answer; `None` where the
    /// job says nothing about that.
    pub(super) fn done(&mut self, ticket: &Ticket, down: Option<bool>, now: Boot) {
        self.count(ticket, -1);
        if let (Some(store), Some(down)) = (ticket.place.store(), down) {
            let state = self.targets.entry(Arc::clone(store)).or_default();
            state.not_before = down.then(|| now.plus(DOWN_EVERY));
        }
        for target in ticket.place.host().into_iter().chain(ticket.place.store()) {
            let idle = |state: &State| state.running == 0 && state.not_before.is_none();
            if self.targets.get(target).is_some_and(idle) {
                self.targets.remove(target);
            }
        }
    }

    /// When a queue that waits for its store may go on. One whose time has come waits for a job
    /// that is under way.
    pub(super) fn soonest(&self, now: Boot) -> Option<Boot> {
        let stores = self.turn.iter().filter_map(Place::store);
        let waits = stores.filter_map(|store| self.targets.get(store)?.not_before);
        waits.filter(|at| *at > now).min()
    }
}
