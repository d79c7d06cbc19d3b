//! How many lanes, which lives, how long, and when each fault strikes.

use super::fault::{Fault, Share, When};
use crate::lane::Dice;
use crate::manifest::Manifest;
use std::time::Duration;

/// What a person asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// How many lanes; `None`: those of the manifest.
    pub lanes: Option<usize>,
    /// The life of every credential; `None`: one hour for what lanewatch renews itself, and no known
    /// end for keys.
    pub life: Option<Duration>,
    /// How long to run.
    pub span: Duration,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Whether routine looks of lanes that are well are played out too.
    pub every_request: bool,
}

/// What is wrong with a scenario.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScenarioError {
    /// There are more lanes than were asked for.
    #[error(
        "--lanes {asked}: the manifest has {there} lanes already\n  hint: give --lanes {there} or more, or leave it out"
    )]
    FewerLanes {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        there: usize,
    },
    /// More lanes than anybody has.
    #[error("--lanes {0}: more than a million\n  hint: give a smaller number")]
    TooManyLanes(usize),
    /// A life too short to be lived.
    #[error("--life {}: too short to be renewed in time\n  hint: give 10s or more", humantime::format_duration(*.0))]
    ShortLife(Duration),
    /// A run too short or too long.
    #[error("--for {}: not between 1 s and 10 years\n  hint: give something like 24h or 30d", humantime::format_duration(*.0))]
    Span(Duration),
    /// A fault that does not fall into the run.
    #[error(
        "--fault at {when}: it ends {} after the beginning, and the run after {}\n  hint: let it come earlier, or give --for {} or more",
        humantime::format_duration(*.ends), humantime::format_duration(*.span), humantime::format_duration(*.ends)
    )]
    Beyond {
        /// When it strikes.
        when: String,
        /// When it ends.
        ends: Duration,
        /// How long the run is.
        span: Duration,
    },
}

/// Something that happens to the world.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Strike {
    /// The stores go.
    StoreGoes,
    /// The stores are back.
    StoreBack,
    /// The providers begin to fail.
    ProviderGoes,
    /// The providers answer again.
    ProviderBack,
    /// The providers begin to ask for patience, until so many milliseconds after the beginning.
    LimitBegins(u64),
    /// The providers ask no more.
    LimitEnds,
    /// Grants are revoked.
    Revoke(Share),
    /// Answers of token endpoints are lost.
    Lose(Share),
    /// The wall clock is set.
    Step(i64),
    /// The machine falls asleep, until so many milliseconds after the beginning.
    Sleep(u64),
    /// The process dies.
    Die,
    /// The process is started again.
    Restart,
    /// Nothing; the clocks are looked at.
    Look,
}

/// A scenario with every moment decided, in milliseconds after the beginning.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// How many lanes.
    pub lanes: usize,
    /// As in [`Scenario::life`].
    pub life: Option<Duration>,
    /// How long to run.
    pub span: u64,
    /// As in [`Scenario::seed`].
    pub seed: u64,
    /// What happens when, in order.
    pub strikes: Vec<(u64, Strike)>,
    /// Stretches in which no refresh can succeed, in order, none touching another.
    pub blocked: Vec<(u64, u64)>,
    /// As in [`Scenario::every_request`].
    pub every_request: bool,
}

/// The shortest life of a credential.
const LIFE_LEAST: Duration = Duration::from_secs(10);
/// The longest run.
const SPAN_MOST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
/// The most lanes.
const LANES_MOST: usize = 1_000_000;

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Scenario {
    /// Decides every moment.
    ///
    /// # Errors
    /// What is wrong with it, with a hint.
    pub fn plan(&self, manifest: &Manifest) -> Result<Plan, ScenarioError> {
        let there = manifest.lanes.len();
        let lanes = self.lanes.unwrap_or(there);
        if lanes < there {
            return Err(ScenarioError::FewerLanes {
                asked: lanes,
                there,
            });
        }
        if lanes > LANES_MOST {
            return Err(ScenarioError::TooManyLanes(lanes));
        }
        if let Some(life) = self.life.filter(|life| *life < LIFE_LEAST) {
            return Err(ScenarioError::ShortLife(life));
        }
        if self.span < Duration::from_secs(1) || self.span > SPAN_MOST {
            return Err(ScenarioError::Span(self.span));
        }
        let mut dice = Dice::new(self.seed);
        let mut strikes = Vec::new();
        let mut blocked = Vec::new();
        for fault in &self.faults {
            let room = self.span.saturating_sub(fault.span());
            let (from, room_there) = match fault.when() {
                When::After(at) => (at, at <= room && at < self.span),
                When::Anywhere => (room.mul_f64(dice.unit()), !room.is_zero()),
            };
            if !room_there {
                return Err(ScenarioError::Beyond {
                    when: fault.when().to_string(),
                    ends: from + fault.span() + Duration::from_secs(1),
                    span: self.span,
                });
            }
            let (from, to) = (millis(from), millis(from + fault.span()));
            let mut put = |at, strike| strikes.push((at, strike));
            match *fault {
                Fault::StoreOutage(..) => {
                    put(from, Strike::StoreGoes);
                    put(to, Strike::StoreBack);
                }
                Fault::Provider5xx(..) => {
                    put(from, Strike::ProviderGoes);
                    put(to, Strike::ProviderBack);
                }
                Fault::Limited(..) => {
                    put(from, Strike::LimitBegins(to));
                    put(to, Strike::LimitEnds);
                }
                Fault::Revoke(share, _) => put(from, Strike::Revoke(share)),
                Fault::LostResponse(share, _) => put(from, Strike::Lose(share)),
                Fault::ClockJump(by, _) => {
                    put(from, Strike::Step(by));
                    // The engine sleeps a second at most, and then looks.
                    put(
                        from + millis(Duration::from_secs(1).mul_f64(dice.unit())),
                        Strike::Look,
                    );
                }
                Fault::Suspend(..) => put(from, Strike::Sleep(to)),
                Fault::Crash(..) => {
                    put(from, Strike::Die);
                    put(to, Strike::Restart);
                }
            }
            if to > from {
                blocked.push((from, to));
            }
        }
        // Stable: what was asked for first happens first.
        strikes.sort_by_key(|(at, _)| *at);
        Ok(Plan {
            lanes,
            life: self.life,
            span: millis(self.span),
            seed: self.seed,
            strikes,
            blocked: joined(blocked),
            every_request: self.every_request,
        })
    }
}

/// The same stretches, in order and without overlaps.
fn joined(mut stretches: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    stretches.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

impl Plan {
    /// Whether there is a stretch of `long` between `from` and `to` in which nothing is blocked.
    pub fn opens(&self, from: u64, to: u64, long: u64) -> bool {
        let mut free = from;
        for (begins, ends) in &self.blocked {
            if *begins >= to {
                break;
            }
            if *begins >= free.saturating_add(long) {
                return true;
            }
            free = free.max(*ends);
        }
        free.saturating_add(long) <= to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_found_where_there_is_one() {
        let plan = Plan {
            lanes: 1,
            life: None,
            span: 1_000,
            seed: 0,
            strikes: Vec::new(),
            blocked: joined(vec![(300, 400), (100, 200), (390, 500)]),
            every_request: false,
        };
        assert_eq!(plan.blocked, [(100, 200), (300, 500)]);
        assert!(plan.opens(0, 100, 100));
        assert!(!plan.opens(50, 150, 60));
        assert!(plan.opens(150, 300, 100));
        assert!(!plan.opens(150, 299, 100));
        assert!(plan.opens(250, 600, 100));
        assert!(!plan.opens(250, 599, 100));
    }
}
