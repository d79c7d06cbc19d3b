//! A JSON-RPC message of an MCP server, unwrapped to what its upstream said.
//!
//! An MCP server reports an upstream's rejection as text inside a tool result, often with the
//! upstream's status and JSON quoted in it. The unwrapped answer is then judged by the same rules as
//! a direct one.

use super::report::{says_failure, words_say_failure};
use serde_json::Value;

/// How a tool begins a text that reports a failure without saying so in `isError`.
const FAILURES: [&str; 9] = [
    "error",
    "failed",
    "failure",
    "request failed",
    "api error",
    "mcp error",
    "unauthorized",
    "authentication",
    "http ",
];

/// The same where the text is short: a long one that begins so may be an article.
const BRIEF_FAILURES: [&str; 12] = [
    "unable to ",
    "could not ",
    "couldn't ",
    "cannot ",
    "timed out",
    "timeout",
    "exception",
    "api request fail",
    "request error",
    "missing ",
    "your token ",
    "your session ",
];

/// What was inside a message.
pub(super) struct Inner {
    /// The text of the result or of the error.
    pub(super) text: String,
    /// JSON found in the text.
    pub(super) json: Option<Value>,
    /// An HTTP status found in the text.
    pub(super) status: Option<u16>,
    /// Whether the message tells of a failure.
    pub(super) failed: bool,
    /// The code of a JSON-RPC error.
    pub(super) code: Option<i64>,
}

/// Unwraps a message; `None` if it is none. The message may stand in a `text/event-stream`.
pub(super) fn unwrap(body: &str) -> Option<Inner> {
    let message: Value = serde_json::from_str(body).ok().or_else(|| {
        let mut lines = body.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.find_map(|line| serde_json::from_str(line.trim()).ok())
    })?;
    if let Some(error) = message.get("error").filter(|error| error.is_object()) {
        let mut text = error.get("message")?.as_str()?.to_owned();
        if let Some(data) = error.get("data").filter(|data| !data.is_null()) {
            text.push('\n');
            match data.as_str() {
                Some(data) => text.push_str(data),
                None => text.push_str(&data.to_string()),
            }
        }
        return Some(Inner {
            json: quoted_json(&text),
            status: quoted_status(&text),
            failed: true,
            code: error.get("code").and_then(Value::as_i64),
            text,
        });
    }
    let result = message.get("result")?;
    let content = result.get("content").and_then(Value::as_array);
    let mut text = String::new();
    for part in content.into_iter().flatten() {
        if let Some(part) = part.get("text").and_then(Value::as_str) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(part);
        }
    }
    // Some give the error to machines alone.
    if text.is_empty()
        && let Some(structured) = result.get("structuredContent")
    {
        text = structured.to_string();
    }
    let flagged = result.get("isError").and_then(Value::as_bool) == Some(true);
    let json = quoted_json(&text).filter(|_| flagged || text.trim_start().starts_with('{'));
    let begins = text
        .trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '{' | '['))
        .get(..16)
        .unwrap_or(&text)
        .to_lowercase();
    let failed = flagged
        || json.as_ref().is_some_and(says_failure)
        || FAILURES.iter().any(|start| begins.starts_with(start))
        || words_say_failure(&text)
        || (text.len() < 400 && BRIEF_FAILURES.iter().any(|start| begins.starts_with(start)));
    Some(Inner {
        status: quoted_status(&text),
        json,
        failed,
        code: None,
        text,
    })
}

/// The first JSON object in a text. Only a few places are tried: each costs a pass.
fn quoted_json(text: &str) -> Option<Value> {
    let starts = text.match_indices('{').map(|(at, _)| at).take(3);
    starts.into_iter().find_map(|at| {
        let from = text.get(at..)?;
        let mut stream = serde_json::Deserializer::from_str(from).into_iter::<Value>();
        stream.next()?.ok().filter(Value::is_object)
    })
}

/// An HTTP error status that stands alone near the beginning of a text. In quoted JSON only a member
/// that is named for it counts: `"error_subcode": 463` is no status.
fn quoted_status(text: &str) -> Option<u16> {
    let head = text.char_indices().nth(600).map(|(end, _)| end);
    let head = head.and_then(|end| text.get(..end)).unwrap_or(text);
    let apart = |c: char| c.is_whitespace() || "()[]{},;\"".contains(c);
    let (mut last, mut before) = ("", "");
    let mut tokens = head.split(apart).filter(|token| !token.is_empty());
    tokens.find_map(|token| {
        let member = match token.starts_with(':') {
            true => Some(last),
            false => (last == ":").then_some(before),
        };
        (before, last) = (last, token);
        if member.is_some_and(|name| !names_a_status(name)) {
            return None;
        }
        let bare = token.trim_matches(|c: char| ":.'*=".contains(c));
        let number = bare.rsplit(['=', ':']).next()?;
        let status: u16 = number.parse().ok()?;
        (number.len() == 3 && (400..=599).contains(&status)).then_some(status)
    })
}

fn names_a_status(member: &str) -> bool {
    let name = member.to_ascii_lowercase();
    let code = name.ends_with("code") && !name.ends_with("subcode");
    code || name.ends_with("status") || name.ends_with("http") || name.ends_with("error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstreams_status_and_json_are_found_in_the_text() {
        let inner = unwrap(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"POST https://api.example.com/x: 403 {\"message\":\"no\"}"}}"#,
        )
        .unwrap();
        assert_eq!(inner.status, Some(403));
        assert_eq!(inner.json.unwrap()["message"], "no");
        assert_eq!(inner.code, Some(-32603));
        assert_eq!(quoted_status("failed (status=401): x"), Some(401));
        assert_eq!(quoted_status("HTTP 503: x"), Some(503));
        assert_eq!(quoted_status("MCP error -32603: 12404 items"), None);
        assert_eq!(quoted_status(r#"{"code":190,"error_subcode": 463}"#), None);
        assert_eq!(quoted_status(r#"{"id":404,"lines":[401]}"#), None);
        assert_eq!(quoted_status(r#"{"statusCode" : "401"}"#), Some(401));
        assert_eq!(quoted_status(r#"x {"response_code":403}"#), Some(403));
    }

    #[test]
    fn a_result_is_a_failure_if_it_says_so_in_any_way() {
        let result = |text: &str, flag: bool| {
            let content = serde_json::json!([{"type": "text", "text": text}]);
            let message = serde_json::json!({"result": {"content": content, "isError": flag}});
            unwrap(&message.to_string()).unwrap().failed
        };
        assert!(result("anything", true));
        assert!(result("**Error**: bad key", false));
        assert!(result(r#"{"error":"Search failed"}"#, false));
        assert!(!result(r#"{"items":[{"error":"x"}]}"#, false));
        assert!(!result("All good, no errors", false));
        assert!(result("Unable to reach the editor", false));
        let structured = r#"{"result":{"structuredContent":{"error":"token_expired"}}}"#;
        let inner = unwrap(structured).unwrap();
        assert!(inner.failed && inner.json.is_some());
        assert!(unwrap("event: message\ndata: {\"result\":{\"content\":[]}}\n").is_some());
        assert!(unwrap("<html>").is_none());
    }
}
