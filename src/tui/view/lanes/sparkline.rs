//! The last hour of a lane as a row of bars, for the table and for the detail.

use crate::lane::Outcome;
use crate::tui::model::Slice;
use crate::tui::symbols::Symbols;
use crate::tui::theme::Role;

/// A bar and its meaning.
pub(in crate::tui::view) type Bar = (&'static str, Role);

/// As many slices as there is room for: neighbours become one where there is less.
pub(in crate::tui::view) fn merged(slices: &[Slice], room: usize) -> impl Iterator<Item = Slice> {
    let together = slices.len().div_ceil(room.max(1)).max(1);
    slices.chunks(together).map(|some| {
        let some = some.iter().copied();
        some.reduce(Slice::and).unwrap_or_default()
    })
}

/// The worst outcome: low where it was well, half where patience helps, full where it does not.
pub(in crate::tui::view) fn outcome(slice: Slice, symbols: &Symbols) -> Option<Bar> {
    let (height, role) = match slice.worst? {
        Outcome::Ok => (0, Role::Good),
        Outcome::RateLimited | Outcome::UpstreamUnavailable | Outcome::StoreUnavailable => {
            (3, Role::Warn)
        }
        Outcome::CredentialExpired
        | Outcome::CredentialRevoked
        | Outcome::CredentialInvalid
        | Outcome::ScopeInsufficient
        | Outcome::PolicyDenied => (7, Role::Bad),
    };
    Some((symbols.bar(height), role))
}

/// The slowest answer, on one scale for all lanes.
pub(in crate::tui::view) fn latency(slice: Slice, symbols: &Symbols) -> Option<Bar> {
    let slowest = slice.slowest?;
    Some((symbols.bar(slowest.saturating_sub(1)), Role::Text))
}
