//! A real OAuth 2.0 authorization server: `oidc-provider` on Node.

use super::fetch;
use super::process::Process;
use lanewatch::http::{Call, Http, Method};
use lanewatch::manifest::{ClientAuth, OauthSpec};
use lanewatch::secret::Secret;
use rustix::process::Signal;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;
use url::Url;

/// A running authorization server and the API behind it.
pub(crate) struct Oidc {
    process: Process,
    /// Kept open: a server whose output nobody takes ends when it prints.
    _out: BufReader<ChildStdout>,
    /// Where it listens; paths are `/token`, `/token/introspection`, `/token/revocation`,
    /// `/api/repos` (`repo:read` to get, `repo:write` otherwise) and `/api/admin` (`admin`).
    pub(crate) url: Url,
    http: Http,
}

/// What a person's consent gave.
pub(crate) struct Minted {
    pub(crate) refresh_token: Secret,
    pub(crate) grant_id: String,
}

impl Oidc {
    /// One whose access tokens live a minute.
    pub(crate) async fn start() -> Self {
        Self::with_ttl(60, 600).await
    }

    /// One whose tokens live so many seconds.
    pub(crate) async fn with_ttl(access: u32, refresh: u32) -> Self {
        let script = fetch::oidc();
        let errors = tempfile::NamedTempFile::new().unwrap();
        let mut process = Process::start(
            "node",
            Command::new("node")
                .arg(script)
                .env("ACCESS_TTL", access.to_string())
                .env("REFRESH_TTL", refresh.to_string())
                .env("NODE_NO_WARNINGS", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(errors.reopen().unwrap()),
            fetch::NEEDS_NODE,
        );
        let mut out = BufReader::new(process.child().stdout.take().unwrap());
        let said = tokio::task::spawn_blocking(move || {
            let lines = out.by_ref().lines().map_while(Result::ok);
            let mut ports =
                lines.filter_map(|line| Some(line.strip_prefix("listening ")?.to_owned()));
            let port = ports.next();
            drop(ports);
            (port, out)
        });
        let (port, out) = said.await.unwrap();
        let port = port.unwrap_or_else(|| {
            let why = std::fs::read_to_string(errors.path()).unwrap_or_default();
            panic!("oidc-provider ended before it listened: {why}")
        });
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let http = Http::new();
        let discovery = url.join(".well-known/openid-configuration").unwrap();
        let ready = process.ready(async || {
            let call = Call::new(Method::GET, discovery.clone(), Duration::from_secs(5));
            http.exchange(call)
                .await
                .is_ok_and(|answer| answer.status == 200)
        });
        assert!(ready.await, "oidc-provider ended before it was ready");
        Self {
            process,
            _out: out,
            url,
            http,
        }
    }

    /// Makes it hang, connections and all.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on, with whatever was asked meanwhile.
    pub(crate) fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// An address of it.
    pub(crate) fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    /// A refresh token of the client `lane`, as a person's consent to `scope` would give it.
    pub(crate) async fn mint(&self, scope: &str) -> Minted {
        self.mint_for("lane", scope).await
    }

    /// The same for another client: `lane`, `posting lane` or `public`.
    pub(crate) async fn mint_for(&self, client: &str, scope: &str) -> Minted {
        let mut url = self.at("__mint");
        url.query_pairs_mut()
            .append_pair("client", client)
            .append_pair("scope", &format!("offline_access {scope}"));
        let said = self.get(url).await;
        Minted {
            refresh_token: Secret::new(said["refresh_token"].as_str().unwrap().to_owned()),
            grant_id: said["grant_id"].as_str().unwrap().to_owned(),
        }
    }

    /// Takes a consent back.
    pub(crate) async fn revoke(&self, grant_id: &str) {
        let mut url = self.at("__revoke");
        url.query_pairs_mut().append_pair("grantId", grant_id);
        assert_eq!(self.get(url).await["revoked"], true);
    }

    /// How often it was shown a refresh token that had been used before.
    pub(crate) async fn reuses(&self) -> u64 {
        let said = self.get(self.at("__reuses")).await;
        said["reuses"].as_u64().unwrap()
    }

    /// The API's status for a request with that token.
    pub(crate) async fn api(&self, method: Method, path: &str, token: &Secret) -> u16 {
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        let call = Call::new(method, self.at(path), Duration::from_secs(5))
            .secret_header("authorization", bearer);
        self.http.exchange(call).await.unwrap().status
    }

    /// How the client `lane` is known there.
    pub(crate) fn spec(&self) -> OauthSpec {
        OauthSpec {
            token_endpoint: self.at("token"),
            revocation_endpoint: Some(self.at("token/revocation")),
            client_id: "lane".into(),
            client_secret: None,
            client_auth: ClientAuth::Basic,
            resource: None,
            scope: String::new(),
            timeout: Duration::from_secs(5),
            keep: None,
        }
    }

    /// The secret of the client `lane`.
    pub(crate) fn client_secret() -> Secret {
        Secret::new("lane-secret".into())
    }

    async fn get(&self, url: Url) -> Value {
        let call = Call::new(Method::GET, url, Duration::from_secs(5));
        let answer = self.http.exchange(call).await.unwrap();
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        serde_json::from_slice(&answer.body).unwrap()
    }
}
