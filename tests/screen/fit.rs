//! The screen in every theme, in ASCII, and with names in every script.

use crate::fixture::{lane, wall};
use crate::pictures::{SIZES, styles};
use crate::{Desk, text};
use lanewatch::tui::depth::Depth;
use lanewatch::tui::symbols;
use lanewatch::tui::theme::{BUILT_IN, Theme};
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr as _;

/// Every view by its name and the keys that lead there.
const VIEWS: [(&str, &str); 16] = [
    ("wall", ""),
    ("sheet", "enter"),
    ("audit", "z tab tab"),
    ("record", "z tab tab k k enter"),
    ("groups", "b b space"),
    ("group", "b b g enter"),
    ("columns", "c j j"),
    ("pause", "p"),
    ("confirm", "r tab"),
    ("export", "z tab tab e"),
    ("filter", "/"),
    ("help", "?"),
    ("palette", ":"),
    ("drills", "/ d e m o enter d"),
    ("copy", "y"),
    ("form", "l"),
];

#[test]
fn every_view_has_its_styles_in_dark_light_and_mono_at_every_size() {
    for (view, keys) in VIEWS {
        for theme in ["dark", "light", "mono"] {
            let mut all = String::new();
            for (width, height) in SIZES {
                let mut desk = Desk::with(width, height, wall());
                desk.look.theme = Theme::built_in(theme).unwrap();
                if view == "export" {
                    desk.model.connect("/home/maria/on-call".into());
                }
                desk.press(keys);
                all.push_str(&format!("{width}x{height}\n{}\n", styles(&desk.paint())));
            }
            insta::assert_snapshot!(format!("{view}_in_{theme}"), all);
        }
    }
}

#[test]
fn the_other_themes_have_their_styles_too() {
    for theme in [
        "high-contrast",
        "high-contrast-light",
        "color-safe",
        "color-safe-light",
    ] {
        let mut all = String::new();
        for (view, keys) in VIEWS {
            let mut desk = Desk::with(80, 24, wall());
            desk.look.theme = Theme::built_in_at(theme, Depth::True).unwrap();
            desk.press(keys);
            all.push_str(&format!("{view}\n{}\n", styles(&desk.paint())));
        }
        insta::assert_snapshot!(format!("views_in_{theme}"), all);
    }
}

#[test]
fn a_terminal_is_never_sent_a_colour_that_it_does_not_have() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::Plain, Depth::Sixteen, Depth::Indexed] {
            for (_, keys) in VIEWS {
                let mut desk = Desk::with(120, 40, wall());
                desk.look.theme = Theme::built_in_at(name, depth).unwrap();
                desk.press(keys);
                let buffer = desk.paint();
                for cell in buffer.content() {
                    for color in [cell.fg, cell.bg] {
                        let fits = match color {
                            Color::Reset => true,
                            Color::Rgb(..) => depth >= Depth::True,
                            Color::Indexed(_) => depth >= Depth::Indexed,
                            _ => depth >= Depth::Sixteen,
                        };
                        assert!(fits, "{name} {depth:?}: {color}");
                    }
                }
            }
        }
    }
}

#[test]
fn with_ascii_nothing_of_ours_is_anything_else() {
    for (view, keys) in VIEWS {
        for (width, height) in SIZES {
            let mut desk = Desk::with(width, height, wall());
            desk.look.symbols = symbols::ASCII;
            desk.press(keys);
            let screen = desk.text();
            let other: String = screen.chars().filter(|c| !c.is_ascii()).collect();
            assert!(
                other.is_empty(),
                "{view} {width}x{height}: {other}\n{screen}"
            );
        }
    }
}

#[test]
fn names_in_every_script_leave_the_columns_where_they_are() {
    let names = [
        "billing-refunds-of-the-northern-region",
        "請求書-返金-北部地域-請求書-返金-北部地域",
        "conciliacio\u{301}n-de-cuentas-cafe\u{301}-muy-larga-e\u{301}e\u{301}e\u{301}e\u{301}",
        "하나둘셋넷다섯여섯일곱여덟아홉열하나둘",
        "a\u{308}\u{301}\u{323}-many-marks",
        "नमस्ते-दुनिया-नमस्ते-दुनिया-नमस्ते",
    ];
    for width in [60, 80, 120, 200] {
        let lanes = names.map(|name| lane(name, "stripe", "create_refund", "payments"));
        let mut desk = Desk::with(width, 24, lanes.into());
        let screen = text(&desk.paint());
        let head = screen.lines().nth(1).unwrap();
        let expires = head.find("EXPIRES").map(|at| head[..at].width()).unwrap();
        let end = expires + "EXPIRES".len();
        for row in screen.lines().skip(2).take(names.len()) {
            let mut column = 0;
            let cut: String = row
                .chars()
                .take_while(|c| {
                    column += c.to_string().width();
                    column <= end
                })
                .collect();
            assert!(cut.trim_end().ends_with('m'), "{width}: {cut}\n{screen}");
        }
        // A mark without its letter would stand on the sign for more.
        assert!(
            !screen.contains(" \u{301}") && !screen.contains("…\u{301}"),
            "{screen}"
        );
    }
}
