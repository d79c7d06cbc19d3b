//! Hand-written stories: one promise each.

use super::*;

#[test]
fn a_lane_serves_only_after_every_check_was_passed() {
    let mut neighborly = spec(REFRESH);
    neighborly.neighbors = vec!["payouts".into()];
    let mut story = Story::new(neighborly);
    assert!(story.lane.serve(story.now).is_err());
    story.load(Found::GrantOnly { version: None });
    let fresh = offer(1, story.now, Some(100));
    story.refresh(fresh);
    assert!(story.lane.serve(story.now).is_err());
    story.probe(Outcome::Ok);
    assert!(story.lane.serve(story.now).is_err());
    let (attempt, index) = story.take(|e| match e {
        Effect::ProbeNeighbor { attempt, index, .. } => Some((*attempt, *index)),
        _ => None,
    });
    let denied = verdict(Outcome::ScopeInsufficient);
    story.tell(Event::NeighborProbed {
        attempt,
        index,
        verdict: denied,
    });
    assert_eq!(story.lane.serve(story.now), Ok(Generation(1)));
    assert!(story.records.contains(&RecordKind::NeighborDenied));
    assert_eq!(story.records.last(), Some(&RecordKind::PreflightPassed));
}

#[test]
fn a_neighbor_that_is_allowed_refuses_the_lane() {
    let mut neighborly = spec(Renewal::Reload);
    neighborly.neighbors = vec!["payouts".into()];
    let mut story = Story::new(neighborly);
    let key = offer(1, story.now, None);
    story.load(Found::Credential(key));
    story.probe(Outcome::Ok);
    let attempt = story.take(|e| match e {
        Effect::ProbeNeighbor { attempt, .. } => Some(*attempt),
        _ => None,
    });
    story.tell(Event::NeighborProbed {
        attempt,
        index: 0,
        verdict: verdict(Outcome::Ok),
    });
    assert_eq!(story.lane.word(), Word::Refused);
    assert_eq!(story.lane.refusal(), Some(Refusal::Neighbor));
}

#[test]
fn an_unmanaged_source_is_refused_without_being_read() {
    let mut unmanaged = spec(Renewal::Reload);
    unmanaged.trust = Trust::UnmanagedRefused;
    let story = Story::new(unmanaged);
    assert_eq!(story.lane.word(), Word::Refused);
    assert!(!story.has(|e| matches!(e, Effect::Load { .. })));
}

#[test]
fn refresh_starts_between_54_and_66_hundredths_of_life() {
    for seed in 0..500 {
        let now = at(0);
        let mut lane = Lane::new(Arc::new(spec(REFRESH)), seed, now, Memory::default());
        let Effect::Load { attempt, .. } = lane.on(now, Event::Started).effects[0] else {
            panic!()
        };
        let found = Found::GrantOnly { version: None };
        let effects = lane.on(now, Event::Loaded { attempt, found }).effects;
        let Effect::Refresh { attempt, .. } = effects[0] else {
            panic!()
        };
        let fresh = offer(1, now, Some(1000));
        lane.on(
            now,
            Event::Refreshed {
                attempt,
                offer: fresh,
                lost_race: false,
            },
        );
        let due = lane
            .next(now)
            .refresh
            .unwrap()
            .since(now.wall)
            .as_secs_f64();
        assert!((540.0..=660.0).contains(&due), "due after {due} s of 1000");
    }
}

#[test]
fn a_failed_refresh_deletes_nothing_and_leaves_room_for_five_more_tries() {
    let mut story = Story::serving();
    story.wait_until(66);
    let mut tries = 0;
    while story.now.wall < at(99).wall {
        if story.has(|e| matches!(e, Effect::Refresh { .. })) {
            let attempt = story.refresh_attempt();
            let failure = RefreshFailure::Transient(verdict(Outcome::UpstreamUnavailable));
            story.tell(Event::RefreshFailed { attempt, failure });
            tries += 1;
            assert!(story.lane.serve(story.now).is_ok());
            assert_eq!(story.lane.word(), Word::Degraded);
        }
        story.now = Now {
            wall: story.now.wall.plus(Duration::from_millis(100)),
            boot: story.now.boot.plus(Duration::from_millis(100)),
        };
        story.tell(Event::Woke);
        story.open.retain(|e| !e.uses_credential());
    }
    assert!(tries >= 5, "{tries} tries");
    story.wait_until(101);
    assert_eq!(story.lane.word(), Word::Expired);
    assert!(story.lane.serve(story.now).is_err());
}

#[test]
fn a_dead_lane_is_refreshed_at_most_twelve_times_a_minute() {
    let mut story = Story::serving();
    story.wait_until(100);
    let mut tries = Vec::new();
    for tenth in 0..6000_u64 {
        story.now = Now {
            wall: at(100).wall.plus(Duration::from_millis(tenth * 100)),
            boot: at(100).boot.plus(Duration::from_millis(tenth * 100)),
        };
        story.tell(Event::Woke);
        if story.has(|e| matches!(e, Effect::Refresh { .. })) {
            let attempt = story.refresh_attempt();
            tries.push(tenth / 600);
            let failure = RefreshFailure::Transient(verdict(Outcome::UpstreamUnavailable));
            story.tell(Event::RefreshFailed { attempt, failure });
        }
    }
    for minute in 1..10 {
        let within = tries.iter().filter(|m| **m == minute).count();
        assert!(within <= 12, "{within} tries in minute {minute}");
    }
}

#[test]
fn a_server_that_calls_every_new_token_expired_is_not_asked_without_end() {
    let mut story = Story::serving();
    let mut refreshes = 0;
    for second in 1..60 {
        story.wait_until(second);
        for _ in 0..100 {
            if story.has(|e| matches!(e, Effect::Probe { .. })) {
                story.probe(Outcome::CredentialExpired);
            } else if story.has(|e| matches!(e, Effect::Refresh { .. })) {
                refreshes += 1;
                let number = u8::try_from(refreshes + 1).unwrap();
                let fresh = offer(number, story.now, Some(100));
                story.refresh(fresh);
            } else {
                break;
            }
        }
    }
    assert!(
        refreshes <= 12 + 60 / 5,
        "{refreshes} refreshes in a minute"
    );
}

#[test]
fn revocation_closes_the_gate_at_once_and_holds_when_the_store_has_nothing_newer() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    assert_eq!(story.lane.word(), Word::Revoked);
    assert_eq!(
        story.lane.serve(story.now).unwrap_err().outcome,
        Outcome::CredentialRevoked
    );
    story.load(Found::Unchanged);
    assert_eq!(story.lane.word(), Word::Held);
    assert!(story.has(|e| matches!(
        e,
        Effect::Alert {
            level: AlertLevel::Critical,
            ..
        }
    )));
    let told = [
        RecordKind::RevocationDetected,
        RecordKind::DegradedOpened,
        RecordKind::LaneHeld,
    ];
    assert!(story.records.ends_with(&told), "{:?}", story.records);
}

#[test]
fn a_hold_does_not_wait_for_a_store_that_does_not_answer() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    story.now.boot = story.now.boot.plus(Duration::from_millis(50));
    story.now.wall = story.now.wall.plus(Duration::from_millis(50));
    story.tell(Event::Woke);
    assert_eq!(story.lane.gate(), Gate::Held);
}

#[test]
fn a_key_that_was_replaced_in_the_store_is_a_rotation_and_not_a_revocation() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    let newer = offer(2, story.now, None);
    story.load(Found::Credential(newer));
    assert_eq!(story.lane.gate(), Gate::Refused);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
    assert_eq!(story.lane.generation(), Generation(2));
    assert!(story.records.contains(&RecordKind::LostRace));
    assert!(story.records.contains(&RecordKind::DegradedClosed));
}

#[test]
fn a_held_lane_is_released_only_with_a_reason_and_is_proved_before_it_serves() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    story.load(Found::Unchanged);
    let by = Actor::Operator("ada".into());
    let empty = Verb::Release { reason: "".into() };
    assert!(story.lane.may(&empty).is_err());
    assert!(story.lane.may(&Verb::Refresh).is_err());
    story.tell(Event::Asked {
        verb: Verb::Release {
            reason: "key replaced".into(),
        },
        by,
    });
    assert_eq!(story.lane.gate(), Gate::Refused);
    let newer = offer(2, story.now, None);
    story.load(Found::Credential(newer));
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.gate(), Gate::Open);
    assert!(story.records.contains(&RecordKind::LaneReleased));
}

#[test]
fn a_hold_outlives_the_process() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    story.load(Found::Unchanged);
    let memory = story.lane.memory();
    let mut again = Lane::new(Arc::new(spec(Renewal::Reload)), 8, at(60), memory);
    let effects = again.on(at(60), Event::Started).effects;
    assert_eq!(again.gate(), Gate::Held);
    assert!(effects.is_empty(), "{effects:?}");
}

#[test]
fn a_key_that_worked_and_is_now_rejected_is_held_just_the_same() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialInvalid);
    story.load(Found::Unchanged);
    assert_eq!(story.lane.word(), Word::Held);
}

#[test]
fn a_key_that_never_worked_is_refused_and_not_held() {
    let mut story = Story::new(spec(Renewal::Reload));
    let key = offer(1, story.now, None);
    story.load(Found::Credential(key));
    story.probe(Outcome::CredentialInvalid);
    assert_eq!(story.lane.word(), Word::Invalid);
    assert_eq!(story.lane.gate(), Gate::Refused);
    story.wait_until(40);
    assert!(
        !story.has(Effect::uses_credential),
        "a dead key is not shown again"
    );
    let newer = offer(2, story.now, None);
    story.load(Found::Credential(newer));
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_rejected_grant_is_confirmed_at_the_credential_before_the_lane_is_called_revoked() {
    let mut story = Story::serving();
    story.wait_until(67);
    story.open.retain(|e| !e.uses_credential());
    story.lane.flights.probe = None;
    let attempt = story.refresh_attempt();
    let failure = RefreshFailure::GrantDead(verdict(Outcome::CredentialInvalid));
    story.tell(Event::RefreshFailed { attempt, failure });
    story.probe(Outcome::CredentialRevoked);
    story.open.retain(|e| {
        !matches!(
            e,
            Effect::Load {
                why: LoadWhy::Poll,
                ..
            }
        )
    });
    story.load(Found::Unchanged);
    assert_eq!(story.lane.word(), Word::Held);
    assert_eq!(
        story.lane.held().unwrap().verdict.outcome,
        Outcome::CredentialRevoked
    );
}

#[test]
fn a_credential_outlives_its_rejected_grant_and_is_held_at_its_end() {
    let mut story = Story::serving();
    story.wait_until(67);
    story.open.retain(|e| !e.uses_credential());
    story.lane.flights.probe = None;
    let attempt = story.refresh_attempt();
    let failure = RefreshFailure::GrantDead(verdict(Outcome::CredentialInvalid));
    story.tell(Event::RefreshFailed { attempt, failure });
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Degraded);
    assert!(story.lane.serve(story.now).is_ok());
    story.wait_until(101);
    assert_eq!(story.lane.word(), Word::Held);
}

#[test]
fn a_lost_answer_is_raised_and_never_retried_by_itself() {
    let mut story = Story::serving();
    story.wait_until(67);
    let attempt = story.refresh_attempt();
    let failure = RefreshFailure::Uncertain(verdict(Outcome::UpstreamUnavailable));
    story.tell(Event::RefreshFailed { attempt, failure });
    assert!(story.records.contains(&RecordKind::RefreshUncertain));
    for second in 68..99 {
        story.wait_until(second);
        assert!(!story.has(|e| matches!(e, Effect::Refresh { .. })));
        assert!(story.lane.serve(story.now).is_ok());
    }
    story.wait_until(101);
    assert_eq!(story.lane.word(), Word::Held);
}

#[test]
fn a_store_outage_never_looks_like_an_auth_failure() {
    let mut story = Story::serving();
    story.wait_until(34);
    let attempt = story.take(|e| match e {
        Effect::Load { attempt, .. } => Some(*attempt),
        _ => None,
    });
    story.tell(Event::LoadFailed {
        attempt,
        verdict: verdict(Outcome::StoreUnavailable),
    });
    assert_eq!(story.lane.word(), Word::Degraded);
    assert!(story.lane.serve(story.now).is_ok());
    assert_eq!(
        story.lane.degraded().unwrap().verdict.outcome,
        Outcome::StoreUnavailable
    );
}

#[test]
fn a_limit_denies_until_its_time_is_over_and_an_answer_says_so() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    let attempt = story.take(|e| match e {
        Effect::Probe { attempt, .. } => Some(*attempt),
        _ => None,
    });
    let mut limited = verdict(Outcome::RateLimited);
    limited.evidence.retry_after_s = Some(15);
    let observed = Observed::default();
    story.tell(Event::Probed {
        attempt,
        verdict: limited,
        observed,
    });
    let denied = story.lane.serve(story.now).unwrap_err();
    assert_eq!(denied.outcome, Outcome::RateLimited);
    assert_eq!(denied.until, Some(at(27).wall));
    story.wait_until(26);
    assert!(!story.has(|e| matches!(e, Effect::Probe { .. })));
    story.wait_until(27);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn scopes_that_grow_hold_the_lane() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    let scopes = Some(ScopeSet::split("read write"));
    story.probe_showing(
        Outcome::Ok,
        Observed {
            scopes,
            ..Observed::default()
        },
    );
    assert_eq!(story.lane.word(), Word::Held);
    assert!(story.records.contains(&RecordKind::ScopeChanged));
}

#[test]
fn scopes_that_shrink_below_need_close_the_gate_until_they_are_back() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    let scopes = Some(ScopeSet::split("other"));
    story.probe_showing(
        Outcome::Ok,
        Observed {
            scopes,
            ..Observed::default()
        },
    );
    assert_eq!(
        story.lane.word(),
        Word::Held,
        "`other` is new: wider in one way is wider"
    );
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::ScopeInsufficient);
    assert_eq!(story.lane.word(), Word::Scope);
    assert!(story.lane.serve(story.now).is_err());
    story.wait_until(24);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_required_scope_that_comes_back_is_no_widening() {
    let mut story = Story::serving_key();
    for (secs, scopes, word) in [(12, "", Word::Scope), (24, "read", Word::Ok)] {
        story.wait_until(secs);
        let scopes = Some(ScopeSet::split(scopes));
        let observed = Observed {
            scopes,
            ..Observed::default()
        };
        story.probe_showing(Outcome::Ok, observed);
        assert_eq!(story.lane.word(), word);
    }
}

#[test]
fn a_refresh_that_brings_more_than_before_holds_the_lane_and_says_why() {
    for more in ["read write", "read admin"] {
        let mut story = Story::serving();
        story.wait_until(66);
        let mut wider = offer(2, story.now, Some(100));
        wider.scopes = Some(ScopeSet::split(more));
        story.refresh(wider);
        assert_eq!(story.lane.word(), Word::Held, "{more}");
        assert!(story.records.contains(&RecordKind::WarningRaised), "{more}");
    }
}

#[test]
fn a_forbidden_scope_that_is_only_remembered_is_asked_for_again() {
    let mut story = Story::new(spec(Renewal::Reload));
    let mut key = offer(1, story.now, None);
    key.scopes = None;
    let scopes = Some(ScopeSet::split("read admin"));
    key.history = Some(History {
        scopes,
        ..History::default()
    });
    story.load(Found::Credential(key));
    let scopes = Some(ScopeSet::split("read"));
    story.probe_showing(
        Outcome::Ok,
        Observed {
            scopes,
            ..Observed::default()
        },
    );
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_lane_refused_for_a_forbidden_scope_serves_once_the_scope_is_gone() {
    let mut story = Story::new(spec(Renewal::Reload));
    let mut key = offer(1, story.now, None);
    key.scopes = None;
    story.load(Found::Credential(key));
    for (secs, scopes, gate) in [(1, "read admin", Gate::Refused), (13, "read", Gate::Open)] {
        story.wait_until(secs);
        let scopes = Some(ScopeSet::split(scopes));
        story.probe_showing(
            Outcome::Ok,
            Observed {
                scopes,
                ..Observed::default()
            },
        );
        assert_eq!(story.lane.gate(), gate);
    }
}

#[test]
fn a_hold_names_the_revocation_that_caused_it_whatever_the_store_said_in_between() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.probe(Outcome::CredentialRevoked);
    let attempt = story.take(|e| match e {
        Effect::Load { attempt, .. } => Some(*attempt),
        _ => None,
    });
    let held = story.tell(Event::Loaded {
        attempt,
        found: Found::Unchanged,
    });
    let held = held
        .records
        .iter()
        .find(|record| record.kind == RecordKind::LaneHeld);
    let cause = Cause::Latest(RecordKind::RevocationDetected);
    assert_eq!(held.map(|record| record.cause), Some(cause));
}

#[test]
fn an_upstream_that_is_lost_after_the_store_was_is_recorded_too() {
    let mut story = Story::serving_key();
    for (secs, outcome, word) in [
        (12, Outcome::StoreUnavailable, Word::Degraded),
        (24, Outcome::UpstreamUnavailable, Word::Unreachable),
    ] {
        story.wait_until(secs);
        story.records.clear();
        story.probe(outcome);
        assert_eq!(story.lane.word(), word);
        assert!(story.records.contains(&RecordKind::ProbeFailed));
    }
}

#[test]
fn an_end_that_the_upstream_announced_is_not_undone_by_the_stores_older_record() {
    let mut story = Story::new(spec(Renewal::Reload));
    let mut key = offer(1, story.now, Some(3000));
    story.load(Found::Credential(key.clone()));
    story.probe(Outcome::Ok);
    let end = at(60).wall;
    story.wait_until(12);
    let source = ExpirySource::ResponseHeader;
    let expiry = Some(Expiry { at: end, source });
    story.probe_showing(
        Outcome::Ok,
        Observed {
            expiry,
            ..Observed::default()
        },
    );
    story.wait_until(40);
    story.load(Found::Credential(key.clone()));
    let known = |story: &Story| story.lane.credential().and_then(|c| c.expiry).map(|e| e.at);
    assert_eq!(known(&story), Some(end));
    // Nor by a restart, which has nothing but the record and what is remembered.
    key.history = Some(History {
        expiry,
        ..History::default()
    });
    let mut story = Story::new(spec(Renewal::Reload));
    story.load(Found::Credential(key));
    assert_eq!(known(&story), Some(end));
}

fn pause() -> Event {
    let verb = Verb::Pause {
        reason: "a test".into(),
        until: None,
    };
    let by = Actor::Lanewatch;
    Event::Asked { verb, by }
}

fn resume() -> Event {
    let verb = Verb::Resume {
        reason: "a test".into(),
    };
    let by = Actor::Lanewatch;
    Event::Asked { verb, by }
}

fn load_attempt(story: &mut Story) -> Attempt {
    story.take(|e| match e {
        Effect::Load { attempt, .. } => Some(*attempt),
        _ => None,
    })
}

#[test]
fn a_lane_that_is_resumed_while_the_store_is_being_read_is_proved() {
    let mut story = Story::serving_key();
    story.open.clear();
    story.tell(pause());
    story.wait_until(40);
    let poll = load_attempt(&mut story);
    story.tell(resume());
    let found = Found::Unchanged;
    story.tell(Event::Loaded {
        attempt: poll,
        found,
    });
    story.load(Found::Unchanged);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_lane_that_is_resumed_while_the_store_is_down_is_proved_when_it_is_back() {
    let mut story = Story::serving_key();
    story.open.clear();
    story.tell(pause());
    story.wait_until(20);
    story.tell(resume());
    let attempt = load_attempt(&mut story);
    story.tell(Event::LoadFailed {
        attempt,
        verdict: verdict(Outcome::StoreUnavailable),
    });
    assert_eq!(story.lane.word(), Word::Unreachable);
    story.wait_until(26);
    story.load(Found::Unchanged);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_rotation_that_is_asked_for_during_pre_flight_does_not_end_the_pre_flight() {
    let mut story = Story::serving_key();
    story.open.clear();
    story.tell(pause());
    story.tell(resume());
    let by = Actor::Lanewatch;
    story.tell(Event::Asked {
        verb: Verb::Rotate,
        by,
    });
    // The second reading counts; it has nothing newer.
    load_attempt(&mut story);
    story.load(Found::Unchanged);
    assert!(story.records.contains(&RecordKind::RotationFailed));
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
}

#[test]
fn a_lane_that_was_told_of_a_dead_key_does_not_detect_it_a_second_time_by_its_own_answer() {
    let mut story = Story::serving_key();
    story.wait_until(12);
    story.records.clear();
    let told = verdict(Outcome::CredentialRevoked);
    story.tell(Event::KeyCondemned { verdict: told });
    story.probe(Outcome::CredentialRevoked);
    let detected = RecordKind::RevocationDetected;
    let times = story.records.iter().filter(|kind| **kind == detected);
    assert_eq!(times.count(), 1);
}

#[test]
fn a_paused_lane_is_not_probed_but_still_refreshed() {
    let mut story = Story::serving();
    let by = Actor::Operator("ada".into());
    let verb = Verb::Pause {
        reason: "vendor incident".into(),
        until: Some(at(200).wall),
    };
    story.tell(Event::Asked { verb, by });
    story.open.clear();
    story.wait_until(67);
    assert_eq!(story.lane.word(), Word::Paused);
    assert!(!story.has(Effect::uses_credential));
    let fresh = offer(2, story.now, Some(1000));
    story.refresh(fresh);
    assert!(!story.has(Effect::uses_credential));
    story.wait_until(201);
    assert!(story.records.contains(&RecordKind::LaneResumed));
    assert_eq!(
        story.lane.gate(),
        Gate::Refused,
        "proved before it serves again"
    );
}

#[test]
fn a_clock_step_moves_a_relative_expiry_and_not_an_absolute_one() {
    let hour = 3_600_000_i64;
    for (source, moved) in [
        (ExpirySource::TokenResponse, hour),
        (ExpirySource::ResponseHeader, 0),
    ] {
        let mut story = Story::new(spec(Renewal::Reload));
        let mut key = offer(1, story.now, Some(7200));
        key.expiry.as_mut().unwrap().source = source;
        let before = key.expiry.unwrap().at;
        story.load(Found::Credential(key));
        story.probe(Outcome::Ok);
        story.now.wall = Wall(story.now.wall.0 + hour);
        story.tell(Event::ClockJumped { by_ms: hour });
        assert_eq!(
            story.lane.credential().unwrap().expiry.unwrap().at,
            Wall(before.0 + moved)
        );
    }
}

#[test]
fn rotation_without_a_newer_version_says_so_and_keeps_the_old_credential() {
    let mut story = Story::serving_key();
    story.tell(Event::Asked {
        verb: Verb::Rotate,
        by: Actor::Operator("ada".into()),
    });
    story.load(Found::Unchanged);
    let told = [RecordKind::RotationStarted, RecordKind::RotationFailed];
    assert!(story.records.ends_with(&told), "{:?}", story.records);
    assert!(story.lane.serve(story.now).is_ok());
}
