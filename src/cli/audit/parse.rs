//! What people type to say which records they mean.

use crate::lane::{Outcome, RecordKind, Wall};

/// The kind of that name.
///
/// # Errors
/// A sentence with the name that is nearest, if one is near.
pub fn kind(name: &str) -> Result<RecordKind, String> {
    let found = RecordKind::ALL.iter().find(|kind| kind.as_str() == name);
    let names = RecordKind::ALL.iter().map(|kind| kind.as_str());
    found.copied().ok_or_else(|| unknown("kind", name, names))
}

/// The outcome of that name.
///
/// # Errors
/// A sentence with the name that is nearest, if one is near.
pub fn outcome(name: &str) -> Result<Outcome, String> {
    let names = Outcome::ALL.iter().map(|outcome| outcome.as_str());
    Outcome::parse(name).ok_or_else(|| unknown("outcome", name, names))
}

/// A moment: RFC 3339, a day (its beginning in UTC), or how long ago, such as `15m` or `2h 30m`.
///
/// # Errors
/// A sentence that says what can be written.
pub fn moment(text: &str, now: Wall) -> Result<Wall, String> {
    let day = || Wall::parse(&format!("{text}T00:00:00Z"));
    let ago = || {
        humantime::parse_duration(text)
            .ok()
            .map(|ago| now.minus(ago))
    };
    Wall::parse(text).or_else(day).or_else(ago).ok_or_else(|| {
        format!("{text:?} is no moment: write 2026-11-22T20:14:07Z, 2026-11-22 or, for ago, 15m")
    })
}

fn unknown(what: &str, name: &str, names: impl Iterator<Item = &'static str>) -> String {
    let near = names
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, two| one.0.total_cmp(&two.0));
    match near {
        Some((_, known)) => format!("no {what} is called {name:?}; did you mean {known}?"),
        None => format!("no {what} is called {name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_told_the_name() {
        assert_eq!(kind("lane_held"), Ok(RecordKind::LaneHeld));
        assert_eq!(
            kind("lane_hold").unwrap_err(),
            "no kind is called \"lane_hold\"; did you mean lane_held?"
        );
        assert_eq!(outcome("ok"), Ok(Outcome::Ok));
        assert_eq!(outcome("zzz").unwrap_err(), "no outcome is called \"zzz\"");
    }

    #[test]
    fn a_moment_can_be_a_time_a_day_or_so_long_ago() {
        let now = Wall::parse("2026-11-22T20:14:07Z").unwrap();
        let of = |text| moment(text, now).unwrap().to_string();
        assert_eq!(of("2026-11-22T21:00:00+01:00"), "2026-11-22T20:00:00.000Z");
        assert_eq!(of("2026-11-21"), "2026-11-21T00:00:00.000Z");
        assert_eq!(of("14m 7s"), "2026-11-22T20:00:00.000Z");
        assert!(moment("yesterday", now).is_err());
    }
}
