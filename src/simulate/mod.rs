//! Many lanes in virtual time, with whatever can go wrong.
//!
//! What is under test here is not written here: each lane is a [`crate::lane::Lane`], and whose turn
//! it is, how seldom a dead store is asked, who begins when and what a jump of the clock means are
//! decided by [`crate::policy`], just as for the engine. This room adds the world around them
//! (stores, token endpoints and upstreams that answer after a fixed time, or do not), a clock that
//! goes from event to event, and the counting. No network, no store and no secret is touched. Two
//! threads share the work, but nothing of what is told depends on that: one seed, one report.
//!
//! | file | idea |
//! |---|---|
//! | `fault` | what can go wrong, as people write it |
//! | `scenario` | how many lanes, which lives, how long, and when each fault strikes |
//! | `world` | what is up and what is not at the present moment |
//! | `account` | one lane's grant, its tokens and its record in the store |
//! | `crew` | the lanes and their work, driven through the engine's policies |
//! | `work` | one request after the other, and what comes of it |
//! | `tally` | what is counted |
//! | `report` | what is told |

mod account;
mod crew;
mod fault;
mod report;
mod scenario;
mod tally;
mod work;
mod world;

pub use fault::{Fault, FaultError};
pub use report::{PerSecond, Recovery, Report};
pub use scenario::{Plan, Scenario, ScenarioError};

use crate::manifest::Manifest;
use crate::provider::Catalog;

/// Runs the lanes of a manifest through a scenario.
///
/// # Errors
/// What is wrong with the scenario, with a hint.
pub fn simulate(
    manifest: &Manifest,
    catalog: &Catalog,
    scenario: &Scenario,
) -> Result<Report, ScenarioError> {
    let plan = scenario.plan(manifest)?;
    Ok(crew::Crew::new(manifest, catalog, &plan).run())
}
