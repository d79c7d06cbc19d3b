//! What renewals have to remember between two efforts, beside the secrets themselves: the lease that a
//! credential hangs on, and a key that its provider has given out and no store has taken yet.
//!
//! It is kept here and not with the lanes because the core has no word for it, and because it must
//! outlive a lane's change of mind. Nothing of it outlives the process: leases are issued anew, and a
//! key that was never stored is raised as uncertain by the note that its request left.

use crate::lane::{LaneName, Offer};
use crate::secret::{Fingerprint, Secret};
use crate::store::Lease;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// A key that its provider has made and that no store has taken. It serves nobody until one has.
#[derive(Clone)]
pub(super) struct Made {
    /// The mark of the key in whose place it comes.
    pub of: String,
    pub key: Secret,
    /// The fields of the lane's record that it goes into.
    pub fields: BTreeMap<String, Secret>,
    pub offer: Offer,
}

/// Shared by all jobs. Each holds it for a moment only.
#[derive(Clone, Default)]
pub(super) struct Pocket(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    leases: HashMap<Fingerprint, Lease>,
    made: HashMap<LaneName, Made>,
}

impl Pocket {
    fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        // Every change is one insertion or one removal: a panic elsewhere leaves nothing half done.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lease of a credential.
    pub(super) fn lease(&self, of: Fingerprint) -> Option<Lease> {
        self.inside(|inside| inside.leases.get(&of).cloned())
    }

    /// Remembers the lease of a credential.
    pub(super) fn keep_lease(&self, of: Fingerprint, lease: Lease) {
        self.inside(|inside| inside.leases.insert(of, lease));
    }

    /// Forgets the lease of a credential.
    pub(super) fn drop_lease(&self, of: Fingerprint) {
        self.inside(|inside| inside.leases.remove(&of));
    }

    /// What was made for a lane and is not stored.
    pub(super) fn made(&self, lane: &LaneName) -> Option<Made> {
        self.inside(|inside| inside.made.get(lane).cloned())
    }

    /// Remembers it; `None` forgets it.
    pub(super) fn keep_made(&self, lane: &LaneName, made: Option<Made>) {
        self.inside(|inside| match made {
            Some(made) => inside.made.insert(lane.clone(), made),
            None => inside.made.remove(lane),
        });
    }
}
