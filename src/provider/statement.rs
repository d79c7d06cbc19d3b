//! What an answer says went wrong: the machine codes and the sentences of an error, and nothing of
//! the data around it.
//!
//! A successful answer states nothing, whatever words its data contains: a list of articles on
//! expired tokens is a success. Of a 2xx answer that carries an error, only its top-level error
//! members count.

use super::phrase::Words;
use super::phrasebook::Said;
use super::report::is_refused;
use super::report_words::is_error_member;
use super::seen::{Seen, Shape};
use super::sentence::{End, SUPPOSED, end_of, is_advice, sentences};
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

/// Sentences that leave an end open, as many as are kept.
const OPEN_MAX: usize = 8;

/// Members of an answer that are looked at for what it says.
const VISITS_MAX: usize = 1500;

/// What an answer says.
#[derive(Default, Debug)]
pub(super) struct Statement {
    codes: Words,
    prose: Words,
    texts: usize,
    visits: usize,
    /// Sentences that leave an end open; a plain one elsewhere says which it was.
    open: Vec<String>,
    /// Whether a sentence states one end.
    is_stated: bool,
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
            for name in [
                "error",
                "error_description",
                "oauth_problem",
                "oauth_problem_advice",
            ] {
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
                    said.walk_refused_data(top);
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
                    let name = name.to_ascii_lowercase();
                    if tells_of_the_error(&name) && name != "error_uri" {
                        said.add(value);
                    }
                }
            }
            Shape::Text => said.add(seen.text()),
            Shape::Empty | Shape::Html => {}
        }
        said.finished()
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

    /// Some put the error where the data should be, beside a flag of success that is off.
    fn walk_refused_data(&mut self, top: &Map<String, Value>) {
        if !is_refused(top) {
            return;
        }
        match top.get("data") {
            Some(Value::String(text)) => self.add(text),
            Some(Value::Object(data)) if !data.contains_key("id") => {
                for (_, value) in data.iter().filter(|(key, _)| is_error_member(key)) {
                    self.walk(value, 2);
                }
            }
            _ => {}
        }
    }

    fn leave_open(&mut self, sentence: &str) {
        if self.open.len() < OPEN_MAX {
            self.open.push(sentence.to_owned());
        }
    }

    /// What was left open counts where nothing closed it.
    fn finished(mut self) -> Self {
        if !self.is_stated {
            for sentence in std::mem::take(&mut self.open) {
                self.prose.add(&sentence);
            }
        }
        self
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
            let end = end_of(sentence);
            match end {
                End::Supposed => self.leave_open(SUPPOSED),
                _ if !self.heeds_advice && is_advice(sentence) => {}
                End::Several => self.leave_open(sentence),
                End::Untold | End::One => {
                    self.is_stated |= end == End::One;
                    self.prose.add(sentence);
                }
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

/// Whether a form's field holds what went wrong: `error`, `L_LONGMESSAGE0`, `responsetext`.
fn tells_of_the_error(name: &str) -> bool {
    let marks = [
        "error",
        "message",
        "msg",
        "reason",
        "responsetext",
        "problem",
    ];
    marks.iter().any(|mark| name.contains(mark))
}
