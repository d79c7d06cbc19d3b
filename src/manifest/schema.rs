//! The manifest as a JSON Schema, for editors: made from the tables that the manifest is read with.
//!
//! Keys come from [`super::shape`], so that a key cannot be in one and not in the other; only what
//! kind of value each takes is said here.

use super::shape::{self, Shape};
use serde_json::{Map, Value, json};

/// What a key takes.
enum Kind {
    Text,
    Flag,
    Count,
    Share,
    Date,
    Texts,
    /// One text or a list of them.
    TextOrTexts,
    /// One table, or `false` for none.
    TableOrFalse(&'static Shape),
    /// One table.
    Table(&'static Shape),
    /// A list of tables.
    Tables(&'static Shape),
    /// A table whose keys are names.
    Named(&'static Shape),
}

/// The schema of a manifest.
pub fn schema() -> Value {
    let mut root = table(&shape::ROOT);
    if let Value::Object(root) = &mut root {
        root.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        root.insert("title".to_owned(), json!("a lanewatch manifest"));
    }
    root
}

fn table(shape: &Shape) -> Value {
    let keys = shape.keys.iter();
    let properties: Map<String, Value> = keys
        .map(|key| ((*key).to_owned(), value(&kind(shape, key))))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count => json!({ "type": "integer", "minimum": 1 }),
        Kind::Share => json!({ "type": "number" }),
        Kind::Date => {
            json!({ "type": "string", "description": "RFC 3339, as text or as a TOML date" })
        }
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::TextOrTexts => json!({ "anyOf": [value(&Kind::Text), value(&Kind::Texts)] }),
        Kind::Table(shape) => table(shape),
        Kind::TableOrFalse(shape) => json!({ "anyOf": [table(shape), value(&Kind::Flag)] }),
        Kind::Tables(shape) => json!({ "type": "array", "items": table(shape) }),
        Kind::Named(shape) => json!({ "type": "object", "additionalProperties": table(shape) }),
    }
}

fn kind(of: &Shape, key: &str) -> Kind {
    match (of.title, key) {
        ("[defaults]", "route") => Kind::Table(&shape::DEFAULT_ROUTE),
        ("[defaults]", "credential") => Kind::Table(&shape::DEFAULT_CREDENTIAL),
        ("[defaults]", "probe") => Kind::TableOrFalse(&shape::DEFAULT_PROBE),
        ("[defaults]", "expiry") => Kind::Table(&shape::DEFAULT_EXPIRY),
        (_, "limits") => Kind::Table(&shape::LIMITS),
        (_, "defaults") => Kind::Table(&shape::DEFAULTS),
        (_, "stores") => Kind::Named(&shape::STORE),
        (_, "lane") => Kind::Tables(&shape::LANE),
        (_, "alert") => Kind::Tables(&shape::ALERT),
        (_, "neighbor") => Kind::Tables(&shape::NEIGHBOR),
        (_, "auth") => Kind::Table(&shape::AUTH),
        (_, "approle") => Kind::Table(&shape::APPROLE),
        (_, "token" | "role_id" | "secret_id") => Kind::Table(&shape::SECRET_FROM),
        (_, "route") => Kind::Table(&shape::ROUTE),
        (_, "credential") => Kind::Table(&shape::CREDENTIAL),
        (_, "client_secret") => Kind::Table(&shape::CLIENT_SECRET),
        (_, "scopes") => Kind::Table(&shape::SCOPES),
        (_, "probe") => Kind::TableOrFalse(&shape::PROBE),
        (_, "expiry") => Kind::Table(&shape::EXPIRY),
        (_, "per_host" | "in_all") => Kind::Count,
        (_, "refresh_at") => Kind::Share,
        (_, "expires_at") => Kind::Date,
        (_, "allow_unmanaged" | "side_effect_free" | "control" | "rotate") => Kind::Flag,
        (_, "require" | "forbid" | "lanes" | "command" | "read" | "write") => Kind::Texts,
        (_, "scope") => Kind::TextOrTexts,
        _ => Kind::Text,
    }
}
