//! Words and phrases: how free text is compared.
//!
//! Providers write the same thing as `token_expired`, `TokenExpired`, `ExpiredToken` or "The token
//! has expired." Text is therefore cut into lower-case words, at punctuation and at changes of
//! case, and packs name phrases over words. [`super::statement`] decides which text counts.

/// The most words that are kept of one answer; what follows tells nothing new.
const WORDS_MAX: usize = 500;

/// The most words that a `~` in a phrase skips.
const GAP: usize = 4;

/// The word that stands for the end of a sentence; no gap reaches across it.
const STOP: &str = ".";

/// Text as words, with sentence ends marked.
#[derive(Clone, Default, Debug)]
pub(super) struct Words {
    /// All words, one behind the other.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Words {
    /// The words of `text`.
    #[cfg(test)]
    fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.add(text);
        words
    }

    /// Adds the words of one more sentence.
    pub(super) fn add(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        // Letters of the word so far that are capitals without a small one after the first.
        let mut capitals = 0_usize;
        let mut before: Option<char> = None;
        while let Some(c) = chars.next() {
            if self.ends.len() >= WORDS_MAX {
                self.text.truncate(self.finished());
                return;
            }
            if c == '\'' || c == '’' {
                continue;
            }
            if !c.is_alphanumeric() {
                self.finish(self.text.len());
                capitals = 0;
                before = None;
                let ends = matches!(c, '.' | '!' | '?' | ';' | '。')
                    && chars.peek().is_none_or(|next| next.is_whitespace());
                if ends || c == '\n' {
                    self.stop();
                }
                continue;
            }
            if c.is_uppercase() {
                if before.is_some_and(char::is_lowercase) {
                    self.finish(self.text.len());
                    capitals = 0;
                }
                capitals += 1;
            } else {
                // `APIKey`: the last capital of a run of three begins the next word; `OAuth` stays.
                let run_ends = capitals >= 3 && c.is_lowercase();
                if let Some(last) = run_ends.then(|| self.text.chars().next_back()).flatten() {
                    self.finish(self.text.len() - last.len_utf8());
                }
                capitals = 0;
            }
            if c.is_ascii() {
                self.text.push(c.to_ascii_lowercase());
            } else {
                self.text.extend(c.to_lowercase());
            }
            before = Some(c);
        }
        self.finish(self.text.len());
        self.stop();
    }

    /// How many words there are; a sentence's end is one of them.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word at `at`.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let begin = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(begin..end)
    }

    /// Where the last finished word ends.
    fn finished(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// What was begun is a word up to `end`, if there is anything.
    fn finish(&mut self, end: usize) {
        if end > self.finished() {
            self.ends.push(end);
        }
    }

    fn stop(&mut self) {
        if self.len() > 0 && self.get(self.len() - 1) != Some(STOP) {
            self.text.push_str(STOP);
            self.ends.push(self.text.len());
        }
    }
}

/// One word of a phrase. A `*` at either end stands for any letters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Piece {
    Is(String),
    Begins(String),
    Ends(String),
    Holds(String),
    Gap,
}

#[cfg(test)]
thread_local! {
    /// How often a word was compared on this thread: the work that a hostile answer can cause.
    pub(super) static COMPARED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl Piece {
    fn fits(&self, word: &str) -> bool {
        #[cfg(test)]
        COMPARED.with(|count| count.set(count.get() + 1));
        match self {
            Self::Is(text) => word == text,
            Self::Begins(text) => word.starts_with(text.as_str()),
            Self::Ends(text) => word.ends_with(text.as_str()),
            Self::Holds(text) => word.len() >= text.len() && word.contains(text.as_str()),
            Self::Gap => false,
        }
    }
}

/// A sequence of words to look for: `token ~ expired`, `rate limit*`. `~` skips up to four words of
/// one sentence.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Phrase(Vec<Piece>);

impl Phrase {
    /// Reads a phrase; `None` if there is no word in it, or it begins or ends with a gap.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        for part in text.to_lowercase().split_whitespace() {
            let bare = part.trim_matches('*').to_owned();
            if part == "~" {
                pieces.push(Piece::Gap);
            } else if bare.is_empty() || bare.chars().any(|c| !c.is_alphanumeric()) {
                return None;
            } else {
                pieces.push(match (part.starts_with('*'), part.ends_with('*')) {
                    (false, false) => Piece::Is(bare),
                    (false, true) => Piece::Begins(bare),
                    (true, false) => Piece::Ends(bare),
                    (true, true) => Piece::Holds(bare),
                });
            }
        }
        let ends = [pieces.first(), pieces.last()];
        let whole = ends.iter().all(|end| end.is_some_and(|p| *p != Piece::Gap));
        whole.then_some(Self(pieces))
    }

    /// How many pieces it has, gaps included.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The piece at `at`, if it is a whole word.
    pub(super) fn whole(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Piece::Is(word) => Some(word),
            _ => None,
        }
    }

    /// The piece at `at`, if it is the beginning of a word.
    pub(super) fn start(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Piece::Begins(start) => Some(start),
            _ => None,
        }
    }

    /// Whether the letters of the piece at `at` are ASCII.
    pub(super) fn is_ascii_at(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|piece| match piece {
            Piece::Is(text) | Piece::Begins(text) | Piece::Ends(text) | Piece::Holds(text) => {
                text.is_ascii()
            }
            Piece::Gap => true,
        })
    }

    /// How many words in front of the piece at `at` the phrase can begin.
    pub(super) fn reach(&self, at: usize) -> usize {
        let before = self.0.iter().take(at);
        before
            .map(|piece| if *piece == Piece::Gap { GAP } else { 1 })
            .sum()
    }

    /// Whether the phrase begins at that word of `words`.
    pub(super) fn begins_at(&self, words: &Words, at: usize) -> bool {
        fits_at(&self.0, words, at)
    }

    /// Whether the phrase occurs in `words`.
    #[cfg(test)]
    pub(super) fn occurs_in(&self, words: &Words) -> bool {
        (0..words.len()).any(|from| self.begins_at(words, from))
    }
}

fn fits_at(pieces: &[Piece], words: &Words, at: usize) -> bool {
    let Some((piece, rest)) = pieces.split_first() else {
        return true;
    };
    if *piece != Piece::Gap {
        return words
            .get(at)
            .is_some_and(|word| piece.fits(word) && fits_at(rest, words, at + 1));
    }
    for skipped in 0..=GAP {
        if fits_at(rest, words, at + skipped) {
            return true;
        }
        if words.get(at + skipped).is_none_or(|word| word == STOP) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        let words = Words::of(text);
        let all = (0..words.len()).map(|at| words.get(at).unwrap().to_owned());
        all.collect()
    }

    #[test]
    fn the_same_thing_is_the_same_words_however_it_is_written() {
        for text in [
            "EXPIRED_ACCESS_TOKEN",
            "ExpiredAccessToken",
            "expired access-token",
        ] {
            assert_eq!(list(text), ["expired", "access", "token", "."]);
        }
        assert_eq!(list("APIKeyInvalid"), ["api", "key", "invalid", "."]);
        assert_eq!(list("The OAuth token"), ["the", "oauth", "token", "."]);
        assert_eq!(list("hasn't."), ["hasnt", "."]);
        assert_eq!(list("v1.2 is"), ["v1", "2", "is", "."]);
    }

    #[test]
    fn a_gap_stays_inside_its_sentence() {
        let phrase = Phrase::parse("token ~ expired").unwrap();
        assert!(phrase.occurs_in(&Words::of("The access token you sent has expired.")));
        assert!(phrase.occurs_in(&Words::of("token expired")));
        assert!(!phrase.occurs_in(&Words::of("Send a token. The coupon expired.")));
        assert!(!phrase.occurs_in(&Words::of("token a b c d e expired")));
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_word() {
        assert!(
            Phrase::parse("permission*")
                .unwrap()
                .occurs_in(&Words::of("Permissions!"))
        );
        assert!(
            Phrase::parse("*过期*")
                .unwrap()
                .occurs_in(&Words::of("令牌已过期了"))
        );
        assert!(
            !Phrase::parse("sso")
                .unwrap()
                .occurs_in(&Words::of("association"))
        );
        assert_eq!(Phrase::parse("~ x"), None);
        assert_eq!(Phrase::parse("a_b"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_a_bounded_number_of_words(text in "\\PC{0,4000}") {
            proptest::prop_assert!(Words::of(&text).len() <= 2 * WORDS_MAX);
        }
    }
}
