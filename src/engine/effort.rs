//! One effort to bring a newer credential: what it starts from, and how it tells how far it has got.
//! Which way it goes is decided by [`super::renew`].

use super::minted::Unsaved;
use super::tools::Tools;
use crate::lane::{Attempt, Credential, Event, Step};
use crate::secret::Fingerprint;

/// What one effort to bring a newer credential starts from.
pub(super) struct Renew {
    pub attempt: Attempt,
    /// What serves now.
    pub current: Option<Credential>,
    /// A newer one that has failed its test: whoever finds it in the store has found nothing.
    pub failed: Option<Fingerprint>,
    /// What was minted before and is not stored yet.
    pub unsaved: Option<Unsaved>,
    /// Whether a person has accepted that a grant in doubt may turn out to be used up.
    pub forgiven: bool,
    /// Whether a person asked for it.
    pub asked: bool,
}

/// Tells the core how far the effort has got.
pub(super) struct Progress<'a> {
    pub tools: &'a Tools,
    pub slot: usize,
    pub attempt: Attempt,
}

impl Progress<'_> {
    pub(super) fn at(&self, step: Step) {
        let attempt = self.attempt;
        // An engine that is gone needs no news.
        let _gone = self
            .tools
            .progress
            .send((self.slot, Event::Progressed { attempt, step }));
    }
}
