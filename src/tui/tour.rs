//! A tour: keys, captions and things to wait for, played into the screen as a person would.
//!
//! [`Script`] is the text, read whole before anything is shown; [`Tour`] says what is to be done
//! next, and [`super::run()`] does it. A key of the tour goes the way of every key, so what a tour
//! shows is what the program does. Nothing is waited for by time alone unless the script says so: a
//! test plays the same script without the pauses.

use super::key::{Code, Key};
use super::model::{Caption, Model, Overlay};
use crate::engine::Stage;
use crate::lane::{Boot, LaneName, Now, Word};
use crate::plain::Plain;
use crate::sandbox::Drill;
use std::time::Duration;

/// Longer scripts are a mistake.
const STEPS_MAX: usize = 10_000;
/// How long a condition may take to come true. Never shortened: it does not depend on the viewer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two keys.
const KEY_PAUSE: Duration = Duration::from_millis(450);
/// Between two letters of a text.
const LETTER_PAUSE: Duration = Duration::from_millis(70);

/// The tour of the demo.
pub const DEMO: &str = include_str!("../../sample-lanes/demo.tour");

/// What is waited for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Condition {
    /// A lane shows one of these words, or none of them.
    Lane {
        name: LaneName,
        words: Vec<Word>,
        not: bool,
    },
    /// The newest drill has come to this stage.
    Drill(Stage),
}

impl Condition {
    /// Whether it is so now. A drill counts if its record came after the one numbered `after`.
    fn holds(&self, model: &Model, after: u64) -> bool {
        match self {
            Self::Lane { name, words, not } => {
                let lane = model.lanes.get(name);
                lane.is_some_and(|lane| words.contains(&lane.word) != *not)
            }
            Self::Drill(stage) => {
                let newest = model.receipts.iter().next();
                newest.is_some_and(|receipt| {
                    receipt.injected.seq > after && receipt.mark(*stage).is_some()
                })
            }
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Do {
    Caption(Caption),
    Until(Condition),
    Wait(Duration),
    Press(Key, Duration),
    Choose(usize),
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Step {
    line: usize,
    what: Do,
}

/// A script that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    steps: Vec<Step>,
}

/// A line that is no step, counted from one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ScriptError {
    /// Which line.
    pub line: usize,
    /// What is wrong with it, and what to write instead.
    pub what: Plain,
}

impl Script {
    /// Reads a script: a step a line; empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// The first line that is no step.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut steps = Vec::new();
        let mut captions = 0;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = at + 1;
            let wrong = |what: String| ScriptError {
                line: number,
                what: Plain::new(&what),
            };
            let mut add = |what| steps.push(Step { line: number, what });
            let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            match verb {
                "caption" => {
                    captions += 1;
                    add(Do::Caption(Caption {
                        text: Plain::new(rest),
                        number: captions,
                        of: 0,
                    }));
                }
                "until" => add(Do::Until(condition(rest).map_err(wrong)?)),
                "wait" => match humantime::parse_duration(rest) {
                    Ok(pause) => add(Do::Wait(pause)),
                    Err(_) => return Err(wrong(format!("“{rest}” is no span: write wait 3s"))),
                },
                "keys" => {
                    for name in rest.split_whitespace() {
                        let key = name.parse::<Key>().map_err(wrong)?;
                        add(Do::Press(key, KEY_PAUSE));
                    }
                }
                "type" => {
                    for c in rest.chars().filter(|c| !c.is_control()) {
                        add(Do::Press(Key::char(c), LETTER_PAUSE));
                    }
                }
                "choose" => {
                    let drill = Drill::ALL.iter().position(|drill| drill.as_str() == rest);
                    let drill =
                        drill.ok_or_else(|| wrong(format!("no drill is called “{rest}”")))?;
                    add(Do::Choose(drill));
                }
                other => {
                    let words = "caption, until, wait, keys, type or choose";
                    return Err(wrong(format!("“{other}” is no step: write {words}")));
                }
            }
            if steps.len() > STEPS_MAX {
                return Err(wrong(format!("more than {STEPS_MAX} steps")));
            }
        }
        for step in &mut steps {
            if let Do::Caption(caption) = &mut step.what {
                caption.of = captions;
            }
        }
        Ok(Self { steps })
    }

    /// What the captions say, in order.
    pub fn captions(&self) -> impl Iterator<Item = &Plain> {
        self.steps.iter().filter_map(|step| match &step.what {
            Do::Caption(caption) => Some(&caption.text),
            _ => None,
        })
    }
}

/// `LANE is [not] WORD [or WORD …]`, or `drill STAGE`.
fn condition(text: &str) -> Result<Condition, String> {
    let help = "write until LANE is WORD, until LANE is not WORD, or until drill healed";
    let words: Vec<_> = text.split_whitespace().collect();
    match words.as_slice() {
        ["drill", stage] => {
            let found = Stage::ALL
                .into_iter()
                .find(|known| known.as_str() == *stage);
            let stage = found.ok_or_else(|| format!("a drill is never “{stage}”: {help}"))?;
            Ok(Condition::Drill(stage))
        }
        [lane, "is", rest @ ..] => {
            let (not, rest) = match rest {
                ["not", rest @ ..] => (true, rest),
                rest => (false, rest),
            };
            let named = rest.iter().filter(|word| **word != "or");
            let words = named.map(|name| {
                let found = Word::ALL.into_iter().find(|word| word.as_str() == *name);
                found.ok_or_else(|| format!("no lane is ever “{name}”: {help}"))
            });
            let words = words.collect::<Result<Vec<_>, _>>()?;
            if words.is_empty() {
                return Err(help.to_owned());
            }
            let name = Plain::new(lane);
            Ok(Condition::Lane { name, words, not })
        }
        _ => Err(help.to_owned()),
    }
}

/// What the loop is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Press this key.
    Press(Key),
    /// Show this.
    Caption(Caption),
    /// Give up, and say why.
    Fail(Plain),
    /// It is over.
    End,
}

/// A script being played.
#[derive(Clone, Debug)]
pub struct Tour {
    steps: std::collections::VecDeque<Step>,
    /// How many times faster than written; infinite leaves every pause out.
    speed: f64,
    /// From when on the next step may be taken.
    ready: Boot,
    /// When the condition that is waited for was first looked at.
    waiting: Option<Boot>,
    /// The newest drill that was there before the tour began its own.
    after: u64,
}

impl Tour {
    /// Plays the script, so many times faster than it is written.
    pub fn new(script: Script, speed: f64) -> Self {
        Self {
            steps: script.steps.into(),
            speed,
            ready: Boot(0),
            waiting: None,
            after: 0,
        }
    }

    fn pause(&mut self, now: Now, pause: Duration) {
        let secs = pause.as_secs_f64() / self.speed;
        let pause = Duration::try_from_secs_f64(secs).unwrap_or(Duration::ZERO);
        self.ready = now.boot.plus(pause);
    }

    /// How long until there is something to do; `None` while something has to happen first.
    pub fn due(&self, model: &Model, now: Now) -> Option<Duration> {
        let pause = self.ready.since(now.boot);
        if !pause.is_zero() {
            return Some(pause);
        }
        match (self.steps.front().map(|step| &step.what), self.waiting) {
            (Some(Do::Until(condition)), Some(since)) if !condition.holds(model, self.after) => {
                let late = now.boot.since(since) >= PATIENCE;
                late.then_some(Duration::ZERO)
            }
            _ => Some(Duration::ZERO),
        }
    }

    /// Takes the next step, if it is due.
    pub fn next(&mut self, model: &Model, now: Now) -> Option<Act> {
        if self.due(model, now)? > Duration::ZERO {
            return None;
        }
        let Some(step) = self.steps.pop_front() else {
            return Some(Act::End);
        };
        match step.what.clone() {
            Do::Caption(caption) => Some(Act::Caption(caption)),
            Do::Wait(pause) => {
                self.pause(now, pause);
                None
            }
            Do::Press(key, pause) => {
                self.pause(now, pause);
                Some(Act::Press(key))
            }
            Do::Choose(wanted) => {
                let Some(Overlay::Drills { row, .. }) = &model.overlay else {
                    return Some(fail(step.line, "no drill menu is open: press d before it"));
                };
                self.pause(now, KEY_PAUSE);
                let code = match row.cmp(&wanted) {
                    std::cmp::Ordering::Equal => {
                        // Until its record is there, the newest drill is still the one before.
                        if Drill::ALL.get(wanted) != Some(&Drill::Heal) {
                            let newest = model.receipts.iter().next();
                            self.after = newest.map_or(0, |receipt| receipt.injected.seq);
                        }
                        return Some(Act::Press(Key::plain(Code::Enter)));
                    }
                    std::cmp::Ordering::Less => Code::Down,
                    std::cmp::Ordering::Greater => Code::Up,
                };
                self.steps.push_front(step);
                Some(Act::Press(Key::plain(code)))
            }
            Do::Until(condition) if condition.holds(model, self.after) => {
                self.waiting = None;
                None
            }
            Do::Until(condition) => {
                let since = *self.waiting.get_or_insert(now.boot);
                if now.boot.since(since) >= PATIENCE {
                    let secs = PATIENCE.as_secs();
                    let what = match &condition {
                        Condition::Lane { name, .. } => match model.lanes.get(name) {
                            Some(lane) => format!("after {secs} s {name} is still {}", lane.word),
                            None => format!("there is no lane called {name}"),
                        },
                        Condition::Drill(stage) => {
                            format!("after {secs} s the drill is not {stage}")
                        }
                    };
                    return Some(fail(step.line, &what));
                }
                self.steps.push_front(step);
                None
            }
        }
    }
}

fn fail(line: usize, what: &str) -> Act {
    Act::Fail(Plain::new(&format!(
        "the tour stops at line {line}: {what}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Wall;

    fn model() -> Model {
        Model::new(at(0), (120, 40), Plain::new("robin"), false)
    }

    fn at(ms: u64) -> Now {
        Now {
            wall: Wall(1_795_000_000_000),
            boot: Boot(1_000 + ms),
        }
    }

    #[test]
    fn the_built_in_tour_is_a_script_whose_captions_fit_80_columns() {
        let script = Script::parse(DEMO).unwrap();
        assert!(script.captions().count() >= 8);
        for caption in script.captions() {
            let wide = unicode_width::UnicodeWidthStr::width(caption.as_str());
            assert!(wide <= 79 - 6, "{wide} columns: {caption}");
        }
    }

    #[test]
    fn a_mistake_in_a_script_is_told_with_its_line_and_what_to_write() {
        for (text, told) in [
            ("caption a\nclick b", "line 2: “click” is no step"),
            ("\n\nwait long", "line 3: “long” is no span"),
            ("until a is FINE", "line 1: no lane is ever “FINE”"),
            ("until", "line 1: write until LANE is WORD"),
            ("until a is not", "line 1: write until LANE is WORD"),
            ("until drill done", "line 1: a drill is never “done”"),
            ("choose sabotage", "line 1: no drill is called “sabotage”"),
            ("keys enter hyper-x", "line 1: "),
        ] {
            let error = Script::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn a_tour_pauses_as_written_or_faster_or_not_at_all() {
        for (speed, pause) in [(1.0, 3_000), (10.0, 300), (f64::INFINITY, 0)] {
            let script = Script::parse("wait 3s\nkeys q").unwrap();
            let mut tour = Tour::new(script, speed);
            assert_eq!(tour.next(&model(), at(0)), None);
            assert_eq!(
                tour.due(&model(), at(0)),
                Some(Duration::from_millis(pause))
            );
            let pressed = tour.next(&model(), at(pause));
            assert_eq!(pressed, Some(Act::Press(Key::char('q'))));
            assert_eq!(tour.next(&model(), at(pause + 500)), Some(Act::End));
        }
    }

    #[test]
    fn a_condition_that_never_comes_true_ends_the_tour_with_a_sentence() {
        let script = Script::parse("# first\nuntil nobody is OK").unwrap();
        let mut tour = Tour::new(script, f64::INFINITY);
        assert_eq!(tour.next(&model(), at(0)), None);
        assert_eq!(tour.due(&model(), at(60_000)), None);
        let Some(Act::Fail(why)) = tour.next(&model(), at(120_000)) else {
            panic!("it goes on");
        };
        assert_eq!(
            why.as_str(),
            "the tour stops at line 2: there is no lane called nobody"
        );
    }
}
