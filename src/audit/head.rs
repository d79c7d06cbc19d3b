//! The `head` file: what the journal's end is held against.
//!
//! It is replaced by a rename, never written in place, so it is always whole; and it is written
//! only after the record it names is on disk, so it is never ahead of an honest journal.

use super::chain::Head;
use super::error::AuditError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const NAME: &str = "head";
const NEW_NAME: &str = "head.new";
/// A number, a colon, 64 digits and a line feed fit into this.
const LONGEST: u64 = 96;

/// What the file says.
pub(super) enum Noted {
    /// There is none.
    Missing,
    /// It names no record.
    Unreadable,
    /// It names this one.
    At(Head),
}

/// Reads the head file of `folder`.
pub(super) fn read(folder: &Path) -> Result<Noted, AuditError> {
    let path = folder.join(NAME);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Noted::Missing),
        Err(other) => return Err(AuditError::io("read", &path)(other)),
    }
    let text = std::str::from_utf8(&bytes).ok();
    let head = text
        .and_then(|text| text.strip_suffix('\n'))
        .and_then(|text| text.parse().ok());
    Ok(head.map_or(Noted::Unreadable, Noted::At))
}

/// Replaces the head file of `folder`, durably.
pub(super) fn write(folder: &Path, head: &Head) -> Result<(), AuditError> {
    let (path, new) = (folder.join(NAME), folder.join(NEW_NAME));
    let replace = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        writeln!(file, "{head}")?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(AuditError::io("write", &path))
}
