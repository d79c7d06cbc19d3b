//! The audit pane in front of a long journal: only what is looked at is read.

use crate::Desk;
use crate::fixture::{at, record, wall};
use lanewatch::audit::Journal;
use lanewatch::engine::Update;
use lanewatch::lane::{Actor, Cause, Record, RecordKind, Wall};
use lanewatch::tui::archive::Archive;
use lanewatch::tui::model::{Overlay, RECORDS_SHOWN};
use lanewatch::tui::update::Msg;
use std::sync::Arc;
use tempfile::TempDir;

/// How many records the long journal has; a million takes a minute to write.
fn many() -> u64 {
    let asked = std::env::var("LANEWATCH_TEST_RECORDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

/// Record `n`: every tenth is a warning of crm-write, number 77 a hold by maria.
fn entry(n: u64) -> (Record, Option<u64>) {
    let mut record = Record::engine(RecordKind::ProbePassed, format!("number {n}"));
    record.lane = Some("crm-read".into());
    if n.is_multiple_of(10) {
        record.kind = RecordKind::RateLimited;
        record.lane = Some("crm-write".into());
    }
    if n == 77 {
        record.kind = RecordKind::LaneHeld;
        record.lane = Some("billing-refunds".into());
        record.actor = Actor::Operator("maria".into());
        record.note = Some("the needle".into());
        record.cause = Cause::Previous;
    }
    (record, (n > 60 && n.is_multiple_of(7)).then(|| n - 7))
}

struct Scene {
    desk: Desk,
    archive: Archive,
    dir: TempDir,
    last: u64,
}

impl Scene {
    /// A journal of so many records, of which the screen was told the last `told`.
    fn new(last: u64, told: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        let mut next = 1;
        while next <= last {
            let n = 10_000.min(last - next + 1);
            let entries: Vec<_> = (next..next + n).map(entry).collect();
            let at = Wall(at(0).wall.0 - i64::try_from(last - next).unwrap());
            journal.append(at, &entries).unwrap();
            next += n;
        }
        let mut desk = Desk::new(100, 40);
        desk.learn(Update {
            lanes: wall().into_iter().map(Arc::new).collect(),
            ..Update::default()
        });
        desk.model.connect(dir.path().to_owned());
        let archive = Archive::new(dir.path().to_owned());
        let mut this = Self {
            desk,
            archive,
            dir,
            last,
        };
        this.told(last + 1 - told..last + 1);
        this
    }

    /// News of records that were written already.
    fn told(&mut self, range: std::ops::Range<u64>) {
        let records = range.map(|seq| {
            let (written, cause) = entry(seq);
            let mut known = record(seq, written.kind, "", 0);
            known.lane = written.lane;
            known.note = written.note.map(|note| note.text());
            known.cause = cause;
            Arc::new(known)
        });
        let records = records.collect();
        self.desk.learn(Update {
            records,
            ..Update::default()
        });
    }

    /// One errand, if there is one.
    fn step(&mut self) -> bool {
        self.desk.model.settle();
        let Some(ask) = self.desk.model.errand() else {
            return false;
        };
        let answer = self.archive.answer(ask);
        self.desk.tell(Msg::Read(answer));
        true
    }

    /// Every errand there is.
    fn read(&mut self) -> usize {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 10_000, "it never ends");
        }
        steps
    }

    fn press(&mut self, keys: &str) -> usize {
        for key in keys.split_whitespace() {
            self.desk.press(key);
        }
        self.read()
    }

    /// The numbers on the screen, top to bottom.
    fn shown(&mut self) -> Vec<u64> {
        let text = self.desk.text();
        let lines = text.lines().skip_while(|line| !line.contains("─ audit"));
        let numbers = lines.skip(1).filter_map(|line| line.split_once('#'));
        numbers
            .filter_map(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
            .collect()
    }

    fn pages(&self) -> u64 {
        self.archive.reads().pages
    }
}

fn contiguous(shown: &[u64]) {
    assert!(!shown.is_empty());
    assert!(
        shown.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{shown:?}"
    );
}

#[test]
fn the_pane_opens_at_the_end_of_what_was_written_before_it() {
    let mut scene = Scene::new(500, 0);
    scene.press("tab tab z");
    let shown = scene.shown();
    contiguous(&shown);
    assert_eq!(*shown.last().unwrap(), 500);
    assert_eq!(shown.len(), 37);
    scene.told(501..503);
    scene.read();
    let shown = scene.shown();
    contiguous(&shown);
    assert_eq!((shown.len(), *shown.last().unwrap()), (37, 502));
}

#[test]
fn scrolling_reads_only_the_pages_it_needs_however_long_the_journal_is() {
    let mut scene = Scene::new(many(), 50);
    scene.press("tab tab z");
    assert!(scene.pages() < 20, "{} pages to begin with", scene.pages());
    let mut expected = *scene.shown().first().unwrap();
    for _ in 0..40 {
        scene.press("pgup");
        let shown = scene.shown();
        contiguous(&shown);
        assert!(shown[0] <= expected);
        expected = shown[0];
    }
    assert!(expected < scene.last - 1_300);
    let before = scene.pages();
    scene.press("g");
    assert_eq!(scene.shown()[0], 1);
    contiguous(&scene.shown());
    for _ in 0..40 {
        scene.press("pgdn");
        contiguous(&scene.shown());
    }
    assert!(scene.shown()[0] > 1_300);
    let read = scene.pages() - before;
    assert!(read < 200, "{read} pages");
    scene.press("G");
    assert_eq!(*scene.shown().last().unwrap(), scene.last);
    assert!(scene.desk.model.trail.run(&scene.desk.model.journal).len() < 4_000);
}

#[test]
fn what_is_looked_at_stays_while_the_ring_rolls_over_it() {
    let mut scene = Scene::new(RECORDS_SHOWN as u64, RECORDS_SHOWN as u64);
    scene.press("tab tab z k k k");
    let before = scene.shown();
    scene.told(2_001..9_001);
    assert_eq!(scene.shown(), before, "and without reading");
    scene.press("j");
    assert_eq!(scene.shown(), before);
}

#[test]
fn a_search_finds_what_only_the_file_has_and_n_goes_on() {
    let mut scene = Scene::new(many(), 50);
    scene.press("tab tab z /");
    scene.desk.type_in("NEEDLE");
    scene.press("enter");
    assert_eq!(scene.desk.model.trail.cursor(), Some(77));
    assert!(scene.shown().contains(&77) && scene.shown().contains(&80));
    scene.press("n");
    assert!(scene.desk.text().contains("no record further back"));
    scene.press("esc esc esc z /");
    scene.desk.type_in("crm-write");
    scene.press("enter n n N");
    let newest = scene.last / 10 * 10;
    assert_eq!(scene.desk.model.trail.cursor(), Some(newest - 10));
    scene.press("/ ctrl-u");
    scene.desk.type_in("#4");
    scene.press("enter");
    assert_eq!(scene.desk.model.trail.cursor(), Some(4));
    assert!(scene.shown().contains(&4));
}

#[test]
fn a_long_search_shows_where_it_is_and_escape_stops_it() {
    // More than one errand looks through at once.
    let mut scene = Scene::new(20_000, 50);
    scene.press("tab tab z /");
    scene.desk.type_in("nowhere to be found");
    scene.desk.press("enter");
    assert!(scene.step());
    let text = scene.desk.text();
    assert!(text.contains("searching, at #"), "{text}");
    scene.desk.press("esc");
    assert!(!scene.desk.text().contains("searching"));
    let place = scene.shown();
    assert_eq!(scene.read(), 0);
    assert_eq!(scene.shown(), place);
}

#[test]
fn a_filter_looks_into_the_file_until_the_pane_is_full() {
    let mut scene = Scene::new(3_000, 50);
    scene.press("tab tab z F");
    scene.desk.type_in("kind:limited");
    scene.press("enter");
    let shown = scene.shown();
    assert_eq!(shown.len(), 37);
    assert!(shown.iter().all(|seq| seq % 10 == 0));
    assert_eq!(*shown.last().unwrap(), 3_000);
    scene.press("g");
    assert_eq!(scene.shown()[..3], [10, 20, 30]);
    scene.press("F ctrl-u");
    scene.desk.type_in("sev:bad by:maria");
    scene.press("enter G");
    assert_eq!(scene.shown(), [77]);
    scene.press("F ctrl-u");
    scene.desk.type_in("sev:loud");
    assert!(scene.desk.text().contains("sev: is note, warn or bad"));
}

#[test]
fn a_record_opens_with_its_causes_also_those_only_the_file_has() {
    let mut scene = Scene::new(1_000, 20);
    scene.press("tab tab /");
    scene.desk.type_in("#994");
    scene.press("enter enter");
    let text = scene.desk.text();
    for said in ["#994 probe_passed", "because of", "#987", "#980", "#973"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    scene.press("c c");
    assert!(scene.desk.text().contains("#980 rate_limited"));
    scene.press("esc");
    assert!(scene.desk.text().contains("#987 probe_passed"));
    scene.press("]");
    assert!(scene.desk.text().contains("#988 probe_passed"));
    scene.press("q");
    assert!(scene.desk.model.overlay.is_none());
}

#[test]
fn an_export_names_its_file_writes_what_the_filter_shows_and_overwrites_nothing() {
    let mut scene = Scene::new(1_000, 20);
    scene.press("tab tab F");
    scene.desk.type_in("kind:limited");
    scene.press("enter e");
    let name = "lanewatch-audit-20261122T201407Z.jsonl";
    let path = scene.dir.path().join(name);
    let spoken = scene.desk.text().replace(['\n', '│', ' '], "");
    assert!(spoken.contains(&path.display().to_string()), "{spoken}");
    scene.press("enter");
    assert!(!path.exists(), "return cancels");
    scene.press("e y");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 100);
    assert!(text.lines().all(|line| line.contains("rate_limited")));
    assert!(scene.desk.text().contains("100 records written to"));
    scene.press("e y");
    assert!(scene.desk.text().contains("cannot make"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    scene.press("e f y");
    let csv = std::fs::read_to_string(path.with_extension("csv")).unwrap();
    assert_eq!(csv.lines().count(), 101);
}

#[test]
fn an_export_that_is_stopped_leaves_no_file() {
    let mut scene = Scene::new(20_000, 20);
    scene.press("tab tab");
    scene.desk.press("e");
    scene.desk.press("y");
    assert!(scene.step());
    assert!(scene.desk.text().contains("writing, at #"));
    scene.press("esc");
    let mut left = std::fs::read_dir(scene.dir.path()).unwrap();
    assert!(!left.any(|file| {
        let name = file.unwrap().file_name();
        name.to_string_lossy().starts_with("lanewatch-audit")
    }));
    assert!(scene.desk.text().contains("the export was stopped"));
}

#[test]
fn without_a_journal_the_pane_says_what_cannot_be_done() {
    let mut desk = Desk::with(100, 40, wall());
    desk.press("tab tab e");
    assert!(desk.text().contains("not on this machine"));
    assert!(!matches!(desk.model.overlay, Some(Overlay::Export { .. })));
}

#[test]
fn a_mask_keeps_the_real_names_of_the_file_from_the_screen() {
    let mut scene = Scene::new(3_000, 50);
    scene.press("tab tab z pgup pgup pgup");
    assert!(scene.desk.text().contains("crm-read"));
    let read = scene.pages();
    scene.desk.model.set_private(true);
    scene.press("g /");
    scene.desk.type_in("needle");
    scene.press("enter e");
    let text = scene.desk.text();
    assert!(text.contains("names are masked"), "{text}");
    assert!(!text.contains("crm-"), "{text}");
    assert_eq!(scene.pages(), read, "and nothing is read");
    scene.desk.model.set_private(false);
    scene.press("g");
    assert_eq!(scene.shown()[0], 1);
    assert!(scene.desk.text().contains("crm-read"));
}
