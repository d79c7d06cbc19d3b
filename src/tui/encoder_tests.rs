use super::*;
use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};

/// A terminal that has been sent every frame so far.
struct Terminal {
    encoder: Encoder,
    screen: vt100::Parser,
    area: Rect,
}

impl Terminal {
    fn new(width: u16, height: u16) -> Self {
        Self {
            encoder: Encoder::new(true),
            screen: vt100::Parser::new(height, width, 0),
            area: Rect::new(0, 0, width, height),
        }
    }

    fn show(&mut self, picture: &Buffer) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encoder.encode(&mut picture.clone(), &mut bytes);
        self.screen.process(&bytes);
        bytes
    }

    fn draw(&mut self, paint: impl FnOnce(&mut Buffer)) -> Vec<u8> {
        let mut picture = Buffer::empty(self.area);
        paint(&mut picture);
        self.show(&picture)
    }

    /// Panics where the terminal shows something other than `picture`.
    fn agrees_with(&self, picture: &Buffer) {
        for y in 0..self.area.height {
            let mut x = 0;
            while x < self.area.width {
                let (want, got) = (&picture[(x, y)], self.screen.screen().cell(y, x).unwrap());
                let shown = if got.has_contents() {
                    got.contents()
                } else {
                    " "
                };
                assert_eq!(shown, safe(want), "symbol at {x},{y}");
                let reversed = want.modifier.contains(Modifier::REVERSED);
                assert_eq!(got.inverse(), reversed, "reversed at {x},{y}");
                assert_eq!(got.bgcolor(), color(want.bg), "background at {x},{y}");
                if shown != " " || reversed {
                    assert_eq!(got.fgcolor(), color(want.fg), "foreground at {x},{y}");
                }
                if shown != " " {
                    assert_eq!(got.bold(), want.modifier.contains(Modifier::BOLD));
                }
                x += columns(safe(want));
            }
        }
    }
}

fn color(color: Color) -> vt100::Color {
    match color {
        Color::Reset => vt100::Color::Default,
        Color::Red => vt100::Color::Idx(1),
        Color::LightCyan => vt100::Color::Idx(14),
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        other => panic!("the tests do not use {other}"),
    }
}

fn any_color() -> impl Strategy<Value = Color> {
    prop_oneof![
        6 => Just(Color::Reset),
        2 => Just(Color::Red),
        1 => Just(Color::LightCyan),
        1 => Just(Color::Indexed(208)),
        1 => Just(Color::Rgb(1, 2, 3)),
    ]
}

fn any_style() -> impl Strategy<Value = Style> {
    (any_color(), any_color(), any::<(bool, bool)>()).prop_map(|(fg, bg, (bold, reversed))| {
        let mut style = Style::reset().fg(fg).bg(bg);
        if bold {
            style = style.bold();
        }
        if reversed {
            style = style.reversed();
        }
        style
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9 ]{1,12}",
        1 => Just("漢字 wide".to_owned()),
        1 => Just("e\u{301}e\u{301}x".to_owned()),
        1 => Just("●▲ ─── ok".to_owned()),
        2 => Just("                    ".to_owned()),
    ]
}

type Stroke = (u16, u16, String, Style);

fn strokes() -> impl Strategy<Value = Vec<Stroke>> {
    prop::collection::vec((0_u16..40, 0_u16..9, any_text(), any_style()), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_terminal_that_reads_every_frame_shows_the_last_picture(
        frames in prop::collection::vec((strokes(), any::<bool>()), 1..8),
    ) {
        let mut terminal = Terminal::new(40, 9);
        let mut picture = Buffer::empty(terminal.area);
        for (strokes, fresh) in frames {
            if fresh {
                picture.reset();
            }
            for (x, y, text, style) in strokes {
                // A stroke that ends in the middle of a wide character leaves half of it behind;
                // drawing code clears the row first, and so does this.
                for x in 0..40 {
                    if fresh {
                        picture[(x, y)].reset();
                    }
                }
                picture.set_string(x, y, text, style);
                mend(&mut picture, y);
            }
            terminal.show(&picture);
            terminal.agrees_with(&picture);
        }
    }
}

/// Blanks what a wide character covers and wide characters that were cut.
fn mend(picture: &mut Buffer, y: u16) {
    let mut x = 0;
    while x < picture.area.width {
        let wide = columns(safe(&picture[(x, y)])) > 1;
        if wide && x + 1 < picture.area.width && picture[(x + 1, y)].symbol() == " " {
            picture[(x + 1, y)].reset();
            x += 1;
        } else if wide {
            picture[(x, y)].reset();
        }
        x += 1;
    }
}

/// A wall of lanes with one countdown a row, as the lanes pane shows it.
fn countdowns(buffer: &mut Buffer, seconds: u16) {
    for row in 2..39 {
        buffer.set_string(2, row, "● OK        lane", Style::reset().fg(Color::Red));
        let left = format!("{:>5}s", 119 - seconds + row % 3);
        buffer.set_string(60, row, left, Style::reset());
        buffer.set_string(70, row, "in 22m", Style::reset());
    }
}

#[test]
fn a_tick_of_37_countdowns_is_at_most_200_bytes() {
    let mut terminal = Terminal::new(120, 40);
    terminal.draw(|picture| countdowns(picture, 0));
    let ticks: Vec<usize> = (1..100)
        .map(|second| terminal.draw(|picture| countdowns(picture, second)).len())
        .collect();
    let mean = ticks.iter().sum::<usize>() / ticks.len();
    assert!(mean <= 160, "{mean} bytes a tick on average");
    assert!(
        ticks.iter().filter(|tick| **tick > 200).count() <= 10,
        "{ticks:?}"
    );
    assert!(ticks.iter().all(|tick| *tick <= 400), "{ticks:?}");
}

#[test]
fn two_columns_of_37_countdowns_cost_less_than_one_did_before() {
    let mut terminal = Terminal::new(120, 40);
    let both = |picture: &mut Buffer, second: u16| {
        countdowns(picture, second);
        for row in 2..39 {
            let left = format!("in {:>3}s", 59 - second + row % 2);
            picture.set_string(70, row, left, Style::reset());
        }
    };
    terminal.draw(|picture| both(picture, 0));
    let tick = terminal.draw(|picture| both(picture, 1)).len();
    assert!(tick <= 320, "{tick} bytes");
}

#[test]
fn an_unchanged_picture_costs_nothing() {
    let mut terminal = Terminal::new(120, 40);
    assert!(!terminal.draw(|picture| countdowns(picture, 0)).is_empty());
    assert!(terminal.draw(|picture| countdowns(picture, 0)).is_empty());
}

#[test]
fn a_ticking_clock_alone_is_a_few_bytes() {
    let mut terminal = Terminal::new(120, 40);
    let clock = |picture: &mut Buffer, at: &str| {
        picture.set_string(110, 0, at, Style::reset());
    };
    terminal.draw(|picture| clock(picture, "20:14:07Z"));
    let tick = terminal.draw(|picture| clock(picture, "20:14:08Z"));
    assert!(tick.len() <= 40, "{} bytes", tick.len());
}

#[test]
fn every_frame_is_closed() {
    let mut terminal = Terminal::new(20, 4);
    let bytes = terminal.draw(|picture| picture.set_string(0, 0, "hello", Style::reset()));
    assert!(bytes.starts_with(SYNC_ON) && bytes.ends_with(SYNC_OFF));
}

#[test]
fn a_control_character_in_a_cell_never_reaches_the_terminal() {
    let mut terminal = Terminal::new(20, 4);
    let bytes = terminal.draw(|picture| {
        picture[(3, 1)].set_symbol("\x1b]0;owned\x07");
        picture[(4, 1)].set_symbol("\u{9b}");
    });
    assert!(!bytes.windows(5).any(|part| part == b"owned"));
}

#[test]
fn a_forgotten_or_resized_screen_is_painted_whole() {
    let mut terminal = Terminal::new(20, 4);
    let paint = |picture: &mut Buffer| picture.set_string(1, 1, "all of it", Style::reset());
    terminal.draw(paint);
    terminal.encoder.forget();
    terminal.screen = vt100::Parser::new(4, 20, 0);
    terminal.draw(paint);
    assert!(terminal.screen.screen().contents().contains("all of it"));
    terminal.area = Rect::new(0, 0, 30, 6);
    terminal.screen = vt100::Parser::new(6, 30, 0);
    terminal.draw(paint);
    assert!(terminal.screen.screen().contents().contains("all of it"));
}
