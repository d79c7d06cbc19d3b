//! Where one manifest's engine keeps what outlives it.
//!
//! `$XDG_STATE_HOME/lanewatch/NAME-HASH/`, one a manifest: the audit, the fingerprint key, the
//! memory, the socket, and the lock that makes sure there is one engine. Grants are locked beside
//! it, in a folder that all engines of the account share, because two manifests may name one grant.

use crate::plain::Plain;
use etcetera::BaseStrategy as _;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is no home folder to put it under.
    #[error("no state folder: neither XDG_STATE_HOME nor HOME is set")]
    NoHome,
    /// It cannot be made or written.
    #[error("the state folder {folder} cannot be used: {source}")]
    Unusable {
        /// Which.
        folder: Plain,
        /// Why.
        source: io::Error,
    },
    /// Another engine runs on it.
    #[error("an engine{} already runs for this manifest", pid_text(*.pid))]
    Busy {
        /// Its process, if it says so.
        pid: Option<u32>,
    },
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

/// The folder of one manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateFolder {
    path: PathBuf,
    grants: PathBuf,
}

impl StateFolder {
    /// The folder that belongs to the manifest at `path`, whether or not it exists.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn of_manifest(path: &Path) -> Result<Self, StateError> {
        let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let hash = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let hash: String = hash
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let stem = whole.file_stem().unwrap_or_default().to_string_lossy();
        let stem: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(32)
            .collect();
        Self::named(&format!("{stem}-{hash}"))
    }

    /// The folder of that name.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn named(name: &str) -> Result<Self, StateError> {
        let base = etcetera::choose_base_strategy().map_err(|_| StateError::NoHome)?;
        let state = base
            .state_dir()
            .unwrap_or_else(|| base.data_dir())
            .join("lanewatch");
        Ok(Self::at(&state, name))
    }

    /// The folder of that name below the given folder, where the grants are locked as well.
    pub fn at(state: &Path, name: &str) -> Self {
        Self {
            path: state.join(name),
            grants: state.join("grants"),
        }
    }

    /// Makes the folder, readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), StateError> {
        for folder in [&self.path, &self.grants] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|source| self.unusable(source))?;
        }
        Ok(())
    }

    fn unusable(&self, source: io::Error) -> StateError {
        StateError::Unusable {
            folder: Plain::new(&self.path.to_string_lossy()),
            source,
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The audit's folder.
    pub fn audit(&self) -> PathBuf {
        self.path.join("audit")
    }

    /// The file with the fingerprint key.
    pub fn key(&self) -> PathBuf {
        self.path.join("fingerprint.key")
    }

    /// The file with what the lanes remember.
    pub fn memory(&self) -> PathBuf {
        self.path.join("memory.json")
    }

    /// The engine's socket.
    pub fn socket(&self) -> PathBuf {
        self.path.join("engine.sock")
    }

    /// The folder in which grants are locked.
    pub fn grants(&self) -> &Path {
        &self.grants
    }

    /// The file with the key under which grants are told apart, one for all engines of the account.
    pub fn grants_key(&self) -> PathBuf {
        self.grants.join("fingerprint.key")
    }

    /// Takes the lock that makes this process the one engine. It ends with the process.
    ///
    /// # Errors
    /// When another engine has it, or the file cannot be made.
    pub fn lock(&self) -> Result<EngineLock, StateError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.join("lock"))
            .map_err(|source| self.unusable(source))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let noted = file
                    .set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| write!(file, "{}", std::process::id()));
                if let Err(error) = noted {
                    // The lock holds all the same; only its holder's name is missing.
                    tracing::warn!(%error, "the lock file does not say who holds it");
                }
                Ok(EngineLock { _file: file })
            }
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse().ok());
                Err(StateError::Busy { pid })
            }
            Err(other) => Err(self.unusable(other.into())),
        }
    }
}

/// Held while this process is the one engine of its manifest.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}
