//! The tables that a manifest may have and the keys that each may have.
//!
//! One place for all of them, so that a key in the wrong table can be told where it belongs.

/// A table of the manifest.
#[derive(Debug)]
pub(crate) struct Shape {
    /// As messages call it.
    pub(crate) title: &'static str,
    /// The keys it may have.
    pub(crate) keys: &'static [&'static str],
    /// Whether it is one of the manifest's own tables, among which a misplaced key is looked for.
    pub(crate) ours: bool,
}

const fn shape(title: &'static str, keys: &'static [&'static str]) -> Shape {
    let ours = true;
    Shape { title, keys, ours }
}

impl Shape {
    /// A table of another file that is read the same way.
    pub(crate) const fn elsewhere(title: &'static str, keys: &'static [&'static str]) -> Self {
        let ours = false;
        Self { title, keys, ours }
    }
}

pub(crate) static ROOT: Shape = shape(
    "the top level",
    &[
        "title", "packs", "limits", "defaults", "stores", "lane", "alert",
    ],
);
pub(crate) static LIMITS: Shape = shape("[limits]", &["per_host", "in_all"]);
pub(crate) static DEFAULTS: Shape = shape(
    "[defaults]",
    &[
        "store",
        "provider",
        "owner",
        "runbook",
        "route",
        "credential",
        "probe",
        "expiry",
        "store_every",
    ],
);
pub(crate) static DEFAULT_ROUTE: Shape =
    shape("[defaults.route]", &["server", "tenant", "account"]);
pub(crate) static DEFAULT_CREDENTIAL: Shape = shape(
    "[defaults.credential]",
    &[
        "kind",
        "field",
        "token_endpoint",
        "client_id",
        "client_secret",
        "client_auth",
        "scope",
        "resource",
        "timeout",
        "revocation_endpoint",
        "overlap",
        "settle",
    ],
);
pub(crate) static DEFAULT_PROBE: Shape =
    shape("[defaults.probe]", &["every", "timeout", "control"]);
pub(crate) static DEFAULT_EXPIRY: Shape =
    shape("[defaults.expiry]", &["warn", "refuse", "refresh_at"]);
pub(crate) static STORE: Shape = shape(
    "[stores.NAME]",
    &[
        "kind",
        "address",
        "mount",
        "namespace",
        "ca_file",
        "auth",
        "timeout",
        "root",
        "read",
        "write",
        "allow_unmanaged",
    ],
);
pub(crate) static AUTH: Shape = shape("`auth`", &["token", "approle"]);
pub(crate) static APPROLE: Shape = shape("`approle`", &["mount", "role_id", "secret_id"]);
pub(crate) static SECRET_FROM: Shape = shape("the place of a secret", &["env", "file"]);
pub(crate) static LANE: Shape = shape(
    "[[lane]]",
    &[
        "name",
        "provider",
        "base_url",
        "owner",
        "runbook",
        "route",
        "credential",
        "expires_at",
        "scopes",
        "probe",
        "neighbor",
        "expiry",
        "store_every",
    ],
);
pub(crate) static ROUTE: Shape = shape(
    "`route`",
    &["server", "tool", "tenant", "account", "effect"],
);
pub(crate) static CREDENTIAL: Shape = shape(
    "[lane.credential]",
    &[
        "kind",
        "store",
        "path",
        "field",
        "token_endpoint",
        "client_id",
        "client_secret",
        "client_auth",
        "scope",
        "resource",
        "timeout",
        "revocation_endpoint",
        "overlap",
        "settle",
        "rotate",
        "increment",
    ],
);
/// Keys of a credential that only an OAuth grant or client has.
pub(crate) const OAUTH_ONLY: [&str; 8] = [
    "token_endpoint",
    "client_id",
    "client_secret",
    "client_auth",
    "scope",
    "resource",
    "timeout",
    "revocation_endpoint",
];
pub(crate) static CLIENT_SECRET: Shape = shape("`client_secret`", &["store", "path", "field"]);
pub(crate) static SCOPES: Shape = shape("`scopes`", &["require", "forbid"]);
pub(crate) static PROBE: Shape = shape(
    "`probe`",
    &[
        "command",
        "method",
        "target",
        "every",
        "timeout",
        "control",
        "body",
        "content_type",
        "side_effect_free",
    ],
);
pub(crate) static NEIGHBOR: Shape = shape(
    "[[lane.neighbor]]",
    &[
        "name",
        "method",
        "target",
        "body",
        "content_type",
        "side_effect_free",
    ],
);
pub(crate) static EXPIRY: Shape = shape("`expiry`", &["warn", "refuse", "refresh_at"]);
pub(crate) static ALERT: Shape = shape(
    "[[alert]]",
    &["name", "level", "lanes", "command", "webhook", "timeout"],
);

/// Where a misplaced key may belong: the likely first.
pub(crate) static PLACES: [&Shape; 12] = [
    &LANE,
    &CREDENTIAL,
    &ROUTE,
    &SCOPES,
    &PROBE,
    &EXPIRY,
    &NEIGHBOR,
    &STORE,
    &AUTH,
    &ALERT,
    &ROOT,
    &LIMITS,
];
