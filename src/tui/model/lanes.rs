//! The lanes in the order of the screen.
//!
//! Ten thousand lanes are sorted once and then kept in order: what changed since the last frame is
//! taken out and put back where it belongs, so that a frame pays for the changes and not for the
//! lanes.

use super::filter::{Filter, haystack};
use super::grouping::{Group, GroupBy, GroupKey, Groups, Member, RowAt};
use super::history::Hour;
use super::sort::Sort;
use crate::engine::LaneView;
use crate::lane::{LaneName, Outcome, Wall, Word};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

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

/// How wide the longest texts are, so that columns do not jump while rows scroll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Widths {
    /// The longest name.
    pub lane: u16,
    /// The longest `server › tool`.
    pub route: u16,
    /// The longest tool.
    pub tool: u16,
    /// The longest owner.
    pub owner: u16,
    /// The longest provider.
    pub provider: u16,
    /// The longest name of a store.
    pub store: u16,
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

    fn lay_out(&mut self) {
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

    fn regroup(&mut self) {
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

    /// Whether the filter shows a lane.
    pub fn is_shown(&self, name: &LaneName) -> bool {
        let at = self.by_name.get(name).copied();
        at.and_then(|at| self.slots.get(at)).is_some_and(|slot| {
            let hay = || slot.hay.get_or_init(|| haystack(&slot.view)).as_str();
            self.filter.is_empty() || self.filter.wants(&slot.view, hay())
        })
    }

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

impl Widths {
    fn fit(&mut self, lane: &LaneView) {
        let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        let info = &lane.info;
        self.lane = self.lane.max(width(info.name.as_str()));
        let route = &info.route;
        let tool = route.tool.as_ref().map_or(3, |tool| width(tool.as_str()));
        self.tool = self.tool.max(tool);
        let both = width(route.server.as_str())
            .saturating_add(tool)
            .saturating_add(3);
        self.route = self.route.max(both);
        let owner = info.owner.as_ref().map_or(1, |owner| width(owner.as_str()));
        self.owner = self.owner.max(owner);
        self.provider = self.provider.max(width(info.provider.as_str()));
        self.store = self.store.max(width(info.store.as_str()));
    }
}
