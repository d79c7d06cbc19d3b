//! What is drawn over the panes and takes every key until it is closed.

use crate::engine::Command;
use crate::lane::{Actor, LaneName, Verb};
use crate::plain::Plain;
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
    /// A reason is being typed.
    Reason {
        /// For what.
        ask: Ask,
        /// For which lane.
        lane: LaneName,
        /// What is typed so far.
        input: Input,
    },
    /// Something dangerous is about to be done.
    Confirm {
        /// What.
        ask: Ask,
        /// To which lane.
        lane: LaneName,
        /// The reason, where one was asked for.
        reason: Plain,
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

/// What is asked of the engine after a reason or a confirmation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Replace the credential.
    Rotate,
    /// Lift the hold.
    Release,
    /// Stop serving.
    Pause,
    /// Serve again.
    Resume,
}

impl Ask {
    /// As a verb for a title and a button.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rotate => "Rotate",
            Self::Release => "Release",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
        }
    }

    /// What it does, in one sentence.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Rotate => "A newer credential is minted, or taken from its store.",
            Self::Release => "The hold ends; pre-flight decides whether it serves.",
            Self::Pause => "No calls are served until the lane is resumed.",
            Self::Resume => "Pre-flight runs; calls are served if it passes.",
        }
    }

    /// The command for the engine.
    pub fn command(self, lane: LaneName, reason: Plain, by: Actor) -> Command {
        let verb = match self {
            Self::Rotate => Verb::Rotate,
            Self::Release => Verb::Release { reason },
            Self::Pause => Verb::Pause {
                reason,
                until: None,
            },
            Self::Resume => Verb::Resume { reason },
        };
        Command::Lane { lane, verb, by }
    }
}
