//! From the text of `config.toml` to what it wishes, or to every mistake in it.

use super::Wishes;
use super::keys;
use super::table::{COLUMN, REACH, REACH_KEYS, ROOT, SORT, colors, columns, groups, orders};
use crate::manifest::document::tree;
use crate::manifest::mistake::{Complaints, Mistakes, nearest, one_of};
use crate::manifest::section::{Given, Section, Text, kind_of, text_of};
use crate::plain::Plain;
use crate::tui::model::{Column, Columns, Sort};
use serde::Deserialize as _;
use std::path::Path;
use toml::de::DeValue;

/// What a file says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FileWishes {
    /// Its preferences.
    pub wishes: Wishes,
    /// What works but will not everywhere: file, line, column and a sentence.
    pub warnings: Vec<Plain>,
}

/// Reads a configuration; `path` is only for the mistakes.
///
/// # Errors
/// All the mistakes in it.
pub fn parse(path: &Path, text: &str) -> Result<FileWishes, Mistakes> {
    let mut book = Complaints::default();
    let mut doubts = Complaints::default();
    let document = tree(text, text, &mut book);
    let root = Section::new(document.get_ref(), 0, &ROOT, None, &mut book);
    let color = root.text("color", &mut book);
    let color = color.and_then(|text| choice(text, "choice of colours", &colors(), &mut book));
    let group = root.text("group", &mut book);
    let group = group.and_then(|text| choice(text, "way to group", &groups(), &mut book));
    let mut wishes = Wishes {
        theme: root
            .text("theme", &mut book)
            .ok()
            .map(|text| text.value.to_owned()),
        color: color.ok(),
        ask_background: root.flag("ask_background", &mut book).ok(),
        ascii: root.flag("ascii", &mut book).ok(),
        columns: read_columns(&root, &mut book),
        sort: read_sort(&root, &mut book),
        group: group.ok(),
        keys: keys::read(&root, &mut book, &mut doubts),
        mouse: root.flag("mouse", &mut book).ok(),
        private: root.flag("private", &mut book).ok(),
        read_only: root.flag("read_only", &mut book).ok(),
        sync: root.flag("sync", &mut book).ok(),
        reach: [None; 5],
    };
    if let Given::Is(reach) = root.section("reach", &REACH, &mut book) {
        for (wish, key) in wishes.reach.iter_mut().zip(&REACH_KEYS) {
            if key.choices.is_empty() {
                let flag = reach.flag(key.name, &mut book).ok();
                *wish = flag.map(|flag| if flag { "true" } else { "false" });
                continue;
            }
            let all: Vec<_> = key
                .choices
                .iter()
                .map(|it| ((*it).to_owned(), *it))
                .collect();
            let what = format!("choice for `{}`", key.name);
            let text = reach.text(key.name, &mut book);
            *wish = text
                .and_then(|text| choice(text, &what, &all, &mut book))
                .ok();
        }
    }
    if !book.is_empty() {
        return Err(book.finish(path, text));
    }
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let doubts = doubts.finish(path, text).list.into_iter();
    let warnings = doubts.map(|doubt| {
        let (line, column) = (doubt.line, doubt.column);
        Plain::new(&format!("{name}:{line}:{column}: {}", doubt.what))
    });
    Ok(FileWishes {
        wishes,
        warnings: warnings.collect(),
    })
}

/// The one of `all` that `text` names.
pub(super) fn choice<T: Copy>(
    text: Text<'_>,
    what: &str,
    all: &[(String, T)],
    book: &mut Complaints,
) -> Option<T> {
    let found = all.iter().find(|(name, _)| name == text.value);
    if found.is_none() {
        let names = || all.iter().map(|(name, _)| name.as_str());
        let hint = match nearest(text.value, names()) {
            Some(name) => format!("write \"{name}\""),
            None => format!("write {}", one_of(names())),
        };
        book.at(text.at, format!("“{}” is no {what}", text.value), hint);
    }
    found.map(|(_, value)| *value)
}

fn read_sort(root: &Section<'_>, book: &mut Complaints) -> Option<Sort> {
    let value = root.get("sort")?;
    let by = |text, book: &mut Complaints| choice(text, "order", &orders(), book);
    if let Some(text) = text_of(value) {
        let by = by(text, book)?;
        return Some(Sort {
            by,
            reversed: false,
        });
    }
    let section = Section::open(value, &SORT, None, book)?;
    let order = section.text("by", book);
    let reversed = section.flag("reversed", book).ok().unwrap_or(false);
    let order = order
        .and_then(|text| by(text, book))
        .ok()
        .unwrap_or_default();
    Some(Sort {
        by: order,
        reversed,
    })
}

/// Each item is checked where it stands; what they make together is judged by [`Columns`] itself.
fn read_columns(root: &Section<'_>, book: &mut Complaints) -> Option<Columns> {
    let value = root.get("columns")?;
    let DeValue::Array(items) = value.get_ref() else {
        let what = format!("`columns` is {}, not a list", kind_of(value.get_ref()));
        book.at(
            value.span().start,
            what,
            "write columns = [\"state\", \"lane\", …]",
        );
        return None;
    };
    let known = columns();
    let mut seen: Vec<Column> = Vec::new();
    let mut wishes = Vec::new();
    let mut whole = true;
    for item in items.iter() {
        let wish = column(item, &known, &mut seen, book);
        whole &= wish.is_some();
        wishes.extend(wish);
    }
    if !whole {
        return None;
    }
    match Columns::deserialize(serde_json::Value::Array(wishes)) {
        Ok(columns) => Some(columns),
        Err(error) => {
            book.at(
                value.span().start,
                error.to_string(),
                "see `lanewatch --print-config`",
            );
            None
        }
    }
}

fn column(
    item: &toml::Spanned<DeValue<'_>>,
    known: &[(String, Column)],
    seen: &mut Vec<Column>,
    book: &mut Complaints,
) -> Option<serde_json::Value> {
    let mut named = |text: Text<'_>, book: &mut Complaints| {
        let column = choice(text, "column", known, book)?;
        if seen.contains(&column) {
            let what = format!("the column “{}” is listed twice", text.value);
            book.at(text.at, what, "leave one of them out");
            return None;
        }
        seen.push(column);
        Some(text.value.to_owned())
    };
    if let Some(text) = text_of(item) {
        return Some(serde_json::Value::String(named(text, book)?));
    }
    let section = Section::open(item, &COLUMN, None, book)?;
    let width = section.count("width", 80, book);
    let pinned = section.flag("pinned", book).ok().unwrap_or(false);
    let Given::Is(text) = section.text("column", book) else {
        if !section.has("column") {
            section.missing("column", "write column = \"route\"", book);
        }
        return None;
    };
    let name = named(text, book)?;
    match width {
        Given::Is(width) if width < 4 => {
            let what = "a column is 4 to 80 wide";
            book.at(section.key_at("width"), what, "write a number from 4 to 80");
            None
        }
        Given::Is(width) => {
            Some(serde_json::json!({ "column": name, "width": width, "pinned": pinned }))
        }
        Given::Absent => Some(serde_json::json!({ "column": name, "pinned": pinned })),
        Given::Wrong => None,
    }
}
