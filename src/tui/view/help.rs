//! Every key and what it does, from the table of actions; then what the words of the table mean.

use super::canvas::{Canvas, centered};
use super::lanes::columns;
use crate::lane::Word;
use crate::tui::keymap::{ACTIONS, Context, Part};
use crate::tui::model::{Column, Model};
use crate::tui::theme::Role;
use ratatui::layout::Rect;

/// The widest the page gets.
const WIDTH: u16 = 96;
/// Columns of the keys.
const KEYS: u16 = 15;

/// What the palette needs to be told and a heading says once.
const IN_THE_AUDIT: &str = "in the audit: ";

/// What stands left on a line.
#[derive(Clone)]
enum Left {
    Keys(String),
    State(Word),
    Column(&'static str),
    Heading(&'static str),
}

fn place(model: &Model) -> Rect {
    let (width, height) = model.size;
    let screen = Rect::new(0, 0, width, height.saturating_sub(1));
    centered(screen, WIDTH, height)
}

/// Everything on the page, broken to its width.
fn lines(model: &Model) -> Vec<(Left, String)> {
    let room = usize::from(place(model).width.saturating_sub(KEYS + 4)).max(8);
    let mut lines = Vec::new();
    let mut add = |left: Left, text: &str| {
        let mut left = Some(left);
        for part in broken(text, room) {
            lines.push((left.take().unwrap_or(Left::Keys(String::new())), part));
        }
    };
    for part in Part::ALL {
        add(Left::Heading(part.as_str()), "");
        let main = ACTIONS
            .iter()
            .filter(|entry| entry.context == Context::Main);
        for entry in main.filter(|entry| entry.part == part) {
            let keys = model.keymap.keys(entry).iter();
            let names: Vec<_> = keys.map(ToString::to_string).collect();
            let off = if entry.command && model.read_only {
                " (off: read-only)"
            } else {
                ""
            };
            let told = entry.help.strip_prefix(IN_THE_AUDIT).unwrap_or(entry.help);
            add(Left::Keys(names.join(" ")), &format!("{told}{off}"));
        }
    }
    add(Left::Heading("states, worst first"), "");
    for word in Word::ALL.into_iter().rev() {
        add(Left::State(word), about(word));
    }
    add(Left::Heading("columns"), "");
    for column in Column::ALL {
        let (name, about) = (columns::sorted_title(column), columns::about(column));
        match columns::title(column) {
            short if short == name => add(Left::Column(name), about),
            heads => add(Left::Column(name), &format!("{heads}: {about}")),
        }
    }
    lines
}

fn broken(text: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = parts.last_mut() else { break };
        if last.is_empty() {
            last.push_str(word);
        } else if last.len() + 1 + word.len() <= room {
            last.push(' ');
            last.push_str(word);
        } else {
            parts.push(word.to_owned());
        }
    }
    parts
}

/// The last line that may be at the top.
pub(super) fn last_top(model: &Model) -> usize {
    let rows = usize::from(place(model).height.saturating_sub(2));
    lines(model).len().saturating_sub(rows)
}

pub(super) fn draw(model: &Model, top: usize, canvas: &mut Canvas<'_>) {
    let lines = lines(model);
    let wanted = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let outer = place(model);
    let area = centered(outer, outer.width, wanted);
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, "help", style);
    let (key, text) = (canvas.role(Role::Key), canvas.role(Role::Text));
    let head = canvas.role(Role::Head);
    let rows = usize::from(inner.height);
    let top = top.min(lines.len().saturating_sub(rows));
    for (y, (left, help)) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let end = inner.x + KEYS - 1;
        match left {
            Left::Keys(keys) => canvas.text(inner.x, y, end, keys, key),
            Left::Column(title) => canvas.text(inner.x, y, end, title, key),
            Left::Heading(heading) => canvas.text(inner.x, y, inner.right(), heading, head),
            Left::State(word) => {
                let style = canvas.look.theme.word(*word);
                let sign = canvas.look.symbols.word(*word);
                let x = canvas.text(inner.x, y, end, sign, style);
                canvas.text(x + 1, y, end, word.as_str(), style)
            }
        };
        canvas.text(inner.x + KEYS, y, inner.right(), help, text);
    }
    let below = lines.len().saturating_sub(top + rows);
    if below > 0 {
        let more = format!(" {below} more below ");
        canvas.text_right(inner.x, area.bottom() - 1, inner.right(), &more, style);
    }
}

const fn about(word: Word) -> &'static str {
    match word {
        Word::Ok => "proven, open, in life",
        Word::Refreshing => "a newer credential is on its way",
        Word::Paused => "an operator stopped it",
        Word::Expiring => "its life is nearly over",
        Word::Limited => "the upstream asks for patience",
        Word::Unreachable => "the upstream cannot be reached; nothing is known of the credential",
        Word::Degraded => "serves, but what keeps it alive has stopped working",
        Word::Uncertain => "serves, but its grant may be used up; f tries it again, at your risk",
        Word::Denied => "a rule of the upstream forbids the call",
        Word::Scope => "its scopes do not cover the call",
        Word::Refused => "pre-flight has not let it serve",
        Word::Invalid => "rejected, and the cause cannot be told",
        Word::Expired => "its life is over",
        Word::Revoked => "made useless before its time",
        Word::Held => "stopped until a person looks",
    }
}
