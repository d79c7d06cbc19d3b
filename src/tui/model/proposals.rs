//! What could come next in a line that is being typed.

use super::palette::{self, names};
use super::{Column, GroupBy, Model, Overlay, PRESETS, RECORD_FIELDS, Severity, filter, fuzzy};
use crate::lane::{Gate, LaneName, Outcome, RecordKind, Word};
use crate::sandbox::Drill;
use crate::tui::keymap::Takes;
use crate::tui::symbols;
use std::collections::BTreeSet;

/// The most that are offered at once.
const OFFERED: usize = 8;

/// Words that fit where the line ends, best first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proposals {
    /// Each word and a hint on it.
    pub words: Vec<(String, String)>,
    /// The byte of the line from which on a word replaces it.
    pub from: usize,
}

impl Model {
    /// What is being typed, if it is a line with proposals, as it was before any was taken.
    fn half_typed(&self) -> Option<&str> {
        if let Some((typed, _)) = &self.cycle {
            return Some(typed);
        }
        match &self.overlay {
            Some(Overlay::Filter(input) | Overlay::Records(input)) => Some(input.value()),
            Some(Overlay::Palette(palette)) => Some(palette.input.value()),
            _ => None,
        }
    }

    /// What could come next.
    pub fn proposals(&self) -> Proposals {
        let Some(typed) = self.half_typed() else {
            return Proposals::default();
        };
        let from = typed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = typed.get(from..).unwrap_or_default().to_lowercase();
        let words = match &self.overlay {
            Some(Overlay::Filter(_)) => self.lane_terms(&word),
            Some(Overlay::Records(_)) => self.record_terms(&word),
            Some(Overlay::Palette(_)) => {
                let head = typed.get(..from).unwrap_or_default();
                self.palette_words(head, &word)
            }
            _ => Vec::new(),
        };
        Proposals { words, from }
    }

    fn lane_terms(&self, word: &str) -> Vec<(String, String)> {
        let Some((field, part)) = word.split_once(':') else {
            let fields = filter::FIELDS.iter();
            let fields = fields.map(|(name, hint, _)| ((*name).to_owned(), *hint));
            return beginning(fields, word);
        };
        let with = |value: &str| format!("{field}:{value}");
        match field {
            "state" => {
                let words = Word::ALL.into_iter().rev();
                let words = words.filter(|word| self.lanes.counted(*word) > 0);
                let counted = words.map(|word| {
                    let hint = self.lanes.counted(word).to_string();
                    (with(symbols::noun(word)), hint)
                });
                best(counted, part, field.len() + 1)
            }
            "gate" => {
                let gates = [Gate::Open, Gate::Refused, Gate::Paused, Gate::Held];
                best(hintless(gates.map(|gate| with(gate.as_str()))), part, 5)
            }
            "why" => {
                let all = Outcome::ALL.map(|outcome| with(outcome.as_str()));
                best(hintless(all), part, 4)
            }
            "owner" | "provider" => {
                let lanes = self.lanes.each();
                let values: BTreeSet<&str> = lanes
                    .filter_map(|lane| match field {
                        "owner" => lane.info.owner.as_ref().map(AsRef::as_ref),
                        _ => Some(lane.info.provider.as_str()),
                    })
                    .filter(|value| !value.contains(' '))
                    .collect();
                let values = values.into_iter().map(with);
                best(hintless(values), part, field.len() + 1)
            }
            "lane" => self.lane_names(part, "lane:"),
            _ => Vec::new(),
        }
    }

    fn record_terms(&self, word: &str) -> Vec<(String, String)> {
        let Some((field, part)) = word.split_once(':') else {
            let fields = RECORD_FIELDS.iter();
            let fields = fields.map(|(name, hint)| ((*name).to_owned(), *hint));
            return beginning(fields, word);
        };
        let with = |value: &str| format!("{field}:{value}");
        match field {
            "sev" => {
                let all = Severity::ALL.map(|(_, name)| with(name));
                best(hintless(all), part, 4)
            }
            "kind" => {
                let all = RecordKind::ALL.iter().map(|kind| with(kind.as_str()));
                best(hintless(all), part, 5)
            }
            "why" => {
                let all = Outcome::ALL.map(|outcome| with(outcome.as_str()));
                best(hintless(all), part, 4)
            }
            "lane" => self.lane_names(part, "lane:"),
            _ => Vec::new(),
        }
    }

    fn lane_names(&self, part: &str, before: &str) -> Vec<(String, String)> {
        let lanes = self.lanes.each().map(|lane| {
            let word = symbols::noun(lane.word).to_owned();
            (format!("{before}{}", lane.info.name), word)
        });
        best(lanes, part, before.len())
    }

    fn palette_words(&self, head: &str, word: &str) -> Vec<(String, String)> {
        let mut before = head.split_whitespace();
        let Some(name) = before.next() else {
            // Nothing typed: what the footer would name; the moves are no use here.
            let named = names().filter(|(_, entry)| {
                let useful = !word.is_empty() || !entry.label.is_empty();
                useful && !(entry.command && self.read_only)
            });
            let named = named.map(|(name, entry)| (name, entry.help.to_owned()));
            return best(named, word, 0);
        };
        let Some(entry) = palette::entry_of(name) else {
            return Vec::new();
        };
        // Quoted text is the operator's own.
        if head.contains('"') {
            return Vec::new();
        }
        let given: Vec<&str> = before.collect();
        let known = |word: &&str| {
            let span = word.starts_with(|c: char| c.is_ascii_digit());
            span || self.lanes.get(&LaneName::new(word)).is_some()
        };
        // Behind anything else the reason has begun, which is the operator's own too.
        let reasoned = !given.iter().all(known);
        let given = given.len();
        match entry.takes {
            Takes::Lanes | Takes::LanesAndSpan if reasoned => Vec::new(),
            Takes::Lanes | Takes::Lane => self.lane_names(word, ""),
            Takes::LanesAndSpan => {
                let spans = PRESETS.iter().filter(|span| !span.is_empty());
                let spans = spans.map(|span| ((*span).to_owned(), "how long".to_owned()));
                let mut words = self.lane_names(word, "");
                if given > 0 || words.is_empty() {
                    words.truncate(OFFERED / 2);
                    let mut all = best(spans, word, 0);
                    all.truncate(OFFERED - words.len());
                    all.append(&mut words);
                    return all;
                }
                words
            }
            Takes::LaneAndDrill if given == 0 => {
                let sandboxed = self.lanes.each().filter(|lane| lane.info.sandbox);
                let lanes = sandboxed.map(|lane| {
                    let word = symbols::noun(lane.word).to_owned();
                    (lane.info.name.to_string(), word)
                });
                best(lanes, word, 0)
            }
            Takes::LaneAndDrill => {
                let drills = Drill::ALL.into_iter();
                let drills =
                    drills.map(|drill| (drill.as_str().to_owned(), drill.about().to_owned()));
                best(drills, word, 0)
            }
            Takes::Order => {
                // An order goes by its own name and by that of each column that shows it.
                let names = |column: Column| [palette::sort_name(column), column.name()];
                let names = Column::ALL.into_iter().flat_map(names);
                let names: BTreeSet<String> = names.collect();
                best(hintless(names), word, 0)
            }
            Takes::Grouping => {
                let all = GroupBy::ALL.map(palette::group_name);
                best(hintless(all), word, 0)
            }
            Takes::Nothing | Takes::Text | Takes::Path => Vec::new(),
        }
    }
}

fn hintless(words: impl IntoIterator<Item = String>) -> impl Iterator<Item = (String, String)> {
    words.into_iter().map(|word| (word, String::new()))
}

fn beginning(
    words: impl Iterator<Item = (String, &'static str)>,
    typed: &str,
) -> Vec<(String, String)> {
    let begun = words.filter(|(word, _)| word.starts_with(typed));
    begun.map(|(word, hint)| (word, hint.to_owned())).collect()
}

/// Those that fit what is typed after the first `skip` bytes: first what begins with it.
fn best(
    words: impl Iterator<Item = (String, String)>,
    typed: &str,
    skip: usize,
) -> Vec<(String, String)> {
    let mut first = Vec::new();
    let mut then = Vec::new();
    for (word, hint) in words {
        let tail = word.get(skip..).unwrap_or_default();
        if tail.to_lowercase().starts_with(typed) {
            first.push((word, hint));
            if first.len() >= OFFERED {
                break;
            }
        } else if then.len() < OFFERED && fuzzy::fits(tail, typed) {
            then.push((word, hint));
        }
    }
    first.append(&mut then);
    first.truncate(OFFERED);
    first
}
