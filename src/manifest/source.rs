//! Where a secret lives: a store of the manifest and a path by the rules of that store's kind.

use super::mistake::{nearest, one_of};
use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::shape;
use super::spec::{Source, StoreSpec};
use super::stores::kv_path;
use super::value;
use super::web;
use crate::lane::Trust;
use crate::plain::Plain;
use toml::de::DeValue;

/// The store that a table names; it must be one of the manifest's.
pub(super) fn store(section: &Section<'_>, read: &mut Reader<'_>) -> Given<Plain> {
    let text = section.text("store", &mut read.book);
    text.and_then(|text| {
        let name = read.word(text.value);
        if read.stores.contains_key(&name) {
            return Some(name);
        }
        if read.bad_stores.contains(&name) {
            return None;
        }
        let hint = if read.stores.is_empty() && read.bad_stores.is_empty() {
            format!("write [stores.{name}] with its kind")
        } else {
            let names = || {
                read.stores
                    .keys()
                    .chain(&read.bad_stores)
                    .map(Plain::as_str)
            };
            match nearest(name.as_str(), names()) {
                Some(near) => format!("write \"{near}\""),
                None => format!("write {}, or add [stores.{name}]", one_of(names())),
            }
        };
        read.book
            .absent(text.at, format!("no store is called “{name}”"), hint);
        None
    })
}

/// The path of a source, by the rules of its store's kind.
pub(super) fn path(
    section: &Section<'_>,
    store: &Given<Plain>,
    read: &mut Reader<'_>,
) -> Option<String> {
    let text = section.text("path", &mut read.book);
    let kind = match store {
        Given::Is(name) => read.stores.get(name).map(StoreSpec::kind),
        _ => None,
    };
    let hint = match kind {
        Some("openbao") => "write path = \"lanes/NAME\", below the store's mount",
        Some("env") => "write path = \"VARIABLE\"",
        Some("command") => {
            return text
                .and_then(|text| whole(text, read))
                .or(|| Given::Is(String::new()))
                .ok();
        }
        _ => "write path = \"FILE\"",
    };
    match text {
        Given::Absent => {
            // What a store of an unknown kind needs cannot be told.
            if kind.is_some() {
                section.missing("path", hint, &mut read.book);
            }
            None
        }
        Given::Wrong => None,
        Given::Is(text) => match kind {
            Some("openbao") => kv_path(text, "path", read),
            Some("env") => value::variable(text, &mut read.book),
            _ => {
                let path = whole(text, read)?;
                if !web::is_sandbox(text.value) {
                    return Some(path);
                }
                web::resolve(text, read).map(String::from)
            }
        },
    }
}

fn whole(text: Text<'_>, read: &mut Reader<'_>) -> Option<String> {
    value::raw(text, "`path`", web::ADDRESS_MAX, &mut read.book)
}

/// The path of a leased secret, which begins with the mount of its engine.
pub(super) fn leased(
    section: &Section<'_>,
    store: &Given<Plain>,
    read: &mut Reader<'_>,
) -> Option<String> {
    let hint = "write path = \"database/creds/ROLE\", with the engine's mount in front";
    let leases = |name: &Plain| matches!(read.stores.get(name), Some(StoreSpec::OpenBao(_)));
    if let Given::Is(name) = store
        && !leases(name)
    {
        let what = format!("the store “{name}” gives no leases");
        let hint = "use a store of kind \"openbao\", or another kind of credential";
        read.book.at(section.key_at("store"), what, hint);
        return None;
    }
    match section.text("path", &mut read.book) {
        Given::Absent => {
            section.missing("path", hint, &mut read.book);
            None
        }
        text => text.and_then(|text| kv_path(text, "path", read)).ok(),
    }
}

/// The place of a client's secret. `default_store` is the store of one that names none.
pub(super) fn client_secret(
    section: &Section<'_>,
    default_store: &Given<Plain>,
    read: &mut Reader<'_>,
) -> Given<Source> {
    let hint = "write client_secret = { path = \"clients/NAME\", field = \"client_secret\" }";
    let Some(value) = section.get("client_secret") else {
        return Given::Absent;
    };
    if matches!(value.get_ref(), DeValue::String(_)) {
        let what = "`client_secret` stands in the manifest itself, where everybody can read it";
        let hint = format!("{hint}, and replace the one that was written here");
        read.book.at(value.span().start, what, hint);
        return Given::Wrong;
    }
    let secret = section.section("client_secret", &shape::CLIENT_SECRET, &mut read.book);
    secret.and_then(|secret| {
        let store = store(&secret, read).or(|| default_store.clone());
        if store.is_absent() {
            secret.missing("store", "write store = \"NAME\"", &mut read.book);
        }
        let path = path(&secret, &store, read);
        let field = value::line(&secret, "field", read);
        Some(Source {
            store: store.ok()?,
            path: path?,
            field: field.ok(),
        })
    })
}

/// What is given out once is lost if it cannot be stored.
pub(super) fn must_be_writable(
    section: &Section<'_>,
    store: &Plain,
    why: &str,
    read: &mut Reader<'_>,
) {
    let read_only = matches!(
        read.stores.get(store),
        Some(StoreSpec::Env { .. } | StoreSpec::Command { write: None, .. })
    );
    if read_only {
        let what = format!("{why}, and the store “{store}” cannot take the new one");
        let hint = "use a store of kind \"openbao\" or \"file\", or a command with `write`";
        read.book.at(section.key_at("store"), what, hint);
    }
}

/// How far the store of a secret is to be trusted with it.
pub(super) fn trust(source: &Source, read: &Reader<'_>) -> Trust {
    match read.stores.get(&source.store) {
        Some(StoreSpec::Env {
            allow_unmanaged: true,
        }) => Trust::UnmanagedAllowed,
        Some(StoreSpec::Env { .. }) => Trust::UnmanagedRefused,
        _ => Trust::Managed,
    }
}

/// The less trusted of two.
pub(super) const fn worse(one: Trust, other: Trust) -> Trust {
    match (one, other) {
        (Trust::UnmanagedRefused, _) | (_, Trust::UnmanagedRefused) => Trust::UnmanagedRefused,
        (Trust::UnmanagedAllowed, _) | (_, Trust::UnmanagedAllowed) => Trust::UnmanagedAllowed,
        _ => Trust::Managed,
    }
}
