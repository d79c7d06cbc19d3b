//! What the documents say is so: their commands run and print what they show, their manifests are
//! manifests, their tables are complete, and their links lead somewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole crate is a test"
)]

#[path = "readme/console.rs"]
mod console;

use lanewatch::cli::Kind;
use lanewatch::lane::{Outcome, Word};
use lanewatch::manifest::{Bindings, Manifest, Mistakes, Surroundings, parse};
use lanewatch::provider::Catalog;
use lanewatch::sandbox::Drill;
use lanewatch::tui::keymap::{ACTIONS, Context};
use std::path::Path;

const README: &str = include_str!("../README.md");
const REFERENCE: &str = include_str!("../docs/manifest.md");
const GUIDE: &str = include_str!("../docs/add-a-provider.md");
const HETZNER: &str = include_str!("../docs/packs/hetzner.toml");
const MINIMAL: &str = include_str!("../sample-lanes/minimal.toml");

/// The fenced blocks of a document: what stands after the fence, and the text.
fn blocks(document: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| !line.starts_with("```"));
            blocks.push((kind, text.map(|line| format!("{line}\n")).collect()));
        }
    }
    blocks
}

fn manifests(document: &str) -> Vec<String> {
    let all = blocks(document).into_iter();
    all.filter(|(kind, _)| *kind == "toml")
        .map(|(_, text)| text)
        .collect()
}

fn read(text: &str) -> Result<Manifest, Mistakes> {
    let catalog = Catalog::builtin();
    let providers: Vec<String> = catalog.names().map(str::to_owned).collect();
    let provider = |name: &str| catalog.get(name).map(|pack| pack.facts());
    let bindings = Bindings::default();
    let around = Surroundings {
        bindings: &bindings,
        provider: &provider,
        providers: &providers,
    };
    parse(Path::new("/somewhere/lanes.toml"), text, &around)
}

/// An example with what it leaves out: the stores it names, and a lane.
fn completed(example: &str) -> String {
    let mut text = example.to_owned();
    let names = |store: &str| {
        example.contains(&format!("\"{store}\"")) && !example.contains(&format!("[stores.{store}]"))
    };
    if names("bao") {
        text.push_str("[stores.bao]\nkind = \"openbao\"\naddress = \"https://bao.example.org\"\n");
        text.push_str("auth = { token = { env = \"VAULT_TOKEN\" } }\n");
    }
    let no_lane = !example.contains("[[lane]]");
    if names("files") || (no_lane && !example.contains("[stores.files]")) {
        text.push_str("[stores.files]\nkind = \"file\"\n");
    }
    if no_lane {
        text.push_str("[[lane]]\nname = \"billing-refunds\"\nprovider = \"github\"\n");
        text.push_str("route = { server = \"s\" }\n[lane.credential]\nkind = \"managed_key\"\n");
        text.push_str("store = \"files\"\npath = \"key\"\n");
    }
    text
}

#[test]
fn every_command_of_the_readme_runs_and_prints_what_it_shows() {
    let said = blocks(README).into_iter();
    let home = tempfile::tempdir().unwrap();
    let said = said.filter(|(kind, _)| matches!(*kind, "console" | "sh"));
    console::run(home.path(), 16, said);
}

#[test]
fn every_command_of_the_guide_to_a_pack_runs_on_the_pack_that_the_guide_makes() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("packs")).unwrap();
    std::fs::write(home.path().join("packs/hetzner.toml"), HETZNER).unwrap();
    let said = blocks(GUIDE).into_iter();
    let said = said.filter(|(kind, _)| matches!(*kind, "console" | "sh"));
    console::run(home.path(), 3, said);
}

#[test]
fn the_manifests_in_the_readme_are_whole() {
    let manifests = manifests(README);
    assert!(manifests.len() >= 3, "{}", manifests.len());
    for text in manifests {
        read(&text).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes}"));
    }
}

#[test]
fn the_first_manifest_is_what_init_writes() {
    let bare = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    };
    assert_eq!(bare(&manifests(README)[0]), bare(MINIMAL));
}

#[test]
fn the_examples_of_the_manifest_reference_are_right() {
    let examples = manifests(REFERENCE);
    assert!(examples.len() >= 8, "{}", examples.len());
    for example in examples {
        let whole = completed(&example);
        read(&whole).unwrap_or_else(|mistakes| panic!("{whole}\n{mistakes}"));
    }
}

/// The keys stand as quoted words in the one file that knows them all.
#[test]
fn the_manifest_reference_has_every_key() {
    let shapes = include_str!("../src/manifest/shape.rs");
    let is_key =
        |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let keys: Vec<&str> = shapes
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(is_key)
        .collect();
    assert!(keys.len() > 50, "{keys:?}");
    for key in keys {
        let told = [format!("`{key}`"), format!("[{key}"), format!(".{key}]")];
        assert!(
            told.iter().any(|told| REFERENCE.contains(told)),
            "{key} is not in docs/manifest.md"
        );
    }
}

#[test]
fn the_readme_tells_every_outcome_word_drill_and_exit_code() {
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let words = Word::ALL.map(Word::as_str);
    let drills = Drill::ALL.map(Drill::as_str);
    for name in outcomes.iter().chain(&words).chain(&drills) {
        assert!(
            README.contains(&format!("`{name}`")),
            "{name} is not in the README"
        );
    }
    for kind in [
        Kind::Failing,
        Kind::Usage,
        Kind::Unreachable,
        Kind::Audit,
        Kind::Internal,
    ] {
        let row = format!("\n| {} | ", kind.code());
        assert!(
            README.contains(&row),
            "exit code {} is not in the README",
            kind.code()
        );
    }
}

#[test]
fn the_readme_tells_every_key_that_the_footer_shows() {
    for entry in ACTIONS {
        if entry.context == Context::Main && !entry.label.is_empty() {
            let key = format!("`{}`", entry.keys[0]);
            assert!(
                README.contains(&key),
                "{key}, {}, is not in the README",
                entry.label
            );
        }
    }
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/manifest.md",
        "docs/simulate.md",
    ] {
        let document = root.join(name);
        let text = std::fs::read_to_string(&document).unwrap();
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let there = document.parent().unwrap().join(path);
            assert!(
                path.is_empty() || there.exists(),
                "{name} links to {target}"
            );
            if path.is_empty() {
                let heading = |line: &str| line.trim_start_matches('#').trim().to_lowercase();
                let slug = |line: &str| {
                    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                    heading(line)
                        .chars()
                        .filter(kept)
                        .collect::<String>()
                        .replace(' ', "-")
                };
                let found = text
                    .lines()
                    .any(|line| line.starts_with('#') && slug(line) == anchor);
                assert!(found, "{name} links to #{anchor}");
            }
        }
    }
}

#[test]
fn the_oldest_rust_is_the_same_wherever_it_is_told() {
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(
        README.contains(&format!("Rust {rust} or newer")),
        "the README"
    );
    let clippy = include_str!("../clippy.toml");
    assert!(
        clippy.contains(&format!("msrv = \"{rust}\"")),
        "clippy.toml"
    );
}
