//! Any part of a long journal, without reading the rest.

use super::{AT, group};
use lanewatch::audit::{Journal, Limits, Pages, Scan, Way};
use lanewatch::lane::RecordKind;
use std::fs::OpenOptions;
use std::io::Write as _;
use tempfile::TempDir;

/// How many records the long journal has; a million takes a minute to write.
fn many() -> u64 {
    let asked = std::env::var("LANEWATCH_TEST_RECORDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

fn long_journal(records: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    let mut next = 1;
    while next <= records {
        let n = 10_000.min(records - next + 1);
        journal.append(AT, &group(next, n)).unwrap();
        next += n;
    }
    dir
}

fn seqs(scan: &Scan) -> Vec<u64> {
    scan.found.iter().map(|entry| entry.record.seq).collect()
}

const TEN: Limits = Limits {
    records: 10,
    bytes: 1 << 20,
};

#[test]
fn any_record_is_found_by_its_number_in_a_few_pages() {
    let last = many();
    let dir = long_journal(last);
    let size = std::fs::metadata(dir.path().join("journal.jsonl"))
        .unwrap()
        .len();
    let mut pages = Pages::open(dir.path()).unwrap();
    assert_eq!(pages.reads().bytes, 0);
    for from in [last / 2, 1, 2, last / 3, last - 1, last, last / 2 + 1, 77] {
        let before = pages.reads();
        let older = pages
            .scan(from, Way::Older, TEN, &|_| true, &|_| true)
            .unwrap();
        let wanted: Vec<_> = (1..=from).rev().take(10).collect();
        assert_eq!(seqs(&older), wanted, "back from {from}");
        let newer = pages
            .scan(from, Way::Newer, TEN, &|_| true, &|_| true)
            .unwrap();
        let wanted: Vec<_> = (from..=last).take(10).collect();
        assert_eq!(seqs(&newer), wanted, "on from {from}");
        let read = pages.reads().pages - before.pages;
        assert!(read <= 20, "{read} pages for {from}");
    }
    let bytes = pages.reads().bytes;
    assert!(
        bytes < 5 << 20 && (bytes < size / 2 || size < 8 << 20),
        "{bytes} of {size}"
    );
    let beyond = pages
        .scan(last + 9, Way::Newer, TEN, &|_| true, &|_| true)
        .unwrap();
    assert!(beyond.found.is_empty() && beyond.at_end);
    let end = pages
        .scan(u64::MAX, Way::Older, TEN, &|_| true, &|_| true)
        .unwrap();
    assert_eq!(seqs(&end)[0], last);
}

#[test]
fn a_scan_stops_at_its_limits_and_goes_on_from_there() {
    let last = 5_000;
    let dir = long_journal(last);
    let mut pages = Pages::open(dir.path()).unwrap();
    let limits = Limits {
        records: usize::MAX,
        bytes: 64 * 1024,
    };
    let (mut from, mut found, mut steps) = (u64::MAX, Vec::new(), 0);
    loop {
        let wants =
            |record: &lanewatch::audit::AuditRecord| record.kind == RecordKind::WarningRaised;
        let scan = pages
            .scan(from, Way::Older, limits, &|_| true, &wants)
            .unwrap();
        found.extend(seqs(&scan));
        steps += 1;
        if scan.at_end {
            break;
        }
        from = scan.seen.unwrap().0 - 1;
    }
    assert!(steps > 10, "{steps}");
    let wanted: Vec<_> = (1..=last).rev().filter(|n| n % 3 == 0).collect();
    assert_eq!(found, wanted);
    assert!(pages.reads().bytes < 6_000_000);
}

#[test]
fn what_is_written_later_is_found_and_garbage_is_passed_over_and_counted() {
    let dir = long_journal(300);
    let mut pages = Pages::open(dir.path()).unwrap();
    let first = pages
        .scan(u64::MAX, Way::Older, TEN, &|_| true, &|_| true)
        .unwrap();
    assert_eq!(seqs(&first)[0], 300);
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    journal.append(AT, &group(301, 200)).unwrap();
    drop(journal);
    let later = pages
        .scan(450, Way::Older, TEN, &|_| true, &|_| true)
        .unwrap();
    assert_eq!(seqs(&later)[0], 450);
    let path = dir.path().join("journal.jsonl");
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"no record at all\n").unwrap();
    file.write_all(&vec![b'x'; 300 * 1024]).unwrap();
    file.write_all(b"\n{\"seq\":501,\"half").unwrap();
    let end = pages
        .scan(u64::MAX, Way::Older, TEN, &|_| true, &|_| true)
        .unwrap();
    assert_eq!(seqs(&end)[0], 500);
    assert_eq!(end.unreadable, 2);
    let on = pages
        .scan(495, Way::Newer, TEN, &|_| true, &|_| true)
        .unwrap();
    assert_eq!(seqs(&on), [495, 496, 497, 498, 499, 500]);
    assert!(on.at_end);
}
