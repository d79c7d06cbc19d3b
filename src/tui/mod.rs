//! The screen: what an operator sees of the engine, and the keys that talk back to it.
//!
//! The rooms stand in a row and look one way. [`terminal`] turns bytes into keys and takes frames
//! without ever waiting for a slow line; [`keymap`] turns keys into actions; [`update()`] turns
//! actions and the engine's news into a changed [`model::Model`] and a few [`update::Effect`]s;
//! [`view`] draws the model into a buffer with a [`theme`]; [`encoder`] turns the difference
//! between two buffers into as few bytes as it can. [`run()`] ties them together and is the only
//! part that waits. Nothing here knows a lane's rules: all of that arrives as
//! [`crate::engine::Update`]s and leaves as [`crate::engine::Command`]s.

pub mod archive;
pub mod config;
pub mod depth;
pub mod encoder;
pub mod key;
pub mod keymap;
pub mod mask;
pub mod model;
mod pen;
pub mod reach;
mod run;
mod span;
pub mod symbols;
pub mod terminal;
pub mod theme;
pub mod tour;
pub mod update;
pub mod view;

pub use run::{AuditPlace, Exit, ScreenOptions, TuiError, run};
pub use update::update;
