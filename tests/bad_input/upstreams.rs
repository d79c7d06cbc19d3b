//! Upstreams that are broken, hostile or endless.

use crate::bank::Bank;
use crate::bench::{Bench, find};
use crate::server::{Answer, Server};
use lanewatch::audit::AuditRecord;
use lanewatch::engine::LaneView;
use lanewatch::lane::{Gate, Outcome, RecordKind, Word};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A lane whose upstream says what the test wants, and goes on saying it.
struct Facing {
    bank: Bank,
    bench: Bench,
    upstream: Server,
    answer: Arc<Mutex<Answer>>,
}

fn good() -> Answer {
    Answer::json(200, &json!({ "ok": true }))
}

impl Facing {
    async fn start(first: Answer) -> Self {
        let bank = Bank::start(3600).await;
        let answer = Arc::new(Mutex::new(first));
        let said = Arc::clone(&answer);
        let upstream = Server::start(move |_| said.lock().unwrap().clone()).await;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let lane = bank
            .key_lane("keys", None)
            .replace(&bank.api.address, &upstream.address);
        let text = bank
            .head(folder.path())
            .replace("timeout = \"2s\"", "timeout = \"1s\"");
        let bench = Bench::open(folder, &(text + &lane), None).await;
        Self {
            bank,
            bench,
            upstream,
            answer,
        }
    }

    fn says(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Waits until an answer has been judged that was asked for after this call.
    async fn judged(&self) -> Arc<LaneView> {
        let seen = self.upstream.seen().len();
        let at = lanewatch::engine::clock::now().wall;
        self.bench
            .until("the answer is judged", |_, lanes| {
                let later = find(lanes, "keys")
                    .verdict_at
                    .is_some_and(|judged| judged > at);
                later && self.upstream.seen().len() > seen
            })
            .await;
        self.bench.lane("keys").await
    }
}

fn outcome(lane: &LaneView) -> Outcome {
    lane.verdict.as_ref().unwrap().outcome
}

/// Everything that a person, a terminal or a log could be shown.
fn harmless(bench: &Bench, lane: &LaneView) {
    let records: Vec<AuditRecord> = bench.records();
    let shown = serde_json::to_string(&records).unwrap() + &serde_json::to_string(lane).unwrap();
    // JSON would escape a control character: what it stands for is what counts.
    assert!(!shown.contains("\\u00"), "{shown}");
    for c in shown.chars() {
        let hidden =
            ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!c.is_control() && !hidden, "{c:?} in {shown}");
    }
}

/// Answers that say nothing of the credential.
fn nonsense() -> Vec<(&'static str, Answer)> {
    let html = "<!doctype html><html><body><h1>Service Unavailable</h1></body></html>";
    let sign_in = "<!doctype html><html><head><title>Sign in</title></head></html>";
    vec![
        ("an error page", Answer::new(500, "text/html", html)),
        ("a gateway's page", Answer::new(502, "text/html", html)),
        (
            "a sign-in page under 200",
            Answer::new(200, "text/html", sign_in),
        ),
        ("nothing", Answer::Nothing),
        ("silence", Answer::Silence),
    ]
}

#[tokio::test]
async fn nonsense_is_an_outage_in_which_a_proven_credential_serves_on() {
    let facing = Facing::start(good()).await;
    facing.bench.until_word("keys", Word::Ok).await;
    for (what, answer) in nonsense() {
        facing.says(answer);
        facing
            .bench
            .until_lane("keys", what, |lane| lane.word == Word::Unreachable)
            .await;
        let lane = facing.judged().await;
        assert_eq!(outcome(&lane), Outcome::UpstreamUnavailable, "{what}");
        assert!(facing.bench.acquire("keys").await.is_ok(), "{what}");
        harmless(&facing.bench, &lane);
        facing.says(good());
        facing.bench.until_word("keys", Word::Ok).await;
    }
    for kind in [
        RecordKind::LaneHeld,
        RecordKind::RevocationDetected,
        RecordKind::DegradedOpened,
    ] {
        assert_eq!(facing.bench.count("keys", kind), 0, "{kind}");
    }
    facing.bench.stop().await;
}

#[tokio::test]
async fn nonsense_before_the_first_proof_refuses_the_lane_and_is_asked_again() {
    for (what, answer) in nonsense() {
        let facing = Facing::start(answer).await;
        facing
            .bench
            .until_lane("keys", what, |lane| lane.word == Word::Unreachable)
            .await;
        let lane = facing.bench.lane("keys").await;
        assert_eq!(
            (lane.gate, outcome(&lane)),
            (Gate::Refused, Outcome::UpstreamUnavailable),
            "{what}"
        );
        assert!(facing.bench.acquire("keys").await.is_err(), "{what}");
        harmless(&facing.bench, &lane);
        facing.says(good());
        facing.bench.until_word("keys", Word::Ok).await;
        facing.bench.stop().await;
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_endless_or_not_json_is_no_reason_to_fall_over() {
    let facing = Facing::start(good()).await;
    facing.bench.until_word("keys", Word::Ok).await;
    let long = format!("{{\"ok\":true,\"text\":\"{}\"}}", "x".repeat(300 * 1024));
    let bodies = [
        ("a long body", Answer::new(200, "application/json", long)),
        ("an endless body", Answer::Endless),
        (
            "half of JSON",
            Answer::new(200, "application/json", "{\"ok\": tru"),
        ),
        (
            "no UTF-8",
            Answer::new(200, "application/json", b"\xff\xfe\x00{".to_vec()),
        ),
        (
            "deep JSON",
            Answer::new(200, "application/json", "[".repeat(100_000)),
        ),
        (
            "long rejections",
            Answer::new(503, "application/json", "\"".repeat(300 * 1024)),
        ),
    ];
    for (what, answer) in bodies {
        facing.says(answer);
        let lane = facing.judged().await;
        let outcome = outcome(&lane);
        // Accepted or not understood; in no case a verdict on the credential.
        assert!(
            matches!(outcome, Outcome::Ok | Outcome::UpstreamUnavailable),
            "{what}: {outcome}"
        );
        assert!(facing.bench.acquire("keys").await.is_ok(), "{what}");
        harmless(&facing.bench, &lane);
    }
    facing.bench.stop().await;
}

#[tokio::test]
async fn a_message_full_of_terminal_tricks_arrives_as_one_harmless_line() {
    let tricks =
        "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;aGk=\u{7}\r\n\u{9b}31m\u{202e}evil\u{200b}\u{0}";
    let rejections = [
        (
            Word::Denied,
            Answer::json(
                403,
                &json!({ "message": format!("ip not allowed {tricks}") }),
            ),
        ),
        (
            Word::Scope,
            Answer::json(
                403,
                &json!({
                    "error": "insufficient_scope", "error_description": tricks, "code": tricks,
                    "scope": tricks,
                }),
            ),
        ),
        (
            Word::Limited,
            Answer::json(
                429,
                &json!({ "message": tricks, "error": { "code": tricks } }),
            )
            .with("retry-after", "1")
            .with("x-request-id", "\u{202e}\u{200b}id"),
        ),
        (
            Word::Held,
            Answer::json(
                401,
                &json!({
                    "error": { "code": tricks, "message": format!("token revoked {tricks}") },
                }),
            ),
        ),
    ];
    for (word, answer) in rejections {
        let facing = Facing::start(good()).await;
        facing.bench.until_word("keys", Word::Ok).await;
        facing.says(answer);
        facing.bench.until_word("keys", word).await;
        let lane = facing.bench.lane("keys").await;
        assert!(
            lane.verdict.as_ref().unwrap().evidence.detail.is_some(),
            "{word}"
        );
        harmless(&facing.bench, &lane);
        let denied = facing.bench.denied("keys").await;
        assert!(!denied.reason.as_str().chars().any(char::is_control));
        facing.bench.stop().await;
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_take_the_credential_along() {
    let thief = Server::start(|_| good()).await;
    for status in [301, 302, 303, 307, 308] {
        let away = Answer::new(status, "text/plain", "over there");
        let facing = Facing::start(away.with("location", &format!("{}/api", thief.address))).await;
        // Whatever a redirect is taken for: nobody goes where it leads.
        facing.judged().await;
        facing.bench.stop().await;
    }
    assert!(thief.seen().is_empty(), "{:?}", thief.seen());
}

#[tokio::test]
async fn a_body_is_sent_as_what_the_manifest_says_it_is() {
    let facing = Facing::start(good()).await;
    facing.bench.until_word("keys", Word::Ok).await;
    let text = std::fs::read_to_string(&facing.bench.file).unwrap();
    let probe = "probe = { method = \"POST\", target = \"/api\", body = \"a=1\", \
                 content_type = \"application/x-www-form-urlencoded\", side_effect_free = true }";
    std::fs::write(
        &facing.bench.file,
        text.replace("probe = { target = \"/api\" }", probe),
    )
    .unwrap();
    facing
        .bench
        .until("it is posted", |_, _| {
            facing
                .upstream
                .seen()
                .iter()
                .any(|ask| ask.method == "POST")
        })
        .await;
    let seen = facing.upstream.seen();
    let posted = seen.iter().find(|ask| ask.method == "POST").unwrap();
    let kinds: Vec<_> = posted
        .headers
        .iter()
        .filter(|(name, _)| name == "content-type")
        .map(|(_, k)| k)
        .collect();
    assert_eq!(kinds, ["application/x-www-form-urlencoded"]);
    assert_eq!(posted.body, "a=1");
    drop(facing.bank);
    facing.bench.stop().await;
}

#[tokio::test]
async fn a_server_whose_clock_is_off_is_refused_and_says_by_how_much() {
    let facing = Facing::start(good().with("date", "Thu, 01 Jan 2026 00:00:00 GMT")).await;
    facing
        .bench
        .until_lane("keys", "refused for the clock", |lane| {
            lane.findings
                .iter()
                .any(|finding| finding.check.as_str() == "clock_skew")
        })
        .await;
    assert!(facing.bench.acquire("keys").await.is_err());
    facing.bench.stop().await;
}
