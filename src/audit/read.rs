//! Reading the journal: its end for a recovery or a screen, a part of it for a question.

use super::backward::{Backward, Line};
use super::chain::Links;
use super::error::AuditError;
use super::forward::{Forward, Next};
use super::record::AuditRecord;
use super::{Hash, JOURNAL};
use crate::lane::{LaneName, Outcome, RecordKind, Wall};
use crate::plain::Plain;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

/// A record and the line it stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The record.
    pub record: AuditRecord,
    /// Its line, without the line feed, hashes included. Free of control characters.
    pub line: Box<str>,
}

impl Entry {
    /// Reads one line.
    ///
    /// # Errors
    /// The line, made harmless, if it is not a record. That it is says nothing of its hashes.
    pub fn parse(line: &[u8]) -> Result<Self, Plain> {
        let read = || {
            let text = std::str::from_utf8(line).ok()?;
            if text.chars().any(char::is_control) {
                return None;
            }
            let record = serde_json::from_str(text).ok()?;
            Some(Self {
                record,
                line: text.into(),
            })
        };
        read().ok_or_else(|| Plain::from_bytes(line))
    }
}

/// Which records are wanted: those for which every field that is set fits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Of this lane.
    pub lane: Option<LaneName>,
    /// Of this kind.
    pub kind: Option<RecordKind>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// From this moment on.
    pub since: Option<Wall>,
    /// Before this moment.
    pub until: Option<Wall>,
    /// From this number on.
    pub first: Option<u64>,
    /// Up to this number and with it.
    pub last: Option<u64>,
}

impl Filter {
    /// Whether `record` is wanted.
    pub fn wants(&self, record: &AuditRecord) -> bool {
        self.lane
            .as_ref()
            .is_none_or(|lane| record.lane.as_ref() == Some(lane))
            && self.kind.is_none_or(|kind| record.kind == kind)
            && self
                .outcome
                .is_none_or(|outcome| record.outcome == Some(outcome))
            && self.since.is_none_or(|since| record.ts >= since)
            && self.until.is_none_or(|until| record.ts < until)
            && self.first.is_none_or(|first| record.seq >= first)
            && self.last.is_none_or(|last| record.seq <= last)
    }
}

/// What a question brought up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The newest records that are wanted, oldest first.
    pub entries: Vec<Entry>,
    /// Lines on the way that are not records. If there are any, the journal is broken.
    pub unreadable: u64,
}

fn journal(folder: &Path) -> Result<File, AuditError> {
    let path = folder.join(JOURNAL);
    File::open(&path).map_err(AuditError::io("read", &path))
}

/// Of the records with a number above `seq` those that `matter`, oldest first, for a recovery. Reads
/// no further back than it must, and holds what it reads against its hashes.
///
/// `matter` is asked of the newest record first: after a long day there are many more records than
/// a recovery needs, and only those it keeps take memory.
///
/// # Errors
/// [`AuditError::Broken`] when a record is not what was written or does not follow the one before
/// it; [`AuditError::Io`] when the journal cannot be read.
pub fn read_since(
    folder: &Path,
    seq: u64,
    matter: impl FnMut(&AuditRecord) -> bool,
) -> Result<Vec<AuditRecord>, AuditError> {
    checked_end(folder, |record| record.seq <= seq, matter)
}

/// The newest `n` records, oldest first; checked like those of [`read_since`].
///
/// # Errors
/// Those of [`read_since`].
pub fn tail(folder: &Path, n: usize) -> Result<Vec<AuditRecord>, AuditError> {
    let mut left = n;
    let enough = |_: &AuditRecord| {
        let enough = left == 0;
        left = left.saturating_sub(1);
        enough
    };
    checked_end(folder, enough, |_| true)
}

/// Of the records after the newest for which `enough` holds those that `matter`.
fn checked_end(
    folder: &Path,
    mut enough: impl FnMut(&AuditRecord) -> bool,
    mut matter: impl FnMut(&AuditRecord) -> bool,
) -> Result<Vec<AuditRecord>, AuditError> {
    let file = journal(folder)?;
    let path = folder.join(JOURNAL);
    let mut backward = Backward::new(&file).map_err(AuditError::io("read", &path))?;
    let mut records = Vec::new();
    // The number and the hash that the record before the last one must have.
    let mut wanted: Option<(u64, Hash)> = None;
    while let Some(line) = backward
        .next_line()
        .map_err(AuditError::io("read", &path))?
    {
        let place = wanted.map_or(0, |(seq, _)| seq);
        let broken = |seq, what: &str| Err(AuditError::broken(folder, seq, seq, what));
        let Line::Whole(_, line) = line else {
            return broken(place, "it is longer than any record");
        };
        let (Some(links), Ok(entry)) = (Links::of(&line), Entry::parse(&line)) else {
            return broken(place, "it is not a record");
        };
        if !links.hold() || entry.record.seq != links.seq {
            return broken(links.seq, "its hash does not fit its bytes");
        }
        if wanted.is_some_and(|wanted| wanted != (links.seq, links.hash)) {
            return broken(place, "the record after it follows another one");
        }
        if enough(&entry.record) {
            break;
        }
        wanted = Some((links.seq.saturating_sub(1), links.prev));
        if matter(&entry.record) {
            records.push(entry.record);
        }
    }
    if let Some((0, hash)) = wanted
        && hash != Hash::start()
    {
        return Err(AuditError::broken(
            folder,
            1,
            1,
            "it is not the first record",
        ));
    }
    records.reverse();
    Ok(records)
}

/// The newest `n` records that `filter` wants. Reads backwards and stops when it has them, or
/// where the numbers end that are wanted.
///
/// # Errors
/// When the journal cannot be read.
pub fn query(folder: &Path, filter: &Filter, n: usize) -> Result<Found, AuditError> {
    let file = journal(folder)?;
    let path = folder.join(JOURNAL);
    let mut backward = Backward::new(&file).map_err(AuditError::io("read", &path))?;
    let mut found = Found::default();
    while found.entries.len() < n {
        let line = backward
            .next_line()
            .map_err(AuditError::io("read", &path))?;
        match line {
            None => break,
            Some(Line::TooLong(_)) => found.unreadable = found.unreadable.saturating_add(1),
            Some(Line::Whole(_, line)) => match Entry::parse(&line) {
                Err(_) => found.unreadable = found.unreadable.saturating_add(1),
                Ok(entry) if filter.first.is_some_and(|first| entry.record.seq < first) => break,
                Ok(entry) if filter.wants(&entry.record) => found.entries.push(entry),
                Ok(_) => {}
            },
        }
    }
    found.entries.reverse();
    Ok(found)
}

/// Hands every record that `filter` wants to `take`, oldest first, until it breaks off, and
/// answers with the number of lines on the way that are not records.
///
/// # Errors
/// When the journal cannot be read.
pub fn each(
    folder: &Path,
    filter: &Filter,
    mut take: impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<u64, AuditError> {
    let path = folder.join(JOURNAL);
    let mut forward = Forward::new(journal(folder)?);
    let mut unreadable = 0_u64;
    loop {
        let next = forward.next_line().map_err(AuditError::io("read", &path))?;
        match next {
            Next::End => return Ok(unreadable),
            Next::TooLong | Next::Torn(_) => unreadable = unreadable.saturating_add(1),
            Next::Line(line) => match Entry::parse(line) {
                Err(_) => unreadable = unreadable.saturating_add(1),
                Ok(entry) if filter.last.is_some_and(|last| entry.record.seq > last) => {
                    return Ok(unreadable);
                }
                Ok(entry) if filter.wants(&entry.record) => {
                    if take(entry).is_break() {
                        return Ok(unreadable);
                    }
                }
                Ok(_) => {}
            },
        }
    }
}
