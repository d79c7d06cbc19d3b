//! Renewal on real servers: grants that live in a real OpenBao and are exchanged at a real
//! authorization server go on serving, stop or are raised as the truth demands, whatever fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]

#[path = "../engine/bench.rs"]
mod bench;
#[path = "../real/mod.rs"]
mod real;
mod rig;
mod store;
mod token_endpoint;
mod ways;
