//! Which lanes show the same key.

use crate::secret::Fingerprint;
use std::collections::HashMap;

/// Lanes by the fingerprint of the credential that serves them.
#[derive(Debug, Default)]
pub struct Groups {
    /// Each group in order. Nearly all have one lane, and a list takes a quarter of a set's room.
    members: HashMap<Fingerprint, Vec<usize>>,
}

impl Groups {
    /// The lane in `slot` serves with another credential than before.
    pub fn moved(&mut self, slot: usize, from: Option<Fingerprint>, to: Option<Fingerprint>) {
        if let Some(from) = from
            && let Some(group) = self.members.get_mut(&from)
        {
            group.retain(|of| *of != slot);
            if group.is_empty() {
                self.members.remove(&from);
            }
        }
        if let Some(to) = to {
            let group = self.members.entry(to).or_default();
            if let Err(place) = group.binary_search(&slot) {
                group.reserve_exact(1);
                group.insert(place, slot);
            }
        }
    }

    /// Every lane that serves with this credential, in order.
    pub fn of(&self, key: Option<Fingerprint>) -> impl Iterator<Item = usize> + '_ {
        let group = key.and_then(|key| self.members.get(&key));
        group.into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_in_the_group_of_its_present_key_only() {
        let key = |n| Some(Fingerprint::from_bytes([n; 8]));
        let mut groups = Groups::default();
        groups.moved(4, None, key(1));
        groups.moved(2, None, key(1));
        assert_eq!(groups.of(key(1)).collect::<Vec<_>>(), [2, 4]);
        groups.moved(4, key(1), key(2));
        assert_eq!(groups.of(key(1)).collect::<Vec<_>>(), [2]);
        groups.moved(2, key(1), None);
        assert_eq!(groups.of(key(1)).count(), 0);
        assert_eq!(groups.of(None).count(), 0);
    }
}
