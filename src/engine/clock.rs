//! The one place where time comes in.
//!
//! Everything else is handed a [`Now`]. What the clocks did between two readings (a step, a sleep) is
//! found by [`ClockWatch`].

use crate::lane::{Boot, Now, Wall};
use crate::policy::{ClockWatch, Jump, Reading};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// Clocks that were read further apart than this are read again.
const AT_ONCE_MS: i64 = 5;
/// How often they are read again before a reading is taken as it is.
const READINGS: u32 = 16;

/// Reads the machine's clocks, and notices what they did meanwhile.
#[derive(Debug)]
pub struct Clock {
    watch: ClockWatch,
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

/// All clocks at one moment. A process that is put aside between two of them would see a step that
/// there was not.
fn read() -> (Now, Reading) {
    let mut again = READINGS;
    loop {
        let before = signed(millis(clock_gettime(ClockId::Boottime)));
        let awake = signed(millis(clock_gettime(ClockId::Monotonic)));
        let now = now();
        let boot = signed(now.boot.0);
        again -= 1;
        if boot.saturating_sub(before) <= AT_ONCE_MS || again == 0 {
            let wall = now.wall.0;
            return (now, Reading { wall, boot, awake });
        }
    }
}

impl Clock {
    /// Begins to watch.
    pub fn new() -> Self {
        let (_, reading) = read();
        Self {
            watch: ClockWatch::new(reading),
        }
    }

    /// The present, and what the clocks did since the last look. To be called again until they did
    /// nothing: sleep and a step come together when a machine wakes and asks for the time.
    pub fn look(&mut self) -> (Now, Option<Jump>) {
        let (now, reading) = read();
        (now, self.watch.compare(reading))
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
}
