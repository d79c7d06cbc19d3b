//! All packs, by name: those built in, and those a user adds.

use super::pack::Pack;
use super::parse;
use super::reader::{PackMistake, PackMistakes};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The rules that every pack falls through to: what the standards say, then how APIs commonly word
/// it, then what a bare status means.
const STANDARDS: (&str, &str) = ("standards.toml", include_str!("standards.toml"));

/// The name of the pack that judges providers nobody described.
const FALL_THROUGH: &str = "http";

/// A pack that lies beside this file, by its name.
macro_rules! packs {
    ($($name:literal,)*) => {
        &[$((concat!("packs/", $name, ".toml"), include_str!(concat!("packs/", $name, ".toml")))),*]
    };
}

/// The built-in packs.
const BUILTIN: &[(&str, &str)] = packs![
    "airtable",
    "anthropic",
    "atlassian",
    "aws",
    "aws-keys",
    "box",
    "cloudflare",
    "datadog",
    "datasift",
    "digitalocean",
    "discord",
    "dnsimple",
    "dockerhub",
    "dropbox",
    "eve-esi",
    "facebook",
    "figma",
    "fitbit",
    "github",
    "gitlab",
    "google",
    "grafana",
    "graphql",
    "http",
    "hubspot",
    "linear",
    "linkedin",
    "mcp",
    "microsoft",
    "notion",
    "npm",
    "oauth-generic",
    "okta",
    "openai",
    "openbao",
    "pagerduty",
    "quickbooks",
    "reddit",
    "salesforce",
    "sendgrid",
    "sentry",
    "shopify",
    "slack",
    "soap",
    "stripe",
    "twilio",
    "wso2",
    "xero",
];

/// All packs by name and alias. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Catalog {
    packs: BTreeMap<String, Arc<Pack>>,
    aliases: BTreeMap<String, String>,
    http: Arc<Pack>,
    standards: Arc<Pack>,
}

impl Catalog {
    /// The packs that come with lanewatch.
    pub fn builtin() -> Self {
        // The embedded texts are proven free of mistakes by a test, so nothing is left out here.
        let standards = parse::pack(STANDARDS.0, STANDARDS.1).unwrap_or_default();
        let standards = Arc::new(standards);
        let mut catalog = Self {
            packs: BTreeMap::new(),
            aliases: BTreeMap::new(),
            http: Arc::clone(&standards),
            standards,
        };
        for &(file, text) in BUILTIN {
            if let Ok(pack) = parse::pack(file, text) {
                catalog.adopt(pack);
            }
        }
        catalog
    }

    /// These packs and the ones in `dir`, where every `*.toml` is one. A pack there replaces the one
    /// of the same name.
    ///
    /// # Errors
    /// Every mistake in every file there, an unreadable folder or file included.
    pub fn with_folder(self, dir: &Path) -> Result<Self, PackMistakes> {
        let mut catalog = self;
        let mut mistakes = Vec::new();
        let unreadable = |path: &Path, error: &std::io::Error| PackMistake {
            file: path.display().to_string(),
            line: 0,
            column: 0,
            what: format!("cannot be read: {error}"),
            hint: "a folder of provider packs holds one NAME.toml a pack".to_owned(),
        };
        let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut paths: Vec<_> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(error) => return Err(PackMistakes(vec![unreadable(dir, &error)])),
        };
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        for path in paths {
            match std::fs::read_to_string(&path) {
                Err(error) => mistakes.push(unreadable(&path, &error)),
                Ok(text) => match parse::pack(&path.display().to_string(), &text) {
                    Ok(pack) => catalog.adopt(pack),
                    Err(found) => mistakes.extend(found),
                },
            }
        }
        if mistakes.is_empty() {
            Ok(catalog)
        } else {
            Err(PackMistakes(mistakes))
        }
    }

    fn adopt(&mut self, mut pack: Pack) {
        pack.standards = Some(Arc::clone(&self.standards));
        let name = pack.name.clone();
        let pack = Arc::new(pack);
        for alias in pack.aliases() {
            self.aliases.insert(alias.clone(), name.clone());
        }
        if name == FALL_THROUGH {
            self.http = Arc::clone(&pack);
        }
        self.packs.insert(name, pack);
    }

    /// The pack of that name or alias.
    pub fn get(&self, name: &str) -> Option<&Arc<Pack>> {
        self.packs
            .get(name)
            .or_else(|| self.packs.get(self.aliases.get(name)?))
    }

    /// The same, or the `http` pack for a provider that nobody described.
    pub fn get_or_http(&self, name: &str) -> &Arc<Pack> {
        self.get(name).unwrap_or(&self.http)
    }

    /// The names of all packs, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.packs.keys().map(String::as_str)
    }

    /// All packs, in the order of their names.
    pub fn packs(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.packs.values()
    }

    /// What every pack falls through to.
    pub fn standards(&self) -> &Arc<Pack> {
        &self.standards
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_packs_are_free_of_mistakes() {
        for &(file, text) in BUILTIN.iter().chain([&STANDARDS]) {
            let found = parse::pack(file, text).map_err(PackMistakes);
            assert!(found.is_ok(), "{}", found.unwrap_err());
        }
        assert_eq!(Catalog::builtin().names().count(), BUILTIN.len());
    }

    #[test]
    fn every_pack_passes_its_own_tests_and_tests_every_rule() {
        let catalog = Catalog::builtin();
        let mut wrong = Vec::new();
        for pack in catalog.packs().chain([catalog.standards()]) {
            for failure in pack.run_tests() {
                wrong.push(format!(
                    "{}: {}: {}",
                    pack.name(),
                    failure.case,
                    failure.why
                ));
            }
            for rule in pack.untested_rules() {
                wrong.push(format!("{}/{rule} has no test", pack.name()));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn a_provider_is_found_by_its_other_names_and_a_stranger_by_http() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.get("vault").unwrap().name(), "openbao");
        assert_eq!(
            catalog.get("generic-oauth").unwrap().name(),
            "oauth-generic"
        );
        assert!(catalog.get("nobody").is_none());
        assert_eq!(catalog.get_or_http("nobody").name(), "http");
    }

    #[test]
    fn a_users_pack_overrides_a_built_in_one() {
        let dir = tempfile::tempdir().unwrap();
        let text = "name = \"github\"\ntitle = \"Our GitHub\"\n[present]\nx-key = \"{secret}\"\n";
        std::fs::write(dir.path().join("github.toml"), text).unwrap();
        let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
        assert_eq!(catalog.get("github").unwrap().title(), "Our GitHub");
        assert_eq!(catalog.get("stripe").unwrap().title(), "Stripe");
    }

    #[test]
    fn every_mistake_of_every_file_in_a_folder_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.toml"), "name = 1\n").unwrap();
        std::fs::write(dir.path().join("b.toml"), "name = \"b\"\ncolour = 2\n").unwrap();
        let found = Catalog::builtin().with_folder(dir.path()).unwrap_err();
        assert_eq!(found.0.len(), 2, "{found}");
        let missing = Catalog::builtin()
            .with_folder(&dir.path().join("none"))
            .unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }
}
