//! What a credential's table says of its token endpoint, and of the client that asks there.

use super::credential::Raw;
use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::spec::{ClientAuth, OauthSpec};
use super::value;
use std::time::Duration;
use toml::de::DeValue;

/// The names of the ways to authenticate.
pub(super) const CLIENT_AUTHS: [(&str, ClientAuth); 2] =
    [("basic", ClientAuth::Basic), ("post", ClientAuth::Post)];
/// How long an endpoint may take, where nothing is said of it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(15);

/// How a lane's tokens are asked for, over the defaults.
pub(super) fn oauth(
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
        timeout: timeout.ok().unwrap_or(USUAL_TIMEOUT),
        keep: None,
    })
}

/// Scopes: a list, or one text as it goes on the wire.
pub(super) fn scope(section: &Section<'_>, read: &mut Reader<'_>) -> Given<String> {
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
