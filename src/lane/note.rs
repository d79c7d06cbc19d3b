//! The words that go with a record.
//!
//! Words of our own are not copied, and numbers that come with every refresh become a sentence only
//! where somebody reads it: in the audit ([`crate::audit`]). A lane that is simulated for a month
//! would write millions of them for nobody.

use super::credential::Generation;
use crate::plain::Plain;
use std::fmt::Write;
use std::time::Duration;

/// One sentence for a person: a reason, a finding, a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// Words of our own.
    Ours(&'static str),
    /// Anything else that is to be said as it is.
    Said(Plain),
    /// A refresh is due, with so much life left.
    Due(Duration),
    /// A newer credential serves.
    Promoted {
        /// Whether nothing was there to prove it with.
        untested: bool,
        /// The one before it, and how long it is kept.
        kept: Option<(Generation, Duration)>,
    },
}

impl Note {
    /// The sentence.
    pub fn text(&self) -> Plain {
        match self {
            Self::Ours(text) => Plain::new(text),
            Self::Said(text) => text.clone(),
            Self::Due(left) => {
                let tenths = left.as_millis() / 100;
                format!("due; {}.{} s of life left", tenths / 10, tenths % 10).into()
            }
            Self::Promoted { untested, kept } => promoted(*untested, *kept).into(),
        }
    }
}

fn promoted(untested: bool, kept: Option<(Generation, Duration)>) -> String {
    let mut text = String::new();
    if untested {
        text.push_str("untested: there is nothing to prove it with");
    }
    if let Some((generation, kept)) = kept {
        if untested {
            text.push_str("; ");
        }
        let kept = humantime::format_duration(Duration::from_secs(kept.as_secs()));
        // Writing to a text cannot fail.
        let _written = write!(text, "generation {generation} is kept for {kept}");
    }
    text
}

impl From<&'static str> for Note {
    fn from(text: &'static str) -> Self {
        Self::Ours(text)
    }
}

impl From<Plain> for Note {
    fn from(text: Plain) -> Self {
        Self::Said(text)
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self::Said(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_a_sentence() {
        let due = Note::Due(Duration::from_millis(12_345));
        assert_eq!(due.text().as_str(), "due; 12.3 s of life left");
        let kept = Some((Generation(4), Duration::from_millis(90_999)));
        let told = |untested, kept| Note::Promoted { untested, kept }.text().to_string();
        assert_eq!(told(false, kept), "generation 4 is kept for 1m 30s");
        assert_eq!(
            told(true, kept),
            "untested: there is nothing to prove it with; generation 4 is kept for 1m 30s"
        );
        assert_eq!(
            told(true, None),
            "untested: there is nothing to prove it with"
        );
    }
}
