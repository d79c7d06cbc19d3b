//! What is drawn over the panes and takes every key until it is closed.

use super::RecordPage;
use super::order::Order;
use super::palette::Palette;
use crate::lane::LaneName;
use crate::tui::archive;
use std::path::PathBuf;
use tui_input::Input;

/// One of them at a time.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// Every key and what it does.
    Help {
        /// First line shown.
        top: usize,
    },
    /// The filter is being typed.
    Filter(Input),
    /// What to look for in the audit is being typed.
    Search(Input),
    /// The filter of the records is being typed.
    Records(Input),
    /// An action is being typed.
    Palette(Palette),
    /// One record.
    Record(RecordPage),
    /// The records are about to be written to a file.
    Export {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: archive::Form,
        /// What return would do.
        choice: Choice,
    },
    /// What can be copied.
    Copy {
        /// What it is, and its text.
        choices: Vec<(&'static str, String)>,
        /// Which is marked.
        row: usize,
    },
    /// A reason is being typed, and how long a pause lasts.
    Form(Form),
    /// Something is about to be done that should be looked at first.
    Confirm {
        /// What, and for which lanes.
        order: Order,
        /// What return would do.
        choice: Choice,
    },
    /// The drills of a sandbox lane.
    Drills {
        /// Of which lane.
        lane: LaneName,
        /// Which is marked.
        row: usize,
    },
    /// The receipts of the drills, one at a time.
    Receipts {
        /// Which one, the newest first.
        row: usize,
    },
    /// The columns of the table.
    Columns {
        /// Which one keys act on.
        row: usize,
    },
}

/// What has to be typed before an order is complete.
#[derive(Clone, Debug)]
pub struct Form {
    /// What is being ordered; its reason and its span are still what they were at first.
    pub order: Order,
    /// The reason, as far as it is typed.
    pub why: Input,
    /// How long the pause lasts, as far as it is typed.
    pub lasts: Input,
    /// Where letters go.
    pub field: Field,
}

/// A line of a [`Form`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Field {
    /// The reason.
    #[default]
    Why,
    /// How long; only a pause has it.
    Lasts,
}

/// The two answers to a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Choice {
    /// Leave everything as it is.
    #[default]
    Cancel,
    /// Do it.
    Go,
}
