//! Answers as Stripe's API gives them to a restricted key.
//!
//! An expired key has a code; a deleted one is `Invalid API Key`, just as one that never was. No
//! answer says what a key may do, but a denial names the permission that would have sufficed. A
//! rate limit does not say how long to wait.

use super::visit::{Standing, Visit};
use super::wire::{Ask, Reply};
use crate::secret::Secret;
use serde_json::{Value, json};

/// The key that a request shows: as a bearer token, or as the user of a Basic header.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.token(&["Bearer"])
        .or_else(|| ask.basic().map(|(user, _)| Secret::new(user)))
}

/// The permission a call needs, the parameter it must have, and what it answers.
fn route(ask: &Ask) -> Option<(&'static str, Option<&'static str>, Value)> {
    let steps = ask.steps();
    let list = |url: &str| json!({"object": "list", "url": url, "has_more": false, "data": []});
    Some(match (ask.method.as_str(), steps.as_slice()) {
        ("GET", ["v1", "balance"]) => (
            "rak_balance_read",
            None,
            json!({
                "object": "balance", "livemode": false, "pending": [],
                "available": [{"amount": 104_250, "currency": "usd"}],
            }),
        ),
        ("GET", ["v1", "charges"]) => ("rak_charge_read", None, list("/v1/charges")),
        ("GET", ["v1", "refunds"]) => ("rak_charge_read", None, list("/v1/refunds")),
        ("POST", ["v1", "refunds"]) => (
            "rak_charge_write",
            Some("charge"),
            json!({"id": "re_sandbox", "object": "refund", "status": "succeeded"}),
        ),
        ("GET", ["v1", "payouts"]) => ("rak_payout_read", None, list("/v1/payouts")),
        ("POST", ["v1", "payouts"]) => (
            "rak_payout_write",
            Some("amount"),
            json!({"id": "po_sandbox", "object": "payout", "status": "pending"}),
        ),
        _ => return None,
    })
}

/// The answer to a caller who is not rate limited.
pub(super) fn answer(ask: &Ask, visit: &Visit) -> Reply {
    let key = &visit.redacted;
    let reply = match visit.standing {
        Standing::Absent => unauthorized(
            None,
            "You did not provide an API key. You need to provide your API key in the \
             Authorization header, using Bearer auth.",
        ),
        Standing::Unknown | Standing::Revoked => {
            unauthorized(None, &format!("Invalid API Key provided: {key}"))
        }
        Standing::Expired => unauthorized(
            Some("api_key_expired"),
            &format!("Expired API Key provided: {key}"),
        ),
        Standing::Good => good(ask, visit),
    };
    with_id(reply, visit)
}

fn good(ask: &Ask, visit: &Visit) -> Reply {
    let Some((needs, parameter, body)) = route(ask) else {
        let told = format!("Unrecognized request URL ({}: /...).", ask.method);
        return error(404, None, &told);
    };
    if !visit.covers(&[needs]) {
        let told = format!(
            "The provided key '{}' does not have the required permissions for this endpoint on \
             account 'acct_sandbox'. Having the '{needs}' permission would allow this request to \
             continue.",
            visit.redacted
        );
        return error(403, None, &told);
    }
    match parameter {
        Some(name) if !ask.form().contains_key(name) => {
            let told = format!("Missing required param: {name}.");
            error(400, Some("parameter_missing"), &told)
        }
        _ => Reply::json(200, &body),
    }
}

/// The answer to a caller who has asked too often.
pub(super) fn limited(visit: &Visit) -> Reply {
    let told = "Too many requests hit the API too quickly. \
                We recommend an exponential backoff of your requests.";
    with_id(error(429, Some("rate_limit"), told), visit)
        .with("stripe-rate-limited-reason", "global-rate")
}

fn unauthorized(code: Option<&str>, message: &str) -> Reply {
    error(401, code, message).with("www-authenticate", "Bearer realm=\"Stripe\"")
}

fn error(status: u16, code: Option<&str>, message: &str) -> Reply {
    let mut about = json!({"type": "invalid_request_error", "message": message});
    if let (Some(code), Some(fields)) = (code, about.as_object_mut()) {
        fields.insert("code".to_owned(), code.into());
        let docs = format!(
            "https://stripe.com/docs/error-codes/{}",
            code.replace('_', "-")
        );
        fields.insert("doc_url".to_owned(), docs.into());
    }
    Reply::json(status, &json!({ "error": about }))
}

fn with_id(reply: Reply, visit: &Visit) -> Reply {
    let id: String = visit.request_id.chars().take(14).collect();
    reply
        .with("request-id", format!("req_{id}"))
        .with("stripe-version", "2024-06-20")
}
