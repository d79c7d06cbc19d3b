//! The sandbox's vault: versioned records by path, as a KV version 2 engine keeps them.
//!
//! [`super::vault`] is how it is reached over the wire.

use crate::lane::Wall;
use crate::secret::Secret;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One version of a record.
pub(super) struct Version {
    pub(super) number: u64,
    pub(super) created: Wall,
    /// The record as JSON text, so that it is zeroed when it is forgotten.
    data: Secret,
}

impl Version {
    /// The record.
    pub(super) fn data(&self) -> Value {
        serde_json::from_str(self.data.expose()).unwrap_or_default()
    }
}

/// The write named a version that is not the newest.
pub(super) struct Outrun;

/// All records.
pub(super) struct Kv {
    pub(super) token: Secret,
    pub(super) sealed: bool,
    records: BTreeMap<String, Vec<Version>>,
}

/// Older versions than these many are forgotten, as the engine's own default has it.
const VERSIONS_KEPT: usize = 10;

impl Kv {
    pub(super) fn new(token: Secret) -> Self {
        Self {
            token,
            sealed: false,
            records: BTreeMap::new(),
        }
    }

    /// The versions at `path` that are remembered, oldest first.
    pub(super) fn versions(&self, path: &str) -> &[Version] {
        self.records.get(path).map_or(&[], Vec::as_slice)
    }

    /// The version at `path` of that number; zero means the newest.
    pub(super) fn version(&self, path: &str, number: u64) -> Option<&Version> {
        let versions = self.versions(path);
        match number {
            0 => versions.last(),
            _ => versions.iter().find(|version| version.number == number),
        }
    }

    /// The newest version's number, zero if there is none.
    pub(super) fn newest(&self, path: &str) -> u64 {
        self.versions(path).last().map_or(0, |last| last.number)
    }

    /// Adds a version and gives its number.
    pub(super) fn put(&mut self, path: &str, data: &Map<String, Value>, now: Wall) -> u64 {
        let number = self.newest(path).saturating_add(1);
        let data = serde_json::to_string(data).unwrap_or_default();
        let versions = self.records.entry(path.to_owned()).or_default();
        versions.push(Version {
            number,
            created: now,
            data: Secret::new(data),
        });
        if versions.len() > VERSIONS_KEPT {
            versions.remove(0);
        }
        number
    }

    /// Adds a version if `cas` is the number of the newest, or if nobody cares.
    pub(super) fn put_if(
        &mut self,
        path: &str,
        data: &Map<String, Value>,
        cas: Option<u64>,
        now: Wall,
    ) -> Result<u64, Outrun> {
        match cas {
            Some(expected) if expected != self.newest(path) => Err(Outrun),
            _ => Ok(self.put(path, data, now)),
        }
    }
}
