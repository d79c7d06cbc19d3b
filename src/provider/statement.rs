//! What an answer says went wrong: the machine codes and the sentences of an error, and nothing of
//! the data around it.
//!
//! A successful answer states nothing, whatever words its data contains: a list of articles on
//! expired tokens is a success. Of a 2xx answer that carries an error, only its top-level error
//! members count.

use super::phrase::Words;
use super::phrasebook::Said;
use super::seen::{Seen, Shape};
use super::sentence::{SUPPOSED, is_advice, sentences, supposes_an_end};
use serde_json::{Map, Value};

const TEXTS_MAX: usize = 48;
const TEXT_MAX: usize = 1500;
const DEPTH_MAX: usize = 8;

/// Headers in which some put an error code.
const CODE_HEADERS: [&str; 7] = [
    "x-amzn-errortype",
    "x-ms-error-code",
    "x-error-code",
    "x-errortype",
    "x-authentication-denied-reason",
    "x-seraph-loginreason",
    "x-tfs-serviceerror",
];

/// Members that hold data, addresses or echoes of the request, never the error itself.
const SILENT: [&str; 40] = [
    "documentation_url",
    "doc_url",
    "docs",
    "help",
    "help_url",
    "instance",
    "path",
    "url",
    "uri",
    "error_uri",
    "moreinfo",
    "more_info",
    "link",
    "links",
    "href",
    "value",
    "input",
    "params",
    "query",
    "request",
    "request_id",
    "requestid",
    "trace_id",
    "traceid",
    "correlation_id",
    "hostid",
    "stringtosign",
    "stringtosignbytes",
    "canonicalrequest",
    "signatureprovided",
    "awsaccesskeyid",
    "timestamp",
    "date",
    "stack",
    "stacktrace",
    "example",
    "token",
    "access_token",
    "refresh_token",
    "client_id",
];

/// Members of an answer that are looked at for what it says.
const VISITS_MAX: usize = 1500;

/// What an answer says.
#[derive(Default, Debug)]
pub(super) struct Statement {
    codes: Words,
    prose: Words,
    texts: usize,
    visits: usize,
    /// Whether advice counts: beside a bare 403 it is often all that names the missing scope.
    heeds_advice: bool,
}

impl Statement {
    /// Reads an answer.
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let mut said = Self::default();
        if !seen.failed() {
            return said;
        }
        said.heeds_advice = seen.status() == 403;
        for name in CODE_HEADERS {
            if let Some(code) = seen.header(name) {
                said.add(code);
            }
        }
        for challenge in seen.challenges() {
            for name in ["error", "error_description"] {
                if let Some(text) = challenge.param(name) {
                    said.add(text);
                }
            }
        }
        if let Some(text) = seen.prose() {
            let before = text.find('{').and_then(|end| text.get(..end));
            said.add(before.unwrap_or(text));
        }
        match seen.shape() {
            Shape::Json => match seen.json() {
                Some(Value::Object(top)) if seen.status() < 300 && seen.prose().is_none() => {
                    let members = top.iter().filter(|(key, _)| is_error_member(key));
                    for (_, value) in members {
                        said.walk(value, 1);
                    }
                }
                Some(value) => said.walk(value, 0),
                None => said.add(seen.text()),
            },
            Shape::Xml => {
                for leaf in seen.leaves() {
                    let name = leaf.path.rsplit('/').next().unwrap_or_default();
                    if !SILENT.contains(&name.to_ascii_lowercase().as_str()) {
                        said.add(&leaf.text);
                    }
                }
            }
            Shape::Form => {
                for (name, value) in seen.form() {
                    if name.starts_with("error") && name != "error_uri" {
                        said.add(value);
                    }
                }
            }
            Shape::Text => said.add(seen.text()),
            Shape::Empty | Shape::Html => {}
        }
        said
    }

    fn walk(&mut self, value: &Value, depth: usize) {
        self.visits += 1;
        if depth > DEPTH_MAX || self.texts >= TEXTS_MAX || self.visits > VISITS_MAX {
            return;
        }
        match value {
            Value::String(text) => self.add(text),
            Value::Array(list) => {
                for value in list.iter().take(TEXTS_MAX) {
                    self.walk(value, depth + 1);
                }
            }
            Value::Object(map) => {
                for (key, value) in map.iter().take(VISITS_MAX) {
                    // OData puts a message as `{"lang": …, "value": …}`.
                    if !SILENT.contains(&key.to_ascii_lowercase().as_str())
                        || (key == "value" && map.contains_key("lang"))
                    {
                        self.walk(value, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        let address = text.starts_with("http://") || text.starts_with("https://");
        if text.is_empty() || self.texts >= TEXTS_MAX || (address && !text.contains(' ')) {
            return;
        }
        self.texts += 1;
        let head = text.char_indices().nth(TEXT_MAX).map(|(end, _)| end);
        let text = head.and_then(|end| text.get(..end)).unwrap_or(text);
        if text.len() <= 80 && !text.contains(char::is_whitespace) {
            self.codes.add(text);
            return;
        }
        for sentence in sentences(text) {
            if supposes_an_end(sentence) {
                self.prose.add(SUPPOSED);
            } else if self.heeds_advice || !is_advice(sentence) {
                self.prose.add(sentence);
            }
        }
    }
}

impl Said for Statement {
    fn codes(&self) -> &Words {
        &self.codes
    }

    fn prose(&self) -> &Words {
        &self.prose
    }
}

fn is_error_member(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "err", "fault", "message", "msg", "code", "reason", "detail", "status", "type", "desc",
    ]
    .iter()
    .any(|start| key.starts_with(start))
}

/// Whether a 2xx answer's JSON is the report of a failure, by its top-level members.
pub(super) fn says_failure(value: &Value) -> bool {
    let Value::Object(top) = value else {
        return false;
    };
    let is_false = |value: &Value| match value {
        Value::Bool(yes) => !yes,
        Value::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    };
    if ["ok", "success"]
        .iter()
        .any(|key| member(top, key).is_some_and(is_false))
    {
        return true;
    }
    let is_error = |value: &Value| value.as_str() == Some("error");
    if member(top, "object").is_some_and(is_error) {
        return true;
    }
    // A thing with an identity of its own, such as a job that failed, is data.
    if ["id", "object", "uuid", "created_at"]
        .iter()
        .any(|key| member(top, key).is_some())
    {
        return false;
    }
    // `{"code":401,"msg":"…"}`: a status of its own, which only a failure needs.
    let is_status = |value: &Value| {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.is_some_and(|number| (400..600).contains(&number))
    };
    let explained = [
        "message",
        "msg",
        "error_message",
        "errmsg",
        "detail",
        "description",
    ];
    let own = ["code", "status", "statuscode", "status_code"];
    if own
        .iter()
        .any(|key| member(top, key).is_some_and(is_status))
        && explained.iter().any(|key| member(top, key).is_some())
    {
        return true;
    }
    let named = [
        "error",
        "err",
        "error_code",
        "errorcode",
        "errcode",
        "error_message",
    ];
    named
        .iter()
        .any(|key| member(top, key).is_some_and(is_telling))
        || member(top, "errors").is_some_and(|value| !value.is_number() && is_telling(value))
        || member(top, "fault").is_some_and(Value::is_object)
        || (member(top, "message").is_some()
            && member(top, "status")
                .and_then(Value::as_str)
                .is_some_and(|status| {
                    ["error", "fail", "failed", "failure"]
                        .iter()
                        .any(|word| status.eq_ignore_ascii_case(word))
                }))
}

fn member<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let exact = map.get(name);
    let found = exact.or_else(|| {
        let mut pairs = map.iter().take(64);
        let same = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value)
    });
    found.filter(|value| !value.is_null())
}

/// Whether an error member holds an error, rather than the word for none.
fn is_telling(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            let none = [
                "", "0", "none", "null", "false", "ok", "no error", "success",
            ];
            !none.contains(&text.trim().to_ascii_lowercase().as_str())
        }
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_success_that_mentions_errors_is_no_failure() {
        for body in [
            json!({"error": null, "data": 1}),
            json!({"errors": [], "error": ""}),
            json!({"id": "run_1", "status": "failed", "error": {"code": "token_expired"}}),
            json!({"status": "delivered", "attempts": [{"error": "token_expired"}]}),
            json!([{"error": "x"}]),
            json!({"errcode": 0}),
            json!({"errors": {}, "error_code": null, "message": "Token expired"}),
        ] {
            assert!(!says_failure(&body), "{body}");
        }
        for body in [
            json!({"ok": false}),
            json!({"Error": "Token_expired"}),
            json!({"errors": [{"message": "x"}], "data": null}),
            json!({"status": "ERROR", "message": "x"}),
            json!({"error": {"code": 190}}),
            json!({"object": "error", "status": 401, "message": "x"}),
        ] {
            assert!(says_failure(&body), "{body}");
        }
    }
}
