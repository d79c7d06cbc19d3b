//! Answers as GitLab's REST API gives them to a personal, project or group access token.
//!
//! GitLab says in words whether a token expired or was revoked. A token's life ends with a day, so
//! its end is a date. The rate limit's answer is plain text.

use super::visit::{Standing, Visit};
use super::wire::{Ask, Reply, epoch, http_date};
use crate::lane::Wall;
use crate::secret::Secret;
use serde_json::{Value, json};

const PER_MINUTE: u64 = 2_000;

/// The token that a request shows, in either of the two headers.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.header("private-token")
        .map(|text| Secret::new(text.to_owned()))
        .or_else(|| ask.token(&["Bearer"]))
}

/// The scopes of which any one will do, the status and the body.
fn route(ask: &Ask, visit: &Visit) -> Option<(&'static [&'static str], u16, Value)> {
    const READ: &[&str] = &["api", "read_api"];
    const WRITE: &[&str] = &["api"];
    let steps = ask.steps();
    let ["api", "v4", rest @ ..] = steps.as_slice() else {
        return None;
    };
    Some(match (ask.method.as_str(), rest) {
        ("GET", ["personal_access_tokens", "self"]) => (&[], 200, itself(visit)),
        ("GET", ["projects"]) => (READ, 200, json!([{"id": 42, "path": "storefront"}])),
        ("GET", ["projects", _, "pipelines"]) => (
            READ,
            200,
            json!([{"id": 9_100, "status": "success", "ref": "main"}]),
        ),
        ("POST", ["projects", _, "pipeline"]) => (
            WRITE,
            201,
            json!({"id": 9_101, "status": "created", "ref": "main"}),
        ),
        ("POST", ["projects", _, "issues"]) => (WRITE, 201, json!({"iid": 17, "state": "opened"})),
        ("GET", ["projects", _, "repository", "commits"]) => (
            &["api", "read_api", "read_repository"],
            200,
            json!([{"id": "8a5d0f2", "title": "Sort the index"}]),
        ),
        _ => return None,
    })
}

/// The answer to a caller who is not rate limited.
pub(super) fn answer(ask: &Ask, visit: &Visit) -> Reply {
    let reply = match visit.standing {
        Standing::Absent | Standing::Unknown => {
            Reply::json(401, &json!({"message": "401 Unauthorized"}))
        }
        Standing::Expired => {
            invalid_token("Token is expired. You can either do re-authorization or token refresh.")
        }
        Standing::Revoked => {
            invalid_token("Token was revoked. You have to re-authorize from the user.")
        }
        Standing::Good => match route(ask, visit) {
            None => Reply::json(404, &json!({"error": "404 Not Found"})),
            Some((any_of, status, body)) if visit.covers(any_of) => Reply::json(status, &body),
            Some((any_of, ..)) => Reply::json(
                403,
                &json!({
                    "error": "insufficient_scope",
                    "error_description":
                        "The request requires higher privileges than provided by the access token.",
                    "scope": any_of.join(" "),
                }),
            ),
        },
    };
    let used = visit.requests % PER_MINUTE;
    with_headers(reply, visit, used, next_minute(visit.now))
}

fn invalid_token(description: &str) -> Reply {
    Reply::json(
        401,
        &json!({"error": "invalid_token", "error_description": description}),
    )
}

/// The answer to a caller who has asked too often.
pub(super) fn limited(visit: &Visit, secs: u64) -> Reply {
    let reset = visit.now.plus(std::time::Duration::from_secs(secs));
    let reply = with_headers(
        Reply::text(429, "Retry later\n"),
        visit,
        PER_MINUTE,
        epoch(reset),
    );
    let reply = reply.with("retry-after", secs.to_string());
    match http_date(reset) {
        Some(date) => reply.with("ratelimit-resettime", date),
        None => reply,
    }
}

fn with_headers(reply: Reply, visit: &Visit, used: u64, reset: i64) -> Reply {
    reply
        .with(
            "x-request-id",
            format!("01{}", visit.request_id.to_uppercase()),
        )
        .with("ratelimit-name", "throttle_authenticated_api")
        .with("ratelimit-limit", PER_MINUTE.to_string())
        .with("ratelimit-observed", used.to_string())
        .with("ratelimit-remaining", (PER_MINUTE - used).to_string())
        .with("ratelimit-reset", reset.to_string())
}

const fn next_minute(at: Wall) -> i64 {
    let secs = epoch(at);
    secs - secs.rem_euclid(60) + 60
}

fn itself(visit: &Visit) -> Value {
    let ends = visit.ends.and_then(Wall::to_utc);
    let scopes: Vec<&str> = visit.scopes.iter().map(String::as_str).collect();
    json!({
        "id": 71_002, "name": "lanewatch", "revoked": false, "active": true, "user_id": 1_204,
        "description": null, "scopes": scopes,
        "created_at": visit.born.to_string(), "last_used_at": visit.now.to_string(),
        "expires_at": ends.map(|at| at.format("%Y-%m-%d").to_string()),
    })
}
