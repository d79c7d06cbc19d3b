//! What a person writes into `lanes.toml`, and what lanewatch says to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod meaning;
mod mistakes;
mod samples;
mod schema;

use lanewatch::manifest::{
    Bindings, Manifest, ManifestError, Mistakes, ProviderFacts, RotationFacts, Surroundings, load,
    parse,
};
use std::fs;
use std::path::{Path, PathBuf};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-lanes");

/// A few packs: one that has everything, one that has nothing, one whose grants serve once.
fn provider(name: &str) -> Option<ProviderFacts> {
    let (has_base_url, has_probe, single_use_refresh) = match name {
        "github" | "google" | "hubspot" | "stripe" => (true, true, false),
        "http" | "http-generic" => (false, false, false),
        "oauth-generic" => (false, false, true),
        _ => return None,
    };
    Some(ProviderFacts {
        has_base_url,
        has_probe,
        single_use_refresh,
        old_key_dies: name == "github",
        rotation: (name == "stripe").then_some(RotationFacts {
            old_dies: false,
            settle: std::time::Duration::ZERO,
        }),
    })
}

fn with<T>(bindings: &Bindings, act: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let names = [
        "github",
        "google",
        "http",
        "http-generic",
        "hubspot",
        "oauth-generic",
        "stripe",
    ];
    act(&Surroundings {
        bindings,
        provider: &provider,
        providers: &names.map(String::from),
    })
}

fn read(text: &str) -> Result<Manifest, Mistakes> {
    with(&Bindings::default(), |around| {
        parse(Path::new("/etc/lanes.toml"), text, around)
    })
}

fn open(path: &Path) -> Result<Manifest, ManifestError> {
    with(&Bindings::default(), |around| load(path, around))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(SAMPLES).join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|other| other == ending))
        .collect();
    files.sort();
    files
}

/// A small manifest with room for changes.
fn small(lanes: &str) -> String {
    format!(
        "[stores.files]\nkind = \"file\"\n\n[stores.shell]\nkind = \"env\"\n\n[defaults]\n\
         provider = \"github\"\nstore = \"files\"\nroute = {{ server = \"s\" }}\n\n{lanes}"
    )
}

fn lane(name: &str, more: &str) -> String {
    format!(
        "[[lane]]\nname = \"{name}\"\n{more}\n[lane.credential]\nkind = \"byok\"\npath = \"{name}\"\n\n"
    )
}
