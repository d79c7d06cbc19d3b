//! One refresh in flight per grant, across all processes of this account on this machine.
//!
//! A kernel lock on a file that stands for the grant: held around *read the store, exchange,
//! persist*, and given back by the kernel when its holder dies, however it dies. What a stalled
//! holder could still do is stopped at the store, by compare-and-swap.

use crate::manifest::Source;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How often a lock that another process holds is tried again.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// Held while this process may exchange the grant.
#[derive(Debug)]
pub(super) struct GrantLock {
    _file: File,
}

impl GrantLock {
    /// Waits for the lock of the grant at `source` of a store that `store` identifies, at most
    /// `patience`.
    ///
    /// # Errors
    /// When it is not had in time, or the file cannot be made.
    pub(super) async fn take(
        folder: &Path,
        store: &str,
        source: &Source,
        patience: Duration,
    ) -> io::Result<Self> {
        let mut name = Sha256::new();
        for part in [
            store,
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
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(name))?;
        let until = tokio::time::Instant::now() + patience;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(TRY_EVERY).await;
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(io::Error::new(
                        io::ErrorKind::WouldBlock,
                        "another process is refreshing the same grant",
                    ));
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Source {
        Source {
            store: "bao".into(),
            path: path.into(),
            field: None,
        }
    }

    #[tokio::test]
    async fn a_grant_is_locked_once_and_free_again_when_its_holder_goes() {
        let folder = tempfile::tempdir().unwrap();
        let soon = Duration::from_millis(1);
        let first = GrantLock::take(folder.path(), "bao", &source("a"), soon)
            .await
            .unwrap();
        assert!(
            GrantLock::take(folder.path(), "bao", &source("a"), soon)
                .await
                .is_err()
        );
        assert!(
            GrantLock::take(folder.path(), "bao", &source("b"), soon)
                .await
                .is_ok()
        );
        drop(first);
        assert!(
            GrantLock::take(folder.path(), "bao", &source("a"), soon)
                .await
                .is_ok()
        );
    }
}
