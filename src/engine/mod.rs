//! Runs the lanes.
//!
//! [`Setup`] opens what an engine needs, [`Engine::run`] is its loop, and a [`Handle`] is how the
//! screen, the subcommands and, over the [`socket`](listen), other processes talk to it. Below this
//! room are the adapters that touch the world; what happens to a lane is decided in [`crate::lane`].

mod client;
pub mod clock;
mod control;
mod crash;
mod effort;
mod grant;
mod grant_lock;
mod handle;
mod lease;
mod memory;
mod minted;
mod perform;
mod persist;
mod pocket;
mod prove;
mod receipt;
mod record;
mod refresh;
mod reload;
mod renew;
mod report;
mod request;
mod rotate;
mod run;
mod runner;
mod setup;
mod socket;
mod state_folder;
mod tools;
mod verify;
mod view;
mod watching;
mod workers;

pub use crash::CrashPoint;
pub use handle::{
    Accepted, Command, Handle, Lease, Publisher, RECORDS_KEPT, Refusal, Request, Update, Updates,
    updates,
};
pub use receipt::{Mark, Receipt, Receipts, Stage};
pub use reload::{Reader, Reload};
pub use run::Engine;
pub use setup::{Setup, StartError};
pub use socket::{Question, Reply, Watching, ask, follow, listen, watch};
pub use state_folder::{EngineLock, StateError, StateFolder};
pub use view::{EngineView, LaneInfo, LaneView, LoginView, StoreView};
