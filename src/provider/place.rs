//! Where in an answer something stands: a scope, a wait, a code, an expiry.

use super::answer::AnswerKind;
use super::json::{Pointer, scalar};
use super::moment::Form;
use super::seen::Seen;
use crate::lane::{ExpirySource, Wall};
use crate::plain::Plain;
use std::fmt;

/// The most scope names taken from one answer.
const SCOPES_MAX: usize = 32;

/// Words around names that are none themselves: `a, b or c`, `the read_orders scope`.
const FILLERS: [&str; 15] = [
    "or",
    "and",
    "the",
    "scope",
    "scopes",
    "permission",
    "permissions",
    "required",
    "necessary",
    "needed",
    "following",
    "sufficient",
    "appropriate",
    "correct",
    "proper",
];

/// Where a text is found.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Spot {
    /// In a header.
    Header(String),
    /// At a JSON pointer.
    Json(Pointer),
    /// In a form field.
    Form(String),
    /// In an XML element, by the tail of its path.
    Xml(String),
    /// In a parameter of a challenge.
    Challenge(String),
    /// In the body, behind one of these texts (lower-case), to the end of the sentence.
    After(Vec<String>),
    /// In the body, the names in front of one of these texts (lower-case).
    Before(Vec<String>),
    /// The words of the body that begin so.
    Begins(String),
    /// Nowhere: the provider's documentation says it.
    Fixed(String),
    /// In a claim of the credential itself, where that is a JWT. No answer has it:
    /// [`super::Pack::claims`] reads it.
    Jwt(String),
}

/// A spot and how what stands there is written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Place {
    /// Where.
    pub(super) spot: Spot,
    /// How a moment there is written.
    pub(super) form: Form,
    /// Only in such an answer; empty means any. A member called `scope` means one thing in a token
    /// response and another in a calendar.
    pub(super) kinds: Vec<AnswerKind>,
    /// Only the first of the names that stand there: a sentence goes on behind an action's name.
    pub(super) first: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Spot::Header(name) => write!(f, "header {name}"),
            Spot::Json(pointer) => write!(f, "JSON {pointer}"),
            Spot::Form(name) => write!(f, "form field {name}"),
            Spot::Xml(tail) => write!(f, "XML {tail}"),
            Spot::Challenge(name) => write!(f, "challenge parameter {name}"),
            Spot::After(marks) => write!(f, "text after \"{}\"", marks.join("\", \"")),
            Spot::Before(marks) => write!(f, "names before \"{}\"", marks.join("\", \"")),
            Spot::Begins(start) => write!(f, "words that begin with {start}"),
            Spot::Fixed(text) => write!(f, "always {text}"),
            Spot::Jwt(claim) => write!(f, "claim {claim} of a JWT"),
        }
    }
}

impl Place {
    /// The texts that stand there; several where a list does.
    fn texts(&self, seen: &Seen<'_>) -> Vec<String> {
        if !self.kinds.is_empty() && !self.kinds.contains(&seen.kind()) {
            return Vec::new();
        }
        match &self.spot {
            Spot::Header(name) => seen.header_lines(name).map(str::to_owned).collect(),
            Spot::Json(pointer) => {
                let Some(root) = seen.json() else {
                    return Vec::new();
                };
                let flat = pointer.find(root).into_iter().flat_map(|value| {
                    let list = value.as_array().map(Vec::as_slice);
                    list.unwrap_or(std::slice::from_ref(value))
                });
                flat.filter_map(scalar).take(SCOPES_MAX).collect()
            }
            Spot::Form(name) => {
                let of_name = seen.form().iter().filter(|(key, _)| key == name);
                of_name.map(|(_, value)| value.clone()).collect()
            }
            Spot::Xml(tail) => {
                let there = seen.leaves().iter().filter(|leaf| leaf.is_at(tail));
                there.map(|leaf| leaf.text.clone()).collect()
            }
            Spot::Challenge(name) => {
                let values = seen.challenges().iter().filter_map(|c| c.param(name));
                values.map(str::to_owned).collect()
            }
            Spot::After(marks) => {
                let found = marks.iter().find_map(|mark| behind(seen, mark));
                found.into_iter().collect()
            }
            Spot::Before(marks) => {
                let text = seen.text();
                let mut found = marks.iter().map(|mark| in_front(text, seen.lower(), mark));
                found.find(|names| !names.is_empty()).unwrap_or_default()
            }
            Spot::Begins(start) => beginning_with(seen.text(), start),
            Spot::Fixed(text) => vec![text.clone()],
            Spot::Jwt(_) => Vec::new(),
        }
    }

    /// The first text there.
    pub(super) fn text(&self, seen: &Seen<'_>) -> Option<String> {
        let found = self
            .texts(seen)
            .into_iter()
            .map(|text| text.trim().to_owned());
        found.into_iter().find(|text| !text.is_empty())
    }

    /// The names that stand there.
    pub(super) fn names(&self, seen: &Seen<'_>) -> Vec<Plain> {
        let mut names = Vec::new();
        for text in self.texts(seen) {
            let text = match &self.spot {
                Spot::After(_) => scopes_of_sentence(&text),
                _ => text,
            };
            // Names that hold spaces are separated by commas, but for the last: `a, b or c`. A
            // challenge separates by spaces alone.
            let listed = text.contains([',', ';']) && !self.is_challenge();
            let parts = text.split(|c: char| {
                if listed {
                    ",;".contains(c)
                } else {
                    c.is_whitespace()
                }
            });
            for part in parts.flat_map(|part| part.split(" or ")) {
                let name = bare(part);
                if !name.is_empty() && names.len() < SCOPES_MAX {
                    let name = Plain::new(name);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        if self.first {
            names.truncate(1);
        }
        names
    }

    /// The names that stand there, or an empty list that does; `None` if neither does.
    pub(super) fn listed(&self, seen: &Seen<'_>) -> Option<Vec<Plain>> {
        let names = self.names(seen);
        let is_empty_list = || match &self.spot {
            Spot::Header(name) => seen.header(name).is_some_and(str::is_empty),
            Spot::Json(pointer) => seen.json().is_some_and(|root| {
                let mut found = pointer.find(root).into_iter();
                found.any(|value| value.as_array().is_some_and(Vec::is_empty))
            }),
            _ => false,
        };
        (!names.is_empty() || is_empty_list()).then_some(names)
    }

    /// The moment that is written there; `now` is where waits begin.
    pub(super) fn moment(&self, seen: &Seen<'_>, now: Wall) -> Option<Wall> {
        let texts = self.texts(seen);
        texts.iter().find_map(|text| self.form.read(text, now))
    }

    /// What an expiry found here rests on.
    pub(super) const fn source(&self) -> ExpirySource {
        match self.spot {
            Spot::Header(_) | Spot::Challenge(_) => ExpirySource::ResponseHeader,
            _ => ExpirySource::ProbeBody,
        }
    }

    const fn is_challenge(&self) -> bool {
        matches!(self.spot, Spot::Challenge(_))
    }

    /// The claim of a JWT that it is, if it is one.
    pub(super) fn claim(&self) -> Option<&str> {
        match &self.spot {
            Spot::Jwt(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it lies in the body.
    pub(super) const fn in_body(&self) -> bool {
        !matches!(self.spot, Spot::Header(_) | Spot::Challenge(_))
    }
}

/// A name without the quotes and the words around it; empty if there is none.
fn bare(part: &str) -> &str {
    let quotes = |c: char| "'\"`.()[]\\".contains(c) || c.is_whitespace();
    let is_filler = |word: &str| FILLERS.iter().any(|one| one.eq_ignore_ascii_case(word));
    let mut name = part.trim_matches(quotes);
    loop {
        let (first, after) = name.split_once(' ').unwrap_or((name, ""));
        let (before, last) = name.rsplit_once(' ').unwrap_or(("", name));
        name = match (is_filler(first), is_filler(last)) {
            (true, _) => after,
            (false, true) => before,
            (false, false) => return name.trim_matches(quotes),
        };
    }
}

/// The text behind `mark` in the body or in a challenge's description: inside brackets or quotes if
/// it begins with one, else to the end of the sentence or string.
fn behind(seen: &Seen<'_>, mark: &str) -> Option<String> {
    let described = || {
        let challenges = seen.challenges().iter();
        let mut texts = challenges.filter_map(|one| one.param("error_description"));
        texts.find_map(|text| behind_in(text, &text.to_lowercase(), mark))
    };
    behind_in(seen.text(), seen.lower(), mark).or_else(described)
}

/// The same in one text; `lower` is it in lower case.
fn behind_in(text: &str, lower: &str, mark: &str) -> Option<String> {
    let at = lower.find(mark)?;
    // Lower case can differ in length from the original; where it does, the lower case serves.
    let whole = if lower.len() == text.len() {
        text
    } else {
        lower
    };
    let rest = whole
        .get(at + mark.len()..)?
        .trim_start_matches([' ', ':', '=', '-', '\u{2013}', '\\']);
    let close = match rest.chars().next()? {
        '(' => Some(')'),
        '[' => Some(']'),
        '\'' => Some('\''),
        '`' => Some('`'),
        '"' => Some('"'),
        _ => None,
    };
    if let Some(close) = close {
        let (inside, _) = rest.get(1..)?.split_once(close)?;
        return Some(inside.to_owned());
    }
    let end = rest.char_indices().find(|(at, c)| {
        let next = rest.get(at + c.len_utf8()..).and_then(|t| t.chars().next());
        matches!(c, '"' | '\\' | '\n' | '<' | ')' | ']')
            || (matches!(c, '.' | ';') && next.is_none_or(|n| n.is_whitespace() || n == '"'))
    });
    let inside = rest.get(..end.map_or(rest.len(), |(at, _)| at))?;
    Some(inside.chars().take(400).collect())
}

/// What may be names of scopes in the words behind a mark: without the noun that closes them
/// ("read_orders scope"), and of a longer run of words only those that look like no prose.
fn scopes_of_sentence(text: &str) -> String {
    let nouns = [
        "scope",
        "scopes",
        "permission",
        "permissions",
        "privilege",
        "privileges",
        "access",
    ];
    // "read:audit, which this one lacks": what goes on is about the names.
    let clauses = [
        ", which",
        ", but",
        ", and this",
        ", please",
        ", to ",
        ", while",
        " to access",
        " in order",
        " for this",
    ];
    let lower = text.to_ascii_lowercase();
    let end = clauses.iter().filter_map(|clause| lower.find(clause)).min();
    let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
    if text.contains([',', ';']) {
        return text.to_owned();
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    while words.len() > 1
        && words
            .last()
            .is_some_and(|last| nouns.iter().any(|noun| last.eq_ignore_ascii_case(noun)))
    {
        words.pop();
    }
    if words.len() > 1 {
        let looks_named = |word: &&str| {
            let inside = word.trim_matches(|c: char| !c.is_alphanumeric());
            inside.contains(['_', ':', '.', '/', '-']) || word.starts_with(['`', '\'', '"'])
        };
        let named: Vec<&str> = words.iter().copied().filter(looks_named).collect();
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
        // Bare words are names only if all of them could be: "repo user", not "the call you made".
        if !named.is_empty() || words.len() > 3 || !words.iter().all(plain) {
            words = named;
        }
    }
    words.join(" ")
}

/// The names in front of the first `mark` that has some: "the `a:read` and b.write scopes".
fn in_front(text: &str, lower: &str, mark: &str) -> Vec<String> {
    let whole = if lower.len() == text.len() {
        text
    } else {
        lower
    };
    let mut ends = lower.match_indices(mark).map(|(at, _)| at).take(4);
    let found = ends.find_map(|at| {
        let head = whole.get(..at)?;
        let begin = head.rfind(['\n', '{']).map_or(0, |at| at + 1);
        let mut names = Vec::new();
        for word in head.get(begin..)?.split_whitespace().rev().take(12) {
            let joins = ["and", "or", "&"].contains(&word);
            let quotes = |c: char| "\\\"'`,()".contains(c);
            let bare = word.trim_matches(quotes);
            // Where the text itself begins with the name, a member's name stands right before it.
            let name = bare.rsplit(['"', '>']).next().unwrap_or(bare);
            let quoted = word
                .trim_end_matches([',', '\\'])
                .ends_with(['"', '\'', '`']);
            let is_name = quoted || name.contains(['_', ':', '.', '/']);
            // The last word of a sentence before is no name.
            if !joins && (!is_name || name.is_empty() || word.ends_with(['.', ':', ';'])) {
                break;
            }
            names.extend((!joins).then(|| name.to_owned()));
        }
        names.reverse();
        (!names.is_empty()).then_some(names)
    });
    found.unwrap_or_default()
}

fn beginning_with(text: &str, start: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(start) {
        let before = rest.get(..at).and_then(|head| head.chars().next_back());
        let tail = rest.get(at..).unwrap_or_default();
        let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end.max(start.len()));
        if !before.is_some_and(is_part) && found.len() < SCOPES_MAX {
            found.push(word.trim_end_matches('.').to_owned());
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_around_a_name_are_no_names() {
        assert_eq!(bare("required permissions"), "");
        assert_eq!(bare("the following scopes"), "");
        assert_eq!(bare("`read_orders` scope"), "read_orders");
    }

    #[test]
    fn names_stand_before_the_noun_too() {
        let found = |text: &str| in_front(text, &text.to_lowercase(), " scope");
        assert_eq!(
            found("Add the account.read scope(s) to it"),
            ["account.read"]
        );
        assert_eq!(found("The 'run:reveal' scope is required."), ["run:reveal"]);
        assert_eq!(found(r#"{"message":"the \"repo\" scope"}"#), ["repo"]);
        assert_eq!(
            found(r#"{"message":"a:read, b:write and c_d scopes"}"#),
            ["a:read", "b:write", "c_d"]
        );
        assert!(found("The token has a wrong scope. Use a read-only scope").is_empty());
    }

    #[test]
    fn what_a_sentence_says_of_the_names_is_none() {
        let text = "requires scope(s) read:audit, which this one lacks";
        let behind = behind_in(text, text, "requires scope(s)").unwrap();
        assert_eq!(scopes_of_sentence(&behind), "read:audit");
    }
}
