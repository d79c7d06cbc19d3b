//! What is asked of the engine after a form or a question: one thing, for one lane or for many.

use crate::engine::Command;
use crate::lane::{Actor, LaneName, Verb, Wall};
use crate::plain::Plain;
use std::time::Duration;

/// How long a pause lasts that is picked, not typed; nothing means until somebody resumes it.
pub const PRESETS: [&str; 6] = ["", "15m", "30m", "1h", "4h", "1d"];
/// The longest pause that ends by itself.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// What can be asked of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Prove it, and refresh it if it can be.
    Refresh,
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
            Self::Refresh => "Refresh",
            Self::Rotate => "Rotate",
            Self::Release => "Release",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
        }
    }

    /// The same beside a key.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Rotate => "rotate",
            Self::Release => "release",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// What it does, in one sentence.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Refresh => "Proved now, and refreshed where that can be.",
            Self::Rotate => "A newer credential is minted, or taken from its store.",
            Self::Release => "The hold ends; pre-flight decides whether it serves.",
            Self::Pause => "No calls are served while it lasts.",
            Self::Resume => "Pre-flight runs; calls are served if it passes.",
        }
    }

    /// Whether the audit wants to know why.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Release | Self::Pause | Self::Resume)
    }

    /// Whether it is confirmed even for one lane.
    pub const fn is_dangerous(self) -> bool {
        matches!(self, Self::Rotate | Self::Release)
    }
}

/// One thing asked for some lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// What.
    pub ask: Ask,
    /// For which lanes; at least one.
    pub lanes: Vec<LaneName>,
    /// How many were chosen too but cannot be asked for this now.
    pub left_out: usize,
    /// Why, where a reason is needed.
    pub reason: Plain,
    /// How long a pause lasts; `None` means until somebody resumes it.
    pub lasts: Option<Duration>,
}

impl Order {
    /// To whom it goes, in a word or two: `crm-read`, `5 lanes`.
    pub fn about(&self) -> String {
        match self.lanes.as_slice() {
            [only] => only.to_string(),
            lanes => format!("{} lanes", lanes.len()),
        }
    }

    /// Whether it is shown once more before it is sent.
    pub const fn is_confirmed(&self) -> bool {
        self.ask.is_dangerous() || self.lanes.len() > 1
    }

    /// The commands for the engine, one a lane. A pause is counted from `now`.
    pub fn commands(&self, now: Wall, by: &Actor) -> Vec<Command> {
        let verb = match self.ask {
            Ask::Refresh => Verb::Refresh,
            Ask::Rotate => Verb::Rotate,
            Ask::Release => Verb::Release {
                reason: self.reason.clone(),
            },
            Ask::Pause => Verb::Pause {
                reason: self.reason.clone(),
                until: self.lasts.map(|lasts| now.plus(lasts)),
            },
            Ask::Resume => Verb::Resume {
                reason: self.reason.clone(),
            },
        };
        let lanes = self.lanes.iter();
        lanes
            .map(|lane| Command::Lane {
                lane: lane.clone(),
                verb: verb.clone(),
                by: by.clone(),
            })
            .collect()
    }
}

/// Reads how long a pause lasts: `30m`, `1h 30m`, `2 days`; nothing means until it is resumed.
///
/// # Errors
/// A sentence on what is wrong with it.
pub fn parse_lasts(text: &str) -> Result<Option<Duration>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("a pause of no time is none".to_owned()),
        Ok(lasts) if lasts > LONGEST => {
            Err("longer than a year: leave it empty to pause until it is resumed".to_owned())
        }
        Ok(lasts) => Ok(Some(lasts)),
        Err(_) => Err(format!("{text:?} is no span; write 30m, 2h or 1h 30m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_people_write_it() {
        let minutes = |minutes: u64| Ok(Some(Duration::from_secs(minutes * 60)));
        for (text, lasts) in [
            ("", Ok(None)),
            ("  ", Ok(None)),
            ("30m", minutes(30)),
            (" 1h 30m ", minutes(90)),
            ("1h30m", minutes(90)),
            ("2 days", minutes(2 * 24 * 60)),
        ] {
            assert_eq!(parse_lasts(text), lasts, "{text}");
        }
        for wrong in ["0s", "30", "soon", "400d", "-5m"] {
            assert!(parse_lasts(wrong).is_err(), "{wrong}");
        }
        for preset in PRESETS {
            assert!(parse_lasts(preset).is_ok(), "{preset}");
        }
    }
}
