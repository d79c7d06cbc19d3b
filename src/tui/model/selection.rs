//! Which row keys act on, and which lanes that means.
//!
//! The selection is a lane or the head of a group, never a row number: rows move under it. A fold
//! that hides the selected lane hands the selection to the head, which remembers the lane and gives
//! it back when it unfolds.

use super::Model;
use super::grouping::{Group, GroupKey};
use super::lanes::Row;
use crate::engine::LaneView;
use crate::lane::LaneName;
use std::sync::Arc;

/// What is selected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Selected {
    Lane(LaneName),
    Head {
        key: GroupKey,
        /// The lane that was selected before its group was folded.
        inside: Option<LaneName>,
    },
}

impl Model {
    /// The selected lane; `None` on the head of a group.
    pub fn selection(&self) -> Option<&Arc<LaneView>> {
        match self.selected.as_ref()? {
            Selected::Lane(name) => self.lanes.get(name),
            Selected::Head { .. } => None,
        }
    }

    /// The group whose head is selected.
    pub fn selected_group(&self) -> Option<&Group> {
        match self.selected.as_ref()? {
            Selected::Lane(_) => None,
            Selected::Head { key, .. } => self.lanes.group(key),
        }
    }

    /// The group that the selected row belongs to, as its head or as one of its lanes.
    pub fn group_here(&self) -> Option<&Group> {
        match self.selected.as_ref()? {
            Selected::Lane(name) => self.lanes.group_of(name),
            Selected::Head { key, .. } => self.lanes.group(key),
        }
    }

    /// The selected row.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// Selects what stands in that row, or in the last one.
    pub fn select_row(&mut self, row: usize) {
        self.lanes.refresh();
        self.row = row.min(self.lanes.rows().saturating_sub(1));
        let selected = self.lanes.row(self.row).map(|row| match row {
            Row::Lane(lane) => Selected::Lane(lane.view.info.name.clone()),
            Row::Head(group) => Selected::Head {
                key: group.key.clone(),
                inside: None,
            },
        });
        if selected != self.selected {
            self.detail_top = 0;
        }
        self.selected = selected;
    }

    /// Selects the lane before or after the selected one, past the heads of groups.
    pub fn select_neighbor(&mut self, forward: bool) {
        self.lanes.refresh();
        let mut row = self.row;
        loop {
            let next = if forward {
                row + 1
            } else {
                row.saturating_sub(1)
            };
            if next == row || next >= self.lanes.rows() {
                return;
            }
            row = next;
            if self.lanes.at(row).is_some() {
                self.select_row(row);
                return;
            }
        }
    }

    /// Folds or unfolds a group; the selection stays on its lane, or waits for it on the head.
    pub fn fold(&mut self, key: &GroupKey, folded: bool) {
        self.lanes.fold(key, folded);
        self.lanes.refresh();
        self.settle_selection();
    }

    /// The same for every group.
    pub fn fold_all(&mut self, folded: bool) {
        self.lanes.fold_all(folded);
        self.lanes.refresh();
        self.settle_selection();
    }

    /// Finds the row of what is selected. Rows must be up to date.
    pub(super) fn settle_selection(&mut self) {
        if !self.touched {
            // Of the first group, its first lane: the head says less.
            let lane_first = self.lanes.at(0).is_some() || self.lanes.at(1).is_none();
            self.select_row(usize::from(!lane_first));
            return;
        }
        if let Some(Selected::Head {
            inside: Some(lane), ..
        }) = &self.selected
            && self.lanes.row_of(lane).is_some()
        {
            self.selected = Some(Selected::Lane(lane.clone()));
        }
        if let Some(Selected::Lane(name)) = &self.selected
            && self.lanes.row_of(name).is_none()
            && let Some(group) = self.lanes.group_of(name).filter(|group| group.folded)
            && self.lanes.group(&group.key).is_some()
        {
            self.selected = Some(Selected::Head {
                key: group.key.clone(),
                inside: Some(name.clone()),
            });
            self.detail_top = 0;
        }
        let row = match &self.selected {
            Some(Selected::Lane(name)) => self.lanes.row_of(name),
            Some(Selected::Head { key, .. }) => self.lanes.group(key).map(|group| group.row),
            None => None,
        };
        match row {
            Some(row) => self.row = row,
            None => self.select_row(self.row),
        }
    }

    /// The lanes that a command is for: the marked ones; else those of the group whose head is
    /// selected; else the selected one.
    pub fn targets(&self) -> Vec<&Arc<LaneView>> {
        if self.lanes.marked() > 0 {
            let mut marked: Vec<_> = self.lanes.each_marked().collect();
            marked.sort_unstable_by(|a, b| {
                let worst_first = b.word.cmp(&a.word);
                worst_first.then_with(|| a.info.name.cmp(&b.info.name))
            });
            return marked;
        }
        match &self.selected {
            Some(Selected::Head { key, .. }) => self.lanes.members(key).collect(),
            _ => self.selection().into_iter().collect(),
        }
    }

    /// Whether a command has a lane that it could be for. The same as looking through
    /// [`Self::targets`], without gathering them.
    pub fn any_target(&self, wanted: impl Fn(&LaneView) -> bool) -> bool {
        if self.lanes.marked() > 0 {
            return self.lanes.each_marked().any(|lane| wanted(lane));
        }
        match &self.selected {
            Some(Selected::Head { key, .. }) => self.lanes.members(key).any(|lane| wanted(lane)),
            _ => self.selection().is_some_and(|lane| wanted(lane)),
        }
    }
}
