//! `[lane.credential]`: what kind of credential a lane has, where it lives, how it is exchanged.

use super::mistake::{nearest, one_of};
use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::shape::{self, OAUTH_ONLY};
use super::spec::{ClientAuth, OauthSpec, Source, StoreSpec};
use super::stores::kv_path;
use super::value::{self, HANDOVER, TIMEOUT};
use super::web;
use crate::lane::{CredentialKind, Handover, Trust};
use crate::plain::Plain;
use std::time::Duration;
use toml::de::DeValue;
use url::Url;

const KINDS: [(&str, CredentialKind); 4] = [
    ("managed_key", CredentialKind::ManagedKey),
    ("byok", CredentialKind::Byok),
    ("oauth_refresh", CredentialKind::OauthRefresh),
    ("vault_reference", CredentialKind::VaultReference),
];
const CLIENT_AUTHS: [(&str, ClientAuth); 2] =
    [("basic", ClientAuth::Basic), ("post", ClientAuth::Post)];
const OAUTH_TIMEOUT: Duration = Duration::from_secs(15);

/// What a `[lane.credential]` or a `[defaults.credential]` says.
#[derive(Clone)]
pub(super) struct Raw {
    kind: Given<CredentialKind>,
    field: Given<String>,
    token_endpoint: Given<Url>,
    client_id: Given<String>,
    client_secret: Given<Source>,
    client_auth: Given<ClientAuth>,
    scope: Given<String>,
    resource: Given<String>,
    timeout: Given<Duration>,
    revocation_endpoint: Given<Url>,
    overlap: Given<Duration>,
    settle: Given<Duration>,
}

impl Raw {
    /// What a table that is not there says.
    pub(super) const ABSENT: Self = Self {
        kind: Given::Absent,
        field: Given::Absent,
        token_endpoint: Given::Absent,
        client_id: Given::Absent,
        client_secret: Given::Absent,
        client_auth: Given::Absent,
        scope: Given::Absent,
        resource: Given::Absent,
        timeout: Given::Absent,
        revocation_endpoint: Given::Absent,
        overlap: Given::Absent,
        settle: Given::Absent,
    };

    /// Reads the table. `store` is the store of a client secret that names none.
    pub(super) fn read(section: &Section<'_>, store: &Given<Plain>, read: &mut Reader<'_>) -> Self {
        let kind = section.text("kind", &mut read.book);
        let endpoint = section.text("token_endpoint", &mut read.book);
        let revocation = section.text("revocation_endpoint", &mut read.book);
        let auth = section.text("client_auth", &mut read.book);
        Self {
            kind: kind.and_then(|text| read.choice(text, "kind of credential", &KINDS)),
            field: line(section, "field", read),
            token_endpoint: endpoint
                .and_then(|text| web::confidential(text, "token_endpoint", read)),
            client_id: line(section, "client_id", read),
            client_secret: client_secret(section, store, read),
            client_auth: auth
                .and_then(|text| read.choice(text, "way to authenticate a client", &CLIENT_AUTHS)),
            scope: scope(section, read),
            resource: line(section, "resource", read),
            timeout: value::duration(section, "timeout", TIMEOUT, &mut read.book),
            revocation_endpoint: revocation
                .and_then(|text| web::confidential(text, "revocation_endpoint", read)),
            overlap: value::duration(section, "overlap", HANDOVER, &mut read.book),
            settle: value::duration(section, "settle", HANDOVER, &mut read.book),
        }
    }
}

/// A lane's credential, resolved.
pub(super) struct Credential {
    pub(super) kind: CredentialKind,
    pub(super) source: Source,
    pub(super) oauth: Option<OauthSpec>,
    pub(super) trust: Trust,
    pub(super) handover: Handover,
}

/// Reads a lane's credential over the defaults.
pub(super) fn read(
    section: &Section<'_>,
    defaults: &Raw,
    default_store: &Given<Plain>,
    single_use: bool,
    read: &mut Reader<'_>,
) -> Option<Credential> {
    let store = store(section, read).or(|| default_store.clone());
    let own = Raw::read(section, &store, read);
    let kind = own.kind.clone().or(|| defaults.kind.clone());
    if kind.is_absent() {
        let hint =
            "write kind = \"managed_key\", \"byok\", \"oauth_refresh\" or \"vault_reference\"";
        section.missing("kind", hint, &mut read.book);
    }
    if store.is_absent() {
        let hint = "write store = \"NAME\" here or in [defaults]";
        section.missing("store", hint, &mut read.book);
    }
    let path = path(section, &store, read);
    let (kind, store) = (kind.ok()?, store.ok()?);
    let field = own.field.clone().or(|| defaults.field.clone()).ok();
    let source = Source {
        path: path?,
        field,
        store,
    };
    let least = Handover::default();
    let overlap = own.overlap.clone().or(|| defaults.overlap.clone());
    let settle = own.settle.clone().or(|| defaults.settle.clone());
    let oauth = if kind == CredentialKind::OauthRefresh {
        must_be_writable(section, &source.store, single_use, read);
        Some(oauth(section, own, defaults, read)?)
    } else {
        for key in OAUTH_ONLY.iter().filter(|key| section.has(key)) {
            let what = format!(
                "`{key}` is not for a credential of kind \"{}\"",
                kind.as_str()
            );
            let hint = "leave it out, or write kind = \"oauth_refresh\"";
            read.book.at(section.key_at(key), what, hint);
        }
        None
    };
    let secret = oauth
        .as_ref()
        .and_then(|oauth| oauth.client_secret.as_ref());
    let trust = worse(
        trust(&source, read),
        secret.map_or(Trust::Managed, |secret| trust(secret, read)),
    );
    Some(Credential {
        kind,
        source,
        handover: Handover {
            overlap: overlap.ok().unwrap_or(least.overlap),
            settle: settle.ok().unwrap_or(least.settle),
            revoke: oauth
                .as_ref()
                .is_some_and(|oauth| oauth.revocation_endpoint.is_some()),
        },
        oauth,
        trust,
    })
}

fn trust(source: &Source, read: &Reader<'_>) -> Trust {
    match read.stores.get(&source.store) {
        Some(StoreSpec::Env {
            allow_unmanaged: true,
        }) => Trust::UnmanagedAllowed,
        Some(StoreSpec::Env { .. }) => Trust::UnmanagedRefused,
        _ => Trust::Managed,
    }
}

const fn worse(one: Trust, other: Trust) -> Trust {
    match (one, other) {
        (Trust::UnmanagedRefused, _) | (_, Trust::UnmanagedRefused) => Trust::UnmanagedRefused,
        (Trust::UnmanagedAllowed, _) | (_, Trust::UnmanagedAllowed) => Trust::UnmanagedAllowed,
        _ => Trust::Managed,
    }
}

/// A refresh token that one exchange uses up is lost if its successor cannot be stored.
fn must_be_writable(section: &Section<'_>, store: &Plain, single_use: bool, read: &mut Reader<'_>) {
    let read_only = matches!(
        read.stores.get(store),
        Some(StoreSpec::Env { .. } | StoreSpec::Command { write: None, .. })
    );
    if single_use && read_only {
        let what = format!(
            "the provider's refresh tokens serve once, and the store “{store}” cannot take the \
             new one"
        );
        let hint = "use a store of kind \"openbao\" or \"file\", or a command with `write`";
        read.book.at(section.key_at("store"), what, hint);
    }
}

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
fn path(section: &Section<'_>, store: &Given<Plain>, read: &mut Reader<'_>) -> Option<String> {
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

fn line(section: &Section<'_>, key: &str, read: &mut Reader<'_>) -> Given<String> {
    let text = section.text(key, &mut read.book);
    text.and_then(|text| value::raw(text, &format!("`{key}`"), 2_048, &mut read.book))
}

fn scope(section: &Section<'_>, read: &mut Reader<'_>) -> Given<String> {
    let list = matches!(
        section.get("scope").map(toml::Spanned::get_ref),
        Some(DeValue::Array(_))
    );
    if list {
        let names = section.texts("scope", &mut read.book);
        return names.and_then(|names| {
            let names: Option<Vec<_>> = names.iter().map(|name| scope_name(*name, read)).collect();
            Some(names?.join(" "))
        });
    }
    line(section, "scope", read)
}

/// One scope of a list.
pub(super) fn scope_name<'t>(text: Text<'t>, read: &mut Reader<'_>) -> Option<&'t str> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == ',';
    if text.value.is_empty() || text.value.len() > 512 || text.value.contains(odd) {
        let hint = "write one scope an item: [\"repo\", \"read:org\"]";
        read.book.at(text.at, "this is not one scope", hint);
        return None;
    }
    Some(text.value)
}

fn client_secret(
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
        let field = line(&secret, "field", read);
        Some(Source {
            store: store.ok()?,
            path: path?,
            field: field.ok(),
        })
    })
}

fn oauth(
    section: &Section<'_>,
    own: Raw,
    defaults: &Raw,
    read: &mut Reader<'_>,
) -> Option<OauthSpec> {
    let endpoint = own.token_endpoint.or(|| defaults.token_endpoint.clone());
    if endpoint.is_absent() {
        let hint = "write token_endpoint = \"https://auth.example.org/token\"";
        section.missing("token_endpoint", hint, &mut read.book);
    }
    let client_id = own.client_id.or(|| defaults.client_id.clone());
    if client_id.is_absent() {
        let hint = "write client_id = \"…\", as the provider registered it";
        section.missing("client_id", hint, &mut read.book);
    }
    let secret = own.client_secret.or(|| defaults.client_secret.clone());
    if !own.client_auth.is_absent() && secret.is_absent() {
        let what = "`client_auth` has no `client_secret` to go with it";
        let hint = "write client_secret = { path = \"…\", field = \"…\" }, or leave it out";
        read.book.absent(section.key_at("client_auth"), what, hint);
    }
    let auth = own.client_auth.or(|| defaults.client_auth.clone());
    let scope = own.scope.or(|| defaults.scope.clone());
    let resource = own.resource.or(|| defaults.resource.clone());
    let timeout = own.timeout.or(|| defaults.timeout.clone());
    let revocation = own
        .revocation_endpoint
        .or(|| defaults.revocation_endpoint.clone());
    Some(OauthSpec {
        token_endpoint: endpoint.ok()?,
        revocation_endpoint: revocation.ok(),
        client_id: client_id.ok()?,
        client_secret: secret.ok(),
        client_auth: auth.ok().unwrap_or(ClientAuth::Basic),
        resource: resource.ok(),
        scope: scope.ok().unwrap_or_default(),
        timeout: timeout.ok().unwrap_or(OAUTH_TIMEOUT),
    })
}
