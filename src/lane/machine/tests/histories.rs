//! Arbitrary histories: whatever happens, in whatever order, the promises hold.

use super::*;

/// Every way to a newer credential.
const RENEWALS: [Renewal; 8] = [
    REFRESH,
    Renewal::ClientCredentials,
    Renewal::LeaseRenew,
    Renewal::LeaseIssue,
    Renewal::RotationApi,
    Renewal::CreateDelete,
    Renewal::Reload,
    Renewal::Owner,
];

/// Something that may happen next in an arbitrary history.
#[derive(Clone, Debug)]
enum Step {
    Sleep(u64),
    Report {
        pick: usize,
        outcome: usize,
        number: u8,
        life: u16,
        scopes: u8,
    },
    Stale {
        attempt: u64,
        outcome: usize,
    },
    Ask(u8),
    Jump(i32),
    Audit(bool),
    Call(usize),
    Respec(bool),
    Doubt,
    Progress(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u64..40_000).prop_map(Step::Sleep),
        8 => (any::<usize>(), 0_usize..12, 0_u8..6, 0_u16..400, 0_u8..4).prop_map(
            |(pick, outcome, number, life, scopes)| Step::Report {
                pick, outcome, number, life, scopes
            }
        ),
        1 => (0_u64..40, 0_usize..9).prop_map(|(attempt, outcome)| Step::Stale { attempt, outcome }),
        2 => (0_u8..6).prop_map(Step::Ask),
        1 => any::<i32>().prop_map(Step::Jump),
        1 => any::<bool>().prop_map(Step::Audit),
        1 => (0_usize..9).prop_map(Step::Call),
        1 => any::<bool>().prop_map(Step::Respec),
        1 => Just(Step::Doubt),
        1 => (0_u8..4).prop_map(Step::Progress),
    ];
    proptest::collection::vec(step, 1..120)
}

/// The event that reports on `effect`, as the dice of the history have it.
fn report(
    effect: &Effect,
    now: Now,
    outcome: usize,
    number: u8,
    life: u16,
    scopes: u8,
) -> Option<Event> {
    let named = Outcome::ALL.get(outcome).copied();
    let judged = verdict(named.unwrap_or(Outcome::Ok));
    let scopes = match scopes {
        0 => None,
        1 => Some(ScopeSet::split("read")),
        2 => Some(ScopeSet::split("read admin")),
        _ => Some(ScopeSet::split("write")),
    };
    let life = (life > 0).then_some(u64::from(life));
    let new = Offer {
        scopes: scopes.clone(),
        ..offer(number, now, life)
    };
    let observed = Observed {
        scopes,
        ..Observed::default()
    };
    Some(match effect.clone() {
        Effect::Load { attempt, .. } => match outcome {
            0 => Event::Loaded {
                attempt,
                found: Found::Unchanged,
            },
            1 => Event::Loaded {
                attempt,
                found: Found::GrantOnly { version: None },
            },
            2 => Event::LoadFailed {
                attempt,
                verdict: verdict(Outcome::StoreUnavailable),
            },
            _ => Event::Loaded {
                attempt,
                found: Found::Credential(new),
            },
        },
        Effect::Probe { attempt, .. } => Event::Probed {
            attempt,
            verdict: judged,
            observed,
        },
        Effect::ProbeNeighbor { attempt, index, .. } => Event::NeighborProbed {
            attempt,
            index,
            verdict: judged,
        },
        Effect::CheckRefreshPath { attempt } => Event::RefreshPathChecked {
            attempt,
            verdict: judged,
        },
        Effect::Refresh { attempt, .. } => match outcome {
            0 => Event::RefreshFailed {
                attempt,
                failure: RefreshFailure::Uncertain(judged),
            },
            1 => Event::RefreshFailed {
                attempt,
                failure: RefreshFailure::GrantDead(judged),
            },
            2 => Event::RefreshFailed {
                attempt,
                failure: RefreshFailure::NotPersisted(judged),
            },
            3 => Event::RefreshFailed {
                attempt,
                failure: RefreshFailure::Superseded(judged),
            },
            4 => Event::RefreshFailed {
                attempt,
                failure: RefreshFailure::Transient(judged),
            },
            _ => Event::Refreshed {
                attempt,
                offer: new,
                lost_race: outcome == 5,
            },
        },
        Effect::Retire {
            attempt,
            generation,
            how: Retirement::Revoke,
            ..
        } => Event::Retired {
            attempt,
            generation,
            verdict: judged,
        },
        Effect::Retire { .. } | Effect::Alert { .. } | Effect::Wake(_) => return None,
    })
}

/// Whether it takes another credential to open the gate, and not just a proof of the one at hand.
fn needs_another(lane: &Lane) -> bool {
    let refused = match lane.refusal() {
        None | Some(Refusal::NotProvenYet | Refusal::ClockSkew) => false,
        Some(Refusal::Answer(verdict)) => verdict.outcome.is_terminal(),
        Some(_) => true,
    };
    refused || lane.credential_is_dead() || lane.grant != super::super::Grant::Good
}

/// What a world in which all is well answers.
fn well(lane: &Lane, effect: &Effect, now: Now, number: u8) -> Option<Event> {
    let fresh = |number| offer(number, now, Some(36_000));
    Some(match effect.clone() {
        Effect::Load { attempt, .. } => {
            let found = match lane.spec().renewal {
                _ if !needs_another(lane) => Found::Unchanged,
                own if own.is_own() => Found::GrantOnly {
                    version: Some(StoreVersion("mended".into())),
                },
                _ => Found::Credential(Offer {
                    expiry: None,
                    ..fresh(200)
                }),
            };
            Event::Loaded { attempt, found }
        }
        Effect::Probe { attempt, .. } => Event::Probed {
            attempt,
            verdict: verdict(Outcome::Ok),
            observed: Observed::default(),
        },
        Effect::ProbeNeighbor { attempt, index, .. } => Event::NeighborProbed {
            attempt,
            index,
            verdict: verdict(Outcome::ScopeInsufficient),
        },
        Effect::CheckRefreshPath { attempt } => Event::RefreshPathChecked {
            attempt,
            verdict: verdict(Outcome::Ok),
        },
        Effect::Refresh { attempt, .. } => Event::Refreshed {
            attempt,
            offer: fresh(number),
            lost_race: false,
        },
        Effect::Retire { .. } | Effect::Alert { .. } | Effect::Wake(_) => return None,
    })
}

/// Lives on for two hours in a world where all is well; answers whether the gate opened.
fn mends(lane: &mut Lane, now: &mut Now, open: &mut Vec<Effect>) -> bool {
    let end = now.boot.plus(Duration::from_secs(7_200));
    let mut number = 100_u8;
    while now.boot < end {
        let effects = std::mem::take(open);
        let wake = effects.iter().rev().find_map(|effect| match effect {
            Effect::Wake(at) => Some(*at),
            _ => None,
        });
        number = number.wrapping_add(1).max(100);
        let mut answered = false;
        for effect in &effects {
            if let Some(event) = well(lane, effect, *now, number) {
                answered = true;
                open.extend(lane.on(*now, event).effects);
            }
        }
        if !answered {
            if lane.gate() == Gate::Open {
                return true;
            }
            let Some(wake) = wake else { return false };
            let span = wake.since(now.boot);
            *now = Now {
                wall: now.wall.plus(span),
                boot: now.boot.plus(span),
            };
            open.extend(lane.on(*now, Event::Woke).effects);
        }
    }
    lane.gate() == Gate::Open
}

/// What is looked at before and after every event.
#[derive(Clone)]
struct Seen {
    shown: (Word, Gate, Generation),
    candidate: Option<Fingerprint>,
    serves: Option<Generation>,
}

fn look(lane: &Lane, now: Now) -> Seen {
    Seen {
        shown: (lane.word(), lane.gate(), lane.generation()),
        candidate: lane.candidate().map(|candidate| candidate.fingerprint),
        serves: lane.serve(now).ok(),
    }
}

/// A candidate is never in the way of what lives, and never serves before it has passed.
fn check_trial(lane: &Lane, before: &Seen, reaction: &Reaction, told: &str) {
    let at_hand = lane.credential().map(|credential| credential.generation);
    if let Some(candidate) = lane.candidate() {
        assert!(at_hand.is_some(), "a trial with nothing to lose: {told}");
        assert!(lane.keeps(candidate.fingerprint));
        assert_ne!(at_hand, Some(candidate.generation), "{told}");
    }
    for record in &reaction.records {
        if record.kind == RecordKind::RotationFailed && record.generation != at_hand {
            // What served before serves on, as far as its failed successor is concerned.
            let ended = reaction.records.iter().any(|other| {
                use RecordKind::{DegradedOpened, LaneHeld, LanePaused, TokenExpired};
                matches!(
                    other.kind,
                    DegradedOpened | LaneHeld | LanePaused | TokenExpired
                )
            });
            let now_serves = lane.gate() == Gate::Open;
            assert!(
                before.serves.is_none() || ended || now_serves,
                "a failed candidate closed the gate: {told}"
            );
        }
    }
    let promoted = reaction
        .records
        .iter()
        .any(|record| record.kind == RecordKind::CredentialPromoted);
    if before.candidate.is_some() && lane.credential().map(|c| c.fingerprint) == before.candidate {
        assert!(promoted, "a candidate took the place untold: {told}");
    }
    for effect in &reaction.effects {
        if let Effect::Retire { fingerprint, .. } = effect {
            let kept = lane.credential().map(|c| c.fingerprint) == Some(*fingerprint);
            assert!(!kept, "what is at hand was retired: {told}");
        }
    }
}

fn check_promises(lane: &Lane, now: Now, seen: &Seen, reaction: &Reaction, told: &str) {
    check_trial(lane, seen, reaction, told);
    let before = seen.shown;
    let after = (lane.word(), lane.gate(), lane.generation());
    assert!(after.2 >= before.2, "generation fell: {told}");
    assert!(after.2.0 <= before.2.0 + 1, "generation jumped: {told}");
    if let (Some(served), Ok(serves)) = (seen.serves, lane.serve(now)) {
        assert!(serves >= served, "an older generation serves again: {told}");
    }
    if after != before && !told.starts_with("AuditWritable") {
        assert!(
            !reaction.records.is_empty(),
            "{before:?} became {after:?} unrecorded by {told}"
        );
    }
    let dead = lane
        .credential()
        .and_then(|credential| credential.expiry)
        .is_some_and(|expiry| expiry.at <= now.wall);
    for effect in reaction
        .effects
        .iter()
        .filter(|effect| effect.uses_credential())
    {
        let (Effect::Probe { generation, .. } | Effect::ProbeNeighbor { generation, .. }) = effect
        else {
            continue;
        };
        let shown = lane.credential_of(*generation);
        let over = shown
            .and_then(|credential| credential.expiry)
            .is_some_and(|expiry| expiry.at <= now.wall);
        assert!(
            shown.is_some() && !over,
            "{effect:?} with nothing that lives, by {told}"
        );
        assert!(
            lane.held().is_none(),
            "{effect:?} of a held lane, by {told}"
        );
    }
    if let Ok(generation) = lane.serve(now) {
        assert_eq!(lane.gate(), Gate::Open, "served by a closed gate: {told}");
        assert!(!dead, "served after its end: {told}");
        assert_eq!(
            Some(generation),
            lane.credential().map(|credential| credential.generation)
        );
    }
    let wakes: Vec<_> = reaction
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Wake(_)))
        .collect();
    assert!(wakes.len() <= 1, "woken twice: {told}");
    if let Some(Effect::Wake(wake)) = wakes.first() {
        assert!(*wake > now.boot, "woken in the past by {told}");
    }
}

proptest! {
    #[test]
    fn every_history_keeps_the_promises(seed: u64, renewal in 0..RENEWALS.len(), steps in steps()) {
        let mut base = spec(RENEWALS[renewal]);
        base.neighbors = vec!["payouts".into()];
        base.handover.revoke = seed % 2 == 0;
        base.handover.settle = Duration::from_secs(seed % 3);
        let mut now = at(0);
        let mut lane = Lane::new(Arc::new(base.clone()), seed, now, Memory::default());
        let mut open: Vec<Effect> = Vec::new();
        let mut next = Some(Event::Started);
        let mut steps = steps.into_iter();
        loop {
            if let Some(event) = next.take() {
                let before = look(&lane, now);
                let told = format!("{event:?}");
                let reaction = lane.on(now, event);
                check_promises(&lane, now, &before, &reaction, &told);
                open.extend(reaction.effects);
            }
            let Some(step) = steps.next() else { break };
            next = match step {
                Step::Sleep(ms) => {
                    let span = Duration::from_millis(ms);
                    now = Now { wall: now.wall.plus(span), boot: now.boot.plus(span) };
                    Some(Event::Woke)
                }
                Step::Report { pick, outcome, number, life, scopes } => {
                    open.retain(|e| !matches!(e, Effect::Wake(_) | Effect::Alert { .. } | Effect::Retire { how: Retirement::Forget, .. }));
                    if open.is_empty() { continue }
                    let effect = open.remove(pick % open.len());
                    report(&effect, now, outcome, number, life, scopes)
                }
                Step::Stale { attempt, outcome } => Some(Event::Probed {
                    attempt: Attempt(attempt),
                    verdict: verdict(Outcome::ALL[outcome]),
                    observed: Observed::default(),
                }),
                Step::Ask(verb) => {
                    let reason = Plain::new("because");
                    let verb = match verb {
                        0 => Verb::Refresh,
                        1 => Verb::Rotate,
                        2 => Verb::Pause { reason, until: None },
                        3 => Verb::Resume { reason },
                        4 => Verb::Release { reason },
                        _ => Verb::Acknowledge { reason },
                    };
                    Some(Event::Asked { verb, by: Actor::Operator("ada".into()) })
                }
                Step::Jump(by_ms) => {
                    now.wall = Wall(now.wall.0 + i64::from(by_ms));
                    Some(Event::ClockJumped { by_ms: i64::from(by_ms) })
                }
                Step::Audit(writable) => Some(Event::AuditWritable(writable)),
                Step::Call(outcome) => Some(Event::Called { verdict: verdict(Outcome::ALL[outcome]) }),
                Step::Doubt => Some(Event::GrantInDoubt { verdict: verdict(Outcome::UpstreamUnavailable) }),
                Step::Progress(step) => {
                    let refresh = open.iter().find_map(|effect| match effect {
                        Effect::Refresh { attempt, .. } => Some(*attempt),
                        _ => None,
                    });
                    let step = match step {
                        0 => super::super::super::Step::Locked,
                        1 => super::super::super::Step::Requested,
                        2 => super::super::super::Step::Storing,
                        _ => super::super::super::Step::Waiting { holder: "process 7".into() },
                    };
                    refresh.map(|attempt| Event::Progressed { attempt, step })
                }
                Step::Respec(forbid) => {
                    let mut changed = base.clone();
                    if forbid { changed.scopes.forbid = ScopeSet::split("write"); }
                    Some(Event::Respecified(Arc::new(changed)))
                }
            };
        }
        // Whatever happened: once all is well, and a person has lifted what only a person may lift,
        // the lane serves.
        let ask = |verb| Event::Asked { verb, by: Actor::Operator("ada".into()) };
        let reason = Plain::new("all is well");
        open.extend(lane.on(now, Event::AuditWritable(true)).effects);
        let mut opened = false;
        for _ in 0..4 {
            if lane.held().is_some() {
                let verb = Verb::Release { reason: reason.clone() };
                open.extend(lane.on(now, ask(verb)).effects);
            }
            if lane.pause().is_some() {
                let verb = Verb::Resume { reason: reason.clone() };
                open.extend(lane.on(now, ask(verb)).effects);
            }
            opened = mends(&mut lane, &mut now, &mut open);
            if opened {
                break;
            }
        }
        prop_assert!(opened, "stuck: {lane:#?}");
    }

    #[test]
    fn one_seed_and_one_history_is_one_life(seed: u64, sleeps in proptest::collection::vec(0_u64..60_000, 1..40)) {
        let run = || {
            let mut story = Story::new(spec(REFRESH));
            story.lane = Lane::new(Arc::new(spec(REFRESH)), seed, at(0), Memory::default());
            let mut told = Vec::new();
            for ms in &sleeps {
                let span = Duration::from_millis(*ms);
                story.now = Now { wall: story.now.wall.plus(span), boot: story.now.boot.plus(span) };
                told.push(story.tell(Event::Woke));
                told.push(story.tell(Event::Started));
            }
            told
        };
        prop_assert_eq!(run(), run());
    }
}
