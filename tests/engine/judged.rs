//! What an answer is taken for depends on what was known before it, and on what the probe is worth.

use crate::bank::Bank;
use crate::bench::find;
use crate::process::Home;
use lanewatch::lane::{Basis, Outcome, Word};

/// Serves once with a key, ends, and starts again when the upstream has forgotten it or has revoked it.
async fn rejected_after_a_restart(life: Option<u64>, forgotten: bool) -> (Outcome, Basis) {
    let bank = Bank::start(3600).await;
    let home = Home::with(&bank, &bank.key_lane("keys", life));
    let engine = home.start().await;
    engine.until_serving("keys").await;
    engine.stop().await;
    if forgotten {
        bank.world().tokens.clear();
    } else {
        bank.world().revoke("keys", false);
    }
    let engine = home.start().await;
    let rejected = |outcome| {
        matches!(
            outcome,
            Some(
                Outcome::CredentialRevoked
                    | Outcome::CredentialInvalid
                    | Outcome::CredentialExpired
            )
        )
    };
    engine
        .until_record("it is rejected", |record| rejected(record.outcome))
        .await;
    engine.stop().await;
    let records = crate::process::records(&home.audit());
    let record = records
        .iter()
        .rfind(|record| rejected(record.outcome))
        .unwrap();
    (
        record.outcome.unwrap(),
        record.evidence.as_ref().unwrap().basis,
    )
}

#[tokio::test]
async fn a_bare_rejection_after_a_restart_is_judged_by_what_was_known_before_it() {
    let known_end = rejected_after_a_restart(Some(3600), true).await;
    assert_eq!(known_end, (Outcome::CredentialRevoked, Basis::Inferred));
    let no_end = rejected_after_a_restart(None, true).await;
    assert_eq!(no_end, (Outcome::CredentialInvalid, Basis::Inferred));
}

#[tokio::test]
async fn what_an_answer_states_outright_wins_over_what_was_known_before_it() {
    let stated = rejected_after_a_restart(None, false).await;
    assert_eq!(stated, (Outcome::CredentialRevoked, Basis::Stated));
}

#[tokio::test]
async fn an_endpoint_is_shown_one_invented_key_however_many_lanes_it_proves() {
    let bank = Bank::start(3600).await;
    let lanes = bank.key_lane("one", None) + &bank.key_lane("two", None);
    let lanes = lanes.replace("target = \"/api\"", "target = \"/api\", control = true");
    let home = Home::with(&bank, &lanes);
    let engine = home.start().await;
    engine
        .until("they serve", |_, lanes| {
            ["one", "two"]
                .iter()
                .all(|name| find(lanes, name).word == Word::Ok)
        })
        .await;
    engine.stop().await;
    let asked = bank.api.seen();
    let invented = asked
        .iter()
        .filter(|ask| ask.bearer().is_some_and(|key| key.contains("invented")));
    assert_eq!(invented.count(), 1);
    let records = crate::process::records(&home.audit());
    assert!(records.iter().all(|record| {
        let outcome = record.outcome;
        outcome.is_none_or(|outcome| !outcome.is_terminal())
    }));
}
