//! Whatever comes from outside: manifests, upstreams and stores that are broken, hostile or endless.
//! lanewatch says what is wrong, judges no credential by it, and passes no control character on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]
#![allow(dead_code, reason = "the helpers are those of the engine's tests")]

#[path = "../engine/bank.rs"]
mod bank;
#[path = "../engine/bench.rs"]
mod bench;
mod manifests;
#[path = "../engine/process.rs"]
mod process;
#[path = "../engine/server.rs"]
mod server;
mod stores;
mod upstreams;
