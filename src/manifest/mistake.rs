//! What is wrong with a manifest, where, and what to write instead.
//!
//! Mistakes are gathered, not returned one by one, so that a person mends a file in one go. Their
//! sentences quote keys, names and addresses of the file, so every sentence is cleaned as it comes
//! in; values that could be secrets are never quoted by those who write the sentences.

use super::place::Lines;
use crate::plain::Plain;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How many mistakes are shown.
const SHOWN: usize = 50;
/// How many are kept; the rest is counted.
const KEPT: usize = 1_000;

/// One mistake.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mistake {
    /// Its line, from one.
    pub line: usize,
    /// Its column in characters, from one.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// All the mistakes of one file, in its order.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Mistakes {
    /// The file.
    pub path: PathBuf,
    /// The first thousand at most. Never empty.
    pub list: Vec<Mistake>,
    /// How many more there are.
    pub more: usize,
}

impl Mistakes {
    /// The first one in one line, and how many there are besides.
    pub fn first(&self) -> String {
        let Some(first) = self.list.first() else {
            return String::new();
        };
        let others = self.list.len() - 1 + self.more;
        let besides = match others {
            0 => String::new(),
            _ => format!(" (and {others} more)"),
        };
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!(
            "{}:{}:{}: {}{besides}",
            Plain::new(&name.to_string_lossy()),
            first.line,
            first.column,
            first.what
        )
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Plain::new(&self.path.to_string_lossy());
        for (at, mistake) in self.list.iter().take(SHOWN).enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            let (line, column) = (mistake.line, mistake.column);
            write!(f, "{path}:{line}:{column}: {}", mistake.what)?;
            if let Some(hint) = &mistake.hint {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        match self.list.len().saturating_sub(SHOWN) + self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

struct Found {
    at: usize,
    what: String,
    hint: String,
}

/// Gathers mistakes while a document is read.
#[derive(Default)]
pub(crate) struct Complaints {
    found: Vec<Found>,
    more: usize,
    /// Where the piece that is being read begins in the file.
    base: usize,
    /// Parts of the file that a syntax error made unreadable.
    shadows: Vec<Range<usize>>,
    /// How many of them are in the first piece, in which everything stands that lanes refer to;
    /// `None` while it is the current one.
    first: Option<usize>,
    /// How many of them were there before the current piece.
    before: usize,
}

impl Complaints {
    /// A further piece begins: offsets count from `base`, and what is broken elsewhere is not
    /// broken here.
    pub(crate) fn piece(&mut self, base: usize) {
        self.base = base;
        self.before = self.shadows.len();
        self.first = self.first.or(Some(self.before));
    }

    /// An offset of the current piece as one of the file.
    pub(crate) const fn absolute(&self, at: usize) -> usize {
        self.base + at
    }

    /// Whether it is still worth while to look for a good hint.
    pub(crate) fn wants_hints(&self) -> bool {
        self.found.len() < SHOWN
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// A syntax error. What stands between it and the next header was read wrongly, so nothing
    /// said about it would help.
    pub(crate) fn syntax(&mut self, text: &str, at: usize, what: &str, hint: &str) {
        let at = self.absolute(at).min(text.len());
        let head = text.get(..at).unwrap_or_default();
        let start = head.rfind('\n').map_or(0, |end| end + 1);
        let mut end = start;
        for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
            if end > at && line.trim_start().starts_with('[') {
                break;
            }
            end += line.len();
        }
        self.keep(at, what, hint);
        // After the message, so that the shadow does not swallow it.
        self.shadows.push(start..end.max(at + 1));
    }

    /// A mistake at `at` of the current piece.
    pub(crate) fn at(&mut self, at: usize, what: impl AsRef<str>, hint: impl AsRef<str>) {
        let at = self.absolute(at);
        if !self.shadows.iter().any(|shadow| shadow.contains(&at)) {
            self.keep(at, what.as_ref(), hint.as_ref());
        }
    }

    /// A mistake that may only follow from a syntax error in this piece or the first: a key or a
    /// store that is not there. Not worth saying as long as there is one.
    pub(crate) fn absent(&mut self, at: usize, what: impl AsRef<str>, hint: impl AsRef<str>) {
        let here = self.shadows.len() - self.before;
        if here + self.first.unwrap_or(0) == 0 {
            self.at(at, what, hint);
        }
    }

    /// A mistake that may only follow from a syntax error anywhere: a lane that is not there.
    pub(crate) fn unresolved(&mut self, at: usize, what: impl AsRef<str>, hint: impl AsRef<str>) {
        if self.shadows.is_empty() {
            self.at(at, what, hint);
        }
    }

    fn keep(&mut self, at: usize, what: &str, hint: &str) {
        if self.found.len() >= KEPT {
            self.more += 1;
            return;
        }
        let (what, hint) = (clean(what), clean(hint));
        self.found.push(Found { at, what, hint });
    }

    /// All of them, in the order of the file.
    pub(crate) fn finish(mut self, path: &Path, text: &str) -> Mistakes {
        self.found.sort_by_key(|found| found.at);
        let lines = Lines::new(text);
        let list = self.found.into_iter().map(|found| {
            let (line, column) = lines.place(found.at);
            Mistake {
                line,
                column,
                what: found.what,
                hint: (!found.hint.is_empty()).then_some(found.hint),
            }
        });
        let mut list: Vec<_> = list.collect();
        list.dedup();
        Mistakes {
            path: path.to_owned(),
            list,
            more: self.more,
        }
    }
}

fn clean(sentence: &str) -> String {
    Plain::new(sentence).as_str().to_owned()
}

/// The candidate that somebody who wrote `word` most likely meant.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let length = word.chars().count();
    if length > 64 {
        return None;
    }
    let word = word.to_lowercase();
    let reach = (length / 3).max(1);
    let near = candidates.into_iter().filter_map(|candidate| {
        if candidate.chars().count().abs_diff(length) > reach {
            return None;
        }
        let steps = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        (steps <= reach).then_some((steps, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

/// `a`, `b` or `c`, cut after eight.
pub(crate) fn one_of<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let mut words: Vec<Cow<'_, str>> = words
        .into_iter()
        .map(|word| Cow::Owned(format!("`{word}`")))
        .collect();
    if words.len() > 8 {
        words.truncate(8);
        words.push(Cow::Borrowed("…"));
    }
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        let keys = ["provider", "owner", "runbook"];
        assert_eq!(nearest("provdier", keys), Some("provider"));
        assert_eq!(nearest("Owner", keys), Some("owner"));
        assert_eq!(nearest("zebra", keys), None);
        assert_eq!(nearest(&"x".repeat(100_000), keys), None);
    }

    #[test]
    fn only_fifty_mistakes_are_shown_and_the_rest_is_counted() {
        let mut book = Complaints::default();
        for at in 0..1_200 {
            book.at(at, "wrong", "right");
        }
        let all = book.finish(Path::new("x.toml"), &"y".repeat(1_200));
        let shown = all.to_string();
        assert_eq!(shown.matches("wrong").count(), 50);
        assert!(shown.ends_with("\nand 1150 more"), "{shown}");
        assert_eq!(all.first(), "x.toml:1:1: wrong (and 1199 more)");
    }

    #[test]
    fn what_a_syntax_error_made_unreadable_is_not_complained_about() {
        let text = "a = 1\nb = \nc = 2\n[d]\ne = 3\n";
        let mut book = Complaints::default();
        book.syntax(text, 10, "no value", "write one");
        book.at(11, "shadowed", "");
        book.at(text.find('d').unwrap(), "stays", "");
        book.absent(text.find('e').unwrap(), "follows", "");
        let all = book.finish(Path::new("x.toml"), text);
        let what: Vec<_> = all
            .list
            .iter()
            .map(|mistake| mistake.what.as_str())
            .collect();
        assert_eq!(what, ["no value", "stays"]);
    }
}
