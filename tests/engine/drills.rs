//! Every drill on every provider: what is seen, what serves meanwhile, and what mends it.

use crate::bench::{Bench, find};
use crate::serving::SERVING;
use lanewatch::audit::AuditRecord;
use lanewatch::engine::LaneView;
use lanewatch::lane::{Gate, Outcome, RecordKind, Verb, Word};
use lanewatch::sandbox::Drill;
use std::collections::BTreeSet;

/// One lane of each provider, and both kinds of key where a provider has two.
const KEYS: [&str; 6] = [
    "github-releases",
    "billing-refunds",
    "deploy-notices",
    "incident-room",
    "gitlab-mirror",
    "gitlab-pipelines",
];
const GRANTS: [&str; 3] = ["crm-sync", "support-inbox", "calendar-invites"];

async fn ready(more: &str) -> Bench {
    let bench = Bench::demo(more).await;
    bench
        .until("all serve", |_, lanes| {
            SERVING
                .iter()
                .all(|name| find(lanes, name).gate == Gate::Open)
        })
        .await;
    bench
}

fn generation(lane: &LaneView) -> u64 {
    lane.credential
        .as_ref()
        .map_or(0, |credential| credential.generation.0)
}

fn the(records: &[AuditRecord], kind: RecordKind) -> &AuditRecord {
    let found = records.iter().find(|record| record.kind == kind);
    found.unwrap_or_else(|| panic!("no {kind} among {records:#?}"))
}

#[tokio::test]
async fn an_expired_token_is_refreshed_by_itself_and_nothing_is_held() {
    let bench = ready("").await;
    for name in GRANTS {
        let before = generation(&*bench.lane(name).await);
        bench.drill(name, Drill::Expire).await;
        bench
            .until_lane(name, "a new generation serves", |lane| {
                generation(lane) > before && lane.word == Word::Ok && lane.gate == Gate::Open
            })
            .await;
        assert_eq!(bench.count(name, RecordKind::LaneHeld), 0, "{name}");
        assert!(
            bench.count(name, RecordKind::RefreshSucceeded) >= 2,
            "{name}"
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn an_expired_key_is_shown_expired_and_serves_nothing_until_its_owner_brings_another() {
    let bench = ready("").await;
    let lanes = [
        "billing-refunds",
        "deploy-notices",
        "incident-room",
        "gitlab-mirror",
    ];
    for name in lanes {
        bench.drill(name, Drill::Expire).await;
    }
    for name in lanes {
        bench.until_word(name, Word::Expired).await;
        assert_eq!(
            bench.denied(name).await.outcome,
            Outcome::CredentialExpired,
            "{name}"
        );
        assert_eq!(bench.count(name, RecordKind::TokenExpired), 1, "{name}");
        assert_eq!(bench.count(name, RecordKind::DegradedOpened), 1, "{name}");
        assert_eq!(bench.count(name, RecordKind::LaneHeld), 0, "{name}");
    }
    for name in lanes {
        bench.drill(name, Drill::Heal).await;
    }
    for name in lanes {
        // The store has another one: that is enough, and nobody has to press anything.
        bench.until_word(name, Word::Ok).await;
        let records = bench.of_lane(name);
        let (opened, closed) = (
            the(&records, RecordKind::DegradedOpened),
            the(&records, RecordKind::DegradedClosed),
        );
        assert_eq!(closed.cause, Some(opened.seq), "{name}");
        assert!(bench.acquire(name).await.is_ok(), "{name}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_key_whose_end_is_announced_warns_before_it_expires() {
    let bench = ready("").await;
    bench.drill("github-releases", Drill::Expire).await;
    bench.until_word("github-releases", Word::Expiring).await;
    assert!(bench.acquire("github-releases").await.is_ok());
    bench.until_word("github-releases", Word::Expired).await;
    assert_eq!(
        bench.denied("github-releases").await.outcome,
        Outcome::CredentialExpired
    );
    assert!(bench.count("github-releases", RecordKind::WarningRaised) >= 1);
    assert_eq!(bench.count("github-releases", RecordKind::LaneHeld), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_revoked_credential_is_held_within_the_second_and_released_by_a_person_only() {
    let told = tempfile::tempdir().unwrap();
    let told_to = told.path().join("alerts");
    let alert = format!(
        "[[alert]]\nname = \"the test\"\nlevel = \"critical\"\n\
         command = [\"sh\", \"-c\", \"cat >> '{}'\"]\n",
        told_to.display()
    );
    let bench = ready(&alert).await;
    let lanes: Vec<_> = KEYS.into_iter().chain(GRANTS).collect();
    for name in &lanes {
        bench.drill(name, Drill::Revoke).await;
    }
    for name in &lanes {
        bench.until_word(name, Word::Held).await;
        let denied = bench.denied(name).await;
        assert_eq!(denied.gate, Gate::Held, "{name}");
        let records = bench.of_lane(name);
        let held = the(&records, RecordKind::LaneHeld);
        // Stripe says no more than "invalid" of a key without a known end: whether it was revoked
        // cannot be told. It is a stop just the same.
        let (outcome, kind) = match *name {
            "billing-refunds" => (Outcome::CredentialInvalid, RecordKind::ProbeFailed),
            _ => (Outcome::CredentialRevoked, RecordKind::RevocationDetected),
        };
        assert_eq!(held.outcome, Some(outcome), "{name}");
        let detected = the(&records, kind);
        let opened = the(&records, RecordKind::DegradedOpened);
        assert_eq!(opened.cause, Some(detected.seq), "{name}");
        assert_eq!(held.cause, Some(detected.seq), "{name}");
        assert!(
            held.ts.0 - detected.ts.0 < 1_000,
            "{name}: {detected:?} {held:?}"
        );
    }
    bench
        .until("every hold was told", |_, _| {
            let text = std::fs::read_to_string(&told_to).unwrap_or_default();
            lanes
                .iter()
                .all(|name| text.contains(&format!("{name} is held")))
        })
        .await;
    for name in &lanes {
        bench
            .until(&format!("{name}: the delivery is in the audit"), |_, _| {
                let told = |record: &AuditRecord| {
                    record.kind == RecordKind::OperatorNotified
                        && record
                            .note
                            .as_ref()
                            .is_some_and(|note| note.as_str() == "pager")
                };
                bench.of_lane(name).iter().any(told)
            })
            .await;
    }

    // A new credential in the store does not lift the hold, and neither does anything else.
    for name in &lanes {
        bench.drill(name, Drill::Heal).await;
    }
    for name in &lanes {
        assert!(bench.ask(name, Verb::Refresh).await.is_err(), "{name}");
        let silent = Verb::Release { reason: "".into() };
        assert!(
            bench.ask(name, silent).await.is_err(),
            "{name}: without a reason"
        );
        assert_eq!(bench.lane(name).await.word, Word::Held, "{name}");
        bench.release(name).await;
        bench.until_word(name, Word::Ok).await;
        assert!(bench.acquire(name).await.is_ok(), "{name}");
        let records = bench.of_lane(name);
        let released = the(&records, RecordKind::LaneReleased);
        assert_eq!(
            released.cause,
            Some(the(&records, RecordKind::LaneHeld).seq),
            "{name}"
        );
        assert_eq!(released.note.as_ref().unwrap().as_str(), "looked at it");
        assert_eq!(released.actor.to_string(), "tester");
        assert_eq!(bench.count(name, RecordKind::DegradedClosed), 1, "{name}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_scope_that_is_taken_away_closes_the_gate_and_its_return_opens_it() {
    let bench = ready("").await;
    let lanes: Vec<_> = KEYS.into_iter().chain(GRANTS).collect();
    for name in &lanes {
        bench.drill(name, Drill::Narrow).await;
    }
    for name in &lanes {
        bench.until_word(name, Word::Scope).await;
        let denied = bench.denied(name).await;
        assert_eq!(denied.outcome, Outcome::ScopeInsufficient, "{name}");
        assert_eq!(bench.count(name, RecordKind::LaneHeld), 0, "{name}");
    }
    for name in &lanes {
        bench.drill(name, Drill::Heal).await;
    }
    for name in &lanes {
        // What came back was lost before, but it is no more than was asked for.
        bench
            .until_lane(name, "serves again", |lane| lane.word == Word::Ok)
            .await;
        assert!(bench.acquire(name).await.is_ok(), "{name}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_scope_that_was_never_given_holds_the_lane() {
    let bench = ready("").await;
    // GitHub, GitLab and Slack show the scopes of a key with every answer; a grant shows them with
    // the next refresh, which is asked for here; Stripe shows none, but its neighbor does.
    let lanes = [
        "github-releases",
        "gitlab-mirror",
        "deploy-notices",
        "incident-room",
    ];
    for name in lanes {
        bench.drill(name, Drill::Widen).await;
    }
    for name in lanes {
        bench.until_word(name, Word::Held).await;
        let records = bench.of_lane(name);
        let warned = the(&records, RecordKind::WarningRaised);
        assert!(
            warned
                .note
                .as_ref()
                .unwrap()
                .as_str()
                .starts_with("scope_widened"),
            "{name}"
        );
        assert_eq!(
            the(&records, RecordKind::LaneHeld).cause,
            Some(warned.seq),
            "{name}"
        );
        assert_eq!(bench.denied(name).await.gate, Gate::Held, "{name}");
    }
    for name in GRANTS {
        bench.drill(name, Drill::Widen).await;
        bench.ask(name, Verb::Refresh).await.unwrap();
        bench.until_word(name, Word::Held).await;
        assert_eq!(bench.denied(name).await.gate, Gate::Held, "{name}");
        let warned = bench.of_lane(name).into_iter().any(|record| {
            record.kind == RecordKind::WarningRaised
                && record
                    .note
                    .is_some_and(|note| note.as_str().starts_with("scope_widened"))
        });
        assert!(warned, "{name}");
    }
    for name in lanes {
        bench.drill(name, Drill::Heal).await;
        bench.release(name).await;
        bench.until_word(name, Word::Ok).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_and_never_taken_for_a_bad_credential() {
    let bench = ready("").await;
    let lanes: Vec<_> = KEYS.into_iter().chain(GRANTS).collect();
    for name in &lanes {
        bench.drill(name, Drill::Throttle).await;
    }
    for name in &lanes {
        bench.until_word(name, Word::Limited).await;
        assert_eq!(
            bench.denied(name).await.outcome,
            Outcome::RateLimited,
            "{name}"
        );
    }
    for name in &lanes {
        bench.drill(name, Drill::Heal).await;
        if bench.lane(name).await.next.limited_until.is_some() {
            assert!(
                bench.lane(name).await.next.probe.is_none(),
                "{name}: it asks for patience"
            );
        }
    }
    // What Stripe asks for is not said, and a minute is a long test: the others tell 15 s.
    for name in lanes.iter().filter(|name| !name.starts_with("billing")) {
        bench
            .until_lane(name, "the limit is over", |lane| lane.word != Word::Limited)
            .await;
        bench
            .until_lane(name, "serves again", |lane| lane.gate == Gate::Open)
            .await;
        assert!(bench.count(name, RecordKind::RateLimited) >= 1, "{name}");
    }
    no_auth_verdict(&bench);
    bench.stop().await;
}

/// Whatever else happened, no credential was judged.
fn no_auth_verdict(bench: &Bench) {
    let judged = [
        RecordKind::RevocationDetected,
        RecordKind::LaneHeld,
        RecordKind::DegradedOpened,
    ];
    for record in bench.records() {
        assert!(!judged.contains(&record.kind), "{record:?}");
    }
}

async fn unreachable_but_serving(drill: Drill) {
    let bench = ready("").await;
    let lanes: Vec<_> = KEYS.into_iter().chain(GRANTS).collect();
    for name in &lanes {
        bench.drill(name, drill).await;
    }
    for name in &lanes {
        bench
            .until_lane(name, "unreachable", |lane| {
                matches!(lane.word, Word::Unreachable | Word::Degraded)
            })
            .await;
        assert!(
            bench.acquire(name).await.is_ok(),
            "{name} serves inside its life"
        );
        let lane = bench.lane(name).await;
        if matches!(lane.word, Word::Unreachable | Word::Degraded) {
            let trouble = lane.degraded.as_ref().unwrap();
            assert_eq!(
                trouble.verdict.outcome,
                Outcome::UpstreamUnavailable,
                "{name}"
            );
        }
    }
    for name in &lanes {
        bench.drill(name, Drill::Heal).await;
    }
    for name in &lanes {
        bench
            .until_lane(name, "answers again", |lane| lane.word == Word::Ok)
            .await;
    }
    no_auth_verdict(&bench);
    bench.stop().await;
}

#[tokio::test]
async fn an_outage_is_an_outage_while_the_credential_goes_on_serving() {
    unreachable_but_serving(Drill::Outage).await;
}

#[tokio::test]
async fn an_upstream_that_answers_too_late_is_an_outage_too() {
    unreachable_but_serving(Drill::Slow).await;
}

#[tokio::test]
async fn a_sealed_vault_is_shown_as_such_and_lanes_serve_inside_their_lives() {
    let bench = ready("").await;
    bench.control().vault(true);
    bench
        .until("every lane knows of the store", |engine, lanes| {
            let down = engine.stores.iter().all(|store| store.up == Some(false));
            down && SERVING.iter().all(|name| {
                let lane = find(lanes, name);
                let trouble = lane
                    .degraded
                    .as_ref()
                    .map(|trouble| trouble.verdict.outcome);
                trouble == Some(Outcome::StoreUnavailable)
            })
        })
        .await;
    for name in SERVING {
        let lane = bench.lane(name).await;
        assert!(bench.acquire(name).await.is_ok(), "{name}: {}", lane.word);
        assert!(matches!(lane.word, Word::Degraded), "{name}: {}", lane.word);
    }
    let (engine, _) = bench.look().await;
    let trouble = engine.stores[0].trouble.as_ref().unwrap();
    assert!(trouble.as_str().contains("sealed"), "{trouble}");
    bench.control().vault(false);
    bench
        .until("every lane is well again", |engine, lanes| {
            let up = engine.stores.iter().all(|store| store.up == Some(true));
            let well = |name: &&str| matches!(find(lanes, name).word, Word::Ok | Word::Expiring);
            up && SERVING.iter().all(well)
        })
        .await;
    no_auth_verdict(&bench);
    let failed: BTreeSet<_> = bench
        .records()
        .into_iter()
        .filter(|record| record.kind == RecordKind::CredentialLoadFailed)
        .map(|record| record.outcome)
        .collect();
    assert_eq!(failed, BTreeSet::from([Some(Outcome::StoreUnavailable)]));
    bench.stop().await;
}
