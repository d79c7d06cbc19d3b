//! Stories of what people are told: what needs a look, once, and nothing that is over by itself.

use super::*;

/// The alerts since this was last asked, loudness and text.
fn told(story: &mut Story) -> Vec<(AlertLevel, String)> {
    let (alerts, rest) = std::mem::take(&mut story.open)
        .into_iter()
        .partition(|effect| matches!(effect, Effect::Alert { .. }));
    story.open = rest;
    let all: Vec<Effect> = alerts;
    all.into_iter()
        .filter_map(|effect| match effect {
            Effect::Alert { level, text } => Some((level, text.to_string())),
            _ => None,
        })
        .collect()
}

fn levels(story: &mut Story) -> Vec<AlertLevel> {
    told(story).into_iter().map(|(level, _)| level).collect()
}

/// Goes on for so many seconds, one at a time, and answers whatever is asked: the store as `store`
/// says, the token endpoint and the upstream that they are out of reach.
fn out_of_reach(story: &mut Story, secs: std::ops::RangeInclusive<u64>) {
    let down = || verdict(Outcome::StoreUnavailable);
    for second in secs {
        story.wait_until(second);
        for effect in std::mem::take(&mut story.open) {
            let event = match effect {
                Effect::Load { attempt, .. } => Event::LoadFailed {
                    attempt,
                    verdict: down(),
                },
                Effect::Refresh { attempt, .. } => Event::RefreshFailed {
                    attempt,
                    failure: RefreshFailure::Transient(down()),
                },
                Effect::Probe { attempt, .. } => Event::Probed {
                    attempt,
                    verdict: verdict(Outcome::UpstreamUnavailable),
                    observed: Observed::default(),
                },
                alert @ Effect::Alert { .. } => {
                    story.open.push(alert);
                    continue;
                }
                _ => continue,
            };
            story.tell(event);
        }
    }
}

#[test]
fn a_lane_that_pre_flight_refuses_is_told_once_until_it_has_passed() {
    let mut story = Story::new(spec(Renewal::Reload));
    let key = offer(1, story.now, None);
    story.load(Found::Credential(key));
    story.probe(Outcome::CredentialInvalid);
    let alerts = told(&mut story);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let (level, text) = &alerts[0];
    assert_eq!(*level, AlertLevel::Warning);
    assert!(text.contains("billing: pre-flight refuses it"), "{text}");
    // Another key, no better: the same story goes on.
    story.wait_until(40);
    let second = offer(2, story.now, None);
    story.load(Found::Credential(second));
    story.probe(Outcome::CredentialInvalid);
    assert_eq!(levels(&mut story), []);
    story.wait_until(80);
    let third = offer(3, story.now, None);
    story.load(Found::Credential(third));
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.gate(), Gate::Open);
    assert_eq!(levels(&mut story), []);
    // It was passed: a refusal after that is another one.
    story.tell(Event::Respecified(Arc::new(LaneSpec {
        trust: Trust::UnmanagedRefused,
        ..spec(Renewal::Reload)
    })));
    assert_eq!(levels(&mut story), [AlertLevel::Warning]);
}

#[test]
fn a_neighbor_that_is_allowed_at_pre_flight_is_told_once_and_loudly() {
    let mut neighborly = spec(Renewal::Reload);
    neighborly.neighbors = vec!["payouts".into()];
    let mut story = Story::new(neighborly);
    let key = offer(1, story.now, None);
    story.load(Found::Credential(key));
    story.probe(Outcome::Ok);
    let (attempt, index) = story.take(|e| match e {
        Effect::ProbeNeighbor { attempt, index, .. } => Some((*attempt, *index)),
        _ => None,
    });
    story.tell(Event::NeighborProbed {
        attempt,
        index,
        verdict: verdict(Outcome::Ok),
    });
    assert_eq!(levels(&mut story), [AlertLevel::Critical]);
}

#[test]
fn an_outage_at_the_start_is_told_only_if_it_lasts() {
    let mut story = Story::new(spec(Renewal::Reload));
    out_of_reach(&mut story, 0..=290);
    assert_eq!(levels(&mut story), []);
    out_of_reach(&mut story, 291..=2_000);
    let alerts = told(&mut story);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let (level, text) = &alerts[0];
    assert_eq!(*level, AlertLevel::Warning);
    assert!(text.contains("store_unavailable for 5m"), "{text}");
    assert!(text.contains("nothing serves meanwhile"), "{text}");
}

#[test]
fn an_outage_that_lasts_is_told_once_and_another_one_again() {
    let mut story = Story::serving_key();
    story.open.clear();
    out_of_reach(&mut story, 1..=1_000);
    let alerts = told(&mut story);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(
        alerts[0].1.contains("generation 1 goes on serving"),
        "{alerts:?}"
    );
    // Everything answers again.
    story.wait_until(1_100);
    story.load(Found::Unchanged);
    story.probe(Outcome::Ok);
    assert_eq!(story.lane.word(), Word::Ok);
    story.open.clear();
    // A short one is not told, a long one is.
    out_of_reach(&mut story, 1_150..=1_300);
    assert_eq!(levels(&mut story), []);
    out_of_reach(&mut story, 1_301..=2_000);
    assert_eq!(levels(&mut story), [AlertLevel::Warning]);
}

#[test]
fn an_outage_in_which_a_life_ends_is_told_at_that_end_and_not_again() {
    let mut story = Story::serving();
    story.open.clear();
    out_of_reach(&mut story, 1..=99);
    // That it has not been renewed is told before.
    assert_eq!(levels(&mut story), [AlertLevel::Warning]);
    out_of_reach(&mut story, 100..=101);
    let alerts = told(&mut story);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let (level, text) = &alerts[0];
    assert_eq!(*level, AlertLevel::Critical);
    assert!(text.contains("nothing serves meanwhile"), "{text}");
    out_of_reach(&mut story, 102..=1_500);
    assert_eq!(levels(&mut story), []);
}
