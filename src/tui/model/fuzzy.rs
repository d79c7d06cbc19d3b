//! Finding what somebody half remembers: `crmrd` in `crm-read`.
//!
//! A text fits when it has the typed letters in their order, beginning where a word begins, in few
//! enough pieces that a person would see the likeness too. So ten thousand names do not all fit
//! three letters, and the order of the table (worst first) can stay what it is.

/// Whether `text` contains `part`, whatever the case. `part` is in small letters.
pub fn contains(text: &str, part: &str) -> bool {
    if part.is_empty() {
        return true;
    }
    if !part.is_ascii() {
        return text.to_lowercase().contains(part);
    }
    let mut windows = text.as_bytes().windows(part.len());
    windows.any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Which characters of `text` fit `typed`, by their place; `None` if it does not fit. `typed` is in
/// small letters. A part that stands in the text as typed is preferred to pieces.
pub fn places(text: &str, typed: &str) -> Option<Vec<usize>> {
    let wanted: Vec<char> = typed.chars().collect();
    if wanted.is_empty() {
        return Some(Vec::new());
    }
    // Most of ten thousand names end here.
    let mut letters = text.chars().map(small);
    if !wanted
        .iter()
        .all(|wanted| letters.any(|letter| letter == *wanted))
    {
        return None;
    }
    let letters: Vec<char> = text.chars().map(small).collect();
    let whole = letters
        .windows(wanted.len())
        .position(|window| window == wanted.as_slice());
    if let Some(at) = whole {
        return Some((at..at + wanted.len()).collect());
    }
    let starts = (0..letters.len()).filter(|at| begins_word(&letters, *at));
    let fits = starts.filter_map(|start| pieces(&letters, &wanted, start));
    let (few, best) = fits.min_by_key(|(pieces, _)| *pieces)?;
    (few <= wanted.len().div_ceil(2)).then_some(best)
}

/// Whether it fits at all.
pub fn fits(text: &str, typed: &str) -> bool {
    contains(text, typed) || places(text, typed).is_some()
}

fn small(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn begins_word(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| letters.get(before));
    before.is_none_or(|before| !before.is_alphanumeric())
}

/// The letters from `start` on, preferring to go on where the last one stood and then the beginning
/// of a word; and in how many pieces.
fn pieces(letters: &[char], wanted: &[char], start: usize) -> Option<(usize, Vec<usize>)> {
    let mut found: Vec<usize> = Vec::with_capacity(wanted.len());
    let mut count = 0;
    for letter in wanted {
        let next = found.last().map_or(start, |last| last + 1);
        let there = |at: usize| letters.get(at) == Some(letter);
        let at = if there(next) {
            next
        } else if found.is_empty() {
            return None;
        } else {
            let mut rest = (next..letters.len()).filter(|at| there(*at));
            let word = rest.clone().find(|at| begins_word(letters, *at));
            word.or_else(|| rest.next())?
        };
        count += usize::from(at != next || found.is_empty());
        found.push(at);
    }
    Some((count, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_their_order_fit_and_scattered_ones_do_not() {
        for (text, typed, wanted) in [
            ("crm-read", "read", Some(vec![4, 5, 6, 7])),
            ("crm-read", "crmrd", Some(vec![0, 1, 2, 4, 7])),
            ("billing-refunds", "bref", Some(vec![0, 8, 9, 10])),
            ("github-issues", "ghiss", Some(vec![0, 3, 7, 8, 9])),
            ("GitHub", "hub", Some(vec![3, 4, 5])),
            ("größe", "öß", Some(vec![2, 3])),
            ("slack-announce", "sae", None),
            ("lane-00042", "l4x", None),
            ("crm", "crmx", None),
            ("", "a", None),
            ("abc", "", Some(vec![])),
        ] {
            assert_eq!(places(text, typed), wanted, "{typed} in {text}");
        }
        assert!(contains("Crm-Read", "m-r") && !contains("crm", "x"));
    }
}
