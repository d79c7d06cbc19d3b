//! The lanes in the order of the screen.
//!
//! Ten thousand lanes are sorted once and then kept in order: what changed since the last frame is
//! taken out and put back where it belongs, so that a frame pays for the changes and not for the
//! lanes.

mod marks;
mod rows;
mod widths;

pub use rows::{LaneRow, Row};
pub use widths::Widths;

use super::filter::{Filter, haystack};
use super::grouping::Groups;
use super::history::Hour;
use super::sort::Sort;
use crate::engine::LaneView;
use crate::lane::{LaneName, Outcome, Wall, Word};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Above this many changed lanes, sorting all of them is cheaper.
const MANY: usize = 400;

struct Slot {
    view: Arc<LaneView>,
    /// What the filter looks into; made when it first does.
    hay: OnceCell<String>,
    hour: Hour,
    group: u32,
    changed: bool,
    gone: bool,
    marked: bool,
}

/// Every lane, found by name and kept in order.
#[derive(Default)]
pub struct Lanes {
    slots: Vec<Slot>,
    by_name: HashMap<LaneName, usize>,
    free: Vec<usize>,
    order: Vec<usize>,
    changed: Vec<usize>,
    everything: bool,
    sort: Sort,
    filter: Filter,
    groups: Groups,
    laid_out: bool,
    marked: usize,
    counts: [usize; Word::ALL.len()],
    widths: Widths,
}

impl Lanes {
    /// Takes in a lane's new state, or a new lane.
    pub fn put(&mut self, view: Arc<LaneView>, now: Wall) {
        self.count(view.word, 1);
        let group = self.groups.number(&view);
        let known = self.by_name.get(&view.info.name).copied();
        if let Some((at, slot)) = known.and_then(|at| Some((at, self.slots.get_mut(at)?))) {
            let before = slot.view.word;
            if !Arc::ptr_eq(&slot.view.info, &view.info) && slot.view.info != view.info {
                slot.hay = OnceCell::new();
                self.widths.fit(&view);
            }
            note(&mut slot.hour, Some(&slot.view), &view, now);
            slot.view = view;
            slot.group = group;
            self.count(before, -1);
            self.touch(at);
            return;
        }
        self.widths.fit(&view);
        let mut hour = Hour::default();
        note(&mut hour, None, &view, now);
        let slot = Slot {
            hay: OnceCell::new(),
            hour,
            group,
            view,
            changed: false,
            gone: false,
            marked: false,
        };
        let name = slot.view.info.name.clone();
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(old) = self.slots.get_mut(at) {
                    *old = slot;
                }
                at
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        self.by_name.insert(name, at);
        self.touch(at);
    }

    /// Takes in what a record tells of a lane's past.
    pub fn note(&mut self, name: &LaneName, now: Wall, at: Wall, outcome: Outcome) {
        let slot = self.by_name.get(name).copied();
        if let Some(slot) = slot.and_then(|at| self.slots.get_mut(at)) {
            slot.hour.note(now, at, outcome, None);
        }
    }

    /// Forgets a lane.
    pub fn remove(&mut self, name: &LaneName) {
        let Some(at) = self.by_name.remove(name) else {
            return;
        };
        if let Some(slot) = self.slots.get_mut(at) {
            slot.gone = true;
            self.marked -= usize::from(slot.marked);
            slot.marked = false;
            let word = slot.view.word;
            self.count(word, -1);
        }
        self.touch(at);
    }

    fn count(&mut self, word: Word, by: isize) {
        if let Some(count) = self.counts.get_mut(word as usize) {
            *count = count.saturating_add_signed(by);
        }
    }

    fn touch(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at)
            && !slot.changed
        {
            slot.changed = true;
            self.changed.push(at);
        }
    }

    /// Sorts otherwise.
    pub const fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.everything = true;
    }

    /// The order in force.
    pub const fn sort(&self) -> Sort {
        self.sort
    }

    /// Shows other lanes.
    pub fn filter_by(&mut self, filter: Filter) {
        self.everything |= filter != self.filter;
        self.filter = filter;
    }

    /// Every lane, in no order.
    pub fn each(&self) -> impl Iterator<Item = &Arc<LaneView>> {
        let slots = self.slots.iter().filter(|slot| !slot.gone);
        slots.map(|slot| &slot.view)
    }

    /// The filter in force.
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Brings the rows up to date.
    pub fn refresh(&mut self) {
        if !self.everything && self.changed.is_empty() {
            if !self.laid_out {
                self.lay_out();
            }
            return;
        }
        let mut changed = std::mem::take(&mut self.changed);
        let mut order = std::mem::take(&mut self.order);
        let (slots, sort, filter) = (&self.slots, self.sort, &self.filter);
        let shown = |at: usize| {
            let slot = slots.get(at);
            slot.is_some_and(|slot| {
                let hay = || slot.hay.get_or_init(|| haystack(&slot.view)).as_str();
                !slot.gone && (filter.is_empty() || filter.wants(&slot.view, hay()))
            })
        };
        let compare = |a: &usize, b: &usize| match (slots.get(*a), slots.get(*b)) {
            (Some(a), Some(b)) => sort.compare(&a.view, &b.view),
            _ => Ordering::Equal,
        };
        if self.everything || changed.len() > MANY {
            order.clear();
            order.extend((0..slots.len()).filter(|at| shown(*at)));
            order.sort_unstable_by(compare);
        } else {
            order.retain(|at| slots.get(*at).is_some_and(|slot| !slot.changed));
            for at in changed.iter().filter(|at| shown(**at)) {
                let place = order.partition_point(|other| compare(other, at) == Ordering::Less);
                order.insert(place, *at);
            }
        }
        for at in changed.drain(..) {
            if let Some(slot) = self.slots.get_mut(at) {
                slot.changed = false;
                if slot.gone {
                    self.free.push(at);
                }
            }
        }
        (self.order, self.changed, self.everything) = (order, changed, false);
        // Keys come and go; the groups of those that went must not pile up.
        if self.groups.known() > 2 * self.slots.len() + 64 {
            self.regroup();
        }
        self.lay_out();
    }

    /// Whether the filter shows a lane.
    pub fn is_shown(&self, name: &LaneName) -> bool {
        let at = self.by_name.get(name).copied();
        at.and_then(|at| self.slots.get(at)).is_some_and(|slot| {
            let hay = || slot.hay.get_or_init(|| haystack(&slot.view)).as_str();
            self.filter.is_empty() || self.filter.wants(&slot.view, hay())
        })
    }

    /// Every name, in no order.
    pub fn names(&self) -> Vec<LaneName> {
        self.by_name.keys().cloned().collect()
    }

    /// Puts other views, names included, in the place of all of them. Marks and hours stay.
    pub fn replace(&mut self, mut other: impl FnMut(&Arc<LaneView>) -> Arc<LaneView>) {
        self.by_name.clear();
        self.widths = Widths::default();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if slot.gone {
                continue;
            }
            slot.view = other(&slot.view);
            slot.hay = OnceCell::new();
            self.widths.fit(&slot.view);
            self.by_name.insert(slot.view.info.name.clone(), at);
        }
        self.everything = true;
        self.regroup();
    }

    /// How many lanes there are, whatever the filter.
    pub fn total(&self) -> usize {
        self.by_name.len()
    }

    /// How many lanes show that word, whatever the filter.
    pub fn counted(&self, word: Word) -> usize {
        self.counts.get(word as usize).copied().unwrap_or(0)
    }

    /// The widest texts so far.
    pub const fn widths(&self) -> Widths {
        self.widths
    }

    /// The lane of that name.
    pub fn get(&self, name: &LaneName) -> Option<&Arc<LaneView>> {
        let at = *self.by_name.get(name)?;
        self.slots.get(at).map(|slot| &slot.view)
    }

    /// The last hour of the lane of that name.
    pub fn hour(&self, name: &LaneName) -> Option<&Hour> {
        let at = *self.by_name.get(name)?;
        self.slots.get(at).map(|slot| &slot.hour)
    }
}

/// Takes what is new in a lane's view into its hour. Views are merged on the way, so the counters
/// tell of answers in between that nobody saw.
fn note(hour: &mut Hour, before: Option<&LaneView>, lane: &LaneView, now: Wall) {
    let Some(at) = lane.verdict_at else {
        return;
    };
    let asked = before.is_none_or(|before| before.verdict_at != lane.verdict_at);
    if let (true, Some(last)) = (asked, &lane.verdict) {
        hour.note(now, at, last.outcome, lane.latencies.last().copied());
    }
    if let Some(before) = before.filter(|before| before.counters != lane.counters) {
        for outcome in Outcome::ALL {
            if lane.counters.of(outcome) > before.counters.of(outcome) {
                hour.note(now, at, outcome, None);
            }
        }
    }
}
