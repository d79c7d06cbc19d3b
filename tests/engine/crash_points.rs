//! A refresh is killed at every point of its transaction, and whoever starts next finds the old
//! credential, the new one, or a doubt that is raised: never a grant that is silently gone.
#![cfg(debug_assertions)]

use crate::bank::Bank;
use crate::bench::{DEADLINE, find};
use crate::process::{Home, Running, records};
use lanewatch::engine::{Command, CrashPoint, LaneView, Question, ask};
use lanewatch::lane::{Actor, Gate, RecordKind, Verb, Word};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a restart found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Found {
    Old,
    New,
    Raised,
}

async fn settled(engine: &Running) -> Arc<LaneView> {
    let open = |lane: &LaneView| lane.gate == Gate::Open && lane.candidate.is_none();
    let settled = |lane: &LaneView| open(lane) || lane.word == Word::Held;
    engine
        .until("it serves or is held", |_, lanes| {
            settled(&find(lanes, "crm"))
        })
        .await;
    find(&engine.look().await.1, "crm")
}

async fn crash_at(point: CrashPoint) -> Found {
    let bank = Bank::start(3600).await;
    let lane = format!(
        "{}revocation_endpoint = \"{}/revoke\"\noverlap = \"0s\"\n",
        bank.grant_lane("crm"),
        bank.token.address
    );
    let home = Home::with(&bank, &lane);
    let engine = home.start().await;
    assert_eq!(settled(&engine).await.word, Word::Ok);
    engine.stop().await;
    assert_eq!(bank.world().exchanged, 1);

    let mut command = home.command(env!("CARGO_BIN_EXE_lanewatch"));
    command.arg("run").arg(&home.file);
    command.env("LANEWATCH_CRASH_AT", point.as_str());
    let engine = Running::of(command).await;
    if point != CrashPoint::MemoryReplaced {
        assert_eq!(settled(&engine).await.word, Word::Ok);
    }
    let rotate = Command::Lane {
        lane: "crm".into(),
        verb: Verb::Rotate,
        by: Actor::Operator("tester".into()),
    };
    // It may die before it answers.
    ask(&engine.socket, &Question::Command(rotate)).await.ok();
    let ended = engine.ended(DEADLINE).await;
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&ended),
        Some(9),
        "{point:?} was never reached"
    );

    let engine = home.start().await;
    let lane = settled(&engine).await;
    let (record, _) = bank.world().newest("crm");
    let stored = record["refresh_token"].as_str().unwrap().to_owned();
    let spent = bank.world().tokens[&stored].spent;
    let exchanged = bank.world().exchanged;
    let found = match lane.word {
        Word::Ok if exchanged == 1 => Found::Old,
        Word::Ok => Found::New,
        Word::Uncertain | Word::Held => Found::Raised,
        other => panic!("{point:?}: {other} {lane:?}"),
    };
    // The store's grant is good, or a person is told.
    assert!(
        !spent || found == Found::Raised,
        "{point:?}: lost in silence"
    );
    assert_eq!(
        bank.world().refused,
        0,
        "{point:?}: a used-up grant was shown"
    );
    assert_eq!(bank.world().unstored, Vec::<String>::new());
    let audit = records(&home.audit());
    let uncertain = audit
        .iter()
        .filter(|r| r.kind == RecordKind::RefreshUncertain);
    assert_eq!(
        uncertain.count(),
        usize::from(found == Found::Raised),
        "{point:?}"
    );
    let revoked = audit
        .iter()
        .any(|r| r.kind == RecordKind::RevocationDetected);
    assert!(!revoked, "{point:?}: called revoked");
    if found == Found::Raised {
        check_that_a_person_can_go_on(&bank, &engine).await;
    }
    engine.stop().await;
    check_that_every_attempt_has_an_end(&home, point);
    let report = lanewatch::audit::verify(&home.audit(), None).unwrap();
    assert!(report.is_good(), "{point:?}: {report:?}");
    found
}

/// A new grant in the store, and the lane goes on without being released.
async fn check_that_a_person_can_go_on(bank: &Bank, engine: &Running) {
    bank.world().new_grant("crm");
    engine
        .until("it serves with the person's grant", |_, lanes| {
            find(lanes, "crm").word == Word::Ok
        })
        .await;
}

fn check_that_every_attempt_has_an_end(home: &Home, point: CrashPoint) {
    let mut open = BTreeMap::new();
    for record in records(&home.audit()) {
        match record.kind {
            RecordKind::RefreshAttempted => {
                open.insert(record.seq, ());
            }
            RecordKind::RefreshSucceeded
            | RecordKind::RefreshFailed
            | RecordKind::RefreshUncertain
            | RecordKind::LostRace => {
                let known = record.cause.and_then(|cause| open.remove(&cause));
                assert!(known.is_some(), "{point:?}: the end of nothing: {record:?}");
            }
            _ => {}
        }
    }
    assert!(
        open.is_empty(),
        "{point:?}: attempts without an end: {open:?}"
    );
}

#[tokio::test]
async fn a_kill_at_every_point_of_a_refresh_leaves_the_old_the_new_or_a_raised_doubt() {
    let mut found = Vec::new();
    for point in CrashPoint::ALL {
        found.push((point, crash_at(point).await));
    }
    for (point, found) in &found {
        println!("{:<20} {found:?}", point.as_str());
    }
    use CrashPoint::{
        Exchanged, GrantLocked, IntentWritten, MemoryReplaced, ReadAgain, RequestNoted,
    };
    for (point, found) in found {
        let expected: &[Found] = match point {
            IntentWritten | GrantLocked | ReadAgain => &[Found::Old],
            RequestNoted | Exchanged => &[Found::Raised],
            MemoryReplaced => &[Found::Old, Found::New],
            _ => &[Found::New],
        };
        assert!(expected.contains(&found), "{point:?}: {found:?}");
    }
}
