//! Sentences: which of them state something, which only advise, and which only suppose an end.
//!
//! "If your token has expired, sign in" is written beside rejections of every cause; taken at its
//! word it would condemn good credentials. [`super::statement`] asks here before it counts a sentence.

/// How sentences begin that advise: what to look at, not what was found.
const ADVICE: [&str; 21] = [
    "check that",
    "check if",
    "check whether",
    "check the",
    "check your token",
    "check your api",
    "check your key",
    "check your access",
    "check your cred",
    "check your perm",
    "double check",
    "double-check",
    "make sure",
    "ensure",
    "verify that",
    "verify the",
    "verify your api",
    "verify your token",
    "verify your cred",
    "confirm that",
    "try next",
];

/// How sentences begin that suppose: what may be, not what is.
const SUPPOSITION: [&str; 9] = [
    "if ",
    "in case ",
    "unless ",
    "maybe ",
    "perhaps ",
    "possibly ",
    "it is possible",
    "its possible",
    "it\u{2019}s possible",
];

/// What tells of an end.
const ENDS: [&str; 6] = [
    "expire",
    "revoke",
    "invalidated",
    "lapsed",
    "deactivated",
    "terminated",
];

/// What stands for a sentence that only supposes an end. The standards' `cannot-tell` knows it.
pub(super) const SUPPOSED: &str = "supposedly ended";

/// Cuts a text behind every `.`, `!`, `?` and `;` that white space follows, and at line ends.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find_map(|(at, c)| {
            let after = at + c.len_utf8();
            let next = rest.get(after..)?.chars().next()?;
            let ends = matches!(c, '.' | '!' | '?' | ';') && next.is_whitespace();
            (ends || c == '\n').then_some(after)
        });
        let (sentence, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        Some(sentence)
    })
}

/// Whether a sentence only advises.
pub(super) fn is_advice(sentence: &str) -> bool {
    let begins = |text: &str, start: &str| {
        let head = text.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    let text = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    let text = match begins(text, "please ") {
        true => text.get(7..).unwrap_or_default().trim_start(),
        false => text,
    };
    ADVICE.iter().any(|start| begins(text, start))
}

/// What a sentence says of an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Nothing, or nothing that is told apart here.
    Untold,
    /// It speaks of one only under a condition or as a question.
    Supposed,
    /// It joins several by "or", of which one may be meant.
    Several,
    /// It states one, shortly.
    One,
}

/// What a sentence says of an end. One that speaks of scopes as well is often all that names them,
/// and stays.
pub(super) fn end_of(sentence: &str) -> End {
    let text = sentence.trim().to_lowercase().replace('\'', "");
    let holds = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if !holds(&text, &ENDS) || holds(&text, &["scope", "permission"]) {
        return End::Untold;
    }
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    if text.ends_with('?') || SUPPOSITION.iter().any(|start| text.starts_with(start)) {
        return End::Supposed;
    }
    let conditions = [
        " if ",
        " in case ",
        " possible that ",
        " perhaps ",
        " maybe ",
    ];
    let condition = conditions.iter().find_map(|word| text.find(word));
    let before = condition.and_then(|at| text.get(..at));
    if before.is_some_and(|before| !holds(before, &ENDS)) {
        return End::Supposed;
    }
    if !holds(text, &["expired", "revoked"]) {
        return End::Untold;
    }
    if holds(text, &[" or ", "/"]) {
        return End::Several;
    }
    let open = [
        " not ", " may ", " might ", " could ", "whether", "when ", "once ", "after ", "expired ",
    ];
    let general = open.iter().any(|word| match word.strip_suffix(' ') {
        // "Expired tokens can be renewed" is about tokens, not about this one.
        Some("expired") => text.starts_with(word),
        _ => text.contains(word),
    });
    match general || text.split_whitespace().count() > 14 {
        true => End::Untold,
        false => End::One,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_supposed_of_an_end_is_told_from_what_is_stated() {
        for text in [
            "If the token you sent has been revoked, ask for another.",
            "Sign in again if your session has expired.",
            "It's possible that somebody revoked it.",
            "Token expired?",
            "API error 401: it is possible that your token was revoked",
        ] {
            assert_eq!(end_of(text), End::Supposed, "{text}");
        }
        for text in [
            "The token has expired. ",
            "Your token was revoked; ask for help if this surprises you.",
            "If you need the scope x, note that tokens expire.",
            "If in doubt, ask.",
        ] {
            assert_ne!(end_of(text), End::Supposed, "{text}");
        }
    }

    #[test]
    fn one_end_is_told_from_several() {
        for (text, end) in [
            ("The refresh token expired.", End::One),
            ("Session was revoked", End::One),
            (
                "It is invalid, expired, revoked or was issued to another.",
                End::Several,
            ),
            ("Expired tokens can be renewed.", End::Untold),
            ("The token has not expired.", End::Untold),
            ("Please sign in.", End::Untold),
        ] {
            assert_eq!(end_of(text), end, "{text}");
        }
    }
}
