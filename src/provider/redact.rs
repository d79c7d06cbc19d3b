//! Upstream sentences without the secrets that some of them quote.
//!
//! "Incorrect API key provided: sk-live-…" repeats what it was sent. The classifier does not know
//! the secret, so any word that could be one is cut before a sentence becomes evidence.

use crate::plain::Plain;

/// From this length on, a word of mixed letters and digits could be a secret.
const LONG: usize = 16;

/// How much of such a word is kept, for a person to recognise it by.
const KEPT: usize = 4;

/// Beginnings by which providers mark their secrets.
const MARKS: [&str; 14] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_",
    "rk_",
    "sk-",
    "xox",
    "ya29.",
    "hvs.",
    "eyJ",
];

/// The text with every word that could be a secret cut to its first characters.
pub(super) fn redact(text: &Plain) -> Plain {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.~+/=*".contains(c);
    let mut clean = String::with_capacity(text.as_str().len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if could_be_secret(word) {
            clean.extend(word.chars().take(KEPT));
            clean.push('…');
        } else {
            clean.push_str(word);
        }
        let next = tail.chars().next();
        clean.extend(next);
        rest = tail
            .get(next.map_or(0, char::len_utf8)..)
            .unwrap_or_default();
    }
    Plain::new(&clean)
}

fn could_be_secret(word: &str) -> bool {
    // A mark alone is a word of prose ("a key that begins with sk_").
    let marked = MARKS
        .iter()
        .any(|mark| word.starts_with(mark) && word.len() > mark.len() + 4);
    // The pieces of a path or a dotted name are words of their own.
    let dense = word.split(['/', '.']).any(|piece| {
        piece.len() >= LONG
            && piece.bytes().any(|b| b.is_ascii_digit())
            && piece.bytes().any(|b| b.is_ascii_alphabetic())
            && !is_uuid(piece)
            && !piece.starts_with("req_")
            && !is_date(piece)
    });
    marked || dense
}

/// UUIDs name requests and traces; support asks for them.
fn is_uuid(word: &str) -> bool {
    let lengths: Vec<_> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && bytes.iter().take(4).all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_secret_is_cut_and_the_sentence_stays() {
        let table = [
            (
                "Invalid API Key provided: sk_test_4eC39HqLyjWDarjtT1zdp7dc",
                "Invalid API Key provided: sk_t…",
            ),
            (
                "Access token expired: a1b2c3d4e5f6a7b8c9",
                "Access token expired: a1b2…",
            ),
            ("bad eyJhbGciOiJIUzI1NiJ9.eyJ.x", "bad eyJh…"),
            ("rolled: rk_test_****************6i1euf", "rolled: rk_t…"),
        ];
        for (text, expected) in table {
            assert_eq!(redact(&Plain::new(text)).as_str(), expected);
        }
    }

    #[test]
    fn ordinary_words_codes_and_request_ids_stay() {
        for text in [
            "AADSTS50173: The provided grant has expired due to it being revoked.",
            "request 1740feb8-b33a-4c08-a6ee-ab5cfc5a18c4 at 2026-03-10T23:04:41.164Z",
            "req_znNmcJIx4bS6OH",
            "https://www.googleapis.com/auth/cloud-platform.read-only",
            "provisioned_throughput_exceeded_exception",
            "a key that begins with sk_",
        ] {
            assert_eq!(redact(&Plain::new(text)).as_str(), text);
        }
    }
}
