//! Runs the lanes.

mod handle;
mod view;

pub use handle::{
    Accepted, Command, Handle, Publisher, RECORDS_KEPT, Refusal, Request, Update, Updates, updates,
};
pub use view::{EngineView, LaneInfo, LaneView, StoreView};
