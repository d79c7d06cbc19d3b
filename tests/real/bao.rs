//! A real OpenBao in its development mode: in memory, unsealed, KV version 2 at `secret/`.

use super::fetch;
use super::process::Process;
use lanewatch::http::{Call, Http, Method};
use lanewatch::manifest::{OpenBaoAuth, OpenBaoSpec, SecretFrom};
use lanewatch::secret::Secret;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

const ROOT: &str = "test-root";

/// A running OpenBao.
pub(crate) struct Bao {
    process: Process,
    home: TempDir,
    /// Where it listens.
    pub(crate) url: Url,
    /// The authority that signed its certificate, if it speaks TLS.
    pub(crate) ca_file: Option<PathBuf>,
    http: Http,
}

impl Bao {
    /// One that speaks plain HTTP.
    pub(crate) async fn start() -> Self {
        Self::with(false).await
    }

    /// One that speaks TLS, with a certificate of an authority that nobody else knows.
    pub(crate) async fn start_tls() -> Self {
        Self::with(true).await
    }

    async fn with(tls: bool) -> Self {
        // Between looking for free ports and taking them somebody else may take them.
        for _ in 0..10 {
            if let Some(ready) = Self::on_free_ports(tls).await {
                return ready;
            }
        }
        panic!("OpenBao ended at once, ten times; see whether it starts by hand");
    }

    async fn on_free_ports(tls: bool) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let port = two_free_ports();
        let mut command = Command::new(fetch::bao());
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={ROOT}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(File::create(home.path().join("out")).unwrap())
            .stderr(File::create(home.path().join("err")).unwrap());
        if tls {
            let certificates = home.path().join("tls");
            std::fs::create_dir(&certificates).unwrap();
            command
                .arg("-dev-tls")
                .arg(format!("-dev-tls-cert-dir={}", certificates.display()));
        }
        let scheme = if tls { "https" } else { "http" };
        let process = Process::start("bao", &mut command, "fetch it again");
        let mut bao = Self {
            process,
            url: Url::parse(&format!("{scheme}://127.0.0.1:{port}/")).unwrap(),
            ca_file: tls.then(|| home.path().join("tls/vault-ca.pem")),
            home,
            http: Http::new(),
        };
        let probe = bao.url.join("v1/secret/data/never-written").unwrap();
        let (http, ca_file) = (bao.http.clone(), bao.ca_file.clone());
        let ready = bao.process.ready(async || {
            // The engine answers a moment later than the server's health.
            let mut call = Call::new(Method::GET, probe.clone(), Duration::from_secs(5))
                .secret_header("x-vault-token", Secret::new(ROOT.into()));
            call.ca_file.clone_from(&ca_file);
            let answer = http.exchange(call).await;
            answer.is_ok_and(|answer| answer.status == 404)
        });
        ready.await.then_some(bao)
    }

    /// How a store reaches it with the root token.
    pub(crate) fn spec(&self) -> OpenBaoSpec {
        self.spec_with(ROOT)
    }

    /// How a store reaches it with that token.
    pub(crate) fn spec_with(&self, token: &str) -> OpenBaoSpec {
        self.spec_of(OpenBaoAuth::Token(self.kept(token)))
    }

    /// How a store reaches it with that login.
    pub(crate) fn spec_of(&self, auth: OpenBaoAuth) -> OpenBaoSpec {
        OpenBaoSpec {
            address: self.url.clone(),
            mount: "secret".into(),
            namespace: None,
            ca_file: self.ca_file.clone(),
            auth,
            timeout: Duration::from_secs(5),
        }
    }

    /// A role whose tokens live `ttl` and have the policies, and the login for it.
    pub(crate) async fn approle(&self, policies: &[&str], ttl: &str) -> OpenBaoAuth {
        // Enabled already for the second role.
        self.send(Method::POST, "sys/auth/approle", json!({"type": "approle"}))
            .await;
        let role = json!({"token_policies": policies, "token_ttl": ttl, "token_max_ttl": ttl});
        self.ok(Method::POST, "auth/approle/role/lane", role).await;
        let role_id = self
            .ok(Method::GET, "auth/approle/role/lane/role-id", Value::Null)
            .await;
        let secret_id = self
            .ok(Method::POST, "auth/approle/role/lane/secret-id", json!({}))
            .await;
        OpenBaoAuth::AppRole {
            mount: "approle".into(),
            role_id: self.kept(role_id["data"]["role_id"].as_str().unwrap()),
            secret_id: self.kept(secret_id["data"]["secret_id"].as_str().unwrap()),
        }
    }

    /// A policy of that name.
    pub(crate) async fn policy(&self, name: &str, rules: &str) {
        let path = format!("sys/policies/acl/{name}");
        self.ok(Method::PUT, &path, json!({"policy": rules})).await;
    }

    /// A token with those policies.
    pub(crate) async fn token(&self, policies: &[&str], ttl: &str) -> String {
        let wanted = json!({"policies": policies, "ttl": ttl});
        let said = self.ok(Method::POST, "auth/token/create", wanted).await;
        said["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Makes a token useless.
    pub(crate) async fn revoke_token(&self, token: &str) {
        self.ok(Method::POST, "auth/token/revoke", json!({"token": token}))
            .await;
    }

    /// How many tokens that roles gave are alive.
    pub(crate) async fn role_tokens(&self) -> usize {
        self.role_token_accessors().await.len()
    }

    /// Makes every token useless that a role gave.
    pub(crate) async fn revoke_role_tokens(&self) {
        for accessor in self.role_token_accessors().await {
            let body = json!({"accessor": accessor});
            self.ok(Method::POST, "auth/token/revoke-accessor", body)
                .await;
        }
    }

    async fn role_token_accessors(&self) -> Vec<Value> {
        let said = self
            .ok(Method::GET, "auth/token/accessors?list=true", Value::Null)
            .await;
        let mut found = Vec::new();
        for accessor in said["data"]["keys"].as_array().unwrap() {
            let body = json!({"accessor": accessor});
            // One that has just died is gone by the time it is looked up.
            let (_, about) = self
                .send(Method::POST, "auth/token/lookup-accessor", body)
                .await;
            if about["data"]["path"] == "auth/approle/login" {
                found.push(accessor.clone());
            }
        }
        found
    }

    /// Writes a record; answers its version.
    pub(crate) async fn kv_put(&self, path: &str, fields: Value) -> u64 {
        let path = format!("secret/data/{path}");
        let said = self.ok(Method::POST, &path, json!({"data": fields})).await;
        said["data"]["version"].as_u64().unwrap()
    }

    /// The fields of a record.
    pub(crate) async fn kv_get(&self, path: &str) -> Value {
        let path = format!("secret/data/{path}");
        self.ok(Method::GET, &path, Value::Null).await["data"]["data"].take()
    }

    /// Lets a record keep so many versions.
    pub(crate) async fn kv_keep(&self, path: &str, versions: u32) {
        let path = format!("secret/metadata/{path}");
        let wanted = json!({"max_versions": versions});
        self.ok(Method::POST, &path, wanted).await;
    }

    /// Every version of a record, and when it was written, in microseconds since the epoch.
    pub(crate) async fn kv_versions(&self, path: &str) -> Vec<(u64, i64)> {
        let path = format!("secret/metadata/{path}");
        let said = self.ok(Method::GET, &path, Value::Null).await;
        let versions = said["data"]["versions"].as_object().unwrap();
        let at = |about: &Value| {
            let text = about["created_time"].as_str().unwrap();
            let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
            at.timestamp_micros()
        };
        let all = versions.iter();
        all.map(|(version, about)| (version.parse().unwrap(), at(about)))
            .collect()
    }

    /// Deletes a record's newest version.
    pub(crate) async fn kv_delete(&self, path: &str) {
        let path = format!("secret/data/{path}");
        self.ok(Method::DELETE, &path, Value::Null).await;
    }

    /// Allows so many requests a second to `secret/`.
    pub(crate) async fn quota(&self, rate: u32) {
        let quota = json!({"path": "secret/", "rate": rate, "interval": "60s"});
        self.ok(Method::POST, "sys/quotas/rate-limit/test", quota)
            .await;
    }

    /// Closes it.
    pub(crate) async fn seal(&self) {
        self.ok(Method::PUT, "sys/seal", Value::Null).await;
    }

    /// Opens it with the key that it printed when it started.
    pub(crate) async fn unseal(&self) {
        let printed = std::fs::read_to_string(self.home.path().join("out")).unwrap();
        let mut lines = printed.lines();
        let key = lines
            .find_map(|line| line.strip_prefix("Unseal Key: "))
            .unwrap();
        self.ok(Method::PUT, "sys/unseal", json!({"key": key}))
            .await;
    }

    /// Makes it hang, connections and all.
    pub(crate) fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// A file, closed to others, that holds `secret` for as long as the server runs.
    pub(crate) fn kept(&self, secret: &str) -> SecretFrom {
        let file = tempfile::Builder::new()
            .tempfile_in(self.home.path())
            .unwrap();
        let (_, path) = file.keep().unwrap();
        write_private(&path, secret);
        SecretFrom::File(path)
    }

    async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, said) = self.send(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {said}");
        said
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = self.url.join(&format!("v1/{path}")).unwrap();
        let mut call = Call::new(method, url, Duration::from_secs(10))
            .secret_header("x-vault-token", Secret::new(ROOT.into()));
        call.ca_file.clone_from(&self.ca_file);
        if !body.is_null() {
            call = call.body("application/json", Secret::new(body.to_string()));
        }
        let answer = self.http.exchange(call).await.unwrap();
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }
}

/// Writes a file that only its owner may open.
pub(crate) fn write_private(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut options = File::options();
    let mut out = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    out.write_all(text.as_bytes()).unwrap();
}

/// A free port whose next one is free as well: the server takes both.
fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if let Some(next) = port.checked_add(1)
            && TcpListener::bind(("127.0.0.1", next)).is_ok()
        {
            return port;
        }
    }
}
