//! The OAuth token endpoint and what belongs to it: `/token` (RFC 6749), `/introspect` (RFC 7662),
//! `/revoke` (RFC 7009) and the metadata document (RFC 8414).

use super::grant::Refused;
use super::wire::{Ask, Reply, epoch};
use super::world::{Id, Use, World};
use crate::lane::Wall;
use crate::secret::Secret;
use serde_json::json;
use std::collections::BTreeMap;

/// The answer to a request that is not for the API.
pub(super) fn answer(ask: &Ask, world: &mut World, now: Wall) -> Reply {
    let steps = ask.steps();
    match (ask.method.as_str(), steps.as_slice()) {
        ("POST", [what @ ("token" | "introspect" | "revoke")]) => {
            no_store(asked(what, ask, world, now))
        }
        (_, ["token" | "introspect" | "revoke"]) => Reply::empty(405).with("allow", "POST"),
        ("GET", [".well-known", "oauth-authorization-server"]) => metadata(ask),
        _ => Reply::json(404, &json!({"error": "not_found"})),
    }
}

fn asked(what: &str, ask: &Ask, world: &mut World, now: Wall) -> Reply {
    let mut form = ask.form();
    let mut take = |name: &str| form.remove(name).map(Secret::new);
    let (refresh, token) = (take("refresh_token"), take("token"));
    let posted = (take("client_id"), take("client_secret"));
    let basic = ask.basic();
    let claimed = basic.as_ref().map(|(id, _)| decoded(id));
    let claimed = claimed.or_else(|| posted.0.as_ref().map(|id| id.expose().to_owned()));
    let client = claimed.and_then(|id| world.client(&id));
    let shown = refresh.as_ref().or(token.as_ref());
    let nothing = Secret::new(String::new());
    if world.token_endpoint_is_down(client, shown.unwrap_or(&nothing)) {
        return Reply::gateway(503);
    }
    let secret = match (&basic, posted.1) {
        (Some(_), Some(_)) => {
            let told = "the client proves itself in two ways at once";
            return error(400, Refused("invalid_request", told));
        }
        (Some((_, password)), None) => Some(Secret::new(decoded(password.expose()))),
        (None, posted) => posted,
    };
    let proven = client.zip(secret).and_then(|(client, secret)| {
        let proves = world.client_proves_itself(client, &secret);
        proves.then_some(client)
    });
    let Some(client) = proven else {
        let told = "the client is unknown or did not prove itself";
        return error(401, Refused("invalid_client", told))
            .with("www-authenticate", "Basic realm=\"sandbox\"");
    };
    match (what, token) {
        ("token", _) => exchange(client, refresh.as_ref(), &form, world, now),
        (_, None) => error(400, Refused("invalid_request", "the token is missing")),
        ("introspect", Some(token)) => introspect(client, &token, world, now),
        (_, Some(token)) if world.revoke(client, &token) => {
            let told = "the token was issued to another client";
            error(400, Refused("invalid_request", told))
        }
        _ => Reply::empty(200),
    }
}

fn exchange(
    client: Id,
    refresh: Option<&Secret>,
    form: &BTreeMap<String, String>,
    world: &mut World,
    now: Wall,
) -> Reply {
    let refused = match form.get("grant_type").map(String::as_str) {
        Some("refresh_token") => None,
        None => Some(Refused("invalid_request", "the grant_type is missing")),
        Some(_) => Some(Refused(
            "unsupported_grant_type",
            "only refresh_token is supported",
        )),
    };
    if let Some(refused) = refused {
        return error(400, refused);
    }
    let Some(refresh) = refresh else {
        return error(
            400,
            Refused("invalid_request", "the refresh_token is missing"),
        );
    };
    let scope = form.get("scope").map(String::as_str);
    match world.exchange(
        client,
        refresh,
        scope.filter(|scope| !scope.is_empty()),
        now,
    ) {
        Err(refused) => error(400, refused),
        Ok(granted) => {
            let scopes: Vec<&str> = granted.scopes.iter().map(String::as_str).collect();
            Reply::json(
                200,
                &json!({
                    "access_token": granted.access.expose(),
                    "token_type": "Bearer",
                    "expires_in": granted.expires_in,
                    "refresh_token": granted.refresh.expose(),
                    "scope": scopes.join(" "),
                }),
            )
        }
    }
}

fn introspect(client: Id, token: &Secret, world: &World, now: Wall) -> Reply {
    let Some(known) = world.introspect(client, token, now) else {
        return Reply::json(200, &json!({"active": false}));
    };
    let scopes: Vec<&str> = known.scopes.iter().map(String::as_str).collect();
    let mut body = json!({
        "active": true, "sub": known.account, "scope": scopes.join(" "), "iat": epoch(known.born),
    });
    if let Some(fields) = body.as_object_mut() {
        if let Some(ends) = known.ends {
            fields.insert("exp".to_owned(), epoch(ends).into());
        }
        if known.used_for == Use::Access {
            fields.insert("token_type".to_owned(), "Bearer".into());
        }
    }
    Reply::json(200, &body)
}

fn metadata(ask: &Ask) -> Reply {
    let issuer = format!("http://{}", ask.header("host").unwrap_or("127.0.0.1"));
    let ways = ["client_secret_basic", "client_secret_post"];
    Reply::json(
        200,
        &json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/token"),
            "introspection_endpoint": format!("{issuer}/introspect"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "grant_types_supported": ["refresh_token"],
            "token_endpoint_auth_methods_supported": ways,
        }),
    )
}

/// One half of a Basic header, which RFC 6749 section 2.3.1 wants encoded like a form's value.
fn decoded(text: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

fn error(status: u16, Refused(code, description): Refused) -> Reply {
    Reply::json(
        status,
        &json!({"error": code, "error_description": description}),
    )
}

fn no_store(reply: Reply) -> Reply {
    reply
        .with("cache-control", "no-store")
        .with("pragma", "no-cache")
}
