//! An HTTP proxy that stands before a server and fails where a test tells it to, and that remembers
//! what was asked and what the server itself answered.
//!
//! It takes one request a connection: what it loses is one exchange and never half of another.

use lanewatch::engine::clock;
use lanewatch::lane::Wall;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What becomes of an exchange.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connection is reset; the server is not asked.
    Reset,
    /// The server is not asked for so long.
    Late(Duration),
    /// The server is not asked; the connection stays open without a word.
    Hang,
    /// The server is not asked; this is answered.
    Instead(Canned),
    /// The server has answered; the connection is closed before a byte of it is passed on.
    LoseAnswer,
    /// The server has answered; so many bytes of it are passed on.
    Cut(usize),
    /// The server has answered; its answer is kept and the connection stays open.
    Silence,
    /// The server has answered; this is passed on in its answer's place.
    AnswerWith(Canned),
}

/// An answer that the server did not give.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    status: u16,
    headers: String,
    body: String,
}

impl Canned {
    pub(crate) fn new(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: format!("content-type: {content_type}\r\n"),
            body: body.into(),
        }
    }

    /// A page, as a gateway makes it.
    pub(crate) fn page(status: u16) -> Self {
        let body = "<!doctype html><title>Sorry</title><h1>Something went wrong</h1>";
        Self::new(status, "text/html", body)
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", &body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let Self {
            status,
            headers,
            body,
        } = self;
        let length = body.len();
        format!(
            "HTTP/1.1 {status} Canned\r\n{headers}content-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// One request, as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Wall,
    /// Its method and path, as in `POST /token`.
    pub(crate) what: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// What the server itself answered, whatever was passed on.
    pub(crate) status: Option<u16>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_str())
    }
}

struct Rule {
    what: String,
    /// How many requests go by before it holds.
    skip: usize,
    /// How many it holds for.
    times: usize,
    fault: Fault,
}

#[derive(Default)]
struct Inner {
    rules: Vec<Rule>,
    asked: Vec<Asked>,
}

impl Inner {
    fn fault_for(&mut self, what: &str) -> Option<Fault> {
        for rule in &mut self.rules {
            if rule.times == 0 || !what.starts_with(&rule.what) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times -= 1;
            return Some(rule.fault.clone());
        }
        None
    }
}

/// A running proxy.
pub(crate) struct Proxy {
    inner: Arc<Mutex<Inner>>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Before a server on this machine; nothing fails yet.
    pub(crate) async fn before(server: &Url) -> Self {
        let upstream = server.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let shared = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, upstream, Arc::clone(&shared)));
            }
        });
        Self {
            inner,
            address,
            task,
        }
    }

    /// The next request that begins with `what`, as in `POST /token`, fails so.
    pub(crate) fn next(&self, what: &str, fault: Fault) {
        self.nth(what, 1, fault);
    }

    /// The `n`th such request from now on fails so.
    pub(crate) fn nth(&self, what: &str, n: usize, fault: Fault) {
        self.rule(what, n - 1, 1, fault);
    }

    /// Every such request fails so, until [`Self::heal`].
    pub(crate) fn every(&self, what: &str, fault: Fault) {
        self.rule(what, 0, usize::MAX, fault);
    }

    /// Nothing fails from now on.
    pub(crate) fn heal(&self) {
        self.inner().rules.clear();
    }

    /// The requests so far that begin with `what`; all of them with an empty one.
    pub(crate) fn asked(&self, what: &str) -> Vec<Asked> {
        let inner = self.inner();
        let asked = inner
            .asked
            .iter()
            .filter(|asked| asked.what.starts_with(what));
        asked.cloned().collect()
    }

    /// How many requests so far begin with `what`.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.asked(what).len()
    }

    /// The same address behind the proxy.
    pub(crate) fn in_place_of(&self, url: &Url) -> Url {
        let mut url = url.clone();
        url.set_port(Some(self.address.port())).unwrap();
        url
    }

    fn rule(&self, what: &str, skip: usize, times: usize, fault: Fault) {
        self.inner().rules.push(Rule {
            what: what.into(),
            skip,
            times,
            fault,
        });
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    inner: Arc<Mutex<Inner>>,
) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let Some(asked) = read(&mut client).await? else {
        return Ok(());
    };
    let (fault, number) = {
        let mut inner = inner.lock().unwrap();
        inner.asked.push(asked.clone());
        (inner.fault_for(&asked.what), inner.asked.len() - 1)
    };
    let client = client.into_inner();
    match &fault {
        Some(Fault::Reset) => return client.set_zero_linger(),
        Some(Fault::Late(wait)) => tokio::time::sleep(*wait).await,
        Some(Fault::Hang) => return until_it_hangs_up(client).await,
        Some(Fault::Instead(canned)) => return say(client, &canned.bytes()).await,
        _ => {}
    }
    let mut answer = ask(upstream, &asked).await?;
    inner.lock().unwrap().asked[number].status = status(&answer);
    match fault {
        Some(Fault::LoseAnswer) => return Ok(()),
        Some(Fault::Cut(bytes)) => answer.truncate(bytes),
        Some(Fault::Silence) => return until_it_hangs_up(client).await,
        Some(Fault::AnswerWith(canned)) => answer = canned.bytes(),
        _ => {}
    }
    say(client, &answer).await
}

/// None if the connection is closed before a request came.
async fn read(client: &mut BufReader<TcpStream>) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    client.read_line(&mut line).await?;
    let Some((what, _)) = line.trim_end().rsplit_once(' ') else {
        return Ok(None);
    };
    let what = what.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    client.read_exact(&mut body).await?;
    Ok(Some(Asked {
        at: clock::now().wall,
        what,
        headers,
        body: String::from_utf8(body).unwrap(),
        status: None,
    }))
}

/// What the server answers, as it stands.
async fn ask(upstream: SocketAddr, asked: &Asked) -> std::io::Result<Vec<u8>> {
    let mut head = format!("{} HTTP/1.1\r\nconnection: close\r\n", asked.what);
    for (name, value) in &asked.headers {
        if name != "connection" {
            head += &format!("{name}: {value}\r\n");
        }
    }
    head += "\r\n";
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(head.as_bytes()).await?;
    server.write_all(asked.body.as_bytes()).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}

async fn say(mut client: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    client.write_all(answer).await?;
    client.shutdown().await
}

async fn until_it_hangs_up(mut client: TcpStream) -> std::io::Result<()> {
    let mut rest = [0; 256];
    while client.read(&mut rest).await? > 0 {}
    Ok(())
}
