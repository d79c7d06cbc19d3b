//! `[[lane]]`: one lane, put together from what it says and what the defaults say.

use super::bindings::{ProviderFacts, RotationFacts};
use super::common::{Common, Defaults, Shapes};
use super::credential::{self, Credential};
use super::probe::Proof;
use super::reader::Reader;
use super::request;
use super::section::{Given, Section};
use super::shape;
use super::spec::LaneEntry;
use super::token_endpoint;
use super::value;
use super::web;
use crate::lane::{CredentialKind, LaneSpec, Renewal, ScopeRules, ScopeSet};
use crate::plain::Plain;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

const STORE_EVERY: Duration = Duration::from_secs(30);

/// One `[[lane]]`, whose `line` the caller fills in; `None` after a mistake.
pub(super) fn lane(
    value: &Spanned<DeValue<'_>>,
    defaults: &Defaults,
    line_number: usize,
    read: &mut Reader<'_>,
) -> Option<LaneEntry> {
    let section = Section::open(value, &shape::LANE, None, &mut read.book)?;
    let name = section.text("name", &mut read.book);
    if name.is_absent() {
        section.missing(
            "name",
            "write name = \"what people call it\"",
            &mut read.book,
        );
    }
    let name = name.and_then(|text| value::name(text, "the name of a lane", read));
    let own = Common::read(&section, &Shapes::LANE, read);
    let given = &defaults.common;

    let provider = own.provider.or(|| given.provider.clone());
    if provider.is_absent() {
        let hint = "write provider = \"NAME\" here or in [defaults]";
        section.missing("provider", hint, &mut read.book);
    }
    let provider = provider.ok();
    let facts = provider
        .as_ref()
        .and_then(|name| (read.around.provider)(name.as_str()));
    let route = own.route.resolve(&given.route, &section, read);
    let credential = match section.section("credential", &shape::CREDENTIAL, &mut read.book) {
        Given::Is(table) => {
            credential::read(&table, &defaults.credential, &given.store, facts, read)
        }
        Given::Absent => {
            let hint = "write [lane.credential] with kind, store and path below the lane";
            section.missing("credential", hint, &mut read.book);
            None
        }
        Given::Wrong => None,
    };
    let is_leased = credential
        .as_ref()
        .is_some_and(|found| found.lease.is_some());
    let neighborless = !section.has("neighbor");
    let scopes = scopes(&section, read);
    let expires_at = value::moment(&section, "expires_at", &mut read.book).ok();
    let neighbors = request::neighbors(&section, read);
    let known = provider.as_ref().zip(facts);
    let proof = Proof::of(own.probe?, given.probe.as_ref(), known, is_leased, read);
    // What is asked of nobody by HTTP needs no address.
    let by_http = proof.request.is_some() || proof.command.is_none() && !is_leased;
    let asks = credential.is_some() && (!neighborless || by_http);
    let (base_url, sandbox) = base_url(&section, known.filter(|_| asks), read);

    let Credential {
        kind,
        source,
        oauth,
        lease,
        rotation,
        trust,
        handover,
    } = credential?;
    let facts = facts?;
    let windows = own.windows.resolve(&given.windows);
    let store_every = own.store_every.or(|| given.store_every.clone());
    let (route, scopes) = (route?, scopes?);
    let spec = LaneSpec {
        name: name.ok()?,
        kind,
        renewal: renewal(kind, rotation, facts.single_use_refresh),
        trust,
        effect: route.effect,
        scopes,
        windows,
        expires_at,
        probe_every: proof.every,
        store_every: store_every.ok().unwrap_or(STORE_EVERY),
        neighbors: neighbors
            .iter()
            .map(|neighbor| neighbor.name.clone())
            .collect(),
        handover,
    };
    Some(LaneEntry {
        spec: Arc::new(spec),
        route,
        provider: provider?,
        base_url,
        source,
        probe: proof.request,
        probe_timeout: proof.timeout,
        probe_control: proof.control,
        neighbors,
        probe_command: proof.command,
        oauth: oauth.map(Box::new),
        lease,
        owner: own.owner.or(|| given.owner.clone()).ok(),
        runbook: own.runbook.or(|| given.runbook.clone()).ok(),
        line: line_number,
        sandbox,
    })
}

/// How the lane comes by a newer credential.
const fn renewal(
    kind: CredentialKind,
    rotation: Option<RotationFacts>,
    single_use: bool,
) -> Renewal {
    match (kind, rotation) {
        (CredentialKind::OauthRefresh, _) => Renewal::Refresh { single_use },
        (CredentialKind::ClientCredentials, _) => Renewal::ClientCredentials,
        (CredentialKind::Lease, _) => Renewal::LeaseRenew,
        (_, Some(RotationFacts { old_dies: true, .. })) => Renewal::RotationApi,
        (_, Some(_)) => Renewal::CreateDelete,
        (CredentialKind::Byok, None) => Renewal::Owner,
        (CredentialKind::ManagedKey | CredentialKind::VaultReference, None) => Renewal::Reload,
    }
}

fn base_url(
    section: &Section<'_>,
    provider: Option<(&Plain, ProviderFacts)>,
    read: &mut Reader<'_>,
) -> (Option<url::Url>, bool) {
    let text = section.text("base_url", &mut read.book);
    if let (Given::Absent, Some((name, facts))) = (&text, provider)
        && !facts.has_base_url
    {
        let what = format!(
            "{} has no `base_url`, and the provider {name} has none of its own",
            section.title()
        );
        read.book
            .absent(section.at, what, "write base_url = \"https://…\"");
    }
    let sandbox = matches!(&text, Given::Is(text) if web::is_sandbox(text.value));
    (
        text.and_then(|text| web::confidential(text, "base_url", read))
            .ok(),
        sandbox,
    )
}

fn scopes(section: &Section<'_>, read: &mut Reader<'_>) -> Option<ScopeRules> {
    let table = match section.section("scopes", &shape::SCOPES, &mut read.book) {
        Given::Absent => return Some(ScopeRules::default()),
        table => table.ok()?,
    };
    let mut set = |key: &str| {
        let names = table.texts(key, &mut read.book);
        let names = names.and_then(|names| {
            let names: Option<_> = names
                .iter()
                .map(|name| {
                    let scope = token_endpoint::scope_name(*name, read)?;
                    Some(read.word(scope))
                })
                .collect();
            names.map(ScopeSet)
        });
        names.or(|| Given::Is(ScopeSet::default())).ok()
    };
    let (require, forbid) = (set("require"), set("forbid"));
    let rules = ScopeRules {
        require: require?,
        forbid: forbid?,
    };
    let both = rules.require.and(&rules.forbid);
    if let Some(scope) = both.first() {
        let what = format!("the scope “{scope}” is both required and forbidden");
        read.book.at(
            table.key_at("forbid"),
            what,
            "take it out of one of the lists",
        );
    }
    Some(rules)
}
