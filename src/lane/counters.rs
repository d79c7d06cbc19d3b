//! How often each outcome was seen.

use super::outcome::Outcome;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// One count an outcome. Counts saturate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters([u32; Outcome::ALL.len()]);

impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(Outcome::ALL.map(|outcome| (outcome, self.of(outcome))))
    }
}

impl<'de> Deserialize<'de> for Counters {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut counters = Self::default();
        for (outcome, count) in BTreeMap::<Outcome, u32>::deserialize(from)? {
            if let Some(known) = counters.0.get_mut(outcome as usize) {
                *known = count;
            }
        }
        Ok(counters)
    }
}

impl Counters {
    /// One more of `outcome`.
    pub fn count(&mut self, outcome: Outcome) {
        self.add(outcome, 1);
    }

    /// So many more of `outcome`.
    pub fn add(&mut self, outcome: Outcome, more: u32) {
        if let Some(count) = self.0.get_mut(outcome as usize) {
            *count = count.saturating_add(more);
        }
    }

    /// How many of `outcome`.
    pub fn of(&self, outcome: Outcome) -> u32 {
        self.0.get(outcome as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_by_name_and_read_back() {
        let mut counters = Counters::default();
        counters.count(Outcome::RateLimited);
        let text = serde_json::to_value(counters).unwrap();
        assert_eq!(text["rate_limited"], 1);
        assert_eq!(serde_json::from_value::<Counters>(text).unwrap(), counters);
    }
}
