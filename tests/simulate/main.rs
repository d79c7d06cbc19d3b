//! Lanes in virtual time: the numbers that lanewatch promises, and the scenario's own manners.
//!
//! Sizes are modest so that they run everywhere. `LANEWATCH_SIMULATE=full` takes the numbers' own
//! sizes and more seeds; it wants a release build.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]

mod bench;
mod clocks;
mod command;
mod herds;
mod honesty;
mod outages;
