//! `lanewatch check`: pre-flight of every lane, as a table or as JSON, with an exit code.

use super::failure::Failure;
use super::once::know;
use super::show;
use crate::engine::clock;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

#[derive(Serialize)]
struct Checked<'a> {
    ok: bool,
    from: super::once::From,
    lanes: &'a [std::sync::Arc<crate::engine::LaneView>],
}

/// Proves every lane once, or tells what the running engine has found.
pub(super) fn check(path: &Path, json: bool, out: &mut impl Write) -> Result<u8, Failure> {
    let known = know(path)?;
    let code = known.code();
    if json {
        let checked = Checked {
            ok: code == 0,
            from: known.from,
            lanes: &known.lanes,
        };
        serde_json::to_writer_pretty(&mut *out, &checked).map_err(Failure::output)?;
        writeln!(out).map_err(Failure::output)?;
    } else {
        show::table(out, &known.lanes, clock::now()).map_err(Failure::output)?;
        writeln!(out, "{}", show::summary(&known.lanes)).map_err(Failure::output)?;
    }
    Ok(code)
}
