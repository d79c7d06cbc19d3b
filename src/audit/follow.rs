//! Following the journal while it grows, without being told and without holding up its writer.

use super::JOURNAL;
use super::backward::{Backward, Line};
use super::error::AuditError;
use super::read::Entry;
use crate::plain::Plain;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The most that one look reads.
const BLOCK: usize = 1 << 20;

/// Reads a journal's end, and then what is added to it.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: File,
    /// Where the last line that was handed out ends.
    end: u64,
}

/// What a look brought up: records, and lines that are none, made harmless.
pub type Look = Vec<Result<Entry, Plain>>;

impl Follower {
    /// The newest `n` lines, oldest first, and a follower that goes on behind them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn start(folder: &Path, n: usize) -> Result<(Self, Look), AuditError> {
        let path = folder.join(JOURNAL);
        let read = || {
            let file = File::open(&path)?;
            let mut backward = Backward::new(&file)?;
            let end = backward.end();
            let mut lines = VecDeque::new();
            while lines.len() < n {
                match backward.next_line()? {
                    None => break,
                    Some(Line::TooLong(_)) => lines.push_front(Err(too_long())),
                    Some(Line::Whole(_, line)) => lines.push_front(Entry::parse(&line)),
                }
            }
            Ok((file, end, lines))
        };
        let (file, end, lines) = read().map_err(AuditError::io("read", &path))?;
        Ok((Self { path, file, end }, lines.into()))
    }

    /// What was added since the last look. Only whole lines are handed out. A journal that was
    /// replaced by another is read from its beginning; one that its writer has cut back after a
    /// failed write, from where it ends now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn look(&mut self) -> Result<Look, AuditError> {
        self.read_on().map_err(AuditError::io("read", &self.path))
    }

    fn read_on(&mut self) -> io::Result<Look> {
        let (there, ours) = (fs::metadata(&self.path)?, self.file.metadata()?);
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            self.file = File::open(&self.path)?;
            self.end = 0;
        }
        let mut lines = Vec::new();
        loop {
            let len = self.file.metadata()?.len();
            self.end = self.end.min(len);
            let fresh = usize::try_from(len - self.end).map_or(BLOCK, |fresh| fresh.min(BLOCK));
            let mut block = vec![0; fresh];
            let read = self.file.read_at(&mut block, self.end)?;
            block.truncate(read);
            let Some(feed) = block.iter().rposition(|byte| *byte == b'\n') else {
                // No record is as long as a whole block.
                if read == BLOCK {
                    self.end = self.end.saturating_add(read as u64);
                    lines.push(Err(too_long()));
                    continue;
                }
                return Ok(lines);
            };
            block.truncate(feed);
            self.end = self.end.saturating_add(feed as u64).saturating_add(1);
            lines.extend(block.split(|byte| *byte == b'\n').map(Entry::parse));
            if read < BLOCK {
                return Ok(lines);
            }
        }
    }
}

fn too_long() -> Plain {
    Plain::new("(a line longer than any record)")
}
