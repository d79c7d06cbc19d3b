//! Everything an engine needs, opened before it starts, so that what is wrong is said at once.

use super::memory::{self, Memories};
use super::reload::Reload;
use super::state_folder::{EngineLock, StateError, StateFolder};
use crate::audit::{self, AuditError, Journal};
use crate::lane::{Record, RecordKind};
use crate::manifest::Manifest;
use crate::plain::Plain;
use crate::provider::Catalog;
use crate::sandbox;
use crate::secret::FingerprintKey;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The audit cannot be used.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The fingerprint key can be neither read nor made.
    #[error("the fingerprint key {file} cannot be used: {source}")]
    Key {
        /// Which file.
        file: Plain,
        /// Why.
        source: io::Error,
    },
}

/// An engine that is ready to run.
pub struct Setup {
    pub(super) manifest: Manifest,
    pub(super) catalog: Arc<Catalog>,
    pub(super) folder: StateFolder,
    pub(super) journal: Journal,
    pub(super) key: FingerprintKey,
    pub(super) grants_key: FingerprintKey,
    pub(super) memories: Memories,
    pub(super) reload: Option<Reload>,
    pub(super) sandbox: Option<sandbox::Control>,
    pub(super) seed: u64,
    /// Whether somebody waits for one pass, and reads what comes of it.
    pub(super) one_pass: bool,
    /// What was found while opening, for the audit.
    pub(super) found: Vec<Record>,
    pub(super) _lock: EngineLock,
}

impl Setup {
    /// Opens the state folder, takes its lock, opens the audit and reads what is remembered.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left locked.
    pub fn open(
        manifest: Manifest,
        catalog: Arc<Catalog>,
        folder: StateFolder,
    ) -> Result<Self, StartError> {
        folder.create()?;
        let lock = folder.lock()?;
        Self::open_locked(manifest, catalog, folder, lock)
    }

    /// The same, where the folder is there and locked already.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn open_locked(
        manifest: Manifest,
        catalog: Arc<Catalog>,
        folder: StateFolder,
        lock: EngineLock,
    ) -> Result<Self, StartError> {
        let key = open_key(&folder.key())?;
        let grants_key = open_key(&folder.grants_key())?;
        let (journal, opened) = Journal::open(&folder.audit())?;
        let mut found = Vec::new();
        if let Some(torn) = opened.torn {
            let text = format!(
                "a torn last line of {} bytes was set aside as {}",
                torn.bytes,
                torn.set_aside.display()
            );
            found.push(Record::engine(RecordKind::AuditRepaired, text));
        }
        if opened.head_missing {
            let text = "the audit's head file was missing: its end could not be checked";
            found.push(Record::engine(RecordKind::AuditRepaired, text));
        }
        let (mut memories, trouble) = Memories::load(&folder.memory());
        if let Some(trouble) = trouble {
            found.push(Record::engine(RecordKind::WarningRaised, trouble));
        }
        if memories.seq > journal.last_seq() {
            // A newer audit than the one at hand: what it knew cannot be checked against this one.
            memories.seq = 0;
        }
        if memories.seq < journal.last_seq() {
            let records = audit::read_since(&folder.audit(), memories.seq, memory::matter())?;
            memories.catch_up(&records, journal.last_seq());
        }
        let mut seed = [0_u8; 8];
        // Without randomness the jitter is the same every time, which is no harm.
        if let Err(error) = getrandom::fill(&mut seed) {
            tracing::warn!(%error, "no randomness for jitter");
        }
        Ok(Self {
            manifest,
            catalog,
            folder,
            journal,
            key,
            grants_key,
            memories,
            reload: None,
            sandbox: None,
            seed: u64::from_le_bytes(seed),
            one_pass: false,
            found,
            _lock: lock,
        })
    }

    /// The same, with lanes that remember nothing of former runs.
    #[must_use]
    pub fn forgetting(mut self) -> Self {
        self.memories = Memories::from(self.journal.last_seq());
        self
    }

    /// The same, with all lanes beginning at once: for one pass, that somebody waits for.
    #[must_use]
    pub const fn at_once(mut self) -> Self {
        self.one_pass = true;
        self
    }

    /// The same, reading the manifest again whenever its file changes.
    #[must_use]
    pub fn reloading(mut self, reload: Reload) -> Self {
        self.reload = Some(reload);
        self
    }

    /// The same, with upstreams that drills can be run on.
    #[must_use]
    pub fn with_sandbox(mut self, control: sandbox::Control) -> Self {
        self.sandbox = Some(control);
        self
    }
}

fn open_key(file: &Path) -> Result<FingerprintKey, StartError> {
    FingerprintKey::load_or_create(file).map_err(|source| {
        let file = Plain::new(&file.to_string_lossy());
        StartError::Key { file, source }
    })
}
