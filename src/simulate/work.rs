//! One request after the other, and what comes of it.
//!
//! A refresh takes the steps of the engine's transaction: it reads the store, adopts what somebody
//! else has minted meanwhile, exchanges the grant, and has the store take what was minted before it
//! reports it. What was minted and not taken is kept for the next try.

use super::account::{Account, Minted, Token};
use super::world::{Mood, STORE_MS, TOKEN_MS, UPSTREAM_MS, Verdicts, World, ms};
use crate::lane::{
    Attempt, Event, ExpirySource, Found, Generation, LostAnswer, Observed, Predecessor,
    RefreshFailure, Renewal, Verdict, Wall,
};

/// What a lane asked for.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Load {
        attempt: Attempt,
        /// The token whose secret is at hand.
        known: Option<u32>,
    },
    Probe {
        attempt: Attempt,
        serial: u32,
    },
    Neighbor {
        attempt: Attempt,
        index: usize,
        serial: u32,
    },
    RefreshPath {
        attempt: Attempt,
    },
    Refresh {
        attempt: Attempt,
        /// The token that it shall replace.
        current: Option<u32>,
        step: Exchange,
    },
    Retire {
        attempt: Attempt,
        generation: Generation,
    },
}

/// How far a refresh has got.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exchange {
    /// The store is read.
    Reading,
    /// The grant is exchanged.
    Asking { grant: u32 },
    /// The store is asked to take what was minted.
    Storing(Minted),
    /// The store is read again, because the token endpoint condemned the grant.
    ReadingAgain,
}

/// Whom a request goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whom {
    Store,
    Token,
    Upstream,
}

/// The world as one step of work sees it.
pub(super) struct Scene<'a> {
    pub world: &'a mut World,
    pub verdicts: &'a Verdicts,
    pub account: &'a mut Account,
    /// Minted before and not stored.
    pub unsaved: &'a mut Option<Minted>,
    pub renewal: Renewal,
    /// Whether the provider forgives a second use of a grant.
    pub forgives: bool,
    pub life: Option<u64>,
    /// When the request of this step left.
    pub asked: u64,
    pub now: u64,
    /// The wall clock of lanewatch at `asked` and now.
    pub wall_asked: Wall,
    pub wall: Wall,
    /// How far the issuer's clock is ahead of lanewatch's.
    pub skew_ms: i64,
}

/// What comes of a step.
pub(super) enum Done {
    /// The next step begins.
    Next(Work),
    /// The work is over.
    Ended {
        event: Event,
        /// Whether the store failed to answer; `None` where that is not said.
        down: Option<bool>,
    },
}

impl Work {
    /// Whom the present step asks, and how long the answer takes.
    pub(super) const fn request(&self) -> (Whom, u64) {
        match self {
            Self::Load { .. } => (Whom::Store, STORE_MS),
            Self::Probe { .. } | Self::Neighbor { .. } => (Whom::Upstream, UPSTREAM_MS),
            Self::RefreshPath { .. } | Self::Retire { .. } => (Whom::Token, TOKEN_MS),
            Self::Refresh { step, .. } => match step {
                Exchange::Asking { .. } => (Whom::Token, TOKEN_MS),
                Exchange::Reading | Exchange::Storing(_) | Exchange::ReadingAgain => {
                    (Whom::Store, STORE_MS)
                }
            },
        }
    }

    /// The token that the present step shows to an upstream.
    pub(super) const fn shows(&self) -> Option<u32> {
        match self {
            Self::Probe { serial, .. } | Self::Neighbor { serial, .. } => Some(*serial),
            _ => None,
        }
    }

    /// The answer to the present step has come, or will not.
    pub(super) fn answered(self, scene: &mut Scene<'_>) -> Done {
        match self {
            Self::Load { attempt, known } => scene.load(attempt, known),
            Self::Probe { attempt, serial } => {
                let verdict = scene.judge(serial);
                let observed = Observed {
                    skew_ms: Some(scene.skew_ms),
                    took: ms(UPSTREAM_MS),
                    ..Observed::default()
                };
                Done::said(Event::Probed {
                    attempt,
                    verdict,
                    observed,
                })
            }
            Self::Neighbor {
                attempt,
                index,
                serial,
            } => {
                let verdict = match scene.judge(serial) {
                    Verdict {
                        outcome: crate::lane::Outcome::Ok,
                        ..
                    } => scene.verdicts.denied.clone(),
                    other => other,
                };
                Done::said(Event::NeighborProbed {
                    attempt,
                    index,
                    verdict,
                })
            }
            Self::RefreshPath { attempt } => {
                let verdict = scene
                    .provider()
                    .unwrap_or_else(|| scene.verdicts.ok.clone());
                Done::said(Event::RefreshPathChecked { attempt, verdict })
            }
            Self::Retire {
                attempt,
                generation,
            } => {
                let verdict = scene
                    .provider()
                    .unwrap_or_else(|| scene.verdicts.ok.clone());
                Done::said(Event::Retired {
                    attempt,
                    generation,
                    verdict,
                })
            }
            Self::Refresh {
                attempt,
                current,
                step,
            } => scene.refresh(attempt, current, step),
        }
    }
}

impl Done {
    const fn said(event: Event) -> Self {
        Self::Ended { event, down: None }
    }
}

impl Scene<'_> {
    /// What stands against an answer of the provider, whoever asked.
    fn provider(&self) -> Option<Verdict> {
        match self.world.mood(self.asked, self.now) {
            Mood::Well => None,
            Mood::Failing => Some(self.verdicts.failing.clone()),
            Mood::Limiting(seconds) => Some(Verdicts::limited(seconds)),
        }
    }

    /// What the upstream says of a token.
    fn judge(&self, serial: u32) -> Verdict {
        if let Some(verdict) = self.provider() {
            verdict
        } else if self.account.is_revoked(serial) {
            self.verdicts.revoked.clone()
        } else if self.account.end(serial).is_some_and(|end| end <= self.now) {
            self.verdicts.expired.clone()
        } else {
            self.verdicts.ok.clone()
        }
    }

    fn load(&self, attempt: Attempt, known: Option<u32>) -> Done {
        if !self.world.store_answers(self.asked) {
            let verdict = self.verdicts.store_down.clone();
            let event = Event::LoadFailed { attempt, verdict };
            return Done::Ended {
                event,
                down: Some(true),
            };
        }
        let stored = self.account.stored;
        let own = self.renewal.is_own();
        let found = match stored {
            Some(token) if !own || !token.is_over(self.wall) || known == Some(token.serial) => {
                Found::Credential(self.account.offer(token, ExpirySource::Store))
            }
            _ => Found::GrantOnly {
                version: Some(self.account.version()),
            },
        };
        Done::Ended {
            event: Event::Loaded { attempt, found },
            down: Some(false),
        }
    }

    fn refresh(&mut self, attempt: Attempt, current: Option<u32>, step: Exchange) -> Done {
        let next = |step| {
            Done::Next(Work::Refresh {
                attempt,
                current,
                step,
            })
        };
        let failed = |failure, down| Done::Ended {
            event: Event::RefreshFailed { attempt, failure },
            down,
        };
        match step {
            Exchange::Reading if !self.world.store_answers(self.asked) => {
                let verdict = self.verdicts.store_down.clone();
                let failure = match self.unsaved {
                    Some(_) => RefreshFailure::NotPersisted(verdict),
                    None => RefreshFailure::Transient(verdict),
                };
                failed(failure, Some(true))
            }
            Exchange::Reading => {
                let grant = self.account.stored_grant;
                if let Some(unsaved) = self.unsaved.filter(|unsaved| unsaved.of == grant) {
                    return next(Exchange::Storing(unsaved));
                }
                if let Some(theirs) = self.newer_than(current) {
                    return self.adopt(attempt, theirs, ExpirySource::Store, current.is_some());
                }
                next(Exchange::Asking { grant })
            }
            Exchange::Asking { grant } => self.asked_the_endpoint(grant, &next, &failed),
            Exchange::Storing(minted) => {
                // A store that goes while it writes may have written.
                if self.world.store_answers(self.asked) {
                    self.account.store(minted);
                    *self.unsaved = None;
                    return self.adopt(attempt, minted.token, ExpirySource::TokenResponse, false);
                }
                *self.unsaved = Some(minted);
                let verdict = self.verdicts.store_down.clone();
                failed(RefreshFailure::NotPersisted(verdict), Some(true))
            }
            Exchange::ReadingAgain => {
                if !self.world.store_answers(self.asked) {
                    let verdict = self.verdicts.store_down.clone();
                    return failed(RefreshFailure::Transient(verdict), Some(true));
                }
                match self.newer_than(current) {
                    Some(theirs) => self.adopt(attempt, theirs, ExpirySource::Store, true),
                    None => {
                        let verdict = self.verdicts.grant_revoked.clone();
                        failed(RefreshFailure::GrantDead(verdict), Some(false))
                    }
                }
            }
        }
    }

    fn asked_the_endpoint(
        &mut self,
        grant: u32,
        next: &impl Fn(Exchange) -> Done,
        failed: &impl Fn(RefreshFailure, Option<bool>) -> Done,
    ) -> Done {
        let doubtful = self.renewal.lost_answer() == LostAnswer::Doubtful && !self.forgives;
        // Whether a provider that goes with a request under way has acted on it is left to chance.
        let cut_off = self.world.provider_went_since(self.asked);
        if cut_off && self.world.dice.unit() < 0.5 {
            return failed(self.lost(doubtful), Some(false));
        }
        if let Some(verdict) = self.provider().filter(|_| !cut_off) {
            return failed(RefreshFailure::Transient(verdict), Some(false));
        }
        let made = (self.now, self.wall_asked, self.life);
        let single_use = matches!(self.renewal, Renewal::Refresh { single_use: true });
        let ends_the_old = self.renewal.predecessor() == Predecessor::EndsAtOnce;
        let Some(minted) = self.account.exchange(grant, single_use, ends_the_old, made) else {
            return next(Exchange::ReadingAgain);
        };
        if cut_off || self.world.loses_an_answer() {
            return failed(self.lost(doubtful), Some(false));
        }
        next(Exchange::Storing(minted))
    }

    fn lost(&self, doubtful: bool) -> RefreshFailure {
        let verdict = self.verdicts.lost.clone();
        if doubtful {
            RefreshFailure::Uncertain(verdict)
        } else {
            RefreshFailure::Transient(verdict)
        }
    }

    /// What somebody else has put into the store, if it lives longer than what is at hand.
    fn newer_than(&self, current: Option<u32>) -> Option<Token> {
        let stored = self.account.stored?;
        let newer = current.is_none_or(|current| stored.serial > current);
        (newer && stored.ends().is_some() && !stored.is_over(self.wall)).then_some(stored)
    }

    fn adopt(&self, attempt: Attempt, token: Token, source: ExpirySource, lost_race: bool) -> Done {
        let offer = self.account.offer(token, source);
        Done::Ended {
            event: Event::Refreshed {
                attempt,
                offer,
                lost_race,
            },
            down: Some(false),
        }
    }
}
