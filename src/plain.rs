//! Text that came from outside, made safe to show.
//!
//! Upstream messages, lane names, store errors and provider codes end up on a terminal, in a log
//! and in the audit. [`Plain`] is the only form in which they travel through the house: bounded in
//! length, on one line, free of control, escape, bidirectional-override and zero-width characters.
//! Because the cleaning happens where a `Plain` is made, nothing further up has to remember it.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest a [`Plain`] gets, in characters; longer text ends in `…`.
pub const PLAIN_MAX: usize = 240;

/// One line of harmless text, at most [`PLAIN_MAX`] characters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Plain(Arc<str>);

impl Plain {
    /// Cleans `text`: runs of white space and control characters become one space, invisible and
    /// direction-changing characters vanish, the rest is kept and cut at [`PLAIN_MAX`].
    pub fn new(text: &str) -> Self {
        if is_clean(text.as_bytes()) {
            return Self(text.into());
        }
        let mut clean = String::with_capacity(text.len().min(PLAIN_MAX));
        let mut kept = 0;
        let mut gap = false;
        for c in text.chars() {
            if c.is_whitespace() || c.is_control() {
                gap = kept > 0;
                continue;
            }
            if is_invisible(c) {
                continue;
            }
            if kept + usize::from(gap) >= PLAIN_MAX {
                clean.pop();
                clean.push('…');
                break;
            }
            if gap {
                clean.push(' ');
                kept += 1;
                gap = false;
            }
            clean.push(c);
            kept += 1;
        }
        Self(clean.into())
    }

    /// The same for text of our own. However many hold it, it is kept once: ten thousand lanes with
    /// the same finding do not need ten thousand copies.
    pub fn fixed(text: &'static str) -> Self {
        static KEPT: Mutex<BTreeMap<&'static str, Plain>> = Mutex::new(BTreeMap::new());
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(text).or_insert_with(|| Self::new(text)).clone()
    }

    /// Cleans bytes that claim to be UTF-8; what is not becomes `�`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let head = bytes.get(..PLAIN_MAX * 8).unwrap_or(bytes);
        Self::new(&String::from_utf8_lossy(head))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether there is certainly nothing to clean, as in nearly all of our own text.
fn is_clean(text: &[u8]) -> bool {
    // Without a way out in between, so that many bytes are looked at at once.
    let mut odd = 0;
    for byte in text {
        odd |= u8::from(byte.wrapping_sub(b' ') > b'~' - b' ');
    }
    for (one, next) in text.iter().zip(text.get(1..).unwrap_or_default()) {
        odd |= u8::from((one ^ b' ') | (next ^ b' ') == 0);
    }
    let ends = [text.first(), text.last()];
    odd == 0
        && text.len() <= PLAIN_MAX
        && ends.iter().all(|end| end.is_some_and(|byte| *byte != b' '))
}

/// Characters that take no column, or that reorder what a reader sees around them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<&str> for Plain {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Plain {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl AsRef<str> for Plain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_sequence_survives() {
        let hostile = "\x1b[2J\x1b]0;owned\x07 bad\u{202e}key \u{9b}31m\r\nnext";
        let plain = Plain::new(hostile);
        assert_eq!(plain.as_str(), "[2J ]0;owned badkey 31m next");
        assert!(plain.as_str().chars().all(|c| !c.is_control()));
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let plain = Plain::new(&"x".repeat(10_000));
        assert_eq!(plain.as_str().chars().count(), PLAIN_MAX);
        assert!(plain.as_str().ends_with('…'));
    }

    #[test]
    fn only_clean_text_is_taken_as_it_is() {
        for clean in ["a", "due; 1440.0 s of life left", "~!"] {
            assert!(is_clean(clean.as_bytes()) && Plain::new(clean).as_str() == clean);
        }
        let long = "x".repeat(PLAIN_MAX + 1);
        for (text, cleaned) in [
            ("", ""),
            (" ", ""),
            (" a", "a"),
            ("a ", "a"),
            ("a  b", "a b"),
            ("a\tb", "a b"),
            ("a\u{7f}b", "a b"),
            ("é", "é"),
        ] {
            assert!(!is_clean(text.as_bytes()), "{text:?}");
            assert_eq!(Plain::new(text).as_str(), cleaned);
        }
        assert!(!is_clean(long.as_bytes()));
    }

    proptest::proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,400}") {
            let once = Plain::new(&text);
            proptest::prop_assert_eq!(Plain::new(once.as_str()), once);
        }
    }
}
