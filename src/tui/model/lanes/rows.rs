//! What stands in which row: lanes, and the heads of their groups.

use super::Lanes;
use crate::engine::LaneView;
use crate::lane::LaneName;
use crate::tui::model::grouping::{Group, GroupBy, GroupKey, Member, RowAt};
use crate::tui::model::history::Hour;
use std::cmp::Ordering;
use std::sync::Arc;

/// What stands in a row.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    /// The head of a group.
    Head(&'a Group),
    /// A lane.
    Lane(LaneRow<'a>),
}

/// A lane in its row.
#[derive(Clone, Copy)]
pub struct LaneRow<'a> {
    /// The lane.
    pub view: &'a Arc<LaneView>,
    /// Its last hour.
    pub hour: &'a Hour,
    /// Whether it is marked.
    pub marked: bool,
}

impl Lanes {
    /// How many rows there are, after the filter; heads of groups are rows too.
    pub fn rows(&self) -> usize {
        match self.groups.grouped_by() {
            GroupBy::None => self.order.len(),
            _ => self.groups.rows().len(),
        }
    }

    /// How many lanes the filter shows, folded or not.
    pub const fn shown(&self) -> usize {
        self.order.len()
    }

    /// What stands in a row.
    pub fn row(&self, row: usize) -> Option<Row<'_>> {
        let at = match self.groups.grouped_by() {
            GroupBy::None => *self.order.get(row)?,
            _ => match *self.groups.rows().get(row)? {
                RowAt::Head(group) => return self.groups.get(group).map(Row::Head),
                RowAt::Lane(slot) => usize::try_from(slot).ok()?,
            },
        };
        let slot = self.slots.get(at)?;
        Some(Row::Lane(LaneRow {
            view: &slot.view,
            hour: &slot.hour,
            marked: slot.marked,
        }))
    }

    /// The lane in a row; `None` for the head of a group.
    pub fn at(&self, row: usize) -> Option<&Arc<LaneView>> {
        match self.row(row)? {
            Row::Lane(lane) => Some(lane.view),
            Row::Head(_) => None,
        }
    }

    /// The row of a lane, if the filter shows it and no fold hides it. Rows must be up to date.
    pub fn row_of(&self, name: &LaneName) -> Option<usize> {
        let lane = self.get(name)?;
        let before = |at: &usize| {
            let other = self.slots.get(*at);
            other.is_some_and(|other| self.sort.compare(&other.view, lane) == Ordering::Less)
        };
        let row = match self.groups.grouped_by() {
            GroupBy::None => self.order.partition_point(before),
            _ => {
                let group = self.group_of(name).filter(|group| !group.folded)?;
                let first = group.row + 1;
                let rows = self.groups.rows().get(first..first + group.lanes)?;
                first
                    + rows.partition_point(|row| match row {
                        RowAt::Lane(at) => usize::try_from(*at).is_ok_and(|at| before(&at)),
                        RowAt::Head(_) => false,
                    })
            }
        };
        self.at(row)
            .is_some_and(|found| found.info.name == *name)
            .then_some(row)
    }

    pub(super) fn lay_out(&mut self) {
        self.laid_out = true;
        if self.groups.grouped_by() == GroupBy::None {
            return;
        }
        let (slots, groups) = (&self.slots, &mut self.groups);
        let members = self.order.iter().filter_map(|at| {
            let slot = slots.get(*at)?;
            Some(Member {
                slot: u32::try_from(*at).ok()?,
                group: slot.group,
                word: slot.view.word,
                marked: slot.marked,
            })
        });
        groups.lay_out(members);
    }

    pub(super) fn regroup(&mut self) {
        self.groups.prune();
        for slot in &mut self.slots {
            slot.group = self.groups.number(&slot.view);
        }
        self.laid_out = false;
    }

    /// Groups the lanes, or stops grouping them.
    pub fn group_by(&mut self, by: GroupBy) {
        self.groups.by(by);
        self.regroup();
    }

    /// What they are grouped by.
    pub const fn grouped_by(&self) -> GroupBy {
        self.groups.grouped_by()
    }

    /// Hides or shows the lanes of a group.
    pub fn fold(&mut self, key: &GroupKey, folded: bool) {
        self.groups.fold(key, folded);
        self.laid_out = false;
    }

    /// Hides or shows the lanes of every group.
    pub fn fold_all(&mut self, folded: bool) {
        self.groups.fold_all(folded);
        self.laid_out = false;
    }

    /// The groups that have lanes, in their order. Rows must be up to date.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.in_order()
    }

    /// The group of that key, if it has lanes. Rows must be up to date.
    pub fn group(&self, key: &GroupKey) -> Option<&Group> {
        self.groups.find(key)
    }

    /// The group of a lane, if lanes are grouped.
    pub fn group_of(&self, name: &LaneName) -> Option<&Group> {
        let at = *self.by_name.get(name)?;
        self.groups.get(self.slots.get(at)?.group)
    }

    /// The lanes of a group that the filter shows, in their order.
    pub fn members(&self, key: &GroupKey) -> impl Iterator<Item = &Arc<LaneView>> {
        let slots = self.order.iter().filter_map(|at| self.slots.get(*at));
        let own = slots.filter(move |slot| {
            let group = self.groups.get(slot.group);
            group.is_some_and(|group| group.key == *key)
        });
        own.map(|slot| &slot.view)
    }
}
