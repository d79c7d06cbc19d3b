//! A change of a lane as one line: what a person who hears the screen instead of seeing it needs.

use crate::engine::LaneView;
use crate::lane::{FindingLevel, Gate, Outcome, Wall, Word};
use crate::plain::Plain;
use serde::Serialize;

/// A lane shows another word, or another gate, than it did.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Change {
    /// Since when it shows it.
    at: Wall,
    /// Which lane.
    lane: Plain,
    /// The word before; `None` for a lane that is told of for the first time.
    from: Option<Word>,
    /// The word now.
    to: Word,
    /// Whether it may serve.
    gate: Gate,
    /// What is behind it.
    why: String,
    /// What a person should do; empty if nothing.
    #[serde(rename = "do")]
    todo: String,
    /// What the last answer meant.
    outcome: Option<Outcome>,
    /// Who owns the credential.
    owner: Option<Plain>,
    /// What to read.
    runbook: Option<Plain>,
}

impl Change {
    pub(super) fn of(before: Option<&LaneView>, lane: &LaneView) -> Option<Self> {
        if before.is_some_and(|before| before.word == lane.word && before.gate == lane.gate) {
            return None;
        }
        let outcome = verdict(lane).map(|verdict| verdict.outcome);
        Some(Self {
            at: lane.since,
            lane: lane.info.name.clone(),
            from: before.map(|before| before.word),
            to: lane.word,
            gate: lane.gate,
            why: why(lane),
            todo: todo(lane),
            outcome,
            owner: lane.info.owner.clone(),
            runbook: lane.info.runbook.clone(),
        })
    }

    /// `20:14:07Z deploy-notices: OK -> HELD: why. What to do.`
    pub(super) fn line(&self) -> String {
        let mut line = format!("{} {}: ", clock(self.at), self.lane);
        if let Some(from) = self.from.filter(|from| *from != self.to) {
            line.push_str(&format!("{from} -> "));
        }
        line.push_str(self.to.as_str());
        if self.from == Some(self.to) {
            line.push_str(&format!(", gate {}", self.gate.as_str()));
        }
        for part in [&self.why, &self.todo] {
            if !part.is_empty() {
                line.push_str(if line.ends_with(['.', '!', '?']) {
                    " "
                } else {
                    ": "
                });
                line.push_str(part);
                if !part.ends_with(['.', '!', '?']) {
                    line.push('.');
                }
            }
        }
        line
    }
}

/// The time of day in UTC.
pub(super) fn clock(at: Wall) -> String {
    match at.to_utc() {
        Some(at) => at.format("%H:%M:%SZ").to_string(),
        None => at.to_string(),
    }
}

fn verdict(lane: &LaneView) -> Option<&crate::lane::Verdict> {
    match (&lane.hold, &lane.degraded, &lane.verdict) {
        (Some(hold), ..) => Some(&hold.verdict),
        (None, Some(degraded), _) => Some(&degraded.verdict),
        (None, None, verdict) => verdict.as_deref(),
    }
}

fn why(lane: &LaneView) -> String {
    if lane.gate == Gate::Paused
        && let Some(pause) = &lane.pause
    {
        return format!("paused: {}", pause.reason);
    }
    if matches!(lane.word, Word::Ok | Word::Refreshing) {
        return String::new();
    }
    let finding = lane
        .findings
        .iter()
        .find(|finding| finding.level == FindingLevel::Refuse);
    match (verdict(lane), finding) {
        (_, Some(finding)) if lane.word == Word::Refused => {
            format!("{}: {}", finding.check, finding.text)
        }
        (Some(verdict), _) if verdict.outcome != Outcome::Ok => {
            let evidence = &verdict.evidence;
            let said = evidence.detail.as_ref().or(evidence.provider_code.as_ref());
            match said {
                Some(said) => format!("{}: {said}", verdict.outcome),
                None => verdict.outcome.to_string(),
            }
        }
        _ => String::new(),
    }
}

/// What a person should do, in one or two sentences; empty where lanewatch or time will do.
pub(super) fn todo(lane: &LaneView) -> String {
    let name = &lane.info.name;
    let next = lane.next.retry.or(lane.next.probe);
    let again = next.map_or_else(
        || "Nothing to do: it tries again by itself".to_owned(),
        |at| format!("Nothing to do: it tries again at {}", clock(at)),
    );
    let act = match lane.word {
        Word::Ok | Word::Refreshing => return String::new(),
        Word::Held => format!("A person has to look, then: lanewatch release {name} --reason TEXT"),
        Word::Paused => {
            let until = lane.pause.as_ref().and_then(|pause| pause.until);
            let ends =
                until.map_or_else(String::new, |at| format!(", or wait until {}", clock(at)));
            return format!("To end it: lanewatch resume {name} --reason TEXT{ends}.");
        }
        Word::Limited => {
            return match lane.next.limited_until {
                Some(at) => format!("Nothing to do before {}.", clock(at)),
                None => format!("{again}."),
            };
        }
        Word::Unreachable | Word::Degraded => return format!("{again}."),
        Word::Expiring => match (&lane.next.refresh, &lane.info.rotate_url) {
            (Some(at), _) => return format!("It refreshes itself at {}.", clock(*at)),
            (None, Some(url)) => format!("Replace the credential: {url}"),
            (None, None) => "Replace the credential".to_owned(),
        },
        Word::Scope => {
            let scopes: Vec<_> = lane.info.require.iter().map(Plain::as_str).collect();
            match scopes.is_empty() {
                true => "Grant the scopes that the call needs".to_owned(),
                false => format!("Grant the scopes {}", scopes.join(" ")),
            }
        }
        Word::Uncertain => format!(
            "Its grant may be used up: lanewatch refresh {name} tries it again, at your risk"
        ),
        Word::Denied => "Look at the upstream's rule".to_owned(),
        Word::Refused => "Put right what pre-flight found".to_owned(),
        Word::Expired | Word::Invalid | Word::Revoked => match &lane.info.rotate_url {
            Some(url) => format!("Replace the credential: {url}"),
            None => "Replace the credential".to_owned(),
        },
    };
    let mut told = format!("{act}.");
    if let Some(owner) = &lane.info.owner {
        told.push_str(&format!(" Owner {owner}."));
    }
    if let Some(runbook) = &lane.info.runbook {
        told.push_str(&format!(" Runbook {runbook}"));
    }
    told
}
