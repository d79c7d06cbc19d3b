//! The lanes in the order of the screen.
//!
//! Ten thousand lanes are sorted once and then kept in order: what changed since the last frame is
//! taken out and put back where it belongs, so that a frame pays for the changes and not for the
//! lanes.

use super::filter::{Filter, haystack};
use crate::engine::LaneView;
use crate::lane::{LaneName, Wall, Word};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// Above this many changed lanes, sorting all of them is cheaper.
const MANY: usize = 400;

/// What the lanes are sorted by. Equal ones are in order of their names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// Worst first, then soonest to expire.
    #[default]
    Severity,
    /// By name.
    Name,
    /// Soonest to expire first.
    Expiry,
    /// By owner; lanes without one last.
    Owner,
    /// By provider.
    Provider,
    /// Latest change of state first.
    Since,
}

impl SortBy {
    /// The next one, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Severity => Self::Name,
            Self::Name => Self::Expiry,
            Self::Expiry => Self::Owner,
            Self::Owner => Self::Provider,
            Self::Provider => Self::Since,
            Self::Since => Self::Severity,
        }
    }

    /// As the screen calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Name => "name",
            Self::Expiry => "expiry",
            Self::Owner => "owner",
            Self::Provider => "provider",
            Self::Since => "latest change",
        }
    }
}

/// An order of lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The other way round.
    pub reversed: bool,
}

impl Sort {
    fn compare(self, a: &LaneView, b: &LaneView) -> Ordering {
        let by_name = || a.info.name.cmp(&b.info.name);
        let by_expiry = || ends(a).cmp(&ends(b));
        let order = match self.by {
            SortBy::Severity => b.word.cmp(&a.word).then_with(by_expiry),
            SortBy::Name => Ordering::Equal,
            SortBy::Expiry => by_expiry(),
            SortBy::Owner => {
                let (mine, theirs) = (&a.info.owner, &b.info.owner);
                mine.is_none()
                    .cmp(&theirs.is_none())
                    .then_with(|| mine.cmp(theirs))
            }
            SortBy::Provider => a.info.provider.cmp(&b.info.provider),
            SortBy::Since => b.since.cmp(&a.since),
        };
        let order = order.then_with(by_name);
        if self.reversed {
            order.reverse()
        } else {
            order
        }
    }
}

/// When its credential ends; lanes for which nobody knows come last.
fn ends(lane: &LaneView) -> i64 {
    let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
    expiry.map_or(i64::MAX, |expiry| {
        let Wall(at) = expiry.at;
        at
    })
}

struct Slot {
    view: Arc<LaneView>,
    /// What the filter looks into; made when it first does.
    hay: OnceCell<String>,
    changed: bool,
    gone: bool,
}

/// How wide the longest texts are, so that columns do not jump while rows scroll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Widths {
    /// The longest name.
    pub lane: u16,
    /// The longest `provider › tool`.
    pub route: u16,
    /// The longest owner.
    pub owner: u16,
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
    counts: [usize; Word::ALL.len()],
    widths: Widths,
}

impl Lanes {
    /// Takes in a lane's new state, or a new lane.
    pub fn put(&mut self, view: Arc<LaneView>) {
        self.count(view.word, 1);
        let known = self.by_name.get(&view.info.name).copied();
        if let Some((at, slot)) = known.and_then(|at| Some((at, self.slots.get_mut(at)?))) {
            let before = slot.view.word;
            if !Arc::ptr_eq(&slot.view.info, &view.info) && slot.view.info != view.info {
                slot.hay = OnceCell::new();
                self.widths.fit(&view);
            }
            slot.view = view;
            self.count(before, -1);
            self.mark(at);
            return;
        }
        self.widths.fit(&view);
        let slot = Slot {
            hay: OnceCell::new(),
            view,
            changed: false,
            gone: false,
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
        self.mark(at);
    }

    /// Forgets a lane.
    pub fn remove(&mut self, name: &LaneName) {
        let Some(at) = self.by_name.remove(name) else {
            return;
        };
        if let Some(slot) = self.slots.get_mut(at) {
            slot.gone = true;
            let word = slot.view.word;
            self.count(word, -1);
        }
        self.mark(at);
    }

    fn count(&mut self, word: Word, by: isize) {
        if let Some(count) = self.counts.get_mut(word as usize) {
            *count = count.saturating_add_signed(by);
        }
    }

    fn mark(&mut self, at: usize) {
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
    }

    /// How many rows there are, after the filter.
    pub const fn rows(&self) -> usize {
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

    /// The lane in a row.
    pub fn at(&self, row: usize) -> Option<&Arc<LaneView>> {
        let at = *self.order.get(row)?;
        self.slots.get(at).map(|slot| &slot.view)
    }

    /// The lane of that name.
    pub fn get(&self, name: &LaneName) -> Option<&Arc<LaneView>> {
        let at = *self.by_name.get(name)?;
        self.slots.get(at).map(|slot| &slot.view)
    }

    /// The row of a lane, if the filter shows it. Rows must be up to date.
    pub fn row_of(&self, name: &LaneName) -> Option<usize> {
        let lane = self.get(name)?;
        let row = self.order.partition_point(|at| {
            self.slots
                .get(*at)
                .is_some_and(|other| self.sort.compare(&other.view, lane) == Ordering::Less)
        });
        self.at(row)
            .is_some_and(|found| found.info.name == *name)
            .then_some(row)
    }
}

impl Widths {
    fn fit(&mut self, lane: &LaneView) {
        let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        let info = &lane.info;
        self.lane = self.lane.max(width(info.name.as_str()));
        let tool = info
            .route
            .tool
            .as_ref()
            .map_or(3, |tool| width(tool.as_str()));
        let route = width(info.provider.as_str())
            .saturating_add(tool)
            .saturating_add(3);
        self.route = self.route.max(route);
        let owner = info.owner.as_ref().map_or(1, |owner| width(owner.as_str()));
        self.owner = self.owner.max(owner);
    }
}
