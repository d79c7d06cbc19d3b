//! Has a store take what was made, by compare-and-swap.
//!
//! A token or a key is given out once, so the store is asked more than once to take it, with pauses
//! that grow. A write that was refused, or whose answer was lost, is settled by reading the record
//! again: it may hold what was written, or what that was made from, or somebody else's. Theirs is
//! never written over.

use crate::lane::StoreVersion;
use crate::manifest::Source;
use crate::secret::Secret;
use crate::store::{SecretRecord, Store, StoreError};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a store is asked before the rest is left to the next effort.
const ROUNDS: u32 = 5;
/// The pause after the first round; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// What a record holds that has to take something new.
pub(super) enum Stands<T> {
    /// The very thing that it was to take.
    Ours,
    /// What that was made from: it goes in on top.
    Origin,
    /// What somebody else has put there.
    Theirs(T),
}

/// What came of it.
pub(super) enum Persisted<T> {
    /// The store holds it, at this version.
    Ours(Option<StoreVersion>),
    /// Somebody else was faster: theirs stays.
    Theirs(T),
    /// It is not stored, or nobody knows.
    Not(StoreError),
}

/// Writes `fields` at `source`, over the version `over`. `stands` tells what a record holds that
/// has changed since.
pub(super) async fn persist<T>(
    store: &Store,
    source: &Source,
    fields: &BTreeMap<String, Secret>,
    over: Option<&StoreVersion>,
    stands: impl Fn(&SecretRecord) -> Stands<T>,
) -> Persisted<T> {
    let mut expected = over.cloned();
    let mut last = StoreError::Conflict;
    for round in 0..ROUNDS {
        match store.write(source, fields, expected.as_ref()).await {
            Ok(version) => return Persisted::Ours(Some(version)),
            Err(StoreError::Conflict | StoreError::Uncertain(_)) => {
                match store.read(source).await {
                    Ok(now) => match stands(&now) {
                        Stands::Ours => return Persisted::Ours(now.version),
                        Stands::Origin => expected = now.version,
                        Stands::Theirs(theirs) => return Persisted::Theirs(theirs),
                    },
                    Err(error) => last = error,
                }
            }
            Err(error) => last = error,
        }
        if last.is_outage() {
            // Then the store is asked no more often than by everybody else.
            break;
        }
        if round + 1 < ROUNDS {
            tokio::time::sleep(PAUSE.saturating_mul(1 << round)).await;
        }
    }
    Persisted::Not(last)
}
