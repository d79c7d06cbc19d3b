//! Reading one table of the document: keys, types, and the mistakes in them.

use super::mistake::{Complaints, nearest, one_of};
use super::shape::{PLACES, STORE, Shape};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a table has under a key.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Given<T> {
    /// Nothing.
    Absent,
    /// Something wrong, which has been complained about.
    Wrong,
    /// This.
    Is(T),
}

impl<T> Given<T> {
    /// This, unless it is absent.
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Absent => other(),
            given => given,
        }
    }

    pub(crate) fn ok(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// What `read` makes of it; `None` from it means a mistake.
    pub(crate) fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Wrong => Given::Wrong,
            Self::Is(value) => read(value).map_or(Given::Wrong, Given::Is),
        }
    }
}

/// A piece of text and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'t> {
    pub(crate) value: &'t str,
    pub(crate) at: usize,
}

/// A table of the document.
#[derive(Clone, Copy)]
pub(crate) struct Section<'t> {
    table: &'t DeTable<'t>,
    shape: &'static Shape,
    /// Where it begins.
    pub(crate) at: usize,
    /// The lane, store or alert it is or belongs to.
    of: Option<&'t str>,
    /// Whether it is that one itself.
    own: bool,
}

impl<'t> Section<'t> {
    /// A table of this shape; keys that it must not have are complained about.
    pub(crate) fn new(
        table: &'t DeTable<'t>,
        at: usize,
        shape: &'static Shape,
        of: Option<&'t str>,
        book: &mut Complaints,
    ) -> Self {
        let own = of.is_none();
        let named = || table.get("name").and_then(|name| name.get_ref().as_str());
        let of = of.or_else(named);
        let section = Self {
            table,
            shape,
            at,
            of,
            own,
        };
        for (key, _) in table.iter() {
            let word = key.get_ref().as_ref();
            if !shape.keys.contains(&word) {
                let hint = section.misplaced(word, book);
                let what = format!("`{word}` is not a key of {}", section.title());
                book.at(key.span().start, what, hint);
            }
        }
        section
    }

    /// Like [`Section::new`], from any value, which must be a table.
    pub(crate) fn open(
        value: &'t Spanned<DeValue<'t>>,
        shape: &'static Shape,
        of: Option<&'t str>,
        book: &mut Complaints,
    ) -> Option<Self> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, at, shape, of, book)),
            other => {
                let what = format!("{} is {}, not a table", shape.title, kind_of(other));
                let hint = format!(
                    "write it as {{ … }} with {}",
                    one_of(shape.keys.iter().copied())
                );
                book.at(at, what, hint);
                None
            }
        }
    }

    /// A table whose keys are names, so that none of them is unknown.
    pub(crate) fn named(value: &'t Spanned<DeValue<'t>>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            return None;
        };
        Some(Self {
            table,
            shape: &STORE,
            at: value.span().start,
            of: None,
            own: true,
        })
    }

    /// What messages call it.
    pub(crate) fn title(&self) -> String {
        let title = self.shape.title;
        match self.of.map(shorten) {
            Some(of) if title.contains("NAME") => title.replace("NAME", &of),
            Some(of) if self.own => format!("{title} “{of}”"),
            Some(of) => format!("{title} of “{of}”"),
            None => title.to_owned(),
        }
    }

    fn misplaced(&self, word: &str, book: &Complaints) -> String {
        if !book.wants_hints() {
            return String::new();
        }
        if let Some(key) = nearest(word, self.shape.keys.iter().copied()) {
            return format!("write `{key}`");
        }
        let mut places = PLACES.iter().filter(|_| self.shape.ours);
        let place = places.find(|place| place.keys.contains(&word));
        match place {
            Some(place) => format!("`{word}` belongs to {}", place.title),
            None => format!("it may have {}", one_of(self.shape.keys.iter().copied())),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Where the key stands, or the table if it is not there.
    pub(crate) fn key_at(&self, key: &str) -> usize {
        let found = self.table.get_key_value(key);
        found.map_or(self.at, |(key, _)| key.span().start)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Complains that the table lacks `key`.
    pub(crate) fn missing(&self, key: &str, hint: &str, book: &mut Complaints) {
        book.absent(self.at, format!("{} has no `{key}`", self.title()), hint);
    }

    /// Complains that `key` is of the wrong type. The value is not quoted: it may be a secret.
    pub(crate) fn wrong<T>(
        &self,
        key: &str,
        wanted: &str,
        hint: &str,
        book: &mut Complaints,
    ) -> Given<T> {
        let Some(value) = self.get(key) else {
            return Given::Absent;
        };
        let what = format!("`{key}` is {}, not {wanted}", kind_of(value.get_ref()));
        book.at(value.span().start, what, hint);
        Given::Wrong
    }

    /// The text under `key`.
    pub(crate) fn text(&self, key: &str, book: &mut Complaints) -> Given<Text<'t>> {
        match self.get(key) {
            None => Given::Absent,
            Some(value) => match text_of(value) {
                Some(text) => Given::Is(text),
                None => self.wrong(key, "text", &format!("write {key} = \"…\""), book),
            },
        }
    }

    /// The list of texts under `key`.
    pub(crate) fn texts(&self, key: &str, book: &mut Complaints) -> Given<Vec<Text<'t>>> {
        let Some(value) = self.get(key) else {
            return Given::Absent;
        };
        let hint = format!("write {key} = [\"…\", \"…\"]");
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong(key, "a list of texts", &hint, book);
        };
        let mut texts = Vec::with_capacity(items.len());
        let mut whole = true;
        for item in items.iter() {
            if let Some(text) = text_of(item) {
                texts.push(text);
            } else {
                let what = format!(
                    "an item of `{key}` is {}, not text",
                    kind_of(item.get_ref())
                );
                book.at(item.span().start, what, &hint);
                whole = false;
            }
        }
        if whole {
            Given::Is(texts)
        } else {
            Given::Wrong
        }
    }

    /// The truth value under `key`.
    pub(crate) fn flag(&self, key: &str, book: &mut Complaints) -> Given<bool> {
        match self.get(key).map(Spanned::get_ref) {
            None => Given::Absent,
            Some(DeValue::Boolean(flag)) => Given::Is(*flag),
            Some(_) => self.wrong(key, "true or false", &format!("write {key} = true"), book),
        }
    }

    /// The whole number under `key`, from one to `most`.
    pub(crate) fn count(&self, key: &str, most: usize, book: &mut Complaints) -> Given<usize> {
        let Some(value) = self.get(key) else {
            return Given::Absent;
        };
        let hint = format!("write a number from 1 to {most}");
        let DeValue::Integer(digits) = value.get_ref() else {
            return self.wrong(key, "a whole number", &hint, book);
        };
        match usize::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) if (1..=most).contains(&number) => Given::Is(number),
            _ => {
                book.at(
                    value.span().start,
                    format!("`{key}` is out of bounds"),
                    hint,
                );
                Given::Wrong
            }
        }
    }

    /// The table under `key`, which belongs to the same lane, store or alert.
    pub(crate) fn section(
        &self,
        key: &str,
        shape: &'static Shape,
        book: &mut Complaints,
    ) -> Given<Self> {
        match self.get(key) {
            None => Given::Absent,
            Some(value) => match Self::open(value, shape, self.of, book) {
                Some(section) => Given::Is(section),
                None => Given::Wrong,
            },
        }
    }

    /// The tables under `key`, written `[[key]]`.
    pub(crate) fn sections(
        &self,
        key: &str,
        shape: &'static Shape,
        book: &mut Complaints,
    ) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let hint = format!("write {}, with two brackets, before each one", shape.title);
        match value.get_ref() {
            DeValue::Array(items) => {
                let items = items.iter();
                items
                    .filter_map(|item| Self::open(item, shape, self.of, book))
                    .collect()
            }
            other => {
                let kind = kind_of(other);
                book.at(
                    self.key_at(key),
                    format!("`{key}` is {kind}, not a list of tables"),
                    hint,
                );
                Vec::new()
            }
        }
    }

    /// Every key with its table, for tables whose keys are names.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (Text<'t>, &'t Spanned<DeValue<'t>>)> + use<'t> {
        self.table.iter().map(|(key, value)| {
            let text = Text {
                value: key.get_ref(),
                at: key.span().start,
            };
            (text, value)
        })
    }
}

pub(crate) fn text_of<'t>(value: &'t Spanned<DeValue<'t>>) -> Option<Text<'t>> {
    let at = value.span().start;
    value.get_ref().as_str().map(|value| Text { value, at })
}

/// The start of a name that may be of any length.
pub(crate) fn shorten(name: &str) -> String {
    const MOST: usize = 64;
    let mut short: String = name.chars().take(MOST).collect();
    if name.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// What a person would call a value of this type.
pub(crate) const fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
