//! One exchange on the wire: a request goes out, an answer or the reason for its absence comes back.
//!
//! Everything in the house that speaks HTTP speaks it through [`Http::exchange`], so that four things
//! hold everywhere: no redirect is followed (it could carry a credential to another host), no answer
//! fills the memory, no secret is left in a header that prints itself, and a request of which nothing
//! left this machine is told apart from one that the other side may have acted on. What an answer
//! means is [`crate::provider`]'s business.

mod clients;
mod outgoing;

use crate::plain::Plain;
use crate::provider::{Answer, AnswerKind, NoAnswer};
use crate::secret::Secret;
use clients::Clients;
use outgoing::{Outgoing, Sent};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

pub use reqwest::Method;

/// How much of an answer's body is kept; the rest is not even read.
pub const BODY_KEPT: usize = 64 * 1024;

/// A request.
pub struct Call {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers; several of one name are several lines.
    pub headers: Vec<(String, HeaderText)>,
    /// The body and its type.
    pub body: Option<Body>,
    /// How long the whole exchange may take, from name lookup to the body's last byte.
    pub timeout: Duration,
    /// Certificates to trust besides the system's, PEM. The file is read again when it changes.
    pub ca_file: Option<PathBuf>,
}

/// What a header says.
pub enum HeaderText {
    /// Anybody may know.
    Open(String),
    /// A credential, or text with one in it.
    Secret(Secret),
}

/// What a request carries. It may hold a grant, so it is treated as a secret.
pub struct Body {
    /// The media type.
    pub content_type: &'static str,
    /// The text.
    pub text: Secret,
}

impl Call {
    /// A request without headers and body.
    pub const fn new(method: Method, url: Url, timeout: Duration) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: None,
            timeout,
            ca_file: None,
        }
    }

    /// The same with one more header that anybody may know.
    #[must_use]
    pub fn header(mut self, name: &str, text: impl Into<String>) -> Self {
        self.headers
            .push((name.into(), HeaderText::Open(text.into())));
        self
    }

    /// The same with one more header that nobody may know.
    #[must_use]
    pub fn secret_header(mut self, name: &str, secret: Secret) -> Self {
        self.headers.push((name.into(), HeaderText::Secret(secret)));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, text: Secret) -> Self {
        self.body = Some(Body { content_type, text });
        self
    }
}

/// An answer. Its body may hold a credential: it is zeroed when dropped, and `Debug` leaves it out.
#[derive(Clone)]
pub struct OwnedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers. Names are lower-case; several lines of one name are several entries.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`BODY_KEPT`] bytes of it.
    pub body: Zeroizing<Vec<u8>>,
    /// Whether the body went on after what was kept.
    pub cut: bool,
    /// How long it took from the call to the last byte that was read.
    pub took: Duration,
}

impl OwnedAnswer {
    /// The first header of that name, which must be lower-case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(at, _)| at == name);
        found.map(|(_, text)| text.as_str())
    }

    /// The same as the classifier takes it.
    pub fn as_answer(&self, kind: AnswerKind) -> Answer<'_> {
        Answer {
            kind,
            status: self.status,
            headers: Cow::Borrowed(&self.headers),
            body: Cow::Borrowed(&self.body),
        }
    }
}

impl fmt::Debug for OwnedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

/// The way out to the network. Cheap to clone; connections are made on first use.
#[derive(Clone, Default)]
pub struct Http(Arc<Clients>);

impl Http {
    /// A way out that has not been used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends `call` and reads its answer, whatever its status.
    ///
    /// A connection is shared among requests that only ask (`GET`, `HEAD`). Any other request gets a
    /// connection of its own: on a shared one the server may be hanging up at that very moment, and
    /// nobody could tell whether a single-use grant had been used.
    ///
    /// # Errors
    /// [`NoAnswer::NotReached`] only where nothing of the request can have left. The text names the
    /// host, never path, query, header or body.
    pub async fn exchange(&self, call: Call) -> Result<OwnedAnswer, NoAnswer> {
        let (limit, host) = (call.timeout, host_of(&call.url));
        let sent = Sent::default();
        let never_left = call.body.is_some();
        match tokio::time::timeout(limit, self.run(call, &sent, &host)).await {
            Ok(answer) => answer,
            Err(_) => {
                let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
                Err(if never_left && !sent.is_set() {
                    NoAnswer::NotReached(Plain::new(&format!(
                        "{host}: no connection within {millis} ms"
                    )))
                } else {
                    NoAnswer::TimedOut(millis)
                })
            }
        }
    }

    async fn run(&self, call: Call, sent: &Sent, host: &str) -> Result<OwnedAnswer, NoAnswer> {
        let started = tokio::time::Instant::now();
        let not_reached = |why: &str| NoAnswer::NotReached(Plain::new(&format!("{host}: {why}")));
        let client = self
            .0
            .client_for(&call)
            .await
            .map_err(|why| not_reached(&why))?;
        let mut headers = headers_of(&call.headers).map_err(not_reached)?;
        let mut request = client.request(call.method, call.url);
        let has_body = call.body.is_some();
        if let Some(body) = call.body {
            // A caller that names another kind of body means it.
            let kind = HeaderValue::from_static(body.content_type);
            headers.entry(CONTENT_TYPE).or_insert(kind);
            let outgoing = Outgoing::new(body.text, sent.clone());
            request = request.body(reqwest::Body::wrap(outgoing));
        }
        let mut response = match request.headers(headers).send().await {
            Ok(response) => response,
            Err(error) => {
                let why = format!("{host}: {}", innermost(&error));
                let never_left = error.is_connect() || error.is_builder();
                return Err(if never_left || (has_body && !sent.is_set()) {
                    NoAnswer::NotReached(Plain::new(&why))
                } else {
                    NoAnswer::Lost(Plain::new(&why))
                });
            }
        };
        let (body, cut) = read_body(&mut response).await.map_err(|error| {
            NoAnswer::Lost(Plain::new(&format!("{host}: {}", innermost(&error))))
        })?;
        let headers = response.headers().iter();
        Ok(OwnedAnswer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, text)| {
                    let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
                    (name.as_str().to_owned(), text)
                })
                .collect(),
            body,
            cut,
            took: started.elapsed(),
        })
    }
}

/// Reads up to [`BODY_KEPT`] bytes. A buffer that has to grow is replaced and zeroed, because an
/// answer of a token endpoint or a store is a secret.
async fn read_body(
    response: &mut reqwest::Response,
) -> Result<(Zeroizing<Vec<u8>>, bool), reqwest::Error> {
    let announced = response.content_length().unwrap_or(4096);
    let announced = usize::try_from(announced).unwrap_or(BODY_KEPT);
    let mut body = Zeroizing::new(Vec::with_capacity(announced.min(BODY_KEPT)));
    while let Some(chunk) = response.chunk().await? {
        let room = BODY_KEPT.saturating_sub(body.len());
        let kept = chunk.get(..room).unwrap_or(&chunk);
        if body.len() + kept.len() > body.capacity() {
            let size = (body.len() + kept.len()).max(body.capacity() * 2);
            let mut larger = Zeroizing::new(Vec::with_capacity(size));
            larger.extend_from_slice(&body);
            body = larger;
        }
        body.extend_from_slice(kept);
        if kept.len() < chunk.len() {
            return Ok((body, true));
        }
    }
    Ok((body, false))
}

fn headers_of(headers: &[(String, HeaderText)]) -> Result<HeaderMap, &'static str> {
    let mut map = HeaderMap::with_capacity(headers.len() + 1);
    for (name, text) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| "a header's name has characters that no header can have")?;
        let value = match text {
            HeaderText::Open(text) => HeaderValue::from_str(text)
                .map_err(|_| "a header has characters that no header can carry")?,
            HeaderText::Secret(secret) => {
                let mut value = HeaderValue::from_str(secret.expose())
                    .map_err(|_| "the credential has characters that no header can carry")?;
                value.set_sensitive(true);
                value
            }
        };
        map.append(name, value);
    }
    Ok(map)
}

/// Host and port: what may be said of an address, since user, path and query may be secret.
fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "an address without a host".to_owned(),
    }
}

/// The text of the error at the root: the outer ones say "error sending request" and the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut at: &dyn Error = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    match at.downcast_ref::<reqwest::Error>() {
        Some(bare) if bare.is_builder() => "the address cannot be used".to_owned(),
        Some(_) => "the request failed".to_owned(),
        None => at.to_string(),
    }
}
