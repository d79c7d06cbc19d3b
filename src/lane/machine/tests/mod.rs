//! The promises of a lane's life: told by hand in `stories`, and over arbitrary histories in
//! `histories`.

mod alerts;
mod histories;
mod renewals;
mod stories;
mod trials;

use super::super::*;
use super::Memory;
use crate::plain::Plain;
use crate::secret::Fingerprint;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn spec(renewal: Renewal) -> LaneSpec {
    LaneSpec {
        name: "billing".into(),
        kind: CredentialKind::OauthRefresh,
        renewal,
        trust: Trust::Managed,
        effect: SideEffect::Write,
        scopes: ScopeRules {
            require: ScopeSet::split("read"),
            forbid: ScopeSet::split("admin"),
        },
        windows: Windows::default(),
        expires_at: None,
        probe_every: Some(SECOND * 10),
        store_every: SECOND * 30,
        neighbors: Vec::new(),
        handover: Handover::default(),
    }
}

const REFRESH: Renewal = Renewal::Refresh { single_use: true };

fn at(secs: u64) -> Now {
    let ms = secs * 1000;
    Now {
        wall: Wall(1_700_000_000_000 + ms as i64),
        boot: Boot(50_000 + ms),
    }
}

fn offer(number: u8, now: Now, life: Option<u64>) -> Offer {
    Offer {
        fingerprint: Fingerprint::from_bytes([number; 8]),
        issued_at: None,
        expiry: life.map(|secs| Expiry {
            at: now.wall.plus(Duration::from_secs(secs)),
            source: ExpirySource::TokenResponse,
        }),
        scopes: Some(ScopeSet::split("read")),
        store_version: Some(StoreVersion("1".into())),
        history: None,
    }
}

fn verdict(outcome: Outcome) -> Verdict {
    Verdict::own(outcome, "test/rule", "as the test says")
}

/// A lane and the world around it, told by hand.
struct Story {
    lane: Lane,
    now: Now,
    records: Vec<RecordKind>,
    open: Vec<Effect>,
}

impl Story {
    fn new(spec: LaneSpec) -> Self {
        let now = at(0);
        let lane = Lane::new(Arc::new(spec), 7, now, Memory::default());
        let mut story = Self {
            lane,
            now,
            records: Vec::new(),
            open: Vec::new(),
        };
        story.tell(Event::Started);
        story
    }

    fn tell(&mut self, event: Event) -> Reaction {
        let reaction = self.lane.on(self.now, event);
        self.records
            .extend(reaction.records.iter().map(|record| record.kind));
        self.open.extend(reaction.effects.iter().cloned());
        reaction
    }

    fn wait_until(&mut self, secs: u64) {
        self.now = at(secs);
        self.tell(Event::Woke);
    }

    fn take<T>(&mut self, pick: impl Fn(&Effect) -> Option<T>) -> T {
        let found = self.open.iter().position(|effect| pick(effect).is_some());
        let found = found.unwrap_or_else(|| panic!("no such effect among {:?}", self.open));
        pick(&self.open.remove(found)).unwrap()
    }

    fn has(&self, pick: impl Fn(&Effect) -> bool) -> bool {
        self.open.iter().any(pick)
    }

    fn load(&mut self, found: Found) {
        let attempt = self.take(|e| match e {
            Effect::Load { attempt, .. } => Some(*attempt),
            _ => None,
        });
        self.tell(Event::Loaded { attempt, found });
    }

    fn probe(&mut self, outcome: Outcome) {
        self.probe_showing(outcome, Observed::default());
    }

    fn probe_showing(&mut self, outcome: Outcome, observed: Observed) {
        let attempt = self.take(|e| match e {
            Effect::Probe { attempt, .. } => Some(*attempt),
            _ => None,
        });
        self.tell(Event::Probed {
            attempt,
            verdict: verdict(outcome),
            observed,
        });
    }

    fn refresh(&mut self, offer: Offer) {
        let attempt = self.refresh_attempt();
        self.tell(Event::Refreshed {
            attempt,
            offer,
            lost_race: false,
        });
    }

    fn refresh_attempt(&mut self) -> Attempt {
        self.take(|e| match e {
            Effect::Refresh { attempt, .. } => Some(*attempt),
            _ => None,
        })
    }

    /// An open OAuth lane with a token of 100 s.
    fn serving() -> Self {
        let mut story = Self::new(spec(REFRESH));
        story.load(Found::GrantOnly { version: None });
        let fresh = offer(1, story.now, Some(100));
        story.refresh(fresh);
        story.probe(Outcome::Ok);
        assert_eq!(story.lane.word(), Word::Ok, "{:?}", story.lane.findings());
        story
    }

    /// An open lane with a key that never says when it ends.
    fn serving_key() -> Self {
        let mut story = Self::new(spec(Renewal::Reload));
        let key = offer(1, story.now, None);
        story.load(Found::Credential(key));
        story.probe(Outcome::Ok);
        assert_eq!(story.lane.word(), Word::Ok);
        story
    }
}
