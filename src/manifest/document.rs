//! The document as a whole: from text to [`Manifest`].

use super::ahead::Ahead;
use super::alerts;
use super::bindings::Surroundings;
use super::common::Defaults;
use super::lane_entry;
use super::mistake::{Complaints, Mistakes};
use super::pieces;
use super::place::Lines;
use super::reader::Reader;
use super::section::{Given, Section, kind_of};
use super::shape;
use super::spec::{LaneEntry, Limits, Manifest};
use super::stores;
use super::value;
use super::web;
use crate::plain::Plain;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A document longer than this is searched for its first syntax error only: a long one can have
/// millions.
const RECOVER_MAX: usize = 1024 * 1024;
/// The longest a title gets, in characters.
const TITLE_MAX: usize = 120;

/// Reads a manifest. `path` gives it its name and the folder that relative paths start from; no
/// file is opened.
///
/// # Errors
/// All the mistakes in it.
pub fn parse(path: &Path, text: &str, around: &Surroundings<'_>) -> Result<Manifest, Mistakes> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let lines = Lines::new(text);
    let mut read = Reader::new(folder, around);
    let cut = pieces::cut(text);
    let manifest = match &cut {
        // What was cut out left blanks; those at the end need not be read.
        Some(cut) => document(
            path,
            text,
            cut.rest.trim_end(),
            &cut.lanes,
            &lines,
            &mut read,
        ),
        None => document(path, text, text, &[], &lines, &mut read),
    };
    match manifest {
        Some(manifest) if read.book.is_empty() => Ok(manifest),
        _ => Err(read.book.finish(path, text)),
    }
}

/// The tree of one piece, as far as it could be read; syntax errors go into the book.
pub(crate) fn tree<'t>(whole: &str, piece: &'t str, book: &mut Complaints) -> Spanned<DeTable<'t>> {
    let first = match DeTable::parse(piece) {
        Ok(tree) => return tree,
        Err(first) => first,
    };
    let (tree, errors) = if piece.len() > RECOVER_MAX {
        (Spanned::new(0..0, DeTable::new()), vec![first])
    } else {
        DeTable::parse_recoverable(piece)
    };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let (what, expected) = match error.message().split_once(", expected ") {
            Some((what, expected)) => (what, format!("expected {expected}")),
            None if error.message() == "duplicate key" => (
                "this key or table is there twice",
                "leave one of them out".to_owned(),
            ),
            None => (
                error.message(),
                "see https://toml.io for how TOML is written".to_owned(),
            ),
        };
        book.syntax(whole, at, &format!("not TOML: {what}"), &expected);
    }
    tree
}

fn document(
    path: &Path,
    text: &str,
    rest: &str,
    pieces: &[std::ops::Range<usize>],
    lines: &Lines<'_>,
    read: &mut Reader<'_>,
) -> Option<Manifest> {
    let tree_of_rest = tree(text, rest, &mut read.book);
    let root = Section::new(
        tree_of_rest.get_ref(),
        0,
        &shape::ROOT,
        None,
        &mut read.book,
    );
    let title = root.text("title", &mut read.book);
    let title = title.and_then(|title| value::bounded(title, "`title`", TITLE_MAX, read));
    let title = title.or(|| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Given::Is(Plain::new(&name.to_string_lossy()))
    });
    let packs = root.text("packs", &mut read.book);
    let packs = packs.and_then(|packs| web::file(packs, "packs", read)).ok();
    let limits = limits(&root, read);
    if let Some(section) = names(&root, read) {
        stores::read(&section, read);
    }
    let defaults = root.section("defaults", &shape::DEFAULTS, &mut read.book);
    let defaults = Defaults::read(defaults.ok().as_ref(), read);

    let mut lanes = Lanes::default();
    for value in lane_tables(&root, read) {
        lanes.take(value, &defaults, lines, read);
    }
    std::thread::scope(|scope| {
        let mut ahead = Ahead::start(scope, text, pieces);
        for piece in pieces {
            read.book.piece(piece.start);
            let own;
            let tree = match ahead.next() {
                Some(tree) => tree,
                None => {
                    let piece = text.get(piece.clone()).unwrap_or_default();
                    own = tree(text, piece, &mut read.book);
                    &own
                }
            };
            if let Some(DeValue::Array(tables)) = tree.get_ref().get("lane").map(Spanned::get_ref) {
                for value in tables.iter() {
                    lanes.take(value, &defaults, lines, read);
                }
            }
        }
    });
    read.book.piece(0);
    let odd = root
        .get("lane")
        .is_some_and(|value| !value.get_ref().is_array());
    if lanes.seen == 0 && !odd {
        let hint = "write [[lane]] with name, provider, route and [lane.credential]";
        read.book.unresolved(0, "the manifest has no lane", hint);
    }
    let alerts = alerts::read(&root, &lanes.names, read);
    Some(Manifest {
        path: path.to_owned(),
        title: title.ok()?,
        stores: std::mem::take(&mut read.stores),
        lanes: lanes.entries,
        alerts,
        packs,
        limits,
    })
}

/// The lanes read so far, and where each name was first used.
#[derive(Default)]
struct Lanes {
    entries: Vec<Arc<LaneEntry>>,
    names: BTreeMap<Plain, usize>,
    seen: usize,
}

impl Lanes {
    fn take(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        defaults: &Defaults,
        lines: &Lines<'_>,
        read: &mut Reader<'_>,
    ) {
        self.seen += 1;
        let line = lines.line(read.book.absolute(value.span().start));
        let name = value.get_ref().get("name");
        if let Some((name, text)) = name.and_then(|name| Some((name, name.get_ref().as_str()?))) {
            let (known, at) = (Plain::new(text), name.span().start);
            if let Some(first) = self.names.get(&known) {
                let what =
                    format!("two lanes are called “{known}”; the other begins at line {first}");
                read.book.at(at, what, "give one of them another name");
            } else {
                self.names.insert(known, line);
            }
        }
        let entry = lane_entry::lane(value, defaults, line, read);
        self.entries.extend(entry.map(Arc::new));
    }
}

/// The lanes that stand in this tree.
fn lane_tables<'t>(root: &Section<'t>, read: &mut Reader<'_>) -> Vec<&'t Spanned<DeValue<'t>>> {
    match root.get("lane").map(|value| (value, value.get_ref())) {
        None => Vec::new(),
        Some((_, DeValue::Array(tables))) => tables.iter().collect(),
        Some((value, other)) => {
            let what = format!("`lane` is {}, not a list of tables", kind_of(other));
            let hint = "begin each lane with [[lane]], in two brackets";
            read.book.at(value.span().start, what, hint);
            Vec::new()
        }
    }
}

/// `[stores]`, whose keys are names.
fn names<'t>(root: &Section<'t>, read: &mut Reader<'_>) -> Option<Section<'t>> {
    let value = root.get("stores")?;
    if let DeValue::Table(_) = value.get_ref() {
        return Section::named(value);
    }
    let what = format!("`stores` is {}, not a table", kind_of(value.get_ref()));
    let hint = "write [stores.NAME] with the kind of the store";
    read.book.at(value.span().start, what, hint);
    None
}

fn limits(root: &Section<'_>, read: &mut Reader<'_>) -> Limits {
    let usual = Limits::default();
    let Given::Is(section) = root.section("limits", &shape::LIMITS, &mut read.book) else {
        return usual;
    };
    let per_host = section.count("per_host", 1_000, &mut read.book);
    let in_all = section.count("in_all", 10_000, &mut read.book);
    Limits {
        per_host: per_host.ok().unwrap_or(usual.per_host),
        in_all: in_all.ok().unwrap_or(usual.in_all),
    }
}

/// The folder of provider packs that a manifest names, as far as its beginning can be read. The
/// packs have to be known before the rest of it can be judged.
pub(super) fn packs(path: &Path, text: &str, around: &Surroundings<'_>) -> Option<PathBuf> {
    // A key of the root stands before the first header.
    let headers = text.match_indices('\n').map(|(at, _)| at + 1);
    let header = |at: &usize| {
        text.get(*at..)
            .is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('['))
    };
    let end = std::iter::once(0)
        .chain(headers)
        .find(header)
        .unwrap_or(text.len());
    let (tree, _) = DeTable::parse_recoverable(text.get(..end)?);
    let value = tree.get_ref().get("packs")?;
    let text = super::section::text_of(value)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    web::file(text, "packs", &mut Reader::new(folder, around))
}
