//! Which of the chosen columns fit, where they are and how wide.
//!
//! Every column has a width that it needs to show whole words, and most may have more. The most
//! telling columns get theirs first, pinned ones before all others; what does not fit is left out,
//! not cut. What is left over goes to those that can use it.

use crate::tui::model::column::Choice;
use crate::tui::model::{Column, Model, SLICES, Widths};
use ratatui::layout::Rect;

/// Which columns stay longest when the screen gets narrow.
const IMPORTANCE: [Column; 17] = [
    Column::State,
    Column::Lane,
    Column::Expires,
    Column::Why,
    Column::Refresh,
    Column::Route,
    Column::Owner,
    Column::Counters,
    Column::Probe,
    Column::Life,
    Column::Hour,
    Column::Since,
    Column::Provider,
    Column::Store,
    Column::Latency,
    Column::Key,
    Column::Generation,
];

/// Which columns get what is left over, and in which order.
const FLEXIBLE: [Column; 8] = [
    Column::Lane,
    Column::Route,
    Column::Owner,
    Column::Provider,
    Column::Store,
    Column::Hour,
    Column::Latency,
    Column::Life,
];

/// A column on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui::view) struct Placed {
    pub(in crate::tui::view) column: Column,
    pub(in crate::tui::view) x: u16,
    pub(in crate::tui::view) width: u16,
}

pub(in crate::tui::view) const fn title(column: Column) -> &'static str {
    match column {
        Column::State => "STATE",
        Column::Lane => "LANE",
        Column::Why => "WHY",
        Column::Route => "ROUTE",
        Column::Expires => "EXPIRES",
        Column::Life => "LIFE",
        Column::Refresh => "REFRESH",
        Column::Counters => "exp rev sco lim",
        Column::Probe => "PROBE ms",
        Column::Hour => "HOUR",
        Column::Latency => "SPEED",
        Column::Since => "FOR",
        Column::Owner => "OWNER",
        Column::Provider => "PROVIDER",
        Column::Store => "STORE",
        Column::Key => "KEY",
        Column::Generation => "GEN",
    }
}

/// The title of a column that the table is sorted by: a sign for the direction has to stand behind
/// it.
pub(in crate::tui::view) const fn sorted_title(column: Column) -> &'static str {
    match column {
        Column::Counters => "FAILURES",
        Column::Probe => "PROBE",
        other => title(other),
    }
}

/// Whether it stands at the right of its column, as its numbers do.
pub(super) const fn is_right(column: Column) -> bool {
    matches!(
        column,
        Column::Expires | Column::Refresh | Column::Since | Column::Generation
    )
}

/// What it shows, for the list that columns are chosen from.
pub(in crate::tui::view) const fn about(column: Column) -> &'static str {
    match column {
        Column::State => "the state: sign and word",
        Column::Lane => "the name",
        Column::Why => "what is wrong",
        Column::Route => "server, tool; R reads, W writes, D destroys",
        Column::Expires => "how long its credential lives",
        Column::Life => "the same as a gauge",
        Column::Refresh => "when it is renewed or tried again",
        Column::Counters => "times expired, revoked, scope, limited",
        Column::Probe => "the last answers' times",
        Column::Hour => "the last hour's outcomes",
        Column::Latency => "the last hour's slowest answers",
        Column::Since => "how long it has been in its state",
        Column::Owner => "who owns the credential",
        Column::Provider => "the upstream",
        Column::Store => "where the secret lives",
        Column::Key => "the fingerprint of the secret",
        Column::Generation => "how often it was replaced",
    }
}

/// The least and the most columns that it can use.
fn range(choice: &Choice, longest: Widths, screen: u16) -> (u16, u16) {
    if let Some(width) = choice.width {
        return (width, width);
    }
    let slices = u16::try_from(SLICES).unwrap_or(12);
    // Behind a title there is room for the sign of the column that the table is sorted by.
    let text = |longest: u16, title: u16, cap: u16| {
        let wanted = longest.max(title + 1);
        (wanted.min(cap), wanted.min(48))
    };
    match choice.column {
        Column::State => (15, 15),
        Column::Lane => text(longest.lane, 4, (screen / 3).max(6)),
        Column::Why | Column::Refresh | Column::Expires | Column::Key | Column::Probe => (8, 8),
        Column::Route => {
            let (least, _) = text(longest.tool, 5, 24);
            let (_, most) = text(longest.route, 5, 24);
            (least + 2, most.max(least) + 2)
        }
        Column::Life => (5, 10),
        Column::Counters => (15, 15),
        Column::Hour => (slices / 3 + 1, slices),
        Column::Latency => (slices / 2, slices),
        Column::Since => (6, 6),
        Column::Owner => text(longest.owner, 5, 16),
        Column::Provider => text(longest.provider, 8, 16),
        Column::Store => text(longest.store, 5, 16),
        Column::Generation => (5, 5),
    }
}

/// Whether the route's column has room for server and tool.
pub(super) fn is_whole_route(model: &Model, width: u16) -> bool {
    let longest = model.lanes.widths().route.min(48);
    width >= longest.max(5) + 2
}

/// The columns that fit, from left to right.
pub(in crate::tui::view) fn place(model: &Model, area: Rect) -> Vec<Placed> {
    let longest = model.lanes.widths();
    let mut chosen: Vec<(Column, u16, u16)> = Vec::with_capacity(IMPORTANCE.len());
    let mut room = area.width + 1;
    for pinned in [true, false] {
        for column in IMPORTANCE {
            let mut shown = model.columns.shown();
            let wanted = shown.find(|choice| choice.column == column);
            // State and name come before all that is pinned: without them a row says nothing.
            let first = column.is_fixed();
            let turn = |choice: &&Choice| (choice.pinned || first) == pinned;
            let Some(choice) = wanted.filter(turn) else {
                continue;
            };
            let (least, most) = range(choice, longest, area.width);
            if least < room {
                room -= least + 1;
                chosen.push((column, least, most));
            }
        }
    }
    for flexible in FLEXIBLE {
        let found = chosen.iter_mut().find(|(column, ..)| *column == flexible);
        if let Some((_, width, most)) = found {
            let more = most.saturating_sub(*width).min(room);
            *width += more;
            room -= more;
        }
    }
    let mut x = area.x;
    let mut placed = Vec::with_capacity(chosen.len());
    for choice in model.columns.shown() {
        let found = chosen.iter().find(|(column, ..)| *column == choice.column);
        if let Some((column, width, _)) = found {
            placed.push(Placed {
                column: *column,
                x,
                width: *width,
            });
            x += width + 1;
        }
    }
    placed
}
