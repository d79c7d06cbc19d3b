//! What cannot be recorded does not happen: while the audit cannot be written, nothing is served.

use crate::bank::Bank;
use crate::bench::{Bench, find};
use crate::process::{Home, Running, records};
use lanewatch::audit;
use lanewatch::engine::Refusal;
use lanewatch::lane::{Gate, Outcome, RecordKind, Verb, WhoActs, Word};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::sync::Arc;

fn acknowledge() -> Verb {
    Verb::Acknowledge {
        reason: "seen".into(),
    }
}

#[tokio::test]
async fn gates_close_while_the_audit_is_out_of_reach_and_open_when_it_is_back() {
    let bank = Bank::start(3600).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let lanes = bank.key_lane("one", None) + &bank.key_lane("two", None);
    let bench = Bench::open(
        Arc::clone(&folder),
        &(bank.head(folder.path()) + &lanes),
        None,
    )
    .await;
    bench
        .until("both serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;

    let journal = bench.state.audit().join("journal.jsonl");
    let aside = folder.path().join("aside");
    std::fs::rename(&journal, &aside).unwrap();
    // Something happens that belongs into the audit.
    bank.world().revoke("two", false);
    bench
        .until("every gate is closed", |engine, lanes| {
            engine.audit_trouble.is_some() && lanes.iter().all(|lane| lane.gate != Gate::Open)
        })
        .await;
    let (engine, _) = bench.look().await;
    let trouble = engine.audit_trouble.unwrap();
    assert!(
        trouble
            .as_str()
            .contains("journal.jsonl was moved or deleted"),
        "{trouble}"
    );
    let denied = bench.denied("one").await;
    assert_eq!(
        (denied.outcome, denied.gate),
        (Outcome::PolicyDenied, Gate::Refused)
    );
    assert_eq!(denied.who_acts, WhoActs::Operator);
    assert!(
        denied.reason.as_str().contains("audit cannot be written"),
        "{}",
        denied.reason
    );
    let refused = bench.ask("one", acknowledge()).await;
    assert!(matches!(refused, Err(Refusal::NotNow(_))), "{refused:?}");
    let pause = Verb::Pause {
        reason: "now".into(),
        until: None,
    };
    assert!(bench.ask("one", pause).await.is_err());

    std::fs::rename(&aside, &journal).unwrap();
    bench
        .until(
            "what serves serves again, what was revoked is held",
            |engine, lanes| {
                let well = engine.audit_trouble.is_none() && find(lanes, "one").gate == Gate::Open;
                well && find(lanes, "two").word == Word::Held
            },
        )
        .await;
    assert!(bench.acquire("one").await.is_ok());
    assert_eq!(
        bench.lane("one").await.pause,
        None,
        "what was refused was not done"
    );
    // Nothing that happened meanwhile is missing, or there twice.
    assert_eq!(bench.count("two", RecordKind::RevocationDetected), 1);
    assert_eq!(bench.count("two", RecordKind::LaneHeld), 1);
    assert_eq!(bench.count("one", RecordKind::OperatorAcknowledged), 0);
    bench.ask("one", acknowledge()).await.unwrap();
    let report = audit::verify(&bench.state.audit(), None).unwrap();
    assert!(report.is_good(), "{report:?}");
    bench.stop().await;
}

#[tokio::test]
async fn what_happens_while_the_audit_is_out_of_reach_is_recorded_when_it_is_back() {
    // A token of two seconds ends, and is replaced, while nothing can be written.
    let bank = Bank::start(2).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let lanes: String = (0..6)
        .map(|n| bank.grant_lane(&format!("lane-{n}")))
        .collect();
    let bench = Bench::open(
        Arc::clone(&folder),
        &(bank.head(folder.path()) + &lanes),
        None,
    )
    .await;
    bench
        .until("all serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    let journal = bench.state.audit().join("journal.jsonl");
    let aside = folder.path().join("aside");
    std::fs::rename(&journal, &aside).unwrap();
    bench
        .until("it is noticed", |engine, _| engine.audit_trouble.is_some())
        .await;
    let ended = |lanes: &crate::bench::Lanes| {
        let now = lanewatch::engine::clock::now().wall;
        lanes.iter().all(|lane| {
            let credential = lane.credential.as_ref().unwrap();
            credential.expiry.is_some_and(|expiry| expiry.at <= now)
        })
    };
    bench.until("all have ended", |_, lanes| ended(lanes)).await;
    std::fs::rename(&aside, &journal).unwrap();
    bench
        .until("all serve again", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    for n in 0..6 {
        let name = format!("lane-{n}");
        // Every generation that serves has a record of where it came from.
        let generation = bench.acquire(&name).await.unwrap().generation;
        let records = bench.of_lane(&name);
        for generation in 1..=generation.0 {
            let adopted = records.iter().any(|record| {
                let kinds = [
                    RecordKind::RefreshSucceeded,
                    RecordKind::LostRace,
                    RecordKind::CredentialLoaded,
                ];
                kinds.contains(&record.kind)
                    && record.generation.is_some_and(|of| of.0 == generation)
            });
            assert!(adopted, "{name} generation {generation}: {records:#?}");
        }
    }
    let report = audit::verify(&bench.state.audit(), None).unwrap();
    assert!(report.is_good(), "{report:?}");
    bench.stop().await;
}

#[tokio::test]
async fn a_disk_that_takes_no_more_closes_the_gates_of_a_process_and_room_opens_them() {
    let bank = Bank::start(3600).await;
    let lanes = bank.key_lane("one", None) + &bank.key_lane("two", None);
    let home = Home::with(&bank, &lanes);
    // A write beyond the limit is to fail, as on a full disk, and not to end the process.
    let mut command = home.command("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" run \"$1\""]);
    command.arg(env!("CARGO_BIN_EXE_lanewatch")).arg(&home.file);
    let engine = Running::of(command).await;
    engine
        .until("both serve", |_, lanes| {
            lanes.iter().all(|lane| lane.gate == Gate::Open)
        })
        .await;
    let journal = home.audit().join("journal.jsonl");
    let room = |bytes: Option<u64>| {
        let pid = Pid::from_raw(engine.pid()).unwrap();
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    };
    room(Some(std::fs::metadata(&journal).unwrap().len() + 10));
    bank.world().revoke("two", false);
    engine
        .until("every gate is closed", |engine, lanes| {
            engine.audit_trouble.is_some() && lanes.iter().all(|lane| lane.gate != Gate::Open)
        })
        .await;
    let ended = home.run(&["status"]).await;
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.out.contains("cannot write"), "{ended:?}");
    let report = audit::verify(&home.audit(), None).unwrap();
    assert!(report.is_good(), "half a record was left: {report:?}");
    room(None);
    engine
        .until("one serves, two is held", |engine, lanes| {
            let well = engine.audit_trouble.is_none() && find(lanes, "one").gate == Gate::Open;
            well && find(lanes, "two").word == Word::Held
        })
        .await;
    engine.stop().await;
    let held = records(&home.audit());
    let held = held
        .iter()
        .filter(|record| record.kind == RecordKind::LaneHeld);
    assert_eq!(held.count(), 1);
    assert!(audit::verify(&home.audit(), None).unwrap().is_good());
}
