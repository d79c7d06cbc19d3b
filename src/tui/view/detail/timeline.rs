//! What happened to a lane so far, newest first, with the time that passed in between.

use super::page::Page;
use crate::audit::AuditRecord;
use crate::engine::LaneView;
use crate::lane::{Wall, Word};
use crate::tui::model::Model;
use crate::tui::span;
use crate::tui::theme::Role;
use crate::tui::view::audit;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

pub(super) fn story(lane: &LaneView, model: &Model, wanted: usize, page: &mut Page<'_>) {
    page.line();
    page.label("the story");
    let mut records = model.journal.story(&lane.info.name).peekable();
    if records.peek().is_none() {
        let text = page.role(Role::Text);
        page.fact("no records of this lane since the screen was opened", text);
        return;
    }
    page.fact("so far, newest first", page.role(Role::Text));
    while let Some(record) = records.next() {
        if page.lines.len() >= wanted {
            return;
        }
        event(record, records.peek().copied(), model.now.wall, page);
    }
}

/// One record: when, how much later than the one before it, how grave, what and why.
fn event(record: &AuditRecord, before: Option<&Arc<AuditRecord>>, now: Wall, page: &mut Page<'_>) {
    let role = audit::weight(record);
    let sign = match role {
        Role::Bad => Word::Held,
        Role::Warn => Word::Limited,
        _ => Word::Ok,
    };
    let sign = page.look.symbols.word(sign);
    let (text, quiet) = (page.role(Role::Text), page.role(Role::Quiet));
    let later = before.map_or_else(String::new, |before| {
        format!("+{}", span::left(record.ts.since(before.ts)))
    });
    page.line();
    page.push(&format!("  {} ", span::moment(now, record.ts)), text);
    page.push(&format!("{later:>7} "), quiet);
    page.push(&format!("{sign} "), page.role(role));
    page.push(record.kind.as_str(), page.role(role));
    let mut facts = Vec::new();
    let gist = audit::gist(record);
    if !gist.is_empty() {
        facts.push(gist);
    }
    if let Some(generation) = record.generation {
        facts.push(format!("generation {generation}"));
    }
    match record.cause {
        Some(cause) => facts.push(format!("#{} because of #{cause}", record.seq)),
        None => facts.push(format!("#{}", record.seq)),
    }
    // Whole facts while they fit; the gist may be long and goes on below.
    for (at, fact) in facts.iter().enumerate() {
        let gap = 2 + fact.width();
        if at > 0 && page.column + gap > page.room() {
            continue;
        }
        page.say(&format!("  {fact}"), text);
    }
}
