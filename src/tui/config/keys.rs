//! `[keys]`: which keys do what.
//!
//! A key that two actions of one context have, one that no terminal sends, and an action that is
//! none are mistakes; a key that a multiplexer or a terminal takes for itself is only doubted.

use super::table::name_of;
use crate::manifest::mistake::{Complaints, nearest, one_of};
use crate::manifest::section::{Section, Text, kind_of, text_of};
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{ACTIONS, Action, Context, Entry, Keymap};
use toml::Spanned;
use toml::de::DeValue;

/// The contexts besides the panes, as `[keys_in]` names them.
pub(super) fn contexts() -> Vec<(String, Context)> {
    let mut all: Vec<(String, Context)> = Vec::new();
    for entry in ACTIONS {
        let known = all.iter().any(|(_, context)| *context == entry.context);
        if entry.context != Context::Main && !known {
            all.push((format!("{:?}", entry.context).to_lowercase(), entry.context));
        }
    }
    all
}

/// The actions of a context, as a file names them.
pub(super) fn actions(context: Context) -> Vec<(String, &'static Entry)> {
    let own = ACTIONS.iter().filter(|entry| entry.context == context);
    own.map(|entry| (name_of(&entry.action), entry)).collect()
}

pub(super) fn read(
    root: &Section<'_>,
    book: &mut Complaints,
    doubts: &mut Complaints,
) -> Option<Keymap> {
    if !root.has("keys") && !root.has("keys_in") {
        return None;
    }
    let mut keymap = Keymap::default();
    let mut given = Vec::new();
    if let Some(value) = root.get("keys") {
        context(value, "keys", Context::Main, &mut given, book, doubts);
    }
    if let Some(value) = root.get("keys_in") {
        let Some(section) = Section::named(value) else {
            let what = format!("`keys_in` is {}, not a table", kind_of(value.get_ref()));
            book.at(
                value.span().start,
                what,
                "write [keys_in.help], and keys below it",
            );
            return None;
        };
        let known = contexts();
        for (name, value) in section.entries() {
            let Some((name, there)) = known.iter().find(|(known, _)| known == name.value) else {
                let names = || known.iter().map(|(name, _)| name.as_str());
                let hint = match nearest(name.value, names()) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("there are {}", one_of(names())),
                };
                book.at(
                    name.at,
                    format!("no part of the screen is called “{}”", name.value),
                    hint,
                );
                continue;
            };
            let title = format!("keys_in.{name}");
            context(value, &title, *there, &mut given, book, doubts);
        }
    }
    for (entry, keys) in &given {
        let keys = keys.iter().map(|(key, _)| *key).collect();
        keymap.bind(entry.context, entry.action, keys);
    }
    conflicts(&keymap, &given, book);
    Some(keymap)
}

type Bound<'t> = (&'static Entry, Vec<(Key, Text<'t>)>);

fn context<'t>(
    value: &'t Spanned<DeValue<'t>>,
    title: &str,
    context: Context,
    given: &mut Vec<Bound<'t>>,
    book: &mut Complaints,
    doubts: &mut Complaints,
) {
    let Some(section) = Section::named(value) else {
        let what = format!("`{title}` is {}, not a table", kind_of(value.get_ref()));
        book.at(
            value.span().start,
            what,
            format!("write [{title}], and below it quit = \"q\""),
        );
        return;
    };
    let known = actions(context);
    for (name, value) in section.entries() {
        let Some((_, entry)) = known.iter().find(|(known, _)| known == name.value) else {
            let names = || known.iter().map(|(name, _)| name.as_str());
            let hint = match nearest(name.value, names()) {
                Some(near) => format!("write `{near}`"),
                None => "`lanewatch --print-config` lists every action".to_owned(),
            };
            book.at(
                name.at,
                format!("`{}` is no action of [{title}]", name.value),
                hint,
            );
            continue;
        };
        let texts: Vec<Text<'_>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(text_of).collect(),
            _ => text_of(value).into_iter().collect(),
        };
        let wanted = match value.get_ref() {
            DeValue::Array(items) => items.len(),
            _ => 1,
        };
        if texts.len() != wanted {
            let what = format!(
                "`{}` is {}, not a key",
                name.value,
                kind_of(value.get_ref())
            );
            book.at(
                value.span().start,
                what,
                format!("write {} = \"x\" or a list of keys", name.value),
            );
            continue;
        }
        let keys = texts.into_iter().filter_map(|text| {
            let key = key(text, context, book)?;
            if let Some(doubt) = doubt(key) {
                doubts.at(text.at, doubt, "");
            }
            Some((key, text))
        });
        given.push((entry, keys.collect()));
    }
}

fn key(text: Text<'_>, context: Context, book: &mut Complaints) -> Option<Key> {
    let key: Key = match text.value.parse() {
        Ok(key) => key,
        Err(why) => {
            let why: String = why;
            let (what, hint) = why.split_once("; ").unwrap_or((why.as_str(), ""));
            book.at(text.at, what, hint);
            return None;
        }
    };
    let (what, hint) = match untypable(key) {
        Some(other) => (
            format!("no terminal sends {key} as a key of its own"),
            other,
        ),
        None if types(key)
            && matches!(context, Context::Typing | Context::Form | Context::Palette) =>
        {
            (
                format!("{key} is a letter to be typed here"),
                "choose one with ctrl, or enter, tab, up …".to_owned(),
            )
        }
        None => return Some(key),
    };
    book.at(text.at, what, hint);
    None
}

const fn types(key: Key) -> bool {
    matches!(key.code, Code::Char(_)) && !key.ctrl && !key.alt
}

/// What to write instead of a key that cannot be told from another, or never comes.
fn untypable(key: Key) -> Option<String> {
    let instead = |name: &str| Some(format!("write \"{name}\""));
    match key.code {
        Code::Char(c) if c.is_control() => Some("write its name, such as ctrl-l".to_owned()),
        Code::Char(c) if key.ctrl => match c {
            'i' => instead("tab"),
            'm' | 'j' => instead("enter"),
            'h' => instead("backspace"),
            '[' => instead("esc"),
            'a'..='z' | ' ' => None,
            'A'..='Z' => instead(&format!("ctrl-{}", c.to_ascii_lowercase())),
            _ => Some("with ctrl there are only the letters a to z and space".to_owned()),
        },
        Code::Char('[' | 'O' | ']' | 'P' | '_' | '^' | 'X') if key.alt => {
            Some("with alt it begins an escape sequence; choose another".to_owned())
        }
        Code::Enter | Code::Esc | Code::Tab | Code::BackTab | Code::Backspace
            if key.ctrl || (key.alt && matches!(key.code, Code::Esc | Code::BackTab)) =>
        {
            Some("write it without ctrl and alt".to_owned())
        }
        _ => None,
    }
}

/// Who else wants a key.
fn doubt(key: Key) -> Option<String> {
    let taker = match key.code {
        Code::Char('a' | 'b') if key.ctrl => "tmux or screen",
        Code::Char('s' | 'q') if key.ctrl => "the flow control of terminals",
        Code::Char('g' | 'h' | 'n' | 'o' | 'p' | 't') if key.ctrl => "zellij",
        Code::Left | Code::Right | Code::Up | Code::Down if key.alt => "zellij and desktops",
        _ => return None,
    };
    Some(format!("{key} may never get here: {taker} may take it"))
}

/// Two actions of one context on one key, unless the table itself has them so because only one of
/// them can ever make sense.
fn conflicts(keymap: &Keymap, given: &[Bound<'_>], book: &mut Complaints) {
    for (at, (entry, keys)) in given.iter().enumerate() {
        for (key, text) in keys {
            let rivals = ACTIONS.iter().filter(|other| {
                other.context == entry.context
                    && other.action != entry.action
                    && keymap.keys(other).contains(key)
                    && !share(entry, other)
            });
            for rival in rivals {
                let mut earlier = given.iter().take(at);
                let theirs = given
                    .iter()
                    .position(|(other, _)| std::ptr::eq(*other, rival));
                // Said once, where the later of the two stands.
                if theirs.is_some_and(|theirs| theirs > at) {
                    continue;
                }
                let told = earlier.any(|(other, _)| std::ptr::eq(*other, rival));
                let (mine, other) = (name_of(&entry.action), name_of(&rival.action));
                let usual = if told { "" } else { ", as it is by default" };
                book.at(
                    text.at,
                    format!("{key} is the key of both `{mine}` and `{other}`{usual}"),
                    format!("give `{other}` another key, or choose another one here"),
                );
            }
        }
    }
}

/// Whether two actions have a key in common from the start.
fn share(one: &Entry, other: &Entry) -> bool {
    let pairs = [
        (Action::Pause, Action::Resume),
        (Action::FoldToggle, Action::Open),
    ];
    let pair = (one.action, other.action);
    one.keys.iter().any(|key| other.keys.contains(key))
        || pairs.contains(&pair)
        || pairs.contains(&(pair.1, pair.0))
}
