//! The names of members and the words with which answers under a status of success tell how it
//! went. [`super::report`] puts them together.

use serde_json::Value;

/// Whether a word says that it went wrong.
pub(super) fn is_failing_word(text: &str) -> bool {
    let text = text.trim();
    let lower = text.get(..40).unwrap_or(text).to_ascii_lowercase();
    let kinds = ["_failure", "_error", "_denied", "throttle_triggered"];
    let is_kind = text.len() <= 40 && kinds.iter().any(|kind| lower.ends_with(kind));
    is_kind
        || [
            "error",
            "err",
            "fail",
            "failed",
            "failure",
            "failurewithwarning",
            "ko",
            "nok",
            "not_ok",
            "exception",
            "denied",
            "request_denied",
            "unauthorized",
            "unauthenticated",
            "forbidden",
            "over_query_limit",
            "over_daily_limit",
        ]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a top-level member of a report tells of the error, rather than holding data.
pub(super) fn is_error_member(key: &str) -> bool {
    let Some(key) = lower(key) else {
        return false;
    };
    [
        "err",
        "fault",
        "message",
        "msg",
        "code",
        "reason",
        "detail",
        "status",
        "type",
        "desc",
        "info",
        "ack",
        "stat",
        "sub_",
        "ret",
        "resp",
        "summary",
        "exception",
        "cause",
        "title",
        "text",
        "note",
        "result_",
        "resultm",
        "resultd",
    ]
    .iter()
    .any(|start| key.starts_with(start))
        || is_envelope(&key)
        || key == "result"
}

/// A key in small letters; none that is told apart here is longer.
pub(super) fn lower(key: &str) -> Option<String> {
    (key.len() <= 48).then(|| key.to_ascii_lowercase())
}

/// Whether a member holds a number of how it went.
pub(super) fn is_number_key(key: &str) -> bool {
    matches!(
        key,
        "code"
            | "status"
            | "statuscode"
            | "status_code"
            | "error_code"
            | "errorcode"
            | "errcode"
            | "errno"
            | "errorno"
            | "error_no"
            | "ret"
            | "retcode"
            | "ret_code"
            | "returncode"
            | "return_code"
            | "resultcode"
            | "result_code"
            | "respcode"
            | "resp_code"
            | "rescode"
            | "response_code"
            | "responsecode"
            | "http_code"
            | "httpcode"
            | "http_status"
            | "httpstatus"
    )
}

/// Whether a member holds a word on how it went.
pub(super) fn is_word_key(key: &str) -> bool {
    matches!(
        key,
        "status"
            | "stat"
            | "result"
            | "response"
            | "return_code"
            | "returncode"
            | "resultcode"
            | "result_code"
            | "code"
    )
}

/// Whether a member holds a sentence on how it went.
pub(super) fn is_sentence_key(key: &str) -> bool {
    matches!(
        key,
        "message"
            | "messages"
            | "msg"
            | "errmsg"
            | "error_msg"
            | "errormsg"
            | "error_message"
            | "errormessage"
            | "status_msg"
            | "status_message"
            | "statusmessage"
            | "statusmsg"
            | "return_msg"
            | "returnmsg"
            | "ret_msg"
            | "retmsg"
            | "resp_msg"
            | "respmsg"
            | "res_msg"
            | "resultmsg"
            | "result_msg"
            | "resultmessage"
            | "resultdesc"
            | "sub_msg"
            | "detail"
            | "details"
            | "description"
            | "desc"
            | "reason"
            | "info"
            | "cause"
            | "text"
            | "title"
            | "summary"
    )
}

/// Small objects beside or around the data that hold how the call went.
pub(super) fn is_envelope(key: &str) -> bool {
    matches!(
        key,
        "meta"
            | "info"
            | "status"
            | "header"
            | "head"
            | "response"
            | "responsestatus"
            | "responsemetadata"
            | "response_metadata"
            | "base_resp"
            | "messages"
            | "message"
    ) || key.ends_with("response")
}

/// A number, also where it is written as a text.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.len() <= 12 => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether a sentence is one of success.
pub(super) fn is_success(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["success", "成功", "complete", "no error", "正常"]
        .iter()
        .any(|word| text.contains(word))
        || ["ok", "okay", "done", "none", "null"].contains(&text.as_str())
}

/// Whether a text is more than the word for nothing.
pub(super) fn is_telling_text(text: &str) -> bool {
    let none = [
        "", "0", "none", "null", "false", "ok", "no error", "success",
    ];
    !none.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// Whether an error member holds an error, rather than the word for none.
pub(super) fn is_telling(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => is_telling_text(text),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
