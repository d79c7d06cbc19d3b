//! What a credential's table says of its token endpoint, and of the client that asks there.

use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::source::client_secret;
use super::spec::{ClientAuth, OauthSpec, Source};
use super::value::{self, TIMEOUT};
use super::web;
use crate::plain::Plain;
use std::time::Duration;
use toml::de::DeValue;
use url::Url;

/// The names of the ways to authenticate.
const CLIENT_AUTHS: [(&str, ClientAuth); 2] =
    [("basic", ClientAuth::Basic), ("post", ClientAuth::Post)];
/// How long an endpoint may take, where nothing is said of it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(15);

/// What a `[lane.credential]` or a `[defaults.credential]` says of them.
#[derive(Clone)]
pub(super) struct RawEndpoint {
    token_endpoint: Given<Url>,
    client_id: Given<String>,
    client_secret: Given<Source>,
    client_auth: Given<ClientAuth>,
    scope: Given<String>,
    resource: Given<String>,
    timeout: Given<Duration>,
    revocation_endpoint: Given<Url>,
}

impl RawEndpoint {
    /// What a table that is not there says.
    pub(super) const ABSENT: Self = Self {
        token_endpoint: Given::Absent,
        client_id: Given::Absent,
        client_secret: Given::Absent,
        client_auth: Given::Absent,
        scope: Given::Absent,
        resource: Given::Absent,
        timeout: Given::Absent,
        revocation_endpoint: Given::Absent,
    };

    /// Reads them. `store` is the store of a client secret that names none.
    pub(super) fn read(section: &Section<'_>, store: &Given<Plain>, read: &mut Reader<'_>) -> Self {
        let endpoint = section.text("token_endpoint", &mut read.book);
        let revocation = section.text("revocation_endpoint", &mut read.book);
        let auth = section.text("client_auth", &mut read.book);
        Self {
            token_endpoint: endpoint
                .and_then(|text| web::confidential(text, "token_endpoint", read)),
            client_id: value::line(section, "client_id", read),
            client_secret: client_secret(section, store, read),
            client_auth: auth
                .and_then(|text| read.choice(text, "way to authenticate a client", &CLIENT_AUTHS)),
            scope: scope(section, read),
            resource: value::line(section, "resource", read),
            timeout: value::duration(section, "timeout", TIMEOUT, &mut read.book),
            revocation_endpoint: revocation
                .and_then(|text| web::confidential(text, "revocation_endpoint", read)),
        }
    }
}

/// How a lane's tokens are asked for, over the defaults.
pub(super) fn oauth(
    section: &Section<'_>,
    own: RawEndpoint,
    defaults: &RawEndpoint,
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
        timeout: timeout.ok().unwrap_or(USUAL_TIMEOUT),
        keep: None,
    })
}

/// Scopes: a list, or one text as it goes on the wire.
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
    value::line(section, "scope", read)
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
