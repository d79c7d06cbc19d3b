//! An HTTP server that says whatever a test wants, remembers what it was asked, and counts how many
//! asked at once. It is written on bare sockets, because half of what it has to say is not HTTP.
#![allow(
    dead_code,
    reason = "two test binaries include this, and each uses its part"
)]

use lanewatch::engine::clock;
use lanewatch::lane::Wall;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request, as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) at: Wall,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(of, _)| of == name);
        found.map(|(_, text)| text.as_str())
    }

    /// The credential that it shows.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

/// What is said to it.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Whole {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// The connection is closed without a word.
    Nothing,
    /// A head, and then bytes for as long as somebody reads them.
    Endless,
    /// Not a word, for as long as the caller waits.
    Silence,
    /// The same, later.
    After(Duration, Box<Answer>),
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        let body = body.into();
        Self::Whole {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), text.to_owned()));
        }
        self
    }

    pub(crate) fn after(self, wait: Duration) -> Self {
        Self::After(wait, Box::new(self))
    }
}

type Handler = dyn Fn(&Ask) -> Answer + Send + Sync;

pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Ask>>>,
    most: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Counts itself as long as it lives.
struct Present(Arc<AtomicUsize>);

impl Present {
    fn new(now: &Arc<AtomicUsize>, most: &AtomicUsize) -> Self {
        let many = now.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(many, Ordering::SeqCst);
        Self(Arc::clone(now))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, peak) = (Arc::clone(&seen), Arc::clone(&most));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
                tokio::spawn(async move {
                    let (mut stream, ask) = read(stream).await?;
                    let _present = Present::new(&now, &peak);
                    log.lock().unwrap().push(ask.clone());
                    let mut answer = handler(&ask);
                    while let Answer::After(wait, then) = answer {
                        tokio::time::sleep(wait).await;
                        answer = *then;
                    }
                    say(&mut stream, answer).await.ok()
                });
            }
        });
        Self {
            address,
            seen,
            most,
            task,
        }
    }

    /// Everything that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Ask> {
        self.seen.lock().unwrap().clone()
    }

    /// How many asked at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

async fn read(stream: TcpStream) -> Option<(TcpStream, Ask)> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, text)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), text.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, text)| text.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    let at = clock::now().wall;
    let body = String::from_utf8_lossy(&body).into_owned();
    let ask = Ask {
        at,
        method,
        path,
        headers,
        body,
    };
    Some((stream.into_inner(), ask))
}

async fn say(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Whole {
            status,
            headers,
            body,
        } => {
            let mut head = format!("HTTP/1.1 {status} So\r\ncontent-length: {}\r\n", body.len());
            for (name, text) in headers {
                head += &format!("{name}: {text}\r\n");
            }
            head += "connection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.shutdown().await
        }
        Answer::Nothing => stream.shutdown().await,
        Answer::Endless => {
            let head = b"HTTP/1.1 200 So\r\ncontent-type: application/json\r\n\r\n{\"a\":\"";
            stream.write_all(head).await?;
            loop {
                stream.write_all(&[b'x'; 512]).await?;
                // Slowly: how long it takes is what is being tried, and not how much fits.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Answer::Silence => {
            // Until the caller has had enough.
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Answer::After(..) => Ok(()),
    }
}
