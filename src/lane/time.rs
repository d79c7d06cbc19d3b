//! Moments, on two clocks.
//!
//! The wall clock says what a provider's `expires_at` means; it can be set back, stepped or wrong.
//! The boot clock counts milliseconds since the machine started, sleep included, and never goes
//! back; it says how long something has really been. The core is handed both as a [`Now`] and keeps
//! no clock of its own.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// Wall-clock time: milliseconds since the Unix epoch. Written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

/// Boot-clock time: milliseconds since the machine started, suspend included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Boot(pub u64);

/// One moment as both clocks show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// What the wall clock shows.
    pub wall: Wall,
    /// What the boot clock shows.
    pub boot: Boot,
}

/// A duration as whole milliseconds; centuries saturate.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Wall {
    /// This moment plus `span`.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(millis(span)))
    }

    /// This moment less `span`.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(millis(span)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// From whole seconds since the epoch.
    pub fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From RFC 3339 text.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Self(at.timestamp_millis()))
    }

    /// As a date of the `chrono` crate, for formatting; `None` beyond the years it knows.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Wall {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Wall {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

impl Boot {
    /// This moment plus `span`.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Now {
    /// The boot-clock moment at which the wall clock will show `at`, if it runs true; the present
    /// if that is past.
    pub fn boot_at(self, at: Wall) -> Boot {
        self.boot.plus(at.since(self.wall))
    }

    /// The wall-clock moment that belongs to the boot-clock moment `at`.
    pub fn wall_at(self, at: Boot) -> Wall {
        self.wall
            .plus(at.since(self.boot))
            .minus(self.boot.since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_time_reads_back_what_it_writes() {
        let at = Wall::parse("2026-11-22T20:14:07.250Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-22T20:14:07.250Z");
        assert_eq!(
            serde_json::from_str::<Wall>(&serde_json::to_string(&at).unwrap()).unwrap(),
            at
        );
    }

    #[test]
    fn the_past_is_no_time_away() {
        let now = Now {
            wall: Wall(10_000),
            boot: Boot(500),
        };
        assert_eq!(now.boot_at(Wall(9_000)), Boot(500));
        assert_eq!(now.boot_at(Wall(11_000)), Boot(1_500));
        assert_eq!(now.wall_at(Boot(1_500)), Wall(11_000));
        assert_eq!(now.wall_at(Boot(400)), Wall(9_900));
        assert_eq!(Wall(5).since(Wall(9)), Duration::ZERO);
    }
}
