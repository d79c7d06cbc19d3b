//! One file a subcommand.

pub mod audit;
pub mod sandbox;
