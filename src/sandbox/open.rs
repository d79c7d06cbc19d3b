//! Opens the sandbox's listeners and closes them again.
//!
//! Every face has a port of its own on the loopback address, chosen by the system, so that any
//! number of sandboxes can run on one machine and none can be reached from another.

use super::control::{self, Control};
use super::seed::Face;
use super::shared::Shared;
use super::wire::{Ask, Reply};
use super::world::World;
use super::{Clock, github, gitlab, resource, slack, stripe, token, vault};
use crate::secret::{FingerprintKey, Secret};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::DropGuard;

/// The name of the file with the vault's token, in the folder given to [`Sandbox::start`].
const TOKEN_FILE: &str = "vault-token";

/// How long connections get to finish at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No port on the loopback address could be had.
    #[error("the sandbox cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// The vault's token could not be left where lanewatch finds it.
    #[error("the sandbox cannot write its vault token to {}: {source}", path.display())]
    TokenFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system gave no random numbers.
    #[error("the sandbox got no random numbers: {0}")]
    Random(#[source] io::Error),
}

/// Running upstreams. They end with [`Sandbox::stop`], or when this is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    addresses: BTreeMap<String, String>,
    listeners: JoinSet<io::Result<()>>,
    token_file: PathBuf,
    _stop: DropGuard,
}

impl Sandbox {
    /// Opens one listener a face on 127.0.0.1, seeds the accounts, and writes the vault's token to
    /// the file `vault-token` in `folder`, readable by its owner only.
    ///
    /// The same `seed` makes the same secrets. They open nothing but this sandbox.
    ///
    /// # Errors
    /// When no port can be had or the file cannot be written.
    pub async fn start(clock: Clock, seed: u64, folder: &Path) -> Result<Self, SandboxError> {
        let key = FingerprintKey::random().map_err(SandboxError::Random)?;
        let world = World::new(clock(), seed, key);
        let token_file = folder.join(TOKEN_FILE);
        write_token(&token_file, &world.vault.token).map_err(|source| {
            let path = token_file.clone();
            SandboxError::TokenFile { path, source }
        })?;
        let shared = Arc::new(Shared::new(world, clock));
        let mut sandbox = Self {
            _stop: shared.stop.clone().drop_guard(),
            addresses: BTreeMap::from([(
                "vault-token-file".to_owned(),
                token_file.to_string_lossy().into_owned(),
            )]),
            shared,
            listeners: JoinSet::new(),
            token_file,
        };
        for face in Face::ALL {
            sandbox.listen(Door::Api(face)).await?;
        }
        sandbox.listen(Door::Vault).await?;
        sandbox.listen(Door::Control).await?;
        sandbox.listen(Door::Pager).await?;
        Ok(sandbox)
    }

    async fn listen(&mut self, door: Door) -> Result<(), SandboxError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(SandboxError::Listen)?;
        let address = listener.local_addr().map_err(SandboxError::Listen)?;
        let name = door.name().to_owned();
        self.addresses.insert(name, format!("http://{address}"));
        let shared = Arc::clone(&self.shared);
        let router = Router::new().fallback(serve).with_state((door, shared));
        let stop = self.shared.stop.clone().cancelled_owned();
        self.listeners.spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(stop)
                .await
        });
        Ok(())
    }

    /// Where everything is: the addresses of `github`, `slack`, `stripe`, `gitlab`, `oauth`,
    /// `vault`, `control` and `pager`, and under `vault-token-file` the path of that file.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        self.addresses.clone()
    }

    /// The switches.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Closes every listener, lets answers under way end, and removes the token's file.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        let all = async { while self.listeners.join_next().await.is_some() {} };
        // A caller that has sent half a request would keep its connection open for ever.
        drop(tokio::time::timeout(FAREWELL, all).await);
        drop(std::fs::remove_file(&self.token_file));
    }
}

/// What a listener is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    Api(Face),
    Vault,
    Control,
    /// Takes every alert, so that a drill shows whether one would have arrived.
    Pager,
}

impl Door {
    const fn name(self) -> &'static str {
        match self {
            Self::Api(face) => face.name(),
            Self::Vault => control::VAULT,
            Self::Control => "control",
            Self::Pager => "pager",
        }
    }
}

/// Replaces the file, so that it is never readable by others and never a link to elsewhere.
fn write_token(file: &Path, token: &Secret) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(other) if other.kind() != io::ErrorKind::NotFound => return Err(other),
        _ => {}
    }
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(token.expose().as_bytes())
}

async fn serve(State((door, shared)): State<(Door, Arc<Shared>)>, request: Request) -> Response {
    let reply = match Ask::read(request).await {
        None => Reply::empty(413),
        Some(ask) => match door {
            Door::Api(face) => api(face, &ask, &shared).await,
            Door::Control => control::answer(&ask, &Control::new(Arc::clone(&shared))),
            Door::Pager if ask.method == "POST" => Reply::empty(204),
            Door::Pager => Reply::empty(405).with("allow", "POST"),
            Door::Vault => {
                let (now, shown) = (shared.now(), vault::token(&ask));
                let mut world = shared.world();
                world.keep(now);
                let right = world.print(&world.vault.token);
                let proven = shown.is_some_and(|shown| world.print(&shown) == right);
                let started = world.started;
                vault::answer(&ask, &mut world.vault, proven, started, now)
            }
        },
    };
    reply.dated(shared.now())
}

async fn api(face: Face, ask: &Ask, shared: &Shared) -> Reply {
    if face == Face::Oauth && ask.steps().first() != Some(&"api") {
        let now = shared.now();
        return token::answer(ask, &mut shared.world(), now);
    }
    let shown = match face {
        Face::Github => github::token(ask),
        Face::Slack => slack::token(ask),
        Face::Stripe => stripe::token(ask),
        Face::Gitlab => gitlab::token(ask),
        Face::Oauth => resource::token(ask),
    };
    let visit = shared.visit(face, shown.as_ref()).await;
    if visit.outage {
        return Reply::gateway(502);
    }
    match (face, visit.limited) {
        (Face::Github, None) => github::answer(ask, &visit),
        (Face::Github, Some(secs)) => github::limited(&visit, secs),
        (Face::Slack, None) => slack::answer(ask, &visit),
        (Face::Slack, Some(secs)) => slack::limited(&visit, secs),
        (Face::Stripe, None) => stripe::answer(ask, &visit),
        (Face::Stripe, Some(_)) => stripe::limited(&visit),
        (Face::Gitlab, None) => gitlab::answer(ask, &visit),
        (Face::Gitlab, Some(secs)) => gitlab::limited(&visit, secs),
        (Face::Oauth, None) => resource::answer(ask, &visit),
        (Face::Oauth, Some(secs)) => resource::limited(&visit, secs),
    }
}
