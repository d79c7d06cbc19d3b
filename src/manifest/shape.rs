//! The tables that a manifest may have and the keys that each may have.
//!
//! One place for all of them, so that a key in the wrong table can be told where it belongs.

/// A table of the manifest.
#[derive(Debug)]
pub(super) struct Shape {
    /// As messages call it.
    pub(super) title: &'static str,
    /// The keys it may have.
    pub(super) keys: &'static [&'static str],
}

const fn shape(title: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape { title, keys }
}

pub(super) static ROOT: Shape = shape(
    "the top level",
    &[
        "title", "packs", "limits", "defaults", "stores", "lane", "alert",
    ],
);
pub(super) static LIMITS: Shape = shape("[limits]", &["per_host", "in_all"]);
pub(super) static DEFAULTS: Shape = shape(
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
pub(super) static DEFAULT_ROUTE: Shape =
    shape("[defaults.route]", &["server", "tenant", "account"]);
pub(super) static DEFAULT_CREDENTIAL: Shape = shape(
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
pub(super) static DEFAULT_PROBE: Shape =
    shape("[defaults.probe]", &["every", "timeout", "control"]);
pub(super) static DEFAULT_EXPIRY: Shape =
    shape("[defaults.expiry]", &["warn", "refuse", "refresh_at"]);
pub(super) static STORE: Shape = shape(
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
pub(super) static AUTH: Shape = shape("`auth`", &["token", "approle"]);
pub(super) static APPROLE: Shape = shape("`approle`", &["mount", "role_id", "secret_id"]);
pub(super) static SECRET_FROM: Shape = shape("the place of a secret", &["env", "file"]);
pub(super) static LANE: Shape = shape(
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
pub(super) static ROUTE: Shape = shape(
    "`route`",
    &["server", "tool", "tenant", "account", "effect"],
);
pub(super) static CREDENTIAL: Shape = shape(
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
pub(super) const OAUTH_ONLY: [&str; 8] = [
    "token_endpoint",
    "client_id",
    "client_secret",
    "client_auth",
    "scope",
    "resource",
    "timeout",
    "revocation_endpoint",
];
pub(super) static CLIENT_SECRET: Shape = shape("`client_secret`", &["store", "path", "field"]);
pub(super) static SCOPES: Shape = shape("`scopes`", &["require", "forbid"]);
pub(super) static PROBE: Shape = shape(
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
pub(super) static NEIGHBOR: Shape = shape(
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
pub(super) static EXPIRY: Shape = shape("`expiry`", &["warn", "refuse", "refresh_at"]);
pub(super) static ALERT: Shape = shape(
    "[[alert]]",
    &["name", "level", "lanes", "command", "webhook", "timeout"],
);

/// Where a misplaced key may belong: the likely first.
pub(super) static PLACES: [&Shape; 12] = [
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
