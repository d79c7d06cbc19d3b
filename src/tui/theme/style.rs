//! A style as a theme file writes it: words, or one such text for each rung of colours.

use crate::manifest::mistake::Complaints;
use crate::manifest::section::{Given, Section, Text};
use crate::manifest::shape::Shape;
use crate::tui::depth::Depth;
use ratatui::style::{Color, Modifier, Style};

static RUNGS: Shape = Shape::elsewhere("a style", &["16", "256", "true"]);

/// The style under `key` for a terminal of so many colours: the richest that it can show.
pub(super) fn style_of(
    section: &Section<'_>,
    key: &str,
    depth: Depth,
    book: &mut Complaints,
) -> Option<Style> {
    let value = section.get(key)?;
    if value.get_ref().is_table() {
        let Given::Is(rungs) = section.section(key, &RUNGS, book) else {
            return None;
        };
        if !rungs.has("16") {
            let what = format!("`{key}` has no style for 16 colours");
            book.at(
                rungs.at,
                what,
                "add 16 = \"…\", in the names of the sixteen colours",
            );
        }
        let mut best = None;
        let all = [
            ("16", Depth::Sixteen),
            ("256", Depth::Indexed),
            ("true", Depth::True),
        ];
        for (name, rung) in all {
            if let Given::Is(text) = rungs.text(name, book) {
                let style = styled(text, rung, book);
                if rung <= depth.max(Depth::Sixteen) {
                    best = style.or(best);
                }
            }
        }
        return best;
    }
    match section.text(key, book) {
        Given::Is(text) => styled(text, Depth::Sixteen, book),
        _ => None,
    }
}

fn styled(text: Text<'_>, rung: Depth, book: &mut Complaints) -> Option<Style> {
    match parse_style(text.value) {
        Ok(style) if depth_of(style) > rung => {
            let what = format!("“{}” needs more colours than there are here", text.value);
            let hint = "write { 16 = \"…\", 256 = \"…\", true = \"…\" }, each in its own colours";
            book.at(text.at, what, hint);
            None
        }
        Ok(style) => Some(style),
        Err(what) => {
            let names = "one of the 16 names (red, light_cyan, reset …), a number from 0 to 255 \
                         or #rrggbb";
            book.at(
                text.at,
                what,
                format!("write {names}, or bold, italic, underlined, reversed"),
            );
            None
        }
    }
}

/// The least terminal that can show a style.
pub(super) fn depth_of(style: Style) -> Depth {
    let colors = [style.fg, style.bg].into_iter().flatten();
    let depths = colors.map(|color| match color {
        Color::Rgb(..) => Depth::True,
        Color::Indexed(_) => Depth::Indexed,
        _ => Depth::Sixteen,
    });
    depths.max().unwrap_or(Depth::Plain)
}

fn parse_style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "bold" => style = style.add_modifier(Modifier::BOLD),
            "italic" => style = style.add_modifier(Modifier::ITALIC),
            "underlined" => style = style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style = style.add_modifier(Modifier::REVERSED),
            "on" => match words.next() {
                Some(color) => style = style.bg(parse_color(color)?),
                None => return Err("a colour is missing after \"on\"".to_owned()),
            },
            color => style = style.fg(parse_color(color)?),
        }
    }
    Ok(style)
}

fn parse_color(text: &str) -> Result<Color, String> {
    let color = match text {
        "reset" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "light_red" => Color::LightRed,
        "light_green" => Color::LightGreen,
        "light_yellow" => Color::LightYellow,
        "light_blue" => Color::LightBlue,
        "light_magenta" => Color::LightMagenta,
        "light_cyan" => Color::LightCyan,
        "light_white" => Color::White,
        _ => {
            let number = text.parse().ok().map(Color::Indexed);
            let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6);
            let exact = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
            return number
                .or(exact.map(Color::from_u32))
                .ok_or_else(|| format!("no colour is called “{text}”"));
        }
    };
    Ok(color)
}
