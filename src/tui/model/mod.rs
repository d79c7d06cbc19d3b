//! Everything the screen knows, and nothing of how it looks.
//!
//! [`super::update()`] changes it, [`super::view`] reads it. What depends on the size of the
//! screen (which row is at the top) is settled once before a frame, by [`Model::settle`].

pub mod column;
mod filter;
pub mod fuzzy;
mod grouping;
mod history;
mod journal;
mod lanes;
mod order;
mod overlay;
mod palette;
mod prefer;
mod proposals;
mod record;
mod selection;
mod sort;
mod trail;

pub use column::{Column, Columns};
pub use filter::{Filter, Shown};
pub use grouping::{Group, GroupBy, GroupKey};
pub use history::{Hour, SLICES, Slice};
pub use journal::{Journal, RECORDS_SHOWN};
pub use lanes::{LaneRow, Lanes, Row, Widths};
pub use order::{Ask, Order, PRESETS, parse_lasts};
pub use overlay::{Choice, Field, Form, Overlay};
pub use palette::{Line, Palette};
pub use proposals::Proposals;
pub use record::RecordPage;
pub use sort::{Sort, SortBy, is_dead};
pub use trail::{Export, RECORD_FIELDS, RecordFilter, Run, Search, Severity, Told, Trail};

use super::archive;
use super::keymap::{Context, Keymap};
use super::mask::Mask;
use super::reach::Calls;
use super::view::Layout;
use crate::engine::{EngineView, Receipt, Receipts};
use crate::lane::{Boot, Now};
use crate::plain::Plain;
use selection::Selected;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long the answer to a command stays on the screen.
pub const STATUS_FOR: Duration = Duration::from_secs(6);

/// A part of the screen that keys can act on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    /// The table of lanes.
    Lanes,
    /// The selected lane.
    Detail,
    /// The audit.
    Audit,
}

/// How good the news of a [`Status`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// It is done, or under way.
    Good,
    /// It is not done, and that is no failure.
    Note,
    /// It was refused or failed.
    Bad,
}

/// One line that goes away by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// What it says.
    pub text: Plain,
    /// How good that is.
    pub tone: Tone,
    /// When it goes away.
    pub until: Boot,
}

/// How long the stopwatch of a finished drill stays on the screen.
const STOPWATCH_FOR: Duration = Duration::from_secs(20);

/// What a tour says about what is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caption {
    /// One line.
    pub text: Plain,
    /// Which of the captions it is, from one.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// The state of the screen.
pub struct Model {
    /// The moment of the last message.
    pub now: Now,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The lanes, in order.
    pub lanes: Lanes,
    /// The records.
    pub journal: Journal,
    /// The engine, once it has said something.
    pub engine: Option<Arc<EngineView>>,
    /// Whether the engine has stopped.
    pub stopped: bool,
    /// Which pane has the keys.
    pub focus: Pane,
    /// Which pane has the whole screen.
    pub zoom: Option<Pane>,
    /// What is drawn over the panes and takes every key.
    pub overlay: Option<Overlay>,
    /// The last command's answer.
    pub status: Option<Status>,
    /// What a tour says, while one is played.
    pub caption: Option<Caption>,
    /// The drills that were run, as the records tell of them.
    pub receipts: Receipts,
    /// Whether commands are off.
    pub read_only: bool,
    /// In whose name commands are given.
    pub operator: Plain,
    /// Which key does what.
    pub keymap: Keymap,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// What stands for names on a shared screen.
    pub mask: Mask,
    /// Mistakes in the person's own files that keep something older in force.
    pub troubles: Vec<Plain>,
    /// Which columns the table has.
    pub columns: Columns,
    /// First row of the lanes shown.
    pub lanes_top: usize,
    /// First line of the detail shown.
    pub detail_top: usize,
    /// Which records the audit pane shows.
    pub trail: Trail,
    /// Where exported files go; `None` if the journal is not on this machine.
    pub export_folder: Option<PathBuf>,
    /// What the person in front of the terminal is to be told or given.
    pub calls: Calls,
    /// What was typed in the palette, newest last.
    pub typed: Vec<String>,
    /// What was typed before proposals were gone through, and which of them is taken.
    pub cycle: Option<(String, usize)>,
    selected: Option<Selected>,
    row: usize,
    touched: bool,
}

impl Model {
    /// An empty screen of `size` columns and rows.
    pub fn new(now: Now, size: (u16, u16), operator: Plain, read_only: bool) -> Self {
        Self {
            now,
            size,
            lanes: Lanes::default(),
            journal: Journal::default(),
            engine: None,
            stopped: false,
            focus: Pane::Lanes,
            zoom: None,
            overlay: None,
            status: None,
            caption: None,
            receipts: Receipts::default(),
            read_only,
            operator,
            keymap: Keymap::default(),
            mouse: false,
            mask: Mask::default(),
            troubles: Vec::new(),
            columns: Columns::default(),
            lanes_top: 0,
            detail_top: 0,
            trail: Trail::default(),
            export_folder: None,
            calls: Calls::default(),
            typed: Vec::new(),
            cycle: None,
            selected: None,
            row: 0,
            touched: false,
        }
    }

    /// From now on the selection belongs to the operator. Until then it stays on the first row, so
    /// that the worst lane is looked at first however the lanes arrive.
    pub const fn touch(&mut self) {
        self.touched = true;
    }

    /// Which keys count now.
    pub const fn context(&self) -> Context {
        match &self.overlay {
            None => Context::Main,
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::Filter(_) | Overlay::Search(_) | Overlay::Records(_)) => Context::Typing,
            Some(Overlay::Palette(_)) => Context::Palette,
            Some(Overlay::Record(_)) => Context::Record,
            Some(Overlay::Export { .. }) => Context::Confirm,
            Some(Overlay::Copy { .. }) => Context::Menu,
            Some(Overlay::Form(_)) => Context::Form,
            Some(Overlay::Confirm { .. }) => Context::Confirm,
            Some(Overlay::Drills { .. } | Overlay::Receipts { .. }) => Context::Menu,
            Some(Overlay::Columns { .. }) => Context::Columns,
        }
    }

    /// Shows a line for a while.
    pub fn say(&mut self, tone: Tone, text: impl Into<Plain>) {
        let text = self.mask.text(&text.into());
        self.status = Some(Status {
            text,
            tone,
            until: self.now.boot.plus(STATUS_FOR),
        });
    }

    /// Says that the journal's file can be read, and where exports of it go.
    pub fn connect(&mut self, export_folder: PathBuf) {
        self.trail.connect();
        self.export_folder = Some(export_folder);
    }

    /// What has to be read from the journal now, if anything; one errand at a time. The model must
    /// be settled.
    pub fn errand(&mut self) -> Option<archive::Ask> {
        let rows = usize::from(Layout::of(self).audit_rows());
        self.trail.errand(rows, &self.journal)
    }

    /// The drill whose stopwatch is shown: the newest, while it runs and for a while after.
    pub fn stopwatch(&self) -> Option<&Receipt> {
        let newest = self.receipts.iter().next()?;
        let ended = newest.healed.as_ref();
        let fresh = ended.is_some_and(|end| self.now.wall.since(end.at) < STOPWATCH_FOR);
        (newest.runs() || fresh).then_some(newest)
    }

    /// Brings order, selection and scroll positions up to date. To be called before a frame.
    pub fn settle(&mut self) {
        self.lanes.refresh();
        self.settle_selection();
        let layout = Layout::of(self);
        let page = usize::from(layout.lane_rows()).max(1);
        let last_top = self.lanes.rows().saturating_sub(page);
        self.lanes_top = self
            .lanes_top
            .clamp((self.row + 1).saturating_sub(page), self.row)
            .min(last_top);
        self.trail
            .settle(usize::from(layout.audit_rows()), &self.journal);
        if let Some(Overlay::Record(page)) = &self.overlay
            && let (_, Some(seq)) = page.chain(&self.trail, &self.journal)
        {
            self.trail.want(seq);
        }
        let expired = |status: &Status| status.until <= self.now.boot;
        if self.status.as_ref().is_some_and(expired) {
            self.status = None;
        }
    }
}
