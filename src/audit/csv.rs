//! A record as a row of a table, by RFC 4180.

use super::AuditRecord;
use crate::lane::Basis;
use std::fmt::Display;

/// The names of the columns, in the order of [`csv_row`], and a line end.
pub const CSV_HEADER: &str = "seq,ts,kind,lane,generation,fingerprint,outcome,basis,rule,status,\
provider_code,request_id,retry_after_s,required_scopes,expires_at,detail,actor,cause,note\r\n";

/// Adds the row of `record`, its line end included. Text that a spreadsheet would run as a formula
/// gets an apostrophe in front.
pub fn csv_row(out: &mut String, record: &AuditRecord) {
    let evidence = record.evidence.as_ref();
    let scopes = evidence.map(|evidence| &evidence.required_scopes);
    let scopes = scopes.filter(|scopes| !scopes.is_empty()).map(|scopes| {
        let names: Vec<_> = scopes.iter().map(AsRef::as_ref).collect();
        names.join(" ")
    });
    let basis = evidence.map(|evidence| match evidence.basis {
        Basis::Stated => "stated",
        Basis::Inferred => "inferred",
    });
    field(out, Some(record.seq));
    let mut next = |value: Option<&dyn Display>| {
        out.push(',');
        field(out, value);
    };
    next(Some(&record.ts));
    next(Some(&record.kind));
    next(shown(record.lane.as_ref()));
    next(shown(record.generation.as_ref()));
    next(shown(record.fingerprint.as_ref()));
    next(shown(record.outcome.as_ref()));
    next(shown(basis.as_ref()));
    next(shown(evidence.map(|evidence| &evidence.rule)));
    next(shown(
        evidence.and_then(|evidence| evidence.status.as_ref()),
    ));
    next(shown(
        evidence.and_then(|evidence| evidence.provider_code.as_ref()),
    ));
    next(shown(
        evidence.and_then(|evidence| evidence.request_id.as_ref()),
    ));
    next(shown(
        evidence.and_then(|evidence| evidence.retry_after_s.as_ref()),
    ));
    next(shown(scopes.as_ref()));
    next(shown(
        evidence.and_then(|evidence| evidence.expires_at.as_ref()),
    ));
    next(shown(
        evidence.and_then(|evidence| evidence.detail.as_ref()),
    ));
    next(Some(&record.actor));
    next(shown(record.cause.as_ref()));
    next(shown(record.note.as_ref()));
    out.push_str("\r\n");
}

fn shown<T: Display>(value: Option<&T>) -> Option<&dyn Display> {
    value.map(|value| value as &dyn Display)
}

fn field(out: &mut String, value: Option<impl Display>) {
    let Some(value) = value else { return };
    let text = value.to_string();
    // What begins like this is run as a formula by the common spreadsheets.
    let formula = text.starts_with(['=', '+', '-', '@']);
    let quoted = text.contains(['"', ',', '\r', '\n']);
    if quoted {
        out.push('"');
    }
    if formula {
        out.push('\'');
    }
    if quoted {
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{Actor, RecordKind, Wall};

    #[test]
    fn text_from_outside_stays_in_its_field_and_is_no_formula() {
        let record = AuditRecord {
            seq: 3,
            ts: Wall(0),
            kind: RecordKind::LanePaused,
            lane: Some("=cmd|' /C calc'!A0".into()),
            generation: None,
            fingerprint: None,
            outcome: None,
            evidence: None,
            actor: Actor::Operator("@ops".into()),
            cause: Some(2),
            note: Some("said \"no, never\"".into()),
        };
        let mut out = String::new();
        csv_row(&mut out, &record);
        assert_eq!(
            out,
            "3,1970-01-01T00:00:00.000Z,lane_paused,'=cmd|' /C calc'!A0,,,,,,,,,,,,,'@ops,2,\
             \"said \"\"no, never\"\"\"\r\n"
        );
        assert_eq!(
            CSV_HEADER.matches(',').count(),
            out.matches(',').count() - 1,
            "one of the commas is in the note"
        );
    }
}
