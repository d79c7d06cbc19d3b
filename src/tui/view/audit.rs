//! The audit: one record a line, the newest at the bottom, and what goes on behind it.

use super::canvas::Canvas;
use super::highlight::occurrences;
use crate::audit::AuditRecord;
use crate::lane::{Actor, Outcome};
use crate::tui::model::{Model, Pane, RecordFilter, Search, Severity};
use crate::tui::span;
use crate::tui::theme::Role;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let active = model.zoom.unwrap_or(model.focus) == Pane::Audit;
    let trail = &model.trail;
    let title = if trail.filter().is_empty() {
        "audit".to_owned()
    } else {
        format!("audit: {}", trail.filter().text())
    };
    let note = note(model, canvas.look.symbols.down);
    canvas.rule(area, &title, &note, active && model.zoom.is_none());
    let rows = usize::from(area.height.saturating_sub(1));
    let window = trail.window(rows, &model.journal);
    if window.is_empty() {
        let text = canvas.role(Role::Text);
        let line = match (trail.trouble(), trail.filter().is_empty()) {
            (Some(trouble), _) => trouble.to_string(),
            (None, _) if trail.is_busy() => "Reading the journal.".to_owned(),
            (None, true) => "No records yet.".to_owned(),
            (None, false) => "No record fits the filter. Esc drops it.".to_owned(),
        };
        canvas.text(area.x + 2, area.y + 1, area.right(), &line, text);
        return;
    }
    let selected = trail.selected(&model.journal).map(|record| record.seq);
    let selected = selected.filter(|_| active);
    let bar = canvas.role(Role::Selection);
    let sought = trail.search().map(Search::needle);
    for (y, record) in (area.y + 1..).zip(window) {
        let here = selected == Some(record.seq);
        let style = canvas.role(weight(record));
        if here {
            canvas
                .buffer
                .set_style(Rect::new(area.x, y, area.width, 1), bar);
        }
        let text = line(record, true);
        let x = area.x + 2;
        canvas.text(x, y, area.right(), &text, if here { bar } else { style });
        for part in sought
            .into_iter()
            .chain([trail.filter()])
            .flat_map(RecordFilter::texts)
        {
            let places = occurrences(&text, part);
            canvas.emphasize(x, y, area.right(), &text, &places);
        }
    }
}

/// Where the pane stands, and what goes on behind it.
fn note(model: &Model, down: &str) -> String {
    let trail = &model.trail;
    if let Some(export) = trail.export() {
        return format!("writing, at #{}, esc stops", export.at());
    }
    if let Some(at) = trail.search().and_then(Search::at) {
        let newest = model.journal.newest();
        return format!("searching, at #{}, esc stops", at.min(newest.max(1)));
    }
    if let Some(at) = trail.reading_at() {
        return format!("reading, at #{at}, esc stops");
    }
    match (trail.cursor(), model.journal.skipped()) {
        (Some(at), _) => format!("stopped at #{at} of {}, G follows", model.journal.newest()),
        (None, skipped) if skipped > 0 && !trail.is_archived() => {
            format!("following {down} {skipped} records not shown")
        }
        (None, _) => format!("following {down}"),
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
    match Severity::of(record.kind) {
        Severity::Bad => Role::Bad,
        Severity::Warn => Role::Warn,
        Severity::Note => Role::Text,
    }
}
