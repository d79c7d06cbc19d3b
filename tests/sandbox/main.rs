//! The sandbox keeps its promises over the wire: it answers as the originals do, its tokens live
//! and die as theirs do, and everything that a drill breaks a heal mends.

mod bench;
mod control;
mod demo;
mod dialects;
mod grants;
mod vault;
