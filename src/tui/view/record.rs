//! One record on a page: every field it has, and what brought it about.

use super::Look;
use super::audit;
use super::canvas::{Canvas, centered};
use super::detail::page::{Line, Page};
use crate::lane::Basis;
use crate::tui::model::{Model, RecordPage};
use crate::tui::span;
use crate::tui::theme::Role;
use ratatui::layout::Rect;

/// The widest the page gets.
const WIDTH: u16 = 100;

fn place(model: &Model) -> Rect {
    let (width, height) = model.size;
    Rect::new(0, 0, width, height.saturating_sub(1))
}

fn lines(model: &Model, page: &RecordPage, look: &Look) -> Vec<Line> {
    let room = usize::from(WIDTH.min(model.size.0).saturating_sub(4)).max(20);
    let mut sheet = Page::new(room, look);
    let Some(record) = page.record() else {
        return Vec::new();
    };
    let text = sheet.role(Role::Text);
    let mut field = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            sheet.label(label);
            sheet.fact(&value, text);
        }
    };
    let shown = |value: Option<&dyn std::fmt::Display>| value.map(ToString::to_string);
    let ago = span::ago(model.now.wall, record.ts);
    field("when", Some(format!("{} ({ago})", record.ts)));
    field("lane", shown(record.lane.as_ref().map(|it| it as _)));
    field(
        "generation",
        shown(record.generation.as_ref().map(|it| it as _)),
    );
    field(
        "fingerprint",
        shown(record.fingerprint.as_ref().map(|it| it as _)),
    );
    field("by", Some(record.actor.to_string()));
    field("note", shown(record.note.as_ref().map(|it| it as _)));
    field("outcome", shown(record.outcome.as_ref().map(|it| it as _)));
    if let Some(evidence) = &record.evidence {
        let basis = match evidence.basis {
            Basis::Stated => "stated by the upstream",
            Basis::Inferred => "inferred",
        };
        field("rule", Some(format!("{}, {basis}", evidence.rule)));
        field("status", shown(evidence.status.as_ref().map(|it| it as _)));
        field(
            "code",
            shown(evidence.provider_code.as_ref().map(|it| it as _)),
        );
        field(
            "request id",
            shown(evidence.request_id.as_ref().map(|it| it as _)),
        );
        let wait = evidence.retry_after_s.map(|secs| format!("after {secs} s"));
        field("retry", wait);
        if !evidence.required_scopes.is_empty() {
            let scopes: Vec<_> = evidence.required_scopes.iter().map(AsRef::as_ref).collect();
            field("needs", Some(scopes.join(" ")));
        }
        field(
            "expires",
            shown(evidence.expires_at.as_ref().map(|it| it as _)),
        );
        field("said", shown(evidence.detail.as_ref().map(|it| it as _)));
    }
    causes(model, page, &mut sheet);
    sheet.lines
}

/// The chain of causes, nearest first.
fn causes(model: &Model, page: &RecordPage, sheet: &mut Page<'_>) {
    let (chain, missing) = page.chain(&model.trail, &model.journal);
    if chain.is_empty() && missing.is_none() {
        return;
    }
    sheet.label("because of");
    for (at, record) in chain.iter().enumerate() {
        if at > 0 {
            sheet.below();
        }
        let style = sheet.role(audit::weight(record));
        sheet.fact(&audit::line(record, true), style);
    }
    if let Some(seq) = missing {
        if !chain.is_empty() {
            sheet.below();
        }
        let quiet = sheet.role(Role::Quiet);
        let why = if model.trail.is_archived() {
            "being read, or not in the journal"
        } else {
            "no longer in memory"
        };
        sheet.fact(&format!("#{seq}, {why}"), quiet);
    }
}

/// The last line that may be at the top.
pub(super) fn last_top(model: &Model, page: &RecordPage) -> usize {
    let plain = Look {
        theme: crate::tui::theme::Theme::default(),
        symbols: crate::tui::symbols::UNICODE,
    };
    let rows = usize::from(place(model).height.saturating_sub(2));
    lines(model, page, &plain).len().saturating_sub(rows)
}

pub(super) fn draw(model: &Model, page: &RecordPage, canvas: &mut Canvas<'_>) {
    let Some(record) = page.record() else { return };
    let lines = lines(model, page, canvas.look);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = centered(place(model), WIDTH, rows.saturating_add(2));
    let style = canvas.role(Role::Dialog);
    let title = format!("#{} {}", record.seq, record.kind);
    let inner = canvas.frame(area, &title, style);
    let top = page
        .top
        .min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let mut x = inner.x;
        for (text, style) in line {
            x = canvas.text(x, y, inner.right(), text, *style);
        }
    }
    let below = lines.len().saturating_sub(top + usize::from(inner.height));
    if below > 0 {
        let more = format!(" {below} more below ");
        canvas.text_right(inner.x, area.bottom() - 1, inner.right(), &more, style);
    }
}
