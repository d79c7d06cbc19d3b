//! TOML read with its positions, so that every mistake of a pack is told at once, each with its
//! line, its column and what to do about it.

use super::phrasebook::Phrases;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake in a pack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackMistake {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for PackMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            what,
            hint,
        } = self;
        write!(f, "{file}:{line}:{column}: {what}")?;
        if hint.is_empty() {
            return Ok(());
        }
        write!(f, " — {hint}")
    }
}

/// Every mistake of one or more packs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct PackMistakes(pub Vec<PackMistake>);

impl fmt::Display for PackMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(mistake, f)?;
        }
        Ok(())
    }
}

/// The text of a pack and the mistakes found in it so far.
pub(super) struct Reader<'t> {
    file: String,
    text: &'t str,
    pub(super) mistakes: Vec<PackMistake>,
    /// The phrases of its rules.
    pub(super) phrases: Phrases,
}

/// Where something stands in the text.
pub(super) type Span = Range<usize>;

impl<'t> Reader<'t> {
    pub(super) fn new(file: &str, text: &'t str) -> Self {
        Self {
            file: file.to_owned(),
            text,
            mistakes: Vec::new(),
            phrases: Phrases::default(),
        }
    }

    /// Notes a mistake at `span`.
    pub(super) fn mistake(
        &mut self,
        span: &Span,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        self.mistakes.push(PackMistake {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column,
            what: what.into(),
            hint: hint.into(),
        });
    }
}

/// One table of a pack.
#[derive(Clone)]
pub(super) struct Table<'v, 'i> {
    pub(super) map: &'v DeTable<'i>,
    pub(super) span: Span,
}

impl<'v, 'i> Table<'v, 'i> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'v Spanned<DeValue<'i>>> {
        self.map.get(key)
    }

    /// Notes every key that is not in `known`.
    pub(super) fn only(&self, reader: &mut Reader<'_>, known: &[&str]) {
        for key in self.map.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                let name = key.get_ref();
                let close = known
                    .iter()
                    .map(|one| (strsim::damerau_levenshtein(one, name), one))
                    .min()
                    .filter(|(distance, _)| *distance <= 2);
                let hint = match close {
                    Some((_, one)) => format!("did you mean `{one}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                reader.mistake(&key.span(), format!("unknown key `{name}`"), hint);
            }
        }
    }

    /// A text.
    pub(super) fn text(&self, reader: &mut Reader<'_>, key: &str) -> Option<(String, Span)> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            other => {
                wrong(reader, &value.span(), key, "a text", other);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, reader: &mut Reader<'_>, key: &str) -> Option<(String, Span)> {
        if self.get(key).is_none() {
            reader.mistake(&self.span, format!("`{key}` is missing"), "");
        }
        self.text(reader, key)
    }

    /// Yes or no; no if it is not there.
    pub(super) fn flag(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            wrong(reader, &value.span(), key, "true or false", value.get_ref());
        }
        found
    }

    /// A text, number or boolean, or a list of them, as texts.
    pub(super) fn texts(&self, reader: &mut Reader<'_>, key: &str) -> Option<Vec<(String, Span)>> {
        let value = self.get(key)?;
        let one = |value: &Spanned<DeValue<'_>>| -> Option<(String, Span)> {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Boolean(yes) => yes.to_string(),
                _ => return None,
            };
            Some((text, value.span()))
        };
        let mut found = Vec::new();
        let list = value.get_ref().as_array();
        let items: Vec<_> = match list {
            Some(list) => list.iter().collect(),
            None => vec![value],
        };
        for item in items {
            match one(item) {
                Some(text) => found.push(text),
                None => wrong(
                    reader,
                    &item.span(),
                    key,
                    "a text or a list of texts",
                    item.get_ref(),
                ),
            }
        }
        if found.is_empty() {
            reader.mistake(
                &value.span(),
                format!("`{key}` lists nothing"),
                "leave it out or fill it",
            );
        }
        Some(found)
    }

    /// A table.
    pub(super) fn table(&self, reader: &mut Reader<'_>, key: &str) -> Option<Table<'v, 'i>> {
        let value = self.get(key)?;
        let found = as_table(value);
        if found.is_none() {
            wrong(reader, &value.span(), key, "a table", value.get_ref());
        }
        found
    }

    /// One table, or a list of them.
    pub(super) fn tables(&self, reader: &mut Reader<'_>, key: &str) -> Vec<Table<'v, 'i>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            return self.table(reader, key).into_iter().collect();
        };
        let mut found = Vec::new();
        for item in list.iter() {
            match as_table(item) {
                Some(table) => found.push(table),
                None => wrong(reader, &item.span(), key, "a table", item.get_ref()),
            }
        }
        found
    }
}

fn as_table<'v, 'i>(value: &'v Spanned<DeValue<'i>>) -> Option<Table<'v, 'i>> {
    let map = value.get_ref().as_table()?;
    Some(Table {
        map,
        span: value.span(),
    })
}

fn wrong(reader: &mut Reader<'_>, span: &Span, key: &str, want: &str, got: &DeValue<'_>) {
    let what = format!("`{key}` must be {want}, not {}", got.type_str());
    reader.mistake(span, what, "");
}
