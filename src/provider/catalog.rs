//! All packs, by name: those built in, and those a user adds.

use super::builtin::{self, BUILTIN, Builtin};
use super::pack::Pack;
use super::parse;
use super::reader::{PackMistake, PackMistakes};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The name of the pack that judges providers nobody described.
const FALL_THROUGH: &str = "http";

/// All packs by name and alias. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    packs: BTreeMap<String, Held>,
    /// The name for each other name.
    aliases: BTreeMap<String, String>,
}

#[derive(Clone)]
enum Held {
    Builtin(&'static Builtin),
    Users(Arc<Pack>),
}

impl Held {
    fn pack(&self) -> &Arc<Pack> {
        match self {
            Self::Builtin(builtin) => builtin.pack(),
            Self::Users(pack) => pack,
        }
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.packs.keys()).finish()
    }
}

impl Catalog {
    /// The packs that come with lanewatch. None of them is read before it is asked for.
    pub fn builtin() -> Self {
        let named = |builtin: &'static Builtin| (builtin.name.to_owned(), Held::Builtin(builtin));
        let also = |builtin: &'static Builtin| {
            let pair = |alias: &str| (alias.to_owned(), builtin.name.to_owned());
            builtin.aliases().map(pair)
        };
        Self {
            packs: BUILTIN.iter().map(named).collect(),
            aliases: BUILTIN.iter().flat_map(also).collect(),
        }
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

    fn adopt(&mut self, pack: Pack) {
        let name = pack.name().to_owned();
        for alias in pack.aliases() {
            self.aliases.insert(alias.clone(), name.clone());
        }
        self.packs.insert(name, Held::Users(Arc::new(pack)));
    }

    /// The pack of that name or alias.
    pub fn get(&self, name: &str) -> Option<&Arc<Pack>> {
        let held = self.packs.get(name);
        let held = held.or_else(|| self.packs.get(self.aliases.get(name)?));
        held.map(Held::pack)
    }

    /// The same, or the `http` pack for a provider that nobody described.
    pub fn get_or_http(&self, name: &str) -> &Arc<Pack> {
        let found = self.get(name).or_else(|| self.get(FALL_THROUGH));
        found.unwrap_or_else(|| self.standards())
    }

    /// The names of all packs, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.packs.keys().map(String::as_str)
    }

    /// All packs, in the order of their names.
    pub fn packs(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.packs.values().map(Held::pack)
    }

    /// What every pack falls through to.
    pub fn standards(&self) -> &'static Arc<Pack> {
        builtin::standards()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
