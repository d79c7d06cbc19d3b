//! What the machine's clocks did since they were last read.
//!
//! The wall clock is held against the boot clock, which nobody can set, and the boot clock against
//! the one that stands still in sleep. Slewing moves all of them alike and shows in neither.

/// What is more than five seconds is audited.
const AUDITED_MS: i64 = 5_000;
/// What is less than this is the time that reading two clocks takes.
const NOTICED_MS: i64 = 100;

/// One reading of the machine's clocks, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock.
    pub wall: i64,
    /// The clock that goes on in sleep.
    pub boot: i64,
    /// The clock that stands still in sleep.
    pub awake: i64,
}

/// What the clocks did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Jump {
    /// The wall clock was set, forward if positive, by so many milliseconds.
    Stepped(i64),
    /// The machine slept for so many milliseconds.
    Slept(i64),
}

impl Jump {
    /// Whether it is large enough to be told to people. The lanes are told in any case: small steps
    /// add up.
    pub const fn is_audited(self) -> bool {
        let (Self::Stepped(ms) | Self::Slept(ms)) = self;
        ms.saturating_abs() > AUDITED_MS
    }

    /// By how much the wall clock went against the boot clock, in milliseconds.
    pub const fn by_ms(self) -> i64 {
        match self {
            Self::Stepped(ms) => ms,
            Self::Slept(_) => 0,
        }
    }
}

/// Compares one reading with the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockWatch {
    wall_ahead: i64,
    slept: i64,
}

impl ClockWatch {
    /// Begins to watch.
    pub const fn new(reading: Reading) -> Self {
        Self {
            wall_ahead: reading.wall.saturating_sub(reading.boot),
            slept: reading.boot.saturating_sub(reading.awake),
        }
    }

    /// What the clocks did since the last call. What is too little to be noticed is kept until it is
    /// more. A step during sleep is told first, and the sleep by the next call.
    pub fn compare(&mut self, reading: Reading) -> Option<Jump> {
        let now = Self::new(reading);
        let stepped = now.wall_ahead.saturating_sub(self.wall_ahead);
        if stepped.saturating_abs() >= NOTICED_MS {
            self.wall_ahead = now.wall_ahead;
            return Some(Jump::Stepped(stepped));
        }
        let slept = now.slept.saturating_sub(self.slept);
        // Sleep leaves every deadline right; only a long one is news.
        if slept > AUDITED_MS {
            self.slept = now.slept;
            return Some(Jump::Slept(slept));
        }
        if slept >= NOTICED_MS {
            self.slept = now.slept;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Reading = Reading {
        wall: 1_000_000,
        boot: 5_000,
        awake: 4_000,
    };

    fn later(of: Reading, ms: i64) -> Reading {
        Reading {
            wall: of.wall + ms,
            boot: of.boot + ms,
            awake: of.awake + ms,
        }
    }

    #[test]
    fn clocks_that_run_do_not_jump() {
        let mut watch = ClockWatch::new(START);
        for step in 1..1_000 {
            assert_eq!(watch.compare(later(START, step * 997)), None);
        }
    }

    #[test]
    fn a_step_and_a_sleep_are_told_apart_and_told_once() {
        let mut watch = ClockWatch::new(START);
        let mut set = later(START, 1_000);
        set.wall -= 3_600_000;
        assert_eq!(watch.compare(set), Some(Jump::Stepped(-3_600_000)));
        assert_eq!(watch.compare(later(set, 1_000)), None);
        let mut woken = later(set, 61_000);
        woken.awake -= 60_000;
        assert_eq!(watch.compare(woken), Some(Jump::Slept(60_000)));
        assert_eq!(watch.compare(woken), None);
    }

    #[test]
    fn a_step_while_the_machine_slept_hides_no_sleep() {
        let mut watch = ClockWatch::new(START);
        let mut woken = later(START, 60_000);
        woken.awake -= 60_000;
        woken.wall += 7_000;
        assert_eq!(watch.compare(woken), Some(Jump::Stepped(7_000)));
        assert_eq!(watch.compare(woken), Some(Jump::Slept(60_000)));
        assert_eq!(watch.compare(woken), None);
    }

    #[test]
    fn many_small_steps_are_not_lost() {
        let mut watch = ClockWatch::new(START);
        let (mut reading, mut told) = (START, 0);
        for _ in 0..1_000 {
            reading = later(reading, 1_000);
            reading.wall += 30;
            told += watch.compare(reading).map_or(0, Jump::by_ms);
        }
        assert!((30_000 - told).abs() < NOTICED_MS, "{told}");
    }

    #[test]
    fn what_is_told_to_people_is_more_than_five_seconds() {
        assert!(!Jump::Stepped(5_000).is_audited());
        assert!(Jump::Stepped(-5_001).is_audited());
        assert!(Jump::Slept(5_001).is_audited());
    }
}
