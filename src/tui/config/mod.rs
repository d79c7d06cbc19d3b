//! What a person prefers: `config.toml`, the environment and the flags, and which of them wins.
//!
//! Flags beat the environment, that beats the file, and that beats what is built in; every value
//! knows where it comes from, so that `lanewatch --print-config` can say so. The file is read with
//! the manifest's own machinery, so that its mistakes look the same. A file with a mistake in it is
//! not taken at all; at the start what is built in holds, later the last good one.

mod keys;
mod live;
mod print;
mod read;
mod schema;
mod table;

pub use live::{Change, Live};
pub use print::print;
pub use read::{FileWishes, parse};
pub use schema::schema;

use super::depth::{ColorChoice, Depth, TerminalEnv};
use super::keymap::Keymap;
use super::model::{Columns, GroupBy, Sort};
use super::theme::{BUILT_IN, ON_LIGHT, Theme};
use crate::manifest::mistake::nearest;
use crate::plain::Plain;
use std::path::{Path, PathBuf};

/// What one source of preferences says; `None` where it says nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wishes {
    /// The name of a theme, or its file.
    pub theme: Option<String>,
    /// How many colours.
    pub color: Option<ColorChoice>,
    /// Whether a terminal may be asked for its background.
    pub ask_background: Option<bool>,
    /// Signs from ASCII only.
    pub ascii: Option<bool>,
    /// Which columns.
    pub columns: Option<Columns>,
    /// In which order.
    pub sort: Option<Sort>,
    /// In which groups.
    pub group: Option<GroupBy>,
    /// Which keys.
    pub keys: Option<Keymap>,
    /// Whether the mouse is listened to.
    pub mouse: Option<bool>,
    /// Whether names are masked.
    pub private: Option<bool>,
    /// Whether commands are off.
    pub read_only: Option<bool>,
    /// Whether frames are wrapped in synchronized output.
    pub sync: Option<bool>,
    /// `[reach]`, each by itself: bell, notify, links, clipboard, title, as the file writes them.
    pub reach: [Option<&'static str>; 5],
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable.
    Env,
    /// `config.toml`.
    File,
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// As `--print-config` calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Env => "env",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub from: Origin,
}

/// Every preference, decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// See [`Wishes`], here and below.
    pub theme: Set<String>,
    /// How many colours.
    pub color: Set<ColorChoice>,
    /// Whether a terminal may be asked for its background.
    pub ask_background: Set<bool>,
    /// Signs from ASCII only.
    pub ascii: Set<bool>,
    /// Which columns.
    pub columns: Set<Columns>,
    /// In which order.
    pub sort: Set<Sort>,
    /// In which groups.
    pub group: Set<GroupBy>,
    /// Which keys.
    pub keys: Set<Keymap>,
    /// Whether the mouse is listened to.
    pub mouse: Set<bool>,
    /// Whether names are masked.
    pub private: Set<bool>,
    /// Whether commands are off.
    pub read_only: Set<bool>,
    /// Whether frames are wrapped in synchronized output.
    pub sync: Set<bool>,
    /// `[reach]`.
    pub reach: [Set<&'static str>; 5],
}

impl Config {
    /// Flags beat the environment, that beats the file, and that beats what is built in.
    pub fn decide(flags: &Wishes, env: &Wishes, file: &Wishes) -> Self {
        macro_rules! pick {
            ($($field:ident).+ $([$at:literal])?, $usual:expr) => {{
                let layers = [
                    (&flags.$($field).+ $([$at])?, Origin::Flag),
                    (&env.$($field).+ $([$at])?, Origin::Env),
                    (&file.$($field).+ $([$at])?, Origin::File),
                ];
                let mut said = layers.into_iter();
                let said = said.find_map(|(wish, from)| Some((wish.clone()?, from)));
                let (value, from) = said.unwrap_or_else(|| ($usual, Origin::Default));
                Set { value, from }
            }};
        }
        Self {
            theme: pick!(theme, AUTO.to_owned()),
            color: pick!(color, ColorChoice::Auto),
            ask_background: pick!(ask_background, true),
            ascii: pick!(ascii, false),
            columns: pick!(columns, Columns::default()),
            sort: pick!(sort, Sort::default()),
            group: pick!(group, GroupBy::None),
            keys: pick!(keys, Keymap::default()),
            mouse: pick!(mouse, false),
            private: pick!(private, false),
            read_only: pick!(read_only, false),
            sync: pick!(sync, true),
            reach: [
                pick!(reach[0], "true"),
                pick!(reach[1], "auto"),
                pick!(reach[2], "auto"),
                pick!(reach[3], "auto"),
                pick!(reach[4], "auto"),
            ],
        }
    }

    /// `[reach]` as a table: what is true or false as such, everything else as text.
    pub fn reach(&self) -> serde_json::Value {
        let pairs = table::REACH_KEYS.iter().zip(&self.reach).map(|(key, set)| {
            let value = match key.choices {
                [] => serde_json::Value::Bool(set.value == "true"),
                _ => serde_json::Value::String(set.value.to_owned()),
            };
            (key.name.to_owned(), value)
        });
        serde_json::Value::Object(pairs.collect())
    }
}

/// The theme that follows the terminal's background.
pub const AUTO: &str = "auto";

/// Whether a theme looks different on a light background.
pub fn follows_background(theme: &str) -> bool {
    theme == AUTO || ON_LIGHT.iter().any(|(dark, _)| *dark == theme)
}

/// Where preferences are read from, and how the answer becomes a look.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The folder of `config.toml` and `themes/`, if there is one.
    pub folder: Option<PathBuf>,
    /// What the command line says.
    pub flags: Wishes,
    /// What the variables say.
    pub env: Wishes,
    /// What the environment says of the terminal.
    pub terminal: TerminalEnv,
}

/// What was read, and what is wrong with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The preferences in force; `None` if the file has mistakes.
    pub config: Option<Config>,
    /// Mistakes in the file, one line for the screen.
    pub trouble: Option<Plain>,
    /// The same with every mistake and its hint, for the command line.
    pub mistakes: Option<String>,
    /// What works but will not everywhere.
    pub warnings: Vec<Plain>,
}

impl Sources {
    /// `config.toml`, whether it is there or not.
    pub fn file(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("config.toml"))
    }

    /// Reads the file and decides.
    pub fn read(&self) -> Outcome {
        let decide = |file: &Wishes| Some(Config::decide(&self.flags, &self.env, file));
        let whole = |config| Outcome {
            config,
            trouble: None,
            mistakes: None,
            warnings: Vec::new(),
        };
        let Some(path) = self.file() else {
            return whole(decide(&Wishes::default()));
        };
        let text = match crate::manifest::read_text(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return whole(decide(&Wishes::default())),
            Err(error) => {
                let said = error.to_string();
                return Outcome {
                    trouble: Some(Plain::new(&said)),
                    mistakes: Some(said),
                    ..whole(None)
                };
            }
        };
        match parse(&path, &text) {
            Ok(FileWishes { wishes, warnings }) => Outcome {
                warnings,
                ..whole(decide(&wishes))
            },
            Err(mistakes) => Outcome {
                trouble: Some(Plain::new(&mistakes.first())),
                mistakes: Some(mistakes.to_string()),
                ..whole(None)
            },
        }
    }

    /// The file of a theme that is not built in: one of the person's own by name, or any by path.
    pub fn theme_file(&self, name: &str) -> Option<PathBuf> {
        if name == AUTO || BUILT_IN.iter().any(|(known, _)| *known == name) {
            return None;
        }
        if name.contains('/') || Path::new(name).extension().is_some() {
            return Some(PathBuf::from(name));
        }
        let folder = self.folder.as_ref()?;
        Some(folder.join("themes").join(format!("{name}.toml")))
    }

    /// The theme of that name. `light` is what is known of the background.
    ///
    /// # Errors
    /// Sentences for a person: there is no such theme, or it has mistakes.
    pub fn theme(
        &self,
        name: &str,
        color: ColorChoice,
        light: Option<bool>,
    ) -> Result<Theme, String> {
        let depth = self.terminal.depth(color);
        let name = match (name, depth) {
            (AUTO, Depth::Plain) => "mono",
            (AUTO, _) if light == Some(true) => "light",
            (AUTO, _) => "dark",
            (name, _) if light == Some(true) => {
                let mut pairs = ON_LIGHT.iter();
                let found = pairs.find(|(dark, _)| *dark == name);
                found.map_or(name, |(_, light)| light)
            }
            (name, _) => name,
        };
        if let Some(theme) = Theme::built_in_at(name, depth) {
            return Ok(theme);
        }
        let missing = |why: &dyn std::fmt::Display| {
            let names = BUILT_IN.iter().map(|(name, _)| *name).chain([AUTO]);
            let hint = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
            };
            Plain::new(&format!("no theme “{name}” ({why}); {hint}"))
                .as_str()
                .to_owned()
        };
        let Some(path) = self.theme_file(name) else {
            return Err(missing(&"no configuration folder"));
        };
        match crate::manifest::read_text(&path) {
            Ok(Some(text)) => {
                Theme::parse(&path, &text, depth).map_err(|mistakes| mistakes.to_string())
            }
            Ok(None) => Err(missing(&format!("{} is not there", path.display()))),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
