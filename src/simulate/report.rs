//! What is told of a run.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Requests by the second.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct PerSecond {
    /// How many in all.
    pub total: u64,
    /// The most in one second.
    pub peak: u32,
    /// Which second that was.
    pub peak_at_s: u64,
    /// The mean over the whole run.
    pub mean: f64,
    /// The one divided by the other.
    pub peak_to_mean: f64,
}

/// From the moment at which stores answered again to fresh lanes, for lanes that waited for it: whose
/// refresh was due by then, or whose gate was closed.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Recovery {
    /// How many lanes waited.
    pub lanes: u64,
    /// Half of them were fresh within so many seconds.
    pub p50_s: Option<f64>,
    /// All but a hundredth of them.
    pub p99_s: Option<f64>,
    /// All of them.
    pub worst_s: Option<f64>,
}

/// What is told of a run. One seed and one scenario give one report, byte for byte.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// How many lanes.
    pub lanes: usize,
    /// The life that was asked for, in seconds.
    pub life_s: Option<f64>,
    /// How long the run was, in seconds.
    pub span_s: f64,
    /// What decided everything that was left to chance.
    pub seed: u64,
    /// Credentials whose life ended with no successor serving, although nothing was revoked and no
    /// grant was lost.
    pub late_refreshes: u64,
    /// Those of them that nobody could have renewed: from the moment at which the refresh was due to
    /// the end, no two seconds were without a fault.
    pub late_unavoidable: u64,
    /// Requests with, or serving of, a credential whose life was over or of which the lane had been
    /// told that it was dead.
    pub dead_credential_calls: u64,
    /// Credentials that were renewed.
    pub refreshes: u64,
    /// Tries that brought none.
    pub refresh_failures: u64,
    /// Refreshes whose answer was lost, so that the grant may be used up: raised, never retried.
    pub uncertain: u64,
    /// Refreshes that found that somebody else had been faster.
    pub lost_races: u64,
    /// How often a lane was held until a person looks.
    pub held: u64,
    /// Lanes whose gate was closed at the end, held ones included.
    pub closed_at_end: usize,
    /// The least life left when a successor came, in seconds.
    pub least_life_left_s: Option<f64>,
    /// Degraded windows: from the moment at which a credential stopped being good to the proof of a
    /// new one, or until the lane was held.
    pub degraded_windows: u64,
    /// The longest of them, in seconds.
    pub worst_degraded_s: f64,
    /// From a store's return to fresh lanes.
    pub store_back_to_fresh: Recovery,
    /// The most requests in one second while stores were down, the first second left out.
    pub store_down_peak: u32,
    /// All requests.
    pub requests: PerSecond,
    /// As in `requests`.
    pub peak_to_mean: f64,
    /// Requests to stores.
    pub store_requests: PerSecond,
    /// Requests to token endpoints.
    pub token_requests: PerSecond,
    /// Requests to upstreams.
    pub upstream_requests: PerSecond,
    /// Requests that were played out.
    pub played_out: u64,
    /// Routine looks of lanes that were well in a world that was well: counted, not played out.
    pub passed_over: u64,
    /// Records that the audit would have had.
    pub audit_records: u64,
    /// Alerts that would have been sent.
    pub alerts: u64,
    /// Jumps of the clock that were audited.
    pub clock_jumps: u64,
}

impl Report {
    /// Whether every credential that could be renewed was, and no dead one was used.
    pub const fn is_good(&self) -> bool {
        self.late_refreshes == self.late_unavoidable && self.dead_credential_calls == 0
    }
}

fn spoken(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.max(0.0));
    let whole =
        Duration::from_millis(u64::try_from(whole.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX));
    humantime::format_duration(whole).to_string()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self
            .life_s
            .map_or(String::new(), |life| format!(" of {} each", spoken(life)));
        let lanes = if self.lanes == 1 { "lane" } else { "lanes" };
        writeln!(
            f,
            "{} {lanes}{life} for {}, seed {}",
            self.lanes,
            spoken(self.span_s),
            self.seed
        )?;
        let mut line = |name: &str, value: String| writeln!(f, "  {name:<24}{value}");
        line(
            "late refreshes",
            match self.late_unavoidable {
                0 => self.late_refreshes.to_string(),
                n => format!("{} ({n} of them unavoidable)", self.late_refreshes),
            },
        )?;
        line(
            "dead-credential calls",
            self.dead_credential_calls.to_string(),
        )?;
        line(
            "refreshes",
            format!("{}, {} tries failed", self.refreshes, self.refresh_failures),
        )?;
        if let Some(left) = self.least_life_left_s {
            line(
                "least life left",
                format!("{} when a successor came", spoken(left)),
            )?;
        }
        line(
            "worst degraded window",
            match self.degraded_windows {
                0 => "none".into(),
                n => format!("{}, of {n}", spoken(self.worst_degraded_s)),
            },
        )?;
        if let (Some(p50), Some(p99)) = (
            self.store_back_to_fresh.p50_s,
            self.store_back_to_fresh.p99_s,
        ) {
            let lanes = self.store_back_to_fresh.lanes;
            line(
                "store back to fresh",
                format!("p50 {}, p99 {}, {lanes} lanes", spoken(p50), spoken(p99)),
            )?;
            line(
                "asked while it was down",
                format!("at most {} requests a second", self.store_down_peak),
            )?;
        }
        line("uncertain", self.uncertain.to_string())?;
        line("held", self.held.to_string())?;
        if self.closed_at_end > 0 {
            line("not serving at the end", self.closed_at_end.to_string())?;
        }
        if self.clock_jumps > 0 {
            line("clock jumps", self.clock_jumps.to_string())?;
        }
        line(
            "requests",
            format!(
                "peak {} a second, mean {}, peak to mean {}",
                self.requests.peak, self.requests.mean, self.peak_to_mean
            ),
        )?;
        for (name, of) in [
            ("  stores", self.store_requests),
            ("  token endpoints", self.token_requests),
            ("  upstreams", self.upstream_requests),
        ] {
            line(name, format!("peak {} a second, mean {}", of.peak, of.mean))?;
        }
        line(
            "simulated",
            format!(
                "{} requests one by one, {} routine ones counted",
                self.played_out, self.passed_over
            ),
        )
    }
}
