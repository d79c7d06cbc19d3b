//! Which lanes are marked. A mark stays with its lane, wherever that goes.

use super::Lanes;
use crate::engine::LaneView;
use crate::lane::LaneName;
use std::sync::Arc;

impl Lanes {
    /// Marks a lane, or takes its mark away.
    pub fn set_mark(&mut self, name: &LaneName, marked: bool) {
        let at = self.by_name.get(name).copied();
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(at))
            && slot.marked != marked
        {
            slot.marked = marked;
            self.marked = if marked {
                self.marked + 1
            } else {
                self.marked.saturating_sub(1)
            };
            self.laid_out = false;
        }
    }

    /// Whether a lane is marked.
    pub fn is_marked(&self, name: &LaneName) -> bool {
        let at = self.by_name.get(name).copied();
        at.and_then(|at| self.slots.get(at))
            .is_some_and(|slot| slot.marked)
    }

    /// Gives every lane that the filter shows the mark that `mark` answers for its present one.
    pub fn mark_shown(&mut self, mark: impl Fn(bool) -> bool) {
        self.refresh();
        for at in &self.order {
            if let Some(slot) = self.slots.get_mut(*at) {
                slot.marked = mark(slot.marked);
            }
        }
        self.recount();
    }

    /// Takes every mark away, also of lanes that the filter hides.
    pub fn unmark(&mut self) {
        for slot in &mut self.slots {
            slot.marked = false;
        }
        self.recount();
    }

    fn recount(&mut self) {
        self.marked = self.slots.iter().filter(|slot| slot.marked).count();
        self.laid_out = false;
    }

    /// How many lanes are marked, whatever the filter.
    pub const fn marked(&self) -> usize {
        self.marked
    }

    /// The marked lanes, whatever the filter, in no order.
    pub fn each_marked(&self) -> impl Iterator<Item = &Arc<LaneView>> {
        let slots = if self.marked == 0 {
            [].iter()
        } else {
            self.slots.iter()
        };
        let marked = slots.filter(|slot| slot.marked && !slot.gone);
        marked.map(|slot| &slot.view)
    }
}
