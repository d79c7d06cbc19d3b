//! What the negative control says of a lane's probe.

use super::super::event::Control;
use super::super::gate::FindingLevel;
use super::super::record::RecordKind;
use super::{Lane, Reaction};

/// The check's name among the findings.
const CHECK: &str = "negative_control";

impl Lane {
    /// Notes whether an invented credential was rejected where the lane's own was accepted. One that
    /// is accepted does not stop the lane, as a lane without any probe is not stopped: but nobody
    /// shall think that something was proven.
    pub(super) fn find_control(&mut self, control: Control, out: &mut Reaction) {
        let (level, text) = match control {
            Control::Rejected => (FindingLevel::Pass, "an invented credential is rejected"),
            Control::Accepted => (
                FindingLevel::Warn,
                "the probe proves nothing: an invented credential is accepted too",
            ),
            Control::Untold => (
                FindingLevel::Warn,
                "whether an invented credential is rejected could not be told",
            ),
        };
        let known = self.findings.iter().any(|old| {
            old.check.as_str() == CHECK && old.level == level && old.text.as_str() == text
        });
        self.find_again(CHECK, level, text.into());
        if control == Control::Accepted && !known {
            self.record(out, RecordKind::WarningRaised).note = Some(text.into());
        }
    }
}
