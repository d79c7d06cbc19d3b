//! A record that is a JSON object: read into secrets, and written back with only what changed.
//!
//! Members are kept as the exact text they came as, so that replacing one changes no other: no number
//! is rounded, no nested value reordered. The text is borrowed from a buffer that is zeroed.

use super::{StoreError, WHOLE};
use crate::plain::Plain;
use crate::secret::Secret;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The name given to a nameless value in a record that is still empty.
const FIRST: &str = "value";

/// The members of an object.
#[derive(Default)]
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

/// One member of a record to be written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Member<'a> {
    Kept(&'a RawValue),
    New(&'a str),
}

impl<'a> Fields<'a> {
    /// Reads an object. `None` if `text` is none; the parser's own message would quote the text.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// The fields as secrets. The one that is `wanted` has to be text; without a name there has to be
    /// exactly one.
    pub(super) fn secrets(
        &self,
        wanted: Option<&str>,
    ) -> Result<BTreeMap<String, Secret>, StoreError> {
        let wanted = match wanted {
            Some(name) => name,
            None => self.only()?,
        };
        let Some(raw) = self.0.get(wanted) else {
            return Err(unusable(&format!(
                "it has no field `{wanted}`; it has {}",
                self.names()
            )));
        };
        match text_of(raw) {
            None => {
                return Err(unusable(&format!(
                    "its field `{wanted}` is {}, not text",
                    kind_of(raw)
                )));
            }
            Some(secret) if secret.is_empty() => {
                return Err(unusable(&format!("its field `{wanted}` is empty")));
            }
            Some(_) => {}
        }
        let read = |(name, raw): (&String, &&RawValue)| {
            let text = text_of(raw).or_else(|| scalar_of(raw))?;
            Some((name.clone(), text))
        };
        Ok(self.0.iter().filter_map(read).collect())
    }

    /// The members with `new` put in place of those of the same names.
    pub(super) fn with<'b>(
        &'b self,
        new: &'b BTreeMap<String, Secret>,
    ) -> Result<BTreeMap<&'b str, Member<'b>>, StoreError> {
        let kept = self.0.iter();
        let mut all: BTreeMap<_, _> = kept
            .map(|(name, raw)| (name.as_str(), Member::Kept(raw)))
            .collect();
        for (name, secret) in new {
            let name = match (name.as_str(), self.0.is_empty()) {
                (WHOLE, true) => FIRST,
                (WHOLE, false) => self.only()?,
                (name, _) => name,
            };
            all.insert(name, Member::New(secret.expose()));
        }
        Ok(all)
    }

    fn only(&self) -> Result<&str, StoreError> {
        let mut names = self.0.keys();
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name),
            (None, _) => Err(unusable("it has no fields")),
            (Some(_), Some(_)) => Err(unusable(&format!(
                "it has the fields {}: say in the manifest which one with `field`",
                self.names()
            ))),
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.0.keys().map(|name| format!("`{name}`")).collect();
        if names.is_empty() {
            "no fields".to_owned()
        } else {
            names.join(", ")
        }
    }
}

/// `value` as JSON, in a buffer that is zeroed.
pub(super) fn to_json(value: &impl Serialize) -> Result<Secret, StoreError> {
    let mut out = Zeroizing::new(Vec::with_capacity(4096));
    serde_json::to_writer(&mut *out, value)
        .map_err(|_| unusable("it cannot be written as JSON"))?;
    let text = String::from_utf8(std::mem::take(&mut *out));
    text.map(Secret::new)
        .map_err(|_| unusable("it cannot be written as JSON"))
}

pub(super) fn unusable(why: &str) -> StoreError {
    StoreError::Unusable(Plain::new(why))
}

fn text_of(raw: &RawValue) -> Option<Secret> {
    serde_json::from_str(raw.get()).ok().map(Secret::new)
}

fn scalar_of(raw: &RawValue) -> Option<Secret> {
    let text = raw.get();
    let scalar = text != "null" && !text.starts_with(['{', '[']);
    scalar.then(|| Secret::new(text.to_owned()))
}

fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'n') => "null",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        let owned = |(name, text): &(&str, &str)| ((*name).into(), Secret::new((*text).into()));
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn replacing_one_field_leaves_every_other_byte_of_the_record() {
        let fields = Fields::parse(
            r#"{"token":"old","big":12345678901234567890123,"nested":{"b":1.10,"a":[ 2 ]},"off":null}"#,
        )
        .unwrap();
        let new = secrets(&[("token", "n\"ew")]);
        let written = to_json(&fields.with(&new).unwrap()).unwrap();
        assert_eq!(
            written.expose(),
            r#"{"big":12345678901234567890123,"nested":{"b":1.10,"a":[ 2 ]},"off":null,"token":"n\"ew"}"#
        );
    }

    #[test]
    fn a_nameless_value_takes_the_only_name_there_is() {
        let new = secrets(&[(WHOLE, "v")]);
        let one = Fields::parse(r#"{"api_key":"o"}"#).unwrap();
        let written = to_json(&one.with(&new).unwrap()).unwrap();
        assert_eq!(written.expose(), r#"{"api_key":"v"}"#);
        let none = Fields::default();
        let written = to_json(&none.with(&new).unwrap()).unwrap();
        assert_eq!(written.expose(), r#"{"value":"v"}"#);
        let two = Fields::parse(r#"{"a":"1","b":"2"}"#).unwrap();
        assert!(matches!(two.with(&new), Err(StoreError::Unusable(_))));
    }

    #[test]
    fn a_field_that_is_missing_empty_or_no_text_is_named_without_its_content() {
        let fields = Fields::parse(r#"{"n":4711,"e":"","t":"canary"}"#).unwrap();
        let said = |wanted| fields.secrets(Some(wanted)).unwrap_err().to_string();
        assert!(said("n").ends_with("its field `n` is a number, not text"));
        assert!(said("e").ends_with("its field `e` is empty"));
        assert!(said("gone").ends_with("it has no field `gone`; it has `e`, `n`, `t`"));
        let all = fields.secrets(Some("t")).unwrap();
        assert_eq!(all.get("n").unwrap().expose(), "4711");
    }
}
