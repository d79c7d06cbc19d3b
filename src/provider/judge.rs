//! From an answer to a verdict: the rules of a pack, then those of the standards, the first that
//! holds decides.
//!
//! Four promises are kept here rather than in data, so that no pack can break them by oversight: a
//! status that tells of the weather (5xx, 429, 408) condemns no credential unless a rule says
//! outright that it may; a mere page from a gateway never proves an expiry or a revocation; words
//! that leave open how a credential ended ("expired or revoked", "if it has expired") state no end;
//! and no pack asks the history where the answer tells the end in plain words.

use super::answer::{Answer, Context, Reading};
use super::builtin;
use super::pack::Pack;
use super::phrasebook::Found;
use super::place::Place;
use super::redact::redact;
use super::rule::{Conclusion, Rule};
use super::seen::Seen;
use super::statement::Statement;
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
    /// It would state an end by words that, taken together, leave open whether there was one.
    LeftOpen,
    /// It would have the history tell what the answer itself states in plain words.
    Outdone,
}

/// A rule that was tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// Its name, as `pack/rule`.
    pub rule: String,
    /// What became of it.
    pub fate: Fate,
    /// Why it is so, in the words of its pack.
    pub why: Option<String>,
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
        let found = Found::new(&layer.phrases, seen.statement());
        for rule in &layer.rules {
            let fate = if !allowed(rule, &seen) {
                Fate::NotAllowed
            } else if rule.when.holds(&seen, &found) {
                let own = is_own(pack, layer);
                if own && states_an_end(rule) && is_left_open(rule, &seen, &found) {
                    Fate::LeftOpen
                } else if own && rule.conclusion == Conclusion::History && tells_the_end(&seen) {
                    Fate::Outdone
                } else {
                    Fate::Matched
                }
            } else {
                Fate::NotMet
            };
            if let Some(tried) = tried.as_deref_mut() {
                tried.push(Tried {
                    rule: format!("{}/{}", layer.name, rule.name),
                    fate,
                    why: rule.why.clone(),
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
    let weather = matches!(seen.status(), 408 | 420 | 429 | 500..);
    let proves_nothing = weather || (states_an_end(rule) && seen.is_mere_page());
    !proves_nothing
}

const fn states_an_end(rule: &Rule) -> bool {
    matches!(
        rule.conclusion,
        Conclusion::Is(Outcome::CredentialExpired | Outcome::CredentialRevoked)
    )
}

/// Whether a layer is a provider's own, and not the standards.
fn is_own(pack: &Pack, layer: &Pack) -> bool {
    let standards: &Pack = builtin::standards();
    std::ptr::eq(layer, pack) && !std::ptr::eq(pack, standards)
}

/// Whether a rule of a pack of its own holds by mere words, while the standards find that the words
/// name several causes, or suppose one, and no code states an end.
fn is_left_open(rule: &Rule, seen: &Seen<'_>, found: &Found<'_, Statement>) -> bool {
    if rule.when.holds_unworded(seen, found) {
        return false;
    }
    let [open, expired, revoked] =
        of_the_standards(seen, ["cannot-tell", "expired-token-code", "revoked-code"]);
    open && !expired && !revoked
}

/// Whether the standards find that the answer states in plain words how the credential ended.
fn tells_the_end(seen: &Seen<'_>) -> bool {
    let [open, expired, revoked] =
        of_the_standards(seen, ["cannot-tell", "says-expired", "says-revoked"]);
    !open && (expired || revoked)
}

/// Which of these rules of the standards hold.
fn of_the_standards<const N: usize>(seen: &Seen<'_>, names: [&str; N]) -> [bool; N] {
    let standards: &Pack = builtin::standards();
    let found = Found::new(&standards.phrases, seen.statement());
    names.map(|name| {
        let mut rules = standards.rules.iter();
        let rule = rules.find(|rule| rule.name == name);
        rule.is_some_and(|rule| rule.when.holds(seen, &found))
    })
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
            let mut places = layer.scopes.iter().filter(readable);
            let names = places.find_map(|place| place.listed(seen));
            observed.scopes = names.map(|names| ScopeSet(names.into_iter().collect()));
        }
    }
    observed
}

#[cfg(test)]
mod tests {
    use super::super::{AnswerKind, Catalog, parse};
    use super::*;
    use std::borrow::Cow;

    fn answer(
        kind: AnswerKind,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer<'static> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Answer {
            kind,
            status,
            headers: Cow::Owned(headers.iter().map(own).collect()),
            body: Cow::Owned(body.as_bytes().to_vec()),
        }
    }

    fn context() -> Context {
        Context {
            now: Wall::parse("2026-09-21T14:00:00Z").unwrap(),
            known_expires_at: Wall::parse("2026-09-21T13:00:00Z"),
            worked_before: true,
        }
    }

    #[test]
    fn the_servers_clock_is_measured_unless_a_cache_answered() {
        let catalog = Catalog::builtin();
        let skew = |headers: &[(&str, &str)]| {
            let answer = answer(AnswerKind::Api, 200, headers, "");
            catalog
                .get_or_http("x")
                .classify(&answer, &context())
                .observed
                .skew_ms
        };
        let date = ("date", "Mon, 21 Sep 2026 14:00:45 GMT");
        assert_eq!(skew(&[date]), Some(45_000));
        assert_eq!(skew(&[date, ("age", "300")]), None);
        assert_eq!(skew(&[]), None);
    }

    #[test]
    fn a_member_called_scope_tells_of_a_grant_only_where_grants_are_told() {
        let catalog = Catalog::builtin();
        let body = r#"{"access_token":"t","scope":"read write","expires_in":3600}"#;
        let observed = |kind| {
            let answer = answer(kind, 200, &[], body);
            catalog
                .get_or_http("x")
                .classify(&answer, &context())
                .observed
        };
        let data = observed(AnswerKind::Api);
        assert_eq!((data.scopes, data.expiry), (None, None));
        let grant = observed(AnswerKind::TokenEndpoint);
        assert_eq!(grant.scopes, Some(ScopeSet::new(["read", "write"])));
        let expiry = grant.expiry.unwrap();
        assert_eq!(expiry.at.to_string(), "2026-09-21T15:00:00.000Z");
        assert_eq!(expiry.source, ExpirySource::TokenResponse);
    }

    #[test]
    fn a_pack_condemns_nothing_by_an_outage_unless_it_says_so_outright() {
        let text = |allow: &str| {
            format!(
                "name = \"x\"\n[[rule]]\nname = \"fault\"\noutcome = \"history\"\n{allow}\nwhen = {{ code = \"invalid session\" }}\n"
            )
        };
        let outcome = |allow: &str, status| {
            let pack = parse::pack("x.toml", &text(allow)).unwrap();
            let answer = answer(
                AnswerKind::Api,
                status,
                &[],
                r#"{"code":"INVALID_SESSION"}"#,
            );
            pack.classify(&answer, &context()).verdict.outcome
        };
        assert_eq!(outcome("", 500), Outcome::UpstreamUnavailable);
        assert_eq!(outcome("", 429), Outcome::RateLimited);
        assert_eq!(outcome("", 400), Outcome::CredentialExpired);
        assert_eq!(
            outcome("any_status = true", 500),
            Outcome::CredentialExpired
        );
    }

    #[test]
    fn a_pack_states_no_end_by_words_that_leave_it_open() {
        let text = "name = \"x\"\n[[rule]]\nname = \"over\"\noutcome = \"credential_expired\"\nwhen = { any = [{ says = \"expired\" }, { json = { at = \"/code\", is = 7 } }] }\n";
        let pack = parse::pack("x.toml", text).unwrap();
        let rule = |body: &str| {
            let mut context = context();
            context.known_expires_at = None;
            let answer = answer(AnswerKind::Api, 401, &[], body);
            let rule = pack.classify(&answer, &context).verdict.evidence.rule;
            rule.as_str().to_owned()
        };
        assert_eq!(rule(r#"{"message":"It has expired."}"#), "x/over");
        let open = r#"{"message":"It was revoked or has expired."}"#;
        assert_eq!(rule(open), "standards/cannot-tell");
        let code = r#"{"code":7,"message":"It was revoked or has expired."}"#;
        assert_eq!(rule(code), "x/over");
        let advice = r#"{"message":"Sign in again if your session has expired."}"#;
        assert_eq!(rule(advice), "standards/cannot-tell");
    }

    #[test]
    fn a_pack_asks_no_history_where_the_answer_tells_the_end() {
        let text = "name = \"x\"\n[[rule]]\nname = \"no\"\noutcome = \"history\"\nwhen = { json = { at = \"/code\", is = 7 } }\n";
        let pack = parse::pack("x.toml", text).unwrap();
        let judged = |message: &str| {
            let body = format!(r#"{{"code":7,"message":"{message}"}}"#);
            let evidence = |reading: Reading| (reading.verdict.outcome, reading.verdict.evidence);
            let answer = answer(AnswerKind::Api, 401, &[], &body);
            let (outcome, evidence) = evidence(pack.classify(&answer, &context()));
            (outcome, evidence.rule.as_str().to_owned())
        };
        // Its known end has passed.
        let expired = (Outcome::CredentialExpired, "x/no".to_owned());
        assert_eq!(judged("It is no good."), expired);
        assert_eq!(judged("It was revoked or has expired."), expired);
        let revoked = (
            Outcome::CredentialRevoked,
            "standards/says-revoked".to_owned(),
        );
        assert_eq!(judged("The token was revoked."), revoked);
    }

    #[test]
    fn evidence_never_repeats_what_could_be_the_secret() {
        let catalog = Catalog::builtin();
        let body = r#"{"error":{"message":"Incorrect API key provided: sk-proj-Abc123Def456Ghi789","code":"invalid_api_key"}}"#;
        let answer = answer(AnswerKind::Api, 401, &[("x-request-id", "req_1")], body);
        let evidence = catalog
            .get_or_http("x")
            .classify(&answer, &context())
            .verdict
            .evidence;
        assert_eq!(
            evidence.detail.unwrap().as_str(),
            "Incorrect API key provided: sk-p…"
        );
        assert_eq!(evidence.provider_code.unwrap().as_str(), "invalid_api_key");
        assert_eq!(evidence.request_id.unwrap().as_str(), "req_1");
    }
}
