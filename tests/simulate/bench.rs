//! A manifest and a way to run it.

use lanewatch::manifest::{Bindings, Manifest, Surroundings, parse};
use lanewatch::provider::Catalog;
use lanewatch::simulate::{Report, Scenario, simulate};
use std::path::Path;
use std::time::Duration;

/// One lane with a grant, and limits for many copies of it: after twenty minutes without a store
/// some nine thousand of ten thousand wait for one token endpoint, whose answers take 60 ms, and
/// are to be fresh in two seconds.
pub(crate) const GRANT: &str = include_str!("grant.toml");

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// Whether the numbers' own sizes are wanted.
pub(crate) fn full() -> bool {
    std::env::var("LANEWATCH_SIMULATE").is_ok_and(|size| size == "full")
}

/// The one or the other.
pub(crate) fn sized<T>(modest: T, numbers_own: T) -> T {
    if full() { numbers_own } else { modest }
}

pub(crate) fn seeds(modest: u64, numbers_own: u64) -> impl Iterator<Item = u64> {
    1..=sized(modest, numbers_own)
}

pub(crate) fn manifest(text: &str) -> (Manifest, Catalog) {
    let catalog = Catalog::builtin();
    let providers: Vec<String> = catalog.names().map(str::to_owned).collect();
    let provider = |name: &str| catalog.get(name).map(|pack| pack.facts());
    let bindings = Bindings::default();
    let around = Surroundings {
        bindings: &bindings,
        provider: &provider,
        providers: &providers,
    };
    let manifest = parse(Path::new("/somewhere/lanes.toml"), text, &around);
    (
        manifest.unwrap_or_else(|mistakes| panic!("{mistakes}")),
        catalog,
    )
}

/// Lanes of one life for so long, with faults.
pub(crate) fn scenario(lanes: usize, life: Duration, span: Duration, faults: &[&str]) -> Scenario {
    Scenario {
        lanes: Some(lanes),
        life: Some(life),
        span,
        seed: 1,
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        every_request: false,
    }
}

pub(crate) fn run(scenario: &Scenario) -> Report {
    run_of(GRANT, scenario)
}

pub(crate) fn run_of(text: &str, scenario: &Scenario) -> Report {
    let (manifest, catalog) = manifest(text);
    simulate(&manifest, &catalog, scenario).unwrap_or_else(|error| panic!("{error}"))
}
