//! All phrases of one pack, found in one pass over an answer's words.
//!
//! The standards alone know a thousand phrases, and most answers hold two dozen words. So phrases
//! are looked up by the rarest of their words, never tried one after the other: an answer in which
//! that word does not stand costs nothing.

use super::phrase::{Phrase, Words};
use std::cell::OnceCell;
use std::collections::HashMap;

/// What an answer says. A phrase never reaches across the end of a sentence, so what occurs
/// anywhere in the answer occurs in one of these.
pub(super) trait Said {
    /// The machine codes, each a sentence of its own.
    fn codes(&self) -> &Words;
    /// The sentences.
    fn prose(&self) -> &Words;
}

/// How a phrase is looked up.
#[derive(Debug)]
struct Entry {
    phrase: Phrase,
    /// Which of its words it is looked up by.
    anchor: usize,
    /// How many words in front of that one it can begin.
    reach: usize,
    /// Whether it begins exactly so many in front.
    exactly: bool,
    /// What must stand in an answer that says it.
    needs: Held,
}

/// A mark for each word of a set, of which two words may share one: what it lacks is not there.
#[derive(Clone, Copy, Default, Debug)]
struct Held(u128);

impl Held {
    fn add(&mut self, word: &str) {
        // FNV-1a; nothing but the spread of ordinary words hangs on it.
        let hash = word.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        self.0 |= 1 << ((hash ^ (hash >> 15)) % u128::BITS);
    }

    const fn may_hold(self, needed: Self) -> bool {
        needed.0 & !self.0 == 0
    }
}

/// The phrases of one pack.
#[derive(Default, Debug)]
pub(super) struct PhraseBook {
    entries: Vec<Entry>,
    /// By a whole word.
    by_word: HashMap<String, Vec<u32>>,
    /// By the first letters of a word.
    by_start: HashMap<String, Vec<u32>>,
    /// By what a word holds; the rest, which is short.
    by_part: Vec<u32>,
    /// The same, where the part is not ASCII.
    by_foreign_part: Vec<u32>,
}

/// The phrases that a pack's rules name, while it is read.
#[derive(Default, Debug)]
pub(super) struct Phrases {
    list: Vec<Phrase>,
    numbers: HashMap<Phrase, u32>,
}

impl Phrases {
    /// Takes a phrase in and answers its number in the book; an equal one has the same.
    pub(super) fn add(&mut self, phrase: Phrase) -> u32 {
        if let Some(number) = self.numbers.get(&phrase) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.numbers.insert(phrase.clone(), number);
        self.list.push(phrase);
        number
    }

    /// The book of them all.
    pub(super) fn bind(self) -> PhraseBook {
        let mut common: HashMap<&str, usize> = HashMap::new();
        for phrase in &self.list {
            for word in (0..phrase.len()).filter_map(|at| phrase.whole(at)) {
                *common.entry(word).or_default() += 1;
            }
        }
        let mut book = PhraseBook::default();
        for (number, phrase) in (0..).zip(&self.list) {
            let whole = (0..phrase.len()).filter_map(|at| Some((at, phrase.whole(at)?)));
            let rarest = whole.min_by_key(|(_, word)| common.get(word).copied().unwrap_or(0));
            let start =
                || (0..phrase.len()).find_map(|at| Some((at, first_letters(phrase.start(at)?)?)));
            let anchor = if let Some((at, word)) = rarest {
                book.by_word
                    .entry(word.to_owned())
                    .or_default()
                    .push(number);
                at
            } else if let Some((at, start)) = start() {
                book.by_start
                    .entry(start.to_owned())
                    .or_default()
                    .push(number);
                at
            } else if phrase.is_ascii_at(0) {
                book.by_part.push(number);
                0
            } else {
                book.by_foreign_part.push(number);
                0
            };
            let reach = phrase.reach(anchor);
            let mut needs = Held::default();
            for word in (0..phrase.len()).filter_map(|at| phrase.whole(at)) {
                needs.add(word);
            }
            book.entries.push(Entry {
                phrase: phrase.clone(),
                anchor,
                reach,
                exactly: reach == anchor,
                needs,
            });
        }
        book
    }
}

/// Phrases of one book that a rule asks for together: 64 at a time, so that a rule with three
/// hundred of them costs no more than one with five.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct PhraseSet(Vec<(usize, u64)>);

impl FromIterator<u32> for PhraseSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut parts: Vec<(usize, u64)> = Vec::new();
        for number in numbers {
            let (at, bit) = (number as usize / 64, 1 << (number % 64));
            match parts.iter_mut().find(|(there, _)| *there == at) {
                Some((_, bits)) => *bits |= bit,
                None => parts.push((at, bit)),
            }
        }
        Self(parts)
    }
}

/// The phrases of one book that were found.
#[derive(Clone, Default)]
struct Marks(Vec<u64>);

impl Marks {
    fn sized(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn has_any(&self, set: &PhraseSet) -> bool {
        let mut parts = set.0.iter();
        parts.any(|(at, wanted)| self.0.get(*at).is_some_and(|bits| bits & wanted != 0))
    }

    fn has(&self, id: u32) -> bool {
        let (at, bit) = (id as usize / 64, id % 64);
        self.0.get(at).is_some_and(|bits| bits >> bit & 1 == 1)
    }

    fn put(&mut self, id: u32) {
        if let Some(bits) = self.0.get_mut(id as usize / 64) {
            *bits |= 1 << (id % 64);
        }
    }
}

impl PhraseBook {
    /// How many letters a word is looked up by where only its beginning is known.
    const START: usize = 3;

    /// Marks every phrase that occurs in `words`.
    fn mark(&self, words: &Words, marks: &mut Marks) {
        let all = || (0..words.len()).filter_map(|at| Some((at, words.get(at)?)));
        let mut held = Held::default();
        for (_, word) in all() {
            held.add(word);
        }
        for (at, word) in all() {
            let whole = self.by_word.get(word).into_iter().flatten();
            let start = first_letters(word).and_then(|start| self.by_start.get(start));
            let foreign: &[u32] = match word.is_ascii() {
                true => &[],
                false => &self.by_foreign_part,
            };
            let candidates = whole
                .chain(start.into_iter().flatten())
                .chain(&self.by_part)
                .chain(foreign);
            for number in candidates {
                let Some(entry) = self.entries.get(*number as usize) else {
                    continue;
                };
                if held.may_hold(entry.needs)
                    && !marks.has(*number)
                    && entry.occurs_around(words, at)
                {
                    marks.put(*number);
                }
            }
        }
    }
}

impl Entry {
    /// Whether the phrase occurs with its anchor at that word.
    fn occurs_around(&self, words: &Words, at: usize) -> bool {
        if self.exactly {
            let from = at.checked_sub(self.anchor);
            return from.is_some_and(|from| self.phrase.begins_at(words, from));
        }
        (at.saturating_sub(self.reach)..=at).any(|from| self.phrase.begins_at(words, from))
    }
}

fn first_letters(word: &str) -> Option<&str> {
    let mut ends = word.char_indices().skip(PhraseBook::START - 1);
    let (last, letter) = ends.next()?;
    word.get(..last + letter.len_utf8())
}

/// Which phrases of one book an answer says; each of the two views is made when it is asked for.
pub(super) struct Found<'b, S> {
    book: &'b PhraseBook,
    said: &'b S,
    codes: OnceCell<Marks>,
    prose: OnceCell<Marks>,
}

impl<'b, S: Said> Found<'b, S> {
    pub(super) const fn new(book: &'b PhraseBook, said: &'b S) -> Self {
        Self {
            book,
            said,
            codes: OnceCell::new(),
            prose: OnceCell::new(),
        }
    }

    fn marks(&self, words: &Words) -> Marks {
        let mut marks = Marks::sized(self.book.entries.len());
        self.book.mark(words, &mut marks);
        marks
    }

    /// Whether one of them occurs anywhere.
    pub(super) fn says(&self, set: &PhraseSet) -> bool {
        self.has_code(set) || self.writes(set)
    }

    /// Whether one of them occurs in a machine code: a text without white space.
    pub(super) fn has_code(&self, set: &PhraseSet) -> bool {
        let make = || self.marks(self.said.codes());
        self.codes.get_or_init(make).has_any(set)
    }

    /// Whether one of them occurs in a sentence: a text with white space.
    pub(super) fn writes(&self, set: &PhraseSet) -> bool {
        let make = || self.marks(self.said.prose());
        self.prose.get_or_init(make).has_any(set)
    }
}

#[cfg(test)]
#[path = "../../benches/hostile/bodies.rs"]
mod hostile;

#[cfg(test)]
mod tests {
    use super::*;

    struct One(Words, Words);

    impl Said for One {
        fn codes(&self) -> &Words {
            &self.0
        }
        fn prose(&self) -> &Words {
            &self.1
        }
    }

    const PHRASES: [&str; 12] = [
        "token expired",
        "token ~ expired",
        "scope* ~ required",
        "*ratelimit*",
        "*过期*",
        "too many ~ requests",
        "permission* denied",
        "a*",
        "not ~ granted ~ scope*",
        "*s ~ token",
        "expired",
        "in*",
    ];

    #[test]
    fn a_hostile_body_costs_no_more_the_longer_it_is() {
        use super::super::phrase::COMPARED;
        use super::super::{Answer, AnswerKind, Catalog, Context};
        use crate::lane::Wall;
        use std::borrow::Cow;

        let catalog = Catalog::builtin();
        let context = Context {
            now: Wall(1_790_000_000_000),
            known_expires_at: None,
            worked_before: true,
        };
        let work = |body: &str, status| {
            let answer = Answer {
                kind: AnswerKind::Api,
                status,
                headers: Cow::Borrowed(&[]),
                body: Cow::Borrowed(body.as_bytes()),
            };
            let costs = catalog.packs().map(|pack| {
                COMPARED.set(0);
                let _ = pack.classify(&answer, &context);
                COMPARED.get()
            });
            costs.max().unwrap_or(0)
        };
        for ((name, some), (_, more)) in hostile::bodies(300_000)
            .iter()
            .zip(&hostile::bodies(1_200_000))
        {
            for status in [200, 401] {
                let (once, again) = (work(some, status), work(more, status));
                assert_eq!(once, again, "{name} under {status}");
                // A comparison takes a few nanoseconds, and five milliseconds are the limit.
                assert!(once < 400_000, "{name} under {status}: {once} comparisons");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_book_finds_what_every_phrase_finds_by_itself(
            picked in proptest::collection::vec(proptest::sample::select(vec![
                "token", "expired", "scopes", "scope", "required", "are", "xratelimity", "令牌已过期了",
                "too", "many", "of", "requests", "permissions", "denied", "not", "granted.", "a", "in", "it",
            ]), 0..24),
        ) {
            let mut words = Words::default();
            words.add(&picked.join(" "));
            let said = One(Words::default(), words.clone());
            let all: Vec<_> = PHRASES.iter().map(|text| Phrase::parse(text).unwrap()).collect();
            let mut phrases = Phrases::default();
            let ids: Vec<_> = all.iter().map(|phrase| phrases.add(phrase.clone())).collect();
            let book = phrases.bind();
            let found = Found::new(&book, &said);
            for (phrase, id) in all.iter().zip(ids) {
                proptest::prop_assert_eq!(found.says(&PhraseSet::from_iter([id])), phrase.occurs_in(&words), "{:?}", phrase);
            }
        }
    }
}
