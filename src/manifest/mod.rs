//! `lanes.toml`: what a person writes, and what it resolves to.
//!
//! [`load`] reads a file and [`parse`] its text; both answer with a [`Manifest`] in which every
//! default is filled in and every reference checked, or with all the mistakes at once, each with
//! its place and what to write instead. Nothing here opens a store or a connection: the neighbours
//! above ([`crate::store`], [`crate::engine`]) act on what is read here. What a provider can do is
//! asked of the caller by [`Surroundings`], so that this room needs nothing of [`crate::provider`].

mod ahead;
mod alerts;
mod bindings;
mod common;
mod credential;
mod difference;
pub(crate) mod document;
mod lane_entry;
mod load;
pub(crate) mod mistake;
mod pieces;
mod place;
mod probe;
mod reader;
mod request;
mod schema;
pub(crate) mod section;
pub(crate) mod shape;
mod source;
mod spec;
mod stores;
mod token_endpoint;
mod value;
mod watch;
mod web;

pub use bindings::{Bindings, ProviderFacts, RotationFacts, Surroundings};
pub use difference::{Difference, difference};
pub use document::parse;
pub(crate) use load::read_text;
pub use load::{MANIFEST_MAX, ManifestError, load, packs_folder};
pub use mistake::{Mistake, Mistakes};
pub use schema::schema;
pub use spec::{
    AlertChannel, AlertSpec, ClientAuth, LaneEntry, LeaseSpec, Limits, Manifest, OauthSpec,
    OpenBaoAuth, OpenBaoSpec, RequestSpec, Route, SecretFrom, Source, StoreSpec,
};
pub(crate) use watch::spots;
pub use watch::{WatchError, Watcher, watch};
