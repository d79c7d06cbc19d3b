//! The audit's promises: what was written is there, what was done to it shows, and nothing that
//! happens to the writer makes it lie.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::print_stdout)]

mod crash;
mod opening;
mod paging;
mod reading;
mod tampering;

use lanewatch::audit::{HEAD_EVERY, Head, Journal, Report, read_since, tail, verify};
use lanewatch::lane::{Actor, Basis, Cause, Evidence, Generation, Outcome, Record, RecordKind};
use lanewatch::lane::{Note, Verdict, Wall};
use lanewatch::plain::Plain;
use lanewatch::secret::Fingerprint;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const AT: Wall = Wall(1_795_378_447_250);

/// A record of one of several shapes.
fn record(n: u64) -> (Record, Option<u64>) {
    let mut record = Record::engine(RecordKind::WarningRaised, format!("number {n} \"✖\" \\"));
    if !n.is_multiple_of(3) {
        record.kind = RecordKind::RevocationDetected;
        record.lane = Some(format!("lane-{}", n % 5).into());
        record.generation = Some(Generation(n));
        record.fingerprint = Some(Fingerprint::from_bytes(n.to_be_bytes()));
        record.verdict = Some(Verdict {
            outcome: Outcome::ALL[usize::try_from(n % 9).unwrap()],
            evidence: Evidence {
                status: Some(401),
                provider_code: Some("api_key_revoked".into()),
                ..Evidence::own("stripe/revoked", Basis::Stated)
            },
        });
        record.actor = Actor::Operator("alice".into());
        record.cause = Cause::Previous;
    }
    let cause = (n > 1 && n.is_multiple_of(2)).then(|| n - 1);
    (record, cause)
}

fn group(first: u64, n: u64) -> Vec<(Record, Option<u64>)> {
    (first..first + n).map(record).collect()
}

/// A journal of `n` records, and whether it came to an orderly end.
fn journal(n: u64, orderly: bool) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!((opened.last_seq, opened.torn), (0, None));
    for first in (1..=n).step_by(7) {
        let written = journal
            .append(AT, &group(first, 7.min(n - first + 1)))
            .unwrap();
        assert_eq!(written.first().unwrap().seq, first);
    }
    assert_eq!(journal.last_seq(), n);
    if orderly {
        journal.note_head().unwrap();
    }
    dir
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("journal.jsonl")
}

fn checked(dir: &TempDir) -> Report {
    verify(dir.path(), None).unwrap()
}

fn whats(report: &Report) -> Vec<String> {
    let problems = report.problems.iter();
    let lines = problems.map(|problem| format!("{}: {}", problem.line, problem.what));
    lines.collect()
}

#[test]
fn a_journal_reads_back_what_was_written_and_its_chain_holds() {
    let dir = journal(40, true);
    let report = checked(&dir);
    assert!(report.is_good(), "{report:?}");
    assert_eq!(
        (report.records, report.first, report.last),
        (40, Some(1), Some(40))
    );
    assert_eq!(report.head, report.noted);

    let all = read_since(dir.path(), 0, |_| true).unwrap();
    assert_eq!(all.len(), 40);
    for (n, read) in (1..).zip(&all) {
        let (written, cause) = record(n);
        assert_eq!((read.seq, read.ts, read.cause), (n, AT, cause));
        let said = written.note.as_ref().map(Note::text);
        assert_eq!((&read.note, &read.lane), (&said, &written.lane));
        let verdict = read.outcome.zip(read.evidence.clone());
        let verdict = verdict.map(|(outcome, evidence)| Verdict { outcome, evidence });
        assert_eq!(verdict, written.verdict);
    }
    assert_eq!(read_since(dir.path(), 33, |_| true).unwrap(), all[33..]);
    assert_eq!(read_since(dir.path(), 40, |_| true).unwrap(), []);
    assert_eq!(tail(dir.path(), 3).unwrap(), all[37..]);
    assert_eq!(tail(dir.path(), 0).unwrap(), []);
    assert_eq!(tail(dir.path(), 400).unwrap(), all);
}

#[test]
fn sha256sum_and_a_shell_are_enough_to_verify() {
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/audit/mod.rs"));
    let docs = docs.unwrap();
    let (_, script) = docs.split_once("//! ```sh\n").unwrap();
    let (script, _) = script.split_once("//! ```\n").unwrap();
    let script: String = script
        .lines()
        .map(|line| line.trim_start_matches("//! ").to_owned() + "\n")
        .collect();
    let run = |dir: &TempDir| {
        let ran = Command::new("sh")
            .args(["-c", &script])
            .current_dir(dir)
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    let dir = journal(12, true);
    let head = checked(&dir).head.unwrap();
    assert_eq!(run(&dir), (Some(0), format!("ok: head {head}\n")));

    let text = fs::read_to_string(file(&dir)).unwrap();
    fs::write(file(&dir), text.replace("number 9", "number 8")).unwrap();
    let told = "line 9 is not what was written\n".to_owned();
    assert_eq!(run(&dir), (Some(4), told));
}

#[test]
fn the_head_file_keeps_up_with_a_writer_that_never_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    for first in (1..3 * HEAD_EVERY).step_by(100) {
        journal.append(AT, &group(first, 100)).unwrap();
        let noted: Head = checked(&dir).noted.unwrap();
        assert!(journal.last_seq() - noted.seq < HEAD_EVERY);
    }
    assert!(checked(&dir).is_good());
}

#[test]
fn a_hundred_thousand_records_verify() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    for first in (1..100_000).step_by(1_000) {
        journal.append(AT, &group(first, 1_000)).unwrap();
    }
    let report = checked(&dir);
    assert!(report.is_good(), "{report:?}");
    assert_eq!((report.records, report.last), (100_000, Some(100_000)));
}

#[test]
fn plain_text_survives_the_journal_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    let hostile =
        Plain::new("\",\"hash\":\"00\"}\n{\"seq\":1 ,\"prev\":\" \\ \u{2028} é \u{1f511}");
    let record = Record::engine(RecordKind::WarningRaised, hostile.clone());
    let written = journal.append(AT, &[(record, None)]).unwrap();
    assert_eq!(written[0].note, Some(hostile));
    assert_eq!(read_since(dir.path(), 0, |_| true).unwrap(), written);
    assert!(checked(&dir).is_good());
}
