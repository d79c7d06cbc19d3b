//! Variables of lanewatch's own environment: nothing to install, and nothing that manages them.

use super::fields::unusable;
use super::{SecretRecord, StoreError, WHOLE};
use crate::manifest::Source;
use crate::plain::Plain;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::env::VarError;

/// The environment. A source's path is the variable's name; it has no fields.
pub struct EnvStore;

impl EnvStore {
    pub(super) fn read(&self, source: &Source) -> Result<SecretRecord, StoreError> {
        let value = variable(&source.path)?;
        Ok(SecretRecord {
            fields: BTreeMap::from([(source.field.clone().unwrap_or_else(|| WHOLE.into()), value)]),
            version: None,
            created: None,
        })
    }
}

/// The value of a variable that must be set and hold text.
pub(super) fn variable(name: &str) -> Result<Secret, StoreError> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Err(unusable(&format!("the variable {name} is empty"))),
        Ok(value) => Ok(Secret::new(value)),
        Err(VarError::NotPresent) => Err(StoreError::NotFound(Plain::new(&format!(
            "{name}: the variable is not set"
        )))),
        Err(VarError::NotUnicode(_)) => {
            Err(unusable(&format!("the variable {name} is not UTF-8 text")))
        }
    }
}
