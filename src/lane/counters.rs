//! How often each outcome was seen.

use super::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// One count an outcome. Counts saturate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counters([u32; Outcome::ALL.len()]);

impl Counters {
    /// One more of `outcome`.
    pub fn count(&mut self, outcome: Outcome) {
        if let Some(count) = self.0.get_mut(outcome as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// How many of `outcome`.
    pub fn of(&self, outcome: Outcome) -> u32 {
        self.0.get(outcome as usize).copied().unwrap_or(0)
    }
}
