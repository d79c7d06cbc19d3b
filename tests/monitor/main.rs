//! The built program in a terminal: what a person sees, and how it leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests; they wait by the real clock"
)]

mod drill;
mod fit;
mod flat;
mod leaving;
mod presenting;
#[path = "../real/mod.rs"]
mod real;
mod real_servers;
mod rough;
mod ssh;
mod terminal;
