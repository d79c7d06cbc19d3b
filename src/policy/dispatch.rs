//! Which effects run now and which wait their turn.
//!
//! Jobs that need the same host and the same store wait in one queue. A host, and a store, has at
//! most so many jobs under way, and there are at most so many in all. A store that does not answer
//! is asked at most twice a second, however many lanes want something of it: what needs it waits,
//! and the first good answer lets all of that go.

use crate::lane::Boot;
use crate::manifest::Limits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two tries of a store that is down.
const DOWN_EVERY: Duration = Duration::from_millis(500);

/// A host's name, or a store's.
pub type Target = Arc<str>;

/// Where a job goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// To a host.
    Host(Target),
    /// To a store.
    Store(Target),
    /// To a store first, then for as long as it takes to a host, and to the store again.
    Both {
        /// The host.
        host: Target,
        /// The store.
        store: Target,
    },
}

/// The line of jobs that wait at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line(usize);

/// What a job that runs has taken, to be given back by [`Dispatch::done`].
#[derive(Debug)]
pub struct Ticket {
    /// The number of its queue.
    queue: usize,
    /// Whether it counts among the jobs of its store.
    at_store: bool,
}

/// A host or a store.
#[derive(Debug, Default)]
struct State {
    running: usize,
    /// Set while the target is down: no job before this.
    not_before: Option<Boot>,
    /// The queue of jobs that only read it, where it is a store.
    reads: Option<usize>,
}

/// The jobs of one place, and the numbers of its targets.
#[derive(Debug)]
struct Queue<J> {
    host: Option<usize>,
    store: Option<usize>,
    jobs: VecDeque<J>,
}

/// An empty queue keeps room for so many jobs; what a herd has needed it gives back.
const ROOM_KEPT: usize = 64;

/// The queues of jobs `J`.
///
/// Places and targets are numbered when they are first met, so that their names are looked up once
/// a job.
#[derive(Debug)]
pub struct Dispatch<J> {
    limits: Limits,
    places: HashMap<Place, usize>,
    queues: Vec<Queue<J>>,
    targets: HashMap<Target, usize>,
    states: Vec<State>,
    running: usize,
    /// How many targets are down.
    down: usize,
    /// Queues that have a job waiting, each once, in turn.
    turn: VecDeque<usize>,
}

impl<J> Dispatch<J> {
    /// Nothing waits and nothing runs.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            places: HashMap::new(),
            queues: Vec::new(),
            targets: HashMap::new(),
            states: Vec::new(),
            running: 0,
            down: 0,
            turn: VecDeque::new(),
        }
    }

    /// Other limits, for what begins from now on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// A job for `place`.
    pub fn push(&mut self, place: Place, job: J) {
        let line = self.line(place);
        self.push_to(line, job);
    }

    /// The line at that place, for those who come there often.
    pub fn line(&mut self, place: Place) -> Line {
        let known = self.places.get(&place).copied();
        Line(known.unwrap_or_else(|| self.meet(place)))
    }

    /// Puts a job into a line of this dispatch's.
    pub fn push_to(&mut self, line: Line, job: J) {
        if let Some(queue) = self.queues.get_mut(line.0) {
            if queue.jobs.is_empty() {
                self.turn.push_back(line.0);
            }
            queue.jobs.push_back(job);
        }
    }

    /// Numbers a place that was not met before.
    fn meet(&mut self, place: Place) -> usize {
        let number = self.queues.len();
        let (host, store) = match &place {
            Place::Host(host) => (Some(self.target(host)), None),
            Place::Store(store) => (None, Some(self.target(store))),
            Place::Both { host, store } => (Some(self.target(host)), Some(self.target(store))),
        };
        if let (None, Some(state)) = (host, store.and_then(|store| self.states.get_mut(store))) {
            state.reads = Some(number);
        }
        self.queues.push(Queue {
            host,
            store,
            jobs: VecDeque::new(),
        });
        self.places.insert(place, number);
        number
    }

    fn target(&mut self, name: &Target) -> usize {
        if let Some(number) = self.targets.get(name) {
            return *number;
        }
        let number = self.states.len();
        self.states.push(State::default());
        self.targets.insert(Arc::clone(name), number);
        number
    }

    /// The next job that may run, if any; it then counts as running until [`Self::done`]. A job that
    /// is not `wanted` any more when its turn comes is dropped.
    pub fn next(&mut self, now: Boot, wanted: impl Fn(&J) -> bool) -> Option<(Ticket, J)> {
        for _ in 0..self.turn.len() {
            if self.running >= self.limits.in_all {
                return None;
            }
            let number = self.turn.pop_front()?;
            let ticket = self.ticket(number, now);
            let jobs = &mut self.queues.get_mut(number)?.jobs;
            let job = ticket
                .is_some()
                .then(|| std::iter::from_fn(|| jobs.pop_front()).find(&wanted))
                .flatten();
            if !jobs.is_empty() {
                self.turn.push_back(number);
            } else if jobs.capacity() > ROOM_KEPT {
                *jobs = VecDeque::new();
            }
            if let (Some(ticket), Some(job)) = (ticket, job) {
                self.count(&ticket, 1);
                return Some((ticket, job));
            }
        }
        None
    }

    /// What a job of that queue would take now, if it may run.
    fn ticket(&self, number: usize, now: Boot) -> Option<Ticket> {
        let queue = self.queues.get(number)?;
        let state = |target: Option<usize>| target.and_then(|target| self.states.get(target));
        if state(queue.host).is_some_and(|host| host.running >= self.limits.per_host) {
            return None;
        }
        let mut at_store = false;
        if let Some(store) = state(queue.store) {
            let down = store.not_before.is_some();
            // What goes to a host as well holds its store's place only while that may be down: a
            // host that hangs must not keep others from their store.
            at_store = down || queue.host.is_none();
            let most = if down { 1 } else { self.limits.per_host };
            if at_store && store.running >= most || store.not_before.is_some_and(|at| now < at) {
                return None;
            }
            // Whether the store answers again shows soonest at a job that only reads it.
            let reads = store.reads.and_then(|reads| self.queues.get(reads));
            if down && queue.host.is_some() && reads.is_some_and(|of| !of.jobs.is_empty()) {
                return None;
            }
        }
        Some(Ticket {
            queue: number,
            at_store,
        })
    }

    fn count(&mut self, ticket: &Ticket, by: isize) {
        self.running = self.running.saturating_add_signed(by);
        let Some(queue) = self.queues.get(ticket.queue) else {
            return;
        };
        let store = queue.store.filter(|_| ticket.at_store);
        for target in queue.host.into_iter().chain(store) {
            if let Some(state) = self.states.get_mut(target) {
                state.running = state.running.saturating_add_signed(by);
            }
        }
    }

    /// A job has come to its end. `down` says whether its store failed to answer; `None` where the
    /// job says nothing about that.
    pub fn done(&mut self, ticket: &Ticket, down: Option<bool>, now: Boot) {
        self.count(ticket, -1);
        let store = self.queues.get(ticket.queue).and_then(|queue| queue.store);
        if let (Some(state), Some(down)) =
            (store.and_then(|store| self.states.get_mut(store)), down)
        {
            let was = state.not_before.is_some();
            state.not_before = down.then(|| now.plus(DOWN_EVERY));
            self.down = self.down.saturating_sub(usize::from(was));
            self.down = self.down.saturating_add(usize::from(down));
        }
    }

    /// Whether nothing waits for its turn and no store is down.
    pub fn is_clear(&self) -> bool {
        self.turn.is_empty() && self.down == 0
    }

    /// When a queue that waits for its store may go on. One whose time has come waits for a job
    /// that is under way.
    pub fn soonest(&self, now: Boot) -> Option<Boot> {
        let stores = self
            .turn
            .iter()
            .filter_map(|queue| self.queues.get(*queue)?.store);
        let waits = stores.filter_map(|store| self.states.get(store)?.not_before);
        waits.filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> Target {
        Arc::from(name)
    }

    fn load() -> Place {
        Place::Store(target("store"))
    }

    fn refresh() -> Place {
        Place::Both {
            host: target("token"),
            store: target("store"),
        }
    }

    fn dispatch() -> Dispatch<u32> {
        let limits = Limits {
            per_host: 4,
            in_all: 6,
        };
        Dispatch::new(limits)
    }

    /// Everything that may begin now.
    fn begin(dispatch: &mut Dispatch<u32>, now: u64) -> Vec<(Ticket, u32)> {
        std::iter::from_fn(|| dispatch.next(Boot(now), |_| true)).collect()
    }

    #[test]
    fn a_store_that_is_down_is_asked_twice_a_second_by_one_job_at_a_time() {
        let mut dispatch = dispatch();
        (0..10_000)
            .for_each(|job| dispatch.push(if job % 2 == 0 { load() } else { refresh() }, job));
        let mut asked = Vec::new();
        let mut running: Vec<(u64, Ticket)> = Vec::new();
        for now in (0..60_000).step_by(10) {
            for at in (0..running.len()).rev() {
                if running[at].0 <= now {
                    let (_, ticket) = running.remove(at);
                    dispatch.done(&ticket, Some(true), Boot(now));
                }
            }
            for (ticket, _) in begin(&mut dispatch, now) {
                asked.push(now);
                running.push((now + 20, ticket));
            }
            assert!(now < 100 || running.len() <= 1);
        }
        for window in asked[6..].windows(3) {
            assert!(window[2] - window[0] >= 1_000, "{window:?}");
        }
        assert!(asked.len() > 100, "it goes on asking");
    }

    #[test]
    fn the_first_good_answer_lets_everything_go_that_the_limits_allow() {
        let mut dispatch = dispatch();
        dispatch.push(load(), 0);
        let (ticket, _) = dispatch.next(Boot(0), |_| true).unwrap();
        dispatch.done(&ticket, Some(true), Boot(0));
        (1..20).for_each(|job| dispatch.push(refresh(), job));
        (20..40).for_each(|job| dispatch.push(load(), job));
        assert!(begin(&mut dispatch, 499).is_empty());
        let probe = begin(&mut dispatch, 500);
        assert_eq!(probe.len(), 1);
        assert_eq!(probe[0].1, 20, "it is tried by a job that only reads");
        dispatch.done(&probe[0].0, Some(false), Boot(505));
        let after = begin(&mut dispatch, 505);
        assert_eq!(after.len(), 6, "as many as may run in all");
    }

    #[test]
    fn a_job_that_nobody_wants_any_more_is_dropped_and_takes_no_place() {
        let mut dispatch = dispatch();
        (0..10).for_each(|job| dispatch.push(load(), job));
        let (_, job) = dispatch.next(Boot(0), |job| *job > 8).unwrap();
        assert_eq!(job, 9);
        assert!(dispatch.next(Boot(0), |_| true).is_none());
        dispatch.push(load(), 10);
        assert!(dispatch.next(Boot(0), |_| false).is_none());
        dispatch.push(load(), 11);
        assert_eq!(begin(&mut dispatch, 0).len(), 1);
    }
}
