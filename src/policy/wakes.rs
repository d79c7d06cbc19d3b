//! When each lane wants to be woken.

use crate::lane::Boot;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The wakes of lanes by slot: for each the latest that was asked for.
#[derive(Debug, Default)]
pub struct Wakes {
    /// May hold moments that no longer count.
    heap: BinaryHeap<Reverse<(Boot, usize)>>,
    /// By slot: the moment that counts.
    wanted: Vec<Option<Boot>>,
}

impl Wakes {
    /// The lane in `slot` wants to be woken at this moment, or not at all.
    pub fn set(&mut self, slot: usize, at: Option<Boot>) {
        if self.wanted.len() <= slot {
            self.wanted.resize(slot.saturating_add(1), None);
        }
        let Some(wanted) = self.wanted.get_mut(slot) else {
            return;
        };
        if *wanted != at {
            *wanted = at;
            if let Some(at) = at {
                self.heap.push(Reverse((at, slot)));
            }
        }
    }

    /// The next lane whose moment has come, if any. Its wake is taken: it has to ask again.
    pub fn next_due(&mut self, now: Boot) -> Option<usize> {
        while let Some(Reverse((at, slot))) = self.heap.peek().copied() {
            if at > now {
                return None;
            }
            self.heap.pop();
            if let Some(wanted) = self.wanted.get_mut(slot).filter(|w| **w == Some(at)) {
                *wanted = None;
                return Some(slot);
            }
        }
        None
    }

    /// A moment by which no lane wants to be woken yet, unless it is due.
    pub fn soonest(&self) -> Option<Boot> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_wish_of_a_lane_counts() {
        let mut wakes = Wakes::default();
        wakes.set(3, Some(Boot(10)));
        wakes.set(3, Some(Boot(30)));
        wakes.set(1, Some(Boot(20)));
        wakes.set(0, Some(Boot(5)));
        wakes.set(0, None);
        assert_eq!(wakes.next_due(Boot(19)), None);
        assert_eq!(wakes.next_due(Boot(40)), Some(1));
        assert_eq!(wakes.next_due(Boot(40)), Some(3));
        assert_eq!(wakes.next_due(Boot(40)), None);
        wakes.set(3, Some(Boot(30)));
        assert_eq!(wakes.next_due(Boot(40)), Some(3));
    }
}
