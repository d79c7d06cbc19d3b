//! What a lane's answers were like in the last hour, in sixteen bytes.
//!
//! The engine tells the present; the hour behind it is kept here, where it is shown. Twelve slices
//! of five minutes hold the worst outcome and the slowest answer of each, one byte a slice, so that
//! ten thousand lanes remember their hour in less than 200 kB.

use crate::lane::{Outcome, Wall};

/// How many slices an hour has.
pub const SLICES: usize = 12;
/// How long a slice is, in milliseconds.
const SLICE: i64 = 5 * 60 * 1_000;

/// Outcomes from harmless to final; the place is what a byte remembers.
const RANKS: [Outcome; 9] = [
    Outcome::Ok,
    Outcome::RateLimited,
    Outcome::UpstreamUnavailable,
    Outcome::StoreUnavailable,
    Outcome::PolicyDenied,
    Outcome::ScopeInsufficient,
    Outcome::CredentialExpired,
    Outcome::CredentialInvalid,
    Outcome::CredentialRevoked,
];

/// Up to how many milliseconds an answer is of each speed; slower ones are of the last.
const SPEEDS: [u32; 7] = [10, 25, 50, 100, 250, 500, 1_000];

/// Five minutes of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Slice {
    /// The worst outcome; `None` if nobody answered.
    pub worst: Option<Outcome>,
    /// How slow the slowest answer was: from 1 (at most 10 ms) to 8 (more than a second).
    pub slowest: Option<u8>,
}

impl Slice {
    /// What is remembered of two slices as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let worse = rank(self.worst) >= rank(other.worst);
        Self {
            worst: if worse { self.worst } else { other.worst },
            slowest: self.slowest.max(other.slowest),
        }
    }
}

/// A lane's last hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hour {
    /// The number of the newest slice, counted from the epoch.
    newest: u32,
    /// A ring: slice number `n` is in place `n % 12`. The worst outcome in the low half of a byte,
    /// the slowest answer in the high half; zero where there was none.
    slices: [u8; SLICES],
}

impl Hour {
    /// Takes in an outcome seen at `at`, and how many milliseconds its answer took. What is more
    /// than an hour old is dropped.
    pub fn note(&mut self, now: Wall, at: Wall, outcome: Outcome, took: Option<u32>) {
        let (Some(present), Some(number)) = (number(now), number(at.min(now))) else {
            return;
        };
        if self.newest > present {
            // The clock was set back: what was kept belongs to a time that has not come yet.
            *self = Self::default();
        }
        if number > self.newest {
            let past = (number - self.newest).min(12);
            for gone in 0..past {
                if let Some(slice) = self.slice_mut(number - gone) {
                    *slice = 0;
                }
            }
            self.newest = number;
        } else if number + 12 <= self.newest {
            return;
        }
        let speed = took.map_or(0, speed);
        let worst = rank(Some(outcome));
        if let Some(slice) = self.slice_mut(number) {
            let (low, high) = (*slice & 0x0f, *slice >> 4);
            *slice = low.max(worst) | high.max(speed) << 4;
        }
    }

    fn slice_mut(&mut self, number: u32) -> Option<&mut u8> {
        self.slices.get_mut(place(number))
    }

    /// The last hour, oldest slice first; the last one is still under way.
    pub fn slices(&self, now: Wall) -> [Slice; SLICES] {
        let mut shown = [Slice::default(); SLICES];
        let Some(present) = number(now) else {
            return shown;
        };
        for (back, slice) in (0_u32..12).zip(shown.iter_mut().rev()) {
            let number = present.saturating_sub(back);
            let kept = number <= self.newest && number + 12 > self.newest;
            let byte = self.slices.get(place(number)).copied().unwrap_or(0);
            if kept && byte != 0 {
                let worst = usize::from(byte & 0x0f).checked_sub(1);
                *slice = Slice {
                    worst: worst.and_then(|at| RANKS.get(at)).copied(),
                    slowest: Some(byte >> 4).filter(|speed| *speed > 0),
                };
            }
        }
        shown
    }
}

fn number(at: Wall) -> Option<u32> {
    let Wall(ms) = at;
    u32::try_from(ms.div_euclid(SLICE)).ok()
}

fn place(number: u32) -> usize {
    usize::try_from(number % 12).unwrap_or(0)
}

/// From 1 for the most harmless; 0 for none.
fn rank(outcome: Option<Outcome>) -> u8 {
    let at = outcome.and_then(|outcome| RANKS.iter().position(|known| *known == outcome));
    at.map_or(0, |at| u8::try_from(at + 1).unwrap_or(u8::MAX))
}

fn speed(ms: u32) -> u8 {
    let faster = SPEEDS.iter().filter(|limit| ms > **limit).count();
    u8::try_from(faster + 1).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Wall = Wall(1_000 * SLICE);

    fn later(slices: i64) -> Wall {
        Wall(START.0 + slices * SLICE)
    }

    fn worst(hour: &Hour, now: Wall) -> [Option<Outcome>; SLICES] {
        hour.slices(now).map(|slice| slice.worst)
    }

    #[test]
    fn a_slice_remembers_its_worst_outcome_and_its_slowest_answer() {
        let mut hour = Hour::default();
        hour.note(START, START, Outcome::RateLimited, Some(2_000));
        hour.note(START, START, Outcome::Ok, Some(8));
        let last = hour.slices(START)[SLICES - 1];
        assert_eq!(last.worst, Some(Outcome::RateLimited));
        assert_eq!(last.slowest, Some(8));
    }

    #[test]
    fn slices_move_to_the_left_and_leave_after_an_hour() {
        let mut hour = Hour::default();
        hour.note(START, START, Outcome::CredentialRevoked, None);
        for turn in 0..12 {
            let shown = worst(&hour, later(turn));
            let there = shown.iter().position(Option::is_some);
            assert_eq!(there, Some(11 - usize::try_from(turn).unwrap()));
        }
        assert_eq!(worst(&hour, later(12)), [None; SLICES]);
        hour.note(later(30), later(30), Outcome::Ok, None);
        let shown = worst(&hour, later(30));
        assert_eq!(shown.iter().flatten().count(), 1);
        assert_eq!(shown[11], Some(Outcome::Ok));
    }

    #[test]
    fn what_comes_late_finds_its_slice_and_what_is_too_old_finds_none() {
        let mut hour = Hour::default();
        hour.note(later(20), later(20), Outcome::Ok, None);
        hour.note(later(20), later(15), Outcome::RateLimited, None);
        hour.note(later(20), later(2), Outcome::CredentialRevoked, None);
        let shown = worst(&hour, later(20));
        assert_eq!(shown[6], Some(Outcome::RateLimited));
        assert_eq!(shown.iter().flatten().count(), 2);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_history() {
        let mut hour = Hour::default();
        hour.note(later(500), later(500), Outcome::Ok, None);
        assert_eq!(worst(&hour, START), [None; SLICES]);
        hour.note(START, START, Outcome::Ok, None);
        assert_eq!(worst(&hour, START)[11], Some(Outcome::Ok));
    }

    #[test]
    fn ten_thousand_lanes_remember_their_hour_in_160_kilobytes() {
        assert_eq!(size_of::<Hour>(), 16);
    }
}
