//! Where secrets come from and go to, one file per kind.
//!
//! A [`Store`] reads the record behind a [`Source`] and writes fields of it back. It keeps no copy of
//! a secret and decides nothing: whether a credential is fit is [`crate::lane`]'s judgement, how often
//! to try is the engine's. What a store can say about its own trouble is a [`StoreError`], whose
//! sentence names the next step and never quotes a secret.

mod command;
mod env;
mod error;
mod fields;
mod file;
mod openbao;

pub use command::CommandStore;
pub(crate) use command::prove_by;
pub use env::EnvStore;
pub use error::StoreError;
pub use file::FileStore;
pub use openbao::{Lease, LeaseEnd, LeaseTerm, Leased, LoginNews, OpenBao, Tended};

use crate::http::Http;
use crate::lane::{StoreVersion, Wall};
use crate::manifest::{Source, StoreSpec};
use crate::plain::Plain;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The key under which a record keeps a value that has no field name.
pub const WHOLE: &str = "";

/// The stores of a manifest, by name.
#[derive(Clone)]
pub struct Stores(BTreeMap<Plain, Arc<Store>>);

impl Stores {
    /// One store per entry. Nothing is contacted yet.
    pub fn new(specs: &BTreeMap<Plain, StoreSpec>, http: &Http) -> Self {
        let made = |(name, spec): (&Plain, &StoreSpec)| {
            let store = Store::new(spec, http.clone());
            (name.clone(), Arc::new(store))
        };
        Self(specs.iter().map(made).collect())
    }

    /// The store of that name.
    pub fn get(&self, name: &Plain) -> Option<&Arc<Store>> {
        self.0.get(name)
    }
}

/// What a store holds at one place.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// Its fields; a value without fields is under [`WHOLE`]. Numbers and truth values are kept as
    /// their text; lists, objects and nulls are left out.
    pub fields: BTreeMap<String, Secret>,
    /// The store's mark of this state; `None` where it has none.
    pub version: Option<StoreVersion>,
    /// When this state was written, where the store says so.
    pub created: Option<Wall>,
}

impl SecretRecord {
    /// The field that `source` names; without a name, the whole value or the only field.
    pub fn field(&self, source: &Source) -> Option<&Secret> {
        match &source.field {
            Some(name) => self.fields.get(name),
            None => self.fields.get(WHOLE).or_else(|| {
                let mut all = self.fields.values();
                all.next().filter(|_| all.next().is_none())
            }),
        }
    }
}

/// A place where secrets live.
pub enum Store {
    /// OpenBao or Vault, KV version 2.
    OpenBao(Box<OpenBao>),
    /// One secret a file.
    File(FileStore),
    /// What a command prints.
    Command(CommandStore),
    /// Variables of lanewatch's own environment.
    Env(EnvStore),
}

impl Store {
    /// The store that `spec` describes. Nothing is contacted yet.
    pub fn new(spec: &StoreSpec, http: Http) -> Self {
        match spec {
            StoreSpec::OpenBao(spec) => Self::OpenBao(Box::new(OpenBao::new(spec.clone(), http))),
            StoreSpec::File { root } => Self::File(FileStore::new(root.clone())),
            StoreSpec::Command {
                read,
                write,
                timeout,
            } => Self::Command(CommandStore::new(read.clone(), write.clone(), *timeout)),
            StoreSpec::Env { .. } => Self::Env(EnvStore),
        }
    }

    /// Reads the record at `source`. The field that `source` names is in it, and is not empty.
    ///
    /// # Errors
    /// Why there is no usable record.
    pub async fn read(&self, source: &Source) -> Result<SecretRecord, StoreError> {
        match self {
            Self::OpenBao(store) => store.read(source).await,
            Self::File(store) => store.read(source).await,
            Self::Command(store) => store.read(source).await,
            Self::Env(store) => store.read(source),
        }
    }

    /// Replaces `fields` of the record at `source`, keeps its other fields, and answers the mark of
    /// the new state. A key of [`WHOLE`] stands for the value that has no field name.
    ///
    /// With `expected`, nothing is written unless the record is still in that state; without it, it is
    /// still an error if somebody else writes between this call's own reading and writing. OpenBao and
    /// files keep that promise against every writer (files: against every lanewatch); a command can
    /// only look first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote. [`StoreError::Uncertain`] where the write may
    /// have happened: read before writing again. After any other error nothing was written.
    pub async fn write(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        expected: Option<&StoreVersion>,
    ) -> Result<StoreVersion, StoreError> {
        match self {
            Self::OpenBao(store) => store.write(source, fields, expected).await,
            Self::File(store) => store.write(source, fields, expected).await,
            Self::Command(store) => store.write(source, fields, expected).await,
            Self::Env(_) => Err(StoreError::NotWritable("an env store")),
        }
    }

    /// Whether [`Self::write`] can ever succeed.
    pub const fn can_write(&self) -> bool {
        match self {
            Self::OpenBao(_) | Self::File(_) => true,
            Self::Command(store) => store.can_write(),
            Self::Env(_) => false,
        }
    }

    /// Whether it is a manager of secrets rather than a place where one happens to lie.
    pub const fn is_managed(&self) -> bool {
        matches!(self, Self::OpenBao(_) | Self::Command(_))
    }

    /// The store as one that gives leases and has a login of its own, if it is such a one.
    pub const fn openbao(&self) -> Option<&OpenBao> {
        match self {
            Self::OpenBao(store) => Some(store),
            _ => None,
        }
    }

    /// The name of its kind in the manifest.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenBao(_) => "openbao",
            Self::File(_) => "file",
            Self::Command(_) => "command",
            Self::Env(_) => "env",
        }
    }
}
