//! Records in columns, for people, or as the journal has them, for programs.

use super::{Ended, Form};
use crate::audit::{AuditRecord, Entry, Look};
use crate::lane::{Actor, Basis, RecordKind};
use crate::plain::Plain;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr as _;

/// The widest that the column of lane names gets; a longer name moves its own line only.
const LANE_WIDEST: usize = 32;

/// Prints looks at the journal, one after the other, in columns that only get wider.
pub(super) struct Printer {
    form: Form,
    seq: usize,
    kind: usize,
    lane: usize,
}

impl Printer {
    pub(super) fn new(form: Form) -> Self {
        let kinds = RecordKind::ALL.iter().map(|kind| kind.as_str().len());
        Self {
            form,
            seq: 1,
            kind: kinds.max().unwrap_or(0),
            lane: 1,
        }
    }

    /// Prints one look. It is broken if a line is not a record.
    pub(super) fn look(&mut self, out: &mut impl Write, look: &Look) -> io::Result<Ended> {
        for entry in look.iter().flatten() {
            let lane = entry
                .record
                .lane
                .as_ref()
                .map_or(0, |lane| lane.as_str().width());
            self.seq = self.seq.max(entry.record.seq.to_string().len());
            self.lane = self.lane.max(lane.min(LANE_WIDEST));
        }
        let mut ended = Ended::Good;
        for line in look {
            match (line, self.form) {
                (Ok(Entry { line, .. }), Form::Json) => writeln!(out, "{line}")?,
                (Ok(Entry { record, .. }), Form::Text) => self.row(out, record)?,
                (Err(line), form) => {
                    ended = Ended::Broken;
                    not_a_record(out, line, form)?;
                }
            }
        }
        out.flush()?;
        Ok(ended)
    }

    fn row(&self, out: &mut impl Write, record: &AuditRecord) -> io::Result<()> {
        let Self { seq, kind, .. } = *self;
        write!(
            out,
            "{} #{:<seq$} {:<kind$}  ",
            record.ts, record.seq, record.kind
        )?;
        let lane = record.lane.as_ref().map_or("-", Plain::as_str);
        let gap = self.lane.saturating_sub(lane.width());
        write!(out, "{lane}{:gap$}", "")?;
        let rest = rest(record);
        if rest.is_empty() {
            return writeln!(out);
        }
        writeln!(out, "  {rest}")
    }
}

/// What stands behind the columns: only what the record has.
fn rest(record: &AuditRecord) -> String {
    let mut parts = Vec::new();
    if let Some(outcome) = record.outcome {
        parts.push(outcome.to_string());
    }
    if let Some(evidence) = &record.evidence {
        let code = evidence.provider_code.as_ref().map_or("", Plain::as_str);
        let status = evidence.status.map(|status| status.to_string());
        let seen = [status.as_deref().unwrap_or(""), code].join(" ");
        if !seen.trim().is_empty() {
            let basis = match evidence.basis {
                Basis::Stated => "stated",
                Basis::Inferred => "inferred",
            };
            parts.push(format!("{} ({basis})", seen.trim()));
        }
        parts.extend(evidence.detail.as_ref().map(Plain::to_string));
        let request = evidence.request_id.as_ref();
        parts.extend(request.map(|request| format!("request {request}")));
    }
    let generation = record.generation;
    parts.extend(generation.map(|generation| format!("generation {generation}")));
    parts.extend(record.note.as_ref().map(Plain::to_string));
    if let Actor::Operator(name) = &record.actor {
        parts.push(format!("by {name}"));
    }
    parts.extend(record.cause.map(|cause| format!("because of #{cause}")));
    parts.join(" · ")
}

fn not_a_record(out: &mut impl Write, line: &Plain, form: Form) -> io::Result<()> {
    match form {
        Form::Text => writeln!(out, "(not a record) {line}"),
        Form::Json => {
            let object = serde_json::json!({ "not_a_record": line });
            writeln!(out, "{object}")
        }
    }
}
