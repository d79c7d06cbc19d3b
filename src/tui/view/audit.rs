//! The audit: one record a line, the newest at the bottom.

use super::canvas::Canvas;
use crate::audit::AuditRecord;
use crate::lane::{Actor, Outcome, RecordKind};
use crate::tui::model::{Model, Pane};
use crate::tui::span;
use crate::tui::theme::Role;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let focused = match model.zoom {
        Some(_) => false,
        None => model.focus == Pane::Audit,
    };
    let skipped = model.journal.skipped();
    let note = match (model.audit_at, skipped) {
        (None, 0) => format!("following {}", canvas.look.symbols.down),
        (None, _) => format!(
            "following {} {skipped} records not shown",
            canvas.look.symbols.down
        ),
        (Some(at), _) => format!("stopped at #{at}, G follows"),
    };
    canvas.rule(area, "audit", &note, focused);
    let rows = usize::from(area.height.saturating_sub(1));
    if model.journal.is_empty() {
        let text = canvas.role(Role::Text);
        canvas.text(
            area.x + 2,
            area.y + 1,
            area.right(),
            "No records yet.",
            text,
        );
        return;
    }
    let window = model.journal.window(model.audit_at, rows);
    for (y, record) in (area.y + 1..).zip(window) {
        let style = canvas.role(weight(record));
        canvas.text(area.x + 2, y, area.right(), &line(record, true), style);
    }
}

/// A record on one line: time, number, kind, lane, and the gist.
pub(super) fn line(record: &AuditRecord, with_lane: bool) -> String {
    let mut line = format!(
        "{} #{:<5} {:<20}",
        span::precise(record.ts),
        record.seq,
        record.kind.as_str()
    );
    if with_lane {
        let lane = record.lane.as_ref().map_or("", |lane| lane.as_str());
        line.push_str(&format!(" {lane:<16}"));
    }
    let gist = gist(record);
    if !gist.is_empty() {
        line.push_str("  ");
        line.push_str(&gist);
    }
    line
}

pub(super) fn gist(record: &AuditRecord) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Actor::Operator(name) = &record.actor {
        parts.push(format!("by {name}"));
    }
    if let Some(evidence) = &record.evidence {
        let status = evidence.status.map(|status| status.to_string());
        let code = evidence.provider_code.as_ref().map(ToString::to_string);
        let both: Vec<_> = status.into_iter().chain(code).collect();
        if !both.is_empty() {
            parts.push(both.join(" "));
        }
    }
    let told = parts.iter().any(|part| !part.starts_with("by "));
    match (&record.note, record.outcome) {
        (Some(note), _) => parts.push(note.to_string()),
        (None, Some(outcome)) if !told && outcome != Outcome::Ok => {
            parts.push(outcome.to_string());
        }
        _ => {}
    }
    parts.join(", ")
}

/// How much a record should stand out.
pub(super) const fn weight(record: &AuditRecord) -> Role {
    match record.kind {
        RecordKind::RevocationDetected
        | RecordKind::LaneHeld
        | RecordKind::TokenExpired
        | RecordKind::NeighborAllowed
        | RecordKind::RefreshUncertain
        | RecordKind::RotationFailed
        | RecordKind::PreflightRefused => Role::Bad,
        RecordKind::WarningRaised
        | RecordKind::RefreshFailed
        | RecordKind::CredentialLoadFailed
        | RecordKind::ProbeFailed
        | RecordKind::ScopeChanged
        | RecordKind::RateLimited
        | RecordKind::DegradedOpened
        | RecordKind::ClockJumped
        | RecordKind::ManifestRejected
        | RecordKind::AuditRepaired => Role::Warn,
        _ => Role::Text,
    }
}
