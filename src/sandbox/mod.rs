//! Local upstreams that fail on command.
//!
//! A [`Sandbox`] is a handful of small HTTP servers on the loopback address: an OAuth token
//! endpoint with an API of its own, faces that answer as GitHub, Slack, Stripe and GitLab do, and a
//! KV version 2 vault. They share one world in memory, in which accounts have credentials that are
//! issued, expire, are revoked, lose scopes and are replaced by their owners. What happens there is
//! real in every respect but one: the secrets are worth nothing. lanewatch reaches them over the
//! wire with the very code that reaches the originals, so `lanewatch demo` shows what it does, not
//! what it would say.
//!
//! [`Control`] makes things go wrong, one [`Drill`] at a time. The accounts are those of
//! [`DEMO`], the manifest in `sample-lanes/demo.toml`; [`manifest`] fills in where they live.

mod accounts;
mod control;
mod drill;
mod github;
mod gitlab;
mod grant;
mod kv;
mod open;
mod resource;
mod seed;
mod shared;
mod slack;
mod stripe;
mod token;
mod vault;
mod visit;
mod wire;
mod world;

pub use accounts::AccountView;
pub use control::Control;
pub use drill::Drill;
pub use open::{Sandbox, SandboxError};

use crate::lane::Wall;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the sandbox's world takes for the present. Everything that ends, ends by this clock.
pub type Clock = Arc<dyn Fn() -> Wall + Send + Sync>;

/// The manifest that belongs to the sandbox, with `sandbox://` where addresses belong.
pub const DEMO: &str = include_str!("../../sample-lanes/demo.toml");

/// [`DEMO`] with every `sandbox://NAME` replaced by the address of that name, as
/// [`Sandbox::addresses`] gives them: a manifest that can be watched from another process.
pub fn manifest(addresses: &BTreeMap<String, String>) -> String {
    let mut names: Vec<_> = addresses.iter().collect();
    // "vault-token-file" before "vault", of which it is an extension.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
        .into_iter()
        .fold(DEMO.to_owned(), |text, (name, address)| {
            let quoted = address.replace('\\', "\\\\").replace('"', "\\\"");
            text.replace(&format!("sandbox://{name}"), &quoted)
        })
}
