//! Lanes as lines of text, for `check` and `status`.

use crate::engine::LaneView;
use crate::lane::{FindingLevel, Gate, LaneName, Now, Step};
use crate::plain::Plain;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// A table with one line a lane, and below a lane that does not serve what stands against it.
pub(super) fn table(out: &mut impl Write, lanes: &[Arc<LaneView>], now: Now) -> io::Result<()> {
    let name = |lane: &LaneView| lane.info.name.as_str().width();
    let widest = lanes
        .iter()
        .map(|lane| name(lane))
        .max()
        .unwrap_or(0)
        .clamp(4, 64);
    writeln!(
        out,
        "{:11}  {:8}  {}  {:>8}  WHY",
        "STATE",
        "GATE",
        pad("LANE", widest),
        "EXPIRES"
    )?;
    for lane in lanes {
        let expiry = lane
            .credential
            .as_ref()
            .and_then(|credential| credential.expiry);
        let expires = expiry.map_or_else(|| "—".into(), |expiry| until(expiry.at.since(now.wall)));
        let line = format!(
            "{:11}  {:8}  {}  {}  {}",
            lane.word,
            lane.gate.as_str(),
            pad(lane.info.name.as_str(), widest),
            pad_left(&expires, 8),
            why(lane)
        );
        writeln!(out, "{}", line.trim_end())?;
        if lane.step == Some(Step::AwaitingOwner) {
            let owner = lane
                .info
                .owner
                .as_ref()
                .map_or("its owner", |owner| owner.as_str());
            let page = lane.info.rotate_url.as_ref();
            let page = page.map_or_else(String::new, |url| format!(": new key at {url}"));
            writeln!(out, "{:11}  waits for {owner}{page}", "")?;
        }
        let serves = lane.gate == Gate::Open;
        let notable = lane
            .findings
            .iter()
            .filter(|finding| finding.level != FindingLevel::Pass);
        for finding in notable.filter(|finding| !serves || finding.level == FindingLevel::Warn) {
            let level = match finding.level {
                FindingLevel::Refuse => "refused",
                FindingLevel::Warn | FindingLevel::Pass => "look at",
            };
            writeln!(
                out,
                "{:11}  {level} {}: {}",
                "", finding.check, finding.text
            )?;
        }
    }
    Ok(())
}

/// What the last answer meant, where that matters.
fn why(lane: &LaneView) -> String {
    let verdict = match (&lane.hold, &lane.degraded, &lane.verdict) {
        (Some(hold), ..) => Some(&hold.verdict),
        (None, Some(degraded), _) => Some(&degraded.verdict),
        (None, None, verdict) => verdict.as_ref(),
    };
    match verdict {
        Some(verdict) if lane.word != crate::lane::Word::Ok => {
            let detail = verdict.evidence.detail.as_ref().map_or("", Plain::as_str);
            if detail.is_empty() {
                verdict.outcome.to_string()
            } else {
                format!("{}: {detail}", verdict.outcome)
            }
        }
        _ => String::new(),
    }
}

/// One sentence at the end.
pub(super) fn summary(lanes: &[Arc<LaneView>]) -> String {
    let open = lanes
        .iter()
        .filter(|lane| lane.gate == Gate::Open && !lane.word.is_failing());
    let failing: Vec<&LaneName> = lanes
        .iter()
        .filter(|lane| lane.gate != Gate::Open || lane.word.is_failing())
        .map(|lane| &lane.info.name)
        .collect();
    match failing.len() {
        0 => format!("all {} lanes serve", lanes.len()),
        n => format!(
            "{} of {} lanes serve; {n} do not",
            open.count(),
            lanes.len()
        ),
    }
}

fn until(left: Duration) -> String {
    match left.as_secs() {
        0 => "over".into(),
        secs @ 1..120 => format!("{secs}s"),
        secs @ 120..3600 => format!("{}m", secs / 60),
        secs @ 3600..172_800 => format!("{}h{:02}m", secs / 3600, secs % 3600 / 60),
        secs => format!("{}d", secs / 86_400),
    }
}

/// Text in a column that counts what a terminal counts.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_as_a_person_would() {
        let told = |secs| until(Duration::from_secs(secs));
        assert_eq!(told(0), "over");
        assert_eq!(told(59), "59s");
        assert_eq!(told(23 * 60), "23m");
        assert_eq!(told(3900), "1h05m");
        assert_eq!(told(6 * 86_400), "6d");
    }
}
