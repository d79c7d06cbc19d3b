//! Which records the audit pane shows, and which a search looks for.

use super::super::fuzzy::contains;
use crate::audit::AuditRecord;
use crate::lane::{Actor, Outcome, RecordKind};
use std::fmt::Write as _;

/// How much a record should stand out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Everyday.
    Note,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
}

impl Severity {
    /// Every one, with its name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Note, "note"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
    ];

    /// That of a kind.
    pub const fn of(kind: RecordKind) -> Self {
        match kind {
            RecordKind::RevocationDetected
            | RecordKind::LaneHeld
            | RecordKind::TokenExpired
            | RecordKind::NeighborAllowed
            | RecordKind::RefreshUncertain
            | RecordKind::RotationFailed
            | RecordKind::PreflightRefused => Self::Bad,
            RecordKind::WarningRaised
            | RecordKind::RefreshFailed
            | RecordKind::CredentialLoadFailed
            | RecordKind::ProbeFailed
            | RecordKind::ScopeChanged
            | RecordKind::RateLimited
            | RecordKind::DegradedOpened
            | RecordKind::ClockJumped
            | RecordKind::ManifestRejected
            | RecordKind::StoreLoginFailed
            | RecordKind::RetireFailed
            | RecordKind::AuditRepaired => Self::Warn,
            _ => Self::Note,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Term {
    Number(u64),
    Lane(String),
    Kind(String),
    Severity(Severity),
    Outcome(String),
    By(String),
    Text(String),
}

/// The fields that a term may name, and what they look at.
pub const RECORD_FIELDS: [(&str, &str); 5] = [
    ("lane:", "of which lane"),
    ("kind:", "what happened"),
    ("sev:", "note, warn or bad, and worse"),
    ("why:", "the outcome"),
    ("by:", "who did it"),
];

/// Terms that a record must all fit: `lane:`, `kind:`, `why:` (its outcome) and `by:` look in one
/// place, `sev:warn` means that or worse, `#1042` is one record, and any other term is looked for
/// everywhere. Capitals make no difference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordFilter {
    text: String,
    terms: Vec<Term>,
    trouble: Option<String>,
}

impl RecordFilter {
    /// Reads what was typed. Nothing typed wants everything.
    pub fn parse(text: &str) -> Self {
        let mut this = Self {
            text: text.trim().to_owned(),
            ..Self::default()
        };
        for word in text.split_whitespace() {
            let word = word.to_lowercase();
            let field = word.split_once(':');
            let term = match field {
                Some(("lane", rest)) => Term::Lane(rest.to_owned()),
                Some(("kind", rest)) => Term::Kind(rest.to_owned()),
                Some(("why", rest)) => Term::Outcome(rest.to_owned()),
                Some(("by", rest)) => Term::By(rest.to_owned()),
                Some(("sev", rest)) => {
                    let known = Severity::ALL.iter();
                    let mut known =
                        known.filter(|(_, name)| !rest.is_empty() && name.starts_with(rest));
                    match known.next() {
                        Some((severity, _)) => Term::Severity(*severity),
                        None => {
                            this.trouble = Some("sev: is note, warn or bad".to_owned());
                            continue;
                        }
                    }
                }
                _ => match word.strip_prefix('#').and_then(|rest| rest.parse().ok()) {
                    Some(number) => Term::Number(number),
                    None => Term::Text(word),
                },
            };
            this.terms.push(term);
        }
        this
    }

    /// A search: the whole text is looked for, white space and all; `#1042` is one record.
    pub fn needle(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let number = text.strip_prefix('#').and_then(|rest| rest.parse().ok());
        let term = number.map_or_else(|| Term::Text(text.clone()), Term::Number);
        Self {
            terms: vec![term],
            text,
            trouble: None,
        }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether it wants everything.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What is looked for everywhere: to be made visible in a line.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| match term {
            Term::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether the record is wanted.
    pub fn wants(&self, record: &AuditRecord) -> bool {
        let lane = record.lane.as_ref().map_or("", |lane| lane.as_str());
        self.terms.iter().all(|term| match term {
            Term::Number(number) => record.seq == *number,
            Term::Lane(text) => record.lane.is_some() && contains(lane, text),
            Term::Kind(text) => record.kind.as_str().contains(text.as_str()),
            Term::Severity(least) => Severity::of(record.kind) >= *least,
            Term::Outcome(text) => record
                .outcome
                .is_some_and(|outcome| outcome.as_str().contains(text.as_str())),
            Term::By(text) => match &record.actor {
                Actor::Operator(name) => contains(name.as_str(), text),
                Actor::Lanewatch => "lanewatch".contains(text.as_str()),
                Actor::Provider => "provider".contains(text.as_str()),
            },
            Term::Text(text) => anywhere(record, text),
        })
    }

    /// Whether a line of the journal can be of a record that is wanted; what it declines never is.
    /// Ten times cheaper than taking the line apart.
    pub fn may_want(&self, line: &[u8]) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Number(number) => line.starts_with(format!("{{\"seq\":{number},").as_bytes()),
            Term::Kind(text) => kind_of(line).is_none_or(|kind| kind.contains(text.as_str())),
            Term::Severity(least) => {
                let known = RecordKind::ALL.iter();
                let mut known = known.filter(|kind| kind_of(line) == Some(kind.as_str()));
                known
                    .next()
                    .is_none_or(|kind| Severity::of(*kind) >= *least)
            }
            // The names of these two stand in the line in other words.
            Term::By(_) => true,
            Term::Lane(text) | Term::Outcome(text) | Term::Text(text) => {
                let other_words = "lanewatch provider operator".contains(text.as_str());
                let escaped = text.contains(['"', '\\']) || !text.is_ascii();
                escaped || other_words || within(line, text.as_bytes())
            }
        })
    }
}

/// The kind that a line names, as it stands.
fn kind_of(line: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"\"kind\":\"";
    let head = line.get(..line.len().min(120))?;
    let at = head.windows(MARK.len()).position(|part| part == MARK)?;
    let rest = line.get(at + MARK.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

fn within(line: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else {
        return true;
    };
    let windows = line.windows(text.len());
    let mut likely = windows.filter(|part| {
        part.first()
            .is_some_and(|byte| byte.eq_ignore_ascii_case(first))
    });
    likely.any(|part| part.eq_ignore_ascii_case(text))
}

fn anywhere(record: &AuditRecord, text: &str) -> bool {
    let parts = [
        record.lane.as_ref().map(AsRef::as_ref),
        record.note.as_ref().map(AsRef::as_ref),
        record.outcome.map(Outcome::as_str),
        Some(record.kind.as_str()),
    ];
    if parts.into_iter().flatten().any(|part| contains(part, text)) {
        return true;
    }
    let mut rest = record.actor.to_string();
    if let Some(fingerprint) = &record.fingerprint {
        // A string takes every write.
        let _written = write!(rest, "\n{fingerprint}");
    }
    if let Some(evidence) = &record.evidence {
        let _written = write!(rest, "\n{}", evidence.rule);
        if let Some(status) = evidence.status {
            let _written = write!(rest, "\n{status}");
        }
        let told = [
            &evidence.provider_code,
            &evidence.request_id,
            &evidence.detail,
        ];
        for part in told.into_iter().flatten() {
            let _written = write!(rest, "\n{part}");
        }
    }
    contains(&rest, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Wall;

    fn held() -> AuditRecord {
        AuditRecord {
            seq: 1_043,
            ts: Wall(0),
            kind: RecordKind::LaneHeld,
            lane: Some("billing-refunds".into()),
            generation: None,
            fingerprint: None,
            outcome: None,
            evidence: None,
            actor: Actor::Operator("maria".into()),
            cause: None,
            note: Some("said \"no\" — Ärger".into()),
        }
    }

    #[test]
    fn a_line_is_declined_only_if_its_record_is_not_wanted() {
        let record = held();
        let line = serde_json::to_vec(&record).unwrap();
        for (text, wanted) in [
            ("", true),
            ("kind:held", true),
            ("kind:resumed", false),
            ("sev:warn", true),
            ("sev:bad", true),
            ("lane:BILLING", true),
            ("lane:crm", false),
            ("by:maria", true),
            ("by:lanewatch", false),
            ("\"no\"", true),
            ("ärger", true),
            ("#1043", true),
            ("#1044", false),
            ("why:revoked", false),
            ("maria refunds sev:note", true),
        ] {
            let filter = RecordFilter::parse(text);
            assert_eq!(filter.wants(&record), wanted, "{text}");
            if wanted {
                assert!(filter.may_want(&line), "{text}");
            }
        }
        assert!(!RecordFilter::parse("kind:resumed").may_want(&line));
        assert!(
            !RecordFilter::parse("sev:bad")
                .may_want(br#"{"seq":1,"ts":"2026-11-22T20:14:07.250Z","kind":"probe_passed"}"#)
        );
        assert!(RecordFilter::parse("sev:loud").trouble().is_some());
        assert!(RecordFilter::needle("said \"no\"").wants(&record));
    }
}
