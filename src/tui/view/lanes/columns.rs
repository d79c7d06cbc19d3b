//! Which columns fit, and how wide they are.

use super::cells::GAUGE;
use crate::tui::model::{Model, SortBy};
use ratatui::layout::Rect;

/// Below this width the gauge's columns are better spent on names.
const GAUGE_FROM: u16 = 100;
/// A column, in the order of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    State,
    Lane,
    Why,
    Route,
    Expires,
    Gauge,
    Refresh,
    Counters,
    Probe,
    Owner,
}

const ORDER: [Column; 10] = [
    Column::State,
    Column::Lane,
    Column::Why,
    Column::Route,
    Column::Expires,
    Column::Gauge,
    Column::Refresh,
    Column::Counters,
    Column::Probe,
    Column::Owner,
];

/// Which columns stay longest when the screen gets narrow.
const IMPORTANCE: [Column; 10] = [
    Column::State,
    Column::Lane,
    Column::Expires,
    Column::Why,
    Column::Refresh,
    Column::Route,
    Column::Owner,
    Column::Counters,
    Column::Probe,
    Column::Gauge,
];

impl Column {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Lane => "LANE",
            Self::Why => "WHY",
            Self::Route => "ROUTE",
            Self::Expires => "EXPIRES",
            Self::Gauge => "LIFE",
            Self::Refresh => "REFRESH",
            Self::Counters => "exp rev sco lim",
            Self::Probe => "PROBE ms",
            Self::Owner => "OWNER",
        }
    }

    pub(super) const fn sorted_by(self, by: SortBy) -> bool {
        matches!(
            (self, by),
            (Self::State, SortBy::Severity | SortBy::Since)
                | (Self::Lane, SortBy::Name)
                | (Self::Expires, SortBy::Expiry)
                | (Self::Owner, SortBy::Owner)
                | (Self::Route, SortBy::Provider)
        )
    }
}

/// The columns that fit, with their first column and width.
pub(super) fn columns(model: &Model, area: Rect) -> Vec<(Column, u16, u16)> {
    let longest = model.lanes.widths();
    let least = |column| match column {
        Column::State => 15,
        Column::Lane => longest.lane.clamp(6, (area.width / 5).max(6)),
        Column::Why => 8,
        Column::Route => longest.route.clamp(7, (area.width / 6).max(8) - 1) + 2,
        Column::Expires => 7,
        Column::Gauge => GAUGE,
        Column::Refresh => 8,
        Column::Counters => 15,
        Column::Probe => 8,
        Column::Owner => longest.owner.clamp(6, 8),
    };
    let mut chosen = Vec::with_capacity(ORDER.len());
    let mut room = area.width;
    for column in IMPORTANCE {
        let width = least(column);
        let gap = u16::from(column != Column::State);
        let wanted = column != Column::Gauge || area.width >= GAUGE_FROM;
        if wanted && width + gap <= room {
            room -= width + gap;
            chosen.push((column, width));
        }
    }
    for (flexible, most) in [
        (Column::Lane, longest.lane.min(48)),
        (Column::Route, longest.route.min(48) + 2),
        (Column::Owner, longest.owner.min(24)),
    ] {
        if let Some((_, width)) = chosen.iter_mut().find(|(column, _)| *column == flexible) {
            let more = most.saturating_sub(*width).min(room);
            *width += more;
            room -= more;
        }
    }
    let mut x = area.x;
    let mut placed = Vec::with_capacity(chosen.len());
    for column in ORDER {
        if let Some((_, width)) = chosen.iter().find(|(known, _)| *known == column) {
            placed.push((column, x, *width));
            x += width + 1;
        }
    }
    placed
}
