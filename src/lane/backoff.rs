//! How long to wait after a failure, and how often to try at all.
//!
//! The randomness is a small generator that the lane carries in its own state, so that a simulated
//! month with one seed is the same month every time.

use super::time::Boot;
use std::time::Duration;

/// A lane's own source of jitter: SplitMix64.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The same seed throws the same numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.throw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `around`, spread by `part` of itself either way.
    pub fn spread(&mut self, around: Duration, part: f64) -> Duration {
        let factor = 1.0 + part.clamp(0.0, 1.0) * (2.0 * self.unit() - 1.0);
        // Nanoseconds of a century fit into a double well enough for jitter.
        let nanos = u64::try_from(around.as_nanos()).unwrap_or(u64::MAX) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a product of two that are not negative; too large a one saturates"
        )]
        Duration::from_nanos((nanos * factor.max(0.0)) as u64)
    }
}

/// Exponential waits with full jitter: the n-th is anywhere between nothing and `base · 2ⁿ`, at
/// most `cap`, and never under [`Backoff::FLOOR`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The first wait's upper end.
    pub const BASE: Duration = Duration::from_millis(250);
    /// The longest wait.
    pub const CAP: Duration = Duration::from_secs(30);
    /// The shortest wait: a failing lane never spins.
    pub const FLOOR: Duration = Duration::from_millis(20);

    /// How many failures in a row.
    pub const fn failures(self) -> u32 {
        self.failures
    }

    /// Counts a failure and says how long to wait, at most `cap`.
    pub fn after_failure(&mut self, dice: &mut Dice, cap: Duration) -> Duration {
        let doubled = Self::BASE.saturating_mul(1_u32 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let top = doubled.min(Self::CAP).min(cap);
        top.mul_f64(dice.unit()).max(Self::FLOOR)
    }

    /// Forgets the failures.
    pub fn succeed(&mut self) {
        self.failures = 0;
    }
}

/// At most so many tries a minute: a bucket that holds [`RetryBudget::FULL`] and gains one every
/// [`RetryBudget::EVERY`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryBudget {
    left: u32,
    gained: Boot,
}

impl RetryBudget {
    /// Tries that a rested lane has.
    pub const FULL: u32 = 12;
    /// How long it takes to gain one.
    pub const EVERY: Duration = Duration::from_secs(5);

    /// A full bucket.
    pub const fn new(now: Boot) -> Self {
        Self {
            left: Self::FULL,
            gained: now,
        }
    }

    /// Takes one try and answers when the next may be made: at once while there are tries left.
    pub fn spend(&mut self, now: Boot) -> Boot {
        let every = u64::try_from(Self::EVERY.as_millis()).unwrap_or(u64::MAX);
        let gained = now.0.saturating_sub(self.gained.0) / every;
        if gained > 0 {
            self.left = self
                .left
                .saturating_add(u32::try_from(gained).unwrap_or(Self::FULL));
            self.gained = Boot(self.gained.0.saturating_add(gained.saturating_mul(every)));
        }
        if self.left >= Self::FULL {
            self.left = Self::FULL;
            self.gained = now;
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.gained.plus(Self::EVERY)
        } else {
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_seed_throws_one_series() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        assert!((0..100).all(|_| one.unit() == two.unit()));
    }

    #[test]
    fn a_dead_lane_tries_at_most_twelve_times_a_minute_once_its_bucket_is_empty() {
        let mut budget = RetryBudget::new(Boot(0));
        let mut now = Boot(0);
        let mut tries = Vec::new();
        while now.0 < 600_000 {
            tries.push(now.0);
            now = budget.spend(now).max(now.plus(Backoff::FLOOR));
        }
        for minute in 2..9_u64 {
            let within = tries.iter().filter(|at| **at / 60_000 == minute).count();
            assert!(within <= 12, "{within} tries in minute {minute}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds(seed: u64, failures in 0_u32..40, cap_ms in 1_u64..60_000) {
            let mut dice = Dice::new(seed);
            let mut backoff = Backoff { failures };
            let cap = Duration::from_millis(cap_ms);
            let wait = backoff.after_failure(&mut dice, cap);
            prop_assert!(wait >= Backoff::FLOOR);
            prop_assert!(wait <= cap.min(Backoff::CAP).max(Backoff::FLOOR));
        }

        #[test]
        fn a_spread_stays_within_its_part(seed: u64, ms in 0_u64..10_000_000) {
            let around = Duration::from_millis(ms);
            let spread = Dice::new(seed).spread(around, 0.10);
            prop_assert!(spread >= around.mul_f64(0.8999) && spread <= around.mul_f64(1.1001));
        }
    }
}
