//! The table of lanes. Columns come and go with the width, the most telling ones last.

use super::canvas::Canvas;
use crate::engine::LaneView;
use crate::lane::{Activity, Outcome, SideEffect, Wall, Word};
use crate::tui::model::{Model, Pane, Sort, SortBy};
use crate::tui::span;
use crate::tui::symbols;
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A column, in the order of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
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

/// The outcomes that have a counter of their own in the table.
const COUNTED: [Outcome; 4] = [
    Outcome::CredentialExpired,
    Outcome::CredentialRevoked,
    Outcome::ScopeInsufficient,
    Outcome::RateLimited,
];

const GAUGE: u16 = 5;
/// Below this width the gauge's columns are better spent on names.
const GAUGE_FROM: u16 = 100;
const SPARKS: usize = 4;

impl Column {
    const fn title(self) -> &'static str {
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

    const fn sorted_by(self, by: SortBy) -> bool {
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
fn columns(model: &Model, area: Rect) -> Vec<(Column, u16, u16)> {
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

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let columns = columns(model, area);
    head(model, area, &columns, canvas);
    let rows = area.height.saturating_sub(1);
    if model.lanes.rows() == 0 {
        empty(model, area, canvas);
        return;
    }
    for (y, row) in (area.y + 1..area.y + 1 + rows).zip(model.lanes_top..) {
        let Some(lane) = model.lanes.at(row) else {
            break;
        };
        let selected = row == model.row();
        draw_row(model, lane, y, selected, area, &columns, canvas);
    }
}

fn head(model: &Model, area: Rect, columns: &[(Column, u16, u16)], canvas: &mut Canvas<'_>) {
    let focused = model.focus == Pane::Lanes && model.zoom.is_none();
    let style = canvas.role(if focused { Role::Focus } else { Role::Head });
    let Sort { by, reversed } = model.lanes.sort();
    for (column, x, width) in columns {
        let indent = if *column == Column::State { 2 } else { 0 };
        let sorted = column.sorted_by(by);
        let sign = match (sorted, reversed) {
            (false, _) => "",
            (true, false) => canvas.look.symbols.down,
            (true, true) => canvas.look.symbols.up,
        };
        let title = match (column, by) {
            (Column::State, SortBy::Since) => "SINCE",
            _ => column.title(),
        };
        let end = x + width + 1;
        let x = canvas.text(x + indent, area.y, end.min(area.right()), title, style);
        canvas.text(x, area.y, end.min(area.right()), sign, style);
    }
}

fn empty(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let text = canvas.role(Role::Text);
    let line = if !model.lanes.filter().is_empty() {
        format!(
            "No lane matches /{}. Esc drops the filter.",
            model.lanes.filter().text()
        )
    } else if model.engine.is_some() {
        "The manifest has no lanes.".to_owned()
    } else {
        "Waiting for the engine.".to_owned()
    };
    canvas.text(area.x + 2, area.y + 2, area.right(), &line, text);
}

fn draw_row(
    model: &Model,
    lane: &LaneView,
    y: u16,
    selected: bool,
    area: Rect,
    columns: &[(Column, u16, u16)],
    canvas: &mut Canvas<'_>,
) {
    let bar = canvas.role(Role::Selection);
    if selected {
        canvas
            .buffer
            .set_style(Rect::new(area.x, y, area.width, 1), bar);
    }
    // One style for the whole selected row: a bar in one colour is legible in every palette.
    let pick = |style: Style| if selected { bar } else { style };
    for (column, x, width) in columns {
        let cell = Cell {
            x: *x,
            y,
            right: *x + *width,
            now: model.now.wall,
        };
        match column {
            Column::State => state(
                lane,
                cell,
                selected,
                pick(canvas.look.theme.word(lane.word)),
                canvas,
            ),
            Column::Lane => {
                let style = pick(canvas.role(Role::Text));
                canvas.text(cell.x, y, cell.right, lane.info.name.as_str(), style);
            }
            Column::Why => {
                let style = pick(canvas.look.theme.word(lane.word));
                let not_ok = lane
                    .verdict
                    .as_ref()
                    .filter(|last| last.outcome != Outcome::Ok);
                if let Some(verdict) = not_ok {
                    canvas.text(
                        cell.x,
                        y,
                        cell.right,
                        symbols::brief(verdict.outcome),
                        style,
                    );
                }
            }
            Column::Route => route(lane, cell, &pick, canvas),
            Column::Expires => expires(lane, cell, &pick, canvas),
            Column::Gauge => gauge(lane, cell, pick(canvas.look.theme.word(lane.word)), canvas),
            Column::Refresh => refresh(lane, cell, &pick, canvas),
            Column::Counters => counters(lane, cell, &pick, canvas),
            Column::Probe => probe(lane, cell, pick(canvas.role(Role::Text)), canvas),
            Column::Owner => {
                let style = pick(canvas.role(Role::Text));
                let none = canvas.look.symbols.none;
                let owner = lane
                    .info
                    .owner
                    .as_ref()
                    .map_or(none, |owner| owner.as_str());
                canvas.text(cell.x, y, cell.right, owner, style);
            }
        }
    }
}

/// A place in the table, and the present.
#[derive(Clone, Copy)]
struct Cell {
    x: u16,
    y: u16,
    right: u16,
    now: Wall,
}

fn state(lane: &LaneView, at: Cell, selected: bool, style: Style, canvas: &mut Canvas<'_>) {
    if selected {
        canvas.text(at.x, at.y, at.right, canvas.look.symbols.marker, style);
    }
    let sign = canvas.look.symbols.word(lane.word);
    canvas.text(at.x + 2, at.y, at.right, sign, style);
    canvas.text(at.x + 4, at.y, at.right, lane.word.as_str(), style);
}

fn route(lane: &LaneView, at: Cell, pick: &dyn Fn(Style) -> Style, canvas: &mut Canvas<'_>) {
    let text = pick(canvas.role(Role::Text));
    let end = at.right - 2;
    let x = canvas.text(at.x, at.y, end, lane.info.provider.as_str(), text);
    if x + 3 < end {
        let x = canvas.text(x + 1, at.y, end, canvas.look.symbols.arrow, text);
        let tool = lane
            .info
            .route
            .tool
            .as_ref()
            .map_or("all", |tool| tool.as_str());
        canvas.text(x + 1, at.y, end, tool, text);
    }
    let effect = lane.info.route.effect;
    let style = match effect {
        SideEffect::Destructive => pick(canvas.role(Role::Danger)),
        _ => text,
    };
    canvas.text(
        at.right - 1,
        at.y,
        at.right,
        effect.letter().encode_utf8(&mut [0; 4]),
        style,
    );
}

fn expires(lane: &LaneView, at: Cell, pick: &dyn Fn(Style) -> Style, canvas: &mut Canvas<'_>) {
    let text = pick(canvas.role(Role::Text));
    let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
    match expiry {
        None => none(at, text, canvas),
        Some(_) if is_dead(lane) => none(at, text, canvas),
        Some(expiry) if expiry.at <= at.now => {
            let bad = pick(canvas.role(Role::Bad));
            canvas.text_right(at.x, at.y, at.right, "ended", bad)
        }
        Some(expiry) => {
            let style = match lane.word {
                Word::Expiring => pick(canvas.role(Role::Warn)),
                _ => text,
            };
            canvas.text_right(
                at.x,
                at.y,
                at.right,
                &span::left(expiry.at.since(at.now)),
                style,
            )
        }
    };
}

/// Whether its credential is useless whatever its expiry says.
fn is_dead(lane: &LaneView) -> bool {
    let last = lane.verdict.as_ref().map(|last| last.outcome);
    let revoked = [Outcome::CredentialRevoked, Outcome::CredentialInvalid];
    last.is_some_and(|outcome| revoked.contains(&outcome))
}

fn none(at: Cell, style: Style, canvas: &mut Canvas<'_>) -> u16 {
    let sign = canvas.look.symbols.none;
    canvas.text_right(at.x, at.y, at.right, sign, style)
}

fn gauge(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
    let Some((credential, expiry)) = lane
        .credential
        .as_ref()
        .filter(|_| !is_dead(lane))
        .and_then(|known| Some((known, known.expiry?)))
    else {
        return;
    };
    let life = expiry.at.since(credential.issued_at).as_millis().max(1);
    let left = expiry.at.since(at.now).as_millis().min(life);
    // Any life at all fills one part: an empty gauge means that it is over.
    let parts = (left * u128::from(GAUGE)).div_ceil(life);
    for part in 0..GAUGE {
        let full = u128::from(part) < parts;
        let sign = if full {
            canvas.look.symbols.full
        } else {
            canvas.look.symbols.gone
        };
        canvas.text(at.x + part, at.y, at.right, sign, style);
    }
}

fn refresh(lane: &LaneView, at: Cell, pick: &dyn Fn(Style) -> Style, canvas: &mut Canvas<'_>) {
    let text = pick(canvas.role(Role::Text));
    let due = |moment: Wall, before: &str| {
        if moment <= at.now {
            "due".to_owned()
        } else {
            let left = span::left(moment.since(at.now));
            // The longest spans leave no room for the word before them.
            if left.len() > 5 {
                left
            } else {
                format!("{before} {left}")
            }
        }
    };
    let (line, style) = match (lane.activity, lane.next.retry, lane.next.refresh) {
        (Activity::Refreshing | Activity::Rotating, ..) => ("now".to_owned(), text),
        (_, Some(retry), _) => (due(retry, "try"), pick(canvas.role(Role::Warn))),
        (_, None, Some(refresh)) => (due(refresh, "in"), text),
        (_, None, None) => (canvas.look.symbols.none.to_owned(), text),
    };
    canvas.text_right(at.x, at.y, at.right, &line, style);
}

fn counters(lane: &LaneView, at: Cell, pick: &dyn Fn(Style) -> Style, canvas: &mut Canvas<'_>) {
    for (x, outcome) in (at.x..).step_by(4).zip(COUNTED) {
        let count = lane.counters.of(outcome);
        let (line, role) = match count {
            0 => (canvas.look.symbols.dot.to_owned(), Role::Quiet),
            1..1_000 => (count.to_string(), Role::Warn),
            _ => (format!("{}k", (count / 1_000).min(99)), Role::Warn),
        };
        let style = pick(canvas.role(role));
        canvas.text_right(x, at.y, x + 3, &line, style);
    }
}

fn probe(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
    let recent = lane
        .latencies
        .get(lane.latencies.len().saturating_sub(SPARKS)..);
    let top = lane.latencies.iter().copied().max().unwrap_or(1);
    let mut x = at.x;
    for latency in recent.unwrap_or_default() {
        x = canvas.text(
            x,
            at.y,
            at.right,
            canvas.look.symbols.spark(*latency, top),
            style,
        );
    }
    let last = match lane.latencies.last() {
        None => canvas.look.symbols.none.to_owned(),
        Some(ms @ 0..1_000) => ms.to_string(),
        Some(ms) => format!("{}s", (ms / 1_000).min(99)),
    };
    canvas.text_right(at.x + 5, at.y, at.right, &last, style);
}
