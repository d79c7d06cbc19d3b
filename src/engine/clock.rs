//! The one place where time comes in.
//!
//! Everything else is handed a [`Now`]. The clock also notices when the wall clock was stepped and
//! when the machine slept, by holding the wall clock against the boot clock and the boot clock
//! against the one that stands still in sleep.

use crate::lane::{Boot, Now, Wall};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// A difference that is more than slewing and scheduling.
const JUMP_MS: i64 = 5_000;

/// What the clocks did since they were last looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Jump {
    /// The wall clock was set, forward if positive, in milliseconds.
    Stepped(i64),
    /// The machine slept for so many milliseconds.
    Slept(i64),
}

/// Reads the machine's clocks.
#[derive(Debug)]
pub struct Clock {
    wall_ahead: i64,
    slept: i64,
}

/// The present, by both clocks.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the door that time comes in by"
)]
pub fn now() -> Now {
    let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    Now {
        wall: Wall(wall),
        boot: Boot(millis(clock_gettime(ClockId::Boottime))),
    }
}

fn millis(at: Timespec) -> u64 {
    let secs = u64::try_from(at.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(at.tv_nsec).unwrap_or(0);
    secs.saturating_mul(1000).saturating_add(nanos / 1_000_000)
}

/// A count of milliseconds for a difference.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Clock {
    /// Begins to watch.
    pub fn new() -> Self {
        let (_, wall_ahead, slept) = Self::read();
        Self { wall_ahead, slept }
    }

    fn read() -> (Now, i64, i64) {
        let now = now();
        let awake = millis(clock_gettime(ClockId::Monotonic));
        let wall_ahead = now.wall.0.saturating_sub(signed(now.boot.0));
        (
            now,
            wall_ahead,
            signed(now.boot.0).saturating_sub(signed(awake)),
        )
    }

    /// The present, and what the clocks did since the last look.
    pub fn look(&mut self) -> (Now, Option<Jump>) {
        let (now, wall_ahead, slept) = Self::read();
        let stepped = wall_ahead.saturating_sub(self.wall_ahead);
        let dozed = slept.saturating_sub(self.slept);
        self.wall_ahead = wall_ahead;
        self.slept = slept;
        let jump = if stepped.saturating_abs() >= JUMP_MS {
            Some(Jump::Stepped(stepped))
        } else if dozed >= JUMP_MS {
            Some(Jump::Slept(dozed))
        } else {
            None
        };
        (now, jump)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undisturbed_clock_does_not_jump_and_does_not_go_back() {
        let mut clock = Clock::new();
        let (first, jump) = clock.look();
        assert_eq!(jump, None);
        let (second, jump) = clock.look();
        assert_eq!(jump, None);
        assert!(second.boot >= first.boot);
    }

    #[test]
    fn a_step_and_a_sleep_are_told_apart() {
        let mut clock = Clock::new();
        clock.wall_ahead -= 3_600_000;
        assert!(matches!(clock.look().1, Some(Jump::Stepped(ms)) if ms > 3_500_000));
        clock.slept -= 60_000;
        assert!(matches!(clock.look().1, Some(Jump::Slept(ms)) if ms >= 60_000));
        assert_eq!(clock.look().1, None);
    }
}
