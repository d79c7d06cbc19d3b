//! A request as the faces read it and an answer as they write it, without a web framework's types.
//!
//! Because both are plain values, a face is a function from one to the other.

use crate::lane::Wall;
use crate::secret::Secret;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// No request to the sandbox has a longer body.
const BODY_MAX: usize = 64 * 1024;

/// A request.
pub(super) struct Ask {
    pub(super) method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Ask {
    /// Reads the whole request; `None` if its body is too long or does not come.
    pub(super) async fn read(request: Request) -> Option<Self> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_MAX).await.ok()?;
        Some(Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body,
        })
    }

    /// The path, step by step.
    pub(super) fn steps(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|step| !step.is_empty())
            .collect()
    }

    /// The value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The fields of a form in the body.
    pub(super) fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body)
            .into_owned()
            .collect()
    }

    /// What stands behind the scheme's name in `Authorization`.
    fn authorization(&self, scheme: &str) -> Option<&str> {
        let (said, rest) = self.header("authorization")?.split_once(' ')?;
        said.eq_ignore_ascii_case(scheme).then_some(rest.trim())
    }

    /// A token in `Authorization`, with any of these schemes before it.
    pub(super) fn token(&self, schemes: &[&str]) -> Option<Secret> {
        let mut found = schemes.iter().filter_map(|name| self.authorization(name));
        found.next().map(|text| Secret::new(text.to_owned()))
    }

    /// User and password in `Authorization: Basic`, as they stand there.
    pub(super) fn basic(&self) -> Option<(String, Secret)> {
        let bytes = BASE64_STANDARD.decode(self.authorization("Basic")?).ok()?;
        let text = Secret::new(String::from_utf8(bytes).ok()?);
        let (user, password) = text.expose().split_once(':')?;
        Some((user.to_owned(), Secret::new(password.to_owned())))
    }
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    fn new(status: u16, kind: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.to_owned())],
            body,
        }
    }

    /// A JSON answer.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let kind = "application/json; charset=utf-8";
        Self::new(status, kind, body.to_string())
    }

    /// Some text.
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.to_owned())
    }

    /// A web page.
    pub(super) fn html(status: u16, body: &str) -> Self {
        Self::new(status, "text/html; charset=utf-8", body.to_owned())
    }

    /// No body at all.
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// What a gateway says when what is behind it does not answer.
    pub(super) fn gateway(status: u16) -> Self {
        let title = match status {
            502 => "502 Bad Gateway",
            _ => "503 Service Temporarily Unavailable",
        };
        Self::html(
            status,
            &format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
                 <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n\
                 </body>\r\n</html>\r\n"
            ),
        )
    }

    /// The same with one more header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// For the wire, dated by the sandbox's clock.
    pub(super) fn dated(self, now: Wall) -> Response {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        if let Some(date) = http_date(now) {
            response = response.header("date", date);
        }
        response
            .body(Body::from(self.body))
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// A moment as HTTP headers write it.
pub(super) fn http_date(at: Wall) -> Option<String> {
    let at = at.to_utc()?;
    Some(at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// Whole seconds since the epoch.
pub(super) const fn epoch(at: Wall) -> i64 {
    at.0.div_euclid(1_000)
}

/// The first second of the hour after `at`, when hourly counts begin anew.
pub(super) const fn next_hour(at: Wall) -> i64 {
    let secs = epoch(at);
    secs - secs.rem_euclid(3_600) + 3_600
}
