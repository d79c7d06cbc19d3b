//! Whatever is done to the file, it shows.

use super::{AT, checked, file, group, journal, whats};
use lanewatch::audit::{AuditError, Filter, Journal, LINE_MAX, PROBLEMS_KEPT, query, tail, verify};
use lanewatch::lane::Wall;
use proptest::prelude::*;
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;

#[test]
fn every_change_of_any_single_byte_is_found() {
    let dir = journal(4, true);
    let good = fs::read(file(&dir)).unwrap();
    for at in 0..good.len() {
        // Another character, another case, another line.
        for change in [1, 0x20, good[at] ^ b'\n'] {
            let mut bad = good.clone();
            bad[at] ^= change;
            if bad == good {
                continue;
            }
            fs::write(file(&dir), &bad).unwrap();
            assert!(!checked(&dir).is_good(), "byte {at} ^ {change}");
        }
    }
}

/// A way to tamper with a journal.
#[derive(Clone, Debug)]
enum Tampering {
    Edit(usize, u8),
    Cut(usize),
    DeleteBytes(usize, usize),
    InsertBytes(usize, Vec<u8>),
    DeleteLines(usize, usize),
    SwapLines(usize, usize),
    CopyLine(usize, usize),
    MoveLine(usize, usize),
    Reword(usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    use Tampering::*;
    let (at, few) = (any::<usize>, 1_usize..500);
    prop_oneof![
        (at(), 1_u8..).prop_map(|(at, by)| Edit(at, by)),
        at().prop_map(Cut),
        (at(), few).prop_map(|(at, n)| DeleteBytes(at, n)),
        (at(), prop::collection::vec(any::<u8>(), 1..300)).prop_map(|(at, b)| InsertBytes(at, b)),
        (at(), 1_usize..30).prop_map(|(at, n)| DeleteLines(at, n)),
        (at(), at()).prop_map(|(one, two)| SwapLines(one, two)),
        (at(), at()).prop_map(|(from, to)| CopyLine(from, to)),
        (at(), at()).prop_map(|(from, to)| MoveLine(from, to)),
        at().prop_map(Reword),
    ]
}

fn tampered(good: &[u8], how: &Tampering) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let mut lines: Vec<_> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let (size, count) = (bytes.len(), lines.len());
    match how {
        Tampering::Edit(at, by) => bytes[at % size] ^= by,
        Tampering::Cut(at) => bytes.truncate(at % size),
        Tampering::DeleteBytes(at, n) => {
            let at = at % size;
            bytes.drain(at..size.min(at + n));
        }
        Tampering::InsertBytes(at, fresh) => {
            let at = at % (size + 1);
            bytes.splice(at..at, fresh.iter().copied());
        }
        Tampering::DeleteLines(at, n) => {
            let at = at % count;
            lines.drain(at..count.min(at + n));
            bytes = lines.concat();
        }
        Tampering::SwapLines(one, two) => {
            lines.swap(one % count, two % count);
            bytes = lines.concat();
        }
        Tampering::CopyLine(from, to) => {
            lines.insert(to % (count + 1), lines[from % count]);
            bytes = lines.concat();
        }
        Tampering::MoveLine(from, to) => {
            let line = lines.remove(from % count);
            lines.insert(to % count, line);
            bytes = lines.concat();
        }
        // A line whose own hash fits, as somebody makes it who knows the definition.
        Tampering::Reword(at) => {
            let at = at % count;
            let text = String::from_utf8_lossy(lines[at]);
            let body = text.rsplit_once(",\"hash\":").map_or("", |(body, _)| body);
            let body = body.replace("number", "nothing");
            let hash = sha256(format!("lanewatch audit v1 record\n{body}").as_bytes());
            let line = format!("{body},\"hash\":\"{hash}\"}}\n");
            lines[at] = line.as_bytes();
            bytes = lines.concat();
        }
    }
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn all_tampering_is_found(how in prop::collection::vec(tampering(), 1..3)) {
        static GOOD: LazyLock<TempDir> = LazyLock::new(|| journal(24, true));
        let good = fs::read(file(&GOOD)).unwrap();
        let mut bad = good.clone();
        for how in &how {
            if !bad.is_empty() {
                bad = tampered(&bad, how);
            }
        }
        let dir = tempfile::tempdir().unwrap();
        fs::copy(GOOD.path().join("head"), dir.path().join("head")).unwrap();
        fs::write(file(&dir), &bad).unwrap();
        prop_assert_eq!(checked(&dir).is_good(), bad == good);
    }
}

#[test]
fn a_cut_between_two_records_is_found_against_a_head_and_only_so() {
    let dir = journal(9, true);
    let head = checked(&dir).head.unwrap();
    let text = fs::read_to_string(file(&dir)).unwrap();
    let cut: String = text.split_inclusive('\n').take(6).collect();
    fs::write(file(&dir), cut).unwrap();
    let told = "7: the journal ends at record 6, but the head file knows record 9: records were \
                cut off";
    assert_eq!(whats(&checked(&dir)), [told]);

    // Who cuts both leaves a chain that is whole, unless a head was noted elsewhere.
    let six = checked(&dir).head.unwrap();
    fs::write(dir.path().join("head"), format!("{six}\n")).unwrap();
    assert!(checked(&dir).is_good());
    let told = verify(dir.path(), Some(head)).unwrap();
    assert_eq!(told.problems.len(), 1, "{told:?}");
    assert!(verify(dir.path(), Some(six)).unwrap().is_good());

    fs::remove_file(dir.path().join("head")).unwrap();
    assert_eq!(whats(&checked(&dir)), ["7: the head file is missing"]);
    fs::write(dir.path().join("head"), "rubbish").unwrap();
    assert_eq!(whats(&checked(&dir)), ["7: the head file names no record"]);
}

#[test]
fn a_journal_rewritten_from_the_first_record_is_found_against_a_head() {
    let (dir, other) = (journal(9, true), tempfile::tempdir().unwrap());
    let head = checked(&dir).head.unwrap();
    let (mut rewritten, _) = Journal::open(other.path()).unwrap();
    rewritten.append(Wall(AT.0 + 1), &group(1, 12)).unwrap();
    rewritten.note_head().unwrap();
    assert!(checked(&other).is_good());
    let told = whats(&verify(other.path(), Some(head)).unwrap());
    assert_eq!(told, ["9: it is not the record that the head given knows"]);
}

#[test]
fn a_deleted_journal_is_found_and_not_begun_anew() {
    let dir = journal(3, true);
    fs::remove_file(file(&dir)).unwrap();
    assert_eq!(
        whats(&checked(&dir)),
        [
            "1: the journal is gone",
            "1: the journal ends at record 0, but the head file knows record 3: records were cut \
             off"
        ]
    );
    let refused = Journal::open(dir.path()).unwrap_err();
    assert!(
        matches!(refused, AuditError::Broken { seq: 3, .. }),
        "{refused}"
    );
    assert!(!file(&dir).exists());
}

#[test]
fn a_report_says_what_was_done_where() {
    let dir = journal(9, true);
    let good = fs::read_to_string(file(&dir)).unwrap();
    let lines: Vec<_> = good.split_inclusive('\n').collect();
    let told = |lines: &[&str]| {
        fs::write(file(&dir), lines.concat()).unwrap();
        whats(&checked(&dir))
    };
    let edited = lines[2].replace("number 3", "number 4");
    let with = |at: usize, line| [&lines[..at], &[line], &lines[at + 1..]].concat();
    assert_eq!(
        told(&with(2, edited.as_str())),
        ["3: it was changed: its hash does not fit its bytes"]
    );
    assert_eq!(told(&with(2, "rubbish\n")), ["3: it is not a record"]);
    assert_eq!(
        told(&[&lines[..2], &lines[5..]].concat()),
        ["3: 3 record(s) before it are missing, from 3 on"]
    );
    assert_eq!(
        told(&[&lines[..3], &lines[2..]].concat()),
        ["4: it is out of place: record 4 is due here"]
    );
    assert_eq!(
        told(&lines[1..]),
        ["1: 1 record(s) before it are missing, from 1 on"]
    );
    let torn = lines[8].trim_end();
    let left = torn.len();
    assert_eq!(
        told(&with(8, torn)),
        [
            format!("9: the last line is torn: {left} bytes without a line end"),
            "10: the journal ends at record 8, but the head file knows record 9: records were cut \
             off"
            .to_owned()
        ]
    );
}

#[test]
fn garbage_and_endless_lines_are_told_and_survived() {
    let dir = journal(3, true);
    let good = fs::read(file(&dir)).unwrap();
    let mut bad = good.clone();
    bad.extend(vec![b'x'; 10 << 20]);
    bad.extend(b"\n\xff\xfe\x00\x1b[2J\n\n");
    bad.extend(vec![0; LINE_MAX * 2]);
    fs::write(file(&dir), &bad).unwrap();
    assert_eq!(
        whats(&checked(&dir)),
        [
            "4: it is longer than any record".to_owned(),
            "5: it is not a record".to_owned(),
            "6: it is not a record".to_owned(),
            format!(
                "7: the last line is torn: {} bytes without a line end",
                LINE_MAX * 2
            ),
        ]
    );
    let found = query(dir.path(), &Filter::default(), 9).unwrap();
    assert_eq!((found.entries.len(), found.unreadable), (3, 3));
    assert!(tail(dir.path(), 1).unwrap_err().is_broken());
    assert!(Journal::open(dir.path()).unwrap_err().is_broken());

    // A file of nothing but rubbish does not become a report of its size.
    fs::write(file(&dir), "\n".repeat(PROBLEMS_KEPT * 3)).unwrap();
    let report = checked(&dir);
    assert_eq!(report.problems.len(), PROBLEMS_KEPT);
    assert_eq!(report.more, PROBLEMS_KEPT as u64 * 2 + 1);
}
