//! What a proof is worth: a probe that everybody passes, and a provider that is asked a second time.

use crate::bank::Bank;
use crate::bench::find;
use crate::process::{Ended, Home, records};
use crate::server::{Answer, Ask, Server};
use lanewatch::audit::AuditRecord;
use lanewatch::lane::{Basis, Finding, FindingLevel, Outcome, RecordKind, Word};
use serde_json::json;
use std::sync::{Arc, Mutex};

const NOTHING: &str = "the probe proves nothing: an invented credential is accepted too";

/// A key of the bank's store in a lane whose upstream is `api`.
fn lane_at(bank: &Bank, api: &Server, life: Option<u64>) -> String {
    bank.key_lane("keys", life)
        .replace(&bank.api.address, &api.address)
}

fn is_invented(ask: &Ask) -> bool {
    ask.bearer().is_some_and(|key| key.contains("invented"))
}

/// A lane that asks for the control, before an upstream that answers an invented key with `answer`: how
/// often the audit warns, what was found, and what `check` says afterwards.
async fn control_against(answer: Answer) -> (usize, Vec<Finding>, Ended) {
    let bank = Bank::start(3600).await;
    let api = Server::start(move |ask: &Ask| match is_invented(ask) {
        true => answer.clone(),
        false => Answer::json(200, &json!({ "ok": true })),
    })
    .await;
    let home = Home::new();
    let lane = lane_at(&bank, &api, None);
    let lane = lane.replace("target = \"/api\"", "target = \"/api\", control = true");
    home.write(&(bank.head(home.folder.path()) + &lane));
    let engine = home.start().await;
    engine
        .until("it serves, and the control is over", |_, lanes| {
            let lane = find(lanes, "keys");
            let told = |found: &Finding| found.check.as_str() == "negative_control";
            lane.word == Word::Ok && lane.findings.iter().any(told)
        })
        .await;
    let (_, lanes) = engine.look().await;
    let lane = find(&lanes, "keys");
    let found = lane.findings.iter().cloned();
    let found = found
        .filter(|found| found.check.as_str() == "negative_control")
        .collect();
    let proofs = lane.latencies.len();
    engine
        .until("it is proven again", |_, lanes| {
            find(lanes, "keys").latencies.len() > proofs
        })
        .await;
    engine.stop().await;
    let says_so = |record: &AuditRecord| {
        let note = record.note.as_ref();
        record.kind == RecordKind::WarningRaised && note.is_some_and(|n| n.as_str() == NOTHING)
    };
    let warned = records(&home.audit()).iter().filter(|r| says_so(r)).count();
    let checked = home.run(&["check", "lanes.toml"]).await;
    (warned, found, checked)
}

#[tokio::test]
async fn a_probe_that_an_invented_key_passes_too_proves_nothing_and_everybody_is_told() {
    let welcome = Answer::json(200, &json!({ "ok": true }));
    let (warned, found, checked) = control_against(welcome).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].level, FindingLevel::Warn);
    assert_eq!(found[0].text.as_str(), NOTHING);
    assert_eq!(warned, 1, "once, and not with every proof");
    // A warning refuses nobody, as no lane without a probe is refused.
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.out.contains(NOTHING), "{}", checked.out);
}

#[tokio::test]
async fn a_probe_that_rejects_an_invented_key_passes_its_control() {
    let (warned, found, checked) = control_against(Answer::json(401, &json!({}))).await;
    assert_eq!(warned, 0);
    assert_eq!(found[0].level, FindingLevel::Pass);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(!checked.out.contains("proves nothing"), "{}", checked.out);
}

#[tokio::test]
async fn a_control_that_could_not_be_made_is_no_proof_either_way() {
    let (_, found, _) = control_against(Answer::json(503, &json!({}))).await;
    assert_eq!(found[0].level, FindingLevel::Warn);
    assert!(found[0].text.as_str().contains("could not be told"));
}

const PACK: &str = r#"
name = "acme"
title = "Acme"

[present]
Authorization = "Bearer {secret}"

[probe]
method = "GET"
target = "/me"

[verify]
method = "GET"
target = "/token/status"

[[rule]]
name = "told-revoked"
outcome = "credential_revoked"
when = { json = { at = "/state", is = "revoked" } }

[[test]]
case = "what became of a token"
rule = "told-revoked"
outcome = "credential_revoked"
body = '{"state":"revoked"}'
"#;

/// A key that worked gets a bare 401, and then the provider is asked what became of it: the word in
/// the audit, whether it was stated, and the rule that gave it.
async fn asked_again(life: Option<u64>, status: Answer) -> (Outcome, Basis, String) {
    let (told, asks) = rejected_by(PACK, life, 401, status).await;
    assert_eq!(asks, ["/me", "/token/status"]);
    told
}

/// The same for a pack and a status; and which questions were asked from the rejection on.
async fn rejected_by(
    pack: &str,
    life: Option<u64>,
    refusal: u16,
    status: Answer,
) -> ((Outcome, Basis, String), Vec<String>) {
    let bank = Bank::start(3600).await;
    // What was asked since the key stopped working.
    let asked = Arc::new(Mutex::new(None::<Vec<String>>));
    let log = Arc::clone(&asked);
    let api = Server::start(move |ask: &Ask| {
        let mut log = log.lock().unwrap();
        let dead = log.is_some();
        log.iter_mut().for_each(|log| log.push(ask.path.clone()));
        match ask.path.as_str() {
            "/token/status" => status.clone(),
            _ if dead => Answer::new(refusal, "text/plain", ""),
            _ => Answer::json(200, &json!({ "name": "me" })),
        }
    })
    .await;
    let home = Home::new();
    let packs = home.folder.path().join("packs");
    std::fs::create_dir(&packs).unwrap();
    std::fs::write(packs.join("acme.toml"), pack).unwrap();
    let lane = lane_at(&bank, &api, life)
        .replace("provider = \"http\"", "provider = \"acme\"")
        .replace("probe = { target = \"/api\" }\n", "");
    let head = bank.head(home.folder.path());
    home.write(&format!("packs = \"packs\"\n{head}{lane}"));
    let engine = home.start().await;
    engine
        .until("it serves", |_, lanes| find(lanes, "keys").word == Word::Ok)
        .await;
    let early = |ask: &Ask| ask.path == "/token/status";
    assert!(
        !api.seen().iter().any(early),
        "nobody asks while the probe is content"
    );
    asked.lock().unwrap().replace(Vec::new());
    let rejected = |outcome: Option<Outcome>| outcome.is_some_and(|o| o != Outcome::Ok);
    engine
        .until_record("it is rejected", |record| rejected(record.outcome))
        .await;
    engine.stop().await;
    assert!(api.seen().iter().all(|ask| ask.bearer().is_some()));
    let asks = asked.lock().unwrap().take().unwrap();
    let all = records(&home.audit());
    let record = all.iter().rfind(|record| rejected(record.outcome)).unwrap();
    let evidence = record.evidence.as_ref().unwrap();
    let rule = evidence.rule.to_string();
    ((record.outcome.unwrap(), evidence.basis, rule), asks)
}

#[tokio::test]
async fn a_question_that_was_the_probe_is_not_asked_twice() {
    let pack = PACK.replace("/token/status", "/me");
    let down = Answer::new(503, "text/plain", "");
    let ((outcome, ..), asks) = rejected_by(&pack, Some(3600), 401, down).await;
    assert_eq!(outcome, Outcome::CredentialRevoked);
    assert_eq!(asks, ["/me"]);
}

#[tokio::test]
async fn what_the_provider_states_when_asked_again_decides() {
    let revoked = Answer::json(200, &json!({ "state": "revoked" }));
    let (outcome, basis, rule) = asked_again(None, revoked).await;
    assert_eq!(
        (outcome, basis),
        (Outcome::CredentialRevoked, Basis::Stated)
    );
    assert_eq!(rule, "acme/told-revoked");
}

#[tokio::test]
async fn a_key_that_its_provider_calls_alive_is_not_called_revoked() {
    let active = Answer::json(200, &json!({ "state": "active" }));
    let (outcome, basis, _) = asked_again(Some(3600), active).await;
    assert_eq!(
        (outcome, basis),
        (Outcome::CredentialInvalid, Basis::Inferred)
    );
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_leaves_the_first_judgement() {
    let down = Answer::json(503, &json!({ "error": "down" }));
    let (outcome, basis, _) = asked_again(Some(3600), down.clone()).await;
    assert_eq!(
        (outcome, basis),
        (Outcome::CredentialRevoked, Basis::Inferred)
    );
    let (outcome, basis, _) = asked_again(None, down).await;
    assert_eq!(
        (outcome, basis),
        (Outcome::CredentialInvalid, Basis::Inferred)
    );
}

#[tokio::test]
async fn a_key_that_is_alive_and_forbidden_is_not_called_invalid() {
    let ambiguous = "[[rule]]\nname = \"refused\"\noutcome = \"credential_invalid\"\n\
                     when = { status = 403 }\n";
    let pack = PACK.replace("[[test]]", &format!("{ambiguous}\n[[test]]"));
    let active = Answer::json(200, &json!({ "state": "active" }));
    let ((outcome, basis, rule), asks) = rejected_by(&pack, None, 403, active).await;
    assert_eq!((outcome, basis), (Outcome::PolicyDenied, Basis::Inferred));
    assert_eq!(rule, "acme/refused");
    assert_eq!(asks[..2], ["/me", "/token/status"]);
}
