//! How fast answers are understood: at least 100,000 a second on one core with every pack loaded, and
//! a body of 300 kB in at most 5 ms, whatever stands in it.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    reason = "criterion's macros write what they write, and a benchmark may look at the clock"
)]

#[path = "hostile/bodies.rs"]
mod hostile;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lanewatch::lane::Wall;
use lanewatch::provider::{Answer, AnswerKind, Catalog, Context};
use std::borrow::Cow;
use std::hint::black_box;

/// A provider, what was asked, the status, the headers and the body.
type Recorded = (
    &'static str,
    AnswerKind,
    u16,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// The answers that a wall of lanes sees: most are good, some limited or down, a few reject.
const MIX: [Recorded; 12] = [
    (
        "github",
        AnswerKind::Api,
        200,
        &[
            ("date", "Mon, 21 Sep 2026 14:00:00 GMT"),
            ("content-type", "application/json; charset=utf-8"),
            ("x-oauth-scopes", "repo, read:org"),
            ("x-ratelimit-remaining", "4987"),
        ],
        r#"{"login":"octocat","id":1,"type":"User","name":"The Octocat","company":"GitHub","plan":{"name":"pro"}}"#,
    ),
    (
        "slack",
        AnswerKind::Api,
        200,
        &[("content-type", "application/json")],
        r#"{"ok":true,"url":"https://x.slack.com/","team":"X","user":"u","team_id":"T1","user_id":"U1"}"#,
    ),
    ("http", AnswerKind::Api, 204, &[], ""),
    (
        "somebody",
        AnswerKind::Api,
        200,
        &[("content-type", "application/json")],
        r#"{"items":[{"id":1,"error":"token_expired"},{"id":2,"state":"done"}],"next":null}"#,
    ),
    (
        "github",
        AnswerKind::Api,
        401,
        &[("date", "Mon, 21 Sep 2026 14:00:00 GMT")],
        r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}"#,
    ),
    (
        "somebody",
        AnswerKind::Api,
        401,
        &[(
            "www-authenticate",
            "Bearer realm=\"a, b\", error=\"invalid_token\", error_description=\"The access token expired\"",
        )],
        r#"{"error":"invalid_token"}"#,
    ),
    (
        "stripe",
        AnswerKind::Api,
        403,
        &[("request-id", "req_1")],
        r#"{"error":{"message":"The provided key does not have the required permissions for this endpoint.","type":"invalid_request_error"}}"#,
    ),
    (
        "google",
        AnswerKind::Api,
        429,
        &[("retry-after", "30")],
        r#"{"error":{"code":429,"message":"Quota exceeded for quota metric","status":"RESOURCE_EXHAUSTED"}}"#,
    ),
    (
        "somebody",
        AnswerKind::Api,
        502,
        &[("content-type", "text/html")],
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>",
    ),
    (
        "oauth",
        AnswerKind::TokenEndpoint,
        400,
        &[("content-type", "application/json")],
        r#"{"error":"invalid_grant","error_description":"The refresh token is invalid or expired."}"#,
    ),
    (
        "somebody",
        AnswerKind::McpToolResult,
        200,
        &[],
        r#"{"jsonrpc":"2.0","id":3,"result":{"isError":true,"content":[{"type":"text","text":"Request failed with status code 401"}]}}"#,
    ),
    (
        "somebody",
        AnswerKind::Api,
        422,
        &[],
        r#"{"message":"Validation Failed","errors":[{"field":"name","code":"missing"}]}"#,
    ),
];

const CONTEXT: Context = Context {
    now: Wall(1_790_000_000_000),
    known_expires_at: Some(Wall(1_790_003_600_000)),
    worked_before: true,
};

fn answer<'a>(
    kind: AnswerKind,
    status: u16,
    headers: &'a [(String, String)],
    body: &'a str,
) -> Answer<'a> {
    Answer {
        kind,
        status,
        headers: Cow::Borrowed(headers),
        body: Cow::Borrowed(body.as_bytes()),
    }
}

fn a_mix(c: &mut Criterion) {
    let catalog = Catalog::builtin();
    // A pack is read when it is first asked for: here all are.
    black_box(catalog.packs().count());
    let own = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = list.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let mix: Vec<_> = MIX
        .iter()
        .map(|(provider, kind, status, headers, body)| {
            (
                catalog.get_or_http(provider),
                *kind,
                *status,
                own(headers),
                *body,
            )
        })
        .collect();
    let mut group = c.benchmark_group("classify");
    group.throughput(Throughput::Elements(mix.len() as u64));
    group.bench_function("a mix of answers", |b| {
        b.iter(|| {
            for (pack, kind, status, headers, body) in &mix {
                black_box(pack.classify(&answer(*kind, *status, headers, body), &CONTEXT));
            }
        });
    });
    for (pack, kind, status, headers, body) in &mix {
        let name = format!(
            "{} {status} {}",
            pack.name(),
            body.get(..12).unwrap_or(body)
        );
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |b| {
            b.iter(|| black_box(pack.classify(&answer(*kind, *status, headers, body), &CONTEXT)));
        });
    }
    group.finish();
}

fn huge(c: &mut Criterion) {
    let catalog = Catalog::builtin();
    let mut group = c.benchmark_group("300 kB");
    group.sample_size(10);
    for (name, body) in hostile::bodies(300_000) {
        for (kind, body) in [
            (AnswerKind::Api, body.clone()),
            (
                AnswerKind::McpToolResult,
                serde_json::json!({"result": {"isError": true, "content": [{"type": "text", "text": body}]}})
                    .to_string(),
            ),
        ] {
            for status in [200, 401] {
                let slowest = catalog.packs().map(|pack| {
                    let begin = std::time::Instant::now();
                    black_box(pack.classify(&answer(kind, status, &[], &body), &CONTEXT));
                    (begin.elapsed(), pack)
                });
                let Some((_, pack)) = slowest.max_by_key(|(took, _)| *took) else {
                    continue;
                };
                group.bench_function(format!("{name}, {kind:?} {status}, {}", pack.name()), |b| {
                    b.iter(|| black_box(pack.classify(&answer(kind, status, &[], &body), &CONTEXT)));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, a_mix, huge);
criterion_main!(benches);
