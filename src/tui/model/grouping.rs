//! Rows in groups: lanes under the head of their provider, owner, store or shared key.
//!
//! A group stands where its first lane would stand, so with the worst lanes first the worst group
//! comes first. Rows are laid out anew in one pass over the sorted lanes whenever those change; a
//! group keeps its number in between, so that the pass looks nothing up by name.

use crate::engine::LaneView;
use crate::lane::Word;
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What lanes are grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// They are not.
    #[default]
    None,
    /// The upstream.
    Provider,
    /// Who owns the credential.
    Owner,
    /// Where the secret lives.
    Store,
    /// The very same secret: what happens to one happens to all.
    Key,
}

impl GroupBy {
    /// Every one, in their order.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Provider,
        Self::Owner,
        Self::Store,
        Self::Key,
    ];

    /// The next one, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::None => Self::Provider,
            Self::Provider => Self::Owner,
            Self::Owner => Self::Store,
            Self::Store => Self::Key,
            Self::Key => Self::None,
        }
    }

    /// As the screen calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Provider => "provider",
            Self::Owner => "owner",
            Self::Store => "store",
            Self::Key => "shared key",
        }
    }

    fn key(self, lane: &LaneView) -> GroupKey {
        match self {
            Self::None => GroupKey::None,
            Self::Provider => GroupKey::Named(lane.info.provider.clone()),
            Self::Owner => lane
                .info
                .owner
                .clone()
                .map_or(GroupKey::None, GroupKey::Named),
            Self::Store => GroupKey::Named(lane.info.store.clone()),
            Self::Key => match &lane.credential {
                Some(known) if !lane.shares_key_with.is_empty() => GroupKey::Key(known.fingerprint),
                _ => GroupKey::None,
            },
        }
    }
}

/// What the lanes of a group have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GroupKey {
    /// A provider, an owner or a store.
    Named(Plain),
    /// A secret.
    Key(Fingerprint),
    /// No owner, or a key that no other lane uses.
    None,
}

/// A group, as its head shows it. Counts only the lanes that the filter shows.
#[derive(Clone, Debug)]
pub struct Group {
    /// What its lanes have in common.
    pub key: GroupKey,
    /// Whether its lanes are hidden below its head.
    pub folded: bool,
    /// How many lanes it has.
    pub lanes: usize,
    /// How many of them are marked.
    pub marked: usize,
    /// The row of its head.
    pub row: usize,
    counts: [u32; Word::ALL.len()],
    placed: usize,
}

impl Group {
    /// How many of its lanes show that word.
    pub fn counted(&self, word: Word) -> u32 {
        self.counts.get(word as usize).copied().unwrap_or(0)
    }

    /// The worst state of its lanes.
    pub fn worst(&self) -> Word {
        let worst = Word::ALL.into_iter().rev();
        let mut seen = worst.filter(|word| self.counted(*word) > 0);
        seen.next().unwrap_or(Word::Ok)
    }
}

/// What stands in a row, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowAt {
    Head(u32),
    Lane(u32),
}

/// A lane, as far as grouping looks at it.
pub(super) struct Member {
    pub(super) slot: u32,
    pub(super) group: u32,
    pub(super) word: Word,
    pub(super) marked: bool,
}

/// The groups and the rows they make.
#[derive(Default)]
pub(super) struct Groups {
    by: GroupBy,
    known: Vec<Group>,
    numbers: HashMap<GroupKey, u32>,
    folded: HashSet<GroupKey>,
    sequence: Vec<u32>,
    rows: Vec<RowAt>,
}

impl Groups {
    /// Groups by something else. Every lane needs a new number then.
    pub(super) fn by(&mut self, by: GroupBy) {
        *self = Self {
            by,
            ..Self::default()
        };
    }

    pub(super) const fn grouped_by(&self) -> GroupBy {
        self.by
    }

    /// Forgets groups that no lane is in any more. Every lane needs a new number then.
    pub(super) fn prune(&mut self) {
        self.known.clear();
        self.numbers.clear();
    }

    /// How many groups there have been since the last [`Self::prune`].
    pub(super) const fn known(&self) -> usize {
        self.known.len()
    }

    /// The number of a lane's group.
    pub(super) fn number(&mut self, lane: &LaneView) -> u32 {
        if self.by == GroupBy::None {
            return 0;
        }
        let key = self.by.key(lane);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.numbers.insert(key.clone(), number);
        self.known.push(Group {
            folded: self.folded.contains(&key),
            key,
            lanes: 0,
            marked: 0,
            row: 0,
            counts: [0; Word::ALL.len()],
            placed: 0,
        });
        number
    }

    /// Lays the rows out for lanes that come in their order.
    pub(super) fn lay_out(&mut self, lanes: impl Iterator<Item = Member> + Clone) {
        self.sequence.clear();
        self.rows.clear();
        for group in &mut self.known {
            (group.lanes, group.marked, group.placed) = (0, 0, 0);
            group.counts = [0; Word::ALL.len()];
        }
        for lane in lanes.clone() {
            let Some(group) = self.known.get_mut(index(lane.group)) else {
                continue;
            };
            if group.lanes == 0 {
                self.sequence.push(lane.group);
            }
            group.lanes += 1;
            group.marked += usize::from(lane.marked);
            if let Some(count) = group.counts.get_mut(lane.word as usize) {
                *count += 1;
            }
        }
        for number in &self.sequence {
            if let Some(group) = self.known.get_mut(index(*number)) {
                group.row = self.rows.len();
                let rows = if group.folded { 1 } else { 1 + group.lanes };
                self.rows
                    .resize(self.rows.len() + rows, RowAt::Head(*number));
            }
        }
        for lane in lanes {
            let group = self.known.get_mut(index(lane.group));
            let Some(group) = group.filter(|group| !group.folded) else {
                continue;
            };
            group.placed += 1;
            if let Some(row) = self.rows.get_mut(group.row + group.placed) {
                *row = RowAt::Lane(lane.slot);
            }
        }
    }

    pub(super) fn rows(&self) -> &[RowAt] {
        &self.rows
    }

    /// The groups that have lanes, in their order.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Group> {
        let groups = self.sequence.iter();
        groups.filter_map(|number| self.get(*number))
    }

    pub(super) fn get(&self, number: u32) -> Option<&Group> {
        self.known.get(index(number))
    }

    /// The group of that key, if it has lanes.
    pub(super) fn find(&self, key: &GroupKey) -> Option<&Group> {
        let group = self.get(*self.numbers.get(key)?)?;
        (group.lanes > 0).then_some(group)
    }

    /// Hides or shows a group's lanes. The rows must be laid out anew then.
    pub(super) fn fold(&mut self, key: &GroupKey, folded: bool) {
        if folded {
            self.folded.insert(key.clone());
        } else {
            self.folded.remove(key);
        }
        let number = self.numbers.get(key).copied();
        if let Some(group) = number.and_then(|number| self.known.get_mut(index(number))) {
            group.folded = folded;
        }
    }

    /// The same for every group there is.
    pub(super) fn fold_all(&mut self, folded: bool) {
        self.folded.clear();
        for group in &mut self.known {
            group.folded = folded;
            if folded {
                self.folded.insert(group.key.clone());
            }
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
