//! Opening a journal, whoever left it and in whatever state.

use super::{AT, checked, file, group, journal};
use lanewatch::audit::{AuditError, Journal, LINE_MAX, verify};
use lanewatch::lane::{Record, RecordKind};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

#[test]
fn a_journal_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state/audit");
    let (mut journal, _) = Journal::open(&folder).unwrap();
    journal.append(AT, &group(1, 1)).unwrap();
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["journal.jsonl", "head", "lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    drop(journal);
    let path = folder.join("journal.jsonl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Journal::open(&folder).unwrap());
    assert_eq!(mode("journal.jsonl"), 0o600);
}

#[test]
fn a_journal_goes_on_where_it_ended() {
    let dir = journal(5, false);
    let (mut journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!((opened.last_seq, opened.head_missing), (5, false));
    assert_eq!(journal.append(AT, &[]).unwrap(), []);
    let written = journal.append(AT, &group(6, 2)).unwrap();
    assert_eq!(written[1].seq, 7);
    assert_eq!(checked(&dir).head.unwrap().hash, journal.head());
    assert!(checked(&dir).is_good());
}

#[test]
fn a_torn_last_line_of_any_length_is_set_aside_and_the_journal_goes_on() {
    let whole = journal(3, false);
    let good = fs::read(file(&whole)).unwrap();
    let last = good
        .split_inclusive(|byte| *byte == b'\n')
        .next_back()
        .unwrap()
        .len();
    for cut in 1..=last {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(whole.path().join("head"), dir.path().join("head")).unwrap();
        let (kept, torn) = (&good[..good.len() - last], &good[good.len() - last..]);
        let torn = &torn[..last - cut];
        fs::write(file(&dir), [kept, torn].concat()).unwrap();
        let (mut journal, opened) = Journal::open(dir.path()).unwrap();
        assert_eq!(opened.last_seq, 2);
        match opened.torn {
            None => assert!(torn.is_empty()),
            Some(set_aside) => {
                assert_eq!(set_aside.bytes, torn.len() as u64);
                assert_eq!(set_aside.set_aside, dir.path().join("torn-3.bin"));
                assert_eq!(fs::read(&set_aside.set_aside).unwrap(), torn);
                let mode = fs::metadata(&set_aside.set_aside).unwrap().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
        }
        let repaired = Record::engine(RecordKind::AuditRepaired, "a torn line");
        journal.append(AT, &[(repaired, None)]).unwrap();
        assert!(checked(&dir).is_good());
        assert_eq!(checked(&dir).records, 3);
    }
}

#[test]
fn no_torn_line_overwrites_an_older_one() {
    let dir = journal(2, true);
    for name in ["torn-3.bin", "torn-3-2.bin"] {
        let mut end = fs::OpenOptions::new()
            .append(true)
            .open(file(&dir))
            .unwrap();
        end.write_all(name.as_bytes()).unwrap();
        let (_, opened) = Journal::open(dir.path()).unwrap();
        let set_aside = opened.torn.unwrap().set_aside;
        assert_eq!(set_aside, dir.path().join(name));
        assert_eq!(fs::read_to_string(set_aside).unwrap(), name);
    }
}

#[test]
fn a_whole_last_line_that_is_false_is_not_continued() {
    let dir = journal(5, false);
    let good = fs::read_to_string(file(&dir)).unwrap();
    let opened = |text: &str| {
        fs::write(file(&dir), text).unwrap();
        let refused = Journal::open(dir.path()).unwrap_err();
        assert_eq!(
            fs::read_to_string(file(&dir)).unwrap(),
            text,
            "left as it is"
        );
        match refused {
            AuditError::Broken {
                seq, line, what, ..
            } => (seq, line, what.to_string()),
            other => panic!("{other}"),
        }
    };
    assert_eq!(
        opened(&good.replace("number 5", "number 6")),
        (5, 5, "its hash does not fit its bytes".into())
    );
    assert_eq!(
        opened(&format!("{good}{{}}\n")),
        (6, 6, "it is not a record".into())
    );
    let endless = "x".repeat(LINE_MAX + 1);
    assert_eq!(
        opened(&format!("{good}{endless}\n")),
        (6, 6, "it is longer than any record".into())
    );
}

#[test]
fn a_journal_that_ends_before_its_head_is_not_continued() {
    let dir = journal(5, true);
    let good = fs::read_to_string(file(&dir)).unwrap();
    let cut: String = good.split_inclusive('\n').take(4).collect();
    fs::write(file(&dir), cut).unwrap();
    let refused = Journal::open(dir.path()).unwrap_err();
    assert!(
        matches!(
            refused,
            AuditError::Broken {
                seq: 4,
                line: 4,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("knows record 5"), "{refused}");
}

#[test]
fn a_journal_without_its_head_file_says_so_when_it_is_opened() {
    let dir = journal(5, true);
    fs::remove_file(dir.path().join("head")).unwrap();
    let (_journal, opened) = Journal::open(dir.path()).unwrap();
    assert!(opened.head_missing);
    assert!(checked(&dir).is_good());
}

#[test]
fn there_is_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    let refused = Journal::open(dir.path()).unwrap_err();
    let pid = std::process::id();
    assert!(matches!(refused, AuditError::Busy { pid: Some(busy), .. } if busy == pid));
    assert!(
        refused.to_string().contains(&format!("process {pid}")),
        "{refused}"
    );
    drop(journal);
    Journal::open(dir.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_one_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("a-file");
    fs::write(&plain, "").unwrap();
    for folder in [
        plain.as_path(),
        &plain.join("audit"),
        Path::new("/proc/self/audit"),
    ] {
        let refused = Journal::open(folder).unwrap_err();
        assert!(matches!(refused, AuditError::Io { .. }), "{refused}");
        assert!(
            refused.to_string().contains(folder.to_str().unwrap()),
            "{refused}"
        );
        assert!(matches!(verify(folder, None), Err(AuditError::Io { .. })));
    }
}

#[test]
fn nothing_is_written_into_a_journal_that_somebody_else_has_touched() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    journal.append(AT, &group(1, 3)).unwrap();
    let good = fs::read(file(&dir)).unwrap();
    let aside = dir.path().join("aside");
    let mut refused = |what: &str| {
        let refused = journal.append(AT, &group(4, 1)).unwrap_err();
        assert!(
            refused.is_broken() && refused.to_string().contains(what),
            "{refused}"
        );
        assert_eq!(journal.last_seq(), 3);
    };
    fs::rename(file(&dir), &aside).unwrap();
    refused("moved or deleted");
    fs::copy(&aside, file(&dir)).unwrap();
    refused("replaced");
    fs::rename(&aside, file(&dir)).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(file(&dir))
        .unwrap()
        .set_len(10)
        .unwrap();
    refused("changed");
    fs::write(file(&dir), [&good[..], b"more\n"].concat()).unwrap();
    refused("changed");
    fs::write(file(&dir), &good).unwrap();
    assert_eq!(journal.append(AT, &group(4, 1)).unwrap()[0].seq, 4);
    assert!(checked(&dir).is_good());
}
