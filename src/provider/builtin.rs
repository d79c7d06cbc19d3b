//! The packs that come with lanewatch: texts of the program, each read when a lane first needs it.
//!
//! Reading them all takes longer than everything else that happens before the first picture, and a
//! manifest names a handful. Which pack goes by which other name is known without reading it whole:
//! it stands in the pack's first lines.

use super::pack::Pack;
use super::parse;
use std::sync::{Arc, OnceLock};

/// A pack's text, and the pack once it was read.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    text: &'static str,
    pack: OnceLock<Arc<Pack>>,
}

/// A pack that lies in `packs/`, by its name.
macro_rules! packs {
    ($($name:literal,)*) => {
        [$(Builtin::new($name, include_str!(concat!("packs/", $name, ".toml"))),)*]
    };
}

/// The rules that every pack falls through to: what the standards say, then how APIs commonly word
/// it, then what a bare status means.
static STANDARDS: Builtin = Builtin::new("standards", include_str!("standards.toml"));

pub(super) static BUILTIN: [Builtin; 106] = packs![
    "airtable",
    "aliyun",
    "amap",
    "amazon-sp-api",
    "anthropic",
    "apilayer",
    "asana",
    "atlassian",
    "auth0",
    "aws",
    "aws-keys",
    "azure-devops",
    "baidu",
    "binance",
    "bluesky",
    "box",
    "clickup",
    "cloudflare",
    "coinbase",
    "contentful",
    "databricks",
    "datadog",
    "datasift",
    "digitalocean",
    "dingtalk",
    "discord",
    "dnsimple",
    "dockerhub",
    "docusign",
    "dropbox",
    "ebay",
    "eve-esi",
    "facebook",
    "feishu",
    "figma",
    "fitbit",
    "flickr",
    "github",
    "gitlab",
    "gocardless",
    "google",
    "grafana",
    "graphql",
    "heroku",
    "http",
    "hubspot",
    "intercom",
    "kakao",
    "keycloak",
    "kubernetes",
    "lastfm",
    "linear",
    "linkedin",
    "linode",
    "loqate",
    "mailchimp",
    "marketo",
    "matrix",
    "mcp",
    "mediawiki",
    "microsoft",
    "monday",
    "namecheap",
    "netatmo",
    "notion",
    "npm",
    "oauth-generic",
    "okta",
    "openai",
    "openbao",
    "pagerduty",
    "paypal",
    "pinterest",
    "pipedrive",
    "plaid",
    "quickbooks",
    "reddit",
    "salesforce",
    "sendgrid",
    "sentry",
    "shopify",
    "slack",
    "snowflake",
    "soap",
    "spotify",
    "square",
    "strava",
    "stripe",
    "supabase",
    "telegram",
    "tencent-cloud",
    "tencent-maps",
    "tiktok",
    "tuya",
    "twilio",
    "twitch",
    "twitter",
    "vk",
    "wechat",
    "withings",
    "wordpress",
    "wso2",
    "xero",
    "zendesk",
    "zoho",
    "zoom",
];

/// What every pack falls through to.
pub(super) fn standards() -> &'static Arc<Pack> {
    STANDARDS.pack()
}

impl Builtin {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            pack: OnceLock::new(),
        }
    }

    /// The pack itself. The embedded texts are proven free of mistakes by a test, so there is
    /// nothing to report.
    pub(super) fn pack(&self) -> &Arc<Pack> {
        self.pack
            .get_or_init(|| Arc::new(parse::pack(self.name, self.text).unwrap_or_default()))
    }

    /// Its other names, from its first lines.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &'static str> {
        let head = self.text.split("\n[").next().unwrap_or_default();
        let list = head.split_once("\naliases = [").map(|(_, rest)| rest);
        let list = list.and_then(|rest| rest.split(']').next());
        let between_quotes = |(at, part)| (at % 2 == 1).then_some(part);
        let parts = list.unwrap_or_default().split('"').enumerate();
        parts.filter_map(between_quotes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::PackMistakes;
    use super::*;

    #[test]
    fn the_embedded_packs_are_free_of_mistakes() {
        for builtin in BUILTIN.iter().chain([&STANDARDS]) {
            let found = parse::pack(builtin.name, builtin.text).map_err(PackMistakes);
            assert!(found.is_ok(), "{}", found.unwrap_err());
        }
    }

    #[test]
    fn a_name_known_before_a_pack_is_read_is_its_name_afterwards() {
        for builtin in BUILTIN.iter().chain([&STANDARDS]) {
            assert_eq!(builtin.pack().name(), builtin.name);
            let ahead: Vec<_> = builtin.aliases().collect();
            assert_eq!(ahead, builtin.pack().aliases(), "{}", builtin.name);
        }
    }
}
