//! The signs that stand beside the words, each one column wide, and their ASCII stand-ins.

use crate::lane::{Outcome, Word};

/// Which set of signs is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbols {
    /// Before the selected row.
    pub marker: &'static str,
    /// Beside a marked lane.
    pub mark: &'static str,
    /// Before a group whose lanes are hidden.
    pub folded: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// Between two facts.
    pub dot: &'static str,
    /// Between a server and its tool.
    pub arrow: &'static str,
    /// Text goes on, but there is no room.
    pub more: &'static str,
    /// As it must be.
    pub yes: &'static str,
    /// Not as it must be.
    pub no: &'static str,
    /// Around what others said.
    pub quotes: [&'static str; 2],
    /// Nobody knows, or there is none.
    pub none: &'static str,
    /// A part of a gauge that is left.
    pub full: &'static str,
    /// A part of a gauge that is gone.
    pub gone: &'static str,
    /// Sorted from small to large.
    pub up: &'static str,
    /// Sorted from large to small.
    pub down: &'static str,
    /// Corners of a box: top left, top right, bottom left, bottom right; then its side.
    pub corners: [&'static str; 5],
    sparks: [&'static str; 8],
    words: [&'static str; Word::ALL.len()],
}

/// For terminals with a Unicode font.
pub const UNICODE: Symbols = Symbols {
    marker: "▶",
    mark: "◆",
    folded: "▸",
    rule: "─",
    dot: "·",
    arrow: "›",
    more: "…",
    yes: "✓",
    no: "✗",
    quotes: ["“", "”"],
    none: "—",
    full: "▓",
    gone: "░",
    up: "▴",
    down: "▾",
    corners: ["┌", "┐", "└", "┘", "│"],
    sparks: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    words: [
        "●", "↻", "‖", "◐", "▲", "◌", "◑", "◒", "⊗", "◇", "⊘", "≠", "○", "✗", "✖",
    ],
};

/// For terminals without one.
pub const ASCII: Symbols = Symbols {
    marker: ">",
    mark: "@",
    folded: "+",
    rule: "-",
    dot: "-",
    arrow: ">",
    more: "~",
    yes: "+",
    no: "!",
    quotes: ["\"", "\""],
    none: "-",
    full: "#",
    gone: ".",
    up: "^",
    down: "v",
    corners: ["+", "+", "+", "+", "|"],
    sparks: ["_", ".", ",", "-", "=", "+", "*", "#"],
    words: [
        "*", "+", "=", "~", "^", "?", "%", "u", "|", "<", "/", "N", "o", "x", "X",
    ],
};

impl Symbols {
    /// The sign of a state.
    pub fn word(&self, word: Word) -> &'static str {
        self.words.get(word as usize).copied().unwrap_or(" ")
    }

    /// A bar of one of eight heights, from 0.
    pub fn bar(&self, height: u8) -> &'static str {
        let top = self.sparks.last().copied().unwrap_or(" ");
        self.sparks.get(usize::from(height)).copied().unwrap_or(top)
    }

    /// A bar for `value` out of `top`.
    pub fn spark(&self, value: u32, top: u32) -> &'static str {
        let step = u64::from(value) * 7 / u64::from(top.max(1));
        let step = usize::try_from(step.min(7)).unwrap_or(7);
        self.sparks.get(step).copied().unwrap_or(" ")
    }
}

/// The state in small letters, as the header counts it and the filter names it.
pub const fn noun(word: Word) -> &'static str {
    match word {
        Word::Ok => "ok",
        Word::Refreshing => "refreshing",
        Word::Paused => "paused",
        Word::Expiring => "expiring",
        Word::Limited => "limited",
        Word::Unreachable => "unreachable",
        Word::Degraded => "degraded",
        Word::Uncertain => "uncertain",
        Word::Denied => "denied",
        Word::Scope => "scope",
        Word::Refused => "refused",
        Word::Invalid => "invalid",
        Word::Expired => "expired",
        Word::Revoked => "revoked",
        Word::Held => "held",
    }
}

/// An outcome in one word of at most eight letters, for a narrow column.
pub const fn brief(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::CredentialExpired => "expired",
        Outcome::CredentialRevoked => "revoked",
        Outcome::CredentialInvalid => "invalid",
        Outcome::ScopeInsufficient => "scope",
        Outcome::RateLimited => "limited",
        Outcome::PolicyDenied => "policy",
        Outcome::UpstreamUnavailable => "upstream",
        Outcome::StoreUnavailable => "store",
    }
}

/// An outcome in capitals, as a sentence opens with it.
pub const fn shout(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "OK",
        Outcome::CredentialExpired => "EXPIRED",
        Outcome::CredentialRevoked => "REVOKED",
        Outcome::CredentialInvalid => "INVALID",
        Outcome::ScopeInsufficient => "SCOPE INSUFFICIENT",
        Outcome::RateLimited => "RATE LIMITED",
        Outcome::PolicyDenied => "POLICY DENIED",
        Outcome::UpstreamUnavailable => "UPSTREAM UNAVAILABLE",
        Outcome::StoreUnavailable => "STORE UNAVAILABLE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_sign_is_one_column_and_every_state_has_its_own() {
        for set in [UNICODE, ASCII] {
            let words: HashSet<_> = Word::ALL.into_iter().map(|word| set.word(word)).collect();
            assert_eq!(words.len(), Word::ALL.len());
            let others = [
                set.marker, set.mark, set.folded, set.rule, set.dot, set.more, set.full, set.gone,
            ];
            for sign in words.into_iter().chain(others).chain(set.sparks) {
                assert_eq!(sign.width(), 1, "{sign}");
            }
        }
        assert!(ASCII.words.iter().all(|sign| sign.is_ascii()));
    }

    #[test]
    fn a_spark_stays_in_its_scale() {
        assert_eq!(UNICODE.spark(0, 100), "▁");
        assert_eq!(UNICODE.spark(100, 100), "█");
        assert_eq!(UNICODE.spark(u32::MAX, 0), "█");
    }
}
