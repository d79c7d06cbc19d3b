//! The schema for editors accepts what the reader accepts.

use super::files;
use serde_json::Value;

/// What a value does not keep to of a schema: the few words of JSON Schema that ours uses.
fn breaches(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|one| {
            let mut inner = Vec::new();
            breaches(one, value, at, &mut inner);
            inner.is_empty()
        });
        if !fits {
            found.push(format!("{at} fits nothing"));
        }
        return;
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        other => panic!("{at}: {other:?}"),
    };
    if !right {
        found.push(format!("{at} is no {}", schema["type"]));
        return;
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match (
            schema["properties"].get(key),
            &schema["additionalProperties"],
        ) {
            (None, more) if more.is_object() => breaches(more, value, &at, found),
            (None, _) => found.push(format!("{at} is unknown")),
            (Some(known), _) => breaches(known, value, &at, found),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        breaches(&schema["items"], item, &format!("{at}[{index}]"), found);
    }
}

fn judged(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    let mut found = Vec::new();
    let value = plain(toml::Value::Table(table));
    breaches(&lanewatch::manifest::schema(), &value, "", &mut found);
    found
}

/// As an editor sees it: dates are text.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(pairs) => {
            let pairs = pairs.into_iter().map(|(key, value)| (key, plain(value)));
            Value::Object(pairs.collect())
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn every_sample_keeps_to_the_schema() {
    for sample in files("", "toml") {
        let text = std::fs::read_to_string(&sample).unwrap();
        let found = judged(&text);
        assert!(found.is_empty(), "{}: {found:?}", sample.display());
    }
}

#[test]
fn an_unknown_key_breaks_the_schema_as_it_breaks_the_reader() {
    let text = "[[lane]]\nname = \"a\"\nprovdier = \"x\"\n[lane.credential]\nkind = 5\n";
    assert_eq!(
        judged(text),
        [
            ".lane[0].credential.kind is no \"string\"",
            ".lane[0].provdier is unknown"
        ]
    );
}
