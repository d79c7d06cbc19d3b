//! Room to be built.

pub mod sandbox;
