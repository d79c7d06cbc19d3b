//! From an answer to a verdict: the rules of a pack, then those of the standards, the first that
//! holds decides.
//!
//! Two promises are kept here rather than in data, so that no pack can break them by oversight: a
//! status that tells of the weather (5xx, 429, 408) condemns no credential unless a rule says
//! outright that it may, and a mere page from a gateway never proves an expiry or a revocation.

use super::answer::{Answer, Context, Reading};
use super::pack::Pack;
use super::place::Place;
use super::redact::redact;
use super::rule::{Conclusion, Rule};
use super::seen::Seen;
use crate::lane::{
    Basis, Evidence, Expiry, ExpirySource, Observed, Outcome, ScopeSet, Verdict, Wall,
};
use crate::plain::Plain;

/// The longest wait that is believed: a year.
const WAIT_MAX_S: i64 = 366 * 86_400;

/// What became of a rule when an answer was judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It holds, and decides.
    Matched,
    /// It does not hold.
    NotMet,
    /// It would condemn the credential, which such an answer never does.
    NotAllowed,
}

/// A rule that was tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// Its name, as `pack/rule`.
    pub rule: String,
    /// What became of it.
    pub fate: Fate,
}

/// Judges `answer`; every rule tried goes to `tried`.
pub(super) fn judge(
    pack: &Pack,
    answer: &Answer<'_>,
    context: &Context,
    mut tried: Option<&mut Vec<Tried>>,
) -> Reading {
    let seen = Seen::new(answer);
    let now = context.now;
    for layer in pack.layers() {
        for rule in &layer.rules {
            let fate = if !allowed(rule, &seen) {
                Fate::NotAllowed
            } else if rule.when.holds(&seen) {
                Fate::Matched
            } else {
                Fate::NotMet
            };
            if let Some(tried) = tried.as_deref_mut() {
                tried.push(Tried {
                    rule: format!("{}/{}", layer.name, rule.name),
                    fate,
                });
            }
            if fate == Fate::Matched {
                return read(pack, &layer.name, rule, &seen, context);
            }
        }
    }
    let verdict = Verdict::own(
        Outcome::UpstreamUnavailable,
        "standards/none",
        format!("no rule knows status {}", answer.status),
    );
    let observed = observe(pack, &seen, now, Outcome::UpstreamUnavailable);
    Reading { verdict, observed }
}

fn allowed(rule: &Rule, seen: &Seen<'_>) -> bool {
    if !rule.conclusion.condemns() || rule.any_status {
        return true;
    }
    let weather = matches!(seen.status(), 408 | 429 | 500..);
    let states_an_end = matches!(
        rule.conclusion,
        Conclusion::Is(Outcome::CredentialExpired | Outcome::CredentialRevoked)
    );
    !weather && !(states_an_end && seen.is_mere_page())
}

/// What a rejection without a reason means, by what was known before.
fn by_history(seen: &Seen<'_>, context: &Context) -> Outcome {
    if seen.is_mere_page() {
        return Outcome::CredentialInvalid;
    }
    match context.known_expires_at {
        Some(end) if end <= context.now => Outcome::CredentialExpired,
        Some(_) if context.worked_before => Outcome::CredentialRevoked,
        _ => Outcome::CredentialInvalid,
    }
}

fn read(pack: &Pack, layer: &str, rule: &Rule, seen: &Seen<'_>, context: &Context) -> Reading {
    let now = context.now;
    let (outcome, basis) = match rule.conclusion {
        Conclusion::Is(outcome) => (outcome, rule.basis),
        Conclusion::History => (by_history(seen, context), Basis::Inferred),
    };
    let observed = observe(pack, seen, now, outcome);
    let mut evidence = Evidence::own(&format!("{layer}/{}", rule.name), basis);
    evidence.status = Some(seen.status());
    let every =
        |of: fn(&Pack) -> &Vec<Place>| pack.layers().flat_map(move |layer| of(layer).iter());
    if seen.failed() || outcome != Outcome::Ok {
        let code = rule.code.iter().chain(every(|layer| &layer.code));
        evidence.provider_code = first_text(code, seen).filter(|code| code.as_str().len() <= 120);
        let message = every(|layer| &layer.message);
        evidence.detail = first_text(message, seen);
    }
    evidence.request_id = first_text(every(|layer| &layer.request_id), seen);
    if matches!(outcome, Outcome::RateLimited | Outcome::UpstreamUnavailable) {
        let places = rule.retry.iter().chain(every(|layer| &layer.retry));
        evidence.retry_after_s = wait(places, seen, seen.date().unwrap_or(now));
    }
    if outcome == Outcome::ScopeInsufficient {
        let mut places = rule.scopes.iter().chain(every(|layer| &layer.required));
        let names = places.find_map(|place| Some(place.names(seen)).filter(|n| !n.is_empty()));
        evidence.required_scopes = names.unwrap_or_default();
    }
    let stated_end = rule
        .expires
        .iter()
        .find_map(|place| place.moment(seen, now));
    evidence.expires_at = stated_end.or(observed.expiry.map(|expiry| expiry.at));
    let mut observed = observed;
    if let Some(at) = stated_end {
        observed.expiry = observed.expiry.or(Some(Expiry {
            at,
            source: ExpirySource::ErrorAnswer,
        }));
    }
    Reading {
        verdict: Verdict { outcome, evidence },
        observed,
    }
}

fn first_text<'p>(mut places: impl Iterator<Item = &'p Place>, seen: &Seen<'_>) -> Option<Plain> {
    let text = places.find_map(|place| place.text(seen))?;
    let clean = redact(&Plain::new(&text));
    (!clean.is_empty()).then_some(clean)
}

/// Whole seconds until the moment that the first telling place names.
fn wait<'p>(
    mut places: impl Iterator<Item = &'p Place>,
    seen: &Seen<'_>,
    now: Wall,
) -> Option<u64> {
    let until = places.find_map(|place| place.moment(seen, now))?;
    let ms = until.0.saturating_sub(now.0).max(0);
    let seconds = ms.saturating_add(999) / 1000;
    (seconds <= WAIT_MAX_S).then(|| u64::try_from(seconds).ok())?
}

/// What an answer shows of the credential besides the verdict. Headers tell whenever the credential
/// was accepted; a body tells only when it is the answer to a good probe.
fn observe(pack: &Pack, seen: &Seen<'_>, now: Wall, outcome: Outcome) -> Observed {
    let skew = seen.date().map(|date| date.0.saturating_sub(now.0));
    let mut observed = Observed {
        skew_ms: skew,
        ..Observed::default()
    };
    if outcome.is_terminal() || outcome.is_outage() {
        return observed;
    }
    let readable = |place: &&Place| !place.in_body() || outcome == Outcome::Ok;
    for layer in pack.layers() {
        if observed.expiry.is_none() {
            let mut places = layer.expiry.iter().filter(readable);
            observed.expiry = places.find_map(|place| {
                let at = place.moment(seen, now)?;
                let source = match seen.kind() {
                    super::AnswerKind::TokenEndpoint => ExpirySource::TokenResponse,
                    _ => place.source(),
                };
                Some(Expiry { at, source })
            });
        }
        if observed.scopes.is_none() {
            let places = layer.scopes.iter().filter(readable);
            let mut there = places.filter(|place| place.exists(seen));
            let names = there.next().map(|place| place.names(seen));
            observed.scopes = names.map(|names| ScopeSet(names.into_iter().collect()));
        }
    }
    observed
}
