//! One table of actions. Key handling, the footer, the palette and the help page all read it, so
//! they cannot disagree.
//!
//! `action` names what there is to do, `table` says where each has which keys and words, and
//! `when` whether it makes sense now. A [`Keymap`] puts a person's own keys in place of the
//! table's.

mod action;
mod table;
mod when;

pub use action::{Action, Takes};
pub use table::ACTIONS;

use super::key::Key;
use super::model::{Choice, Model, Overlay};

/// Which part of the screen takes the keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Context {
    /// The panes.
    Main,
    /// The help page.
    Help,
    /// A line of text is being typed.
    Typing,
    /// A form is being filled in.
    Form,
    /// A question is to be answered.
    Confirm,
    /// A list is to be chosen from.
    Menu,
    /// The columns are being chosen.
    Columns,
    /// A record is shown.
    Record,
    /// The palette: a line with proposals.
    Palette,
}

/// One line of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// Where.
    pub context: Context,
    /// Its keys, unless a keymap says otherwise; the first is the one shown.
    pub keys: &'static [Key],
    /// In the footer; empty if it is not shown there. What is shown is [`Entry::label_now`].
    pub label: &'static str,
    /// On the help page.
    pub help: &'static str,
    /// Whether it makes sense now.
    pub enabled: fn(&Model) -> bool,
    /// Whether it asks the engine for something; off when read-only.
    pub command: bool,
    /// Whether it cannot be undone.
    pub danger: bool,
    /// What it can be given in the palette.
    pub takes: Takes,
    /// Under which heading of the help page it stands.
    pub part: Part,
}

/// A heading of the help page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What is done about lanes.
    Lanes,
    /// What the audit pane has of its own.
    Audit,
    /// Which lanes are shown, and how.
    Table,
    /// Panes, the terminal, the program.
    Screen,
}

impl Part {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Lanes, Self::Audit, Self::Table, Self::Screen];

    /// As the page calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lanes => "lanes: find and act",
            Self::Audit => "with the keys in the audit",
            Self::Table => "the table",
            Self::Screen => "the screen",
        }
    }
}

impl Entry {
    /// The word beside its key now: the table's, unless what is open makes it plainer what the key
    /// would do.
    pub fn label_now(&self, model: &Model) -> &'static str {
        use Action::{Accept, Yes};
        match (self.action, &model.overlay) {
            (Accept, Some(Overlay::Form(form))) if form.order.is_confirmed() => "go on",
            (Accept, Some(Overlay::Form(form))) => form.order.ask.verb(),
            (Yes, Some(Overlay::Confirm { order, .. })) => order.ask.verb(),
            (Yes, Some(Overlay::Export { .. })) => "export",
            (Accept, Some(Overlay::Confirm { order, choice })) => match choice {
                Choice::Cancel => "cancel",
                Choice::Go => order.ask.verb(),
            },
            (Accept, Some(Overlay::Export { choice, .. })) => match choice {
                Choice::Cancel => "cancel",
                Choice::Go => "export",
            },
            (Accept, Some(Overlay::Drills { .. })) => "run it",
            (Accept, Some(Overlay::Copy { .. })) => "copy it",
            (Accept, Some(Overlay::Search(_))) => "search",
            _ => self.label,
        }
    }
}

/// Which key does what. A configuration may change the keys; the table gives the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keymap {
    changed: Vec<(Context, Action, Vec<Key>)>,
}

impl Keymap {
    /// The keys of an entry.
    pub fn keys<'a>(&'a self, entry: &'a Entry) -> &'a [Key] {
        let changed = self
            .changed
            .iter()
            .find(|(context, action, _)| (*context, *action) == (entry.context, entry.action));
        changed.map_or(entry.keys, |(_, _, keys)| keys)
    }

    /// Gives an action other keys.
    pub fn bind(&mut self, context: Context, action: Action, keys: Vec<Key>) {
        self.changed
            .retain(|(there, known, _)| (*there, *known) != (context, action));
        self.changed.push((context, action, keys));
    }

    /// What a key does now: the first action in the table that has it and makes sense. If none
    /// makes sense, the first that has it, so that the screen can say why not.
    pub fn find(&self, model: &Model, key: Key) -> Option<&'static Entry> {
        let context = model.context();
        let mut having = ACTIONS
            .iter()
            .filter(|entry| entry.context == context && self.keys(entry).contains(&key));
        let first = having.next()?;
        if (first.enabled)(model) {
            return Some(first);
        }
        Some(having.find(|entry| (entry.enabled)(model)).unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use super::Context::Main;
    use super::table::{k, p};
    use super::*;
    use crate::tui::key::Code;
    use std::collections::HashMap;

    #[test]
    fn no_key_means_two_things_at_once() {
        let mut seen: HashMap<(Context, Key), Vec<Action>> = HashMap::new();
        for entry in ACTIONS {
            for key in entry.keys {
                seen.entry((entry.context, *key))
                    .or_default()
                    .push(entry.action);
            }
        }
        seen.retain(|_, actions| actions.len() > 1);
        // Of these the first that makes sense is meant: a lane that is paused cannot be paused, only
        // the head of a group can be folded, and the audit has records and a search of its own.
        let shared = HashMap::from([
            ((Main, k('p')), vec![Action::Pause, Action::Resume]),
            (
                (Main, p(Code::Enter)),
                vec![Action::Record, Action::FoldToggle, Action::Open],
            ),
            ((Main, k('/')), vec![Action::Search, Action::Filter]),
        ]);
        assert_eq!(seen, shared);
    }

    #[test]
    fn keys_that_multiplexers_and_terminals_take_are_left_alone() {
        for entry in ACTIONS {
            for key in entry.keys {
                let taken = matches!(key.code, Code::Char(c) if "abghnopqst".contains(c));
                assert!(!(key.ctrl && taken), "{key}");
                assert!(!key.alt, "{key}");
            }
        }
    }

    #[test]
    fn every_action_of_the_panes_is_explained_and_named_for_a_keymap_file() {
        for entry in ACTIONS.iter().filter(|entry| entry.context == Main) {
            assert!(!entry.help.is_empty(), "{:?}", entry.action);
            let name = serde_json::to_value(entry.action).unwrap();
            let name = name.as_str().unwrap();
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_keymap_can_move_an_action_to_another_key() {
        let mut keymap = Keymap::default();
        keymap.bind(Main, Action::Quit, vec![Key::char('x')]);
        let quit = ACTIONS
            .iter()
            .find(|entry| entry.action == Action::Quit)
            .unwrap();
        assert_eq!(keymap.keys(quit), [Key::char('x')]);
    }
}
