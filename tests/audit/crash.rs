//! Writers that are killed, and writers that run out of room.

use super::{AT, checked, group};
use lanewatch::audit::{AuditError, Head, Journal, verify};
use lanewatch::lane::{Record, RecordKind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const WRITER: &str = "LANEWATCH_TEST_WRITER";
const LIMITED: &str = "LANEWATCH_TEST_LIMITED_WRITER";

/// Starts this test binary as a process that runs one of the children below.
fn child(test: &str, variable: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        // A file that reaches its limit shall be an error, not a signal.
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            test,
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(variable, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

#[test]
#[ignore = "not a promise: the writer that other tests start as a process and kill"]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(WRITER) else {
        return;
    };
    let (mut journal, opened) = Journal::open(Path::new(&folder)).unwrap();
    if let Some(torn) = opened.torn {
        let note = format!("{} bytes", torn.bytes);
        let repaired = Record::engine(RecordKind::AuditRepaired, note);
        journal.append(AT, &[(repaired, None)]).unwrap();
    }
    loop {
        let first = journal.last_seq() + 1;
        let written = journal.append(AT, &group(first, 1 + first % 40)).unwrap();
        // Ends the process when nobody listens any more.
        println!("\nwritten {}", written.last().unwrap().seq);
    }
}

#[test]
fn what_was_written_before_a_kill_is_there_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..25 {
        let mut writer = child(
            "crash::child_that_writes_until_it_is_killed",
            WRITER,
            dir.path(),
        )
        .spawn()
        .unwrap();
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut seen = 0;
        // Sooner or later, so that the kill hits different moments.
        while seen < 1 + round * 3 {
            let line = said.next().unwrap().unwrap();
            if let Some(seq) = line.strip_prefix("written ") {
                acknowledged = seq.parse().unwrap();
                seen += 1;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The last line may itself have been cut short by the kill.
        let rest: Vec<_> = said.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            if let Some(seq) = line.strip_prefix("written ") {
                acknowledged = seq.parse().unwrap();
            }
        }
        if round % 2 == 0 {
            let (mut journal, opened) = Journal::open(dir.path()).unwrap();
            assert!(opened.last_seq >= acknowledged);
            assert!(!opened.head_missing);
            let first = opened.last_seq + 1;
            journal.append(AT, &group(first, 1)).unwrap();
            let report = checked(&dir);
            assert!(report.is_good(), "{report:?}");
            assert_eq!(report.records, first);
        }
    }
}

#[test]
#[ignore = "not a promise: the writer that another test starts on a disk that is soon full"]
fn child_that_writes_until_the_disk_is_full() {
    let Some(folder) = std::env::var_os(LIMITED) else {
        return;
    };
    let folder = Path::new(&folder);
    let (mut journal, _) = Journal::open(folder).unwrap();
    let limit = getrlimit(Resource::Fsize);
    let bounded = Rlimit {
        current: Some(20_000),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Fsize, bounded).unwrap();

    let refused = loop {
        let first = journal.last_seq() + 1;
        if let Err(refused) = journal.append(AT, &group(first, 5)) {
            break refused;
        }
    };
    assert!(matches!(refused, AuditError::Io { .. }), "{refused}");
    assert!(!refused.is_broken());
    let (seq, head) = (journal.last_seq(), journal.head());
    let report = verify(folder, None).unwrap();
    assert!(
        report.is_good(),
        "nothing of the failed group is left: {report:?}"
    );
    assert_eq!(report.head, Some(Head { seq, hash: head }));
    journal.append(AT, &group(seq + 1, 5)).unwrap_err();
    assert_eq!((journal.last_seq(), journal.head()), (seq, head));

    setrlimit(Resource::Fsize, limit).unwrap();
    let written = journal.append(AT, &group(seq + 1, 5)).unwrap();
    assert_eq!(written[0].seq, seq + 1);
    let report = verify(folder, None).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.records, seq + 5);
    println!("\nsurvived {seq}");
}

#[test]
fn a_full_disk_loses_nothing_and_the_journal_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let writer = child(
        "crash::child_that_writes_until_the_disk_is_full",
        LIMITED,
        dir.path(),
    );
    let ended = { writer }.stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let failed = String::from_utf8_lossy(&ended.stderr).into_owned();
    let survived = said.lines().find_map(|line| line.strip_prefix("survived "));
    let survived: u64 = survived
        .unwrap_or_else(|| panic!("{said}{failed}"))
        .parse()
        .unwrap();
    assert!(survived > 0);
    let (_, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!((opened.last_seq, opened.torn), (survived + 5, None));
}
