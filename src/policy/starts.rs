//! When each lane begins.
//!
//! A few begin at once. Many begin one after the other, because whatever they do together at their
//! start (read the store, prove themselves, have tokens minted) they would do together again when
//! those tokens are to be refreshed.

use crate::lane::Boot;
use std::ops::Range;
use std::time::Duration;

/// So many lanes begin at once.
const AT_ONCE: usize = 64;
/// More begin so many a second, unless that would take too long.
const A_SECOND: usize = 20;
/// However many there are, the last begins no later than this.
const LAST: Duration = Duration::from_secs(60);

/// The order in which the first lanes of an engine begin: by slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Starts {
    began: Boot,
    span: Duration,
    total: usize,
    next: usize,
}

impl Starts {
    /// All of `total` lanes at once.
    pub const fn at_once(now: Boot, total: usize) -> Self {
        Self {
            began: now,
            span: Duration::ZERO,
            total,
            next: 0,
        }
    }

    /// A few at once, many spread.
    pub fn spread(now: Boot, total: usize) -> Self {
        let mut starts = Self::at_once(now, total);
        if total > AT_ONCE {
            let seconds = u64::try_from(total / A_SECOND).unwrap_or(u64::MAX);
            starts.span = Duration::from_secs(seconds).min(LAST);
        }
        starts
    }

    /// The slots whose moment has come since the last call.
    pub fn due(&mut self, now: Boot) -> Range<usize> {
        let first = self.next;
        while self.next < self.total && self.moment(self.next) <= now {
            self.next += 1;
        }
        first..self.next
    }

    /// When the next lane begins; `None` once all have.
    pub fn soonest(&self) -> Option<Boot> {
        (self.next < self.total).then(|| self.moment(self.next))
    }

    fn moment(&self, slot: usize) -> Boot {
        let span = u64::try_from(self.span.as_millis()).unwrap_or(u64::MAX);
        let (slot, total) = (slot as u64, (self.total as u64).max(1));
        self.began.plus(Duration::from_millis(
            span.saturating_mul(slot).checked_div(total).unwrap_or(0),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lanes_begin_at_once() {
        let mut starts = Starts::spread(Boot(7), AT_ONCE);
        assert_eq!(starts.due(Boot(7)), 0..AT_ONCE);
        assert_eq!(starts.soonest(), None);
        assert!(starts.due(Boot(9)).is_empty());
    }

    #[test]
    fn many_lanes_begin_evenly_and_within_a_minute() {
        for total in [65, 1_000, 10_000, 100_000] {
            let mut starts = Starts::spread(Boot(0), total);
            let mut begun = 0;
            let mut most = 0;
            for second in 0..=60_u64 {
                let due = starts.due(Boot(second * 1_000 + 999));
                assert_eq!(due.start, begun);
                most = most.max(due.len());
                begun = due.end;
            }
            assert_eq!(begun, total);
            assert!(most <= (total / 60).max(A_SECOND) + 2, "{most} of {total}");
        }
    }
}
