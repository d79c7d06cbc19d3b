//! The stopwatch of a drill, the receipt that remains of it, and what a tour says meanwhile.
//!
//! The strip above the footer is there only while there is something to say; it takes its rows from
//! the panes, and gives them back.

use super::canvas::{Canvas, centered};
use super::footer;
use crate::engine::{Mark, Receipt, Stage};
use crate::lane::{Actor, Wall};
use crate::tui::model::Model;
use crate::tui::span;
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use std::time::Duration;

/// Below so many rows of the screen the panes keep all of them.
const ROOM: u16 = 14;
/// The widest that a receipt gets.
const WIDTH: u16 = 96;

/// How many rows the strip wants.
pub(super) fn rows(model: &Model) -> u16 {
    if model.size.1 < ROOM {
        // A tour must be heard on every screen that shows anything.
        return u16::from(model.caption.is_some());
    }
    u16::from(model.caption.is_some()) + u16::from(model.stopwatch().is_some())
}

pub(super) fn strip(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let mut y = area.y;
    if let Some(receipt) = model.stopwatch()
        && area.height > u16::from(model.caption.is_some())
    {
        running(model, receipt, Rect::new(area.x, y, area.width, 1), canvas);
        y += 1;
    }
    if let Some(caption) = &model.caption
        && y < area.bottom()
    {
        let style = canvas.role(Role::Selection);
        let line = Rect::new(area.x, y, area.width, 1);
        canvas.buffer.set_style(line, style);
        let number = format!("{}/{}", caption.number, caption.of);
        let end = area.right().saturating_sub(1);
        let right = canvas.text_right(area.x, y, end, &number, style);
        let text = caption.text.as_str();
        canvas.text(1, y, right.saturating_sub(1), text, style);
    }
}

/// One line: each stage that was reached with its time, and how long the next is being waited for.
fn running(model: &Model, receipt: &Receipt, area: Rect, canvas: &mut Canvas<'_>) {
    let (title, text) = (canvas.role(Role::Title), canvas.role(Role::Text));
    let (good, warn) = (canvas.role(Role::Good), canvas.role(Role::Warn));
    let right = area.right().saturating_sub(1);
    let y = area.y;
    let mut waiting = false;
    let mut told = Vec::new();
    for stage in Stage::ALL.into_iter().skip(1) {
        match receipt.took(stage) {
            Some(took) => told.push((stage.as_str().to_owned(), short(took), text, good)),
            None if !passed(receipt, stage) && !waiting => {
                waiting = true;
                let so_far = waited(model.now.wall, receipt);
                told.push((format!("not {}", stage.as_str()), so_far, warn, warn));
            }
            None => {}
        }
    }
    let needed = told
        .iter()
        .map(|(what, when, ..)| what.len() + when.len() + 3);
    let needed = u16::try_from(needed.sum::<usize>()).unwrap_or(u16::MAX);
    let name = format!("{} {}", receipt.drill, receipt.lane);
    // The times say more than the end of a long name.
    let mut x = canvas.text(
        1,
        y,
        right.saturating_sub(needed).max(right / 4),
        &name,
        title,
    );
    for (what, when, plain, style) in told {
        x = canvas.text(x + 2, y, right, &what, plain);
        x = canvas.text(x + 1, y, right, &when, style);
    }
}

/// Whether a stage was left out, because a later one was reached; the alert holds up nothing.
fn passed(receipt: &Receipt, stage: Stage) -> bool {
    match stage {
        Stage::Held | Stage::Alerted => {
            receipt.healed.is_some()
                || stage == Stage::Held && receipt.alerted.is_some()
                || receipt.detected.is_some()
        }
        _ => false,
    }
}

/// `340ms`, `1.2s`, `83s`, `4m`.
fn short(took: Duration) -> String {
    match took.as_millis() {
        ms @ 0..1_000 => format!("{ms}ms"),
        ms @ 1_000..60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        _ => span::left(took),
    }
}

/// The stages, one a line, as the drill menu shows them.
pub(super) fn lines(model: &Model, receipt: &Receipt) -> Vec<(String, Role)> {
    let head = format!("last: {}, {}", receipt.drill, by(&receipt.by));
    let mut lines = vec![(head, Role::Title)];
    for stage in Stage::ALL {
        let line = match receipt.mark(stage) {
            Some(mark) => {
                let took = short(mark.at.since(receipt.injected.at));
                (reached(stage, &took, mark, ""), Role::Text)
            }
            None => (missing(model, receipt, stage), Role::Warn),
        };
        lines.push(line);
    }
    lines
}

fn reached(stage: Stage, took: &str, mark: &Mark, said: &str) -> String {
    let line = format!(
        "{:9} {:>7}  {}  #{} {}  {said}",
        stage.as_str(),
        if stage == Stage::Injected { "" } else { took },
        span::precise(mark.at),
        mark.seq,
        mark.kind,
    );
    line.trim_end().to_owned()
}

fn missing(model: &Model, receipt: &Receipt, stage: Stage) -> String {
    let why = match stage {
        _ if receipt.over => "not before it ended".to_owned(),
        Stage::Held if receipt.healed.is_some() => "not needed".to_owned(),
        Stage::Alerted if receipt.healed.is_some() => "nobody was told".to_owned(),
        Stage::Held if receipt.detected.is_some() => "not held".to_owned(),
        Stage::Healed if receipt.held.is_some() && receipt.released.is_none() => {
            "until a person releases it".to_owned()
        }
        Stage::Healed if receipt.detected.is_some() => "until an answer is good".to_owned(),
        _ => format!("waiting for {}", waited(model.now.wall, receipt)),
    };
    format!("{:9} {:>7}  {why}", stage.as_str(), "")
}

fn waited(now: Wall, receipt: &Receipt) -> String {
    span::left(now.since(receipt.injected.at))
}

fn by(actor: &Actor) -> String {
    match actor {
        Actor::Operator(name) => format!("by {name}"),
        Actor::Lanewatch => "by lanewatch".to_owned(),
        Actor::Provider => "by the provider".to_owned(),
    }
}

/// One receipt in full: what was done, and for each stage the record that proves it.
pub(super) fn receipts(model: &Model, row: usize, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let screen = Rect::new(0, 0, width, height.saturating_sub(1));
    let area = centered(screen, WIDTH, 14);
    let style = canvas.role(Role::Dialog);
    let all = model.receipts.len();
    let title = format!("receipt {} of {all}", (row + 1).min(all));
    let inner = canvas.frame(area, &title, style);
    let Some(receipt) = model.receipts.iter().nth(row) else {
        return;
    };
    let head = format!(
        "drill {} on {}, {}",
        receipt.drill,
        receipt.lane,
        by(&receipt.by)
    );
    let mut told = vec![
        (head, Role::Title),
        (receipt.injected.said.to_string(), Role::Text),
        (String::new(), Role::Text),
    ];
    let marks = Stage::ALL.map(|stage| (stage, receipt.mark(stage)));
    for (stage, mark) in marks {
        if stage == Stage::Healed
            && let Some(released) = &receipt.released
        {
            let took = short(released.at.since(receipt.injected.at));
            let line = format!(
                "{:9} {took:>7}  {}  #{} {}  {}",
                "released",
                span::precise(released.at),
                released.seq,
                released.kind,
                released.said,
            );
            told.push((line, Role::Text));
        }
        told.push(match mark {
            Some(mark) => {
                let took = short(mark.at.since(receipt.injected.at));
                let said = if stage == Stage::Injected {
                    ""
                } else {
                    mark.said.as_str()
                };
                (reached(stage, &took, mark, said), Role::Text)
            }
            None => (missing(model, receipt, stage), Role::Warn),
        });
    }
    let last = inner.bottom().saturating_sub(1);
    for (y, (line, role)) in (inner.y..last).zip(&told) {
        let style = canvas.role(*role);
        canvas.text(inner.x, y, inner.right(), line, style);
    }
    footer::keys(model, inner, canvas);
    let hint = "`lanewatch audit receipts` prints them";
    let text = canvas.role(Role::Text);
    canvas.text_right(inner.x + 26, last, inner.right(), hint, text);
}
