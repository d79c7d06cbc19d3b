//! The stores: against a real OpenBao, against servers that lie, and on this machine's own files and
//! commands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod kv;
mod leases;
mod local;
mod login;
mod lying;
#[path = "../real/mod.rs"]
mod real;
mod tending;

use lanewatch::http::Http;
use lanewatch::manifest::{OpenBaoSpec, Source, StoreSpec};
use lanewatch::secret::Secret;
use lanewatch::store::Store;
use std::collections::BTreeMap;

fn openbao(spec: OpenBaoSpec) -> Store {
    Store::new(&StoreSpec::OpenBao(spec), Http::new())
}

fn source(path: &str, field: Option<&str>) -> Source {
    Source {
        store: "s".into(),
        path: path.into(),
        field: field.map(Into::into),
    }
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
    let owned = |(name, text): &(&str, &str)| ((*name).into(), Secret::new((*text).into()));
    pairs.iter().map(owned).collect()
}
