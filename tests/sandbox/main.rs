//! The sandbox keeps its promises over the wire: it answers as the originals do, its tokens live
//! and die as theirs do, and everything that a drill breaks a heal mends.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]

mod bench;
mod control;
mod demo;
mod dialects;
mod grants;
mod moods;
mod vault;
