//! `lanewatch sandbox`: the built-in upstreams on their own, for trying out a manifest against
//! them, for drills from another terminal, and for tests in other languages.

use crate::sandbox::{Clock, Drill, Sandbox, SandboxError, manifest};
use std::io::{self, Write};
use std::path::Path;

/// Why the sandbox did not run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxRunError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] SandboxError),
    /// What it has to say could not be written.
    #[error("cannot write the sandbox's manifest: {0}")]
    Write(#[from] io::Error),
}

/// Starts the sandbox, writes a manifest for it and how to drill it to `out`, and keeps it running
/// until `until` is ready. The vault's token is left in `folder`.
///
/// What is written is TOML throughout, so that it can be redirected to a file and watched as it is.
///
/// # Errors
/// When the sandbox cannot start or `out` cannot be written.
pub async fn run(
    out: &mut impl Write,
    clock: Clock,
    seed: u64,
    folder: &Path,
    until: impl Future<Output = ()>,
) -> Result<(), SandboxRunError> {
    let sandbox = Sandbox::start(clock, seed, folder).await?;
    let told = tell(out, &sandbox);
    if told.is_ok() {
        until.await;
    }
    sandbox.stop().await;
    Ok(told?)
}

fn tell(out: &mut impl Write, sandbox: &Sandbox) -> io::Result<()> {
    let addresses = sandbox.addresses();
    let control = addresses.get("control").map_or("", String::as_str);
    writeln!(
        out,
        "# The sandbox runs until it is interrupted. Watch it with:"
    )?;
    writeln!(out, "#   lanewatch FILE-WITH-THIS-TEXT")?;
    writeln!(out, "# Make something happen:")?;
    writeln!(
        out,
        "#   curl {control}/drill --json '{{\"path\":\"lanes/billing-refunds\",\"drill\":\"revoke\"}}'"
    )?;
    let drills: Vec<&str> = Drill::ALL.iter().map(|drill| drill.as_str()).collect();
    writeln!(out, "# Drills: {}.", drills.join(", "))?;
    writeln!(
        out,
        "# The path \"vault\" stands for the vault: outage and heal."
    )?;
    writeln!(out, "# See the accounts:")?;
    writeln!(out, "#   curl {control}/accounts")?;
    writeln!(out)?;
    out.write_all(manifest(&addresses).as_bytes())?;
    out.flush()
}
