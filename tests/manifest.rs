//! What a person writes into `lanes.toml`, and what lanewatch says to it.

use lanewatch::lane::{CredentialKind, Renewal, SideEffect, Trust, Wall};
use lanewatch::manifest::{
    AlertChannel, Bindings, ClientAuth, Manifest, ManifestError, Mistakes, OpenBaoAuth,
    ProviderFacts, SecretFrom, StoreSpec, Surroundings, difference, load, packs_folder, parse,
    watch,
};
use lanewatch::plain::Plain;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-lanes");

/// A few packs: one that has everything, one that has nothing, one whose grants serve once.
fn provider(name: &str) -> Option<ProviderFacts> {
    let (has_base_url, has_probe, single_use_refresh) = match name {
        "github" | "google" | "hubspot" | "stripe" => (true, true, false),
        "http-generic" => (false, false, false),
        "oauth-generic" => (false, false, true),
        _ => return None,
    };
    Some(ProviderFacts {
        has_base_url,
        has_probe,
        single_use_refresh,
    })
}

fn with<T>(bindings: &Bindings, act: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let names = [
        "github",
        "google",
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

#[test]
fn every_mistake_is_told_as_its_sample_says() {
    let samples = files("invalid", "toml");
    assert!(samples.len() >= 30, "only {} samples", samples.len());
    for sample in &samples {
        let name = sample.file_name().unwrap();
        let text = fs::read_to_string(sample).unwrap();
        let said = with(&Bindings::default(), |around| {
            parse(Path::new(name), &text, around)
        });
        let said = said
            .expect_err(&format!("{} has no mistake", sample.display()))
            .to_string();
        let expectation = sample.with_extension("expected");

            fs::write(&expectation, format!("{said}\n")).unwrap();
        }
        let expected = fs::read_to_string(&expectation)
            .unwrap_or_else(|error| panic!("{}: {error}", expectation.display()));
        assert_eq!(said, expected.trim_end(), "{}", sample.display());
        assert!(
            !said.contains("CANARY"),
            "{} shows a secret",
            sample.display()
        );
        assert!(
            said.contains("\n  hint: "),
            "{} has no hint",
            sample.display()
        );
    }
    let expectations = files("invalid", "expected");
    assert_eq!(
        expectations.len(),
        samples.len(),
        "an expectation has no sample"
    );
}
