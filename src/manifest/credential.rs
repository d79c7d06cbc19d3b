//! `[lane.credential]`: what kind of credential a lane has, where it lives, how it is exchanged.

use super::bindings::{ProviderFacts, RotationFacts};
use super::reader::Reader;
use super::section::{Given, Section};
use super::shape::OAUTH_ONLY;
use super::source::{leased, must_be_writable, path, store, trust, worse};
use super::spec::{LeaseSpec, OauthSpec, Source};
use super::token_endpoint::{RawEndpoint, oauth};
use super::value::{self, EVERY, HANDOVER};
use crate::lane::{CredentialKind, Handover, Predecessor, Trust};
use crate::plain::Plain;
use std::time::Duration;

const KINDS: [(&str, CredentialKind); 6] = [
    ("managed_key", CredentialKind::ManagedKey),
    ("byok", CredentialKind::Byok),
    ("oauth_refresh", CredentialKind::OauthRefresh),
    ("client_credentials", CredentialKind::ClientCredentials),
    ("vault_reference", CredentialKind::VaultReference),
    ("lease", CredentialKind::Lease),
];

/// What a `[lane.credential]` or a `[defaults.credential]` says.
#[derive(Clone)]
pub(super) struct Raw {
    kind: Given<CredentialKind>,
    field: Given<String>,
    endpoint: RawEndpoint,
    overlap: Given<Duration>,
    settle: Given<Duration>,
}

impl Raw {
    /// What a table that is not there says.
    pub(super) const ABSENT: Self = Self {
        kind: Given::Absent,
        field: Given::Absent,
        endpoint: RawEndpoint::ABSENT,
        overlap: Given::Absent,
        settle: Given::Absent,
    };

    /// Reads the table. `store` is the store of a client secret that names none.
    pub(super) fn read(section: &Section<'_>, store: &Given<Plain>, read: &mut Reader<'_>) -> Self {
        let kind = section.text("kind", &mut read.book);
        Self {
            kind: kind.and_then(|text| read.choice(text, "kind of credential", &KINDS)),
            field: value::line(section, "field", read),
            endpoint: RawEndpoint::read(section, store, read),
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
    let is_key = !matches!(
        kind,
        CredentialKind::OauthRefresh | CredentialKind::Lease | CredentialKind::ClientCredentials
    );
    let dies = is_key && facts.is_some_and(|facts| facts.old_key_dies);
    let mut handover = handover(&own, defaults, settles, dies);
    let oauth = if kind == CredentialKind::OauthRefresh {
        let single_use = facts.is_some_and(|facts| facts.single_use_refresh);
        if single_use {
            let why = "the provider's refresh tokens serve once";
            must_be_writable(section, &source.store, why, read);
        }
        Some(oauth(section, own.endpoint, &defaults.endpoint, read)?)
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
/// `settles` is how long the provider takes for it by its pack, and `dies` whether the old one dies
/// with it. What the manifest says of an overlap goes before that.
fn handover(own: &Raw, defaults: &Raw, settles: Option<Duration>, dies: bool) -> Handover {
    let usual = Handover::default();
    let overlap = own.overlap.clone().or(|| defaults.overlap.clone()).ok();
    let settle = own.settle.clone().or(|| defaults.settle.clone());
    Handover {
        predecessor: match dies && overlap.is_none() {
            true => Predecessor::EndsAtOnce,
            false => Predecessor::LivesOn,
        },
        overlap: overlap.unwrap_or(match dies {
            true => Duration::ZERO,
            false => usual.overlap,
        }),
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
    let mut handover = handover(&own, defaults, None, false);
    let mut oauth = oauth(section, own.endpoint, &defaults.endpoint, read)?;
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
