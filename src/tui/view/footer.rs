//! The last line: the keys that count now, the answer to the last command, or the filter being
//! typed.

use super::canvas::Canvas;
use super::layout::Layout;
use crate::tui::keymap::{ACTIONS, Action, Entry};
use crate::tui::model::{Model, Overlay, Pane, Tone};
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let y = area.y;
    let text = canvas.role(Role::Text);
    let end = area.right().saturating_sub(1);
    match &model.overlay {
        Some(Overlay::Filter(input)) => {
            let (shown, total) = (model.lanes.shown(), model.lanes.total());
            let count = format!("{shown} of {total}");
            return typed(model, "/", input, count, area, canvas);
        }
        Some(Overlay::Records(input)) => {
            return typed(model, "filter ", input, String::new(), area, canvas);
        }
        Some(Overlay::Search(input)) => {
            return typed(model, "search ", input, String::new(), area, canvas);
        }
        Some(Overlay::Palette(palette)) => {
            return typed(model, ":", &palette.input, String::new(), area, canvas);
        }
        _ => {}
    }
    let mode = mode(model, area);
    let right = match canvas.text_right(0, y, end, mode, text) {
        x if mode.is_empty() => x,
        x => x.saturating_sub(1),
    };
    if let Some(status) = &model.status {
        let role = match status.tone {
            Tone::Good => Role::Good,
            Tone::Note => Role::Warn,
            Tone::Bad => Role::Bad,
        };
        let style = canvas.role(role);
        canvas.text(1, y, right, status.text.as_str(), style);
        return;
    }
    for place in places(model, area) {
        entry(model, &place, y, right, canvas);
    }
}

fn entry(model: &Model, place: &Place, y: u16, right: u16, canvas: &mut Canvas<'_>) {
    let role = if place.entry.danger {
        Role::Danger
    } else {
        Role::Key
    };
    let (key, text) = (canvas.role(role), canvas.role(Role::Text));
    let x = canvas.text(place.x, y, right, &key_name(model, place.entry), key);
    canvas.text(x + 1, y, right, label(model, place.entry), text);
}

/// The keys of a dialog at its foot: the footer's own words, for while that has something to say.
pub(super) fn keys(model: &Model, inner: Rect, canvas: &mut Canvas<'_>) {
    if inner.height == 0 {
        return;
    }
    for place in fitting(model, inner.x, inner.right()) {
        entry(model, &place, inner.bottom() - 1, inner.right(), canvas);
    }
}

fn label(model: &Model, entry: &Entry) -> &'static str {
    if entry.action != Action::FocusNext {
        return entry.label_now(model);
    }
    match Layout::of(model).beside(model, true) {
        Some(Pane::Lanes) => "lanes",
        Some(Pane::Detail) => "lane",
        Some(Pane::Audit) => "audit",
        None => entry.label,
    }
}

/// An entry of the footer, and where it stands.
pub(super) struct Place {
    pub(super) x: u16,
    /// The first column behind it.
    pub(super) end: u16,
    pub(super) entry: &'static Entry,
}

/// What the footer shows where; nothing while it has something else to say.
pub(super) fn places(model: &Model, area: Rect) -> Vec<Place> {
    if model.status.is_some() || matches!(model.overlay, Some(Overlay::Filter(_))) {
        return Vec::new();
    }
    let mode = u16::try_from(mode(model, area).len()).unwrap_or(0);
    let gap = if mode == 0 { 1 } else { 3 };
    fitting(model, area.x + 1, area.right().saturating_sub(mode + gap))
}

/// The entries that stand whole from one column to before another.
fn fitting(model: &Model, from: u16, right: u16) -> Vec<Place> {
    let shown: Vec<_> = hints(model).collect();
    // Help and quit are always there: who does not know the keys needs them most.
    let keep = |entry: &Entry| matches!(entry.action, Action::Help | Action::Quit);
    let width = |entry: &Entry| {
        let key = key_name(model, entry);
        u16::try_from(key.width() + label(model, entry).width() + 3).unwrap_or(u16::MAX)
    };
    let mut reserve: u16 = shown
        .iter()
        .copied()
        .filter(|entry| keep(entry))
        .map(width)
        .sum();
    let mut x = from;
    let mut places = Vec::with_capacity(shown.len());
    for entry in shown {
        let width = width(entry);
        if keep(entry) {
            reserve -= width;
        } else if x + width + reserve > right + 2 {
            continue;
        }
        let end = (x + width - 2).min(right);
        places.push(Place { x, end, entry });
        x += width;
    }
    places
}

const fn mode(model: &Model, area: Rect) -> &'static str {
    match (model.read_only, area.width < 100) {
        (true, _) => "read-only",
        (false, false) => "read-write",
        (false, true) => "",
    }
}

/// What the footer has to show, in the order of the table.
fn hints(model: &Model) -> impl Iterator<Item = &'static Entry> {
    let context = model.context();
    ACTIONS.iter().filter(move |entry| {
        entry.context == context
            && !entry.label.is_empty()
            && (entry.enabled)(model)
            && !(entry.command && model.read_only)
    })
}

/// The first key of an action, as people call it.
pub(super) fn key_name(model: &Model, entry: &Entry) -> String {
    model
        .keymap
        .keys(entry)
        .first()
        .map_or_else(String::new, ToString::to_string)
}

/// A line being typed behind its sign; on the right `note`, and of the keys as many as leave it room.
fn typed(
    model: &Model,
    sign: &str,
    input: &Input,
    mut note: String,
    area: Rect,
    canvas: &mut Canvas<'_>,
) {
    let (text, key) = (canvas.role(Role::Text), canvas.role(Role::Key));
    let end = area.right().saturating_sub(1);
    let left = area.x + area.width * 2 / 5;
    for entry in hints(model) {
        let gap = if note.is_empty() { "" } else { "  " };
        let more = format!("{gap}{} {}", key_name(model, entry), label(model, entry));
        if note.width() + more.width() <= usize::from(end.saturating_sub(left)) {
            note.push_str(&more);
        }
    }
    let right = canvas
        .text_right(left, area.y, end, &note, text)
        .saturating_sub(1);
    let x = canvas.text(1, area.y, right, sign, key);
    line_input(input, x, area.y, right, canvas);
}

/// A line being typed, with a cursor of its own: the terminal's stays hidden.
pub(super) fn line_input(input: &Input, x: u16, y: u16, right: u16, canvas: &mut Canvas<'_>) {
    let room = usize::from(right.saturating_sub(x)).saturating_sub(1);
    let scroll = input.visual_scroll(room);
    let (text, cursor) = (canvas.role(Role::Text), canvas.role(Role::Selection));
    let mut skipped = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
            skip
        })
        .collect();
    canvas.text(x, y, right, &shown, text);
    let at = input.visual_cursor().saturating_sub(scroll);
    let at = x.saturating_add(u16::try_from(at).unwrap_or(u16::MAX));
    if at < right
        && let Some(cell) = canvas.buffer.cell_mut((at, y))
    {
        cell.set_style(cursor);
    }
}
