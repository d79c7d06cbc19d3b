//! `[lane.credential]`: what kind of credential a lane has, where it lives, how it is exchanged.

use super::bindings::{ProviderFacts, RotationFacts};
use super::mistake::{nearest, one_of};
use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::shape::{self, OAUTH_ONLY};
use super::spec::{ClientAuth, LeaseSpec, OauthSpec, Source, StoreSpec};
use super::stores::kv_path;
use super::value::{self, EVERY, HANDOVER, TIMEOUT};
use super::web;
use crate::lane::{CredentialKind, Handover, Trust};
use crate::plain::Plain;
use std::time::Duration;
use toml::de::DeValue;
use url::Url;

const KINDS: [(&str, CredentialKind); 6] = [
    ("managed_key", CredentialKind::ManagedKey),
    ("byok", CredentialKind::Byok),
    ("oauth_refresh", CredentialKind::OauthRefresh),
    ("client_credentials", CredentialKind::ClientCredentials),
    ("vault_reference", CredentialKind::VaultReference),
    ("lease", CredentialKind::Lease),
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
    pub(super) lease: Option<LeaseSpec>,
    /// How its provider replaces the key, if lanewatch has it do that.
    pub(super) rotation: Option<RotationFacts>,
    pub(super) trust: Trust,
    pub(super) handover: Handover,
}

/// Reads a lane's credential over the defaults.
pub(super) fn read(
    section: &Section<'_>,
    defaults: &Raw,
    default_store: &Given<Plain>,
    facts: Option<ProviderFacts>,
    read: &mut Reader<'_>,
) -> Option<Credential> {
    let store = store(section, read).or(|| default_store.clone());
    let own = Raw::read(section, &store, read);
    let kind = own.kind.clone().or(|| defaults.kind.clone());
    if kind.is_absent() {
        let hint = "write kind = \"managed_key\", \"byok\", \"oauth_refresh\", \
                    \"client_credentials\", \"vault_reference\" or \"lease\"";
        section.missing("kind", hint, &mut read.book);
    }
    if let Given::Is(kind) = kind {
        foreign_keys(section, kind, read);
    }
    if matches!(kind, Given::Is(CredentialKind::ClientCredentials)) {
        return client(section, &store, own, defaults, read);
    }
    if store.is_absent() {
        let hint = "write store = \"NAME\" here or in [defaults]";
        section.missing("store", hint, &mut read.book);
    }
    let path = match kind {
        Given::Is(CredentialKind::Lease) => leased(section, &store, read),
        _ => path(section, &store, read),
    };
    let rotation = rotation(section, &store, facts, read);
    let increment = value::duration(section, "increment", EVERY, &mut read.book);
    let (kind, store) = (kind.ok()?, store.ok()?);
    let field = own.field.clone().or(|| defaults.field.clone()).ok();
    let source = Source {
        path: path?,
        field,
        store,
    };
    let settles = rotation.flatten().map(|rotation| rotation.settle);
    let mut handover = handover(&own, defaults, settles);
    let oauth = if kind == CredentialKind::OauthRefresh {
        let single_use = facts.is_some_and(|facts| facts.single_use_refresh);
        if single_use {
            let why = "the provider's refresh tokens serve once";
            must_be_writable(section, &source.store, why, read);
        }
        Some(oauth(section, own, defaults, read)?)
    } else {
        None
    };
    let secret = oauth
        .as_ref()
        .and_then(|oauth| oauth.client_secret.as_ref());
    let trust = worse(
        trust(&source, read),
        secret.map_or(Trust::Managed, |secret| trust(secret, read)),
    );
    let rotation = rotation?;
    handover.revoke = kind == CredentialKind::Lease
        || rotation.is_some_and(|rotation| !rotation.old_dies)
        || is_revocable(oauth.as_ref());
    Some(Credential {
        kind,
        source,
        handover,
        oauth,
        lease: (kind == CredentialKind::Lease).then(|| LeaseSpec {
            increment: increment.ok(),
        }),
        rotation,
        trust,
    })
}

/// How one credential hands over to the next, but for what becomes of the old one.
/// `settles` is how long the provider takes for it by its pack.
fn handover(own: &Raw, defaults: &Raw, settles: Option<Duration>) -> Handover {
    let usual = Handover::default();
    let overlap = own.overlap.clone().or(|| defaults.overlap.clone());
    let settle = own.settle.clone().or(|| defaults.settle.clone());
    Handover {
        overlap: overlap.ok().unwrap_or(usual.overlap),
        settle: settle.ok().or(settles).unwrap_or(usual.settle),
        ..usual
    }
}

fn is_revocable(oauth: Option<&OauthSpec>) -> bool {
    oauth.is_some_and(|oauth| oauth.revocation_endpoint.is_some())
}

/// Complains of keys that belong to credentials of another kind.
fn foreign_keys(section: &Section<'_>, kind: CredentialKind, read: &mut Reader<'_>) {
    let oauth = matches!(
        kind,
        CredentialKind::OauthRefresh | CredentialKind::ClientCredentials
    );
    let wrong = |key: &str| match key {
        "rotate" => kind != CredentialKind::ManagedKey,
        "increment" => kind != CredentialKind::Lease,
        "field" => kind == CredentialKind::ClientCredentials,
        _ => !oauth,
    };
    let keys = OAUTH_ONLY
        .into_iter()
        .chain(["rotate", "increment", "field"]);
    for key in keys.filter(|key| section.has(key) && wrong(key)) {
        let what = format!(
            "`{key}` is not for a credential of kind \"{}\"",
            kind.as_str()
        );
        let hint = match key {
            "rotate" => "leave it out, or write kind = \"managed_key\"",
            "increment" => "leave it out, or write kind = \"lease\"",
            "field" => "leave it out: the token's own fields have fixed names",
            _ => "leave it out, or write kind = \"oauth_refresh\" or \"client_credentials\"",
        };
        read.book.at(section.key_at(key), what, hint);
    }
}

/// A client that gets tokens by its own secret: the secret is the source, and `path` is only where a
/// token is kept.
fn client(
    section: &Section<'_>,
    store: &Given<Plain>,
    own: Raw,
    defaults: &Raw,
    read: &mut Reader<'_>,
) -> Option<Credential> {
    let keep = match section.has("path") {
        true => Some(path(section, store, read)),
        false => None,
    };
    if let (true, Given::Is(store)) = (keep.is_some(), store) {
        must_be_writable(section, store, "the token shall be kept", read);
    }
    let mut handover = handover(&own, defaults, None);
    let mut oauth = oauth(section, own, defaults, read)?;
    handover.revoke = is_revocable(Some(&oauth));
    let Some(source) = oauth.client_secret.clone() else {
        let hint = "write client_secret = { path = \"clients/NAME\", field = \"client_secret\" }";
        section.missing("client_secret", hint, &mut read.book);
        return None;
    };
    if let Some(path) = keep {
        oauth.keep = Some(Source {
            store: store.clone().ok()?,
            path: path?,
            field: Some("access_token".to_owned()),
        });
    }
    let trust = trust(&source, read);
    Some(Credential {
        kind: CredentialKind::ClientCredentials,
        source,
        oauth: Some(oauth),
        lease: None,
        rotation: None,
        trust,
        handover,
    })
}

/// The path of a leased secret, which begins with the mount of its engine.
fn leased(section: &Section<'_>, store: &Given<Plain>, read: &mut Reader<'_>) -> Option<String> {
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

/// How lanewatch is to have the key replaced at its provider, if it is; `None` after a mistake.
fn rotation(
    section: &Section<'_>,
    store: &Given<Plain>,
    facts: Option<ProviderFacts>,
    read: &mut Reader<'_>,
) -> Option<Option<RotationFacts>> {
    let wanted = section.flag("rotate", &mut read.book);
    if !wanted.or(|| Given::Is(false)).ok()? {
        return Some(None);
    }
    // A provider that nobody knows has been complained of.
    let Some(rotation) = facts?.rotation else {
        let what = "the provider has no rotation that lanewatch knows";
        let hint = "leave `rotate` out, or describe it in a pack with [rotate]";
        read.book.at(section.key_at("rotate"), what, hint);
        return None;
    };
    if let Given::Is(store) = store {
        must_be_writable(section, store, "the provider gives a new key once", read);
    }
    if !section.has("field") && !rotation.old_dies {
        let what = "the old key is kept beside the new one, and the secret has no fields";
        let hint = "write field = \"key\", so that the secret is an object";
        read.book.at(section.key_at("rotate"), what, hint);
        return None;
    }
    Some(Some(rotation))
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

/// What is given out once is lost if it cannot be stored.
fn must_be_writable(section: &Section<'_>, store: &Plain, why: &str, read: &mut Reader<'_>) {
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
        keep: None,
    })
}
