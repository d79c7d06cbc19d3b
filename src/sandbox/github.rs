//! Answers as GitHub's REST API gives them to a classic personal access token.
//!
//! What matters to a reader of these answers: a dead token is `Bad credentials` whatever it died
//! of; the scopes at hand and the scopes accepted stand in headers; the end of the token's life
//! stands in a header of every good answer; a secondary rate limit is a 403.

use super::visit::{Standing, Visit};
use super::wire::{Ask, Reply, epoch, next_hour};
use crate::lane::Wall;
use crate::secret::Secret;
use serde_json::{Value, json};

const DOCS: &str = "https://docs.github.com/rest";
const PER_HOUR: u64 = 5_000;

/// The token that a request shows.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.token(&["Bearer", "token"])
}

/// What stands at a path: the scopes of which any one will do, the status and the body.
fn route(ask: &Ask, visit: &Visit) -> Option<(&'static [&'static str], u16, Value)> {
    let steps = ask.steps();
    Some(match (ask.method.as_str(), steps.as_slice()) {
        ("GET", ["user"]) => (&[], 200, user()),
        ("GET", ["rate_limit"]) => (&[], 200, json!({"resources": {"core": count(visit)}})),
        ("GET", ["repos", _, _, "issues"]) => (
            &["repo"],
            200,
            json!([{"number": 412, "title": "Flaky login test", "state": "open", "user": user()}]),
        ),
        ("POST", ["repos", _, _, "issues"]) => (
            &["repo"],
            201,
            json!({"number": 413, "title": "Opened by a tool", "state": "open", "user": user()}),
        ),
        ("GET", ["repos", _, _, "releases"]) => (
            &["repo"],
            200,
            json!([{"id": 7_001, "tag_name": "v1.8.0", "draft": false}]),
        ),
        ("POST", ["repos", _, _, "releases"]) => (
            &["repo"],
            201,
            json!({"id": 7_002, "tag_name": "v1.9.0", "draft": true}),
        ),
        ("GET", ["orgs", _, "members"]) => (&["read:org", "admin:org"], 200, json!([user()])),
        ("GET", ["orgs", _, "audit-log"]) => (
            &["read:audit_log"],
            200,
            json!([{"action": "repo.create", "actor": "acme-bot"}]),
        ),
        ("PUT", ["orgs", _, "memberships", _]) => (
            &["admin:org"],
            200,
            json!({"state": "pending", "role": "member"}),
        ),
        ("DELETE", ["repos", _, _]) => (&["delete_repo"], 204, Value::Null),
        _ => return None,
    })
}

/// The answer to a caller who is not rate limited.
pub(super) fn answer(ask: &Ask, visit: &Visit) -> Reply {
    if ask.header("user-agent").is_none_or(str::is_empty) {
        let told = "Request forbidden by administrative rules. \
                    Please make sure your request has a User-Agent header.\r\n";
        return Reply::html(403, told);
    }
    let reply = match visit.standing {
        Standing::Absent => error(401, "Requires authentication", DOCS),
        Standing::Good => good(ask, visit),
        _ => error(401, "Bad credentials", DOCS),
    };
    with_headers(reply, visit)
}

fn good(ask: &Ask, visit: &Visit) -> Reply {
    let (accepted, reply) = match route(ask, visit) {
        None => (&[][..], error(404, "Not Found", DOCS)),
        Some((accepted, 204, _)) if visit.covers(accepted) => (accepted, Reply::empty(204)),
        Some((accepted, status, body)) if visit.covers(accepted) => {
            (accepted, Reply::json(status, &body))
        }
        Some((accepted, ..)) => {
            let told = "Must have admin rights to Repository.";
            (accepted, error(403, told, DOCS))
        }
    };
    let reply = reply
        .with("x-oauth-scopes", visit.scopes_by(", "))
        .with("x-accepted-oauth-scopes", accepted.join(", "));
    match visit.ends.and_then(Wall::to_utc) {
        Some(ends) => reply.with(
            "github-authentication-token-expiration",
            ends.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
        None => reply,
    }
}

/// The answer to a caller who has asked too much in too short a time.
pub(super) fn limited(visit: &Visit, secs: u64) -> Reply {
    let told = "You have exceeded a secondary rate limit. \
                Please wait a few minutes before you try again.";
    let about = "https://docs.github.com/rest/using-the-rest-api/\
                 rate-limits-for-the-rest-api#about-secondary-rate-limits";
    with_headers(error(403, told, about), visit).with("retry-after", secs.to_string())
}

fn with_headers(reply: Reply, visit: &Visit) -> Reply {
    let limit = if visit.standing == Standing::Good {
        PER_HOUR
    } else {
        60
    };
    let used = visit.requests.min(limit);
    reply
        .with("server", "github.com")
        .with("x-github-media-type", "github.v3; format=json")
        .with("x-github-request-id", visit.request_id.to_uppercase())
        .with("x-ratelimit-limit", limit.to_string())
        .with("x-ratelimit-remaining", (limit - used).to_string())
        .with("x-ratelimit-used", used.to_string())
        .with("x-ratelimit-reset", next_hour(visit.now).to_string())
        .with("x-ratelimit-resource", "core")
}

fn error(status: u16, message: &str, docs: &str) -> Reply {
    let status_text = status.to_string();
    Reply::json(
        status,
        &json!({"message": message, "documentation_url": docs, "status": status_text}),
    )
}

fn user() -> Value {
    json!({"login": "acme-bot", "id": 583_231, "type": "User", "site_admin": false})
}

fn count(visit: &Visit) -> Value {
    let used = visit.requests.min(PER_HOUR);
    json!({
        "limit": PER_HOUR, "used": used, "remaining": PER_HOUR - used,
        "reset": next_hour(visit.now), "now": epoch(visit.now),
    })
}
