//! Stories of renewal: what went wrong once and must not again.

use super::*;

fn later(now: Now, ms: u64) -> Now {
    let span = Duration::from_millis(ms);
    Now {
        wall: now.wall.plus(span),
        boot: now.boot.plus(span),
    }
}

#[test]
fn a_failing_refresh_does_not_crowd_its_tries_towards_the_tokens_end() {
    let mut story = Story::serving();
    story.wait_until(66);
    let mut last_two_seconds = 0;
    while story.now.wall < at(100).wall {
        if story.has(|e| matches!(e, Effect::Refresh { .. })) {
            let attempt = story.refresh_attempt();
            let failure = RefreshFailure::Transient(verdict(Outcome::StoreUnavailable));
            story.tell(Event::RefreshFailed { attempt, failure });
            last_two_seconds += u32::from(story.now.wall >= at(98).wall);
        }
        story.now = later(story.now, 20);
        story.tell(Event::Woke);
        story.open.retain(|e| !e.uses_credential());
    }
    assert!(last_two_seconds <= 4, "{last_two_seconds} tries");
}

#[test]
fn a_store_that_is_back_is_used_for_the_refresh_that_waited_for_it() {
    let mut story = Story::serving();
    story.wait_until(100);
    // Long dead: the wait between two tries has grown, and the budget is used up.
    for second in 101..400 {
        if story.has(|e| matches!(e, Effect::Refresh { .. })) {
            let attempt = story.refresh_attempt();
            let failure = RefreshFailure::Transient(verdict(Outcome::StoreUnavailable));
            story.tell(Event::RefreshFailed { attempt, failure });
        }
        story.wait_until(second);
    }
    while story.has(|e| matches!(e, Effect::Refresh { .. })) {
        let attempt = story.refresh_attempt();
        let failure = RefreshFailure::Transient(verdict(Outcome::StoreUnavailable));
        story.tell(Event::RefreshFailed { attempt, failure });
    }
    while story.has(|e| matches!(e, Effect::Load { .. })) {
        story.load(Found::Unchanged);
    }
    story.now = later(story.now, 600);
    story.tell(Event::Woke);
    assert!(story.records.contains(&RecordKind::StoreRecovered));
    assert!(story.has(|e| matches!(e, Effect::Refresh { .. })));
}

#[test]
fn a_credential_that_is_met_again_after_a_restart_is_no_new_generation() {
    let story = Story::serving_key();
    assert_eq!(story.lane.generation(), Generation(1));
    let memory = story.lane.memory();
    let mut again = Story::new(spec(Renewal::Reload));
    again.open.clear();
    again.lane = Lane::new(Arc::new(spec(Renewal::Reload)), 8, again.now, memory);
    again.tell(Event::Started);
    let same = offer(1, again.now, None);
    again.load(Found::Credential(same));
    assert_eq!(again.lane.generation(), Generation(1));
    let other = offer(2, again.now, None);
    again.wait_until(40);
    again.load(Found::Credential(other));
    assert_eq!(again.lane.generation(), Generation(2));
}

#[test]
fn an_issuer_that_ends_a_token_early_does_not_hide_that_its_grant_is_over() {
    let uncertain = RefreshFailure::Uncertain(verdict(Outcome::UpstreamUnavailable));
    let dead = RefreshFailure::GrantDead(verdict(Outcome::CredentialInvalid));
    for failure in [uncertain, dead] {
        let mut story = Story::serving();
        story.wait_until(67);
        story.probe(Outcome::Ok);
        let attempt = story.refresh_attempt();
        story.tell(Event::RefreshFailed { attempt, failure });
        if story.has(Effect::uses_credential) {
            story.probe(Outcome::Ok);
        }
        story.wait_until(99);
        story.probe(Outcome::CredentialExpired);
        assert_eq!(story.lane.word(), Word::Held);
        assert!(story.records.contains(&RecordKind::TokenExpired));
    }
}
