//! One refresh in flight per grant, across all processes of this account on this machine.
//!
//! A kernel lock on a file that stands for the grant: held around *read the store, exchange,
//! persist*, and given back by the kernel when its holder dies, however it dies. A holder that only
//! stalls keeps it: its request may be under way, and who sent the same grant again would have the
//! whole family revoked. Whoever waits says so; what a holder does late is stopped at the store, by
//! compare-and-swap.
//!
//! In the file stands who holds it, and, from before a request leaves until its end is known, which
//! grant it was made with. Whoever takes the lock next and finds that very grant in the store knows
//! that its holder died in between: the grant may be used up, and nobody tries it again blindly.

use crate::lane::Wall;
use crate::manifest::Source;
use crate::plain::Plain;
use crate::secret::Fingerprint;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a lock that another process holds is tried again.
const TRY_EVERY: Duration = Duration::from_millis(20);
/// How long another holder is waited for before that is said.
const SAY_AFTER: Duration = Duration::from_secs(1);
/// No note is longer than this.
const LONGEST: u64 = 4096;

/// What stands in a grant's file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Note {
    /// The process that took the lock last.
    pub pid: u32,
    /// When it did.
    pub since: Option<Wall>,
    /// The request that has no end yet.
    pub sent: Option<Sent>,
}

/// A request that was about to leave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    /// The grant, by the key that all engines of the account share; `None` where the note could not
    /// be read, and may stand for any.
    pub grant: Option<Fingerprint>,
    /// When.
    pub at: Option<Wall>,
    /// From which process.
    pub pid: u32,
}

impl Sent {
    /// Whether it may have been made with `grant`.
    pub(super) fn may_be_of(&self, grant: Fingerprint) -> bool {
        self.grant.is_none_or(|sent| sent == grant)
    }

    /// One sentence for a person.
    pub(super) fn sentence(&self) -> Plain {
        let at = self.at.map(|at| format!(" at {at}")).unwrap_or_default();
        format!(
            "process {} sent a request with this grant{at} and has stored no answer: the grant \
             may be used up",
            self.pid
        )
        .into()
    }
}

/// Held while this process may exchange the grant.
#[derive(Debug)]
pub(super) struct GrantLock {
    file: File,
    note: Note,
}

/// Where a grant is locked.
pub(super) struct GrantFile(PathBuf);

impl GrantFile {
    /// The file in `folder` for the grant at `source`.
    pub(super) fn of(folder: &Path, source: &Source) -> Self {
        let mut name = Sha256::new();
        for part in [
            source.store.as_str(),
            &source.path,
            source.field.as_deref().unwrap_or_default(),
        ] {
            name.update((part.len() as u64).to_le_bytes());
            name.update(part.as_bytes());
        }
        let name: String = name
            .finalize()
            .iter()
            .take(12)
            .map(|b| format!("{b:02x}"))
            .collect();
        Self(folder.join(name))
    }

    /// Waits for the lock, at most `patience`. `waiting` is told who has it, once that takes long.
    ///
    /// # Errors
    /// When it is not had in time, or the file cannot be made.
    pub(super) async fn take(
        &self,
        now: fn() -> crate::lane::Now,
        patience: Duration,
        waiting: impl Fn(Plain),
    ) -> io::Result<GrantLock> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.0)?;
        let began = tokio::time::Instant::now();
        let mut said = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if began.elapsed() < patience => {
                    if !said && began.elapsed() >= SAY_AFTER {
                        said = true;
                        waiting(holder(&mut file, now().wall));
                    }
                    tokio::time::sleep(TRY_EVERY).await;
                }
                Err(Errno::WOULDBLOCK) => {
                    let text = holder(&mut file, now().wall);
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, text.to_string()));
                }
                Err(other) => return Err(other.into()),
            }
        }
        let left = read_note(&mut file)?;
        let mut lock = GrantLock {
            file,
            note: Note {
                pid: std::process::id(),
                since: Some(now().wall),
                sent: left.sent,
            },
        };
        lock.write(false)?;
        Ok(lock)
    }

    /// The request whose sender died before its end was known. Nothing while somebody who lives
    /// holds the lock: then the request is only under way.
    pub(super) fn left_behind(&self) -> Option<Sent> {
        let mut file = File::open(&self.0).ok()?;
        flock(&file, FlockOperation::NonBlockingLockShared).ok()?;
        match read_note(&mut file) {
            Ok(note) => note.sent,
            Err(_) => Some(unreadable()),
        }
    }
}

impl GrantLock {
    /// The request that the former holder left without an end.
    pub(super) const fn left_behind(&self) -> Option<&Sent> {
        self.note.sent.as_ref()
    }

    /// Writes down, before a request leaves, which grant it is made with. It is on disk when this
    /// returns.
    ///
    /// # Errors
    /// When it cannot be written: then the request must not leave.
    pub(super) fn request_leaves(&mut self, grant: Fingerprint, now: Wall) -> io::Result<()> {
        self.note.sent = Some(Sent {
            grant: Some(grant),
            at: Some(now),
            pid: self.note.pid,
        });
        self.write(true)
    }

    /// The request's end is known, and what came of it is stored: nothing is in doubt any more.
    /// Where that cannot be written, the doubt stays, which costs a person a look and no grant.
    pub(super) fn settle(&mut self) {
        if self.note.sent.take().is_some()
            && let Err(error) = self.write(true)
        {
            tracing::warn!(%error, "a settled request still stands in the grant's file");
        }
    }

    fn write(&mut self, sync: bool) -> io::Result<()> {
        // One write of a short line: a process that dies leaves the old or the new.
        let mut line = serde_json::to_vec(&self.note)?;
        line.push(b'\n');
        let length = line.len() as u64;
        self.file.rewind()?;
        self.file.write_all(&line)?;
        self.file.set_len(length)?;
        if sync {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

fn unreadable() -> Sent {
    Sent {
        grant: None,
        at: None,
        pid: 0,
    }
}

/// What stands in the file. One that makes no sense may stand for any request.
fn read_note(file: &mut File) -> io::Result<Note> {
    let mut text = String::new();
    file.rewind()?;
    file.take(LONGEST).read_to_string(&mut text)?;
    let Some(line) = text.lines().next() else {
        return Ok(Note::default());
    };
    Ok(serde_json::from_str(line).unwrap_or_else(|_| Note {
        sent: Some(unreadable()),
        ..Note::default()
    }))
}

/// Who has the lock, since when, and what a person can do about it.
fn holder(file: &mut File, now: Wall) -> Plain {
    let note = read_note(file).unwrap_or_default();
    if note.pid == 0 {
        return Plain::fixed("another process is refreshing the same grant");
    }
    let pid = note.pid;
    let since = note
        .since
        .map(|since| format!(" for {:.0} s", now.since(since).as_secs_f64()))
        .unwrap_or_default();
    let text = format!("process {pid} has had the grant{since}");
    // The third field of a process's own record is its state; a stopped one will not go on by itself.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim_start().chars().next());
    match state {
        Some('T' | 't') => {
            format!("{text} and is stopped: let it go on with `kill -CONT {pid}`, or end it").into()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{Boot, Now};

    fn source(path: &str) -> Source {
        Source {
            store: "bao".into(),
            path: path.into(),
            field: None,
        }
    }

    fn now() -> Now {
        Now {
            wall: Wall(1_700_000_000_000),
            boot: Boot(1_000),
        }
    }

    async fn take(folder: &Path, path: &str) -> io::Result<GrantLock> {
        let file = GrantFile::of(folder, &source(path));
        file.take(now, Duration::from_millis(1), |_| {}).await
    }

    #[tokio::test]
    async fn a_grant_is_locked_once_and_free_again_when_its_holder_goes() {
        let folder = tempfile::tempdir().unwrap();
        let first = take(folder.path(), "a").await.unwrap();
        let refused = take(folder.path(), "a").await.unwrap_err().to_string();
        assert!(
            refused.contains(&std::process::id().to_string()),
            "{refused}"
        );
        assert!(take(folder.path(), "b").await.is_ok());
        drop(first);
        assert!(take(folder.path(), "a").await.is_ok());
    }

    #[tokio::test]
    async fn a_request_without_an_end_is_found_by_the_next_holder_and_by_who_only_looks() {
        let folder = tempfile::tempdir().unwrap();
        let file = GrantFile::of(folder.path(), &source("a"));
        let [ours, other] = [1, 2].map(|n| Fingerprint::from_bytes([n; 8]));
        assert_eq!(file.left_behind(), None);
        let mut lock = take(folder.path(), "a").await.unwrap();
        lock.request_leaves(ours, now().wall).unwrap();
        assert_eq!(file.left_behind(), None, "it is under way, not lost");
        drop(lock);
        let left = file.left_behind().unwrap();
        assert!(left.may_be_of(ours) && !left.may_be_of(other));
        let mut lock = take(folder.path(), "a").await.unwrap();
        assert_eq!(lock.left_behind(), Some(&left));
        lock.settle();
        drop(lock);
        assert_eq!(file.left_behind(), None);
    }

    #[tokio::test]
    async fn a_note_that_makes_no_sense_may_stand_for_any_grant() {
        let folder = tempfile::tempdir().unwrap();
        let file = GrantFile::of(folder.path(), &source("a"));
        std::fs::write(&file.0, "{torn").unwrap();
        let any = Fingerprint::from_bytes([3; 8]);
        assert!(file.left_behind().unwrap().may_be_of(any));
        assert!(
            take(folder.path(), "a")
                .await
                .unwrap()
                .left_behind()
                .unwrap()
                .may_be_of(any)
        );
    }
}
