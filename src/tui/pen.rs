//! The graphic state that the terminal is in, and the shortest way to another one.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use std::io::Write as _;

/// Colours and modifiers in force on the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// Modifiers that can be seen on a blank cell.
const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// Each modifier with the codes that switch it on and off. Bold and dim share one off code.
const CODES: [(Modifier, &str, &str); 8] = [
    (Modifier::BOLD, "1", "22"),
    (Modifier::DIM, "2", "22"),
    (Modifier::ITALIC, "3", "23"),
    (Modifier::UNDERLINED, "4", "24"),
    (Modifier::SLOW_BLINK, "5", "25"),
    (Modifier::REVERSED, "7", "27"),
    (Modifier::HIDDEN, "8", "28"),
    (Modifier::CROSSED_OUT, "9", "29"),
];

impl Pen {
    pub(super) const fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// Whether a blank drawn with either pen looks the same.
    pub(super) fn same_blank(self, other: Self) -> bool {
        let (mine, theirs) = (
            self.modifier & SEEN_ON_BLANK,
            other.modifier & SEEN_ON_BLANK,
        );
        // Reversed or underlined, a blank shows its foreground.
        self.bg == other.bg && mine == theirs && (mine.is_empty() || self.fg == other.fg)
    }

    /// Writes what turns this pen into `to`: switched step by step or reset first, whichever is
    /// shorter.
    pub(super) fn switch(&mut self, to: Self, out: &mut Vec<u8>) {
        if *self == to {
            return;
        }
        let start = out.len();
        self.steps(to, out);
        let stepped = out.len() - start;
        let middle = out.len();
        Self::afresh(to, out);
        if out.len() - middle < stepped {
            out.drain(start..middle);
        } else {
            out.truncate(middle);
        }
        *self = to;
    }

    fn steps(self, to: Self, out: &mut Vec<u8>) {
        let mut list = Params::open(out);
        let mut off = self.modifier - to.modifier;
        let mut on = to.modifier - self.modifier;
        let faint = Modifier::BOLD | Modifier::DIM;
        if off.intersects(faint) {
            // Their common off code takes the other one along.
            list.add("22");
            off -= faint;
            on |= to.modifier & faint;
        }
        for (modifier, _, code) in CODES {
            if off.contains(modifier) {
                list.add(code);
            }
        }
        for (modifier, code, _) in CODES {
            if on.contains(modifier) {
                list.add(code);
            }
        }
        if self.fg != to.fg {
            list.color(to.fg, 30);
        }
        if self.bg != to.bg {
            list.color(to.bg, 40);
        }
        list.close();
    }

    fn afresh(to: Self, out: &mut Vec<u8>) {
        let mut list = Params::open(out);
        if to != Self::default() {
            list.add("");
        }
        for (modifier, code, _) in CODES {
            if to.modifier.contains(modifier) {
                list.add(code);
            }
        }
        if to.fg != Color::Reset {
            list.color(to.fg, 30);
        }
        if to.bg != Color::Reset {
            list.color(to.bg, 40);
        }
        list.close();
    }
}

/// The parameters of one SGR sequence.
struct Params<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Params<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(b"\x1b[");
        Self { out, first: true }
    }

    fn add(&mut self, code: &str) {
        if !self.first {
            self.out.push(b';');
        }
        self.first = false;
        self.out.extend_from_slice(code.as_bytes());
    }

    /// `base` is 30 for the foreground and 40 for the background.
    fn color(&mut self, color: Color, base: u8) {
        let ansi = |at: u8| if at < 8 { base + at } else { base + 52 + at };
        let code = match color {
            Color::Reset => base + 9,
            Color::Black => ansi(0),
            Color::Red => ansi(1),
            Color::Green => ansi(2),
            Color::Yellow => ansi(3),
            Color::Blue => ansi(4),
            Color::Magenta => ansi(5),
            Color::Cyan => ansi(6),
            Color::Gray => ansi(7),
            Color::DarkGray => ansi(8),
            Color::LightRed => ansi(9),
            Color::LightGreen => ansi(10),
            Color::LightYellow => ansi(11),
            Color::LightBlue => ansi(12),
            Color::LightMagenta => ansi(13),
            Color::LightCyan => ansi(14),
            Color::White => ansi(15),
            Color::Indexed(index) => {
                self.add("");
                // A vector takes every write.
                let _written = write!(self.out, "{};5;{index}", base + 8);
                return;
            }
            Color::Rgb(r, g, b) => {
                self.add("");
                let _written = write!(self.out, "{};2;{r};{g};{b}", base + 8);
                return;
            }
        };
        self.add("");
        let _written = write!(self.out, "{code}");
    }

    fn close(self) {
        self.out.push(b'm');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn pen(style: Style) -> Pen {
        let mut cell = Cell::EMPTY;
        cell.set_style(style);
        Pen::of(&cell)
    }

    fn bytes(from: Style, to: Style) -> String {
        let (mut now, mut out) = (pen(from), Vec::new());
        now.switch(pen(to), &mut out);
        assert_eq!(now, pen(to));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_shorter_way_is_taken() {
        let plain = Style::reset();
        assert_eq!(bytes(plain, plain), "");
        assert_eq!(bytes(plain, plain.red()), "\x1b[31m");
        assert_eq!(bytes(plain.red().bold(), plain), "\x1b[m");
        assert_eq!(bytes(plain.red().bold(), plain.green().bold()), "\x1b[32m");
        assert_eq!(bytes(plain.bold().dim(), plain.dim()), "\x1b[;2m");
        assert_eq!(
            bytes(plain, plain.light_red().on_indexed(200)),
            "\x1b[91;48;5;200m"
        );
    }

    trait OnIndexed {
        fn on_indexed(self, index: u8) -> Self;
    }

    impl OnIndexed for Style {
        fn on_indexed(self, index: u8) -> Self {
            self.bg(Color::Indexed(index))
        }
    }

    #[test]
    fn a_blank_does_not_care_for_a_colour_that_nobody_sees() {
        let plain = Style::reset();
        assert!(pen(plain).same_blank(pen(plain.red().bold())));
        assert!(!pen(plain).same_blank(pen(plain.reversed())));
        assert!(!pen(plain.reversed()).same_blank(pen(plain.reversed().red())));
    }
}
