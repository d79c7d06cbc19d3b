//! Room to be built.

pub mod audit;
