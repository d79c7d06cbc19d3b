//! `lanewatch audit`: looking at the journal, asking it, proving it, carrying it away.
//!
//! These work on the files, so they need no running engine and disturb none. Every function writes
//! to the output it is handed and answers with how it ended; the caller makes an exit code of that.

mod parse;
mod text;

pub use parse::{kind, moment, outcome};

use crate::audit::{
    AuditError, CSV_HEADER, Entry, Filter, Follower, Head, Look, Report, csv_row, each, query,
    verify,
};
use std::future::Future;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use text::Printer;

/// How often a followed journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// In which form records are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// For people: aligned columns, times in UTC.
    Text,
    /// For programs: the journal's own lines, hashes and all.
    Json,
}

/// In which form records are carried away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportForm {
    /// The journal's own lines.
    Jsonl,
    /// RFC 4180 with a header line. Text that a spreadsheet would run as a formula gets an
    /// apostrophe in front.
    Csv,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// All is well.
    Good,
    /// The journal is not what was written to it.
    Broken,
}

/// Why it did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The journal cannot be read, or is broken in a way that leaves nothing to print.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The output cannot be written; a closed pipe is the reader's good right.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
}

/// The exit code of what came of it: 0 all good, 4 audit broken, 3 unreadable, 70 nowhere to print.
pub fn exit_code(came_of_it: &Result<Ended, Failed>) -> u8 {
    match came_of_it {
        Ok(Ended::Good) => 0,
        Ok(Ended::Broken) => 4,
        Err(Failed::Audit(error)) if error.is_broken() => 4,
        Err(Failed::Audit(_)) => 3,
        Err(Failed::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(Failed::Output(_)) => 70,
    }
}

/// Prints the newest `n` records, oldest first.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub fn tail(out: &mut impl Write, folder: &Path, n: usize, form: Form) -> Result<Ended, Failed> {
    let (_, look) = Follower::start(folder, n)?;
    Ok(Printer::new(form).look(out, &look)?)
}

/// Prints the newest `n` records, and then every new one, until `stop` is done.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub async fn follow(
    out: &mut impl Write,
    folder: &Path,
    n: usize,
    form: Form,
    stop: impl Future<Output = ()>,
) -> Result<Ended, Failed> {
    let mut stop = std::pin::pin!(stop);
    let mut printer = Printer::new(form);
    let (mut follower, look) = Follower::start(folder, n)?;
    let mut ended = printer.look(out, &look)?;
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if printer.look(out, &follower.look()?)? == Ended::Broken {
            ended = Ended::Broken;
        }
    }
    Ok(ended)
}

/// Prints the newest `n` records that `filter` wants, oldest first.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub fn ask(
    out: &mut impl Write,
    folder: &Path,
    filter: &Filter,
    n: usize,
    form: Form,
) -> Result<Ended, Failed> {
    let found = query(folder, filter, n)?;
    let look: Look = found.entries.into_iter().map(Ok).collect();
    let mut printer = Printer::new(form);
    printer.look(out, &look)?;
    if found.unreadable == 0 {
        return Ok(Ended::Good);
    }
    if form == Form::Text {
        let lines = grouped(found.unreadable);
        writeln!(
            out,
            "{lines} line(s) are not records: see `lanewatch audit verify`"
        )?;
    }
    Ok(Ended::Broken)
}

/// Checks the whole journal and prints what came of it.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub fn prove(
    out: &mut impl Write,
    folder: &Path,
    noted_elsewhere: Option<Head>,
    form: Form,
) -> Result<Ended, Failed> {
    let report = verify(folder, noted_elsewhere)?;
    match form {
        Form::Json => writeln!(
            out,
            "{}",
            serde_json::to_string(&report).map_err(io::Error::from)?
        )?,
        Form::Text => print_report(out, &report)?,
    }
    Ok(if report.is_good() {
        Ended::Good
    } else {
        Ended::Broken
    })
}

fn print_report(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let records = grouped(report.records);
    if report.is_good() {
        let Some(head) = report.head else {
            return writeln!(out, "ok: 0 records");
        };
        writeln!(out, "ok: {records} records, head {head}")?;
        let noted = report.noted.map_or(0, |noted| noted.seq);
        if noted < head.seq {
            let noted = grouped(noted);
            writeln!(
                out,
                "    (the head file knows record {noted}; were later ones cut off, it would not show)"
            )?;
        }
        return Ok(());
    }
    let problems = grouped((report.problems.len() as u64).saturating_add(report.more));
    writeln!(out, "broken: {problems} problem(s) among {records} records")?;
    for problem in &report.problems {
        match problem.seq {
            Some(seq) => write!(out, "  line {}, record {seq}: ", problem.line)?,
            None => write!(out, "  line {}: ", problem.line)?,
        }
        writeln!(out, "{}", problem.what)?;
    }
    if report.more > 0 {
        writeln!(out, "  and {} more", grouped(report.more))?;
    }
    Ok(())
}

/// Writes every record that `filter` wants, oldest first.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub fn export(
    out: &mut impl Write,
    folder: &Path,
    filter: &Filter,
    form: ExportForm,
) -> Result<Ended, Failed> {
    if form == ExportForm::Csv {
        out.write_all(CSV_HEADER.as_bytes())?;
    }
    let mut row = String::new();
    let mut put = |entry: Entry| match form {
        ExportForm::Jsonl => writeln!(out, "{}", entry.line),
        ExportForm::Csv => {
            row.clear();
            csv_row(&mut row, &entry.record);
            out.write_all(row.as_bytes())
        }
    };
    let mut refused = None;
    let unreadable = each(folder, filter, |entry| match put(entry) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            refused = Some(error);
            ControlFlow::Break(())
        }
    })?;
    match refused {
        Some(error) => Err(Failed::Output(error)),
        None if unreadable > 0 => Ok(Ended::Broken),
        None => Ok(Ended::Good),
    }
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0, 999, 1_000, 1_042, 999_999, 12_345_678];
        assert_eq!(
            numbers.map(grouped).join(" "),
            "0 999 1,000 1,042 999,999 12,345,678"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let closed = Failed::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(exit_code(&Err(closed)), 0);
        let full = Failed::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(exit_code(&Err(full)), 70);
    }
}
