//! What is up and what is not at the present moment.

use super::fault::Share;
use super::scenario::Strike;
use crate::lane::{Basis, Dice, Evidence, Outcome, Verdict};
use std::time::Duration;

/// How long a store takes to answer.
pub(super) const STORE_MS: u64 = 5;
/// How long an upstream takes to answer.
pub(super) const UPSTREAM_MS: u64 = 40;
/// How long a token endpoint takes to answer.
pub(super) const TOKEN_MS: u64 = 60;
/// The most patience that is asked for.
const PATIENCE_MS: u64 = 60_000;

/// The world around the lanes.
#[derive(Debug)]
pub(super) struct World {
    stores_gone: u32,
    store_went: Option<u64>,
    providers_gone: u32,
    provider_went: Option<u64>,
    limits: u32,
    limited_until: u64,
    /// Answers of token endpoints that will still be lost.
    to_lose: u32,
    /// The part of all of them that is lost.
    lose_part: f64,
    pub dice: Dice,
}

/// What a provider answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mood {
    Well,
    Failing,
    /// Asks for so many seconds of patience.
    Limiting(u64),
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stores_gone: 0,
            store_went: None,
            providers_gone: 0,
            provider_went: None,
            limits: 0,
            limited_until: 0,
            to_lose: 0,
            lose_part: 0.0,
            // Another series than the one that places the faults.
            dice: Dice::new(seed ^ 0x5851_f42d_4c95_7f2d),
        }
    }

    /// Takes what concerns stores and providers.
    pub(super) fn strike(&mut self, at: u64, strike: Strike) {
        match strike {
            Strike::StoreGoes => {
                self.stores_gone += 1;
                self.store_went = Some(at);
            }
            Strike::StoreBack => self.stores_gone = self.stores_gone.saturating_sub(1),
            Strike::ProviderGoes => {
                self.providers_gone += 1;
                self.provider_went = Some(at);
            }
            Strike::ProviderBack => self.providers_gone = self.providers_gone.saturating_sub(1),
            Strike::LimitBegins(until) => {
                self.limits += 1;
                self.limited_until = self.limited_until.max(until);
            }
            Strike::LimitEnds => self.limits = self.limits.saturating_sub(1),
            Strike::Lose(Share::Count(more)) => self.to_lose = self.to_lose.saturating_add(more),
            Strike::Lose(Share::Part(part)) => self.lose_part = part,
            _ => {}
        }
    }

    /// Whether every answer is a good one.
    pub(super) fn is_well(&self) -> bool {
        self.stores_gone == 0 && self.providers_gone == 0 && self.limits == 0
    }

    /// Whether stores answer.
    pub(super) const fn store_is_up(&self) -> bool {
        self.stores_gone == 0
    }

    /// Whether a store that was asked at `asked` and was up then can answer now.
    pub(super) fn store_answers(&self, asked: u64) -> bool {
        self.store_is_up() && self.store_went.is_none_or(|went| went <= asked)
    }

    /// Whether providers went while a request that left at `asked` was under way.
    pub(super) fn provider_went_since(&self, asked: u64) -> bool {
        self.provider_went.is_some_and(|went| went > asked)
    }

    /// What a provider answers now that was asked at `asked`.
    pub(super) fn mood(&self, asked: u64, now: u64) -> Mood {
        if self.providers_gone > 0 || self.provider_went_since(asked) {
            Mood::Failing
        } else if self.limits > 0 {
            let left = self.limited_until.saturating_sub(now).min(PATIENCE_MS);
            Mood::Limiting(left.div_ceil(1_000).max(1))
        } else {
            Mood::Well
        }
    }

    /// Whether the answer of a token endpoint is lost on its way.
    pub(super) fn loses_an_answer(&mut self) -> bool {
        if self.to_lose > 0 {
            self.to_lose -= 1;
            return true;
        }
        self.lose_part > 0.0 && self.dice.unit() < self.lose_part
    }
}

/// What answers mean; made once, because a month has many.
#[derive(Debug)]
pub(super) struct Verdicts {
    pub ok: Verdict,
    pub denied: Verdict,
    pub expired: Verdict,
    pub revoked: Verdict,
    pub grant_revoked: Verdict,
    pub failing: Verdict,
    pub store_down: Verdict,
    pub lost: Verdict,
    pub in_doubt: Verdict,
}

impl Verdicts {
    pub(super) fn new() -> Self {
        let stated = |outcome, status, rule: &str, text: &str| {
            let mut evidence = Evidence::own(rule, Basis::Stated).detail(text);
            evidence.status = Some(status);
            Verdict { outcome, evidence }
        };
        let own = |outcome, rule, text: &str| Verdict::own(outcome, rule, text);
        let mut grant_revoked = stated(
            Outcome::CredentialRevoked,
            400,
            "simulate/invalid_grant",
            "the token endpoint says that the grant is no good",
        );
        grant_revoked.evidence.provider_code = Some("invalid_grant".into());
        Self {
            ok: stated(Outcome::Ok, 200, "simulate/ok", "accepted"),
            denied: stated(Outcome::ScopeInsufficient, 403, "simulate/scope", "denied"),
            expired: stated(
                Outcome::CredentialExpired,
                401,
                "simulate/expired",
                "expired",
            ),
            revoked: stated(
                Outcome::CredentialRevoked,
                401,
                "simulate/revoked",
                "revoked",
            ),
            grant_revoked,
            failing: stated(
                Outcome::UpstreamUnavailable,
                503,
                "simulate/5xx",
                "unavailable",
            ),
            store_down: own(
                Outcome::StoreUnavailable,
                "simulate/store_outage",
                "the store cannot be reached",
            ),
            lost: own(
                Outcome::UpstreamUnavailable,
                "simulate/lost_response",
                "the answer was lost on its way",
            ),
            in_doubt: own(
                Outcome::UpstreamUnavailable,
                "simulate/crash",
                "the process died with a request under way",
            ),
        }
    }

    /// The same patience as a verdict.
    pub(super) fn limited(seconds: u64) -> Verdict {
        let mut evidence = Evidence::own("simulate/429", Basis::Stated).detail("too many requests");
        evidence.status = Some(429);
        evidence.retry_after_s = Some(seconds);
        let outcome = Outcome::RateLimited;
        Verdict { outcome, evidence }
    }
}

/// So many milliseconds.
pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
