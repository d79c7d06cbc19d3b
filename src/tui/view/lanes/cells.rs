//! What stands in one row under each column.

use crate::engine::LaneView;
use crate::lane::{Activity, Outcome, SideEffect, Wall, Word};
use crate::tui::model::is_dead;
use crate::tui::span;
use crate::tui::theme::Role;
use crate::tui::view::canvas::Canvas;
use ratatui::style::Style;

/// The outcomes that have a counter of their own in the table.
const COUNTED: [Outcome; 4] = [
    Outcome::CredentialExpired,
    Outcome::CredentialRevoked,
    Outcome::ScopeInsufficient,
    Outcome::RateLimited,
];

const SPARKS: usize = 4;

/// A place in the table, and the present.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) right: u16,
    pub(super) now: Wall,
}

/// How a lane stands in its row.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    pub(super) selected: bool,
    pub(super) marked: bool,
}

pub(super) fn state(
    word: Word,
    stand: Stand,
    at: Cell,
    style: Style,
    mark: Style,
    canvas: &mut Canvas<'_>,
) {
    if stand.selected {
        canvas.text(at.x, at.y, at.right, canvas.look.symbols.marker, style);
    }
    if stand.marked {
        canvas.text(at.x + 1, at.y, at.right, canvas.look.symbols.mark, mark);
    }
    let sign = canvas.look.symbols.word(word);
    canvas.text(at.x + 2, at.y, at.right, sign, style);
    canvas.text(at.x + 4, at.y, at.right, word.as_str(), style);
}

/// Server, tool and effect where the column is wide enough for the widest of them, else the tool
/// alone: a whole word says more than two halves.
pub(super) fn route(
    lane: &LaneView,
    at: Cell,
    whole: bool,
    pick: &dyn Fn(Style) -> Style,
    canvas: &mut Canvas<'_>,
) {
    let text = pick(canvas.role(Role::Text));
    let end = at.right.saturating_sub(2);
    let route = &lane.info.route;
    let tool = route.tool.as_ref().map_or("all", |tool| tool.as_str());
    let mut x = at.x;
    if whole {
        x = canvas.text(x, at.y, end, route.server.as_str(), text) + 1;
        if x + 2 < end {
            x = canvas.text(x, at.y, end, canvas.look.symbols.arrow, text) + 1;
        }
    }
    canvas.text(x, at.y, end, tool, text);
    let effect = route.effect;
    let style = match effect {
        SideEffect::Destructive => pick(canvas.role(Role::Danger)),
        _ => text,
    };
    canvas.text(
        at.right.saturating_sub(1),
        at.y,
        at.right,
        effect.letter().encode_utf8(&mut [0; 4]),
        style,
    );
}

/// How long it has shown its word.
pub(super) fn since(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
    let span = span::left(at.now.since(lane.since));
    canvas.text_right(at.x, at.y, at.right, &span, style);
}

pub(super) fn key(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
    match &lane.credential {
        Some(known) => canvas.text(at.x, at.y, at.right, &known.fingerprint.short(), style),
        None => canvas.text(at.x, at.y, at.right, canvas.look.symbols.none, style),
    };
}

pub(super) fn generation(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
    match &lane.credential {
        Some(known) => {
            canvas.text_right(at.x, at.y, at.right, &known.generation.to_string(), style)
        }
        None => none(at, style, canvas),
    };
}

pub(super) fn expires(
    lane: &LaneView,
    at: Cell,
    pick: &dyn Fn(Style) -> Style,
    canvas: &mut Canvas<'_>,
) {
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

fn none(at: Cell, style: Style, canvas: &mut Canvas<'_>) -> u16 {
    let sign = canvas.look.symbols.none;
    canvas.text_right(at.x, at.y, at.right, sign, style)
}

pub(super) fn gauge(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
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
    let all = at.right.saturating_sub(at.x);
    let parts = (left * u128::from(all)).div_ceil(life);
    for part in 0..all {
        let full = u128::from(part) < parts;
        let sign = if full {
            canvas.look.symbols.full
        } else {
            canvas.look.symbols.gone
        };
        canvas.text(at.x + part, at.y, at.right, sign, style);
    }
}

pub(super) fn refresh(
    lane: &LaneView,
    at: Cell,
    pick: &dyn Fn(Style) -> Style,
    canvas: &mut Canvas<'_>,
) {
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

pub(super) fn counters(
    lane: &LaneView,
    at: Cell,
    pick: &dyn Fn(Style) -> Style,
    canvas: &mut Canvas<'_>,
) {
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

pub(super) fn probe(lane: &LaneView, at: Cell, style: Style, canvas: &mut Canvas<'_>) {
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
