//! Values as people write them: names, durations, moments, variables.

use super::mistake::Complaints;
use super::reader::Reader;
use super::section::{Given, Section, Text, kind_of, shorten};
use crate::lane::Wall;
use crate::plain::Plain;
use chrono::NaiveDate;
use std::time::Duration;
use toml::de::DeValue;

/// The longest a name gets, in characters.
pub(super) const NAME_MAX: usize = 64;

/// Between which a duration must lie.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    least: Duration,
    most: Duration,
}

const DAY: u64 = 24 * 3600;
/// The mean of the Gregorian calendar, which is what `1y` means.
const YEAR: u64 = 31_557_600;
/// How often something happens.
pub(super) const EVERY: Bounds = Bounds {
    least: Duration::from_millis(100),
    most: Duration::from_secs(30 * DAY),
};
/// How long one exchange may take.
pub(super) const TIMEOUT: Bounds = Bounds {
    least: Duration::from_millis(100),
    most: Duration::from_secs(600),
};
/// How long one credential lasts beside the next.
pub(super) const HANDOVER: Bounds = Bounds {
    least: Duration::ZERO,
    most: Duration::from_secs(30 * DAY),
};
/// How long before an end something happens.
pub(super) const AHEAD: Bounds = Bounds {
    least: Duration::from_secs(1),
    most: Duration::from_secs(5 * YEAR),
};

/// The name in `text`: 1 to 64 characters, and every one of them to be seen.
pub(super) fn name(text: Text<'_>, what: &str, read: &mut Reader<'_>) -> Option<Plain> {
    bounded(text, what, NAME_MAX, read)
}

/// A line of text of 1 to `most` characters without anything that does not show.
pub(super) fn bounded(
    text: Text<'_>,
    what: &str,
    most: usize,
    read: &mut Reader<'_>,
) -> Option<Plain> {
    let hint = format!("write 1 to {most} characters");
    if text.value.trim().is_empty() {
        read.book.at(text.at, format!("{what} is empty"), hint);
        return None;
    }
    if text.value.chars().nth(most).is_some() {
        let what = format!("{what} is longer than {most} characters");
        read.book.at(text.at, what, hint);
        return None;
    }
    let clean = read.word(text.value);
    if clean.as_str() != text.value {
        let hint = format!("write “{clean}”");
        let what = format!("{what} has control or invisible characters, or stray spaces");
        read.book.at(text.at, what, hint);
        return None;
    }
    Some(clean)
}

/// Text for a wire or a file system: not empty, at most `most` bytes, no control characters.
pub(super) fn raw(
    text: Text<'_>,
    what: &str,
    most: usize,
    book: &mut Complaints,
) -> Option<String> {
    let value = text.value;
    if value.is_empty() || value.len() > most || value.chars().any(char::is_control) {
        let hint = format!("write 1 to {most} bytes without control characters");
        book.at(
            text.at,
            format!("{what} is empty, too long or has control characters"),
            hint,
        );
        return None;
    }
    Some(value.to_owned())
}

/// The text under `key`, as [`raw`] takes it.
pub(super) fn line(section: &Section<'_>, key: &str, read: &mut Reader<'_>) -> Given<String> {
    let text = section.text(key, &mut read.book);
    text.and_then(|text| raw(text, &format!("`{key}`"), 2_048, &mut read.book))
}

/// The duration under `key`, within `bounds`.
pub(super) fn duration(
    section: &Section<'_>,
    key: &str,
    bounds: Bounds,
    book: &mut Complaints,
) -> Given<Duration> {
    let number = section
        .get(key)
        .is_some_and(|value| matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)));
    if number {
        let hint = "write the unit too: \"90s\", \"5m\", \"1h30m\", \"7d\"";
        return section.wrong(key, "a duration", hint, book);
    }
    section.text(key, book).and_then(|text| {
        let Ok(span) = humantime::parse_duration(text.value) else {
            let what = format!("“{}” is not a duration", shorten(text.value));
            book.at(
                text.at,
                what,
                "write something like \"90s\", \"5m\", \"1h30m\", \"7d\"",
            );
            return None;
        };
        if span < bounds.least || span > bounds.most {
            let what = format!(
                "`{key}` is {}",
                if span < bounds.least {
                    "too short"
                } else {
                    "too long"
                }
            );
            let (least, most) = (bounds.least, bounds.most);
            let hint = format!(
                "write something from {} to {}",
                humantime::format_duration(least),
                humantime::format_duration(most)
            );
            book.at(text.at, what, hint);
            return None;
        }
        Some(span)
    })
}

/// The moment under `key`: a date, which means its first moment in UTC, or RFC 3339.
pub(super) fn moment(section: &Section<'_>, key: &str, book: &mut Complaints) -> Given<Wall> {
    let Some(value) = section.get(key) else {
        return Given::Absent;
    };
    let hint = "write 2027-01-31 or 2027-01-31T12:00:00Z";
    let written = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) => {
            let mut date = *date;
            if let Some(time) = &mut date.time {
                // TOML lets the seconds be left out, RFC 3339 does not.
                time.second = time.second.or(Some(0));
            }
            date.to_string()
        }
        other => {
            let what = format!("`{key}` is {}, not a date", kind_of(other));
            book.at(value.span().start, what, hint);
            return Given::Wrong;
        }
    };
    let day = NaiveDate::parse_from_str(&written, "%Y-%m-%d").ok();
    let first = day.and_then(|day| day.and_hms_opt(0, 0, 0));
    let at = match first {
        Some(first) => Some(Wall(first.and_utc().timestamp_millis())),
        None => Wall::parse(&written),
    };
    match at {
        Some(at) if at > Wall(0) => Given::Is(at),
        Some(_) => {
            book.at(value.span().start, format!("`{key}` is before 1970"), hint);
            Given::Wrong
        }
        None => {
            let what = format!("`{key}` is not a date, or a time without its offset from UTC");
            book.at(value.span().start, what, hint);
            Given::Wrong
        }
    }
}

/// The name of an environment variable.
pub(super) fn variable(text: Text<'_>, book: &mut Complaints) -> Option<String> {
    let mut letters = text.value.bytes();
    let starts = letters
        .next()
        .is_some_and(|first| first == b'_' || first.is_ascii_alphabetic());
    if starts && text.value.len() <= 256 && letters.all(|c| c == b'_' || c.is_ascii_alphanumeric())
    {
        return Some(text.value.to_owned());
    }
    // Not quoted: people paste the secret itself where its variable's name should stand.
    book.at(
        text.at,
        "this is not the name of an environment variable",
        "write its name, such as \"VAULT_TOKEN\": letters, digits and underscores",
    );
    None
}
