//! The clients behind [`super::Http`], one for each way of trusting and of keeping connections.
//!
//! They are made on first use and off the engine's task: reading the system's certificates takes
//! some ten milliseconds, and a lane that speaks plain HTTP to this machine needs none of them.

use super::Call;
use reqwest::{Certificate, Client, Method, redirect};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;
use url::{Host, Url};

/// Idle connections kept to one host, by clients that keep any.
const IDLE_KEPT: usize = 2;
/// How long an idle connection is kept.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Whose certificates are believed.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Trust {
    /// Nobody's: the address is plain HTTP.
    Nobody,
    /// The system's.
    System,
    /// The system's and those of a file, as it was at that time and length.
    AndFile(PathBuf, Option<SystemTime>, u64),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    trust: Trust,
    /// Whether a proxy of the environment is passed by, as for this machine itself.
    direct: bool,
    /// Whether connections are kept for the next request.
    keeps: bool,
}

/// A client that is being made, by the first who needs it, or has been.
type Making = Arc<OnceCell<Client>>;

#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<Kind, Making>>);

impl Clients {
    /// The client for a call, or a sentence on why there is none.
    pub(super) async fn client_for(&self, call: &Call) -> Result<Client, String> {
        let trust = match (&call.ca_file, call.url.scheme()) {
            (_, "http") => Trust::Nobody,
            (None, _) => Trust::System,
            (Some(file), _) => {
                let seen = tokio::fs::metadata(file).await;
                let seen = seen.map_err(|error| unreadable(file, &error))?;
                Trust::AndFile(file.clone(), seen.modified().ok(), seen.len())
            }
        };
        let kind = Kind {
            trust,
            direct: is_this_machine(&call.url),
            keeps: matches!(call.method, Method::GET | Method::HEAD),
        };
        let making = self.making(&kind);
        let client = making.get_or_try_init(|| async {
            let built = tokio::task::spawn_blocking(move || build(&kind)).await;
            built.map_err(|_| "lanewatch is stopping".to_owned())?
        });
        client.await.cloned()
    }

    fn making(&self, kind: &Kind) -> Making {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(making) = clients.get(kind) {
            return Arc::clone(making);
        }
        if let Trust::AndFile(renewed, ..) = &kind.trust {
            clients.retain(|old, _| match &old.trust {
                Trust::AndFile(file, ..) => file != renewed || old.trust == kind.trust,
                Trust::Nobody | Trust::System => true,
            });
        }
        Arc::clone(clients.entry(kind.clone()).or_default())
    }
}

fn build(kind: &Kind) -> Result<Client, String> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error says that the process has one already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let mut builder = Client::builder()
        .user_agent(concat!("lanewatch/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(if kind.keeps { IDLE_KEPT } else { 0 });
    if kind.direct {
        builder = builder.no_proxy();
    }
    builder = match &kind.trust {
        Trust::Nobody => builder.tls_certs_only([]),
        Trust::System => builder,
        Trust::AndFile(file, ..) => {
            let pem = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
            let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(format!(
                    "{} holds no PEM certificate; `ca_file` must name one",
                    file.display()
                ));
            }
            builder.tls_certs_merge(certificates)
        }
    };
    builder
        .build()
        .map_err(|error| format!("no TLS: {}", super::innermost(&error)))
}

fn unreadable(file: &std::path::Path, error: &std::io::Error) -> String {
    format!(
        "cannot read the certificates in {}: {error}",
        file.display()
    )
}

/// Whether `url` names this machine by a loopback address or a `localhost` name.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_pass_a_proxy_by() {
        let direct = |url: &str| is_this_machine(&Url::parse(url).unwrap());
        assert!(direct("http://127.0.0.1:8200/") && direct("http://[::1]/"));
        assert!(direct("http://localhost/") && direct("http://bao.localhost/"));
        assert!(!direct("https://localhost.example.com/") && !direct("http://10.0.0.1/"));
    }
}
