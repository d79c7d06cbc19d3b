//! `lanewatch simulate`: the lanes of a manifest in virtual time, with whatever can go wrong.

use super::args::SimulateArgs;
use super::failure::{Failure, Kind};
use super::load;
use crate::manifest::Bindings;
use crate::simulate::{Fault, Scenario, simulate as run};
use std::io::Write;
use std::time::Duration;

/// A duration as people write it.
fn duration(option: &str, text: &str) -> Result<Duration, Failure> {
    humantime::parse_duration(text).map_err(|_| {
        Failure::new(Kind::Usage, format!("{option} {text}: that is no duration"))
            .hint("write it like 60s, 24h or 30d")
    })
}

/// Runs the scenario and tells what came of it. Ends with 1 if a credential that could have been
/// renewed was not, or a dead one was used.
pub(super) fn simulate(args: &SimulateArgs, out: &mut impl Write) -> Result<u8, Failure> {
    let life = args
        .life
        .as_deref()
        .map(|text| duration("--life", text))
        .transpose()?;
    let span = duration("--for", &args.span)?;
    let faults: Result<Vec<Fault>, _> = args.faults.iter().map(|text| text.parse()).collect();
    let faults = faults.map_err(|error| Failure::new(Kind::Usage, error))?;
    let loaded = load::load(&args.manifest, &Bindings::default())?;
    let scenario = Scenario {
        lanes: args.lanes,
        life,
        span,
        seed: args.seed,
        faults,
        every_request: args.every_request,
    };
    let report = run(&loaded.manifest, &loaded.catalog, &scenario)
        .map_err(|error| Failure::new(Kind::Usage, error))?;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report).map_err(Failure::output)?;
        writeln!(out).map_err(Failure::output)?;
    } else {
        write!(out, "{report}").map_err(Failure::output)?;
    }
    Ok(if report.is_good() {
        0
    } else {
        Kind::Failing.code()
    })
}
