//! Real servers for tests: fetched once, pinned, started on free ports, ended by their process id.
//!
//! What is missing on the machine fails the test with a sentence that says what to install. Nothing is
//! skipped, and nothing is left running.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary includes this and uses its part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set up its server fails where it stands"
)]

mod bao;
mod cutter;
mod fetch;
mod oidc;
mod process;

pub(crate) use bao::{Bao, write_private};
pub(crate) use cutter::{Cut, Cutter};
pub(crate) use oidc::Oidc;
