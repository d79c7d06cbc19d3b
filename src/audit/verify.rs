//! Whether the journal is what was written to it.

use super::chain::{Head, Links};
use super::error::AuditError;
use super::forward::{Forward, Next};
use super::head::{self, Noted};
use super::{Hash, JOURNAL};
use crate::lane::{RecordKind, Wall};
use crate::plain::Plain;
use serde::Serialize;
use serde::de::IgnoredAny;
use std::fs::File;
use std::io;
use std::path::Path;

/// Problems that a report lists; more are counted.
pub const PROBLEMS_KEPT: usize = 1_000;

/// One place where the journal is not what was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Problem {
    /// The line, from 1; one beyond the last where something is missing at the end.
    pub line: u64,
    /// The record's number, where the line still says it.
    pub seq: Option<u64>,
    /// What is wrong, as one sentence.
    pub what: Plain,
}

/// What an examination of the whole journal showed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// Lines that are records.
    pub records: u64,
    /// The first record's number.
    pub first: Option<u64>,
    /// The last record's number.
    pub last: Option<u64>,
    /// The last record: what to note down elsewhere.
    pub head: Option<Head>,
    /// What the head file says; records beyond it could be cut off unnoticed.
    pub noted: Option<Head>,
    /// What is wrong, in the order of the file; at most [`PROBLEMS_KEPT`].
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub const fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, line: u64, seq: Option<u64>, what: impl Into<Plain>) {
        if self.problems.len() < PROBLEMS_KEPT {
            let what = what.into();
            self.problems.push(Problem { line, seq, what });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

/// A head that the journal is held against.
struct Expected {
    head: Head,
    who: &'static str,
    met: bool,
}

/// Reads the whole journal and checks every hash, every link, every number and every record, and
/// holds it against the head file and, if there is one, against `noted_elsewhere`, a head that a
/// reviewer brings along.
///
/// Memory is bounded whatever the file holds. A writer may be at work meanwhile.
///
/// # Errors
/// [`AuditError::Io`] when the files cannot be read. What is wrong *in* them is in the report.
pub fn verify(folder: &Path, noted_elsewhere: Option<Head>) -> Result<Report, AuditError> {
    let mut report = Report::default();
    // Before the journal, which may grow and overtake it, but never the other way round.
    let noted = head::read(folder)?;
    let mut expected = Vec::new();
    if let Noted::At(head) = noted {
        report.noted = Some(head);
        expected.push(Expected::new(head, "the head file"));
    }
    expected.extend(noted_elsewhere.map(|head| Expected::new(head, "the head given")));

    let path = folder.join(JOURNAL);
    let lines = match File::open(&path) {
        Ok(file) => {
            read(file, &mut report, &mut expected).map_err(AuditError::io("read", &path))?
        }
        Err(missing)
            if missing.kind() == io::ErrorKind::NotFound
                && expected.iter().any(|expected| expected.head.seq > 0) =>
        {
            report.problem(1, None, "the journal is gone");
            0
        }
        Err(other) => return Err(AuditError::io("read", &path)(other)),
    };

    let beyond = lines.saturating_add(1);
    match noted {
        Noted::At(_) => {}
        Noted::Missing if lines == 0 => {}
        Noted::Missing => report.problem(beyond, None, "the head file is missing"),
        Noted::Unreadable => report.problem(beyond, None, "the head file names no record"),
    }
    for expected in expected.iter().filter(|expected| !expected.met) {
        let Expected { head, who, .. } = expected;
        let what = match report.last {
            Some(last) if last >= head.seq => {
                format!("no line is record {}, which {who} knows", head.seq)
            }
            last => format!(
                "the journal ends at record {}, but {who} knows record {}: records were cut off",
                last.unwrap_or(0),
                head.seq
            ),
        };
        report.problem(beyond, None, what);
    }
    Ok(report)
}

impl Expected {
    fn new(head: Head, who: &'static str) -> Self {
        Self {
            head,
            who,
            met: head == Head::start(),
        }
    }
}

/// Reads the lines, and answers with their number.
fn read(file: File, report: &mut Report, expected: &mut [Expected]) -> io::Result<u64> {
    let mut forward = Forward::new(file);
    let mut line = 0_u64;
    // The record that the next one must follow; `None` behind a line that is not a record.
    let mut before = Some(Head::start());
    loop {
        line = line.saturating_add(1);
        let bytes = match forward.next_line()? {
            Next::End => return Ok(line.saturating_sub(1)),
            Next::Torn(bytes) => {
                let what = format!("the last line is torn: {bytes} bytes without a line end");
                report.problem(line, None, what);
                continue;
            }
            Next::TooLong => {
                report.problem(line, None, "it is longer than any record");
                before = None;
                continue;
            }
            Next::Line(bytes) => bytes,
        };
        let Some(links) = Links::of(bytes) else {
            report.problem(line, None, "it is not a record");
            before = None;
            continue;
        };
        let seq = Some(links.seq);
        report.records = report.records.saturating_add(1);
        report.first = report.first.or(seq);
        report.last = seq;
        report.head = Some(links.head());
        let holds = links.hold();
        if !holds {
            report.problem(line, seq, "it was changed: its hash does not fit its bytes");
        } else if let Some(what) = misplaced(before, &links) {
            report.problem(line, seq, what);
        } else if !is_record(bytes, links.seq) {
            report.problem(line, seq, "its hash fits, but this version cannot read it");
        }
        for expected in expected.iter_mut() {
            if expected.head.seq == links.seq && !expected.met {
                expected.met = true;
                if expected.head.hash != links.hash {
                    let what = format!("it is not the record that {} knows", expected.who);
                    report.problem(line, seq, what);
                }
            }
        }
        // A number on a changed line is nothing to count on from.
        let place = before.map(|before| before.seq.saturating_add(1));
        before = if holds { Some(links.seq) } else { place }.map(|seq| Head {
            seq,
            hash: links.hash,
        });
    }
}

/// What is wrong with a record's place, if anything is.
fn misplaced(before: Option<Head>, links: &Links<'_>) -> Option<Plain> {
    let before = before?;
    let due = before.seq.saturating_add(1);
    if links.seq > due {
        let gone = links.seq - due;
        Some(format!("{gone} record(s) before it are missing, from {due} on").into())
    } else if links.seq < due {
        Some(format!("it is out of place: record {due} is due here").into())
    } else if links.prev == before.hash {
        None
    } else if before.hash == Hash::start() {
        Some("it is not the first record of a journal".into())
    } else {
        Some("it does not follow the record before it".into())
    }
}

/// The parts of a record that everything else depends on. Reading all of it would take most of an
/// examination's time and show nothing more: the bytes are vouched for by their hash.
#[derive(serde::Deserialize)]
struct Bones {
    seq: u64,
    #[serde(rename = "ts")]
    _ts: Wall,
    #[serde(rename = "kind")]
    _kind: RecordKind,
    #[serde(rename = "actor")]
    _actor: IgnoredAny,
}

/// Whether the line is JSON, a record as far as its bones go, and its number the one in its place.
fn is_record(line: &[u8], seq: u64) -> bool {
    serde_json::from_slice::<Bones>(line).is_ok_and(|bones| bones.seq == seq)
}
