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
use lanewatch::provider::{Answer, AnswerKind, Catalog, Context, Pack};
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
    let (mut packed, mut packed_right, mut others, mut others_right) = (0, 0, 0, 0);
    let mut wrongly_dead = Vec::new();
    let mut evidence_wrong = Vec::new();
    for one in &corpus {
        let pack = catalog.get_or_http(&one.provider);
        let verdict = pack.classify(&one.answer, &one.context).verdict;
        let right = verdict.outcome == one.expect;
        *confusion.entry((one.expect, verdict.outcome)).or_default() += 1;
        if catalog.get(&one.provider).is_some() {
            packed += 1;
            packed_right += usize::from(right);
        } else {
            others += 1;
            others_right += usize::from(right);
        }
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
    println!("with a pack {packed_right}/{packed}, without {others_right}/{others}");
    assert!(
        wrongly_dead.is_empty(),
        "wrongly called dead: {wrongly_dead:?}"
    );
    assert!(evidence_wrong.is_empty(), "{evidence_wrong:#?}");
    assert!(
        packed_right * 50 >= packed * 49,
        "{packed_right} of {packed}"
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_outage_or_a_limit_never_proves_a_credential_dead(
        kind in any_kind(),
        status in prop_oneof![500_u16..600, Just(429), Just(408), Just(503), Just(502)],
        headers in headers(),
        body in prop_oneof![json_body(), page(), prop::collection::vec(any::<u8>(), 0..200)],
        context in any_context(),
    ) {
        let catalog = &*CATALOG;
        prop_assert_eq!(is_dead_by(catalog, kind, status, &headers, &body, &context), None);
    }

    #[test]
    fn a_page_never_proves_a_credential_dead(
        kind in any_kind(),
        status in prop_oneof![200_u16..600, Just(401), Just(403)],
        headers in headers(),
        body in page(),
        context in any_context(),
    ) {
        // A redirect is judged by where it leads, not by the page that comes with it.
        prop_assume!(!(300..400).contains(&status));
        let catalog = &*CATALOG;
        prop_assert_eq!(is_dead_by(catalog, kind, status, &headers, &body, &context), None);
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
    ) {
        let catalog = &*CATALOG;
        let answer = Answer { kind, status, headers: Cow::Owned(headers), body: Cow::Owned(body) };
        for pack in catalog.packs() {
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
