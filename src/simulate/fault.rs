//! What can go wrong, as people write it: `KIND=AMOUNT@WHEN`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// When a fault strikes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum When {
    /// So long after the beginning.
    After(Duration),
    /// At a moment that the seed decides.
    Anywhere,
}

/// How many of something.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Share {
    /// So many.
    Count(u32),
    /// This part of them, from 0 to 1.
    Part(f64),
}

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    /// Every store refuses every connection.
    StoreOutage(Duration, When),
    /// Token endpoints and upstreams answer 503.
    Provider5xx(Duration, When),
    /// Token endpoints and upstreams answer 429 and ask for patience.
    Limited(Duration, When),
    /// The grants of so many lanes, and the tokens made from them, are revoked.
    Revoke(Share, When),
    /// The answers to so many exchanges of a grant are lost after the token endpoint has acted: the
    /// next ones, or a part of all.
    LostResponse(Share, When),
    /// The wall clock is set by so many milliseconds.
    ClockJump(i64, When),
    /// The machine sleeps.
    Suspend(Duration, When),
    /// The process is killed, and started again after so long.
    Crash(Duration, When),
}

/// Every kind with an example.
const KINDS: [(&str, &str); 8] = [
    ("store-outage", "store-outage=20m@6h"),
    ("provider-5xx", "provider-5xx=5m@2h"),
    ("429", "429=90s@30m"),
    ("revoke", "revoke=3@1h"),
    ("lost-response", "lost-response=1%"),
    ("clock-jump", "clock-jump=-1h@6h"),
    ("suspend", "suspend=30m@6h"),
    ("crash", "crash=10s@6h"),
];

/// How long a crashed process stays down unless it is said.
const DOWN: Duration = Duration::from_secs(1);

/// Why a text is no fault. The sentence ends with what to write instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("--fault {text}: {what}\n  hint: {hint}")]
pub struct FaultError {
    text: String,
    what: String,
    hint: String,
}

fn wrong(text: &str, what: impl Into<String>, hint: impl Into<String>) -> FaultError {
    FaultError {
        text: text.to_owned(),
        what: what.into(),
        hint: hint.into(),
    }
}

fn example(kind: &str) -> &'static str {
    KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or("store-outage=20m@6h", |(_, example)| example)
}

impl Fault {
    /// When it strikes.
    pub const fn when(&self) -> When {
        match self {
            Self::StoreOutage(_, when)
            | Self::Provider5xx(_, when)
            | Self::Limited(_, when)
            | Self::Revoke(_, when)
            | Self::LostResponse(_, when)
            | Self::ClockJump(_, when)
            | Self::Suspend(_, when)
            | Self::Crash(_, when) => *when,
        }
    }

    /// How long it lasts, where it lasts.
    pub const fn span(&self) -> Duration {
        match self {
            Self::StoreOutage(span, _)
            | Self::Provider5xx(span, _)
            | Self::Limited(span, _)
            | Self::Suspend(span, _)
            | Self::Crash(span, _) => *span,
            Self::Revoke(..) | Self::LostResponse(..) | Self::ClockJump(..) => Duration::ZERO,
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (what, when) = match text.split_once('@') {
            Some((what, when)) => (what, Some(when)),
            None => (text, None),
        };
        let (kind, amount) = match what.split_once('=') {
            Some((kind, amount)) => (kind, Some(amount)),
            None => (what, None),
        };
        let Some((kind, like)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            let nearest = KINDS
                .iter()
                .max_by(|a, b| {
                    strsim::jaro_winkler(kind, a.0).total_cmp(&strsim::jaro_winkler(kind, b.0))
                })
                .map_or("", |(name, _)| name);
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            let hint = if strsim::jaro_winkler(kind, nearest) > 0.75 {
                format!("did you mean {nearest}? write it like {}", example(nearest))
            } else {
                format!("write one of {}, such as {}", known.join(", "), KINDS[0].1)
            };
            return Err(wrong(text, format!("there is no fault “{kind}”"), hint));
        };
        let moment = || match when {
            Some("anywhere" | "random") => Ok(When::Anywhere),
            Some(at) => at_least(text, at, like).map(When::After),
            None => {
                let hint = format!("write it like {like}, or …@anywhere to let the seed decide");
                Err(wrong(text, "it does not say when", hint))
            }
        };
        let long = || match amount {
            Some(amount) => positive(text, amount, like),
            None => {
                let hint = format!("write it like {like}");
                Err(wrong(text, "it does not say for how long", hint))
            }
        };
        Ok(match *kind {
            "store-outage" => Self::StoreOutage(long()?, moment()?),
            "provider-5xx" => Self::Provider5xx(long()?, moment()?),
            "429" => Self::Limited(long()?, moment()?),
            "suspend" => Self::Suspend(long()?, moment()?),
            "crash" => match amount {
                Some(_) => Self::Crash(long()?, moment()?),
                None => Self::Crash(DOWN, moment()?),
            },
            "revoke" => Self::Revoke(share(text, amount, like)?, moment()?),
            "lost-response" => match (share(text, amount, like)?, when) {
                (part @ Share::Part(_), None) => {
                    Self::LostResponse(part, When::After(Duration::ZERO))
                }
                (share, _) => Self::LostResponse(share, moment()?),
            },
            _ => Self::ClockJump(step(text, amount, like)?, moment()?),
        })
    }
}

/// A duration, zero included.
fn at_least(text: &str, span: &str, like: &str) -> Result<Duration, FaultError> {
    if span == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(span).map_err(|_| {
        let what = format!("“{span}” is no duration");
        wrong(text, what, format!("write it like {like}"))
    })
}

fn positive(text: &str, span: &str, like: &str) -> Result<Duration, FaultError> {
    match at_least(text, span, like)? {
        Duration::ZERO => {
            let what = "a fault that lasts no time is none";
            Err(wrong(text, what, format!("write it like {like}")))
        }
        span => Ok(span),
    }
}

fn share(text: &str, amount: Option<&str>, like: &str) -> Result<Share, FaultError> {
    let Some(amount) = amount else {
        return Ok(Share::Count(1));
    };
    let read = match amount.strip_suffix('%') {
        Some(percent) => percent
            .parse()
            .ok()
            .filter(|percent| (0.0..=100.0).contains(percent) && *percent > 0.0)
            .map(|percent: f64| Share::Part(percent / 100.0)),
        None => amount.parse().ok().filter(|n| *n > 0).map(Share::Count),
    };
    read.ok_or_else(|| {
        let what = format!("“{amount}” is neither a number nor a percentage");
        wrong(text, what, format!("write it like {like}"))
    })
}

fn step(text: &str, amount: Option<&str>, like: &str) -> Result<i64, FaultError> {
    let amount = amount.unwrap_or_default();
    let (sign, span) = match amount.strip_prefix('-') {
        Some(span) => (-1, span),
        None => (1, amount.strip_prefix('+').unwrap_or(amount)),
    };
    let span = positive(text, span, like)?;
    Ok(sign * i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(span) => write!(f, "{}", humantime::format_duration(*span)),
            Self::Anywhere => f.write_str("anywhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_from_its_example() {
        for (kind, example) in KINDS {
            example
                .parse::<Fault>()
                .unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
        let hours = |n: u64| Duration::from_secs(n * 3600);
        assert_eq!(
            "clock-jump=-1h@6h".parse(),
            Ok(Fault::ClockJump(-3_600_000, When::After(hours(6))))
        );
        assert_eq!(
            "store-outage=15s@anywhere".parse(),
            Ok(Fault::StoreOutage(Duration::from_secs(15), When::Anywhere))
        );
        assert_eq!(
            "crash@0".parse(),
            Ok(Fault::Crash(DOWN, When::After(Duration::ZERO)))
        );
        assert_eq!(
            "revoke=10%@1h".parse(),
            Ok(Fault::Revoke(Share::Part(0.1), When::After(hours(1))))
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_with_what_to_write() {
        for (text, told) in [
            ("store-outge=20m@6h", "did you mean store-outage"),
            ("earthquake", "write one of store-outage"),
            ("store-outage=20m", "it does not say when"),
            ("store-outage@6h", "for how long"),
            ("store-outage=20x@6h", "“20x” is no duration"),
            ("store-outage=20m@soon", "“soon” is no duration"),
            ("store-outage=0s@1h", "lasts no time"),
            ("revoke=none@1h", "neither a number nor a percentage"),
            ("lost-response=120%", "neither a number nor a percentage"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
            assert!(error.contains("hint: "), "{error}");
        }
    }
}
