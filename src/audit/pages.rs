//! Any part of the journal by the numbers of its records, without reading the rest.
//!
//! Numbers rise by one a line, so where a record stands can be guessed from two places that are
//! known: a few guesses find it among a million. Places found on the way are remembered, sparsely,
//! and make the next guess better; no index is ever built ahead, and none is kept on disk. The
//! screen's audit pane scrolls, searches and exports with this, a bounded piece at a time.
//!
//! Nothing here holds records against their hashes: that is [`super::verify`]'s.

use super::JOURNAL;
use super::backward::{Backward, Line};
use super::error::AuditError;
use super::forward::{Forward, Next};
use super::read::Entry;
use super::record::AuditRecord;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// How much is read at once.
const PAGE: usize = 32 * 1024;
/// Places remembered before every other one is forgotten.
const MARKS: usize = 2_048;
/// Guesses after which the middle is taken instead.
const GUESSES: u32 = 6;
/// Steps after which the journal's numbers cannot be in order, and it is read line by line.
const STEPS: u32 = 80;

/// In which direction records are looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Towards the first record.
    Older,
    /// Towards the last.
    Newer,
}

/// When a scan comes to its end, wherever it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// This many records were found.
    pub records: usize,
    /// This many bytes of lines were looked through.
    pub bytes: u64,
}

/// What a [`Pages::scan`] brought up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// What is wanted, in the order of the scan.
    pub found: Vec<Entry>,
    /// The first and the last number of what was looked through; `None` if there was nothing.
    pub seen: Option<(u64, u64)>,
    /// Whether there is nothing more that way.
    pub at_end: bool,
    /// Lines on the way that are not records. If there are any, the journal is broken.
    pub unreadable: u64,
}

/// What was read from the disk since [`Pages::open`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    /// How many reads.
    pub pages: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// A journal, open for reading at any place while its writer goes on.
#[derive(Debug)]
pub struct Pages {
    path: PathBuf,
    file: File,
    /// Numbers of records and the bytes at which their lines begin.
    marks: BTreeMap<u64, u64>,
    reads: Cell<Reads>,
}

/// A place in the file between two records that are known.
#[derive(Clone, Copy)]
struct Place {
    seq: u64,
    at: u64,
}

impl Pages {
    /// Opens the journal in `folder`. Reads nothing yet.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, AuditError> {
        let path = folder.join(JOURNAL);
        let file = File::open(&path).map_err(AuditError::io("read", &path))?;
        Ok(Self {
            path,
            file,
            marks: BTreeMap::new(),
            reads: Cell::default(),
        })
    }

    /// What was read so far.
    pub const fn reads(&self) -> Reads {
        self.reads.get()
    }

    /// Looks through the records from number `from` on, that one included, and keeps those that
    /// `wants`. `may` is asked first, of the line as it stands: lines it declines are not taken
    /// apart. A `from` beyond the end begins at the end; one below 1 at the first record.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn scan(
        &mut self,
        from: u64,
        way: Way,
        limits: Limits,
        may: &dyn Fn(&[u8]) -> bool,
        wants: &dyn Fn(&AuditRecord) -> bool,
    ) -> Result<Scan, AuditError> {
        let mut look = Look {
            limits,
            bytes: 0,
            scan: Scan::default(),
            may,
            wants,
        };
        let scanned = match way {
            Way::Older => self.older(from, &mut look),
            Way::Newer => self.newer(from, &mut look),
        };
        scanned.map_err(AuditError::io("read", &self.path))?;
        Ok(look.scan)
    }

    fn older(&mut self, from: u64, look: &mut Look<'_>) -> io::Result<()> {
        let end = match self.find(from.saturating_add(1))? {
            Some(place) => place.at,
            None => self.end()?,
        };
        let mut backward = Backward::before(&self.file, end);
        let mut last = None;
        while !look.enough() {
            let line = match backward.next_line()? {
                None => {
                    look.scan.at_end = true;
                    break;
                }
                Some(Line::TooLong(_)) => {
                    look.unreadable(super::LINE_MAX as u64);
                    continue;
                }
                Some(Line::Whole(at, line)) => {
                    if let Some(seq) = seq_of(&line) {
                        last = Some(Place { seq, at });
                    }
                    line
                }
            };
            look.take(&line);
        }
        self.count(backward.bytes_read(), PAGE);
        if let Some(Place { seq, at }) = last {
            self.mark(seq, at);
        }
        Ok(())
    }

    fn newer(&mut self, from: u64, look: &mut Look<'_>) -> io::Result<()> {
        let Some(place) = self.find(from.max(1))? else {
            look.scan.at_end = true;
            return Ok(());
        };
        let mut at = place.at;
        let mut last = None;
        let section = Section::new(&self.file, at, &self.reads);
        let mut forward = Forward::with_blocks(section, PAGE);
        while !look.enough() {
            match forward.next_line()? {
                Next::End | Next::Torn(_) => {
                    look.scan.at_end = true;
                    break;
                }
                Next::TooLong => {
                    // Where the next line begins is no longer known; nothing is marked after it.
                    at = u64::MAX;
                    look.unreadable(super::LINE_MAX as u64);
                }
                Next::Line(line) => {
                    if let Some(seq) = seq_of(line).filter(|_| at < u64::MAX) {
                        last = Some(Place { seq, at });
                    }
                    at = at.saturating_add(line.len() as u64).saturating_add(1);
                    look.take(line);
                }
            }
        }
        drop(forward);
        if let Some(Place { seq, at }) = last {
            self.mark(seq, at);
        }
        Ok(())
    }

    /// Where record `seq` begins, or the next one that there is; `None` beyond the end.
    fn find(&mut self, seq: u64) -> io::Result<Option<Place>> {
        if seq <= 1 {
            return Ok((self.end()? > 0).then_some(Place { seq: 1, at: 0 }));
        }
        let below = self.marks.range(..=seq).next_back();
        let mut low = below.map_or(Place { seq: 1, at: 0 }, |(seq, at)| Place {
            seq: *seq,
            at: *at,
        });
        if low.seq == seq {
            return Ok(Some(low));
        }
        let mut high = match self.marks.range(seq..).next() {
            Some((seq, at)) => Place { seq: *seq, at: *at },
            None => match self.last()? {
                Some(last) if last.seq >= seq => last,
                _ => return Ok(None),
            },
        };
        if high.seq == seq {
            return Ok(Some(high));
        }
        let mut block = Vec::new();
        for step in 0..STEPS {
            let gap = high.at.saturating_sub(low.at);
            if gap <= PAGE as u64 || high.seq <= low.seq {
                break;
            }
            let share = if step < GUESSES {
                let (part, whole) = (seq.saturating_sub(low.seq), high.seq - low.seq);
                u128::from(gap) * u128::from(part) / u128::from(whole.max(1))
            } else {
                u128::from(gap / 2)
            };
            // Half a page earlier, so that a good guess has the record in its middle.
            let share = u64::try_from(share).unwrap_or(gap);
            let share = share.saturating_sub(PAGE as u64 / 2).min(gap - PAGE as u64);
            let start = low.at.saturating_add(share.max(1));
            self.read_at(&mut block, start)?;
            let mut places = places(&block, start).filter(|place| place.at < high.at);
            let Some(first) = places.next() else {
                // A line longer than a page: no place to guess from.
                break;
            };
            let last = places.last().unwrap_or(first);
            if first.seq <= low.seq || last.seq >= high.seq {
                break;
            }
            self.mark(first.seq, first.at);
            if seq < first.seq {
                high = first;
            } else if seq > last.seq {
                low = last;
            } else {
                low = first;
                high = last;
                if high.seq == seq {
                    return Ok(Some(high));
                }
                break;
            }
        }
        self.walk(low, seq)
    }

    /// From a known place line by line to record `seq`.
    fn walk(&self, from: Place, seq: u64) -> io::Result<Option<Place>> {
        let mut at = from.at;
        let section = Section::new(&self.file, at, &self.reads);
        let mut forward = Forward::with_blocks(section, PAGE);
        loop {
            match forward.next_line()? {
                Next::End | Next::Torn(_) => return Ok(None),
                // Passed over without its length: the place of what follows is not known here.
                Next::TooLong => return Ok(Some(Place { seq, at })),
                Next::Line(line) => {
                    if let Some(found) = seq_of(line).filter(|found| *found >= seq) {
                        return Ok(Some(Place { seq: found, at }));
                    }
                    at = at.saturating_add(line.len() as u64).saturating_add(1);
                }
            }
        }
    }

    /// The last record, as far as it can be read.
    fn last(&mut self) -> io::Result<Option<Place>> {
        let mut backward = Backward::new(&self.file)?;
        let mut found = None;
        while let Some(line) = backward.next_line()? {
            if let Line::Whole(at, line) = line
                && let Some(seq) = seq_of(&line)
            {
                found = Some(Place { seq, at });
                break;
            }
        }
        self.count(backward.bytes_read(), PAGE);
        if let Some(Place { seq, at }) = found {
            // A writer that failed cuts its file back: what was beyond is no place any more.
            self.marks.retain(|_, known| *known <= at);
            self.mark(seq, at);
        }
        Ok(found)
    }

    /// Where the last whole line ends.
    fn end(&self) -> io::Result<u64> {
        let backward = Backward::new(&self.file)?;
        self.count(backward.bytes_read(), PAGE);
        Ok(backward.end())
    }

    fn read_at(&self, block: &mut Vec<u8>, at: u64) -> io::Result<()> {
        block.resize(PAGE, 0);
        let read = self.file.read_at(block, at)?;
        block.truncate(read);
        self.count(read as u64, PAGE);
        Ok(())
    }

    fn count(&self, bytes: u64, page: usize) {
        let mut reads = self.reads.get();
        reads.pages = reads.pages.saturating_add(bytes.div_ceil(page as u64));
        reads.bytes = reads.bytes.saturating_add(bytes);
        self.reads.set(reads);
    }

    fn mark(&mut self, seq: u64, at: u64) {
        self.marks.insert(seq, at);
        if self.marks.len() > MARKS {
            let mut odd = false;
            self.marks.retain(|_, _| {
                odd = !odd;
                odd
            });
        }
    }
}

/// A scan under way.
struct Look<'a> {
    limits: Limits,
    bytes: u64,
    scan: Scan,
    may: &'a dyn Fn(&[u8]) -> bool,
    wants: &'a dyn Fn(&AuditRecord) -> bool,
}

impl Look<'_> {
    const fn enough(&self) -> bool {
        self.scan.found.len() >= self.limits.records || self.bytes >= self.limits.bytes
    }

    fn unreadable(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.scan.unreadable = self.scan.unreadable.saturating_add(1);
    }

    fn take(&mut self, line: &[u8]) {
        let Some(seq) = seq_of(line) else {
            return self.unreadable(line.len() as u64);
        };
        self.bytes = self.bytes.saturating_add(line.len() as u64);
        let (low, high) = self.scan.seen.unwrap_or((seq, seq));
        self.scan.seen = Some((low.min(seq), high.max(seq)));
        if !(self.may)(line) {
            return;
        }
        match Entry::parse(line) {
            Err(_) => self.scan.unreadable = self.scan.unreadable.saturating_add(1),
            Ok(entry) if (self.wants)(&entry.record) => self.scan.found.push(entry),
            Ok(_) => {}
        }
    }
}

/// A file from one place on, counting what is read.
struct Section<'a> {
    file: &'a File,
    at: u64,
    reads: &'a Cell<Reads>,
}

impl<'a> Section<'a> {
    const fn new(file: &'a File, at: u64, reads: &'a Cell<Reads>) -> Self {
        Self { file, at, reads }
    }
}

impl Read for Section<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at = self.at.saturating_add(read as u64);
        let mut reads = self.reads.get();
        reads.pages = reads.pages.saturating_add(1);
        reads.bytes = reads.bytes.saturating_add(read as u64);
        self.reads.set(reads);
        Ok(read)
    }
}

/// The number that a line begins with.
fn seq_of(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"{\"seq\":")?;
    let digits = digits.split(|byte| *byte == b',').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The records that begin in a block that was read at byte `start`, in the middle of a line.
fn places(block: &[u8], start: u64) -> impl Iterator<Item = Place> {
    let feeds = block.iter().enumerate();
    let feeds = feeds.filter(|(_, byte)| **byte == b'\n');
    feeds.filter_map(move |(feed, _)| {
        let line = block.get(feed + 1..)?;
        // A number that the block's end may have cut short is none.
        line.iter().take(40).position(|byte| *byte == b',')?;
        Some(Place {
            seq: seq_of(line)?,
            at: start.saturating_add(feed as u64).saturating_add(1),
        })
    })
}
