//! The one writer of the journal.

use super::backward::{Backward, Line};
use super::chain::{self, Head, Links};
use super::error::{AuditError, shown};
use super::head::{self, Noted};
use super::record::AuditRecord;
use super::{Hash, JOURNAL};
use crate::lane::{Record, Wall};
use crate::plain::Plain;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// The head file is replaced when this many records have come since.
pub const HEAD_EVERY: u64 = 1_024;

/// A buffer that one large group has made bigger than this is given back.
const BUFFER_KEPT: usize = 1 << 20;

/// What was found when a journal was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The number of its last record; zero if there is none.
    pub last_seq: u64,
    /// The torn line that a crash had left, if there was one. To be recorded by the caller as
    /// [`crate::lane::RecordKind::AuditRepaired`].
    pub torn: Option<Torn>,
    /// Whether a journal with records had no head file: it was taken away, or the journal was put
    /// here from elsewhere. To be recorded likewise.
    pub head_missing: bool,
}

/// Bytes behind the last whole line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Torn {
    /// How many.
    pub bytes: u64,
    /// Where they are kept.
    pub set_aside: PathBuf,
}

/// The journal, open for writing. There is at most one a folder on the whole machine: the kernel
/// gives the lock back when its holder dies, however it dies.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    _lock: Lock,
    /// Where the last record that is known to be on disk ends.
    end: u64,
    last: Head,
    /// Which record the head file names.
    noted: u64,
    /// Whether there may be bytes of a failed group behind `end`.
    leftovers: bool,
    line: Vec<u8>,
}

impl Journal {
    /// Opens the journal in `folder`, which is made, mode 0700, if it is missing.
    ///
    /// Reads the last line only, however long the journal is. A torn line at the end (a crash, a
    /// full disk) is moved to a file of its own.
    ///
    /// # Errors
    /// [`AuditError::Busy`] when there is a writer already; [`AuditError::Broken`] when the last
    /// line is whole but not what was written, or when the journal ends before the record that the
    /// head file names; [`AuditError::Io`] when a file cannot be read or made.
    pub fn open(folder: &Path) -> Result<(Self, Opened), AuditError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(AuditError::io("make the folder", folder))?;
        let lock = lock(folder)?;
        let path = folder.join(JOURNAL);
        let mut noted = head::read(folder)?;
        if !path.exists() {
            noted = begin(folder, noted)?;
        }
        let file = open_file(folder, &path)?;

        let reading = || AuditError::io("read", &path);
        let mut backward = Backward::new(&file).map_err(reading())?;
        let (end, bytes) = (backward.end(), backward.torn());
        let line = backward.next_line().map_err(reading())?;
        let last = last_record(folder, &file, line)?;
        let head_missing = hold_against(folder, &noted, last)? && last.seq > 0;

        let torn = if bytes > 0 {
            let set_aside = set_aside(folder, &file, end, last.seq.saturating_add(1))?;
            Some(Torn { bytes, set_aside })
        } else {
            None
        };
        if !matches!(noted, Noted::At(noted) if noted == last) {
            head::write(folder, &last)?;
        }
        let opened = Opened {
            last_seq: last.seq,
            torn,
            head_missing,
        };
        let journal = Self {
            folder: folder.to_owned(),
            path,
            file,
            _lock: lock,
            end,
            last,
            noted: last.seq,
            leftovers: false,
            line: Vec::new(),
        };
        Ok((journal, opened))
    }

    /// Writes a group of records, each with the number of the record that brought it about, in one
    /// write and one `fdatasync`, and answers with what was written once it is on disk.
    ///
    /// # Errors
    /// When the disk is full, failing or read-only, or the journal was touched by somebody else.
    /// Then none of the group counts as written: its bytes are cut off again, and the call can be
    /// repeated with this group or another.
    pub fn append(
        &mut self,
        at: Wall,
        entries: &[(Record, Option<u64>)],
    ) -> Result<Vec<AuditRecord>, AuditError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.check()?;
        self.line.clear();
        let mut last = self.last;
        let mut written = Vec::with_capacity(entries.len());
        for (record, cause) in entries {
            last.seq = last.seq.saturating_add(1);
            let record = AuditRecord::new(last.seq, at, record, *cause);
            last.hash = chain::write_line(&mut self.line, &record, &last.hash)
                .map_err(io::Error::from)
                .map_err(AuditError::io("write", &self.path))?;
            written.push(record);
        }
        let put = self.file.write_all_at(&self.line, self.end);
        if let Err(refused) = put.and_then(|()| self.file.sync_data()) {
            self.leftovers = self.file.set_len(self.end).is_err();
            return Err(AuditError::io("write", &self.path)(refused));
        }
        self.end = self.end.saturating_add(self.line.len() as u64);
        self.last = last;
        if self.line.capacity() > BUFFER_KEPT {
            self.line = Vec::new();
        }
        if self.last.seq.saturating_sub(self.noted) >= HEAD_EVERY
            && let Err(error) = self.note_head()
        {
            // The records are on disk, which is what was asked; the next group tries again.
            tracing::warn!(%error, "the audit's head file is behind");
        }
        Ok(written)
    }

    /// The number of the last record; zero if there is none.
    pub const fn last_seq(&self) -> u64 {
        self.last.seq
    }

    /// The last record's hash.
    pub const fn head(&self) -> Hash {
        self.last.hash
    }

    /// Notes the last record in the head file: to be called at an orderly end.
    ///
    /// # Errors
    /// When the file cannot be replaced. The journal itself is not affected.
    pub fn note_head(&mut self) -> Result<(), AuditError> {
        if self.noted != self.last.seq {
            head::write(&self.folder, &self.last)?;
            self.noted = self.last.seq;
        }
        Ok(())
    }

    /// Makes sure that the file is still the journal, and that it ends where this writer left it:
    /// records that go into a deleted file would be lost without anybody noticing.
    fn check(&mut self) -> Result<(), AuditError> {
        let meddled = |what| AuditError::Meddled {
            file: shown(&self.path),
            what,
        };
        let ours = self.file.metadata();
        let ours = ours.map_err(AuditError::io("read", &self.path))?;
        match fs::metadata(&self.path) {
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => {}
            Ok(_) => return Err(meddled("replaced")),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                return Err(meddled("moved or deleted"));
            }
            Err(other) => return Err(AuditError::io("read", &self.path)(other)),
        }
        if self.leftovers {
            self.file
                .set_len(self.end)
                .map_err(AuditError::io("write", &self.path))?;
            self.leftovers = false;
        } else if ours.len() != self.end {
            return Err(meddled("changed"));
        }
        Ok(())
    }
}

/// The lock file, locked.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// Closing alone would leave the lock with a child process that is just being started and
    /// still has a copy of the descriptor.
    fn drop(&mut self) {
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::debug!(%error, "the audit's lock goes with its descriptor");
        }
    }
}

fn lock(folder: &Path) -> Result<Lock, AuditError> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(AuditError::io("open", &path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let read = file.take(16).read_to_string(&mut text);
            return Err(AuditError::Busy {
                folder: shown(folder),
                pid: read.ok().and_then(|_| text.trim().parse().ok()),
            });
        }
        Err(other) => return Err(AuditError::io("lock", &path)(other.into())),
    }
    // Only a courtesy to whoever comes second: on a full disk the lock holds without it. Of one
    // width, so that nothing has to be cut off, which some file systems flush to the disk for.
    let pid = format!("{:<10}\n", std::process::id());
    if let Err(error) = file.write_all_at(pid.as_bytes(), 0) {
        tracing::warn!(%error, "the audit's lock file does not say who holds it");
    }
    Ok(Lock(file))
}

/// Makes sure that a journal may begin here, and writes its head before it can have a record, so
/// that no journal is ever without one. Answers what the head file says then.
fn begin(folder: &Path, noted: Noted) -> Result<Noted, AuditError> {
    match noted {
        Noted::Missing => {
            let start = Head::start();
            head::write(folder, &start)?;
            Ok(Noted::At(start))
        }
        Noted::At(noted) if noted.seq > 0 => {
            let what = format!("the journal is gone, but the head file knows {}", noted.seq);
            Err(AuditError::broken(folder, noted.seq, 1, what))
        }
        Noted::At(_) | Noted::Unreadable => Ok(noted),
    }
}

fn open_file(folder: &Path, path: &Path) -> Result<File, AuditError> {
    let open = || {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if about.mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        if about.len() == 0 {
            File::open(folder)?.sync_all()?;
        }
        Ok(file)
    };
    open().map_err(AuditError::io("open", path))
}

/// Reads the last whole line, and answers with the record it is.
fn last_record(folder: &Path, file: &File, line: Option<Line>) -> Result<Head, AuditError> {
    let (at, seq, what) = match line {
        None => return Ok(Head::start()),
        Some(Line::TooLong(at)) => (at, None, "it is longer than any record"),
        Some(Line::Whole(at, line)) => match Links::of(&line) {
            Some(links) if links.hold() && links.seq > 0 => return Ok(links.head()),
            Some(links) => (at, Some(links.seq), "its hash does not fit its bytes"),
            None => (at, None, "it is not a record"),
        },
    };
    let line = line_number(file, at).map_err(AuditError::io("read", &folder.join(JOURNAL)))?;
    Err(AuditError::broken(folder, seq.unwrap_or(line), line, what))
}

/// Holds the last record against the head file, and answers whether that is missing.
fn hold_against(folder: &Path, noted: &Noted, last: Head) -> Result<bool, AuditError> {
    let what = match noted {
        Noted::Missing => return Ok(true),
        Noted::Unreadable => "the head file beside it names no record".to_owned(),
        Noted::At(noted) if noted.seq > last.seq => format!(
            "the journal ends here, but the head file knows record {}",
            noted.seq
        ),
        Noted::At(noted) if noted.seq == last.seq && noted.hash != last.hash => {
            "it is not the record that the head file knows".to_owned()
        }
        Noted::At(_) => return Ok(false),
    };
    Err(AuditError::broken(
        folder,
        last.seq,
        last.seq,
        Plain::new(&what),
    ))
}

/// The number of the line that begins at byte `at`. Reads everything before it, which only an
/// error report is worth.
fn line_number(file: &File, at: u64) -> io::Result<u64> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let mut block = vec![0; 64 * 1024];
    let (mut left, mut line) = (file.take(at), 1_u64);
    loop {
        let read = left.read(&mut block)?;
        if read == 0 {
            return Ok(line);
        }
        let feeds = block.iter().take(read).filter(|byte| **byte == b'\n');
        line = line.saturating_add(feeds.count() as u64);
    }
}

/// Moves everything behind `end` into a file of its own; what is moved is on disk there before it
/// is cut off here.
fn set_aside(folder: &Path, file: &File, end: u64, seq: u64) -> Result<PathBuf, AuditError> {
    let (mut path, mut again) = (folder.join(format!("torn-{seq}.bin")), 1_u32);
    let mut kept = loop {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(made) => break made,
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {
                again = again.saturating_add(1);
                path = folder.join(format!("torn-{seq}-{again}.bin"));
            }
            Err(other) => return Err(AuditError::io("make", &path)(other)),
        }
    };
    let mut journal = file;
    let copied = journal
        .seek(io::SeekFrom::Start(end))
        .and_then(|_| io::copy(&mut journal, &mut kept))
        .and_then(|_| kept.sync_all())
        .and_then(|()| File::open(folder)?.sync_all());
    if let Err(refused) = copied {
        // Half a copy is worth nothing while the journal still has the whole.
        drop(fs::remove_file(&path));
        return Err(AuditError::io("write", &path)(refused));
    }
    file.set_len(end)
        .and_then(|()| file.sync_all())
        .map_err(AuditError::io("write", &folder.join(JOURNAL)))?;
    Ok(path)
}
