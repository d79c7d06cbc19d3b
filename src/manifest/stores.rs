//! `[stores.NAME]`: where secrets live, and how lanewatch logs in there.

use super::mistake::one_of;
use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::shape;
use super::spec::{OpenBaoAuth, OpenBaoSpec, SecretFrom, StoreSpec};
use super::value::{self, TIMEOUT};
use super::web;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenBao,
    File,
    Command,
    Env,
}

const KINDS: [(&str, Kind); 4] = [
    ("openbao", Kind::OpenBao),
    ("file", Kind::File),
    ("command", Kind::Command),
    ("env", Kind::Env),
];

impl Kind {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::OpenBao => &[
                "kind",
                "address",
                "mount",
                "namespace",
                "ca_file",
                "auth",
                "timeout",
            ],
            Self::File => &["kind", "root"],
            Self::Command => &["kind", "read", "write", "timeout"],
            Self::Env => &["kind", "allow_unmanaged"],
        }
    }
}

/// Reads every store into the reader.
pub(super) fn read(section: &Section<'_>, read: &mut Reader<'_>) {
    for (name, value) in section.entries() {
        let Some(known) = value::name(name, "the name of a store", read) else {
            continue;
        };
        match store(name, value, read) {
            Some(spec) => {
                read.stores.insert(known, spec);
            }
            None => {
                read.bad_stores.insert(known);
            }
        }
    }
}

fn store(name: Text<'_>, value: &Spanned<DeValue<'_>>, read: &mut Reader<'_>) -> Option<StoreSpec> {
    let section = Section::open(value, &shape::STORE, Some(name.value), &mut read.book)?;
    let hint = "write kind = \"openbao\", \"file\", \"command\" or \"env\"";
    let kind = match section.text("kind", &mut read.book) {
        Given::Absent => {
            section.missing("kind", hint, &mut read.book);
            None
        }
        Given::Wrong => None,
        Given::Is(text) if matches!(text.value, "vault" | "bao") => {
            let what = format!("“{}” is no kind of store", text.value);
            read.book.at(
                text.at,
                what,
                "write \"openbao\", which speaks to Vault as well",
            );
            None
        }
        Given::Is(text) => read.choice(text, "kind of store", &KINDS),
    }?;
    for key in shape::STORE.keys {
        if section.has(key) && !kind.keys().contains(key) {
            let name = KINDS.iter().find(|(_, other)| *other == kind);
            let name = name.map_or("", |(name, _)| *name);
            let what = format!("`{key}` is not a key of a store of kind \"{name}\"");
            let hint = format!(
                "leave it out; it may have {}",
                one_of(kind.keys().iter().copied())
            );
            read.book.at(section.key_at(key), what, hint);
        }
    }
    match kind {
        Kind::OpenBao => openbao(&section, read).map(StoreSpec::OpenBao),
        Kind::File => file(&section, read),
        Kind::Command => command(&section, read),
        Kind::Env => {
            let allow = section.flag("allow_unmanaged", &mut read.book);
            let allow_unmanaged = allow.or(|| Given::Is(false)).ok()?;
            Some(StoreSpec::Env { allow_unmanaged })
        }
    }
}

fn file(section: &Section<'_>, read: &mut Reader<'_>) -> Option<StoreSpec> {
    let root = section.text("root", &mut read.book);
    let root = root.and_then(|text| web::file(text, "root", read));
    let root = root.or(|| Given::Is(read.folder.to_owned())).ok()?;
    Some(StoreSpec::File { root })
}

fn command(section: &Section<'_>, read: &mut Reader<'_>) -> Option<StoreSpec> {
    let mut program = |key: &str| {
        let texts = section.texts(key, &mut read.book);
        texts.and_then(|texts| web::argv(&texts, key, section.key_at(key), read))
    };
    let (reads, writes) = (program("read"), program("write"));
    if reads.is_absent() {
        let hint = "write read = [\"program\", \"{path}\"]";
        section.missing("read", hint, &mut read.book);
    }
    let timeout = timeout(section, Duration::from_secs(10), read);
    let write = match writes {
        Given::Absent => None,
        Given::Wrong => return None,
        Given::Is(argv) => Some(argv),
    };
    Some(StoreSpec::Command {
        read: reads.ok()?,
        write,
        timeout: timeout?,
    })
}

fn timeout(section: &Section<'_>, usual: Duration, read: &mut Reader<'_>) -> Option<Duration> {
    let timeout = value::duration(section, "timeout", TIMEOUT, &mut read.book);
    timeout.or(|| Given::Is(usual)).ok()
}

fn openbao(section: &Section<'_>, read: &mut Reader<'_>) -> Option<OpenBaoSpec> {
    let address = section.text("address", &mut read.book);
    if address.is_absent() {
        let hint = "write address = \"https://bao.example.org:8200\"";
        section.missing("address", hint, &mut read.book);
    }
    let address = address.and_then(|text| web::confidential(text, "address", read));
    let mount = mount(section, "secret", read);
    let namespace = section.text("namespace", &mut read.book);
    let namespace = namespace.and_then(|text| header(text, read));
    let ca_file = section.text("ca_file", &mut read.book);
    let ca_file = ca_file.and_then(|text| web::file(text, "ca_file", read));
    let auth = auth(section, read);
    let timeout = timeout(section, Duration::from_secs(5), read);
    Some(OpenBaoSpec {
        address: address.ok()?,
        mount: mount?,
        namespace: namespace.ok(),
        ca_file: ca_file.ok(),
        auth: auth?,
        timeout: timeout?,
    })
}

/// Text that goes into a header line.
fn header(text: Text<'_>, read: &mut Reader<'_>) -> Option<String> {
    let fits = !text.value.is_empty() && text.value.bytes().all(|c| c.is_ascii_graphic());
    if !fits || text.value.len() > 256 {
        let hint = "write letters, digits and slashes: \"team/platform\"";
        read.book
            .at(text.at, "`namespace` cannot be sent in a header", hint);
        return None;
    }
    Some(text.value.to_owned())
}

fn mount(section: &Section<'_>, usual: &str, read: &mut Reader<'_>) -> Option<String> {
    let mount = section.text("mount", &mut read.book);
    let mount = mount.and_then(|text| kv_path(text, "mount", read));
    mount.or(|| Given::Is(usual.to_owned())).ok()
}

/// A path as OpenBao has them: segments between slashes, none at the ends.
pub(super) fn kv_path(text: Text<'_>, key: &str, read: &mut Reader<'_>) -> Option<String> {
    let path = text.value.trim_matches('/');
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    if path.split('/').any(odd) || path.len() > 512 || path.chars().any(char::is_control) {
        let what = format!("`{key}` is not a path of a secrets engine");
        read.book.at(
            text.at,
            what,
            "write names between slashes: \"lanes/github\"",
        );
        return None;
    }
    Some(path.to_owned())
}

fn auth(section: &Section<'_>, read: &mut Reader<'_>) -> Option<OpenBaoAuth> {
    let hint = "write auth = { token = { env = \"VAULT_TOKEN\" } }";
    let auth = match section.section("auth", &shape::AUTH, &mut read.book) {
        Given::Absent => {
            section.missing("auth", hint, &mut read.book);
            return None;
        }
        auth => auth.ok()?,
    };
    match (auth.has("token"), auth.has("approle")) {
        (true, false) => secret_from(&auth, "token", read).map(OpenBaoAuth::Token),
        (false, true) => {
            let role = auth
                .section("approle", &shape::APPROLE, &mut read.book)
                .ok()?;
            let mount = mount(&role, "approle", read);
            let role_id = secret_from(&role, "role_id", read);
            let secret_id = secret_from(&role, "secret_id", read);
            Some(OpenBaoAuth::AppRole {
                mount: mount?,
                role_id: role_id?,
                secret_id: secret_id?,
            })
        }
        (true, true) => {
            let what = "`auth` has both a token and an AppRole";
            read.book
                .at(auth.key_at("token"), what, "leave one of them out");
            None
        }
        (false, false) => {
            read.book
                .absent(auth.at, "`auth` has neither `token` nor `approle`", hint);
            None
        }
    }
}

/// Where a login secret is. Plain text would be the secret itself, and is never quoted.
fn secret_from(section: &Section<'_>, key: &str, read: &mut Reader<'_>) -> Option<SecretFrom> {
    let variable = key.to_uppercase();
    let hint = format!("write {key} = {{ env = \"VAULT_{variable}\" }} or {{ file = \"path\" }}");
    let Some(value) = section.get(key) else {
        section.missing(key, &hint, &mut read.book);
        return None;
    };
    if matches!(value.get_ref(), DeValue::String(_)) {
        let what = format!("`{key}` stands in the manifest itself, where everybody can read it");
        let hint = format!("{hint}, and replace the one that was written here");
        read.book.at(value.span().start, what, hint);
        return None;
    }
    let from = section
        .section(key, &shape::SECRET_FROM, &mut read.book)
        .ok()?;
    let (env, file) = (
        from.text("env", &mut read.book),
        from.text("file", &mut read.book),
    );
    match (env, file) {
        (Given::Is(env), Given::Absent) => {
            value::variable(env, &mut read.book).map(SecretFrom::Env)
        }
        (Given::Absent, Given::Is(file)) => web::file(file, "file", read).map(SecretFrom::File),
        (Given::Wrong, _) | (_, Given::Wrong) => None,
        _ => {
            let what = format!("`{key}` needs either `env` or `file`");
            read.book.absent(value.span().start, what, &hint);
            None
        }
    }
}
