//! Two pictures in, the fewest bytes out.
//!
//! The encoder remembers what the terminal shows, where its cursor stands and which colours are in
//! force, across frames. It therefore needs no trailer, no absolute move for every changed digit
//! and no write at all when nothing changed: a column of countdowns costs three bytes a row (line
//! feed, backspace, digit). A frame is one run of bytes, wrapped in synchronized output (mode 2026)
//! so that no half of it is ever seen.
//!
//! The line must be raw: a line feed is used as "one down, same column", never on the last row.

use super::pen::Pen;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use std::io::Write as _;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// Starts a frame that the terminal shows only when it is whole.
const SYNC_ON: &[u8] = b"\x1b[?2026h";
/// Ends it.
const SYNC_OFF: &[u8] = b"\x1b[?2026l";
/// Above this many runs a frame is mostly new, and looking for a better order is no use.
const RUNS_WORTH_SORTING: usize = 512;
/// From this many blanks on, erasing to the end of the line is shorter than writing them.
const ERASE_FROM: usize = 4;

/// Where the terminal's cursor is. The column is unknown after the last column (terminals differ on
/// the pending wrap) and after a character whose width terminals disagree on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cursor {
    Unknown,
    Row(u16),
    At(u16, u16),
}

/// Changed cells of one row, to be written without a stop.
#[derive(Clone, Copy)]
struct Run {
    y: u16,
    x: u16,
    end: u16,
    /// Everything from `x` on is blank now.
    erase: bool,
}

/// Columns of a row that lead to an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The row.
    pub y: u16,
    /// The first column.
    pub x: u16,
    /// The column after the last.
    pub end: u16,
    /// The address: printable ASCII only, see [`super::reach::is_link`].
    pub target: Box<str>,
}

impl Link {
    fn covers(&self, x: u16, y: u16) -> bool {
        self.y == y && (self.x..self.end).contains(&x)
    }
}

/// Remembers what a terminal shows and says what has to be sent to change it.
pub struct Encoder {
    shown: Buffer,
    cursor: Cursor,
    pen: Pen,
    afresh: bool,
    sync: bool,
    runs: Vec<Run>,
    other: Vec<u8>,
    links: Arc<[Link]>,
}

impl Encoder {
    /// For a terminal in an unknown state; the first frame clears it. `sync` wraps each frame in
    /// mode 2026.
    pub fn new(sync: bool) -> Self {
        Self {
            shown: Buffer::empty(Rect::ZERO),
            cursor: Cursor::Unknown,
            pen: Pen::default(),
            afresh: true,
            sync,
            runs: Vec::new(),
            other: Vec::new(),
            links: Arc::default(),
        }
    }

    /// What the terminal shows is no longer known: the next frame clears it and paints everything.
    pub const fn forget(&mut self) {
        self.afresh = true;
    }

    /// Appends to `out` what makes the terminal show `next`: nothing if it does already. `next`
    /// is swapped for an old picture that the caller may draw over.
    pub fn encode(&mut self, next: &mut Buffer, out: &mut Vec<u8>) {
        self.encode_linked(next, Vec::new(), out);
    }

    /// The same, with columns that lead somewhere. They cost bytes only when they are painted, and
    /// they are painted anew only when their text, their place or their address has changed.
    pub fn encode_linked(&mut self, next: &mut Buffer, links: Vec<Link>, out: &mut Vec<u8>) {
        let start = out.len();
        if self.sync {
            out.extend_from_slice(SYNC_ON);
        }
        let body = out.len();
        if self.afresh || self.shown.area != next.area {
            out.extend_from_slice(b"\x1b[m\x1b[2J");
            self.pen = Pen::default();
            self.cursor = Cursor::Unknown;
            self.shown.resize(next.area);
            self.shown.reset();
            self.afresh = false;
        }
        self.relink(links);
        let mut runs = std::mem::take(&mut self.runs);
        collect(&self.shown, next, &mut runs);
        self.shortest(next, &mut runs, out);
        self.runs = runs;
        std::mem::swap(&mut self.shown, next);
        if out.len() == body {
            out.truncate(start);
        } else if self.sync {
            out.extend_from_slice(SYNC_OFF);
        }
    }

    /// Takes the new links, and gives up what is shown where the old ones differ.
    fn relink(&mut self, mut links: Vec<Link>) {
        // An address is no place for what a terminal would take for an order.
        links.retain(|link| link.target.bytes().all(|byte| byte.is_ascii_graphic()));
        if *links == *self.links {
            return;
        }
        let old = std::mem::replace(&mut self.links, links.into());
        let gone = old.iter().filter(|link| !self.links.contains(link));
        let new = self.links.iter().filter(|link| !old.contains(link));
        for link in gone.chain(new) {
            for x in link.x..link.end {
                if let Some(cell) = self.shown.cell_mut((x, link.y)) {
                    // Like no cell that is ever drawn.
                    cell.set_symbol("\0");
                }
            }
        }
    }

    /// Writes the runs row by row or column by column, whichever takes fewer bytes: digits that
    /// tick in one column are next to each other only in the second order.
    fn shortest(&mut self, next: &Buffer, runs: &mut [Run], out: &mut Vec<u8>) {
        let (cursor, pen, start) = (self.cursor, self.pen, out.len());
        self.write(next, runs, out);
        if runs.len() < 3 || runs.len() > RUNS_WORTH_SORTING {
            return;
        }
        let after = (self.cursor, self.pen);
        (self.cursor, self.pen) = (cursor, pen);
        runs.sort_by_key(|run| (run.end, run.y));
        let mut other = std::mem::take(&mut self.other);
        other.clear();
        self.write(next, runs, &mut other);
        if other.len() < out.len() - start {
            out.truncate(start);
            out.extend_from_slice(&other);
        } else {
            (self.cursor, self.pen) = after;
        }
        self.other = other;
    }

    fn write(&mut self, next: &Buffer, runs: &[Run], out: &mut Vec<u8>) {
        let links = Arc::clone(&self.links);
        for run in runs {
            self.go(next, run.x, run.y, out);
            if run.erase {
                self.pen.switch(Pen::default(), out);
                out.extend_from_slice(b"\x1b[K");
                continue;
            }
            let mut x = run.x;
            let mut inside: Option<&Link> = None;
            while x < run.end {
                let link = links.iter().find(|link| link.covers(x, run.y));
                if link != inside {
                    // The address, or the end of it.
                    let target = link.map_or("", |link| &link.target);
                    out.extend_from_slice(b"\x1b]8;;");
                    out.extend_from_slice(target.as_bytes());
                    out.extend_from_slice(b"\x1b\\");
                    inside = link;
                }
                let Some(cell) = next.cell((x, run.y)) else {
                    break;
                };
                self.put(cell, run.y, &mut x, next.area.width, out);
            }
            if inside.is_some() {
                out.extend_from_slice(b"\x1b]8;;\x1b\\");
            }
        }
    }

    /// Writes one cell at the cursor and moves `x` past it.
    fn put(&mut self, cell: &Cell, y: u16, x: &mut u16, width: u16, out: &mut Vec<u8>) {
        let (mut symbol, pen) = (safe(cell), Pen::of(cell));
        if *x + columns(symbol) > width {
            // Half a wide character does not fit, and the terminal would wrap it.
            symbol = " ";
        }
        if symbol != " " || !self.pen.same_blank(pen) {
            self.pen.switch(pen, out);
        }
        out.extend_from_slice(symbol.as_bytes());
        *x += columns(symbol);
        if *x >= width {
            self.cursor = Cursor::Row(y);
            return;
        }
        if symbol.chars().nth(1).is_some() || columns(symbol) > 1 {
            // What follows must not depend on how wide this terminal thinks it was.
            let _written = write!(out, "\x1b[{}G", u32::from(*x) + 1);
        }
        self.cursor = Cursor::At(*x, y);
    }

    /// Moves the cursor by the shortest sequence there is.
    fn go(&mut self, next: &Buffer, x: u16, y: u16, out: &mut Vec<u8>) {
        if self.cursor == Cursor::At(x, y) {
            return;
        }
        let (row, column) = match self.cursor {
            Cursor::Unknown => {
                absolute(x, y, out);
                self.cursor = Cursor::At(x, y);
                return;
            }
            Cursor::Row(row) => (row, None),
            Cursor::At(column, row) => (row, Some(column)),
        };
        let start = out.len();
        absolute(x, y, out);
        let jump = out.len() - start;
        vertical(row, y, out);
        self.horizontal(next, row == y, column, x, y, out);
        let steps = out.len() - start - jump;
        if steps < jump {
            out.drain(start..start + jump);
        } else {
            out.truncate(start + jump);
        }
        self.cursor = Cursor::At(x, y);
    }

    fn horizontal(
        &self,
        next: &Buffer,
        same_row: bool,
        from: Option<u16>,
        x: u16,
        y: u16,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        let _written = write!(out, "\x1b[{}G", u32::from(x) + 1);
        let mut best = out.len() - start;
        let mut better = |way: &dyn Fn(&mut Vec<u8>)| {
            let middle = out.len();
            way(out);
            if out.len() - middle < best {
                best = out.len() - middle;
                out.drain(start..middle);
            } else {
                out.truncate(middle);
            }
        };
        better(&|out| {
            out.push(b'\r');
            forward(x, out);
        });
        let Some(from) = from else { return };
        if from <= x {
            better(&|out| forward(x - from, out));
            if same_row && self.can_rewrite(next, from, x, y) {
                better(&|out| {
                    for x in from..x {
                        out.extend(next.cell((x, y)).map_or(" ", safe).as_bytes());
                    }
                });
            }
        } else {
            better(&|out| out.extend(std::iter::repeat_n(8, usize::from(from - x))));
            better(&|out| csi(u32::from(from - x), b'D', out));
        }
    }

    /// Whether the cells between can be written again with the pen in force, one byte each.
    fn can_rewrite(&self, next: &Buffer, from: u16, to: u16, y: u16) -> bool {
        let half = from > 0
            && next
                .cell((from - 1, y))
                .is_some_and(|cell| columns(safe(cell)) > 1);
        // Written outside of its link, a cell would lose it.
        let linked = self.links.iter().any(|link| link.y == y);
        !half
            && !linked
            && to - from <= 8
            && (from..to).all(|x| {
                next.cell((x, y)).is_some_and(|cell| {
                    let symbol = safe(cell);
                    symbol.len() == 1
                        && (self.pen == Pen::of(cell)
                            || symbol == " " && self.pen.same_blank(Pen::of(cell)))
                })
            })
    }
}

/// The changed cells of two pictures of one size, row by row.
fn collect(shown: &Buffer, next: &Buffer, runs: &mut Vec<Run>) {
    runs.clear();
    let width = usize::from(next.area.width);
    if width == 0 {
        return;
    }
    let rows = shown.content.chunks(width).zip(next.content.chunks(width));
    for (y, (old, new)) in (0_u16..).zip(rows) {
        if old != new {
            collect_row(y, old, new, runs);
        }
    }
}

fn collect_row(y: u16, old: &[Cell], new: &[Cell], runs: &mut Vec<Run>) {
    let tail = new
        .iter()
        .rposition(|cell| !is_blank(cell))
        .map_or(0, |last| {
            // A wide character covers the cell after its own.
            last + new
                .get(last)
                .map_or(1, |cell| usize::from(columns(safe(cell))))
        });
    let mut open: Option<(usize, usize)> = None;
    let mut x = 0;
    let mut covered = false;
    while let Some(cell) = new.get(x) {
        let span = usize::from(columns(safe(cell)));
        let end = x + span;
        // The second half of a wide character is covered: only its first half is compared.
        let dirty = covered || old.get(x) != Some(cell);
        // Overwriting the first half of an old wide character takes its second half along.
        covered = dirty
            && old.get(end - 1).is_some_and(|cell| columns(safe(cell)) > 1)
            && (span == 1 || columns(old.get(x).map_or(" ", safe)) == 1);
        if dirty && x >= tail && dirty_cells(old, new, x) >= ERASE_FROM {
            close(&mut open, y, runs);
            push(y, x, new.len(), true, runs);
            return;
        }
        match &mut open {
            Some((_, until)) if dirty => *until = end,
            None if dirty => open = Some((x, end)),
            _ => close(&mut open, y, runs),
        }
        x = end;
    }
    close(&mut open, y, runs);
}

fn dirty_cells(old: &[Cell], new: &[Cell], from: usize) -> usize {
    let pairs = old.iter().zip(new).skip(from);
    pairs.filter(|(old, new)| old != new).count()
}

fn close(open: &mut Option<(usize, usize)>, y: u16, runs: &mut Vec<Run>) {
    if let Some((x, end)) = open.take() {
        push(y, x, end, false, runs);
    }
}

fn push(y: u16, x: usize, end: usize, erase: bool, runs: &mut Vec<Run>) {
    let clip = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
    runs.push(Run {
        y,
        x: clip(x),
        end: clip(end),
        erase,
    });
}

/// What may be sent for a cell: nothing that a terminal would take for an order.
fn safe(cell: &Cell) -> &str {
    let symbol = cell.symbol();
    if symbol.is_empty() || symbol.chars().any(char::is_control) {
        " "
    } else {
        symbol
    }
}

/// How many columns a symbol takes: one or two.
fn columns(symbol: &str) -> u16 {
    if symbol.len() == 1 || symbol.width() < 2 {
        1
    } else {
        2
    }
}

fn is_blank(cell: &Cell) -> bool {
    safe(cell) == " " && Pen::of(cell).same_blank(Pen::default())
}

fn absolute(x: u16, y: u16, out: &mut Vec<u8>) {
    let (row, column) = (u32::from(y) + 1, u32::from(x) + 1);
    // A vector takes every write.
    let _written = match (row, column) {
        (1, 1) => write!(out, "\x1b[H"),
        (_, 1) => write!(out, "\x1b[{row}H"),
        (1, _) => write!(out, "\x1b[;{column}H"),
        _ => write!(out, "\x1b[{row};{column}H"),
    };
}

/// A move by `n` in the direction of the letter.
fn csi(n: u32, letter: u8, out: &mut Vec<u8>) {
    match n {
        0 => return,
        1 => out.extend_from_slice(b"\x1b["),
        _ => {
            let _written = write!(out, "\x1b[{n}");
        }
    }
    out.push(letter);
}

fn forward(n: u16, out: &mut Vec<u8>) {
    csi(u32::from(n), b'C', out);
}

fn vertical(from: u16, to: u16, out: &mut Vec<u8>) {
    if to < from {
        csi(u32::from(from - to), b'A', out);
    } else if to - from <= 4 {
        out.extend(std::iter::repeat_n(b'\n', usize::from(to - from)));
    } else {
        csi(u32::from(to - from), b'B', out);
    }
}

#[cfg(test)]
#[path = "encoder_tests.rs"]
mod tests;
