//! The tasks that do the jobs.
//!
//! A job's future is large, a refresh's above all. A task of its own for each would have the
//! allocator make and free tens of thousands of such pieces among the small ones that lanes keep,
//! and a heap so chopped up grew to twice what lived in it. So a worker stays and does one job after
//! the other; there are as many as were ever busy at once, which the manifest's limits bound.

use super::perform::{Job, perform};
use super::report::Report;
use super::tools::Tools;
use crate::policy::Ticket;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a worker is asked to do.
struct Task {
    tools: Arc<Tools>,
    ticket: Ticket,
    job: Job,
}

/// What a worker has done.
pub(super) struct Done {
    worker: usize,
    pub(super) ticket: Ticket,
    pub(super) report: Report,
}

/// The workers, idle and busy.
pub(super) struct Workers {
    hands: Vec<mpsc::Sender<Box<Task>>>,
    idle: Vec<usize>,
    done: mpsc::Sender<Done>,
}

impl Workers {
    /// None yet, and where they will report.
    pub(super) fn new() -> (Self, mpsc::Receiver<Done>) {
        let (done, reports) = mpsc::channel(1024);
        let workers = Self {
            hands: Vec::new(),
            idle: Vec::new(),
            done,
        };
        (workers, reports)
    }

    /// Has a job done.
    pub(super) fn give(&mut self, tools: Arc<Tools>, ticket: Ticket, job: Job) {
        let task = Box::new(Task { tools, ticket, job });
        let worker = self.idle.pop().unwrap_or_else(|| self.hire());
        // An idle worker has room for one task, and ends only after its sender is gone.
        if let Some(hand) = self.hands.get(worker)
            && hand.try_send(task).is_err()
        {
            tracing::error!(worker, "a worker is gone, and a job with it");
        }
    }

    fn hire(&mut self) -> usize {
        let worker = self.hands.len();
        let (hand, mut tasks) = mpsc::channel::<Box<Task>>(1);
        self.hands.push(hand);
        let done = self.done.clone();
        tokio::spawn(async move {
            while let Some(task) = tasks.recv().await {
                let Task { tools, ticket, job } = *task;
                let report = perform(tools, job).await;
                let news = Done {
                    worker,
                    ticket,
                    report,
                };
                // The engine may have stopped: what was stored is stored, and the audit has the
                // intent.
                let _stopped = done.send(news).await;
            }
        });
        worker
    }

    /// Takes back a worker that has reported.
    pub(super) fn take_back(&mut self, done: &Done) {
        self.idle.push(done.worker);
    }

    /// How many have not reported.
    pub(super) const fn busy(&self) -> usize {
        self.hands.len().saturating_sub(self.idle.len())
    }
}
