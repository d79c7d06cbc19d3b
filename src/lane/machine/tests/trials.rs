//! Stories of a handover: a newer credential is tested before it serves, and the old one is kept.

use super::*;

fn found(story: &mut Story, number: u8) {
    let newer = offer(number, story.now, None);
    story.load(Found::Credential(newer));
}

/// The candidate's proof, told from a routine proof of what serves.
fn test(story: &mut Story, outcome: Outcome) {
    let attempt = story.take(|e| match e {
        Effect::Probe {
            attempt,
            why: ProbeWhy::Fresh,
            ..
        } => Some(*attempt),
        _ => None,
    });
    story.tell(Event::Probed {
        attempt,
        verdict: verdict(outcome),
        observed: Observed::default(),
    });
}

fn count(story: &Story, kind: RecordKind) -> usize {
    story.records.iter().filter(|of| **of == kind).count()
}

fn serves(story: &Story) -> Option<u64> {
    story.lane.serve(story.now).ok().map(|of| of.0)
}

/// A key that the store polled is about to answer for.
fn polled() -> Story {
    let mut story = Story::serving_key();
    story.open.clear();
    story.wait_until(40);
    story
}

fn ask(story: &mut Story, verb: Verb) {
    let by = Actor::Operator("ada".into());
    story.tell(Event::Asked { verb, by });
}

#[test]
fn a_newer_version_in_the_store_closes_no_gate_and_serves_only_after_its_test() {
    let mut story = polled();
    found(&mut story, 2);
    assert_eq!((story.lane.gate(), serves(&story)), (Gate::Open, Some(1)));
    assert_eq!(story.lane.step(), Some(Step::Testing));
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(story.lane.step(), Some(Step::Overlapping));
    assert_eq!(count(&story, RecordKind::DegradedOpened), 0);
}

#[test]
fn a_newer_credential_that_fails_its_test_leaves_the_old_one_serving_and_that_is_said() {
    for outcome in [
        Outcome::CredentialInvalid,
        Outcome::CredentialRevoked,
        Outcome::ScopeInsufficient,
        Outcome::PolicyDenied,
    ] {
        let mut story = polled();
        found(&mut story, 2);
        test(&mut story, outcome);
        assert_eq!(serves(&story), Some(1), "{outcome}");
        assert_eq!(story.lane.word(), Word::Degraded);
        assert_eq!(count(&story, RecordKind::RotationFailed), 1);
        assert!(story.has(|e| matches!(e, Effect::Alert { .. })));
        // What made it fail may have ended the old one too: that is asked at once.
        assert!(story.has(|e| matches!(
            e,
            Effect::Probe {
                generation: Generation(1),
                ..
            }
        )));
    }
}

#[test]
fn a_candidate_that_failed_is_tested_again_only_when_a_person_asks() {
    let mut story = polled();
    found(&mut story, 2);
    test(&mut story, Outcome::CredentialInvalid);
    for secs in [80, 120, 160] {
        story.wait_until(secs);
        story.open.retain(|e| !e.uses_credential());
        found(&mut story, 2);
        assert_eq!(story.lane.candidate(), None);
    }
    assert_eq!(count(&story, RecordKind::TrialStarted), 1);
    story.open.clear();
    ask(&mut story, Verb::Rotate);
    found(&mut story, 2);
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(count(&story, RecordKind::RotationCompleted), 1);
}

#[test]
fn an_old_credential_is_kept_through_its_overlap_and_then_revoked() {
    let mut wanted = spec(Renewal::Reload);
    wanted.handover.revoke = true;
    let mut story = Story::new(wanted);
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    story.open.clear();
    story.wait_until(40);
    found(&mut story, 2);
    test(&mut story, Outcome::Ok);
    story.wait_until(90);
    assert!(!story.has(|e| matches!(e, Effect::Retire { .. })));
    assert_eq!(story.lane.old().count(), 1);
    story.wait_until(101);
    let (attempt, generation) = story.take(|e| match e {
        Effect::Retire {
            attempt,
            generation,
            how: Retirement::Revoke,
            ..
        } => Some((*attempt, *generation)),
        _ => None,
    });
    assert_eq!(generation, Generation(1));
    assert_eq!(story.lane.step(), None);
    let verdict = verdict(Outcome::Ok);
    story.tell(Event::Retired {
        attempt,
        generation,
        verdict,
    });
    assert_eq!(count(&story, RecordKind::CredentialRetired), 1);
    assert_eq!(serves(&story), Some(2));
}

#[test]
fn an_old_credential_that_ends_during_the_test_opens_a_window_that_the_proof_closes() {
    let mut story = Story::serving();
    story.wait_until(66);
    let fresh = offer(2, story.now, Some(100));
    story.open.retain(|e| !e.uses_credential());
    story.refresh(fresh);
    test(&mut story, Outcome::UpstreamUnavailable);
    assert_eq!(serves(&story), Some(1));
    story.wait_until(99);
    story.open.retain(|e| !e.uses_credential());
    story.wait_until(100);
    assert_eq!((story.lane.gate(), serves(&story)), (Gate::Refused, None));
    assert!(story.records.contains(&RecordKind::DegradedOpened));
    story.probe(Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert!(story.records.contains(&RecordKind::DegradedClosed));
}

#[test]
fn a_new_key_that_its_provider_has_not_told_everybody_of_is_asked_again() {
    let mut wanted = spec(Renewal::CreateDelete);
    wanted.handover.settle = SECOND * 30;
    let mut story = Story::new(wanted);
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    let attempt = story.take(|e| match e {
        Effect::CheckRefreshPath { attempt } => Some(*attempt),
        _ => None,
    });
    let ok = verdict(Outcome::Ok);
    story.tell(Event::RefreshPathChecked {
        attempt,
        verdict: ok,
    });
    story.open.clear();
    ask(&mut story, Verb::Rotate);
    let newer = offer(2, story.now, None);
    story.refresh(newer);
    test(&mut story, Outcome::CredentialInvalid);
    assert_eq!(serves(&story), Some(1));
    assert_eq!(count(&story, RecordKind::RotationFailed), 0);
    story.wait_until(5);
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(count(&story, RecordKind::RotationCompleted), 1);
}

#[test]
fn a_rotation_that_ends_the_old_key_at_once_opens_a_window_and_serves_after_the_proof() {
    let mut story = Story::new(spec(Renewal::RotationApi));
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    let attempt = story.take(|e| match e {
        Effect::CheckRefreshPath { attempt } => Some(*attempt),
        _ => None,
    });
    let ok = verdict(Outcome::Ok);
    story.tell(Event::RefreshPathChecked {
        attempt,
        verdict: ok,
    });
    story.open.clear();
    ask(&mut story, Verb::Rotate);
    let newer = offer(2, story.now, None);
    story.refresh(newer);
    assert_eq!(serves(&story), None);
    assert!(story.records.contains(&RecordKind::DegradedOpened));
    story.probe(Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert!(story.records.contains(&RecordKind::DegradedClosed));
    assert!(story.records.contains(&RecordKind::RotationCompleted));
}

#[test]
fn a_lease_that_is_extended_is_the_same_generation_and_lives_longer() {
    let mut story = Story::new(spec(Renewal::LeaseRenew));
    let leased = offer(1, story.now, Some(100));
    story.load(Found::Credential(leased));
    story.probe(Outcome::Ok);
    let attempt = story.take(|e| match e {
        Effect::CheckRefreshPath { attempt } => Some(*attempt),
        _ => None,
    });
    let ok = verdict(Outcome::Ok);
    story.tell(Event::RefreshPathChecked {
        attempt,
        verdict: ok,
    });
    story.wait_until(66);
    let extended = offer(1, story.now, Some(100));
    story.refresh(extended);
    assert_eq!(count(&story, RecordKind::LeaseExtended), 1);
    story.open.clear();
    story.wait_until(120);
    assert_eq!(serves(&story), Some(1));
}

#[test]
fn a_key_that_only_its_owner_can_replace_waits_for_the_owner_and_is_taken_when_it_comes() {
    let mut story = Story::new(spec(Renewal::Owner));
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    story.open.clear();
    ask(&mut story, Verb::Rotate);
    story.load(Found::Unchanged);
    assert_eq!(story.lane.step(), Some(Step::AwaitingOwner));
    assert_eq!(serves(&story), Some(1));
    assert_eq!(count(&story, RecordKind::RotationFailed), 0);
    story.wait_until(40);
    found(&mut story, 2);
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(count(&story, RecordKind::RotationCompleted), 1);
}

#[test]
fn a_store_that_fails_for_a_moment_does_not_end_the_wait_for_the_owner() {
    let mut story = Story::new(spec(Renewal::Owner));
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    story.open.clear();
    ask(&mut story, Verb::Rotate);
    // Its owner is just writing the file: it is there, and empty.
    let attempt = story.take(|e| match e {
        Effect::Load { attempt, .. } => Some(*attempt),
        _ => None,
    });
    story.tell(Event::LoadFailed {
        attempt,
        verdict: verdict(Outcome::StoreUnavailable),
    });
    assert_eq!(count(&story, RecordKind::RotationFailed), 0);
    assert_eq!(story.lane.step(), Some(Step::AwaitingOwner));
    story.wait_until(70);
    found(&mut story, 2);
    test(&mut story, Outcome::Ok);
    assert_eq!(count(&story, RecordKind::RotationCompleted), 1);
}

#[test]
fn a_request_that_died_with_its_sender_is_raised_and_never_tried_again_by_itself() {
    let mut story = Story::serving();
    story.open.clear();
    story.wait_until(40);
    let doubt = verdict(Outcome::UpstreamUnavailable);
    story.tell(Event::GrantInDoubt { verdict: doubt });
    story.load(Found::Unchanged);
    assert_eq!(story.lane.word(), Word::Uncertain);
    assert_eq!(serves(&story), Some(1));
    story.wait_until(90);
    assert!(!story.has(|e| matches!(e, Effect::Refresh { .. })));
    story.wait_until(101);
    assert_eq!(story.lane.word(), Word::Held);
    assert!(!story.has(|e| matches!(e, Effect::Refresh { .. })));
    assert_eq!(count(&story, RecordKind::RevocationDetected), 0);
}

#[test]
fn a_person_may_take_the_risk_that_a_grant_is_used_up() {
    let mut story = Story::serving();
    story.open.clear();
    story.wait_until(40);
    let doubt = verdict(Outcome::UpstreamUnavailable);
    story.tell(Event::GrantInDoubt { verdict: doubt });
    story.load(Found::Unchanged);
    let warned = story.lane.may(&Verb::Refresh).unwrap();
    assert!(warned.as_str().contains("may be used up"), "{warned}");
    ask(&mut story, Verb::Refresh);
    assert!(story.has(|e| matches!(
        e,
        Effect::Refresh {
            why: RefreshWhy::Forgiven,
            ..
        }
    )));
}

#[test]
fn a_person_who_asks_without_knowing_of_a_doubt_takes_no_risk() {
    let mut story = Story::serving();
    story.open.clear();
    ask(&mut story, Verb::Refresh);
    assert!(story.has(|e| matches!(
        e,
        Effect::Refresh {
            why: RefreshWhy::Asked,
            ..
        }
    )));
}

#[test]
fn a_new_grant_in_the_store_ends_the_doubt_while_the_old_token_serves() {
    let mut story = Story::serving();
    story.open.clear();
    story.wait_until(40);
    let doubt = verdict(Outcome::UpstreamUnavailable);
    story.tell(Event::GrantInDoubt { verdict: doubt });
    story.load(Found::Unchanged);
    story.open.clear();
    story.tell(Event::StoreChanged { version: None });
    story.wait_until(41);
    story.load(Found::GrantOnly {
        version: Some(StoreVersion("9".into())),
    });
    assert_eq!((story.lane.gate(), serves(&story)), (Gate::Open, Some(1)));
    assert!(story.has(|e| matches!(e, Effect::Refresh { .. })));
}

#[test]
fn an_attempt_that_a_former_process_left_without_an_end_gets_one() {
    let memory = Memory {
        generation: Generation(3),
        refreshing: true,
        ..Memory::default()
    };
    let mut story = Story::new(spec(REFRESH));
    story.open.clear();
    story.lane = Lane::new(Arc::new(spec(REFRESH)), 8, story.now, memory);
    story.tell(Event::Started);
    let stored = offer(1, story.now, Some(100));
    story.load(Found::Credential(stored));
    assert_eq!(count(&story, RecordKind::RefreshFailed), 1);
    assert!(!story.lane.memory().refreshing);
}

#[test]
fn a_wider_candidate_never_serves_and_stops_the_lane() {
    let mut story = Story::serving();
    story.wait_until(66);
    let wider = Offer {
        scopes: Some(ScopeSet::split("read delete")),
        ..offer(2, story.now, Some(100))
    };
    story.refresh(wider);
    assert_eq!(story.lane.word(), Word::Held);
    assert_eq!(story.lane.candidate(), None);
    assert_eq!(count(&story, RecordKind::CredentialPromoted), 0);
}

#[test]
fn a_loaded_candidate_has_to_be_denied_by_the_neighbors_too() {
    let mut wanted = spec(Renewal::Reload);
    wanted.neighbors = vec!["payouts".into()];
    let neighbor = |story: &mut Story, outcome| {
        let (attempt, index) = story.take(|e| match e {
            Effect::ProbeNeighbor { attempt, index, .. } => Some((*attempt, *index)),
            _ => None,
        });
        story.tell(Event::NeighborProbed {
            attempt,
            index,
            verdict: verdict(outcome),
        });
    };
    let mut story = Story::new(wanted);
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    neighbor(&mut story, Outcome::ScopeInsufficient);
    assert_eq!(serves(&story), Some(1));
    story.open.clear();
    story.wait_until(40);
    found(&mut story, 2);
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(1), "not before the neighbors");
    neighbor(&mut story, Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Held);
    assert_eq!(count(&story, RecordKind::CredentialPromoted), 0);
}

#[test]
fn a_refresh_of_the_same_grant_keeps_what_its_neighbors_answered() {
    let mut wanted = spec(REFRESH);
    wanted.neighbors = vec!["payouts".into()];
    let mut story = Story::new(wanted);
    story.load(Found::GrantOnly { version: None });
    let first = offer(1, story.now, Some(100));
    story.refresh(first);
    story.probe(Outcome::Ok);
    let (attempt, index) = story.take(|e| match e {
        Effect::ProbeNeighbor { attempt, index, .. } => Some((*attempt, *index)),
        _ => None,
    });
    story.tell(Event::NeighborProbed {
        attempt,
        index,
        verdict: verdict(Outcome::PolicyDenied),
    });
    story.wait_until(66);
    let second = offer(2, story.now, Some(100));
    story.open.retain(|e| !e.uses_credential());
    story.refresh(second);
    test(&mut story, Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(story.lane.neighbors()[0].denied, Some(true));
}

#[test]
fn an_old_key_that_its_provider_ends_with_the_rotation_was_not_revoked() {
    let mut wanted = spec(Renewal::Reload);
    wanted.handover.predecessor = Predecessor::EndsAtOnce;
    let mut story = Story::new(wanted);
    found(&mut story, 1);
    story.probe(Outcome::Ok);
    story.open.clear();
    story.wait_until(40);
    found(&mut story, 2);
    // Its routine proof, which was due as well.
    let attempt = story.take(|e| match e {
        Effect::Probe {
            attempt,
            why: ProbeWhy::Routine,
            ..
        } => Some(*attempt),
        _ => None,
    });
    story.tell(Event::Probed {
        attempt,
        verdict: verdict(Outcome::CredentialRevoked),
        observed: Observed::default(),
    });
    assert_eq!(count(&story, RecordKind::RevocationDetected), 0);
    assert_eq!(count(&story, RecordKind::DegradedOpened), 1);
    assert_eq!(serves(&story), None, "the new one is not proven yet");
    // Its test goes on as its pre-flight.
    story
        .open
        .retain(|e| !matches!(e, Effect::Probe { why, .. } if *why != ProbeWhy::Preflight));
    story.probe(Outcome::Ok);
    assert_eq!(serves(&story), Some(2));
    assert_eq!(count(&story, RecordKind::DegradedClosed), 1);
    assert!(!story.has(|e| matches!(e, Effect::Alert { .. })));
}
