//! OpenBao and Vault: the key-value engine, version 2, and leases.
//!
//! Its versions make writing safe: a write names the version it replaces, and the server refuses it if
//! that is no longer the newest. Its refusals need care: an expired, a revoked and an unknown token are
//! refused with the same words, and some servers refuse a forbidden path with those words too, so a
//! refusal is followed by the one question that tells them apart (see [`login`]).

mod answer;
mod lease;
mod login;
mod tend;

pub use lease::{Lease, LeaseEnd, LeaseTerm, Leased};
pub use tend::{LoginNews, Tended};

use super::fields::{Fields, to_json};
use super::{SecretRecord, StoreError, WHOLE};
use crate::http::{Call, Http, Method, OwnedAnswer};
use crate::lane::{StoreVersion, Wall};
use crate::manifest::{OpenBaoSpec, Source};
use crate::plain::Plain;
use crate::secret::Secret;
use answer::{Found, Written, refusal, unwritten};
use login::Login;
use serde::Serialize;
use std::collections::BTreeMap;
use url::Url;

const JSON: &str = "application/json";

/// One server, one key-value engine, one login.
pub struct OpenBao {
    spec: OpenBaoSpec,
    http: Http,
    login: Login,
}

impl OpenBao {
    pub(super) fn new(spec: OpenBaoSpec, http: Http) -> Self {
        Self {
            spec,
            http,
            login: Login::default(),
        }
    }

    pub(super) async fn read(&self, source: &Source) -> Result<SecretRecord, StoreError> {
        let answer = self.fetch(source).await?;
        let found = Found::read(&answer, &source.path)?;
        let Some(data) = found.data else {
            return Err(match found.version {
                0 => StoreError::NotFound(self.shown(source)),
                version => StoreError::Deleted(Plain::new(&format!(
                    "{}, version {version}",
                    self.shown(source)
                ))),
            });
        };
        Ok(SecretRecord {
            fields: data.secrets(source.field.as_deref())?,
            version: Some(mark(found.version)),
            created: found.created.and_then(Wall::parse),
        })
    }

    pub(super) async fn write(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        expected: Option<&StoreVersion>,
    ) -> Result<StoreVersion, StoreError> {
        #[derive(Serialize)]
        struct Options {
            cas: u64,
        }
        #[derive(Serialize)]
        struct Write<T> {
            options: Options,
            data: T,
        }
        let answer = self.fetch(source).await?;
        let found = Found::read(&answer, &source.path)?;
        if expected.is_some_and(|expected| *expected != mark(found.version)) {
            return Err(StoreError::Conflict);
        }
        let kept = found.data.unwrap_or_default();
        let body = to_json(&Write {
            options: Options { cas: found.version },
            data: kept.with(fields)?,
        })?;
        let written = self.post(source, &body, fields).await;
        if matches!(written, Err(StoreError::Uncertain(_)))
            && self.holds(source, fields, found.version + 1).await
        {
            return Ok(mark(found.version + 1));
        }
        written
    }

    async fn post(
        &self,
        source: &Source,
        body: &Secret,
        fields: &BTreeMap<String, Secret>,
    ) -> Result<StoreVersion, StoreError> {
        let url = self.kv(source)?;
        let call =
            || Call::new(Method::POST, url.clone(), self.spec.timeout).body(JSON, body.clone());
        let (answer, token) = self.ask(call).await?;
        let written = match answer.status {
            200 => Written::read(&answer).map(mark),
            400 if answer::says(&answer, "check-and-set parameter did not match") => {
                Err(StoreError::Conflict)
            }
            _ => Err(refusal(&answer, fields.values().chain([&token]))),
        };
        written.map_err(StoreError::after_sending)
    }

    /// Whether that version is the newest and has these fields: a write whose answer was lost came
    /// through after all.
    async fn holds(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        version: u64,
    ) -> bool {
        let Ok(record) = self.read(source).await else {
            return false;
        };
        let has = |(name, secret): (&String, &Secret)| {
            let there = match name.as_str() {
                WHOLE => record.field(source),
                name => record.fields.get(name),
            };
            there.map(Secret::expose) == Some(secret.expose())
        };
        record.version == Some(mark(version)) && fields.iter().all(has)
    }

    /// The newest version as it stands, whether it is there, deleted or was never written.
    async fn fetch(&self, source: &Source) -> Result<OwnedAnswer, StoreError> {
        let url = self.kv(source)?;
        let call = || Call::new(Method::GET, url.clone(), self.spec.timeout);
        let (answer, token) = self.ask(call).await?;
        match answer.status {
            200 => Ok(answer),
            404 => unwritten(answer, &self.shown(source), &token),
            _ => Err(refusal(&answer, [&token])),
        }
    }

    fn kv(&self, source: &Source) -> Result<Url, StoreError> {
        let engine = [self.spec.mount.as_str(), "data"];
        self.url(engine.into_iter().chain([source.path.trim_matches('/')]))
    }

    /// The address of an API path. Every part is split at its slashes and escaped piece by piece.
    fn url<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Result<Url, StoreError> {
        let wrong = |why: &str| StoreError::Unusable(Plain::new(why));
        let mut url = self.spec.address.clone();
        url.set_query(None);
        {
            let Ok(mut path) = url.path_segments_mut() else {
                return Err(wrong("the store's address has no host"));
            };
            path.pop_if_empty().push("v1");
            for piece in parts.into_iter().flat_map(|part| part.split('/')) {
                if matches!(piece, "" | "." | "..") {
                    return Err(wrong(
                        "a path in a store must not be empty and has no `.`, `..` or `//` in it",
                    ));
                }
                path.push(piece);
            }
        }
        Ok(url)
    }

    fn shown(&self, source: &Source) -> Plain {
        Plain::new(&format!("{}/{}", self.spec.mount, source.path))
    }

    /// Sends a call that is the same with every token.
    async fn send(&self, call: Call, token: Option<&Secret>) -> Result<OwnedAnswer, StoreError> {
        let mut call = call.header("x-vault-request", "true");
        call.ca_file.clone_from(&self.spec.ca_file);
        if let Some(namespace) = &self.spec.namespace {
            call = call.header("x-vault-namespace", namespace);
        }
        if let Some(token) = token {
            call = call.secret_header("x-vault-token", token.clone());
        }
        Ok(self.http.exchange(call).await?)
    }
}

fn mark(version: u64) -> StoreVersion {
    StoreVersion(Plain::new(&version.to_string()))
}
