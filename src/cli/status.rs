//! `lanewatch status`: what the running engine knows, or one pass over the manifest.

use super::failure::Failure;
use super::once::{From, know_from_engine};
use super::show;
use crate::engine::{EngineView, LaneView, clock};
use crate::lane::Wall;
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

#[derive(Serialize)]
struct Status<'a> {
    now: Wall,
    from: From,
    engine: &'a EngineView,
    lanes: &'a [Arc<LaneView>],
}

/// Prints what is known. Exits like `check`.
pub(super) fn status(path: &Path, json: bool, out: &mut impl Write) -> Result<u8, Failure> {
    let known = know_from_engine(path)?;
    let now = clock::now();
    if json {
        let (from, engine, lanes) = (known.from, &known.engine, &known.lanes);
        let status = Status {
            now: now.wall,
            from,
            engine,
            lanes,
        };
        serde_json::to_writer_pretty(&mut *out, &status).map_err(Failure::output)?;
        writeln!(out).map_err(Failure::output)?;
    } else {
        let from = match known.from {
            From::RunningEngine => format!("the engine that runs since {}", known.engine.started),
            From::OnePass => "one pass, no engine runs".into(),
        };
        writeln!(out, "{}: {from}", known.engine.title).map_err(Failure::output)?;
        let troubles = [&known.engine.manifest_trouble, &known.engine.audit_trouble];
        for trouble in troubles.into_iter().flatten() {
            writeln!(out, "  {trouble}").map_err(Failure::output)?;
        }
        for store in &known.engine.stores {
            let login = store
                .login
                .as_ref()
                .and_then(|login| login.trouble.as_ref());
            if let Some(trouble) = login {
                writeln!(out, "  store {}: {trouble}", store.name).map_err(Failure::output)?;
            }
        }
        show::table(out, &known.lanes, now).map_err(Failure::output)?;
        writeln!(out, "{}", show::summary(&known.lanes)).map_err(Failure::output)?;
    }
    Ok(known.code())
}
