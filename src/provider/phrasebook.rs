//! All phrases of one pack, found in one pass over an answer's words.
//!
//! The standards alone know more than a thousand phrases, and most answers hold two dozen words. So
//! phrases are looked up by a word that must be there, never tried one after the other.

use super::phrase::{Phrase, Words};
use std::cell::OnceCell;
use std::collections::HashMap;

/// What an answer says, in the three ways a rule can ask for it.
pub(super) trait Said {
    /// Everything.
    fn all(&self) -> &Words;
    /// The machine codes, each by itself.
    fn codes(&self) -> &[Words];
    /// The sentences.
    fn prose(&self) -> &Words;
}

/// How a phrase is looked up.
#[derive(Debug)]
struct Entry {
    phrase: Phrase,
    /// Which of its words it is looked up by.
    anchor: usize,
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
}

/// A set of phrases of one book.
#[derive(Clone, Default)]
struct Marks(Vec<u64>);

impl Marks {
    fn sized(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn has(&self, id: u32) -> bool {
        let (at, bit) = (id as usize / 64, id % 64);
        self.0.get(at).is_some_and(|bits| bits >> bit & 1 == 1)
    }

    /// Puts it in; whether it was not there yet.
    fn put(&mut self, id: u32) -> bool {
        let fresh = !self.has(id);
        if let Some(bits) = self.0.get_mut(id as usize / 64) {
            *bits |= 1 << (id % 64);
        }
        fresh
    }
}

impl PhraseBook {
    /// How many letters a word is looked up by where only its beginning is known.
    const START: usize = 3;

    /// Takes a phrase in and answers its number here; an equal one has the same.
    pub(super) fn add(&mut self, phrase: Phrase, numbers: &mut HashMap<Phrase, u32>) -> u32 {
        if let Some(number) = numbers.get(&phrase) {
            return *number;
        }
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        numbers.insert(phrase.clone(), number);
        let whole = (0..phrase.len()).find_map(|at| Some((at, phrase.whole(at)?.to_owned())));
        let start = || {
            (0..phrase.len()).find_map(|at| {
                let start = first_letters(phrase.start(at)?)?;
                Some((at, start.to_owned()))
            })
        };
        let anchor = if let Some((at, word)) = whole {
            self.by_word.entry(word).or_default().push(number);
            at
        } else if let Some((at, start)) = start() {
            self.by_start.entry(start).or_default().push(number);
            at
        } else {
            self.by_part.push(number);
            0
        };
        self.entries.push(Entry { phrase, anchor });
        number
    }

    /// Marks every phrase that occurs in `words`.
    fn mark(&self, words: &Words, marks: &mut Marks) {
        let mut tried = Marks::sized(self.entries.len());
        for (at, word) in words.iter().enumerate() {
            let whole = self.by_word.get(word).into_iter().flatten();
            let start = first_letters(word).and_then(|start| self.by_start.get(start));
            let candidates = whole
                .chain(start.into_iter().flatten())
                .chain(&self.by_part);
            for number in candidates {
                let Some(Entry { phrase, anchor }) = self.entries.get(*number as usize) else {
                    continue;
                };
                if marks.has(*number) {
                    continue;
                }
                let occurs = if *anchor == 0 {
                    phrase.begins_at(words, at)
                } else {
                    // One that is known by a later word is looked for everywhere, once.
                    tried.put(*number) && phrase.occurs_in(words)
                };
                if occurs {
                    marks.put(*number);
                }
            }
        }
    }
}

fn first_letters(word: &str) -> Option<&str> {
    let mut ends = word.char_indices().skip(PhraseBook::START - 1);
    let (last, letter) = ends.next()?;
    word.get(..last + letter.len_utf8())
}

/// Which phrases of one book an answer says; each of the three views is made when it is asked for.
pub(super) struct Found<'b, S> {
    book: &'b PhraseBook,
    said: &'b S,
    all: OnceCell<Marks>,
    codes: OnceCell<Marks>,
    prose: OnceCell<Marks>,
}

impl<'b, S: Said> Found<'b, S> {
    pub(super) const fn new(book: &'b PhraseBook, said: &'b S) -> Self {
        Self {
            book,
            said,
            all: OnceCell::new(),
            codes: OnceCell::new(),
            prose: OnceCell::new(),
        }
    }

    fn marks<'w>(&self, words: impl Iterator<Item = &'w Words>) -> Marks {
        let mut marks = Marks::sized(self.book.entries.len());
        for words in words {
            self.book.mark(words, &mut marks);
        }
        marks
    }

    /// Whether it occurs anywhere.
    pub(super) fn says(&self, number: u32) -> bool {
        let make = || self.marks(std::iter::once(self.said.all()));
        self.all.get_or_init(make).has(number)
    }

    /// Whether it occurs in a machine code: a text without white space.
    pub(super) fn has_code(&self, number: u32) -> bool {
        let make = || self.marks(self.said.codes().iter());
        self.codes.get_or_init(make).has(number)
    }

    /// Whether it occurs in a sentence: a text with white space.
    pub(super) fn writes(&self, number: u32) -> bool {
        let make = || self.marks(std::iter::once(self.said.prose()));
        self.prose.get_or_init(make).has(number)
    }
}

#[cfg(test)]
#[path = "../../benches/hostile/bodies.rs"]
mod hostile;

#[cfg(test)]
mod tests {
    use super::*;

    struct One(Words, Vec<Words>, Words);

    impl Said for One {
        fn all(&self) -> &Words {
            &self.0
        }
        fn codes(&self) -> &[Words] {
            &self.1
        }
        fn prose(&self) -> &Words {
            &self.2
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
            let mut book = PhraseBook::default();
            let mut numbers = HashMap::new();
            let said = One(words.clone(), Vec::new(), Words::default());
            let all: Vec<_> = PHRASES.iter().map(|text| Phrase::parse(text).unwrap()).collect();
            let ids: Vec<_> = all.iter().map(|phrase| book.add(phrase.clone(), &mut numbers)).collect();
            let found = Found::new(&book, &said);
            for (phrase, id) in all.iter().zip(ids) {
                proptest::prop_assert_eq!(found.says(id), phrase.occurs_in(&words), "{:?}", phrase);
            }
        }
    }
}
