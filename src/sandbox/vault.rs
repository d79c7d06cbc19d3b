//! The vault over the wire: as much of OpenBao's API as reading, watching and replacing a secret
//! takes, with its status codes and its words.

use super::kv::{Kv, Version};
use super::wire::{Ask, Reply};
use crate::lane::Wall;
use crate::secret::Secret;
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

/// What lanewatch may read and write.
const READABLE: [&str; 2] = ["lanes/", "clients/"];
const WRITABLE: &str = "lanes/";

/// The answer, and whether the caller's token is the vault's is `proven`.
pub(super) fn answer(ask: &Ask, kv: &mut Kv, proven: bool, started: Wall, now: Wall) -> Reply {
    let steps = ask.steps();
    let ["v1", rest @ ..] = steps.as_slice() else {
        return Reply::json(404, &json!({"errors": []}));
    };
    if rest == ["sys", "health"] {
        return health(kv.sealed, now);
    }
    if kv.sealed {
        return error(503, "Vault is sealed");
    }
    if !proven {
        return error(403, "permission denied");
    }
    let reply = match (ask.method.as_str(), rest) {
        ("GET", ["auth", "token", "lookup-self"]) => lookup_self(kv, started),
        ("POST" | "PUT", ["auth", "token", "renew-self"]) => error(400, "lease is not renewable"),
        (method, ["secret", "data", path @ ..]) => data(method, &path.join("/"), ask, kv, now),
        ("GET", ["secret", "metadata", path @ ..]) => metadata(&path.join("/"), kv),
        _ => Reply::json(404, &json!({"errors": []})),
    };
    reply.with("cache-control", "no-store")
}

/// The token that a request shows, in either of the two headers.
pub(super) fn token(ask: &Ask) -> Option<Secret> {
    ask.header("x-vault-token")
        .map(|text| Secret::new(text.to_owned()))
        .or_else(|| ask.token(&["Bearer"]))
}

fn data(method: &str, path: &str, ask: &Ask, kv: &mut Kv, now: Wall) -> Reply {
    match method {
        "GET" if READABLE.iter().any(|head| path.starts_with(head)) => read(path, ask, kv),
        "POST" | "PUT" if path.starts_with(WRITABLE) => write(path, ask, kv, now),
        "GET" | "POST" | "PUT" => error(403, "1 error occurred:\n\t* permission denied\n\n"),
        _ => error(405, "unsupported operation"),
    }
}

fn read(path: &str, ask: &Ask, kv: &Kv) -> Reply {
    let asked = ask.query("version").map(|number| number.parse::<u64>());
    let Ok(number) = asked.transpose() else {
        return error(400, "Field validation failed: version is not a number");
    };
    match kv.version(path, number.unwrap_or_default()) {
        None => Reply::json(404, &json!({"errors": []})),
        Some(version) => ok(&json!({"data": version.data(), "metadata": about(version)})),
    }
}

fn write(path: &str, ask: &Ask, kv: &mut Kv, now: Wall) -> Reply {
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(&ask.body) else {
        return error(400, "failed to parse JSON input");
    };
    let Some(data) = body.get("data").and_then(Value::as_object) else {
        return error(400, "no data provided");
    };
    let cas = body.get("options").and_then(|options| options.get("cas"));
    let Ok(cas) = cas.map(|number| number.as_u64().ok_or(())).transpose() else {
        return error(400, "error parsing check-and-set parameter");
    };
    match kv.put_if(path, data, cas, now) {
        Err(_outrun) => error(
            400,
            "check-and-set parameter did not match the current version",
        ),
        Ok(number) => match kv.version(path, number) {
            Some(version) => ok(&about(version)),
            None => error(500, "internal error"),
        },
    }
}

fn metadata(path: &str, kv: &Kv) -> Reply {
    let versions = kv.versions(path);
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
        return Reply::json(404, &json!({"errors": []}));
    };
    let each = versions.iter().map(|version| {
        let mut about = about(version);
        if let Some(fields) = about.as_object_mut() {
            fields.remove("version");
            fields.remove("custom_metadata");
        }
        (version.number.to_string(), about)
    });
    ok(&json!({
        "cas_required": false, "custom_metadata": null, "delete_version_after": "0s",
        "max_versions": 0, "current_version": last.number, "oldest_version": first.number,
        "created_time": stamp(first.created), "updated_time": stamp(last.created),
        "versions": each.collect::<Map<_, _>>(),
    }))
}

fn about(version: &Version) -> Value {
    json!({
        "created_time": stamp(version.created), "custom_metadata": null, "deletion_time": "",
        "destroyed": false, "version": version.number,
    })
}

fn lookup_self(kv: &Kv, started: Wall) -> Reply {
    let born = started.0.div_euclid(1_000);
    ok(&json!({
        "accessor": "sandbox", "id": kv.token.expose(), "display_name": "token",
        "creation_time": born, "creation_ttl": 0, "ttl": 0, "explicit_max_ttl": 0,
        "expire_time": null, "issue_time": stamp(started), "entity_id": "", "meta": null,
        "num_uses": 0, "orphan": true, "path": "auth/token/create", "renewable": false,
        "policies": ["default", "lanewatch"], "type": "service",
    }))
}

fn health(sealed: bool, now: Wall) -> Reply {
    let status = if sealed { 503 } else { 200 };
    Reply::json(
        status,
        &json!({
            "initialized": true, "sealed": sealed, "standby": sealed,
            "server_time_utc": now.0.div_euclid(1_000), "version": "2.7.2",
            "cluster_name": "sandbox",
        }),
    )
}

fn ok(data: &Value) -> Reply {
    Reply::json(
        200,
        &json!({
            "request_id": "00000000-0000-0000-0000-000000000000", "lease_id": "",
            "renewable": false, "lease_duration": 0, "data": data,
            "wrap_info": null, "warnings": null, "auth": null,
        }),
    )
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "errors": [message] }))
}

/// A moment as OpenBao writes it.
fn stamp(at: Wall) -> String {
    at.to_utc()
        .map(|at| at.to_rfc3339_opts(SecondsFormat::Nanos, true))
        .unwrap_or_default()
}
