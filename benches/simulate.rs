//! How long a month of ten thousand lanes takes: less than a minute, with credentials that live an
//! hour and so are refreshed twelve million times. `cargo bench --bench simulate`.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark may look at the clock, tells what it found, and ends if it cannot begin"
)]

use lanewatch::manifest::{Bindings, Surroundings, parse};
use lanewatch::provider::Catalog;
use lanewatch::simulate::{Scenario, simulate};
use std::path::Path;
use std::time::{Duration, Instant};

/// One lane with a grant, to be multiplied.
const GRANT: &str = include_str!("../tests/simulate/grant.toml");

const HOUR: Duration = Duration::from_secs(3_600);

fn main() {
    let catalog = Catalog::builtin();
    let providers: Vec<String> = catalog.names().map(str::to_owned).collect();
    let provider = |name: &str| catalog.get(name).map(|pack| pack.facts());
    let bindings = Bindings::default();
    let around = Surroundings {
        bindings: &bindings,
        provider: &provider,
        providers: &providers,
    };
    let manifest = parse(Path::new("/somewhere/lanes.toml"), GRANT, &around)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for hours in [1, 8, 24] {
        let month = Scenario {
            lanes: Some(10_000),
            life: Some(HOUR * hours),
            span: HOUR * 24 * 30,
            seed: 1,
            faults: Vec::new(),
            every_request: false,
        };
        let begun = Instant::now();
        let report =
            simulate(&manifest, &catalog, &month).unwrap_or_else(|error| panic!("{error}"));
        println!(
            "a life of {hours} h: {:.1} s for {} refreshes, {} of them late",
            begun.elapsed().as_secs_f64(),
            report.refreshes,
            report.late_refreshes
        );
    }
}
