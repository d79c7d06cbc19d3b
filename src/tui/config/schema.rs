//! `config.toml` as a JSON Schema, for editors: made from the tables that it is read with.

use super::keys::{actions, contexts};
use super::table::{COLUMN, KEYS, Kind, REACH_KEYS, SORT, colors, columns, groups, orders};
use crate::tui::keymap::Context;
use crate::tui::model::column::WIDTHS;
use serde_json::{Map, Value, json};

/// The schema of a configuration.
pub fn schema() -> Value {
    let properties: Map<String, Value> = KEYS
        .iter()
        .map(|key| {
            let mut value = match key.name {
                "keys_in" => keys_in(),
                _ => value(key.kind),
            };
            if let Value::Object(value) = &mut value {
                value.insert("description".to_owned(), json!(key.about));
            }
            (key.name.to_owned(), value)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "the lanewatch configuration",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn value(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Flag => flag(),
        Kind::Color => names(&colors()),
        Kind::Group => names(&groups()),
        Kind::Sort => json!({ "anyOf": [names(&orders()), table(SORT.keys, |key| match key {
            "by" => names(&orders()),
            _ => flag(),
        })] }),
        Kind::Columns => {
            let (least, most) = WIDTHS;
            let more = table(COLUMN.keys, |key| match key {
                "column" => names(&columns()),
                "width" => json!({ "type": "integer", "minimum": least, "maximum": most }),
                _ => flag(),
            });
            json!({ "type": "array", "items": { "anyOf": [names(&columns()), more] } })
        }
        Kind::Reach => {
            let names: Vec<_> = REACH_KEYS.iter().map(|key| key.name).collect();
            table(&names, |name| {
                let key = REACH_KEYS.iter().find(|key| key.name == name);
                match key.map_or(&[][..], |key| key.choices) {
                    [] => flag(),
                    choices => json!({ "type": "string", "enum": choices }),
                }
            })
        }
        Kind::Keys => keys(Context::Main),
    }
}

fn keys_in() -> Value {
    let contexts = contexts();
    let properties: Map<String, Value> = contexts
        .into_iter()
        .map(|(name, context)| (name, keys(context)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn keys(context: Context) -> Value {
    let names = actions(context);
    let names: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    let key = json!({ "type": "string" });
    let several = json!({ "type": "array", "items": { "type": "string" } });
    table(&names, |_| json!({ "anyOf": [key, several] }))
}

fn table(keys: &[&str], value: impl Fn(&str) -> Value) -> Value {
    let keys = keys.iter();
    let properties: Map<String, Value> = keys.map(|key| ((*key).to_owned(), value(key))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn names<T>(all: &[(String, T)]) -> Value {
    let names: Vec<_> = all.iter().map(|(name, _)| name).collect();
    json!({ "type": "string", "enum": names })
}
