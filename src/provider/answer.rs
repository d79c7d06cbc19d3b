//! An upstream's answer, as the classifier sees it.

use crate::lane::{Observed, Verdict, Wall};
use crate::plain::Plain;
use std::borrow::Cow;

/// What was asked, which decides how an answer is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// An ordinary request.
    Api,
    /// A request to an OAuth token endpoint.
    TokenEndpoint,
    /// A request to an OAuth introspection endpoint.
    Introspection,
    /// A JSON-RPC message of an MCP server that wraps what its upstream said.
    McpToolResult,
}

/// One answer. Header names are lower-case; several lines of one name are several entries.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// What was asked.
    pub kind: AnswerKind,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Cow<'a, [(String, String)]>,
    /// The body, or as much of it as was read.
    pub body: Cow<'a, [u8]>,
}

/// What was known before the answer came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context {
    /// The present.
    pub now: Wall,
    /// When the credential ends, as far as known.
    pub known_expires_at: Option<Wall>,
    /// Whether an upstream has accepted this very credential before.
    pub worked_before: bool,
}

/// What an answer means.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// The outcome and the evidence for it.
    pub verdict: Verdict,
    /// What else it showed. `took` is left for the caller, who timed it.
    pub observed: Observed,
}

/// Why there was no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing was sent: no address, no route, connection refused, no TLS.
    #[error("not reached: {0}")]
    NotReached(Plain),
    /// The request left, and no whole answer came: reset, cut short, or garbled.
    #[error("the answer was lost: {0}")]
    Lost(Plain),
    /// The request left, and no answer came in time.
    #[error("no answer within {0} ms")]
    TimedOut(u64),
}

impl NoAnswer {
    /// Whether the upstream may have acted on the request.
    pub const fn may_have_acted(&self) -> bool {
        !matches!(self, Self::NotReached(_))
    }
}
