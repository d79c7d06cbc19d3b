//! The guide "Add a provider" is true: its pack is free of mistakes, passes its own tests, and is made
//! of what the guide shows.

#![allow(clippy::unwrap_used, reason = "a test may stop at a missing file")]

use lanewatch::provider::Catalog;
use std::path::Path;

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

#[test]
fn the_guides_pack_passes_its_own_tests_and_tests_every_rule() {
    let catalog = Catalog::builtin()
        .with_folder(&docs().join("packs"))
        .unwrap();
    let pack = catalog.get("hetzner").unwrap();
    assert_eq!(pack.run_tests(), []);
    assert_eq!(pack.untested_rules(), Vec::<&str>::new());
    assert!(pack.probe().is_some() && pack.control().is_some());
    assert!(Catalog::builtin().get("hetzner").is_none());
}

#[test]
fn every_piece_of_a_pack_that_the_guide_shows_is_in_the_pack() {
    let guide = std::fs::read_to_string(docs().join("add-a-provider.md")).unwrap();
    let pack = std::fs::read_to_string(docs().join("packs/hetzner.toml")).unwrap();
    let pieces = guide.split("```toml\n").skip(1);
    let mut shown = 0;
    for piece in pieces.filter_map(|rest| rest.split_once("```").map(|(piece, _)| piece)) {
        // What belongs into a manifest is no part of the pack.
        if piece.starts_with("packs = ") {
            continue;
        }
        assert!(pack.contains(piece), "not in the pack:\n{piece}");
        shown += 1;
    }
    assert_eq!(shown, 6);
}
