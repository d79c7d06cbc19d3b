//! Colours and emphasis, by role.
//!
//! A theme is a TOML file that gives a style to each role of the screen and to each state of a
//! lane. Three are built in; a person's own may name one of them as its `base` and change only a
//! few roles. A style is written as words: `"light_red bold"`, `"black on yellow"`, `"reversed"`,
//! `"#ff8800"`, `"208"`. Meaning never rests on colour alone: every state also has a sign and a
//! word.

use crate::lane::Word;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// What a piece of the screen is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ordinary text.
    Text,
    /// The name of the program and of panes.
    Title,
    /// The heads of columns.
    Head,
    /// Lines between panes.
    Rule,
    /// The line of the pane that has the keys.
    Focus,
    /// A key in the footer.
    Key,
    /// Of less weight than text. Must be as readable.
    Quiet,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
    /// The row or choice that a key would act on.
    Selection,
    /// A dialog's frame and title.
    Dialog,
    /// What cannot be undone.
    Danger,
}

impl Role {
    const ALL: [(Self, &'static str); 13] = [
        (Self::Text, "text"),
        (Self::Title, "title"),
        (Self::Head, "head"),
        (Self::Rule, "rule"),
        (Self::Focus, "focus"),
        (Self::Key, "key"),
        (Self::Quiet, "quiet"),
        (Self::Good, "good"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
        (Self::Selection, "selection"),
        (Self::Dialog, "dialog"),
        (Self::Danger, "danger"),
    ];
}

/// A style for everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Theme {
    roles: [Style; Role::ALL.len()],
    words: [Style; Word::ALL.len()],
}

impl Default for Theme {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// What is wrong with a theme.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ThemeMistake {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The themes that are built in, by name.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    base: Option<Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    states: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl Theme {
    /// Every role in the terminal's own colours.
    const PLAIN: Self = Self {
        roles: [Style::new(); Role::ALL.len()],
        words: [Style::new(); Word::ALL.len()],
    };

    /// The built-in theme of that name.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Reads a theme.
    ///
    /// # Errors
    /// Every mistake with its line: TOML that is none, an unknown role, state, colour or base.
    pub fn parse(text: &str) -> Result<Self, Vec<ThemeMistake>> {
        let at = |offset: usize| line_of(text, offset);
        let raw: Raw = toml::from_str(text).map_err(|wrong| {
            vec![ThemeMistake {
                line: at(wrong.span().map_or(0, |span| span.start)),
                what: wrong.message().to_owned(),
            }]
        })?;
        let mut mistakes = Vec::new();
        let mut theme = Self::PLAIN;
        if let Some(base) = &raw.base {
            match Self::built_in(base.get_ref()) {
                Some(known) => theme = known,
                None => mistakes.push(ThemeMistake {
                    line: at(base.span().start),
                    what: format!(
                        "no theme is called {:?}; there are dark, light and mono",
                        base.get_ref()
                    ),
                }),
            }
        }
        let mut set = |name: &Spanned<String>,
                       style: &Spanned<String>,
                       slot: Option<&mut Style>| {
            match (slot, parse_style(style.get_ref())) {
                (Some(slot), Ok(style)) => *slot = style,
                (None, _) => mistakes.push(ThemeMistake {
                    line: at(name.span().start),
                    what: format!("nothing on the screen is called {:?}", name.get_ref()),
                }),
                (_, Err(what)) => mistakes.push(ThemeMistake {
                    line: at(style.span().start),
                    what,
                }),
            }
        };
        for (name, style) in &raw.roles {
            let known = Role::ALL.iter().find(|(_, known)| known == name.get_ref());
            let slot = known.and_then(|(role, _)| theme.roles.get_mut(*role as usize));
            set(name, style, slot);
        }
        for (name, style) in &raw.states {
            let known = Word::ALL
                .into_iter()
                .find(|word| super::symbols::noun(*word) == name.get_ref());
            let slot = known.and_then(|word| theme.words.get_mut(word as usize));
            set(name, style, slot);
        }
        if mistakes.is_empty() {
            Ok(theme)
        } else {
            mistakes.sort_by_key(|mistake| mistake.line);
            Err(mistakes)
        }
    }

    /// The same theme without colour: bold, reversed and underlined stay.
    #[must_use]
    pub fn without_color(mut self) -> Self {
        for style in self.roles.iter_mut().chain(&mut self.words) {
            (style.fg, style.bg) = (None, None);
        }
        self
    }

    /// The style of a role.
    pub fn role(&self, role: Role) -> Style {
        self.roles.get(role as usize).copied().unwrap_or_default()
    }

    /// The style of a lane's state.
    pub fn word(&self, word: Word) -> Style {
        self.words.get(word as usize).copied().unwrap_or_default()
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
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
            return number.or(exact.map(Color::from_u32)).ok_or_else(|| {
                format!(
                    "no colour is called {text:?}; write one of the 16 names (red, light_cyan, \
                     reset …), a number from 0 to 255 or #rrggbb"
                )
            });
        }
    };
    Ok(color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_themes_give_every_role_and_state_a_style() {
        for (name, text) in BUILT_IN {
            let raw: Raw = toml::from_str(text).unwrap();
            assert!(Theme::parse(text).is_ok(), "{name}");
            assert_eq!(raw.roles.len(), Role::ALL.len(), "{name}");
            assert_eq!(raw.states.len(), Word::ALL.len(), "{name}");
        }
    }

    #[test]
    fn built_in_themes_use_only_the_sixteen_names_and_the_terminals_own_text_colour() {
        for (name, _) in BUILT_IN {
            let theme = Theme::built_in(name).unwrap();
            for style in theme.roles.iter().chain(&theme.words) {
                for color in [style.fg, style.bg].into_iter().flatten() {
                    let exact = matches!(color, Color::Rgb(..) | Color::Indexed(_));
                    assert!(!exact && color != Color::DarkGray, "{name}: {color}");
                }
                assert!(!style.add_modifier.contains(Modifier::DIM), "{name}");
            }
            let text = theme.role(Role::Text);
            assert!(text.fg.is_none_or(|fg| fg == Color::Reset), "{name}");
            assert!(
                theme
                    .role(Role::Selection)
                    .add_modifier
                    .contains(Modifier::REVERSED),
                "{name}"
            );
        }
    }

    #[test]
    fn without_colour_the_selection_is_still_reversed() {
        let theme = Theme::built_in("dark").unwrap().without_color();
        let selection = theme.role(Role::Selection);
        assert!(selection.add_modifier.contains(Modifier::REVERSED));
        assert_eq!((selection.fg, selection.bg), (None, None));
    }

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        let text = "base = \"dark\"\n[roles]\ntext = \"redd\"\nlead = \"red\"\n\n[states]\nheld = \"on\"\n";
        let mistakes = Theme::parse(text).unwrap_err();
        let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [3, 4, 7]);
        assert!(mistakes[0].to_string().contains("redd"));
        assert_eq!(Theme::parse("[roles\n").unwrap_err()[0].line, 1);
        assert_eq!(Theme::parse("\nbase = \"dusk\"").unwrap_err()[0].line, 2);
    }

    #[test]
    fn a_theme_may_change_only_a_little_of_another() {
        let mine = Theme::parse("base = \"dark\"\n[states]\nheld = \"#ff8800 bold\"\n").unwrap();
        let dark = Theme::built_in("dark").unwrap();
        assert_eq!(mine.role(Role::Title), dark.role(Role::Title));
        assert_eq!(mine.word(Word::Held).fg, Some(Color::Rgb(255, 136, 0)));
    }
}
