//! A running sandbox with its clock in the test's hand, and an ordinary HTTP client.

use lanewatch::lane::Wall;
use lanewatch::sandbox::{Control, Drill, Sandbox};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-22T20:00:00Z.
pub(crate) const START: i64 = 1_795_377_600_000;

pub(crate) struct Bench {
    pub(crate) at: BTreeMap<String, String>,
    pub(crate) control: Control,
    pub(crate) http: Client,
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
}

/// An answer, read to its end.
pub(crate) struct Seen {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The text at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> String {
        let json = self.json();
        let found = json.pointer(pointer).unwrap_or(&Value::Null);
        found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned)
    }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        // A second installation in one process is refused, and that is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let shown = Arc::clone(&clock);
        let now = Arc::new(move || Wall(shown.load(Ordering::SeqCst)));
        let sandbox = Sandbox::start(now, 7, folder.path()).await.unwrap();
        Self {
            at: sandbox.addresses(),
            control: sandbox.control(),
            http: Client::builder()
                .no_proxy()
                .user_agent("test")
                .build()
                .unwrap(),
            sandbox,
            folder,
            clock,
        }
    }

    pub(crate) fn advance(&self, secs: i64) {
        self.clock.fetch_add(secs * 1_000, Ordering::SeqCst);
    }

    pub(crate) fn drill(&self, path: &str, drill: Drill) {
        self.control.drill(path, drill).unwrap();
    }

    pub(crate) fn request(&self, face: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http
            .request(method, format!("{}{path}", self.at[face]))
    }

    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Seen {
        let answer = request.send().await.unwrap();
        Seen {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// A request with a bearer token.
    pub(crate) async fn ask(&self, face: &str, method: &str, path: &str, token: &str) -> Seen {
        Self::send(self.request(face, method, path).bearer_auth(token)).await
    }

    pub(crate) async fn form(
        &self,
        face: &str,
        path: &str,
        token: &str,
        form: &[(&str, &str)],
    ) -> Seen {
        let request = self.request(face, "POST", path).form(form);
        Self::send(request.bearer_auth(token)).await
    }

    pub(crate) fn vault_token(&self) -> String {
        std::fs::read_to_string(&self.at["vault-token-file"]).unwrap()
    }

    pub(crate) async fn vault(&self, method: &str, path: &str, body: Option<Value>) -> Seen {
        let request = self.request("vault", method, &format!("/v1/{path}"));
        let request = request.header("x-vault-token", self.vault_token());
        Self::send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// A field of the newest record at a path.
    pub(crate) async fn secret(&self, path: &str, field: &str) -> String {
        let seen = self
            .vault("GET", &format!("secret/data/{path}"), None)
            .await;
        assert_eq!(seen.status, 200, "{path}: {}", seen.text);
        seen.at(&format!("/data/data/{field}"))
    }

    pub(crate) async fn key(&self, lane: &str) -> String {
        self.secret(&format!("lanes/{lane}"), "key").await
    }

    /// Exchanges a refresh token as that lane's client.
    pub(crate) async fn exchange(&self, lane: &str, client: &str, refresh: &str) -> Seen {
        let secret = self
            .secret(&format!("clients/{lane}"), "client_secret")
            .await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let request = self.request("oauth", "POST", "/token").form(&form);
        Self::send(request.basic_auth(client, Some(secret))).await
    }

    /// Uses the credential of the account at `path` and says whether it worked; a grant is first
    /// exchanged, and its next refresh token written to the vault.
    pub(crate) async fn works(&self, provider: &str, path: &str) -> bool {
        let lane = path.trim_start_matches("lanes/");
        let seen = match provider {
            "github" => {
                self.ask("github", "GET", "/user", &self.key(lane).await)
                    .await
            }
            "slack" => {
                self.ask("slack", "POST", "/api/auth.test", &self.key(lane).await)
                    .await
            }
            "stripe" => {
                self.ask("stripe", "GET", "/v1/balance", &self.key(lane).await)
                    .await
            }
            "gitlab" => {
                let target = "/api/v4/personal_access_tokens/self";
                self.ask("gitlab", "GET", target, &self.key(lane).await)
                    .await
            }
            _ => {
                let client = format!("lanewatch-{}", lane.split('-').next().unwrap());
                let refresh = self.secret(path, "refresh_token").await;
                let granted = self.exchange(lane, &client, &refresh).await;
                if granted.status != 200 {
                    return false;
                }
                let next = json!({"data": {"refresh_token": granted.at("/refresh_token")}});
                let stored = self
                    .vault("POST", &format!("secret/data/{path}"), Some(next))
                    .await;
                assert_eq!(stored.status, 200);
                self.ask("oauth", "GET", "/api/me", &granted.at("/access_token"))
                    .await
            }
        };
        seen.status == 200 && seen.at("/ok") != "false"
    }
}
