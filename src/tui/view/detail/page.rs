//! Facts, set one after the other with dots between them and broken where they end.

use crate::tui::theme::Role;
use crate::tui::view::Look;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Pieces of text on one line.
pub(super) type Line = Vec<(String, Style)>;

/// Lines in the making.
pub(super) struct Page<'a> {
    pub(super) lines: Vec<Line>,
    pub(super) room: usize,
    pub(super) column: usize,
    pub(super) look: &'a Look,
}

impl Page<'_> {
    pub(super) fn role(&self, role: Role) -> Style {
        self.look.theme.role(role)
    }

    /// Begins a line.
    pub(super) fn line(&mut self) {
        self.lines.push(Vec::new());
        self.column = 0;
    }

    pub(super) fn push(&mut self, text: &str, style: Style) {
        self.column += text.width();
        if let Some(line) = self.lines.last_mut() {
            line.push((text.to_owned(), style));
        }
    }

    /// Text that goes on where the last ended, broken between words.
    pub(super) fn say(&mut self, text: &str, style: Style) {
        let mut rest = text;
        loop {
            let left = self.room.saturating_sub(self.column);
            if rest.width() <= left {
                self.push(rest, style);
                return;
            }
            let fit = fitting(rest, left);
            let space = rest.get(..fit).and_then(|head| head.rfind(' '));
            let (head, tail) = match space {
                Some(space) => (rest.get(..space), rest.get(space + 1..)),
                // A word longer than a line is cut; another gets a line of its own.
                None if self.column <= 2 => (rest.get(..fit.max(1)), rest.get(fit.max(1)..)),
                None => (Some(""), Some(rest.trim_start())),
            };
            self.push(head.unwrap_or(""), style);
            rest = tail.unwrap_or("");
            self.continued();
            if rest.is_empty() {
                return;
            }
        }
    }

    fn continued(&mut self) {
        self.line();
        self.push("  ", Style::new());
    }

    /// One more fact on this line, or on the next if it does not fit.
    pub(super) fn fact(&mut self, text: &str, style: Style) {
        if self.column > 2 {
            let dot = format!(" {} ", self.look.symbols.dot);
            if self.column + dot.width() + text.width() > self.room {
                self.continued();
            } else {
                let quiet = self.role(Role::Quiet);
                self.push(&dot, quiet);
            }
        }
        self.say(text, style);
    }
}

/// How many bytes of `text` fit into so many columns.
fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        used += c.width().unwrap_or(0);
        (used > columns).then_some(at)
    });
    end.unwrap_or(text.len())
}
