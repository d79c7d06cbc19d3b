//! Dates and waits, in every form that providers write them.

use crate::lane::Wall;
use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// How a moment is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// Told from the look of the text: a date, a duration, an epoch or a number of seconds.
    Auto,
    /// A number of seconds from now.
    Seconds,
    /// A number of milliseconds from now.
    Millis,
    /// Seconds since the Unix epoch.
    EpochSeconds,
    /// Milliseconds since the Unix epoch.
    EpochMillis,
    /// `1h2m3.5s`, `120ms`.
    Duration,
    /// RFC 3339, with a zone.
    Rfc3339,
    /// `2026-10-12`, at its beginning in UTC.
    Date,
    /// `2026-10-12 09:00:00 UTC` or `… +0900`.
    DateTimeZone,
    /// A date of HTTP: RFC 9110 section 5.6.7, the obsolete forms included.
    HttpDate,
    /// `Retry-After`: a number of seconds or a date of HTTP.
    RetryAfter,
    /// The structured `RateLimit` field of the IETF draft: seconds in `t`.
    RateLimit,
    /// A wait as a sentence words it: `52 seconds.`, `2 minutes 3 s`, `9.8s`, `35`.
    Prose,
}

impl Form {
    /// Every form and its name in a pack.
    pub(super) const NAMES: [(&'static str, Self); 13] = [
        ("auto", Self::Auto),
        ("seconds", Self::Seconds),
        ("millis", Self::Millis),
        ("epoch_s", Self::EpochSeconds),
        ("epoch_ms", Self::EpochMillis),
        ("duration", Self::Duration),
        ("rfc3339", Self::Rfc3339),
        ("date", Self::Date),
        ("date_time_zone", Self::DateTimeZone),
        ("http_date", Self::HttpDate),
        ("retry_after", Self::RetryAfter),
        ("ratelimit", Self::RateLimit),
        ("prose", Self::Prose),
    ];

    /// The moment that `text` names; `now` is where a wait begins.
    pub(super) fn read(self, text: &str, now: Wall) -> Option<Wall> {
        let text = text.trim();
        let wait = |ms: i64| Wall(now.0.saturating_add(ms));
        match self {
            Self::Auto => auto(text, now),
            Self::Seconds => thousandths(text).map(wait),
            Self::Millis => thousandths(text).map(|ms| wait(ms / 1000)),
            Self::EpochSeconds => thousandths(text).map(Wall),
            Self::EpochMillis => thousandths(text).map(|ms| Wall(ms / 1000)),
            Self::Duration => duration(text).map(wait),
            Self::Rfc3339 => Wall::parse(text),
            Self::Date => date(text),
            Self::DateTimeZone => date_time_zone(text),
            Self::HttpDate => http_date(text),
            Self::RetryAfter => thousandths(text).map(wait).or_else(|| http_date(text)),
            Self::RateLimit => structured(text).map(wait),
            Self::Prose => prose(text).map(wait),
        }
    }
}

/// The heuristic for providers that nobody described: large numbers are epochs, small ones waits.
fn auto(text: &str, now: Wall) -> Option<Wall> {
    const MILLION: i64 = 1_000_000;
    if let Some(ms) = thousandths(text) {
        return Some(match ms / 1000 {
            n if n > MILLION * MILLION => Wall(n),
            n if n > 1000 * MILLION => Wall(ms),
            _ => Wall(now.0.saturating_add(ms)),
        });
    }
    Wall::parse(text)
        .or_else(|| minutes(text))
        .or_else(|| http_date(text))
        .or_else(|| date_time_zone(text))
        .or_else(|| date(text))
        .or_else(|| duration(text).map(|ms| Wall(now.0.saturating_add(ms))))
        .or_else(|| structured(text).map(|ms| Wall(now.0.saturating_add(ms))))
}

/// A plain decimal number times a thousand; what is finer is dropped.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut thousandth = 0;
    for at in 0..3 {
        let digit = fraction
            .as_bytes()
            .get(at)
            .map_or(0, |b| i64::from(b - b'0'));
        thousandth = thousandth * 10 + digit;
    }
    let whole: i64 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(thousandth)
}

/// `1h2m3.5s` in milliseconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit {
            "ms" => 1,
            "s" | "sec" | "seconds" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(thousandths(number)?.checked_mul(unit)? / 1000)?;
        rest = tail.trim_start();
    }
    (!text.is_empty()).then_some(total)
}

/// The wait that a sentence begins with; without a unit it is in seconds.
fn prose(text: &str) -> Option<i64> {
    // `01:12:33.`: hours, minutes, seconds.
    let clock = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    if let [hours, minutes, seconds] = *clock.split(':').collect::<Vec<_>>().as_slice() {
        let part = |text: &str, scale: i64| text.parse::<u32>().ok().map(|n| i64::from(n) * scale);
        if let (Some(h), Some(m), Some(s)) = (
            part(hours, 3_600_000),
            part(minutes, 60_000),
            part(seconds, 1000),
        ) {
            return h.checked_add(m)?.checked_add(s);
        }
    }
    // `1m30s.`: several units without a space.
    let first = text.split_whitespace().next().unwrap_or_default();
    let glued = first.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    if glued.matches(|c: char| c.is_ascii_alphabetic()).count() > 1
        && let Some(wait) = duration(glued)
    {
        return Some(wait);
    }
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',');
    let mut total = None;
    while let Some(word) = words.next() {
        let digits = word
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(word.len());
        let (number, glued) = word.split_at(digits);
        let Some(number) = thousandths(number.trim_end_matches('.')) else {
            break;
        };
        let unit = match glued {
            "" => words.next().unwrap_or_default(),
            glued => glued,
        };
        let unit = unit.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        let scale = match unit.to_ascii_lowercase().as_str() {
            "ms" | "milliseconds" | "millisecond" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1000,
            _ if total.is_none() && glued.is_empty() => 1000,
            _ => break,
        };
        total = Some(
            total
                .unwrap_or(0_i64)
                .checked_add(number.checked_mul(scale)? / 1000)?,
        );
    }
    total
}

/// The wait in `"default";r=0;t=30`: the longest of the policies with nothing left, else the first.
fn structured(text: &str) -> Option<i64> {
    let mut first = None;
    let mut spent = None;
    for item in text.split(',') {
        let param = |name: &str| {
            let mut parts = item
                .split(';')
                .filter_map(|part| part.trim().split_once('='));
            parts.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let Some(wait) = param("t").and_then(thousandths) else {
            continue;
        };
        first = first.or(Some(wait));
        if param("r") == Some("0") {
            spent = spent.max(Some(wait));
        }
    }
    spent.or(first)
}

fn date(text: &str) -> Option<Wall> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(Wall(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()))
}

/// RFC 3339 to the minute, as some write it.
fn minutes(text: &str) -> Option<Wall> {
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").ok()?;
    Some(Wall(at.and_utc().timestamp_millis()))
}

fn date_time_zone(text: &str) -> Option<Wall> {
    const PLAIN: &str = "%Y-%m-%d %H:%M:%S";
    if let Some(utc) = text.strip_suffix(" UTC") {
        let at = NaiveDateTime::parse_from_str(utc, PLAIN).ok()?;
        return Some(Wall(at.and_utc().timestamp_millis()));
    }
    let at = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S %z").ok()?;
    Some(Wall(at.timestamp_millis()))
}

/// A date of HTTP.
pub(super) fn http_date(text: &str) -> Option<Wall> {
    const FORMS: [&str; 3] = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    let text = text.trim();
    FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|at| Wall(at.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &str) -> Option<String> {
        let now = Wall::parse("2026-11-22T12:00:00Z").unwrap();
        form.read(text, now).map(|at| at.to_string())
    }

    #[test]
    fn every_unit_that_providers_use_is_read() {
        let table = [
            (Form::Seconds, "60", "2026-11-22T12:01:00.000Z"),
            (Form::Millis, "1500", "2026-11-22T12:00:01.500Z"),
            (
                Form::EpochSeconds,
                "1372700873.25",
                "2013-07-01T17:47:53.250Z",
            ),
            (
                Form::EpochMillis,
                "1372700873000",
                "2013-07-01T17:47:53.000Z",
            ),
            (Form::Duration, "6m0s", "2026-11-22T12:06:00.000Z"),
            (Form::Duration, "120ms", "2026-11-22T12:00:00.120Z"),
            (Form::Date, "2026-12-01", "2026-12-01T00:00:00.000Z"),
            (
                Form::DateTimeZone,
                "2026-10-12 09:00:00 UTC",
                "2026-10-12T09:00:00.000Z",
            ),
            (
                Form::DateTimeZone,
                "2026-10-12 09:00:00 +0900",
                "2026-10-12T00:00:00.000Z",
            ),
            (
                Form::RetryAfter,
                "Sun, 22 Nov 2026 12:00:30 GMT",
                "2026-11-22T12:00:30.000Z",
            ),
            (Form::RetryAfter, "5", "2026-11-22T12:00:05.000Z"),
            (
                Form::HttpDate,
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "1994-11-06T08:49:37.000Z",
            ),
            (
                Form::HttpDate,
                "Sun Nov  6 08:49:37 1994",
                "1994-11-06T08:49:37.000Z",
            ),
            (
                Form::RateLimit,
                "\"a\";r=5;t=3, \"b\";r=0;t=30",
                "2026-11-22T12:00:30.000Z",
            ),
            (Form::Prose, "52 seconds.", "2026-11-22T12:00:52.000Z"),
            (Form::Prose, "2 minutes 3s", "2026-11-22T12:02:03.000Z"),
            (Form::Prose, "9.8s, or later", "2026-11-22T12:00:09.800Z"),
            (Form::Prose, "35", "2026-11-22T12:00:35.000Z"),
            (Form::Prose, "1m30s.", "2026-11-22T12:01:30.000Z"),
            (Form::Prose, "01:02:03.", "2026-11-22T13:02:03.000Z"),
            (Form::Auto, "30", "2026-11-22T12:00:30.000Z"),
            (Form::Auto, "1372700873", "2013-07-01T17:47:53.000Z"),
            (Form::Auto, "1372700873000", "2013-07-01T17:47:53.000Z"),
            (Form::Auto, "2026-11-22T12:30Z", "2026-11-22T12:30:00.000Z"),
            (Form::Auto, "1m30s", "2026-11-22T12:01:30.000Z"),
        ];
        for (form, text, expected) in table {
            assert_eq!(
                read(form, text).as_deref(),
                Some(expected),
                "{form:?} {text}"
            );
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "soon",
            "-5",
            "1.2.3",
            "99999999999999999999",
            "5 bananas",
        ] {
            for (_, form) in Form::NAMES {
                // A sentence may go on as it likes behind its number.
                if form == Form::Prose && text == "5 bananas" {
                    continue;
                }
                assert_eq!(read(form, text), None, "{form:?} {text}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            for (_, form) in Form::NAMES {
                let _ = form.read(&text, Wall(0));
            }
        }
    }
}
