//! Whether an answer under a status of success is the report of a failure.
//!
//! Older APIs and RPC-style ones answer 200 whatever happened and tell the failure inside: a flag, a
//! word, a number of their own beside a sentence, at the top or in a small envelope. Data that
//! merely mentions failures (a job, an article, a log) has an identity of its own and is a success.

use super::report_words::{
    is_envelope, is_failing_word, is_number_key, is_sentence_key, is_success, is_telling,
    is_telling_text, is_word_key, lower, number,
};
use serde_json::{Map, Value};

/// Members of one object that are looked at.
const MEMBERS_MAX: usize = 64;

/// The longest answer in bare words that can be a report.
const WORDS_MAX: usize = 400;

/// How an answer in bare words begins that reports a failure.
const BEGINNINGS: [&str; 22] = [
    "error",
    "err:",
    "err ",
    "err|",
    "fail",
    "badauth",
    "unauthori",
    "unauthenticated",
    "forbidden",
    "access denied",
    "permission denied",
    "access forbidden",
    "invalid ",
    "invalid_",
    "authentication ",
    "not authori",
    "not authenticated",
    "token expired",
    "session expired",
    "rate limit",
    "too many requests",
    "login failed",
];

/// Whether a 2xx answer's JSON is the report of a failure, by its top-level members.
pub(super) fn says_failure(value: &Value) -> bool {
    match value {
        Value::Object(top) => Signs::of(top).report(true) || is_a_mere_note(top),
        // A list of one error, where others would answer with the error itself.
        Value::Array(list) => match list.as_slice() {
            [Value::Object(only)] => {
                let signs = Signs::of(only);
                signs.named && signs.explained && !signs.is_data
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a flag of success is off, and so no data is to be expected.
pub(super) fn is_refused(top: &Map<String, Value>) -> bool {
    Signs::of(top).refused
}

/// Whether a note stands where the data should.
fn is_a_mere_note(top: &Map<String, Value>) -> bool {
    let mut members = top.iter();
    let only = members.next().filter(|_| members.next().is_none());
    only.is_some_and(|(key, value)| {
        let note = ["information", "note"]
            .iter()
            .any(|name| key.eq_ignore_ascii_case(name));
        note && value.as_str().is_some_and(is_telling_text)
    })
}

/// The HTTP error status that the body of an answer gives as its own, in whatever member.
pub(super) fn own_status(value: &Value) -> Option<u16> {
    let Value::Object(top) = value else {
        return None;
    };
    let of = |map: &Map<String, Value>| {
        let mut pairs = map.iter().take(MEMBERS_MAX);
        pairs.find_map(|(key, value)| {
            let number = is_number_key(&lower(key)?)
                .then(|| number(value))
                .flatten()?;
            let status = u16::try_from(number).ok()?;
            (400..600).contains(&status).then_some(status)
        })
    };
    let inside = || {
        let mut pairs = top.iter().take(MEMBERS_MAX);
        pairs.find_map(|(key, value)| {
            let key = lower(key)?;
            let holds = key == "error" || is_envelope(&key);
            holds.then(|| value.as_object().and_then(of)).flatten()
        })
    };
    of(top).or_else(inside)
}

/// Whether a form-encoded answer under a status of success reports a failure.
pub(super) fn form_says_failure(fields: &[(String, String)]) -> bool {
    let is_over = fields.iter().take(MEMBERS_MAX).any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let value = value.trim();
        match name.as_str() {
            "error" | "error_code" | "errorcode" | "error_message" | "oauth_problem" => {
                is_telling_text(value)
            }
            "ack" | "status" | "stat" | "result" | "return_code" => is_failing_word(value),
            "success" | "ok" => ["false", "0", "no"]
                .iter()
                .any(|no| value.eq_ignore_ascii_case(no)),
            _ => false,
        }
    });
    // `RESULT=1&RESPMSG=…` and `response=3&responsetext=…`: a number of their own and a sentence.
    let of = |names: &[&str]| {
        let mut found = fields.iter();
        found.find(|(name, _)| names.iter().any(|one| name.eq_ignore_ascii_case(one)))
    };
    let number = of(&["result", "response", "response_code", "code"]);
    let bad = number.is_some_and(|(name, value)| {
        let good = match name.eq_ignore_ascii_case("result") {
            true => 0,
            false => 1,
        };
        value
            .parse::<i64>()
            .is_ok_and(|number| number != good && number != 0)
    });
    is_over || (bad && of(&["respmsg", "responsetext", "message", "msg"]).is_some())
}

/// Whether an answer in bare words reports a failure: it is short and begins so.
pub(super) fn words_say_failure(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    text.len() <= WORDS_MAX
        && !text.contains('?')
        && BEGINNINGS.iter().any(|start| {
            let head = text.get(..start.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        })
}

/// What an object shows of a failure.
#[derive(Default)]
struct Signs {
    /// A flag of success that is off.
    refused: bool,
    /// A flag of success that is on.
    granted: bool,
    /// It calls itself an error.
    is_error: bool,
    /// A thing with an identity of its own, such as a job that failed.
    is_data: bool,
    /// A message of JSON-RPC: its identity is that of the question.
    is_rpc: bool,
    /// A number that would be an error of HTTP.
    status: bool,
    /// Another number of its own, not the one for success.
    number: bool,
    /// A word that says that it went wrong.
    word: bool,
    /// An acknowledgement that says so.
    unacknowledged: bool,
    /// A sentence, and not one of success.
    explained: bool,
    /// A member for errors that holds one.
    named: bool,
    /// A small envelope that reports a failure.
    inside: bool,
}

impl Signs {
    fn of(map: &Map<String, Value>) -> Self {
        let mut signs = Self::default();
        for (key, value) in map.iter().take(MEMBERS_MAX) {
            if !value.is_null()
                && let Some(key) = lower(key)
            {
                signs.see(&key, value);
                // A sentence on how it went, in the place of a word.
                if map.len() == 1 && key == "status" {
                    let status = value.as_object();
                    signs.inside |= status.is_some_and(|status| Self::of(status).explained);
                }
            }
        }
        signs
    }

    fn see(&mut self, key: &str, value: &Value) {
        let text = value.as_str();
        match key {
            "ok" | "success" | "succeeded" | "successful" | "issuccess" | "is_success" => {
                self.refused |= match value {
                    Value::Bool(yes) => !yes,
                    Value::Number(number) => number.as_i64() == Some(0),
                    Value::String(text) => ["false", "0", "no"]
                        .iter()
                        .any(|no| text.eq_ignore_ascii_case(no)),
                    _ => false,
                };
                self.granted |= value.as_bool() == Some(true);
            }
            "object" => {
                self.is_error |= text == Some("error");
                self.is_data |= text != Some("error");
            }
            "id" | "uuid" | "created_at" | "level" | "severity" | "sender" | "author" => {
                self.is_data = true;
            }
            "jsonrpc" => self.is_rpc = true,
            "ack" => self.unacknowledged |= text.is_some_and(is_failing_word),
            "error" | "err" | "error_code" | "errorcode" | "errcode" | "error_message"
            | "errormessage" | "error message" | "error-text" | "error_text" => {
                self.named |= is_telling(value);
            }
            "errors" => self.named |= !value.is_number() && is_telling(value),
            "fault" => self.named |= value.is_object(),
            _ => {}
        }
        if is_sentence_key(key) {
            self.explained |= match value {
                Value::String(text) => !text.trim().is_empty() && !is_success(text),
                Value::Array(list) => !list.is_empty(),
                _ => false,
            };
        }
        if is_number_key(key)
            && let Some(number) = number(value)
        {
            self.status |= (400..600).contains(&number);
            let good = match key {
                "status" | "result" | "response" => number == 1,
                _ => number == 0,
            };
            self.number |= !good && !(200..300).contains(&number);
        }
        if is_word_key(key) {
            self.word |= text.is_some_and(is_failing_word) || value.as_bool() == Some(false);
        }
        if is_envelope(key) {
            self.inside |= match value {
                Value::Object(inner) => Self::of(inner).report(false),
                Value::Array(list) => match list.as_slice() {
                    [Value::Object(inner)] => Self::of(inner).report(false),
                    _ => false,
                },
                _ => false,
            };
        }
    }

    /// Whether they are those of a report; `at_top` of the whole answer.
    const fn report(&self, at_top: bool) -> bool {
        if self.refused || self.is_error || self.unacknowledged {
            return true;
        }
        if self.is_data && !self.is_rpc {
            return false;
        }
        let told = (self.status || self.number || self.word) && self.explained;
        self.named || ((told || (at_top && self.inside)) && !self.granted)
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
            json!([{"error": "x", "message": "y"}, {"error": "x", "message": "y"}]),
            json!({"errcode": 0}),
            json!({"status_code": 0, "status_msg": "Login expired"}),
            json!({"errors": {}, "error_code": null, "message": "Token expired"}),
            json!({"code": 1000, "msg": "Command completed"}),
            json!({"code": 1, "message": "success", "data": {"note": "token expired"}}),
            json!({"status": 1, "info": "OK"}),
            json!({"meta": {"code": 200}, "response": {"status": "failed"}}),
            json!({"message": {"id": "m1", "status": "failed", "text": "token expired"}}),
            json!({"result": "error budget"}),
            json!({"status": 0, "message": "ok", "result": {}}),
            json!({"status": {"message": "success"}}),
            json!({"note": "token expired", "count": 1}),
            json!({"type": "error", "text": "token expired"}),
            json!({"level": "error", "message": "token expired", "code": 12}),
            json!({"status": {"message": "my session expired"}, "name": "b", "age": 4}),
            json!({"success": true, "messages": [{"code": 10000, "message": "Valid and active"}]}),
        ] {
            assert!(!says_failure(&body), "{body}");
        }
    }

    #[test]
    fn a_failure_is_told_in_many_ways() {
        for body in [
            json!({"ok": false}),
            json!({"success": 0, "why": "x"}),
            json!({"Error": "Token_expired"}),
            json!({"status_code": 8, "status_msg": "Login expired"}),
            json!({"errors": [{"message": "x"}], "data": null}),
            json!({"status": "ERROR", "message": "x"}),
            json!({"error": {"code": 190}}),
            json!({"object": "error", "status": 401, "message": "x"}),
            json!({"Ack": "Failure", "Build": "1"}),
            json!({"code": -1, "msg": "no such app"}),
            json!({"code": "10006", "message": "Login failed."}),
            json!({"status": "0", "info": "NO_KEY", "infocode": "1"}),
            json!({"status": 311, "message": "key"}),
            json!({"result": "ERROR", "details": "down"}),
            json!({"info": {"statuscode": 500, "messages": ["x"]}, "results": []}),
            json!({"Response": {"Error": {"Code": "x", "Message": "y"}, "RequestId": "1"}}),
            json!({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}),
            json!({"alipay_x_response": {"code": "40001", "msg": "x"}, "sign": "s"}),
            json!({"messages": {"resultCode": "Error", "message": [{"code": "E1", "text": "x"}]}}),
            json!({"status": {"message": "x", "value": 10}}),
            json!({"status": false, "message": "x"}),
            json!({"Information": "x"}),
            json!({"status": "auth_failure", "message": "x"}),
            json!({"SearchResponse": {"ResponseCode": "-1", "Error": "x"}}),
            json!({"messages": [{"status": "4", "error-text": "x"}]}),
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 100, "message": "x"}}),
            json!([{"Error": "8", "Description": "x"}]),
        ] {
            assert!(says_failure(&body), "{body}");
        }
    }

    #[test]
    fn a_status_of_its_own_is_found_where_bodies_put_it() {
        for (body, status) in [
            (json!({"code": 401, "msg": "x"}), Some(401)),
            (json!({"error": {"status": "429"}}), Some(429)),
            (json!({"info": {"statuscode": 500}}), Some(500)),
            (json!({"meta": {"code": 403}}), Some(403)),
            (json!({"code": 190, "count": 404}), None),
            (json!({"items": {"code": 404}}), None),
        ] {
            assert_eq!(own_status(&body), status, "{body}");
        }
    }

    #[test]
    fn fields_and_bare_words_report_too() {
        let fields = |text: &str| -> Vec<(String, String)> {
            let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        for text in [
            "error=x",
            "ACK=Failure&VERSION=3",
            "RESULT=1&RESPMSG=User authentication failed",
            "response=3&responsetext=Authentication Failed",
        ] {
            assert!(form_says_failure(&fields(text)), "{text}");
        }
        for text in [
            "ACK=Success&VERSION=3",
            "RESULT=0&RESPMSG=Approved",
            "response=1&responsetext=SUCCESS",
            "error=0&a=b",
            "access_token=x&scope=failed",
        ] {
            assert!(!form_says_failure(&fields(text)), "{text}");
        }
        assert!(words_say_failure("ERROR: Invalid API key"));
        assert!(words_say_failure("badauth"));
        assert!(!words_say_failure("good 203.0.113.1"));
        assert!(!words_say_failure("The error budget"));
        assert!(!words_say_failure("token expired? no"));
        assert!(!words_say_failure(&format!("error {}", "x".repeat(600))));
    }
}
