//! The first lines of a lane: what was seen, what stands in the way, and who has to act.

use super::page::Page;
use crate::engine::LaneView;
use crate::lane::{Basis, Gate, Outcome, RecordKind, Refusal, Verdict, Wall, Word};
use crate::tui::model::{Journal, Model};
use crate::tui::span;
use crate::tui::symbols::shout;
use crate::tui::theme::Role;

/// The first line: the outcome in capitals, when, how it is known, and the ids to search for.
pub(super) fn sentence(lane: &LaneView, journal: &Journal, now: Wall, page: &mut Page<'_>) {
    page.line();
    let text = page.role(Role::Text);
    let held = lane.hold.as_ref().map(|hold| (&hold.verdict, hold.since));
    let last = lane
        .verdict
        .as_ref()
        .map(|last| (last, lane.verdict_at.unwrap_or(lane.since)));
    let Some((verdict, at)) = held.or(last) else {
        page.say("NOT YET ASKED", page.look.theme.word(lane.word));
        page.fact("no upstream has answered for this lane so far", text);
        return;
    };
    let good = verdict.outcome == Outcome::Ok;
    let role = if good { Role::Good } else { Role::Bad };
    page.say(shout(verdict.outcome), page.role(role));
    let mut opening = format!(" {}", span::ago(now, at));
    if !good && let Some(by) = seen_by(lane, verdict, journal) {
        opening.push_str(&format!(", seen by {by}"));
    }
    let code = code(verdict);
    if !code.is_empty() {
        opening.push_str(&format!(": {code}"));
    }
    if !good {
        opening.push_str(&match verdict.evidence.basis {
            Basis::Stated => format!(" (stated by {})", lane.info.provider),
            Basis::Inferred => " (inferred)".to_owned(),
        });
    }
    page.say(&opening, text);
    let evidence = &verdict.evidence;
    if let Some(id) = &evidence.request_id {
        page.fact(&format!("request {id}"), text);
    }
    if let Some(credential) = &lane.credential {
        page.fact(&format!("generation {}", credential.generation), text);
        let more = page.look.symbols.more;
        page.fact(
            &format!("key {}{more}", credential.fingerprint.short()),
            text,
        );
    }
    if !good && let Some(detail) = &evidence.detail {
        let [open, close] = page.look.symbols.quotes;
        page.fact(&format!("{open}{detail}{close}"), text);
    }
    if !evidence.required_scopes.is_empty() {
        let scopes: Vec<_> = evidence.required_scopes.iter().map(AsRef::as_ref).collect();
        page.fact(
            &format!("needs scope {}", scopes.join(" ")),
            page.role(Role::Warn),
        );
    }
    if !good && let Some(ok) = lane.last_ok {
        page.fact(&format!("last ok {}", span::ago(now, ok)), text);
    }
}

/// Which work came by the verdict, as far as the records tell.
fn seen_by(lane: &LaneView, verdict: &Verdict, journal: &Journal) -> Option<&'static str> {
    if verdict.outcome == Outcome::StoreUnavailable {
        return Some("store read");
    }
    journal
        .story(&lane.info.name)
        .filter(|record| record.outcome == Some(verdict.outcome))
        .find_map(|record| match record.kind {
            RecordKind::ProbeFailed | RecordKind::RevocationDetected | RecordKind::TokenExpired => {
                Some("probe")
            }
            RecordKind::RefreshFailed | RecordKind::RefreshUncertain => Some("refresh"),
            RecordKind::CredentialLoadFailed => Some("store read"),
            RecordKind::PreflightRefused => Some("pre-flight"),
            RecordKind::ToolCall => Some("a call"),
            _ => None,
        })
}

/// Status and provider code, as the answer had them.
pub(super) fn code(verdict: &Verdict) -> String {
    let evidence = &verdict.evidence;
    match (evidence.status, &evidence.provider_code) {
        (Some(status), Some(code)) => format!("{status} {code}"),
        (Some(status), None) => status.to_string(),
        (None, Some(code)) => code.to_string(),
        (None, None) => String::new(),
    }
}

/// What keeps the lane from serving, and who has to act.
pub(super) fn gate(lane: &LaneView, model: &Model, now: Wall, page: &mut Page<'_>) {
    let (bad, text) = (page.role(Role::Bad), page.role(Role::Text));
    match lane.gate {
        Gate::Open => {}
        Gate::Held => {
            page.line();
            page.say("HELD", bad);
            let since = lane.hold.as_ref().map_or(lane.since, |hold| hold.since);
            page.say(
                &format!(": no calls served since {}.", span::moment(now, since)),
                text,
            );
            page.say(" Needs a person:", bad);
            let key = if model.read_only {
                "release it (this screen is read-only)"
            } else {
                "l release"
            };
            page.say(&format!(" {key}"), text);
            responsible(lane, page);
        }
        Gate::Paused => {
            page.line();
            page.say("PAUSED", page.look.theme.word(Word::Paused));
            if let Some(pause) = &lane.pause {
                let since = span::moment(now, pause.since);
                page.say(
                    &format!(" by {} since {since}: {}", pause.by, pause.reason),
                    text,
                );
                match pause.until {
                    Some(until) => page.fact(&format!("until {}", span::moment(now, until)), text),
                    None => page.fact("P resume", text),
                }
            }
        }
        Gate::Refused => {
            page.line();
            page.say("REFUSED", bad);
            let why = match &lane.refusal {
                // The line above has told that answer.
                Some(Refusal::Answer(verdict))
                    if lane
                        .verdict
                        .as_ref()
                        .is_some_and(|last| alike(last, verdict)) =>
                {
                    " by pre-flight for that answer".to_owned()
                }
                Some(why) => format!(" by pre-flight: {}", refusal(why)),
                None => " by pre-flight: not proven yet".to_owned(),
            };
            page.say(&why, text);
            responsible(lane, page);
        }
    }
    let outage = lane
        .verdict
        .as_ref()
        .is_some_and(|last| last.outcome.is_outage());
    // A hold has said it already, and nothing is proven before somebody acts.
    let told = outage || lane.word == Word::Uncertain || lane.gate == Gate::Held;
    if let Some(degraded) = lane.degraded.as_ref().filter(|_| !told) {
        page.line();
        page.say("DEGRADED", page.role(Role::Warn));
        let since = span::spoken(now.since(degraded.since));
        let what = degraded.verdict.outcome;
        let state = match (lane.gate, &degraded.verdict.evidence.detail) {
            (Gate::Open, Some(detail)) => format!("it serves, but: {detail}"),
            (Gate::Open, None) => "it serves, but is not renewed".to_owned(),
            _ => "no good credential is proven yet".to_owned(),
        };
        page.say(&format!(" for {since} ({what}): {state}"), text);
    }
}

/// Whether two verdicts tell a person the same.
fn alike(one: &Verdict, other: &Verdict) -> bool {
    one.outcome == other.outcome && one.evidence.detail == other.evidence.detail
}

fn responsible(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    if let Some(owner) = &lane.info.owner {
        page.fact(&format!("owner {owner}"), text);
    }
    if let Some(runbook) = &lane.info.runbook {
        page.fact(&format!("runbook {runbook}"), text);
    }
    if let Some(url) = &lane.info.rotate_url {
        page.fact(&format!("new key at {url}"), text);
    }
}

fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotProvenYet => "not proven yet".to_owned(),
        Refusal::UnmanagedSource => {
            "its secret is in no managed store, and the manifest does not allow that".to_owned()
        }
        Refusal::TooLittleLife => "too little life is left".to_owned(),
        Refusal::ClockSkew => "the clocks are too far apart to judge an expiry".to_owned(),
        Refusal::Neighbor => "a request that must be denied was not shown to be".to_owned(),
        Refusal::ForbiddenScope => "it has a scope that it must not have".to_owned(),
        Refusal::Answer(verdict) => match &verdict.evidence.detail {
            Some(detail) => format!("{}, {detail}", verdict.outcome),
            None => verdict.outcome.to_string(),
        },
        Refusal::AuditUnwritable => "the audit cannot be written".to_owned(),
    }
}

/// An outage, told as one: who is down, since when, what serves meanwhile and for how long.
pub(super) fn outage(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let Some(verdict) = lane
        .verdict
        .as_ref()
        .filter(|last| last.outcome.is_outage())
    else {
        return;
    };
    let text = page.role(Role::Text);
    page.line();
    match (&lane.credential, lane.gate) {
        (Some(credential), Gate::Open) => {
            page.say(
                &format!("serving generation {}", credential.generation),
                text,
            );
        }
        _ => page.say("serving nothing", page.role(Role::Bad)),
    }
    let who = match verdict.outcome {
        Outcome::StoreUnavailable => lane.info.store.as_str(),
        _ => lane.info.provider.as_str(),
    };
    let since = lane
        .degraded
        .as_ref()
        .map_or(lane.since, |degraded| degraded.since);
    let down = format!(", {who} down {}", span::spoken(now.since(since)));
    page.say(&down, page.role(Role::Warn));
    page.say(&format!(", {} tries", lane.tries), text);
    if let Some(retry) = lane.next.retry {
        page.say(
            &format!(", next in {}", span::spoken(retry.since(now))),
            text,
        );
    }
    let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
    if let Some(expiry) = expiry {
        page.say(&format!(", dies at {}", span::moment(now, expiry.at)), text);
    }
}
