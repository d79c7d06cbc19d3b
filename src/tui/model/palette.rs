//! The palette: an action of the table by its name, and what it is for.

use super::{Column, GroupBy, Model, parse_lasts};
use crate::lane::LaneName;
use crate::plain::Plain;
use crate::sandbox::Drill;
use crate::tui::keymap::{ACTIONS, Action, Context, Entry, Takes};
use std::time::Duration;
use tui_input::Input;

/// The line, while it is typed.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// Why it could not be done.
    pub trouble: Option<String>,
    /// How many lines back in the history it is.
    pub back: usize,
}

/// A line that makes sense.
#[derive(Clone)]
pub struct Line {
    /// What to do.
    pub entry: &'static Entry,
    /// For which lanes; none named means those that a key would be for.
    pub lanes: Vec<LaneName>,
    /// For how long.
    pub lasts: Option<Duration>,
    /// Why; or the text that the action takes.
    pub text: Plain,
    /// Which drill.
    pub drill: Option<Drill>,
    /// Sorted by what.
    pub column: Option<Column>,
    /// Grouped by what.
    pub group: Option<GroupBy>,
}

/// Every action that can be named, with its name: those of the panes.
pub(super) fn names() -> impl Iterator<Item = (String, &'static Entry)> {
    let named = ACTIONS
        .iter()
        .filter(|entry| entry.context == Context::Main && entry.action != Action::Palette);
    named.map(|entry| (entry.action.name().replace('_', "-"), entry))
}

/// The action of that name, written with any of `-` and `_`.
pub(super) fn entry_of(name: &str) -> Option<&'static Entry> {
    let name = name.to_lowercase().replace('_', "-");
    let mut found = names().filter(|(known, _)| *known == name);
    found.next().map(|(_, entry)| entry)
}

/// How the palette calls what a column sorts by.
pub(super) fn sort_name(column: Column) -> String {
    column.sort().as_str().replace(' ', "-")
}

/// How the palette calls a grouping.
pub(super) fn group_name(by: GroupBy) -> String {
    match by {
        GroupBy::None => "none".to_owned(),
        by => by.as_str().replace(' ', "-"),
    }
}

/// Words; those between quotes are one.
fn words(text: &str) -> Result<Vec<(String, bool)>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some((inside, after)) = quoted.split_once('"') else {
                return Err("a quote is not closed".to_owned());
            };
            words.push((inside.to_owned(), true));
            rest = after.trim_start();
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            words.push((word.to_owned(), false));
            rest = after.trim_start();
        }
    }
    Ok(words)
}

impl Line {
    /// The action of that name.
    pub fn entry_named(name: &str) -> Option<&'static Entry> {
        entry_of(name)
    }

    /// Reads a line: `pause billing-refunds 30m "vendor incident"`.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub fn read(model: &Model, text: &str) -> Result<Self, String> {
        let words = words(text)?;
        let Some(((name, _), rest)) = words.split_first() else {
            return Err("type what to do: tab proposes".to_owned());
        };
        let Some(entry) = entry_of(name) else {
            return Err(unknown("action", name, names().map(|(name, _)| name)));
        };
        let mut line = Self {
            entry,
            lanes: Vec::new(),
            lasts: None,
            text: Plain::new(""),
            drill: None,
            column: None,
            group: None,
        };
        let typed = text.trim_start();
        let tail = typed.get(name.len()..).unwrap_or_default().trim();
        match entry.takes {
            Takes::Nothing => match rest.first() {
                None => {}
                Some(_) => return Err(format!("{name} takes nothing")),
            },
            Takes::Text | Takes::Path => {
                let quoted = tail
                    .strip_prefix('"')
                    .and_then(|tail| tail.strip_suffix('"'));
                line.text = Plain::new(quoted.unwrap_or(tail));
            }
            Takes::Lane | Takes::Lanes | Takes::LanesAndSpan => line.targets(model, rest)?,
            Takes::LaneAndDrill => line.drill_on(model, rest)?,
            Takes::Order => {
                let mut sorts = Column::ALL.into_iter();
                line.column = match rest {
                    [] => None,
                    [(word, _)] => {
                        let word = word.to_lowercase();
                        let found = sorts
                            .find(|column| sort_name(*column) == word || column.name() == word);
                        let all = Column::ALL.into_iter().map(sort_name);
                        Some(found.ok_or_else(|| unknown("order", &word, all))?)
                    }
                    _ => return Err(format!("{name} takes one word")),
                };
            }
            Takes::Grouping => {
                let mut all = GroupBy::ALL.into_iter();
                line.group = match rest {
                    [] => None,
                    [(word, _)] => {
                        let found = all.find(|by| group_name(*by) == *word);
                        let all = GroupBy::ALL.into_iter().map(group_name);
                        Some(found.ok_or_else(|| unknown("grouping", word, all))?)
                    }
                    _ => return Err(format!("{name} takes one word")),
                };
            }
        }
        Ok(line)
    }

    /// Lanes first, then how long, then why.
    fn targets(&mut self, model: &Model, words: &[(String, bool)]) -> Result<(), String> {
        let mut rest = words.iter().peekable();
        while let Some((word, false)) = rest.peek() {
            let name = LaneName::new(word);
            if model.lanes.get(&name).is_none() {
                break;
            }
            if !self.lanes.contains(&name) {
                self.lanes.push(name);
            }
            rest.next();
        }
        if self.entry.takes == Takes::LanesAndSpan
            && let Some((word, false)) = rest.peek()
            && word.starts_with(|c: char| c.is_ascii_digit())
        {
            self.lasts = parse_lasts(word)?;
            rest.next();
        }
        if self.entry.takes == Takes::Lane && self.lanes.len() > 1 {
            return Err("one lane at a time".to_owned());
        }
        let reasoned = matches!(
            self.entry.action,
            Action::Pause | Action::Resume | Action::Release
        );
        let quoted = rest.peek().is_some_and(|(_, quoted)| *quoted);
        // A word that is no lane is taken for the reason only behind a lane or a span, or quoted:
        // else a mistyped name would pause what happens to be selected.
        let begun = !self.lanes.is_empty() || self.lasts.is_some();
        if let Some((word, _)) = rest.peek()
            && !(reasoned && (quoted || begun))
        {
            let all = model.lanes.each().map(|lane| lane.info.name.to_string());
            return Err(unknown("lane", word, all));
        }
        let reason: Vec<&str> = rest.map(|(word, _)| word.as_str()).collect();
        self.text = Plain::new(&reason.join(" "));
        Ok(())
    }

    fn drill_on(&mut self, model: &Model, words: &[(String, bool)]) -> Result<(), String> {
        let mut words = words.iter().map(|(word, _)| word);
        let Some(mut word) = words.next() else {
            return Ok(());
        };
        let name = LaneName::new(word);
        if let Some(lane) = model.lanes.get(&name) {
            if !lane.info.sandbox {
                return Err(format!(
                    "{name} is no sandbox lane: drills would hit a real upstream"
                ));
            }
            self.lanes.push(name);
            match words.next() {
                None => return Ok(()),
                Some(next) => word = next,
            }
        }
        let found = Drill::ALL.into_iter().find(|drill| drill.as_str() == word);
        let all = Drill::ALL
            .into_iter()
            .map(|drill| drill.as_str().to_owned());
        self.drill = Some(found.ok_or_else(|| unknown("drill", word, all))?);
        match words.next() {
            None => Ok(()),
            Some(more) => Err(format!("nothing is to follow: {more:?}")),
        }
    }
}

fn unknown(what: &str, word: &str, all: impl Iterator<Item = String>) -> String {
    let near = all
        .map(|known| (strsim::jaro_winkler(&known, word), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, two| one.0.total_cmp(&two.0));
    match near {
        Some((_, known)) => format!("no {what} is called {word:?}; did you mean {known}?"),
        None => format!("no {what} is called {word:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_word() {
        let plain = |word: &str| (word.to_owned(), false);
        assert_eq!(
            words(" pause  a 30m \"vendor incident\"").unwrap(),
            [
                plain("pause"),
                plain("a"),
                plain("30m"),
                ("vendor incident".to_owned(), true)
            ]
        );
        assert!(words("pause \"a").is_err());
    }

    #[test]
    fn every_action_of_the_panes_can_be_named() {
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.context == Context::Main)
        {
            let name = entry.action.name();
            assert_eq!(
                entry_of(&name).is_some(),
                entry.action != Action::Palette,
                "{name}"
            );
        }
    }
}
