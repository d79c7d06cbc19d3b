//! How well real answers are understood, and what no answer of an upstream's weather may ever do.
//!
//! The labelled answers live beside the repository and are read if they are there; a variable,
//! `LANEWATCH_CORPUS`, names another file. The promises about weather need no labels.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may stop at a broken line, and its report goes to the terminal"
)]

use lanewatch::lane::{Outcome, Verdict, Wall};
use lanewatch::plain::Plain;
use lanewatch::provider::{Answer, AnswerKind, Catalog, Context, NoAnswer, Pack};
use proptest::prelude::*;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// Every pack, read once.
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);

struct Labelled {
    id: String,
    provider: String,
    answer: Answer<'static>,
    context: Context,
    expect: Outcome,
    retry_after_s: Option<u64>,
    scopes: Vec<String>,
}

fn corpus() -> Option<Vec<Labelled>> {
    let beside = || {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        Some(root.parent()?.join("shared/corpus/dev.jsonl"))
    };
    let path = std::env::var_os("LANEWATCH_CORPUS")
        .map(PathBuf::from)
        .or_else(beside)?;
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "no labelled answers at {}: only the packs' own tests judge",
            path.display()
        );
        return None;
    };
    Some(text.lines().map(labelled).collect())
}

fn labelled(line: &str) -> Labelled {
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let time = |value: &Value| text(value).map(|at| Wall::parse(&at).unwrap());
    let headers: Vec<(String, String)> = match line["raw_headers"].as_array() {
        Some(raw) => raw
            .iter()
            .map(|pair| {
                (
                    text(&pair[0]).unwrap().to_lowercase(),
                    text(&pair[1]).unwrap(),
                )
            })
            .collect(),
        None => line["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value).unwrap()))
            .collect(),
    };
    let context = &line["context"];
    Labelled {
        id: text(&line["id"]).unwrap(),
        provider: text(&line["provider"]).unwrap(),
        answer: Answer {
            kind: serde_json::from_value(line["kind"].clone()).unwrap(),
            status: line["status"].as_u64().unwrap().try_into().unwrap(),
            headers: Cow::Owned(headers),
            body: Cow::Owned(text(&line["body"]).unwrap_or_default().into_bytes()),
        },
        context: Context {
            now: time(&context["now"]).unwrap(),
            known_expires_at: time(&context["known_expires_at"]),
            worked_before: context["worked_before"].as_bool().unwrap_or(false),
        },
        expect: Outcome::parse(line["expect"].as_str().unwrap()).unwrap(),
        retry_after_s: line["expect_retry_after_s"].as_u64(),
        scopes: line["expect_required_scopes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect(),
    }
}

fn is_terminal(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::CredentialExpired | Outcome::CredentialRevoked
    )
}

#[test]
fn labelled_answers_are_understood_and_none_is_wrongly_called_dead() {
    let Some(corpus) = corpus() else {
        return;
    };
    let catalog = &*CATALOG;
    let mut confusion: BTreeMap<(Outcome, Outcome), usize> = BTreeMap::new();
    let mut right_ones = 0;
    let mut wrongly_dead = Vec::new();
    let mut evidence_wrong = Vec::new();
    for one in &corpus {
        let pack = catalog.get_or_http(&one.provider);
        let verdict = pack.classify(&one.answer, &one.context).verdict;
        let right = verdict.outcome == one.expect;
        *confusion.entry((one.expect, verdict.outcome)).or_default() += 1;
        right_ones += usize::from(right);
        if !right {
            println!(
                "{}: {} for {} by {}",
                one.id, verdict.outcome, one.expect, verdict.evidence.rule
            );
        }
        if is_terminal(verdict.outcome) && !is_terminal(one.expect) {
            wrongly_dead.push(&one.id);
        }
        let scopes: Vec<_> = verdict
            .evidence
            .required_scopes
            .iter()
            .map(ToString::to_string)
            .collect();
        let waits =
            one.retry_after_s.is_none() || one.retry_after_s == verdict.evidence.retry_after_s;
        if !waits || (!one.scopes.is_empty() && one.scopes != scopes) {
            evidence_wrong.push(format!(
                "{}: {:?} {scopes:?}",
                one.id, verdict.evidence.retry_after_s
            ));
        }
    }
    for ((expected, found), count) in &confusion {
        println!("{count:4} {expected} read as {found}");
    }
    println!("{right_ones} of {} as labelled", corpus.len());
    assert!(
        wrongly_dead.is_empty(),
        "wrongly called dead: {wrongly_dead:?}"
    );
    assert!(evidence_wrong.is_empty(), "{evidence_wrong:#?}");
    assert!(
        right_ones * 100 >= corpus.len() * 98,
        "{right_ones} of {}",
        corpus.len()
    );
}

/// A bare answer to a probe, as every pack of the catalog reads it.
fn read_by_all(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
    context: &Context,
) -> Vec<(String, Verdict)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let answer = Answer {
        kind: AnswerKind::Api,
        status,
        headers: Cow::Owned(headers.iter().map(own).collect()),
        body: Cow::Borrowed(body.as_bytes()),
    };
    let catalog = &*CATALOG;
    let read = |pack: &Arc<Pack>| {
        let verdict = pack.classify(&answer, context).verdict;
        (pack.name().to_owned(), verdict)
    };
    catalog.packs().map(read).collect()
}

#[test]
fn a_bare_rejection_means_to_every_pack_what_its_history_says() {
    let now = Wall(1_790_000_000_000);
    let cases = [
        (None, false, Outcome::CredentialInvalid),
        (None, true, Outcome::CredentialInvalid),
        (Some(-1), true, Outcome::CredentialExpired),
        (Some(1), true, Outcome::CredentialRevoked),
        (Some(1), false, Outcome::CredentialInvalid),
    ];
    for (end, worked_before, expected) in cases {
        let context = Context {
            now,
            known_expires_at: end.map(|days| Wall(now.0 + days * 86_400_000)),
            worked_before,
        };
        for body in ["", "{}", r#"{"messa"#] {
            for (pack, verdict) in read_by_all(401, &[], body, &context) {
                assert_eq!(verdict.outcome, expected, "{pack}, {body:?}, {context:?}");
            }
        }
    }
}

#[test]
fn every_pack_reads_retry_after_in_each_of_its_forms() {
    let context = Context {
        now: Wall::parse("2026-09-21T14:00:00Z").unwrap(),
        known_expires_at: Wall::parse("2026-01-01T00:00:00Z"),
        worked_before: true,
    };
    let date = ("date", "Mon, 21 Sep 2026 14:00:00 GMT");
    for (value, seconds) in [
        ("7", 7),
        ("2.0", 2),
        ("Mon, 21 Sep 2026 14:01:00 GMT", 60),
        ("Monday, 21-Sep-26 14:01:00 GMT", 60),
    ] {
        for (pack, verdict) in read_by_all(429, &[date, ("retry-after", value)], "", &context) {
            assert_eq!(verdict.outcome, Outcome::RateLimited, "{pack}");
            let found = verdict.evidence.retry_after_s;
            assert_eq!(found, Some(seconds), "{pack}, {value}");
        }
    }
}

fn any_kind() -> impl Strategy<Value = AnswerKind> {
    prop::sample::select(vec![
        AnswerKind::Api,
        AnswerKind::TokenEndpoint,
        AnswerKind::Introspection,
        AnswerKind::McpToolResult,
    ])
}

fn any_context() -> impl Strategy<Value = Context> {
    (any::<bool>(), prop::option::of(-1_000_000_i64..1_000_000)).prop_map(|(worked_before, end)| {
        let now = Wall(1_790_000_000_000);
        Context {
            now,
            known_expires_at: end.map(|end| Wall(now.0 + end)),
            worked_before,
        }
    })
}

/// Bodies full of words that would condemn a credential if they were believed.
fn damning_words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "token expired",
        "invalid_token",
        "The access token has been revoked",
        "bad credentials",
        "session expired",
        "api_key_expired",
        "token_revoked",
        "permission denied",
        "expired",
        "",
    ])
    .prop_map(str::to_owned)
}

fn json_body() -> impl Strategy<Value = Vec<u8>> {
    (damning_words(), damning_words(), 0_usize..120).prop_map(|(one, two, cut)| {
        let whole = format!(
            r#"{{"ok":false,"error":{{"code":"{one}","message":"{two}","errors":[{{"reason":"{two}"}}]}},"message":"{one}"}}"#
        );
        let end = if cut < 40 { whole.len() - cut } else { whole.len() };
        whole.into_bytes()[..end].to_vec()
    })
}

fn page() -> impl Strategy<Value = Vec<u8>> {
    (damning_words(), damning_words()).prop_map(|(title, text)| {
        format!("<html><head><title>{title}</title></head><body><h1>{text}</h1></body></html>")
            .into_bytes()
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec![
        "retry-after",
        "date",
        "content-type",
        "x-ratelimit-remaining",
        "ratelimit-reset",
        "x-oauth-scopes",
        "x-accepted-oauth-scopes",
        "location",
        "server",
    ]);
    let value = prop_oneof![
        Just("0".to_owned()),
        Just("text/html".to_owned()),
        Just("Mon, 21 Sep 2026 14:00:00 GMT".to_owned()),
        "\\PC{0,30}",
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..5)
}

fn is_dead_by(
    catalog: &Catalog,
    kind: AnswerKind,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    context: &Context,
) -> Option<String> {
    let answer = Answer {
        kind,
        status,
        headers: Cow::Borrowed(headers),
        body: Cow::Borrowed(body),
    };
    catalog.packs().find_map(|pack| {
        let verdict = pack.classify(&answer, context).verdict;
        is_terminal(verdict.outcome)
            .then(|| format!("{} by {}", verdict.outcome, verdict.evidence.rule))
    })
}

/// How many inputs a test makes: a few on every run, a million where the variable says so.
fn inputs(variable: &str, few: u32) -> u32 {
    let asked = std::env::var(variable).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// Numbers without end from one seed; what a test found, it finds again.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const KINDS: [AnswerKind; 4] = [
    AnswerKind::Api,
    AnswerKind::TokenEndpoint,
    AnswerKind::Introspection,
    AnswerKind::McpToolResult,
];

/// Words that would condemn a credential if they were believed.
const DAMNING: [&str; 14] = [
    "token expired",
    "invalid_token",
    "The access token has been revoked",
    "bad credentials",
    "session expired",
    "api_key_expired",
    "token_revoked",
    "jwt expired",
    "The token has been revoked by its owner.",
    "invalid_grant",
    "Unauthorized",
    "permission denied",
    "expired",
    "",
];

/// One answer of an upstream's weather: down, throttled, cut short, or somebody else's page.
fn weather(dice: &mut Dice) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let (one, two) = (*dice.of(&DAMNING), *dice.of(&DAMNING));
    let page = format!("<html><head><title>{one}</title></head><body><h1>{two}</h1></body></html>");
    let (status, mut body) = match dice.below(6) {
        // A page under any status but a redirect, which is judged by where it leads.
        0 => (
            *dice.of(&[200, 203, 401, 403, 404, 500, 502, 503]),
            format!("<!DOCTYPE html>{page}"),
        ),
        1 => (
            *dice.of(&[429, 408, 420]),
            format!(r#"{{"error":"{one}","message":"{two}"}}"#),
        ),
        2 => (*dice.of(&[500, 502, 503, 504, 520, 522, 529, 599]), page),
        3 => (*dice.of(&[500, 502, 503, 504]), String::new()),
        4 => (
            *dice.of(&[500, 501, 502, 503, 504, 507, 511, 530]),
            format!(
                r#"{{"ok":false,"error":{{"code":"{one}","message":"{two}","errors":[{{"reason":"{one}"}}]}}}}"#
            ),
        ),
        _ => (
            *dice.of(&[500, 502, 503, 429]),
            format!("upstream connect error: {one} {two}"),
        ),
    };
    if dice.below(4) == 0 {
        // Cut short, and never in the middle of what tells a page.
        body.truncate(dice.below(body.len() + 1).max(15).min(body.len()));
    }
    let mut headers = Vec::new();
    for (name, value) in [
        ("retry-after", "30"),
        ("date", "Mon, 21 Sep 2026 14:00:00 GMT"),
        ("content-type", "text/html"),
        ("content-type", "application/json"),
        ("x-ratelimit-remaining", "0"),
        ("server", "cloudflare"),
    ] {
        if dice.below(3) == 0 {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    (status, headers, body.into_bytes())
}

#[test]
fn no_weather_proves_a_credential_dead() {
    let catalog = Catalog::builtin();
    let packs: Vec<_> = catalog.packs().collect();
    let count = inputs("LANEWATCH_WEATHER", 20_000);
    let mut dice = Dice(3);
    let mut seen: BTreeMap<Outcome, usize> = BTreeMap::new();
    for number in 0..count {
        let pack = dice.of(&packs);
        let now = Wall(1_790_000_000_000);
        let end = *dice.of(&[None, Some(-3_600_000), Some(-1), Some(3_600_000)]);
        let context = Context {
            now,
            known_expires_at: end.map(|end: i64| Wall(now.0 + end)),
            worked_before: dice.below(2) == 0,
        };
        let kind = *dice.of(&KINDS);
        let lost = Plain::new(DAMNING[dice.below(DAMNING.len())]);
        let (verdict, what) = match dice.below(10) {
            0 => (
                pack.no_answer(&NoAnswer::TimedOut(900)),
                "timed out".to_owned(),
            ),
            1 => (pack.no_answer(&NoAnswer::Lost(lost)), "reset".to_owned()),
            2 => (
                pack.no_answer(&NoAnswer::NotReached(lost)),
                "refused".to_owned(),
            ),
            _ => {
                let (status, headers, body) = weather(&mut dice);
                let what = format!("{kind:?} {status} {}", String::from_utf8_lossy(&body));
                let answer = Answer {
                    kind,
                    status,
                    headers: Cow::Owned(headers),
                    body: Cow::Owned(body),
                };
                (pack.classify(&answer, &context).verdict, what)
            }
        };
        *seen.entry(verdict.outcome).or_default() += 1;
        assert!(
            !is_terminal(verdict.outcome),
            "number {number}: {} by {} for {what}",
            verdict.outcome,
            verdict.evidence.rule
        );
    }
    println!("{count} answers of the weather: {seen:?}");
}

/// What every pack makes of one answer to a credential that worked and has no known end.
fn outcomes(kind: AnswerKind, status: u16, body: &str) -> Vec<(String, Outcome)> {
    let context = Context {
        now: Wall(1_790_000_000_000),
        known_expires_at: None,
        worked_before: true,
    };
    let judged = CATALOG.packs().map(|pack| {
        let answer = Answer {
            kind,
            status,
            headers: Cow::Borrowed(&[]),
            body: Cow::Borrowed(body.as_bytes()),
        };
        let verdict = pack.classify(&answer, &context).verdict;
        (verdict.evidence.rule.to_string(), verdict.outcome)
    });
    judged.collect()
}

#[test]
fn no_pack_takes_what_is_only_supposed_for_an_end() {
    for sentence in [
        "If the token you sent has been revoked, ask for another one.",
        "It is possible that the access token has been revoked.",
        "Access token expired?",
        "Expired token or wrong password.",
        "This session has been invalidated or expired.",
        "The key may have expired.",
        "The token is invalid, has expired or was revoked.",
        "Your password has expired.",
    ] {
        let error = format!(r#"{{"error":{{"message":"{sentence}"}}}}"#);
        let flat = format!(r#"{{"message":"{sentence}"}}"#);
        for (status, body) in [(400, &error), (401, &error), (401, &flat), (403, &flat)] {
            for (rule, outcome) in outcomes(AnswerKind::Api, status, body) {
                let ended = [Outcome::CredentialExpired, Outcome::CredentialRevoked];
                assert!(!ended.contains(&outcome), "{rule} for {status} {body}");
            }
        }
    }
}

#[test]
fn every_pack_accepts_data_that_has_room_for_an_error() {
    for body in [
        r#"{"sid":"m1","status":"sent","error_code":null,"error_message":null,"message":"Token expired"}"#,
        r#"{"result":[1],"errors":{},"error":null}"#,
        r#"{"data":{"x":1},"status":"active","status_message":"token revoked"}"#,
    ] {
        for (rule, outcome) in outcomes(AnswerKind::Api, 200, body) {
            assert_eq!(outcome, Outcome::Ok, "{rule} for {body}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: inputs("LANEWATCH_FUZZ", 300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_outage_or_a_limit_never_proves_a_credential_dead(
        kind in any_kind(),
        status in prop_oneof![500_u16..600, Just(429), Just(408), Just(503), Just(502)],
        headers in headers(),
        body in prop_oneof![json_body(), page(), prop::collection::vec(any::<u8>(), 0..200)],
        context in any_context(),
    ) {
        prop_assert_eq!(is_dead_by(&CATALOG, kind, status, &headers, &body, &context), None);
    }

    #[test]
    fn a_page_never_proves_a_credential_dead(
        kind in any_kind(),
        // A redirect is judged by where it leads, not by the page that comes with it.
        status in prop_oneof![200_u16..300, 400_u16..600, Just(401), Just(403)],
        headers in headers(),
        body in page(),
        context in any_context(),
    ) {
        prop_assert_eq!(is_dead_by(&CATALOG, kind, status, &headers, &body, &context), None);
    }

    #[test]
    fn any_answer_at_all_gets_a_reading(
        kind in any_kind(),
        status in any::<u16>(),
        headers in prop::collection::vec(("[a-z-]{1,20}|www-authenticate|retry-after|date", "\\PC{0,80}"), 0..6),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            json_body(),
            "[{}\\[\\]<>/\"=&:,a-z0-9 ]{0,300}".prop_map(String::into_bytes),
        ],
        context in any_context(),
        pick in any::<prop::sample::Index>(),
    ) {
        let catalog = &*CATALOG;
        let answer = Answer { kind, status, headers: Cow::Owned(headers), body: Cow::Owned(body) };
        let packs: Vec<_> = catalog.packs().collect();
        {
            let pack = pick.get(&packs);
            let verdict = pack.classify(&answer, &context).verdict;
            prop_assert!(verdict.evidence.rule.as_str().contains('/'));
            prop_assert!(verdict.outcome != Outcome::StoreUnavailable);
        }
    }
}

#[test]
fn a_huge_answer_is_judged_by_its_beginning() {
    let catalog = &*CATALOG;
    let context = Context {
        now: Wall(1_790_000_000_000),
        known_expires_at: None,
        worked_before: true,
    };
    let lists = format!(
        r#"{{"items":[{}]}}"#,
        r#"{"error":"token_expired"},"#.repeat(400_000)
    );
    let nested = "[".repeat(10_000_000);
    let open = "<a ".repeat(3_000_000);
    for (status, body) in [(200, &lists), (401, &nested), (403, &open)] {
        let answer = Answer {
            kind: AnswerKind::Api,
            status,
            headers: Cow::Owned(Vec::new()),
            body: Cow::Borrowed(body.as_bytes()),
        };
        for pack in catalog.packs() {
            assert!(!is_terminal(
                pack.classify(&answer, &context).verdict.outcome
            ));
        }
    }
}
