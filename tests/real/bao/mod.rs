//! A real OpenBao with KV version 2 at `secret/`: in its development mode, in memory, or on files that
//! outlive its process. What it holds and gives out is in [`content`].

mod content;

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

/// The one node of a cluster of one; what it answers stays in `DATA`.
const ON_FILES: &str = r#"
storage "raft" {
  path = "DATA"
  node_id = "only"
}
listener "tcp" {
  address = "127.0.0.1:PORT"
  cluster_address = "127.0.0.1:CLUSTER"
  tls_disable = true
}
api_addr = "http://127.0.0.1:PORT"
cluster_addr = "http://127.0.0.1:CLUSTER"
"#;

/// A running OpenBao.
pub(crate) struct Bao {
    process: Process,
    home: TempDir,
    root: String,
    /// None in its development mode, which prints it.
    unseal_key: Option<String>,
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

    /// One that speaks plain HTTP and whose data outlives its process: it can be killed and started
    /// again, and then it is sealed.
    pub(crate) async fn start_on_files() -> Self {
        for _ in 0..10 {
            if let Some(ready) = Self::on_files().await {
                return ready;
            }
        }
        panic!("OpenBao ended at once, ten times; see whether it starts by hand");
    }

    async fn on_files() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let port = two_free_ports();
        let data = home.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let config = ON_FILES
            .replace("DATA", data.to_str().unwrap())
            .replace("PORT", &port.to_string())
            .replace("CLUSTER", &(port + 1).to_string());
        std::fs::write(home.path().join("bao.hcl"), config).unwrap();
        let mut bao = Self {
            process: Process::start("bao", &mut on_files(home.path()), "fetch it again"),
            home,
            root: String::new(),
            unseal_key: None,
            url: Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap(),
            ca_file: None,
            http: Http::new(),
        };
        if !bao.answers(501).await {
            return None;
        }
        let one = json!({"secret_shares": 1, "secret_threshold": 1});
        let made = bao.ok(Method::PUT, "sys/init", one).await;
        bao.root = made["root_token"].as_str().unwrap().to_owned();
        bao.unseal_key = Some(made["keys_base64"][0].as_str().unwrap().to_owned());
        bao.unseal().await;
        // Right after it was unsealed it is on its way to be the leader.
        assert!(bao.answers(200).await, "it ended when it was unsealed");
        let engine = json!({"type": "kv", "options": {"version": "2"}});
        bao.ok(Method::POST, "sys/mounts/secret", engine).await;
        let (http, root) = (bao.http.clone(), bao.root.clone());
        let probe = bao.url.join("v1/secret/data/never-written").unwrap();
        let ready = bao
            .process
            .ready(async || status(&http, &probe, None, &root).await == Some(404));
        ready.await.then_some(bao)
    }

    /// Waits until its health is `wanted`. False if it ends first.
    async fn answers(&mut self, wanted: u16) -> bool {
        let (http, health) = (self.http.clone(), self.url.join("v1/sys/health").unwrap());
        let ready = self
            .process
            .ready(async || status(&http, &health, None, "").await == Some(wanted));
        ready.await
    }

    async fn on_free_ports(tls: bool) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let port = two_free_ports();
        // Its own: should another one have taken the port meanwhile, that one does not know it.
        let root = home.path().file_name().unwrap().to_str().unwrap();
        let root = format!("root-{}", root.trim_start_matches('.'));
        let mut command = command(home.path());
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={root}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"));
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
            root,
            unseal_key: None,
            url: Url::parse(&format!("{scheme}://127.0.0.1:{port}/")).unwrap(),
            ca_file: tls.then(|| home.path().join("tls/vault-ca.pem")),
            home,
            http: Http::new(),
        };
        let probe = bao.url.join("v1/secret/data/never-written").unwrap();
        let (http, ca_file, root) = (bao.http.clone(), bao.ca_file.clone(), bao.root.clone());
        let ready = bao.process.ready(async || {
            // The engine answers a moment later than the server's health.
            status(&http, &probe, ca_file.as_deref(), &root).await == Some(404)
        });
        ready.await.then_some(bao)
    }

    /// How a store reaches it with the root token.
    pub(crate) fn spec(&self) -> OpenBaoSpec {
        self.spec_with(&self.root)
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

    /// Closes it.
    pub(crate) async fn seal(&self) {
        self.ok(Method::PUT, "sys/seal", Value::Null).await;
    }

    /// Opens it.
    pub(crate) async fn unseal(&self) {
        let key = self.unseal_key.clone().unwrap_or_else(|| {
            let printed = std::fs::read_to_string(self.home.path().join("out")).unwrap();
            let key = |line: &str| Some(line.strip_prefix("Unseal Key: ")?.to_owned());
            printed.lines().find_map(key).expect("it prints its key")
        });
        let key = json!({"key": key});
        self.ok(Method::PUT, "sys/unseal", key).await;
    }

    /// Ends it as a power failure would. Only one that was started on files comes back.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again at the same address, with the same data; it is sealed.
    pub(crate) async fn start_again(&mut self) {
        self.process = Process::start("bao", &mut on_files(self.home.path()), "fetch it again");
        assert!(self.answers(503).await, "it does not start again");
    }

    /// Makes it hang, connections and all.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
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

    /// Asks it anything with the root token; the path is what stands after `/v1/`.
    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, said) = self.send(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {said}");
        said
    }

    /// The same, whatever the answer is.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = self.url.join(&format!("v1/{path}")).unwrap();
        let mut call = Call::new(method, url, Duration::from_secs(10));
        if !self.root.is_empty() {
            call = call.secret_header("x-vault-token", Secret::new(self.root.clone()));
        }
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

/// OpenBao, with what it prints in files of `home`.
fn command(home: &Path) -> Command {
    let mut command = Command::new(fetch::bao());
    command
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(File::create(home.join("out")).unwrap())
        .stderr(File::create(home.join("err")).unwrap());
    command
}

fn on_files(home: &Path) -> Command {
    let mut command = command(home);
    command
        .arg("server")
        .arg(format!("-config={}", home.join("bao.hcl").display()));
    command
}

/// What a GET is answered with, if it is.
async fn status(http: &Http, url: &Url, ca_file: Option<&Path>, token: &str) -> Option<u16> {
    let mut call = Call::new(Method::GET, url.clone(), Duration::from_secs(5));
    if !token.is_empty() {
        call = call.secret_header("x-vault-token", Secret::new(token.into()));
    }
    call.ca_file = ca_file.map(Path::to_owned);
    Some(http.exchange(call).await.ok()?.status)
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
