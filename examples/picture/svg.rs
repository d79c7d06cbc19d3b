//! A terminal's cells as an SVG.
//!
//! Letters are text on an exact grid, so they can be selected and stay sharp. What fonts draw badly
//! or not at all, the lines of boxes and the blocks of bars, is drawn as shapes.

use std::fmt::Write as _;
use vt100::{Cell, Color, Screen};

/// Width and height of a cell, and how far below its top the letters stand.
const CELL: (f32, f32) = (8.4, 18.0);
const BASELINE: f32 = 13.5;
/// Between the cells and the picture's edge.
const MARGIN: f32 = 14.0;
/// Fonts whose letters are 0.6 as wide as high, the usual ones first.
const FONTS: &str = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// The colours of a terminal.
pub(crate) struct Paper {
    ground: &'static str,
    ink: &'static str,
    edge: &'static str,
    ansi: [&'static str; 16],
}

impl Paper {
    /// Light letters on dark ground.
    pub(crate) const DARK: Self = Self {
        ground: "#14171c",
        ink: "#d6dae1",
        edge: "#2c323b",
        ansi: [
            "#262b33", "#e06c75", "#8cc570", "#e2b84f", "#5c8ed6", "#b987d9", "#4fb3bf", "#c8ccd4",
            "#5c6370", "#ff7b72", "#a5d98a", "#f2cc60", "#79b0ff", "#d2a8ff", "#6fd3dd", "#ffffff",
        ],
    };
    /// Dark letters on light ground.
    pub(crate) const LIGHT: Self = Self {
        ground: "#fbfbf9",
        ink: "#24292f",
        edge: "#d0d7de",
        ansi: [
            "#24292f", "#b3261e", "#1a7f37", "#8a5a00", "#0550ae", "#8250df", "#1b7c83", "#6e7781",
            "#57606a", "#cf222e", "#2da44e", "#9a6700", "#0969da", "#a475f9", "#3192aa", "#8c959f",
        ],
    };

    fn colour(&self, color: Color, usual: &str) -> String {
        match color {
            Color::Default => usual.to_owned(),
            Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
            Color::Idx(at) => match self.ansi.get(usize::from(at)) {
                Some(known) => (*known).to_owned(),
                None => indexed(at),
            },
        }
    }
}

/// The 216 colours and 24 greys beyond the sixteen.
fn indexed(at: u8) -> String {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let (r, g, b) = match at {
        16..=231 => {
            let cube = at - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        _ => {
            let grey = 8 + at.saturating_sub(232) * 10;
            (grey, grey, grey)
        }
    };
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// What neighbouring cells share when they are drawn together.
#[derive(Clone, PartialEq)]
struct Style {
    ink: String,
    ground: Option<String>,
    bold: bool,
    italic: bool,
    underlined: bool,
}

impl Style {
    fn of(cell: &Cell, paper: &Paper) -> Self {
        let ink = paper.colour(cell.fgcolor(), paper.ink);
        let ground =
            (cell.bgcolor() != Color::Default).then(|| paper.colour(cell.bgcolor(), paper.ground));
        let (ink, ground) = if cell.inverse() {
            (ground.unwrap_or_else(|| paper.ground.to_owned()), Some(ink))
        } else {
            (ink, ground)
        };
        Self {
            ink,
            ground,
            bold: cell.bold(),
            italic: cell.italic(),
            underlined: cell.underline(),
        }
    }
}

/// The whole picture.
pub(crate) fn draw(screen: &Screen, paper: &Paper) -> String {
    let (rows, columns) = screen.size();
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL.1 + 2.0 * MARGIN;
    let mut letters = String::new();
    let mut grounds = Boxes::default();
    let mut shapes = Boxes::default();
    for row in 0..rows {
        let y = MARGIN + f32::from(row) * CELL.1;
        let cells = (0..columns).filter_map(|column| Some((column, screen.cell(row, column)?)));
        let mut run: Option<Run> = None;
        for (column, cell) in cells.filter(|(_, cell)| !cell.is_wide_continuation()) {
            let style = Style::of(cell, paper);
            let x = MARGIN + f32::from(column) * CELL.0;
            let wide = if cell.is_wide() { 2.0 } else { 1.0 } * CELL.0;
            if let Some(ground) = &style.ground {
                grounds.add((x, y, wide, CELL.1), ground, 1.0);
            }
            if style.underlined {
                grounds.add((x, y + CELL.1 - 2.0, wide, 1.0), paper.edge, 1.0);
            }
            let text = if cell.has_contents() {
                cell.contents()
            } else {
                " "
            };
            let drawn = text
                .chars()
                .next()
                .is_some_and(|c| shapes.add_shape(c, x, y, &style.ink));
            let text = if drawn { " " } else { text };
            // A letter that is not ASCII may come from another font: it gets a place of its own.
            let alone = !text.is_ascii();
            match &mut run {
                Some(run) if run.takes(&style, alone) => run.text.push_str(text),
                _ => {
                    flush(&mut letters, run.take(), y);
                    run = Some(Run {
                        x,
                        style,
                        alone,
                        text: text.to_owned(),
                    });
                }
            }
        }
        flush(&mut letters, run, y);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" \
         aria-label=\"lanewatch in a terminal\">\n<title>lanewatch in a terminal</title>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\" fill=\"{}\" \
         stroke=\"{}\"/>\n{}{}<g font-family=\"{FONTS}\" font-size=\"14\">\n{letters}</g>\n</svg>\n",
        width - 1.0,
        height - 1.0,
        paper.ground,
        paper.edge,
        grounds.written(),
        shapes.written(),
    )
}

/// Neighbouring letters of one style.
struct Run {
    x: f32,
    style: Style,
    alone: bool,
    text: String,
}

impl Run {
    /// Whether the next letter belongs to it. Two spaces end it, since an SVG would make them one.
    fn takes(&self, style: &Style, alone: bool) -> bool {
        self.style == *style && !alone && !self.alone && !self.text.ends_with("  ")
    }
}

fn flush(out: &mut String, run: Option<Run>, y: f32) {
    let Some(Run {
        x,
        style,
        text,
        alone,
    }) = run
    else {
        return;
    };
    let shown = text.trim_end_matches(' ');
    let text = shown.trim_start_matches(' ');
    if text.is_empty() {
        return;
    }
    let x = x + count(shown, text) * CELL.0;
    let weight = if style.bold {
        " font-weight=\"700\""
    } else {
        ""
    };
    let slant = if style.italic {
        " font-style=\"italic\""
    } else {
        ""
    };
    // The exact length keeps the columns straight whatever font there is.
    let length = if alone || text.len() == 1 {
        String::new()
    } else {
        format!(
            " textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"",
            count(text, "") * CELL.0
        )
    };
    let _never_fails = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\"{weight}{slant}{length} fill=\"{}\">{}</text>",
        y + BASELINE,
        style.ink,
        escaped(text),
    );
}

/// How many characters more the first text has than the second.
fn count(long: &str, short: &str) -> f32 {
    let more = long.chars().count() - short.chars().count();
    f32::from(u16::try_from(more).unwrap_or(u16::MAX))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Rectangles; those that touch in a row become one, so that no seam shows between cells.
#[derive(Default)]
struct Boxes {
    all: Vec<Rect>,
}

struct Rect {
    place: (f32, f32, f32, f32),
    fill: String,
    opacity: f32,
}

impl Boxes {
    fn add(&mut self, (x, y, w, h): (f32, f32, f32, f32), fill: &str, opacity: f32) {
        if let Some(Rect {
            place,
            fill: same,
            opacity: also,
        }) = self.all.last_mut()
        {
            let touches = (place.0 + place.2 - x).abs() < 0.1;
            if touches && (place.1, place.3) == (y, h) && same == fill && *also == opacity {
                place.2 = x + w - place.0;
                return;
            }
        }
        self.all.push(Rect {
            place: (x, y, w, h),
            fill: fill.to_owned(),
            opacity,
        });
    }

    /// Adds a cell that is better drawn than written; false if it is not.
    fn add_shape(&mut self, c: char, x: f32, y: f32, ink: &str) -> bool {
        let (w, h) = CELL;
        match c {
            '▁'..='█' => {
                let eighths = u32::from(c) - u32::from('▀');
                let tall = (h - 4.0) * f32::from(u8::try_from(eighths).unwrap_or(8)) / 8.0;
                // A gap at the side, so that neighbouring bars can be told apart.
                self.add((x, y + h - 2.0 - tall, w - 1.0, tall), ink, 1.0);
            }
            '░' | '▒' | '▓' => {
                let opacity = match c {
                    '░' => 0.2,
                    '▒' => 0.5,
                    _ => 0.85,
                };
                self.add((x, y + 4.0, w - 1.0, h - 8.0), ink, opacity);
            }
            '─' => self.add((x, y + h / 2.0, w, 1.2), ink, 1.0),
            '│' => self.add((x + w / 2.0, y, 1.2, h + 0.3), ink, 1.0),
            '┌' | '┐' | '└' | '┘' => {
                let (middle, centre) = (x + w / 2.0, y + h / 2.0);
                let left = if matches!(c, '┐' | '┘') {
                    x
                } else {
                    middle
                };
                let top = if matches!(c, '└' | '┘') {
                    y
                } else {
                    centre
                };
                self.add((left, centre, w / 2.0 + 1.2, 1.2), ink, 1.0);
                self.add((middle, top, 1.2, h / 2.0 + 1.2), ink, 1.0);
            }
            _ => return false,
        }
        true
    }

    fn written(&self) -> String {
        let mut out = String::new();
        for Rect {
            place: (x, y, w, h),
            fill,
            opacity,
        } in &self.all
        {
            let opacity = if *opacity < 1.0 {
                format!(" opacity=\"{opacity}\"")
            } else {
                String::new()
            };
            let _never_fails = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" \
                 fill=\"{fill}\"{opacity}/>"
            );
        }
        out
    }
}
