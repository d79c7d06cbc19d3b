//! What a manifest cannot know by itself: the sandbox's addresses and what providers can do.

use std::collections::BTreeMap;
use std::time::Duration;

/// Real addresses and files for `sandbox://NAME`, by name. Empty outside `lanewatch demo` and
/// `lanewatch sandbox`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bindings(pub BTreeMap<String, String>);

impl<N: Into<String>, A: Into<String>> FromIterator<(N, A)> for Bindings {
    fn from_iter<I: IntoIterator<Item = (N, A)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(pairs.map(|(name, to)| (name.into(), to.into())).collect())
    }
}

/// What a manifest has to know of a provider pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProviderFacts {
    /// Whether the pack has an address of its own; if not, the lane must have one.
    pub has_base_url: bool,
    /// Whether the pack has a probe of its own.
    pub has_probe: bool,
    /// Whether a refresh token is used up by one exchange.
    pub single_use_refresh: bool,
    /// Whether a key of this provider dies at once when somebody has another made in its place.
    pub old_key_dies: bool,
    /// How the provider replaces a key when it is asked to, if it does.
    pub rotation: Option<RotationFacts>,
}

/// What a manifest has to know of a provider's rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RotationFacts {
    /// Whether the old key dies with the answer; otherwise it is deleted afterwards.
    pub old_dies: bool,
    /// For how long a new key may be unknown to some of the provider's servers.
    pub settle: Duration,
}

/// Everything around a manifest that decides what it means.
pub struct Surroundings<'a> {
    /// Where `sandbox://` leads.
    pub bindings: &'a Bindings,
    /// What the pack of this name can do; `None` if there is no such pack.
    pub provider: &'a dyn Fn(&str) -> Option<ProviderFacts>,
    /// The names of all packs, for hints.
    pub providers: &'a [String],
}
