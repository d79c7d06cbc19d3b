//! Facts, set one after the other with dots between them and broken where they end.

use crate::tui::theme::Role;
use crate::tui::view::Look;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Pieces of text on one line.
pub(in crate::tui::view) type Line = Vec<(String, Style)>;

/// Columns of a label on a page that has labels, with the gap behind it.
const LABEL: usize = 13;
/// How far a line that goes on is indented on a page without.
const HANG: usize = 2;

/// Lines in the making.
pub(in crate::tui::view) struct Page<'a> {
    pub(in crate::tui::view) lines: Vec<Line>,
    pub(in crate::tui::view) column: usize,
    pub(in crate::tui::view) look: &'a Look,
    room: usize,
    indent: usize,
    /// Nothing has been said yet since the line began.
    fresh: bool,
}

impl<'a> Page<'a> {
    /// An empty page of so many columns.
    pub(in crate::tui::view) const fn new(room: usize, look: &'a Look) -> Self {
        Self {
            lines: Vec::new(),
            column: 0,
            look,
            room,
            indent: HANG,
            fresh: true,
        }
    }

    pub(in crate::tui::view) fn role(&self, role: Role) -> Style {
        self.look.theme.role(role)
    }

    /// How many columns a line has.
    pub(in crate::tui::view) const fn room(&self) -> usize {
        self.room
    }

    /// Begins a line.
    pub(in crate::tui::view) fn line(&mut self) {
        self.lines.push(Vec::new());
        self.column = 0;
        self.indent = HANG;
        self.fresh = true;
    }

    /// Begins a line with a label; what follows stands beside it, on as many lines as it takes.
    pub(in crate::tui::view) fn label(&mut self, label: &str) {
        let title = self.role(Role::Title);
        self.line();
        self.push(&format!("{label:<LABEL$}"), title);
        self.indent = LABEL;
        self.fresh = true;
    }

    /// Goes on below, beside the same label.
    pub(in crate::tui::view) fn below(&mut self) {
        self.continued();
        self.fresh = true;
    }

    pub(in crate::tui::view) fn push(&mut self, text: &str, style: Style) {
        self.column += text.width();
        self.fresh = false;
        if let Some(line) = self.lines.last_mut() {
            line.push((text.to_owned(), style));
        }
    }

    /// Text that goes on where the last ended, broken between words.
    pub(in crate::tui::view) fn say(&mut self, text: &str, style: Style) {
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
                None if self.column <= self.indent => {
                    let fit = fit.max(rest.chars().next().map_or(1, char::len_utf8));
                    (rest.get(..fit), rest.get(fit..))
                }
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
        self.lines.push(Vec::new());
        self.column = 0;
        self.push(&" ".repeat(self.indent), Style::new());
    }

    /// One more fact on this line, or on the next if it does not fit.
    pub(in crate::tui::view) fn fact(&mut self, text: &str, style: Style) {
        if !self.fresh && self.column > self.indent {
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
