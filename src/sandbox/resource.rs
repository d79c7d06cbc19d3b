//! The sandbox's own API, for lanes of the `oauth-generic` provider.
//!
//! It keeps to RFC 6750: one code, `invalid_token`, for everything that is wrong with a token, a
//! challenge in `WWW-Authenticate` with every 401 and 403, and the missing scope named in it.

use super::visit::{Standing, Visit};
use super::wire::{Ask, Reply};
use crate::secret::Secret;
use serde_json::{Value, json};

/// The token that a request shows.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.token(&["Bearer"])
}

/// The scope a call needs, the status and the body.
fn route(ask: &Ask, visit: &Visit) -> Option<(&'static [&'static str], u16, Value)> {
    let steps = ask.steps();
    Some(match (ask.method.as_str(), steps.as_slice()) {
        ("GET", ["api", "me"]) => (
            &[],
            200,
            json!({"account": visit.account, "scope": visit.scopes_by(" ")}),
        ),
        ("GET", ["api", "contacts"]) => (
            &["contacts:read"],
            200,
            json!({"contacts": [{"id": 31, "name": "Ines Duarte"}]}),
        ),
        ("POST", ["api", "contacts"]) => (&["contacts:write"], 201, json!({"id": 32})),
        ("GET", ["api", "tickets"]) => (
            &["tickets:read"],
            200,
            json!({"tickets": [{"id": 5_501, "subject": "Invoice twice"}]}),
        ),
        ("POST", ["api", "tickets", _, "replies"]) => (&["tickets:write"], 201, json!({"id": 8})),
        ("GET", ["api", "events"]) => (&["calendar:read"], 200, json!({"events": []})),
        ("POST", ["api", "events"]) => (&["calendar:write"], 201, json!({"id": 77})),
        ("POST", ["api", "payments"]) => (&["payments:write"], 201, json!({"id": 4})),
        _ => return None,
    })
}

/// The answer to a caller who is not rate limited.
pub(super) fn answer(ask: &Ask, visit: &Visit) -> Reply {
    let reply = match visit.standing {
        // A challenge to nobody in particular names no error.
        Standing::Absent => Reply::empty(401).with("www-authenticate", "Bearer realm=\"sandbox\""),
        Standing::Unknown | Standing::Revoked => invalid_token("The access token is invalid"),
        Standing::Expired => invalid_token("The access token expired"),
        Standing::Good => match route(ask, visit) {
            None => Reply::json(404, &json!({"error": "not_found"})),
            Some((any_of, status, body)) if visit.covers(any_of) => Reply::json(status, &body),
            Some((any_of, ..)) => {
                let scope = any_of.join(" ");
                challenge(
                    403,
                    "insufficient_scope",
                    "The request needs more than the access token grants",
                    &format!(", scope=\"{scope}\""),
                )
            }
        },
    };
    with_id(reply, visit)
}

fn invalid_token(description: &str) -> Reply {
    challenge(401, "invalid_token", description, "")
}

fn challenge(status: u16, error: &str, description: &str, more: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": error, "error_description": description}),
    )
    .with(
        "www-authenticate",
        format!(
            "Bearer realm=\"sandbox\", error=\"{error}\", \
             error_description=\"{description}\"{more}"
        ),
    )
}

/// The answer to a caller who has asked too often.
pub(super) fn limited(visit: &Visit, secs: u64) -> Reply {
    let body = json!({"title": "Too Many Requests", "status": 429});
    with_id(Reply::json(429, &body), visit).with("retry-after", secs.to_string())
}

fn with_id(reply: Reply, visit: &Visit) -> Reply {
    reply.with("x-request-id", visit.request_id.clone())
}
