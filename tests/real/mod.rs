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
    clippy::disallowed_methods,
    reason = "a test that cannot set up its server fails where it stands"
)]

mod bao;
mod fetch;
mod oidc;
mod postgres;
mod process;
mod proxy;
mod wait;

pub(crate) use bao::{Bao, write_private};
pub(crate) use oidc::Oidc;
pub(crate) use postgres::Postgres;
pub(crate) use proxy::{Asked, Canned, Fault, Proxy};
pub(crate) use wait::until;
