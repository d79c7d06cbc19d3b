//! Answers as Slack's Web API gives them.
//!
//! Everything is a 200, and `ok` in the body says whether it worked; only the rate limit has a
//! status of its own. Slack states the cause: expired, revoked, unknown and unscoped tokens each
//! have a word.

use super::visit::{Standing, Visit};
use super::wire::{Ask, Reply};
use crate::secret::Secret;
use serde_json::{Value, json};

/// The token that a request shows: in the header, or as a form's field.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.token(&["Bearer"])
        .or_else(|| ask.form().remove("token").map(Secret::new))
}

/// What a method needs and what it answers.
fn method(name: &str) -> Option<(&'static [&'static str], Value)> {
    Some(match name {
        "auth.test" => (
            &[],
            json!({
                "ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "lanebot",
                "team_id": "T0ACME001", "user_id": "U0LANE001", "bot_id": "B0LANE001",
                "is_enterprise_install": false,
            }),
        ),
        "chat.postMessage" => (
            &["chat:write"],
            json!({"ok": true, "channel": "C0OPS0001", "ts": "1700000000.000100"}),
        ),
        "conversations.list" => (
            &["channels:read"],
            json!({"ok": true, "channels": [{"id": "C0OPS0001", "name": "ops"}]}),
        ),
        "conversations.history" => (
            &["channels:history"],
            json!({"ok": true, "messages": [], "has_more": false}),
        ),
        "admin.users.list" => (
            &["admin", "admin.users:read"],
            json!({"ok": true, "users": []}),
        ),
        _ => return None,
    })
}

/// The answer to a caller who is not rate limited.
pub(super) fn answer(ask: &Ask, visit: &Visit) -> Reply {
    let steps = ask.steps();
    let ["api", name] = steps.as_slice() else {
        return Reply::html(404, "<!DOCTYPE html><title>Not found</title>\n");
    };
    let error = match visit.standing {
        Standing::Absent => "not_authed",
        Standing::Unknown => "invalid_auth",
        Standing::Expired => "token_expired",
        Standing::Revoked => "token_revoked",
        Standing::Good => return good(name, visit),
    };
    with_id(
        Reply::json(200, &json!({"ok": false, "error": error})),
        visit,
    )
}

fn good(name: &str, visit: &Visit) -> Reply {
    let (accepted, body) = match method(name) {
        None => (
            &[][..],
            json!({"ok": false, "error": "unknown_method", "req_method": name}),
        ),
        Some((accepted, body)) if visit.covers(accepted) => (accepted, body),
        Some((accepted, _)) => (
            accepted,
            json!({
                "ok": false, "error": "missing_scope",
                "needed": accepted.join(","), "provided": visit.scopes_by(","),
            }),
        ),
    };
    with_id(Reply::json(200, &body), visit)
        .with("x-oauth-scopes", visit.scopes_by(","))
        .with("x-accepted-oauth-scopes", accepted.join(","))
}

/// The answer to a caller who has asked too often.
pub(super) fn limited(visit: &Visit, secs: u64) -> Reply {
    let body = json!({"ok": false, "error": "ratelimited"});
    with_id(Reply::json(429, &body), visit).with("retry-after", secs.to_string())
}

fn with_id(reply: Reply, visit: &Visit) -> Reply {
    reply.with("x-slack-req-id", visit.request_id.to_lowercase())
}
