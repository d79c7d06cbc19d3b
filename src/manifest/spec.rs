//! A manifest, resolved: every default filled in, every path absolute, every reference checked.
//!
//! The engine and the adapters read only this; what a person may write is [`super`]'s business.

use crate::lane::{AlertLevel, LaneSpec, SideEffect};
use crate::plain::Plain;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A whole `lanes.toml`.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    /// The file it was read from.
    pub path: PathBuf,
    /// What the header line calls it: the file's name, unless it has a `title`.
    pub title: Plain,
    /// The stores, by name.
    pub stores: BTreeMap<Plain, StoreSpec>,
    /// The lanes, in the order of the file. Names are unique.
    pub lanes: Vec<Arc<LaneEntry>>,
    /// Who gets told.
    pub alerts: Vec<AlertSpec>,
    /// A folder of the user's own provider packs.
    pub packs: Option<PathBuf>,
    /// How much may go on at once.
    pub limits: Limits,
}

/// Everything about one lane.
#[derive(Clone, PartialEq, Debug)]
pub struct LaneEntry {
    /// What the core has to know.
    pub spec: Arc<LaneSpec>,
    /// Which route it is.
    pub route: Route,
    /// Which provider pack says what its answers mean.
    pub provider: Plain,
    /// The provider's address, where the pack has none or the lane has its own.
    pub base_url: Option<Url>,
    /// Where its secret lives.
    pub source: Source,
    /// The request that proves its credential; `None` means the pack's own.
    pub probe: Option<RequestSpec>,
    /// How long a proof may take.
    pub probe_timeout: Duration,
    /// Whether pre-flight also shows it an invented credential; `None` leaves that to the pack.
    pub probe_control: Option<bool>,
    /// Requests that must be denied, in the order of `spec.neighbors`.
    pub neighbors: Vec<RequestSpec>,
    /// The program that proves it, given the credential on its standard input.
    pub probe_command: Option<Vec<String>>,
    /// Its token endpoint; `Some` exactly when its kind is `oauth_refresh` or
    /// `client_credentials`. The source of the latter is the client's secret.
    pub oauth: Option<Box<OauthSpec>>,
    /// How its lease is renewed; `Some` exactly when its kind is `lease`. The path of its source
    /// begins with the mount of the engine that makes it.
    pub lease: Option<LeaseSpec>,
    /// Who owns the credential.
    pub owner: Option<Plain>,
    /// What to read when it fails: an address or a path.
    pub runbook: Option<Plain>,
    /// Line of the file on which the lane begins, for messages.
    pub line: usize,
    /// Whether its upstream is the built-in sandbox: its address came from a binding.
    pub sandbox: bool,
}

/// Which calls a lane serves.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Route {
    /// The MCP server.
    pub server: Plain,
    /// The tool; `None` means every tool.
    pub tool: Option<Plain>,
    /// The tenant.
    pub tenant: Option<Plain>,
    /// The account at the provider.
    pub account: Option<Plain>,
    /// What a call can do.
    pub effect: SideEffect,
}

/// A field of a secret in a store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source {
    /// The name of the store.
    pub store: Plain,
    /// Path in it: a KV path, a file, a variable's name; empty for a `command` store without one.
    pub path: String,
    /// The field; `None` where the secret is the whole value.
    pub field: Option<String>,
}

/// Where secrets live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreSpec {
    /// OpenBao or Vault, KV version 2.
    OpenBao(OpenBaoSpec),
    /// One secret a file.
    File {
        /// Folder that relative paths start from.
        root: PathBuf,
    },
    /// What a command prints.
    Command {
        /// Program and arguments to read; `{path}` and `{field}` stand for the source's.
        read: Vec<String>,
        /// Program and arguments to write the new value from standard input, if it can.
        write: Option<Vec<String>>,
        /// How long it may take.
        timeout: Duration,
    },
    /// Variables of lanewatch's own environment.
    Env {
        /// Whether the manifest accepts that such a source is not managed.
        allow_unmanaged: bool,
    },
}

impl StoreSpec {
    /// The name of its kind in the manifest.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenBao(_) => "openbao",
            Self::File { .. } => "file",
            Self::Command { .. } => "command",
            Self::Env { .. } => "env",
        }
    }
}

/// How an OpenBao or Vault is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenBaoSpec {
    /// Its address.
    pub address: Url,
    /// Where the KV version 2 engine is mounted, without slashes at its ends.
    pub mount: String,
    /// Sent as `X-Vault-Namespace`.
    pub namespace: Option<String>,
    /// Certificates to trust besides the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// How lanewatch logs in.
    pub auth: OpenBaoAuth,
    /// How long one request may take.
    pub timeout: Duration,
}

/// How lanewatch logs in to an OpenBao or Vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpenBaoAuth {
    /// With a token.
    Token(SecretFrom),
    /// With a role.
    AppRole {
        /// Where the auth method is mounted, without slashes at its ends.
        mount: String,
        /// The role's id.
        role_id: SecretFrom,
        /// Its secret id.
        secret_id: SecretFrom,
    },
}

/// Where lanewatch finds a secret of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretFrom {
    /// In a variable of its environment.
    Env(String),
    /// In a file, without the line end.
    File(PathBuf),
}

/// A request to an upstream, without the credential, which the pack presents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestSpec {
    /// What people call it; a neighbor's name.
    pub name: Plain,
    /// The method, in capitals.
    pub method: String,
    /// Path and query below the lane's address, or a whole address.
    pub target: String,
    /// The body and its content type.
    pub body: Option<(String, String)>,
}

/// A token endpoint and how lanewatch is known there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OauthSpec {
    /// Its address.
    pub token_endpoint: Url,
    /// Where superseded tokens are revoked, by RFC 7009; `None` leaves them to their own end.
    pub revocation_endpoint: Option<Url>,
    /// lanewatch's client id.
    pub client_id: String,
    /// Where the client's secret lives; `None` for a public client.
    pub client_secret: Option<Source>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// Sent as `resource`.
    pub resource: Option<String>,
    /// Sent as `scope`; empty means it is left out.
    pub scope: String,
    /// How long the exchange may take.
    pub timeout: Duration,
    /// Where a token got by the client's own secret is kept, for other processes and for the next
    /// start; `None` means in memory only. Only for `client_credentials`.
    pub keep: Option<Source>,
}

/// How a lease is renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeaseSpec {
    /// How much life a renewal asks for; `None` means as much as it had at first.
    pub increment: Option<Duration>,
}

/// How an OAuth client proves itself, by RFC 6749 section 2.3.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAuth {
    /// In an `Authorization: Basic` header.
    Basic,
    /// In the request's body.
    Post,
}

/// Who gets told of what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertSpec {
    /// What people call it.
    pub name: Plain,
    /// From which level on.
    pub level: AlertLevel,
    /// Only these lanes; empty means all.
    pub lanes: Vec<Plain>,
    /// How.
    pub channel: AlertChannel,
}

/// A way to tell people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlertChannel {
    /// Run a program with one JSON object on standard input.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
    /// POST one JSON object.
    Webhook {
        /// Where to.
        url: Url,
        /// How long it may take.
        timeout: Duration,
    },
}

/// How much may go on at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Requests under way to one host.
    pub per_host: usize,
    /// Requests under way in all.
    pub in_all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_host: 8,
            in_all: 64,
        }
    }
}
