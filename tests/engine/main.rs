//! The engine keeps its promises end to end: over real sockets, on a real state folder, and where a
//! process matters, as the built binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]

mod audit;
mod bank;
mod bench;
mod canary;
mod codes;
mod crash_points;
mod dead;
mod drills;
mod endings;
mod grants;
mod judged;
mod limits;
mod one_grant;
mod process;
mod proofs;
#[path = "../real/mod.rs"]
mod real;
mod reload;
mod rotate_command;
mod rotation;
mod server;
mod serving;
mod stalled;
mod survival;
mod watching;
