//! Colours and emphasis, by role.
//!
//! A theme is a TOML file that gives a style to each role of the screen and to each state of a
//! lane. Seven are built in, two of them as the light form of another; a person's own may name one of them as its `base` and change only a
//! few roles. A style is written as words: `"light_red bold"`, `"black on yellow"`, `"reversed"`,
//! in the names of the sixteen colours; `{ 16 = "red", 256 = "208", true = "#ff8800" }` gives a
//! terminal with more colours something finer. What a terminal of sixteen shows is always written
//! down and never guessed. Meaning never rests on colour alone: every state also has a sign and a
//! word.

mod style;

use super::depth::Depth;
use crate::lane::Word;
use crate::manifest::document::tree;
use crate::manifest::mistake::{Complaints, Mistakes, nearest, one_of};
use crate::manifest::section::{Given, Section};
use crate::manifest::shape::Shape;
use ratatui::style::Style;
use serde::Deserialize;
use std::path::Path;
use style::style_of;

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

/// The themes that are built in, by name.
pub const BUILT_IN: [(&str, &str); 7] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "high-contrast-light",
        include_str!("../../../themes/high-contrast-light.toml"),
    ),
    (
        "color-safe",
        include_str!("../../../themes/color-safe.toml"),
    ),
    (
        "color-safe-light",
        include_str!("../../../themes/color-safe-light.toml"),
    ),
    ("mono", include_str!("../../../themes/mono.toml")),
];

/// Which theme stands in for another on a light background.
pub const ON_LIGHT: [(&str, &str); 2] = [
    ("high-contrast", "high-contrast-light"),
    ("color-safe", "color-safe-light"),
];

static ROOT: Shape = Shape::elsewhere("a theme", &["base", "roles", "states"]);
static ROLES: Shape = Shape::elsewhere(
    "[roles]",
    &[
        "text",
        "title",
        "head",
        "rule",
        "focus",
        "key",
        "quiet",
        "good",
        "warn",
        "bad",
        "selection",
        "dialog",
        "danger",
    ],
);
static STATES: Shape = Shape::elsewhere(
    "[states]",
    &[
        "ok",
        "refreshing",
        "paused",
        "expiring",
        "limited",
        "unreachable",
        "degraded",
        "uncertain",
        "denied",
        "scope",
        "refused",
        "invalid",
        "expired",
        "revoked",
        "held",
    ],
);
impl Theme {
    /// Every role in the terminal's own colours.
    const PLAIN: Self = Self {
        roles: [Style::new(); Role::ALL.len()],
        words: [Style::new(); Word::ALL.len()],
    };

    /// The built-in theme of that name, in the sixteen colours.
    pub fn built_in(name: &str) -> Option<Self> {
        Self::built_in_at(name, Depth::Sixteen)
    }

    /// The built-in theme of that name, in so many colours.
    pub fn built_in_at(name: &str, depth: Depth) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(Path::new(name), text, depth).ok()
    }

    /// Reads a theme for a terminal of so many colours. `path` is only for the mistakes.
    ///
    /// # Errors
    /// Every mistake with its place: TOML that is none, an unknown role, state, colour or base.
    pub fn parse(path: &Path, text: &str, depth: Depth) -> Result<Self, Mistakes> {
        let mut book = Complaints::default();
        let document = tree(text, text, &mut book);
        let root = Section::new(document.get_ref(), 0, &ROOT, None, &mut book);
        let mut theme = Self::PLAIN;
        if let Given::Is(base) = root.text("base", &mut book) {
            let names = BUILT_IN.iter().map(|(name, _)| *name);
            match Self::built_in_at(base.value, depth) {
                Some(known) => theme = known,
                None => book.at(
                    base.at,
                    format!("no built-in theme is called “{}”", base.value),
                    match nearest(base.value, names.clone()) {
                        Some(name) => format!("write \"{name}\""),
                        None => format!("write {}", one_of(names)),
                    },
                ),
            }
        }
        if let Given::Is(roles) = root.section("roles", &ROLES, &mut book) {
            for (role, name) in Role::ALL {
                if let Some(style) = style_of(&roles, name, depth, &mut book)
                    && let Some(slot) = theme.roles.get_mut(role as usize)
                {
                    *slot = style;
                }
            }
        }
        if let Given::Is(states) = root.section("states", &STATES, &mut book) {
            for word in Word::ALL {
                let name = super::symbols::noun(word);
                if let Some(style) = style_of(&states, name, depth, &mut book)
                    && let Some(slot) = theme.words.get_mut(word as usize)
                {
                    *slot = style;
                }
            }
        }
        if !book.is_empty() {
            return Err(book.finish(path, text));
        }
        Ok(match depth {
            Depth::Plain => theme.without_color(),
            _ => theme,
        })
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

#[cfg(test)]
mod tests;
