//! Lanes, records and engines made by hand, for the screen's tests and its benchmark.

#![allow(dead_code, clippy::unwrap_used, clippy::cast_possible_truncation)]

use lanewatch::audit::AuditRecord;
use lanewatch::engine::{EngineView, LaneInfo, LaneView, StoreView, Update};
use lanewatch::lane::{
    Activity, Actor, Basis, Boot, Counters, Credential, CredentialKind, Degraded, Evidence, Expiry,
    ExpirySource, Finding, FindingLevel, Gate, Generation, Hold, NeighborProof, Next, Now, Outcome,
    Pause, RecordKind, Refusal, ScopeSet, SideEffect, Verdict, Wall, Word,
};
use lanewatch::manifest::Route;
use lanewatch::plain::Plain;
use lanewatch::secret::Fingerprint;
use std::sync::Arc;
use std::time::Duration;

/// The moment of every test: 2026-11-22T20:14:07Z.
pub(crate) fn now() -> Now {
    at(0)
}

/// So many milliseconds after [`now`].
pub(crate) fn at(ms: i64) -> Now {
    let wall = Wall::parse("2026-11-22T20:14:07Z").unwrap();
    Now {
        wall: Wall(wall.0 + ms),
        boot: Boot(1_000_000 + ms.unsigned_abs()),
    }
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn some(text: &str) -> Option<Plain> {
    (!text.is_empty()).then(|| Plain::new(text))
}

/// A lane that is well: name, provider, tool, owner.
pub(crate) fn lane(name: &str, provider: &str, tool: &str, owner: &str) -> LaneView {
    let now = now().wall;
    LaneView {
        info: Arc::new(LaneInfo {
            name: Plain::new(name),
            route: Route {
                server: Plain::new(&format!("{provider}-mcp")),
                tool: some(tool),
                tenant: None,
                account: some("acme"),
                effect: if tool.starts_with("get") {
                    SideEffect::Read
                } else {
                    SideEffect::Write
                },
            },
            provider: Plain::new(provider),
            credential: CredentialKind::OauthRefresh,
            source: Plain::new(&format!("bao:kv/{provider}#token")),
            store: Plain::new("bao"),
            endpoint: Plain::new(&format!("https://api.{provider}.example/v1")),
            owner: some(owner),
            runbook: Some(Plain::new(&format!("wiki/runbooks/{provider}-keys"))),
            rotate_url: None,
            require: vec![Plain::new("read"), Plain::new("write")],
            forbid: vec![Plain::new("admin")],
            sandbox: false,
        }),
        word: Word::Ok,
        since: now.minus(secs(3_600)),
        gate: Gate::Open,
        pause: None,
        hold: None,
        refusal: None,
        activity: Activity::Idle,
        step: None,
        candidate: None,
        old: Vec::new(),
        credential: Some(Credential {
            generation: Generation(7),
            fingerprint: Fingerprint::from_bytes([0x3f, 0x9a, 0x12, 0xc0, 0, 1, 2, 3]),
            issued_at: now.minus(secs(1_800)),
            expiry: Some(Expiry {
                at: now.plus(secs(3_959)),
                source: ExpirySource::TokenResponse,
            }),
            scopes: Some(ScopeSet::split("read write")),
            store_version: None,
            proven: true,
        }),
        verdict: Some(Arc::new(verdict(Outcome::Ok, 200, "", Basis::Stated))),
        verdict_at: Some(now.minus(secs(12))),
        last_ok: Some(now.minus(secs(12))),
        next: Next {
            probe: Some(now.plus(secs(48))),
            refresh: Some(now.plus(secs(1_325))),
            retry: None,
            store: Some(now.plus(secs(300))),
            limited_until: None,
        },
        counters: Counters::default(),
        tries: 0,
        degraded: None,
        neighbors: Vec::new(),
        findings: Arc::default(),
        latencies: vec![40, 44, 38, 51],
        shares_key_with: Vec::new(),
    }
}

pub(crate) fn verdict(outcome: Outcome, status: u16, code: &str, basis: Basis) -> Verdict {
    let mut evidence = Evidence::own("fixture/rule", basis);
    evidence.status = Some(status);
    evidence.provider_code = some(code);
    Verdict { outcome, evidence }
}

/// With another outcome, seen so many seconds ago.
pub(crate) fn seen(mut lane: LaneView, word: Word, verdict: Verdict, ago: u64) -> LaneView {
    let at = now().wall.minus(secs(ago));
    lane.word = word;
    lane.since = at;
    lane.verdict_at = Some(at);
    lane.counters.count(verdict.outcome);
    lane.verdict = Some(Arc::new(verdict));
    lane
}

/// Held for a revocation, 26 seconds ago.
pub(crate) fn held(name: &str) -> LaneView {
    let mut seen_there = verdict(
        Outcome::CredentialRevoked,
        401,
        "token_revoked",
        Basis::Stated,
    );
    seen_there.evidence.request_id = Some(Plain::new("req_8f2c11"));
    seen_there.evidence.detail = Some(Plain::new("Token has been revoked by its owner."));
    let mut lane = seen(
        lane(name, "stripe", "create_refund", "payments"),
        Word::Held,
        seen_there.clone(),
        26,
    );
    lane.gate = Gate::Held;
    lane.hold = Some(Hold {
        since: now().wall.minus(secs(26)),
        verdict: Arc::new(seen_there),
    });
    lane.next = Next::default();
    lane.last_ok = Some(now().wall.minus(secs(31)));
    lane.neighbors = vec![NeighborProof {
        name: Plain::new("POST /v1/payouts"),
        at: Some(now().wall.minus(secs(180))),
        denied: Some(true),
        outcome: Some(Outcome::ScopeInsufficient),
    }];
    lane.shares_key_with = vec![Plain::new("billing-read")];
    lane.latencies = vec![41, 39, 88, 120, 95];
    lane
}

/// Twelve lanes, one of most kinds.
pub(crate) fn wall() -> Vec<LaneView> {
    let now = now().wall;
    let mut expiring = lane("github-issues", "github", "create_issue", "platform");
    expiring.word = Word::Expiring;
    if let Some(credential) = &mut expiring.credential {
        credential.expiry = Some(Expiry {
            at: now.plus(secs(1_400)),
            source: ExpirySource::ResponseHeader,
        });
        credential.issued_at = now.minus(secs(6_000));
    }
    expiring.next.refresh = Some(now.plus(secs(250)));
    let mut soon = lane("slack-announce", "slack", "post_message", "comms");
    soon.word = Word::Expiring;
    if let Some(credential) = &mut soon.credential {
        credential.expiry = Some(Expiry {
            at: now.plus(secs(83)),
            source: ExpirySource::TokenResponse,
        });
    }
    soon.next.refresh = None;
    soon.next.retry = Some(now.plus(secs(4)));
    soon.tries = 6;
    let mut scope = seen(
        lane("drive-export", "google", "get_file", "data"),
        Word::Scope,
        verdict(
            Outcome::ScopeInsufficient,
            403,
            "insufficientPermissions",
            Basis::Stated,
        ),
        95,
    );
    if let Some(last) = &mut scope.verdict {
        Arc::make_mut(last).evidence.required_scopes = vec![Plain::new("drive.readonly")];
    }
    let mut limited = seen(
        lane("crm-write", "hubspot", "update_contact", "growth"),
        Word::Limited,
        verdict(Outcome::RateLimited, 429, "RATE_LIMITS", Basis::Stated),
        40,
    );
    limited.next.limited_until = Some(now.plus(secs(20)));
    limited.counters.count(Outcome::RateLimited);
    limited.counters.count(Outcome::RateLimited);
    let mut outage = seen(
        lane("ledger-post", "netsuite", "post_entry", "finance"),
        Word::Degraded,
        Verdict::own(
            Outcome::StoreUnavailable,
            "store/no_answer",
            "connection refused",
        ),
        43,
    );
    outage.tries = 6;
    outage.next.retry = Some(now.plus(secs(4)));
    outage.degraded = Some(Degraded {
        since: now.minus(secs(43)),
        verdict: outage.verdict.clone().unwrap(),
    });
    let mut paused = lane("mail-send", "sendgrid", "send_mail", "comms");
    paused.word = Word::Paused;
    paused.gate = Gate::Paused;
    paused.pause = Some(Arc::new(Pause {
        since: now.minus(secs(600)),
        until: Some(now.plus(secs(1_200))),
        by: Actor::Operator(Plain::new("maria")),
        reason: Plain::new("campaign stopped by legal"),
    }));
    let mut refused = lane("warehouse-sql", "snowflake", "run_query", "");
    refused.word = Word::Refused;
    refused.gate = Gate::Refused;
    refused.refusal = Some(Refusal::UnmanagedSource);
    refused.findings = Arc::new(vec![
        Finding {
            check: Plain::new("managed_source"),
            level: FindingLevel::Refuse,
            text: Plain::new("the secret comes from the environment, which nobody rotates"),
        },
        Finding {
            check: Plain::new("clock_skew"),
            level: FindingLevel::Pass,
            text: Plain::new("0.2 s"),
        },
    ]);
    let mut demo = lane("demo-notes", "sandbox", "get_note", "you");
    Arc::make_mut(&mut demo.info).sandbox = true;
    let mut forever = lane("maps-geocode", "maps", "get_place", "logistics");
    if let Some(credential) = &mut forever.credential {
        credential.expiry = None;
    }
    forever.next.refresh = None;
    vec![
        lane("crm-read", "hubspot", "get_contact", "growth"),
        held("billing-refunds"),
        expiring,
        soon,
        scope,
        limited,
        outage,
        paused,
        refused,
        demo,
        forever,
        lane("wiki-search", "notion", "get_page", "platform"),
    ]
}

pub(crate) fn record(seq: u64, kind: RecordKind, lane: &str, ago_ms: i64) -> AuditRecord {
    AuditRecord {
        seq,
        ts: Wall(now().wall.0 - ago_ms),
        kind,
        lane: some(lane),
        generation: Some(Generation(7)),
        fingerprint: None,
        outcome: None,
        evidence: None,
        actor: Actor::Lanewatch,
        cause: None,
        note: None,
    }
}

/// What the audit has to say about [`wall`].
pub(crate) fn records() -> Vec<AuditRecord> {
    let evidence =
        |outcome, status, code: &str| Some(verdict(outcome, status, code, Basis::Stated).evidence);
    let mut seen = record(
        1_042,
        RecordKind::RevocationDetected,
        "billing-refunds",
        25_797,
    );
    seen.outcome = Some(Outcome::CredentialRevoked);
    seen.evidence = evidence(Outcome::CredentialRevoked, 401, "token_revoked");
    let mut limited = record(1_040, RecordKind::RateLimited, "crm-write", 40_000);
    limited.outcome = Some(Outcome::RateLimited);
    limited.evidence = evidence(Outcome::RateLimited, 429, "RATE_LIMITS");
    let mut paused = record(1_038, RecordKind::LanePaused, "mail-send", 600_000);
    paused.actor = Actor::Operator(Plain::new("maria"));
    paused.note = Some(Plain::new("campaign stopped by legal"));
    let mut told = record(
        1_044,
        RecordKind::OperatorNotified,
        "billing-refunds",
        25_500,
    );
    told.note = Some(Plain::new("pager: delivered"));
    vec![
        record(
            1_037,
            RecordKind::PreflightPassed,
            "billing-refunds",
            700_000,
        ),
        paused,
        record(1_039, RecordKind::RefreshSucceeded, "crm-read", 90_000),
        limited,
        record(1_041, RecordKind::DegradedOpened, "ledger-post", 43_000),
        seen,
        record(1_043, RecordKind::LaneHeld, "billing-refunds", 25_790),
        told,
    ]
}

pub(crate) fn engine() -> EngineView {
    let store = |name: &str, up| StoreView {
        name: Plain::new(name),
        kind: Plain::new("openbao"),
        up,
        since: now().wall.minus(secs(43)),
        trouble: None,
        login: None,
    };
    EngineView {
        title: Plain::new("lanes.toml"),
        lanes: 12,
        stores: vec![store("bao", Some(true)), store("files", Some(false))],
        manifest_trouble: None,
        audit_trouble: None,
        audit_seq: 1_044,
        started: now().wall.minus(secs(86_400)),
    }
}

/// The news that shows these lanes, with the records and the engine that go with them.
pub(crate) fn news(lanes: Vec<LaneView>) -> Update {
    Update {
        lanes: lanes.into_iter().map(Arc::new).collect(),
        records: records().into_iter().map(Arc::new).collect(),
        engine: Some(Arc::new(engine())),
        ..Update::default()
    }
}

/// Lane number `n` of a large wall; one in fifty is not well.
pub(crate) fn numbered(n: u64) -> LaneView {
    let providers = ["github", "stripe", "slack", "hubspot", "google"];
    let owners = ["platform", "payments", "comms", "growth"];
    let pick = |list: &[&'static str]| list[(n % list.len() as u64) as usize];
    let name = format!("lane-{n:05}");
    let mut lane = match n % 50 {
        7 => seen(
            lane(&name, pick(&providers), "create_item", pick(&owners)),
            Word::Limited,
            verdict(Outcome::RateLimited, 429, "slow_down", Basis::Stated),
            30,
        ),
        _ => lane(&name, pick(&providers), "get_item", pick(&owners)),
    };
    if let Some(credential) = &mut lane.credential {
        credential.expiry = Some(Expiry {
            at: now().wall.plus(secs(150 + n * 7 % 9_000)),
            source: ExpirySource::TokenResponse,
        });
    }
    lane
}
