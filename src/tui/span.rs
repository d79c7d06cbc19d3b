//! Moments and spans, as short as they can be said.
//!
//! What is left is rounded down, so that a lane never looks longer-lived than it is, and seconds
//! are shown only under two minutes: a wall of lanes then changes a few cells a minute, not a
//! hundred a second.

use crate::lane::Wall;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// At most six characters: `83s`, `23m`, `1h05m`, `1d04h`, `6d`.
pub(super) fn left(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0..120 => format!("{secs}s"),
        120..HOUR => format!("{}m", secs / MINUTE),
        HOUR..DAY => format!("{}h{:02}m", secs / HOUR, secs % HOUR / MINUTE),
        DAY..172_800 => format!("1d{:02}h", secs % DAY / HOUR),
        _ => format!("{}d", (secs / DAY).min(99_999)),
    }
}

/// In a sentence: `26 s`, `3 m`, `2 h`, `6 d`.
pub(super) fn spoken(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0..120 => format!("{secs} s"),
        120..7_200 => format!("{} m", secs / MINUTE),
        7_200..172_800 => format!("{} h", secs / HOUR),
        _ => format!("{} d", secs / DAY),
    }
}

/// How long ago, in a sentence.
pub(super) fn ago(now: Wall, then: Wall) -> String {
    format!("{} ago", spoken(now.since(then)))
}

/// The time of day, `20:13:41Z`; with its date if that is not today's.
pub(super) fn moment(now: Wall, at: Wall) -> String {
    let same_day = match (now.to_utc(), at.to_utc()) {
        (Some(now), Some(at)) => now.date_naive() == at.date_naive(),
        _ => false,
    };
    let pattern = if same_day {
        "%H:%M:%SZ"
    } else {
        "%Y-%m-%d %H:%M:%SZ"
    };
    format_utc(at, pattern)
}

/// `20:13:41.203`.
pub(super) fn precise(at: Wall) -> String {
    format_utc(at, "%H:%M:%S%.3f")
}

/// `20:13:41Z`.
pub(super) fn clock(at: Wall) -> String {
    format_utc(at, "%H:%M:%SZ")
}

fn format_utc(at: Wall, pattern: &str) -> String {
    match at.to_utc() {
        Some(date) => date.format(pattern).to_string(),
        None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_rounded_down_and_short() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (1_439, "23m"),
            (3_600, "1h00m"),
            (3_959, "1h05m"),
            (86_399, "23h59m"),
            (86_400 + 4 * 3_600, "1d04h"),
            (6 * 86_400 + 86_399, "6d"),
            (u64::MAX / 4, "99999d"),
        ];
        for (secs, text) in cases {
            let shown = left(Duration::from_secs(secs));
            assert_eq!(shown, text);
            assert!(shown.len() <= 6);
        }
    }

    #[test]
    fn a_moment_of_another_day_says_its_date() {
        let now = Wall::parse("2026-11-22T20:14:07Z").unwrap();
        assert_eq!(moment(now, now), "20:14:07Z");
        let later = now.plus(Duration::from_secs(86_400));
        assert_eq!(moment(now, later), "2026-11-23 20:14:07Z");
        assert_eq!(precise(Wall(now.0 + 250)), "20:14:07.250");
        assert_eq!(ago(later, now), "24 h ago");
    }
}
