//! What is counted.

use super::report::{PerSecond, Recovery};
use super::work::Whom;
use crate::lane::{Boot, Look};

/// Requests by the second.
#[derive(Debug)]
struct Seconds {
    counts: Vec<u32>,
}

impl Seconds {
    fn new(span: u64) -> Self {
        let seconds = usize::try_from(span / 1_000).unwrap_or(0);
        Self {
            counts: vec![0; seconds + 1],
        }
    }

    fn count(&mut self, at: u64) {
        let second = usize::try_from(at / 1_000).unwrap_or(usize::MAX);
        if let Some(count) = self.counts.get_mut(second) {
            *count += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }
}

/// Everything that is counted while the lanes run.
#[derive(Debug)]
pub(super) struct Tally {
    span: u64,
    store: Seconds,
    token: Seconds,
    upstream: Seconds,
    pub played_out: u64,
    pub passed_over: u64,
    pub late: u64,
    pub unavoidable: u64,
    pub dead_calls: u64,
    pub refreshes: u64,
    pub refresh_failures: u64,
    pub uncertain: u64,
    pub lost_races: u64,
    pub holds: u64,
    pub alerts: u64,
    pub records: u64,
    pub windows: u64,
    pub worst_window: u64,
    /// The least life left, in milliseconds, that a credential had when its successor came.
    pub least_left: Option<u64>,
    /// From a store's return to a fresh lane, in milliseconds.
    pub recoveries: Vec<u64>,
    pub jumps: u64,
}

impl Tally {
    pub(super) fn new(span: u64) -> Self {
        Self {
            span,
            store: Seconds::new(span),
            token: Seconds::new(span),
            upstream: Seconds::new(span),
            played_out: 0,
            passed_over: 0,
            late: 0,
            unavoidable: 0,
            dead_calls: 0,
            refreshes: 0,
            refresh_failures: 0,
            uncertain: 0,
            lost_races: 0,
            holds: 0,
            alerts: 0,
            records: 0,
            windows: 0,
            worst_window: 0,
            least_left: None,
            recoveries: Vec::new(),
            jumps: 0,
        }
    }

    /// A request left.
    pub(super) fn request(&mut self, whom: Whom, at: u64) {
        match whom {
            Whom::Store => self.store.count(at),
            Whom::Token => self.token.count(at),
            Whom::Upstream => self.upstream.count(at),
        }
    }

    /// A request was passed over: nobody waited for it.
    pub(super) fn passed(&mut self, at: Boot, look: Look) {
        self.passed_over += 1;
        match look {
            Look::Store => self.store.count(at.0),
            Look::Upstream => self.upstream.count(at.0),
        }
    }

    /// Adds what was passed over elsewhere.
    pub(super) fn add_passed(&mut self, other: &Self) {
        self.passed_over += other.passed_over;
        self.store.add(&other.store);
        self.upstream.add(&other.upstream);
    }

    /// A degraded window was closed, or the run ended with it open.
    pub(super) fn window(&mut self, long: u64) {
        self.windows += 1;
        self.worst_window = self.worst_window.max(long);
    }

    /// Requests of all kinds.
    pub(super) fn all(&self) -> PerSecond {
        let counts = self.store.counts.iter().zip(&self.token.counts);
        let counts = counts.zip(&self.upstream.counts);
        let all = counts.map(|((a, b), c)| a + b + c);
        let total = self.store.total() + self.token.total() + self.upstream.total();
        self.per_second(all, total)
    }

    /// Requests of one kind.
    pub(super) fn of(&self, whom: Whom) -> PerSecond {
        let seconds = match whom {
            Whom::Store => &self.store,
            Whom::Token => &self.token,
            Whom::Upstream => &self.upstream,
        };
        self.per_second(seconds.counts.iter().copied(), seconds.total())
    }

    fn per_second(&self, counts: impl Iterator<Item = u32>, total: u64) -> PerSecond {
        let mean = total as f64 / (self.span as f64 / 1_000.0);
        let (second, peak) = counts.enumerate().fold((0, 0), |most, (second, count)| {
            if count > most.1 {
                (second, count)
            } else {
                most
            }
        });
        PerSecond {
            total,
            peak,
            peak_at_s: second as u64,
            mean: rounded(mean),
            peak_to_mean: rounded(if total == 0 {
                0.0
            } else {
                f64::from(peak) / mean
            }),
        }
    }

    /// The most requests to stores in a second that lies within a stretch, its first second left out:
    /// what was under way when the stretch began does not count.
    pub(super) fn store_peak_within(&self, stretches: &[(u64, u64)]) -> u32 {
        let within = stretches.iter().filter_map(|(from, to)| {
            let first = usize::try_from(from.div_ceil(1_000) + 1).ok()?;
            let last = usize::try_from(to / 1_000).ok()?;
            self.store.counts.get(first..last)?.iter().max().copied()
        });
        within.max().unwrap_or(0)
    }

    /// How long lanes took to be fresh again.
    pub(super) fn recovery(&mut self) -> Recovery {
        self.recoveries.sort_unstable();
        let all = &self.recoveries;
        let part = |part: usize| {
            let at = (all.len() * part).div_ceil(100).max(1) - 1;
            all.get(at).map(|ms| rounded(*ms as f64 / 1_000.0))
        };
        Recovery {
            lanes: all.len() as u64,
            p50_s: part(50),
            p99_s: part(99),
            worst_s: part(100),
        }
    }
}

/// To three digits behind the point, so that what is printed is what was counted.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
