//! Local upstreams that fail on command.

mod drill;

pub use drill::Drill;
