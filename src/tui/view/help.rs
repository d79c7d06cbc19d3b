//! Every key and what it does, from the table of actions.

use super::canvas::{Canvas, centered};
use crate::lane::Word;
use crate::tui::keymap::{ACTIONS, Context};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use ratatui::layout::Rect;

/// Keys and what they do; keys are empty on lines that go on.
pub(super) fn lines(model: &Model) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for entry in ACTIONS {
        if entry.context != Context::Main || entry.help.is_empty() {
            continue;
        }
        let names: Vec<_> = model
            .keymap
            .keys(entry)
            .iter()
            .map(ToString::to_string)
            .collect();
        let off = if entry.command && model.read_only {
            " (off: read-only)"
        } else {
            ""
        };
        lines.push((names.join(" "), format!("{}{off}", entry.help)));
    }
    lines.push((String::new(), String::new()));
    lines.push((
        "states".to_owned(),
        "best first; the table shows the worst first".to_owned(),
    ));
    lines
}

pub(super) fn draw(model: &Model, top: usize, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let all = lines(model);
    let wanted = u16::try_from(all.len() + Word::ALL.len()).unwrap_or(u16::MAX);
    let screen = Rect::new(0, 0, width, height.saturating_sub(1));
    let area = centered(screen, 96, wanted.saturating_add(2));
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, "help", style);
    let (key, text) = (canvas.role(Role::Key), canvas.role(Role::Text));
    let rows = usize::from(inner.height);
    let total = all.len() + Word::ALL.len();
    let top = top.min(total.saturating_sub(rows));
    let mut y = inner.y;
    for (keys, help) in all.iter().skip(top) {
        if y >= inner.bottom() {
            break;
        }
        canvas.text(inner.x, y, inner.x + 14, keys, key);
        canvas.text(inner.x + 15, y, inner.right(), help, text);
        y += 1;
    }
    for word in Word::ALL.into_iter().skip(top.saturating_sub(all.len())) {
        if y >= inner.bottom() {
            break;
        }
        let style = canvas.look.theme.word(word);
        let sign = canvas.look.symbols.word(word);
        let x = canvas.text(inner.x, y, inner.right(), sign, style);
        canvas.text(x + 1, y, inner.x + 14, word.as_str(), style);
        canvas.text(inner.x + 15, y, inner.right(), about(word), text);
        y += 1;
    }
    if top + rows < total {
        let more = format!(" {} more, j ", total - top - rows);
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
        Word::Denied => "a rule of the upstream forbids the call",
        Word::Scope => "its scopes do not cover the call",
        Word::Refused => "pre-flight has not let it serve",
        Word::Invalid => "rejected, and the cause cannot be told",
        Word::Expired => "its life is over",
        Word::Revoked => "made useless before its time",
        Word::Held => "stopped until a person looks",
    }
}
