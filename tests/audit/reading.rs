//! Asking the journal, as people and programs do.

use super::{AT, file, group, journal};
use lanewatch::audit::{AuditRecord, Filter, Journal, query, verify};
use lanewatch::cli::audit::{Ended, ExportForm, Form, ask, exit_code, export, follow, prove, tail};
use lanewatch::lane::{Outcome, RecordKind};
use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::rc::Rc;
use tempfile::TempDir;
use tokio::sync::mpsc;

#[test]
fn a_question_finds_the_newest_that_fit() {
    let dir = journal(60, true);
    let seqs = |filter: &Filter, n| {
        let found = query(dir.path(), filter, n).unwrap();
        assert_eq!(found.unreadable, 0);
        let seqs = found.entries.iter().map(|entry| entry.record.seq);
        seqs.collect::<Vec<_>>()
    };
    let lane = Filter {
        lane: Some("lane-2".into()),
        ..Filter::default()
    };
    assert_eq!(seqs(&lane, 4), [32, 37, 47, 52]);
    let kind = Filter {
        kind: Some(RecordKind::WarningRaised),
        first: Some(9),
        last: Some(20),
        ..Filter::default()
    };
    assert_eq!(seqs(&kind, 99), [9, 12, 15, 18]);
    let outcome = Filter {
        outcome: Some(Outcome::CredentialExpired),
        ..Filter::default()
    };
    assert_eq!(seqs(&outcome, 2), [46, 55]);
    let early = Filter {
        until: Some(AT),
        ..Filter::default()
    };
    assert_eq!(seqs(&early, 9), [0_u64; 0]);
    let now = Filter {
        since: Some(AT),
        ..Filter::default()
    };
    assert_eq!(seqs(&now, 2), [59, 60]);
}

/// What a command prints, and the exit code that it ends with.
fn printed(
    run: impl FnOnce(&mut Vec<u8>) -> Result<Ended, lanewatch::cli::audit::Failed>,
) -> (String, u8) {
    let mut out = Vec::new();
    let code = exit_code(&run(&mut out));
    (String::from_utf8(out).unwrap(), code)
}

fn spoil(dir: &TempDir) {
    let good = fs::read_to_string(file(dir)).unwrap();
    let bad = good.replacen("number 3", "\u{1b}]0;owned\u{7}", 1);
    fs::write(file(dir), bad).unwrap();
}

#[test]
fn people_see_columns_and_programs_see_the_lines_themselves() {
    let dir = journal(12, true);
    let (text, code) = printed(|out| tail(out, dir.path(), 4, Form::Text));
    assert_eq!(code, 0);
    assert_eq!(
        text,
        "2026-11-22T20:14:07.250Z #9  warning_raised          -       number 9 \"✖\" \\\n\
         2026-11-22T20:14:07.250Z #10 revocation_detected     lane-0  credential_expired · 401 \
         api_key_revoked (stated) · generation 10 · number 10 \"✖\" \\ · by alice · because of #9\n\
         2026-11-22T20:14:07.250Z #11 revocation_detected     lane-1  credential_revoked · 401 \
         api_key_revoked (stated) · generation 11 · number 11 \"✖\" \\ · by alice\n\
         2026-11-22T20:14:07.250Z #12 warning_raised          -       number 12 \"✖\" \\ · because \
         of #11\n"
    );
    let (json, code) = printed(|out| tail(out, dir.path(), 99, Form::Json));
    assert_eq!((json, code), (fs::read_to_string(file(&dir)).unwrap(), 0));
    let kind = Filter {
        kind: Some(RecordKind::WarningRaised),
        ..Filter::default()
    };
    let (text, code) = printed(|out| ask(out, dir.path(), &kind, 2, Form::Text));
    assert_eq!((text.lines().count(), code), (2, 0));
}

#[test]
fn a_proof_says_the_head_to_note_and_its_exit_code_says_how_it_went() {
    let dir = journal(1_042, true);
    let head = verify(dir.path(), None).unwrap().head;
    let (text, code) = printed(|out| prove(out, dir.path(), head, Form::Text));
    assert_eq!(text, format!("ok: 1,042 records, head {}\n", head.unwrap()));
    assert_eq!(code, 0);
    let (json, _) = printed(|out| prove(out, dir.path(), None, Form::Json));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["head"], head.unwrap().to_string());

    spoil(&dir);
    let (text, code) = printed(|out| prove(out, dir.path(), head, Form::Text));
    assert_eq!(
        text,
        "broken: 1 problem(s) among 1,042 records\n  \
         line 3, record 3: it was changed: its hash does not fit its bytes\n"
    );
    assert_eq!(code, 4);
    let nowhere = dir.path().join("nowhere");
    assert_eq!(printed(|out| prove(out, &nowhere, None, Form::Text)).1, 3);
}

#[test]
fn a_head_that_is_behind_is_said() {
    let dir = journal(3, false);
    let (text, code) = printed(|out| prove(out, dir.path(), None, Form::Text));
    assert!(text.contains("the head file knows record 0"), "{text}");
    assert_eq!(code, 0);
}

#[test]
fn nothing_in_a_spoilt_journal_reaches_the_terminal_raw() {
    let dir = journal(5, true);
    spoil(&dir);
    let everything = Filter::default();
    for form in [Form::Text, Form::Json] {
        for (text, code) in [
            printed(|out| tail(out, dir.path(), 9, form)),
            printed(|out| ask(out, dir.path(), &everything, 9, form)),
            printed(|out| prove(out, dir.path(), None, form)),
        ] {
            let harmless = |c: char| c == '\n' || !c.is_control();
            assert!(text.chars().all(harmless), "{text:?}");
            assert_eq!(code, 4, "{text}");
        }
    }
}

#[test]
fn an_export_has_every_record_that_is_asked_for() {
    let dir = journal(20, true);
    let all = Filter::default();
    let (lines, code) = printed(|out| export(out, dir.path(), &all, ExportForm::Jsonl));
    assert_eq!((lines, code), (fs::read_to_string(file(&dir)).unwrap(), 0));
    let some = Filter {
        first: Some(4),
        last: Some(6),
        ..Filter::default()
    };
    let (table, _) = printed(|out| export(out, dir.path(), &some, ExportForm::Csv));
    let rows: Vec<_> = table.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].starts_with("seq,ts,kind,lane,"), "{}", rows[0]);
    assert!(rows[1].starts_with("4,2026-11-22T20:14:07.250Z,revocation_detected,lane-4,4,"));
    assert!(
        rows[3].ends_with(",lanewatch,5,\"number 6 \"\"✖\"\" \\\""),
        "{}",
        rows[3]
    );

    let mut full = Full;
    let refused = export(&mut full, dir.path(), &all, ExportForm::Jsonl);
    assert_eq!(exit_code(&refused), 70);
}

/// An output without room.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that says when something has come.
#[derive(Clone)]
struct Loud(Rc<RefCell<Vec<u8>>>, mpsc::UnboundedSender<()>);

impl Write for Loud {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.send(()).map_err(io::Error::other)
    }
}

impl Loud {
    /// The numbers of the records that have come.
    fn seqs(&self) -> Vec<u64> {
        let bytes = self.0.borrow();
        let records = serde_json::Deserializer::from_slice(&bytes).into_iter::<AuditRecord>();
        records.map(|record| record.unwrap().seq).collect()
    }
}

#[tokio::test]
async fn following_shows_every_new_record_once_and_whole() {
    let dir = journal(5, true);
    let (said, mut says) = mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let out = Loud(Rc::default(), said);
    let mut printer = out.clone();
    let stopped = async { drop(stopped.await) };
    let following = follow(&mut printer, dir.path(), 2, Form::Json, stopped);
    let writing = async {
        let shown = async |says: &mut mpsc::UnboundedReceiver<()>, wanted: &[u64]| {
            while out.seqs() != wanted {
                says.recv().await.unwrap();
            }
        };
        shown(&mut says, &[4, 5]).await;
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        journal.append(AT, &group(6, 2)).unwrap();
        shown(&mut says, &[4, 5, 6, 7]).await;

        // Half a line is not shown before its other half is there.
        drop(journal);
        let aside = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), aside.path().join(entry.file_name())).unwrap();
        }
        let (mut ahead, _) = Journal::open(aside.path()).unwrap();
        ahead.append(AT, &group(8, 1)).unwrap();
        let whole = fs::read(file(&aside)).unwrap();
        fs::write(file(&dir), &whole[..whole.len() - 9]).unwrap();
        for _ in 0..3 {
            says.recv().await.unwrap();
        }
        assert_eq!(out.seqs(), [4, 5, 6, 7]);
        fs::write(file(&dir), &whole).unwrap();
        shown(&mut says, &[4, 5, 6, 7, 8]).await;
        stop.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(following, writing);
    assert_eq!(ended.unwrap(), Ended::Good);
}
