//! Arguments in, exit code out.

pub mod classify;
pub mod providers;
