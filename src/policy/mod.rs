//! What many lanes together may do, and when.
//!
//! A [`crate::lane::Lane`] decides for itself alone. Everything that concerns several of them is
//! decided here: whose turn it is at a host or a store and how seldom a dead store is asked
//! ([`Dispatch`]), when each of them wakes ([`Wakes`]), when each of them begins ([`Starts`]), which
//! of them show the same key ([`Groups`]), where an effect goes ([`Targets`]), and what the machine's
//! clocks did meanwhile ([`ClockWatch`]).
//!
//! Nothing here reads a clock or waits. That is why [`crate::engine`], which runs lanes against the
//! world, and [`crate::simulate`], which runs them in virtual time, are driven by the very same
//! pieces.

mod clock_watch;
mod dispatch;
mod groups;
mod starts;
mod targets;
mod wakes;

pub use clock_watch::{ClockWatch, Jump, Reading};
pub use dispatch::{Dispatch, Line, Place, Target, Ticket};
pub use groups::Groups;
pub use starts::Starts;
pub use targets::{Lines, Targets};
pub use wakes::Wakes;

/// The seed of the dice of the lane in `slot`: neighbouring lanes throw nothing alike.
pub const fn lane_seed(seed: u64, slot: usize) -> u64 {
    seed.wrapping_add(slot as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
