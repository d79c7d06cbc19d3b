//! Which columns the table has, in which order and how wide: the operator's choice.
//!
//! Which of the chosen ones fit on the screen is decided where they are drawn.

use super::sort::SortBy;
use serde::{Deserialize, Serialize};

/// The narrowest and the widest that a person may make a column.
pub const WIDTHS: (u16, u16) = (4, 80);

/// A column. The names are those of a configuration file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The state: sign and word.
    State,
    /// The name.
    Lane,
    /// What is wrong.
    Why,
    /// Server, tool and side effect.
    Route,
    /// How long the credential still lives.
    Expires,
    /// The same as a gauge.
    Life,
    /// When it is renewed.
    Refresh,
    /// How often it failed, by outcome.
    Counters,
    /// How long the last answers took.
    Probe,
    /// The outcomes of the last hour.
    Hour,
    /// The latencies of the last hour.
    Latency,
    /// How long it has shown its state.
    Since,
    /// Who owns the credential.
    Owner,
    /// The provider.
    Provider,
    /// The store.
    Store,
    /// The fingerprint of the key.
    Key,
    /// The generation of the credential.
    Generation,
}

impl Column {
    /// Every column, in the order of a screen that nobody has changed.
    pub const ALL: [Self; 17] = [
        Self::State,
        Self::Lane,
        Self::Why,
        Self::Route,
        Self::Expires,
        Self::Life,
        Self::Refresh,
        Self::Counters,
        Self::Probe,
        Self::Hour,
        Self::Owner,
        Self::Latency,
        Self::Since,
        Self::Provider,
        Self::Store,
        Self::Key,
        Self::Generation,
    ];

    /// Its name in a configuration file and in the palette.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        let name = name.as_ref().and_then(serde_json::Value::as_str);
        name.unwrap_or_default().to_owned()
    }

    /// What sorting by it means.
    pub const fn sort(self) -> SortBy {
        match self {
            Self::State => SortBy::Severity,
            Self::Lane => SortBy::Name,
            Self::Why => SortBy::Why,
            Self::Route => SortBy::Route,
            Self::Expires | Self::Life => SortBy::Expiry,
            Self::Refresh => SortBy::Refresh,
            Self::Counters | Self::Hour => SortBy::Failures,
            Self::Probe | Self::Latency => SortBy::Latency,
            Self::Since => SortBy::Since,
            Self::Owner => SortBy::Owner,
            Self::Provider => SortBy::Provider,
            Self::Store => SortBy::Store,
            Self::Key => SortBy::Key,
            Self::Generation => SortBy::Generation,
        }
    }

    /// Whether there is no table without it.
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::State | Self::Lane)
    }

    const fn shown_at_first(self) -> bool {
        !matches!(
            self,
            Self::Latency
                | Self::Since
                | Self::Provider
                | Self::Store
                | Self::Key
                | Self::Generation
        )
    }
}

/// What was chosen for one column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Which.
    pub column: Column,
    /// Whether it is wanted.
    pub shown: bool,
    /// Whether it stays when the screen gets narrow, before those that are not pinned.
    pub pinned: bool,
    /// Its width; `None` leaves it to its content.
    pub width: Option<u16>,
}

/// The columns, in the order of the screen. Each is in it once; state and lane are always shown.
///
/// In a configuration file this is the list of those shown:
/// `["state", "lane", { column = "route", width = 30, pinned = true }]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<Wish>", into = "Vec<Wish>")]
pub struct Columns {
    list: Vec<Choice>,
}

/// A column as a configuration file writes it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Wish {
    Name(Column),
    More {
        column: Column,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        width: Option<u16>,
        #[serde(default)]
        pinned: bool,
    },
}

impl Default for Columns {
    fn default() -> Self {
        let list = Column::ALL.map(|column| Choice {
            column,
            shown: column.shown_at_first(),
            pinned: false,
            width: None,
        });
        Self { list: list.into() }
    }
}

impl TryFrom<Vec<Wish>> for Columns {
    type Error = String;

    fn try_from(wishes: Vec<Wish>) -> Result<Self, String> {
        let mut list: Vec<Choice> = Vec::with_capacity(Column::ALL.len());
        for wish in wishes {
            let (column, width, pinned) = match wish {
                Wish::Name(column) => (column, None, false),
                Wish::More {
                    column,
                    width,
                    pinned,
                } => (column, width, pinned),
            };
            let (least, most) = WIDTHS;
            if let Some(width) = width
                && !(least..=most).contains(&width)
            {
                return Err(format!(
                    "a column is {least} to {most} wide, and {width} is neither"
                ));
            }
            if list.iter().any(|known| known.column == column) {
                return Err(format!("the column {column:?} is listed twice").to_lowercase());
            }
            list.push(Choice {
                column,
                shown: true,
                pinned,
                width,
            });
        }
        // Without state and name a row says nothing.
        for (at, column) in [Column::State, Column::Lane].into_iter().enumerate() {
            if !list.iter().any(|known| known.column == column) {
                list.insert(at.min(list.len()), plain(column, true));
            }
        }
        for column in Column::ALL {
            if !list.iter().any(|known| known.column == column) {
                list.push(plain(column, false));
            }
        }
        Ok(Self { list })
    }
}

const fn plain(column: Column, shown: bool) -> Choice {
    Choice {
        column,
        shown,
        pinned: false,
        width: None,
    }
}

impl From<Columns> for Vec<Wish> {
    fn from(columns: Columns) -> Self {
        let shown = columns.list.into_iter().filter(|choice| choice.shown);
        let wishes = shown.map(|choice| match (choice.width, choice.pinned) {
            (None, false) => Wish::Name(choice.column),
            (width, pinned) => Wish::More {
                column: choice.column,
                width,
                pinned,
            },
        });
        wishes.collect()
    }
}

impl Columns {
    /// All of them, shown or not.
    pub fn list(&self) -> &[Choice] {
        &self.list
    }

    /// Those that are wanted, in their order.
    pub fn shown(&self) -> impl Iterator<Item = &Choice> {
        self.list.iter().filter(|choice| choice.shown)
    }

    /// Shows or hides the column in that place. What a person asks for is pinned: asking for a
    /// column and not seeing it would be no answer. So is one that is shown already but finds no
    /// room (`there` is false): who asks for that wants it seen, not hidden.
    pub fn toggle(&mut self, at: usize, there: bool) {
        if let Some(choice) = self.list.get_mut(at)
            && !choice.column.is_fixed()
        {
            choice.shown = !choice.shown || (!there && !choice.pinned);
            choice.pinned = choice.shown;
        }
    }

    /// Moves the column in that place by one; answers where it is then.
    pub fn shift(&mut self, at: usize, right: bool) -> usize {
        let to = if right { at + 1 } else { at.saturating_sub(1) };
        if at < self.list.len() && to < self.list.len() {
            self.list.swap(at, to);
            to
        } else {
            at
        }
    }

    /// Gives the column in that place another width; `None` leaves it to its content.
    pub fn resize(&mut self, at: usize, width: Option<u16>) {
        let (least, most) = WIDTHS;
        if let Some(choice) = self.list.get_mut(at) {
            choice.width = width.map(|width| width.clamp(least, most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct File {
        columns: Columns,
    }

    fn read(text: &str) -> Result<Columns, toml::de::Error> {
        toml::from_str::<File>(text).map(|file| file.columns)
    }

    #[test]
    fn a_file_lists_what_is_shown_and_what_it_lists_is_written_back() {
        let text =
            r#"columns = ["lane", { column = "route", width = 30, pinned = true }, "owner"]"#;
        let columns = read(text).unwrap();
        let shown: Vec<_> = columns.shown().map(|choice| choice.column).collect();
        let (state, lane) = (Column::State, Column::Lane);
        assert_eq!(shown, [state, lane, Column::Route, Column::Owner]);
        assert_eq!(columns.list().len(), Column::ALL.len());
        let again = toml::to_string(&File {
            columns: columns.clone(),
        });
        assert_eq!(read(&again.unwrap()).unwrap(), columns);
    }

    #[test]
    fn mistakes_in_a_file_are_told_apart() {
        let twice = read(r#"columns = ["lane", "lane"]"#).unwrap_err();
        assert!(twice.message().contains("lane is listed twice"), "{twice}");
        let wide = read(r#"columns = [{ column = "lane", width = 500 }]"#).unwrap_err();
        assert!(wide.message().contains("4 to 80"), "{wide}");
        assert!(read(r#"columns = ["colour"]"#).is_err());
    }

    #[test]
    fn state_and_lane_cannot_be_hidden_and_a_column_cannot_leave_the_list() {
        let mut columns = Columns::default();
        columns.toggle(0, true);
        columns.toggle(1, true);
        assert_eq!(columns, Columns::default());
        assert_eq!(columns.shift(0, false), 0);
        assert_eq!(columns.shift(16, true), 16);
        assert_eq!(columns.shift(2, true), 3);
        assert_eq!(columns.list()[3].column, Column::Why);
    }
}
