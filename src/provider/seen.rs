//! An answer, taken apart on demand.
//!
//! Every view (JSON, XML leaves, form fields, challenges, words) is made at most once and only when
//! a rule asks for it. At most [`BODY_MAX`] bytes of the body are ever looked at, so that the cost of
//! an answer is bounded whatever an upstream sends.

use super::answer::{Answer, AnswerKind};
use super::challenge::{self, Challenge};
use super::markup::{self, Leaf};
use super::statement::Statement;
use super::{json, mcp, moment, report};
use crate::lane::Wall;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;

/// How much of a body is read.
pub(super) const BODY_MAX: usize = 64 * 1024;

/// What a body is, by its look; content types are often wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Nothing but white space.
    Empty,
    /// JSON, perhaps cut off.
    Json,
    /// A page for a browser.
    Html,
    /// XML that is no page.
    Xml,
    /// `name=value&…`.
    Form,
    /// Anything else.
    Text,
}

impl Shape {
    /// Every shape and its name in a pack.
    pub(super) const NAMES: [(&'static str, Self); 6] = [
        ("empty", Self::Empty),
        ("json", Self::Json),
        ("html", Self::Html),
        ("xml", Self::Xml),
        ("form", Self::Form),
        ("text", Self::Text),
    ];
}

/// One answer and the views of it.
pub(super) struct Seen<'a> {
    kind: AnswerKind,
    status: u16,
    failed_inside: bool,
    inner: Option<mcp::Inner>,
    headers: &'a [(String, String)],
    text: Cow<'a, str>,
    lower: OnceCell<String>,
    shape: OnceCell<Shape>,
    json: OnceCell<Option<Value>>,
    leaves: OnceCell<Vec<Leaf>>,
    form: OnceCell<Vec<(String, String)>>,
    challenges: OnceCell<Vec<Challenge>>,
    failed: OnceCell<bool>,
    statement: OnceCell<Statement>,
}

impl<'a> Seen<'a> {
    /// Prepares an answer; of an MCP message, what its upstream said is unwrapped.
    pub(super) fn new(answer: &'a Answer<'_>) -> Self {
        let head = answer.body.get(..BODY_MAX).unwrap_or(&answer.body);
        let mut text = strip(String::from_utf8_lossy(head));
        let mut status = answer.status;
        let mut inner = None;
        if answer.kind == AnswerKind::McpToolResult && (200..300).contains(&status) {
            inner = mcp::unwrap(&text);
        }
        let mut failed_inside = false;
        if let Some(inner) = &mut inner {
            text = Cow::Owned(std::mem::take(&mut inner.text));
            failed_inside = inner.failed;
            if let Some(found) = inner.status.filter(|_| inner.failed) {
                status = found;
            }
        }
        Self {
            kind: answer.kind,
            status,
            failed_inside,
            inner,
            headers: &answer.headers,
            text,
            lower: OnceCell::new(),
            shape: OnceCell::new(),
            json: OnceCell::new(),
            leaves: OnceCell::new(),
            form: OnceCell::new(),
            challenges: OnceCell::new(),
            failed: OnceCell::new(),
            statement: OnceCell::new(),
        }
    }

    /// What was asked.
    pub(super) const fn kind(&self) -> AnswerKind {
        self.kind
    }

    /// The status; of an MCP message that tells of a failure, the status it tells of.
    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    /// All values of a header. The name is lower-case.
    pub(super) fn header_lines<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let of_name = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        let lines = self.headers.iter().filter(of_name);
        lines.map(|(_, value)| value.as_str())
    }

    /// The first value of a header, trimmed.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.iter();
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// The server's clock, unless a cache answered.
    pub(super) fn date(&self) -> Option<Wall> {
        let cached = self.header("age").is_some_and(|age| age != "0");
        let date = self.header("date").filter(|_| !cached)?;
        moment::http_date(date)
    }

    /// The body, or the text of an MCP message.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same in lower case.
    pub(super) fn lower(&self) -> &str {
        self.lower.get_or_init(|| self.text.to_lowercase())
    }

    /// What the body is.
    pub(super) fn shape(&self) -> Shape {
        *self.shape.get_or_init(|| self.look())
    }

    fn look(&self) -> Shape {
        let text = self.text();
        match text.as_bytes().first() {
            None => return Shape::Empty,
            Some(b'{' | b'[') => return Shape::Json,
            Some(b'"') if text.ends_with('"') => return Shape::Json,
            _ => {}
        }
        if self
            .inner
            .as_ref()
            .is_some_and(|inner| inner.json.is_some())
        {
            return Shape::Json;
        }
        if text.starts_with('<') {
            let head: String = text.chars().take(1024).collect();
            let head = head.to_ascii_lowercase();
            let marks = [
                "<!doctype html",
                "<html",
                "<head",
                "<body",
                "<title",
                "<h1",
                "<center",
            ];
            let typed = self.header("content-type").unwrap_or_default();
            // Feeds and other documents of XML have titles of their own; a page in XML has its root.
            let declared = head.starts_with("<?xml");
            let marks = if declared {
                marks.get(..2)
            } else {
                marks.get(..)
            };
            let page = marks
                .unwrap_or_default()
                .iter()
                .any(|mark| head.contains(mark))
                || (typed.starts_with("text/html") && !declared);
            return if page { Shape::Html } else { Shape::Xml };
        }
        let typed = self.header("content-type").unwrap_or_default();
        let form = typed.starts_with("application/x-www-form-urlencoded")
            || typed.starts_with("text/namevalue")
            || (text.len() < 4096
                && text.contains('=')
                && (!text.contains(char::is_whitespace) || are_fields(text)));
        if form { Shape::Form } else { Shape::Text }
    }

    /// The body as JSON, or as much of it as can be saved.
    pub(super) fn json(&self) -> Option<&Value> {
        let parse = || {
            if let Some(inner) = self.inner.as_ref().and_then(|inner| inner.json.clone()) {
                return Some(inner);
            }
            let text = self.text();
            (self.shape() == Shape::Json).then(|| json::parse_or_salvage(text))?
        };
        self.json.get_or_init(parse).as_ref()
    }

    /// The leaves of an XML body.
    pub(super) fn leaves(&self) -> &[Leaf] {
        self.leaves.get_or_init(|| match self.shape() {
            Shape::Xml => markup::leaves(self.text()),
            _ => Vec::new(),
        })
    }

    /// The fields of a form-encoded body.
    pub(super) fn form(&self) -> &[(String, String)] {
        self.form.get_or_init(|| match self.shape() {
            Shape::Form => url::form_urlencoded::parse(self.text().as_bytes())
                .take(32)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            _ => Vec::new(),
        })
    }

    /// The challenges of `WWW-Authenticate`.
    pub(super) fn challenges(&self) -> &[Challenge] {
        let parse = || challenge::parse(self.header_lines("www-authenticate"));
        self.challenges.get_or_init(parse)
    }

    /// Whether the answer tells of a failure: by its status, or inside a 2xx answer.
    pub(super) fn failed(&self) -> bool {
        *self.failed.get_or_init(|| match self.status {
            400..=599 => true,
            200..=299 => {
                self.failed_inside
                    || self.json().is_some_and(report::says_failure)
                    || report::form_says_failure(self.form())
                    || markup::tells_of_failure(self.leaves())
                    || (self.inner.is_none()
                        && self.shape() == Shape::Text
                        && report::words_say_failure(self.text()))
            }
            _ => false,
        })
    }

    /// The error status that the body of an answer of success gives as its own.
    pub(super) fn own_status(&self) -> Option<u16> {
        self.json().and_then(report::own_status)
    }

    /// What the answer says went wrong; empty if nothing did.
    pub(super) fn statement(&self) -> &Statement {
        self.statement.get_or_init(|| Statement::of(self))
    }

    /// Whether this is a page without a challenge: what a gateway, a portal or a firewall sends, and
    /// therefore no judgement of a credential.
    pub(super) fn is_mere_page(&self) -> bool {
        self.shape() == Shape::Html && self.challenges().is_empty()
    }

    /// The text of an MCP message before the JSON in it.
    pub(super) fn prose(&self) -> Option<&str> {
        let inner = self.inner.as_ref()?;
        inner.json.is_some().then_some(self.text())
    }

    /// The code of a JSON-RPC error.
    pub(super) fn rpc_code(&self) -> Option<i64> {
        self.inner.as_ref().and_then(|inner| inner.code)
    }
}

/// Whether a text of one line is `name=value&name=value`, with spaces that nobody encoded.
fn are_fields(text: &str) -> bool {
    let is_name = |name: &str| {
        let sound = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
        !name.is_empty() && name.chars().all(sound)
    };
    let is_field = |part: &str| part.split_once('=').is_some_and(|(name, _)| is_name(name));
    text.contains('&') && !text.contains('\n') && text.split('&').all(is_field)
}

/// Cuts the byte-order mark, white space and the guard some put before JSON.
fn strip(text: Cow<'_, str>) -> Cow<'_, str> {
    const GUARDS: [&str; 4] = [")]}',", ")]}'", "for(;;);", "while(1);"];
    let bare = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let open = GUARDS.iter().find_map(|guard| bare.strip_prefix(guard));
    let kept = open.unwrap_or(bare).trim_start();
    let start = text.len() - kept.len();
    let end = start + kept.trim_end().len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text.split_off(start.min(end)))
        }
    }
}
