//! `lanes.toml`: what a person writes, and what it resolves to.

mod spec;

pub use spec::{
    AlertChannel, AlertSpec, ClientAuth, LaneEntry, Limits, Manifest, OauthSpec, OpenBaoAuth,
    OpenBaoSpec, RequestSpec, Route, SecretFrom, Source, StoreSpec,
};
