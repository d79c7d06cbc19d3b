//! What is at hand while a document is read.

use super::bindings::Surroundings;
use super::mistake::{Complaints, nearest, one_of};
use super::section::Text;
use super::spec::StoreSpec;
use crate::plain::Plain;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use url::Url;

/// How many different words, and how many addresses, are shared; beyond that, repetition is unlikely.
const SHARED: usize = 4_096;

/// The surroundings of a document, what is known of it so far, and the mistakes in it.
pub(super) struct Reader<'a> {
    /// Where relative paths start from.
    pub(super) folder: &'a Path,
    pub(super) around: &'a Surroundings<'a>,
    pub(super) book: Complaints,
    pub(super) stores: BTreeMap<Plain, StoreSpec>,
    /// Stores that are there but have mistakes in them.
    pub(super) bad_stores: BTreeSet<Plain>,
    words: HashMap<Box<str>, Plain>,
    /// Addresses by their text: lanes name few, each of them often.
    urls: HashMap<Box<str>, Url>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(folder: &'a Path, around: &'a Surroundings<'a>) -> Self {
        Self {
            folder,
            around,
            book: Complaints::default(),
            stores: BTreeMap::new(),
            bad_stores: BTreeSet::new(),
            words: HashMap::new(),
            urls: HashMap::new(),
        }
    }

    /// The address in `text`, if it is one.
    pub(super) fn url(&mut self, text: &str) -> Option<Url> {
        if let Some(url) = self.urls.get(text) {
            return Some(url.clone());
        }
        let url = Url::parse(text).ok()?;
        if self.urls.len() < SHARED {
            self.urls.insert(text.into(), url.clone());
        }
        Some(url)
    }

    /// `text`, cleaned; one copy in memory however often it comes.
    pub(super) fn word(&mut self, text: &str) -> Plain {
        if let Some(word) = self.words.get(text) {
            return word.clone();
        }
        let word = Plain::new(text);
        if self.words.len() < SHARED {
            self.words.insert(text.into(), word.clone());
        }
        word
    }

    /// The one of `all` that `text` names; `what` is what they are.
    pub(super) fn choice<T: Copy>(
        &mut self,
        text: Text<'_>,
        what: &str,
        all: &[(&'static str, T)],
    ) -> Option<T> {
        let found = all.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names = || all.iter().map(|(name, _)| *name);
            let hint = match nearest(text.value, names()) {
                Some(name) => format!("write \"{name}\""),
                None => format!("write {}", one_of(names())),
            };
            let word = super::section::shorten(text.value);
            self.book
                .at(text.at, format!("“{word}” is no {what}"), hint);
        }
        found.map(|(_, value)| *value)
    }
}
