//! `lanewatch audit receipts`: what came of the drills, from the records alone.

use super::audit::{Ended, Failed, Form};
use crate::audit::{Filter, each};
use crate::engine::{Receipts, Stage};
use crate::plain::Plain;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

/// Prints the receipts of a journal, oldest first.
///
/// # Errors
/// When the journal cannot be read or the output not written.
pub(super) fn print(
    out: &mut impl Write,
    folder: &Path,
    lane: Option<&str>,
    form: Form,
) -> Result<Ended, Failed> {
    let mut receipts = Receipts::default();
    let unreadable = each(folder, &Filter::default(), |entry| {
        receipts.take(&entry.record);
        ControlFlow::Continue(())
    })?;
    let lane = lane.map(Plain::new);
    let wanted = receipts.iter().rev();
    for receipt in wanted.filter(|one| lane.as_ref().is_none_or(|lane| *lane == one.lane)) {
        if form == Form::Json {
            let line = serde_json::to_string(receipt).map_err(std::io::Error::from)?;
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(
            out,
            "{} {} on {}: {}",
            receipt.injected.at, receipt.drill, receipt.lane, receipt.injected.said
        )?;
        for stage in Stage::ALL {
            match (receipt.mark(stage), receipt.took(stage)) {
                (Some(mark), Some(took)) => {
                    let said = match stage {
                        Stage::Injected => "",
                        _ => mark.said.as_str(),
                    };
                    let line = format!(
                        "  {stage:9} {:>8}.{:03} s  #{} {}  {said}",
                        took.as_secs(),
                        took.subsec_millis(),
                        mark.seq,
                        mark.kind,
                    );
                    writeln!(out, "{}", line.trim_end())?;
                }
                _ => writeln!(out, "  {stage:9} {:>14}", "-")?,
            }
        }
    }
    Ok(match unreadable {
        0 => Ended::Good,
        _ => Ended::Broken,
    })
}
