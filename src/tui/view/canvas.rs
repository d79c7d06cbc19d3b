//! Text into cells: clipped, cut with a sign, one style at a time.

use super::Look;
use crate::tui::encoder::Link;
use crate::tui::reach;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A buffer and how things look in it.
pub(super) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) look: &'a Look,
    /// What of it leads somewhere.
    pub(super) links: Vec<Link>,
}

impl Canvas<'_> {
    /// The style of a role.
    pub(super) fn role(&self, role: Role) -> Style {
        self.look.theme.role(role)
    }

    /// Writes `text` from column `x` up to before column `right` and answers the column after it.
    /// What does not fit is cut, and a sign says so.
    pub(super) fn text(&mut self, x: u16, y: u16, right: u16, text: &str, style: Style) -> u16 {
        let right = right.min(self.buffer.area.right());
        if x >= right || y >= self.buffer.area.bottom() {
            return x;
        }
        let room = usize::from(right - x);
        if text.is_ascii() {
            return self.ascii(x, y, room, text, style);
        }
        let more = self.look.symbols.more;
        if more.is_ascii() && text.contains('…') {
            // Ids come shortened from the engine, with a sign that this terminal may not have.
            return self.text(x, y, right, &text.replace('…', more), style);
        }
        if text.width() <= room {
            return self.buffer.set_stringn(x, y, text, room, style).0;
        }
        // Between graphemes: a mark that combines with a letter goes where that goes.
        let mut used = 0;
        let end = text.grapheme_indices(true).find_map(|(at, grapheme)| {
            used += grapheme.width();
            (used > room - 1).then_some(at)
        });
        let head = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let (x, _) = self.buffer.set_stringn(x, y, head, room - 1, style);
        self.buffer
            .set_stringn(x, y, self.look.symbols.more, 1, style)
            .0
    }

    /// The same for text whose every byte is a column: most of the screen, many times faster.
    fn ascii(&mut self, mut x: u16, y: u16, room: usize, text: &str, style: Style) -> u16 {
        let cut = text.len() > room;
        let kept = if cut { room - 1 } else { text.len() };
        for byte in text.bytes().take(kept) {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                let c = if byte.is_ascii_control() {
                    ' '
                } else {
                    char::from(byte)
                };
                cell.set_char(c).set_style(style);
            }
            x += 1;
        }
        if cut {
            return self
                .buffer
                .set_stringn(x, y, self.look.symbols.more, 1, style)
                .0;
        }
        x
    }

    /// Makes those columns of a row lead to `target`, if that is a web address.
    pub(super) fn link(&mut self, x: u16, y: u16, end: u16, target: &str) {
        let end = end.min(self.buffer.area.right());
        if x < end && reach::is_link(target) {
            self.links.push(Link {
                x,
                y,
                end,
                target: target.into(),
            });
        }
    }

    /// Writes `text` so that it ends before column `right`, and answers where it begins.
    pub(super) fn text_right(
        &mut self,
        left: u16,
        y: u16,
        right: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        let x = right.saturating_sub(width).max(left);
        self.text(x, y, right, text, style);
        x
    }

    /// The line that a pane begins with: its title, and what is to be said on the right.
    pub(super) fn rule(&mut self, area: Rect, title: &str, note: &str, focused: bool) {
        let style = self.role(if focused { Role::Focus } else { Role::Rule });
        let sign = self.look.symbols.rule;
        for x in area.left()..area.right() {
            self.text(x, area.y, area.right(), sign, style);
        }
        let title_style = self.role(if focused { Role::Focus } else { Role::Title });
        let x = self.text(area.x + 2, area.y, area.right(), " ", style);
        let x = self.text(
            x,
            area.y,
            area.right().saturating_sub(3),
            title,
            title_style,
        );
        let x = self.text(x, area.y, area.right(), " ", style);
        let width = u16::try_from(note.width())
            .unwrap_or(u16::MAX)
            .saturating_add(2);
        let start = area.right().saturating_sub(2).saturating_sub(width);
        if !note.is_empty() && start > x {
            let x = self.text(start, area.y, area.right(), " ", style);
            let quiet = self.role(Role::Quiet);
            let x = self.text(x, area.y, area.right(), note, quiet);
            self.text(x, area.y, area.right(), " ", style);
        }
    }

    /// Empties a place and puts a frame around it; answers what is inside.
    pub(super) fn frame(&mut self, area: Rect, title: &str, style: Style) -> Rect {
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
        // A wide character that began just left of the frame would reach into it.
        if let Some(left) = area.x.checked_sub(1) {
            for y in area.top()..area.bottom() {
                if let Some(cell) = self.buffer.cell_mut((left, y))
                    && cell.symbol().width() > 1
                {
                    cell.set_symbol(" ");
                }
            }
        }
        let [top_left, top_right, bottom_left, bottom_right, side] = self.look.symbols.corners;
        let rule = self.look.symbols.rule;
        // A line below a line says nothing, and a reversed one is a bar; the title keeps both.
        let line = style.remove_modifier(Modifier::UNDERLINED | Modifier::REVERSED);
        let (left, right) = (area.left(), area.right().saturating_sub(1));
        let (top, bottom) = (area.top(), area.bottom().saturating_sub(1));
        for x in left..=right {
            self.text(x, top, right + 1, rule, line);
            self.text(x, bottom, right + 1, rule, line);
        }
        for y in top..=bottom {
            self.text(left, y, right + 1, side, line);
            self.text(right, y, right + 1, side, line);
        }
        self.text(left, top, right + 1, top_left, line);
        self.text(right, top, right + 1, top_right, line);
        self.text(left, bottom, right + 1, bottom_left, line);
        self.text(right, bottom, right + 1, bottom_right, line);
        self.text(left + 2, top, right, &format!(" {title} "), style);
        Rect::new(
            left + 2,
            top + 1,
            area.width.saturating_sub(4),
            area.height.saturating_sub(2),
        )
    }
}

/// The middle of `outer`, at most as large as `outer`.
pub(super) fn centered(outer: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(outer.width), height.min(outer.height));
    Rect::new(
        outer.x + (outer.width - width) / 2,
        outer.y + (outer.height - height) / 2,
        width,
        height,
    )
}
