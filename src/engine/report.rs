//! What comes of a job: what the core is told, and beside it what only the engine may keep.

use super::minted::Unsaved;
use super::tools::Kept;
use crate::lane::{Attempt, Event, Offer, Verdict};
use crate::plain::Plain;
use crate::secret::Secret;
use crate::store::StoreError;

/// What came of a job.
pub(super) struct Report {
    pub slot: usize,
    pub event: Event,
    /// For the vault.
    pub kept: Option<Kept>,
    /// Minted but not stored: handed to the next try.
    pub unsaved: Option<Unsaved>,
    /// What the store's reading has shown of a request whose sender died.
    pub doubt: Option<Verdict>,
    /// What the store said of itself, where one was asked; an error if it failed to answer.
    pub store: Option<Result<(), Plain>>,
}

impl Report {
    pub(super) const fn new(slot: usize, event: Event) -> Self {
        Self {
            slot,
            event,
            kept: None,
            unsaved: None,
            doubt: None,
            store: None,
        }
    }

    /// A newer credential was made, and the store answered on the way.
    pub(super) fn renewed(slot: usize, attempt: Attempt, offer: Offer, secret: Secret) -> Self {
        let kept = Some((offer.fingerprint, secret));
        let event = Event::Refreshed {
            attempt,
            offer,
            lost_race: false,
        };
        Self {
            kept,
            store: Some(Ok(())),
            ..Self::new(slot, event)
        }
    }
}

/// Whether a store that failed has answered at all.
pub(super) fn answered(error: &StoreError) -> Result<(), Plain> {
    match error.is_outage() {
        true => Err(error.to_string().into()),
        false => Ok(()),
    }
}
