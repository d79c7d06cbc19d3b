//! The keys of `config.toml`: what each takes and what it is for. Reading, `--print-config`, the
//! schema and the variables all go by these tables.

use crate::manifest::shape::Shape;
use crate::tui::depth::ColorChoice;
use crate::tui::model::{Column, GroupBy, SortBy};

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Color,
    Columns,
    Sort,
    Group,
    Keys,
    Reach,
}

/// A key of the file.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) about: &'static str,
    /// The variable that says the same; empty where none does.
    pub(super) env: &'static str,
}

const fn key(name: &'static str, kind: Kind, env: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        env,
    }
}

/// The keys of the top level, in the order of `--print-config`.
#[rustfmt::skip]
pub(super) const KEYS: [Key; 14] = [
    key("theme", Kind::Text, "LANEWATCH_THEME", "auto (dark or light, as the background is), dark, light, high-contrast or color-safe (each with a light form), mono, a name in themes/, or a file"),
    key("color", Kind::Color, "LANEWATCH_COLOR", "auto, always, never, 16, 256 or true"),
    key("ask_background", Kind::Flag, "LANEWATCH_ASK_BACKGROUND", "where the theme follows the background: ask the terminal whether it is light, after the first frame"),
    key("ascii", Kind::Flag, "LANEWATCH_ASCII", "signs from ASCII only"),
    key("columns", Kind::Columns, "", "which columns, in which order; { column = …, width = …, pinned = … } says more"),
    key("sort", Kind::Sort, "", "by what the lanes are sorted; { by = …, reversed = true } turns it round"),
    key("group", Kind::Group, "", "none, provider, owner, store or key"),
    key("mouse", Kind::Flag, "LANEWATCH_MOUSE", "listen to the mouse; the terminal's own selection then needs shift"),
    key("private", Kind::Flag, "LANEWATCH_PRIVATE", "mask lanes, owners, accounts, addresses and fingerprints"),
    key("read_only", Kind::Flag, "LANEWATCH_READ_ONLY", "show everything, do nothing"),
    key("sync", Kind::Flag, "LANEWATCH_SYNC", "bracket frames in synchronized updates (DEC 2026)"),
    key("reach", Kind::Reach, "", "how the screen reaches a person"),
    key("keys", Kind::Keys, "", "ACTION = \"key\" or a list of keys, on the panes"),
    key("keys_in", Kind::Keys, "", "the same elsewhere: [keys_in.help], form, typing, confirm, menu, columns …"),
];

/// A key of `[reach]`.
pub(super) struct ReachKey {
    pub(super) name: &'static str,
    /// What it takes; nothing means true or false.
    pub(super) choices: &'static [&'static str],
    pub(super) about: &'static str,
}

const fn reach(
    name: &'static str,
    choices: &'static [&'static str],
    about: &'static str,
) -> ReachKey {
    ReachKey {
        name,
        choices,
        about,
    }
}

const WHEN: &[&str] = &["auto", "always", "never"];
const NOTIFY: &[&str] = &["auto", "osc9", "osc777", "never"];

/// The keys of `[reach]`.
pub(super) const REACH_KEYS: [ReachKey; 5] = [
    reach(
        "bell",
        &[],
        "ring the bell when a lane begins to need a person",
    ),
    reach("notify", NOTIFY, "notify then: auto, osc9, osc777 or never"),
    reach(
        "links",
        WHEN,
        "make addresses clickable: auto, always or never",
    ),
    reach(
        "clipboard",
        WHEN,
        "copy to the terminal's clipboard: auto, always or never",
    ),
    reach(
        "title",
        WHEN,
        "name the state in the window's title: auto, always or never",
    ),
];

pub(super) static ROOT: Shape = Shape::elsewhere(
    "the configuration",
    &[
        "theme",
        "color",
        "ask_background",
        "ascii",
        "columns",
        "sort",
        "group",
        "mouse",
        "private",
        "read_only",
        "sync",
        "reach",
        "keys",
        "keys_in",
    ],
);
pub(super) static REACH: Shape = Shape::elsewhere(
    "[reach]",
    &["bell", "notify", "links", "clipboard", "title"],
);
pub(super) static SORT: Shape = Shape::elsewhere("`sort`", &["by", "reversed"]);
pub(super) static COLUMN: Shape = Shape::elsewhere("a column", &["column", "width", "pinned"]);

/// The name that serde gives to one of a closed set.
pub(super) fn name_of(value: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// Every column with its name.
pub(super) fn columns() -> Vec<(String, Column)> {
    Column::ALL
        .map(|column| (name_of(&column), column))
        .to_vec()
}

/// Every order with its name.
pub(super) fn orders() -> Vec<(String, SortBy)> {
    let mut orders: Vec<(String, SortBy)> = Vec::new();
    for column in Column::ALL {
        let by = column.sort();
        if !orders.iter().any(|(_, known)| *known == by) {
            orders.push((name_of(&by), by));
        }
    }
    orders
}

/// Every way to group with its name.
pub(super) fn groups() -> Vec<(String, GroupBy)> {
    let mut groups = vec![(name_of(&GroupBy::None), GroupBy::None)];
    let mut next = GroupBy::None.next();
    while next != GroupBy::None {
        groups.push((name_of(&next), next));
        next = next.next();
    }
    groups
}

/// Every answer to how many colours with its name.
pub(super) fn colors() -> Vec<(String, ColorChoice)> {
    let all = ColorChoice::ALL.map(|(name, choice)| (name.to_owned(), choice));
    all.to_vec()
}
