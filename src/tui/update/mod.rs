//! What a message does to the model, and what the loop has to do about it.
//!
//! A function of the model, the moment and the message, so that every way through the screen can
//! be tested without a terminal.

mod columns;
mod copy;
mod mouse;
mod order;
mod overlay;
mod palette;
mod panes;
mod trail;

use super::archive;
use super::key::{Key, Mouse};
use super::keymap::{Action, Context};
use super::model::{Model, Tone};
use crate::engine::{Accepted, Command, Refusal, Update};
use crate::lane::{LaneName, Now, RecordKind};
use crate::plain::Plain;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse was pressed or its wheel turned.
    Mouse(Mouse),
    /// The terminal has other columns and rows.
    Resize(u16, u16),
    /// The engine has news.
    News(Update),
    /// The engine answered a command.
    Answered {
        /// What was asked, in a few words.
        about: Plain,
        /// Its answer.
        answer: Result<Accepted, Refusal>,
    },
    /// The engine has answered every one of many commands.
    AnsweredAll {
        /// What was asked, in a few words.
        about: Plain,
        /// How many it does.
        done: usize,
        /// Which it does not, and why.
        refused: Vec<(LaneName, Refusal)>,
    },
    /// The journal was read, or written to a file.
    Read(archive::Answer),
    /// Time has passed.
    Tick,
}

/// Something that the loop has to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Ask the engine.
    Send {
        /// For what.
        command: Command,
        /// In a few words, for the status line.
        about: Plain,
    },
    /// Ask the engine for the same for many lanes, and answer once.
    SendAll {
        /// One a lane.
        commands: Vec<Command>,
        /// In a few words, for the status line.
        about: Plain,
    },
    /// Paint everything anew.
    Redraw,
    /// Stop until brought back to the foreground.
    Suspend,
    /// Leave.
    Quit,
}

/// Takes in one message.
pub fn update(model: &mut Model, now: Now, msg: Msg) -> Option<Effect> {
    model.now = now;
    let effect = take(model, msg);
    // What stands for a lane on the screen is nothing to the engine.
    match effect {
        Some(Effect::Send { command, about }) => Some(Effect::Send {
            command: model.mask.command(command),
            about,
        }),
        Some(Effect::SendAll { commands, about }) => {
            let commands = commands.into_iter();
            let commands = commands.map(|command| model.mask.command(command));
            Some(Effect::SendAll {
                commands: commands.collect(),
                about,
            })
        }
        other => other,
    }
}

fn take(model: &mut Model, msg: Msg) -> Option<Effect> {
    match msg {
        Msg::Mouse(mouse) => mouse::act(model, mouse),
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => {
            overlay::paste(model, &text);
            None
        }
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            None
        }
        Msg::News(news) => {
            learn(model, news);
            None
        }
        Msg::Answered { about, answer } => {
            match answer {
                Ok(accepted) => model.say(Tone::Good, answer_to(&about, accepted.note.as_str())),
                Err(refusal) => model.say(Tone::Bad, answer_to(&about, &refusal.to_string())),
            }
            None
        }
        Msg::AnsweredAll {
            about,
            done,
            refused,
        } => {
            order::answered(model, &about, done, &refused);
            None
        }
        Msg::Read(answer) => {
            let rows = trail::rows(model);
            let told = model.trail.learn(answer, rows, &model.journal);
            trail::tell(model, told);
            None
        }
        Msg::Tick => {
            model.calls.settle(model.now);
            None
        }
    }
}

fn learn(model: &mut Model, news: Update) {
    let now = model.now.wall;
    let news = model.mask.news(news);
    for lane in news.lanes {
        let before = model.lanes.get(&lane.info.name);
        model.calls.notice(before.map(AsRef::as_ref), &lane);
        model.lanes.put(lane, now);
    }
    model.calls.settle(model.now);
    for name in &news.removed {
        model.lanes.remove(name);
    }
    for record in news.records {
        // A neighbor's denial is an outcome too, and a good one.
        let neighbor = [RecordKind::NeighborDenied, RecordKind::NeighborAllowed];
        if let (Some(lane), Some(outcome)) = (&record.lane, record.outcome)
            && !neighbor.contains(&record.kind)
        {
            model.lanes.note(lane, now, record.ts, outcome);
        }
        model.receipts.take(&record);
        if model.journal.is_new(&record) {
            let dropped = model.journal.push(record.clone());
            model.trail.came(&record, dropped);
        }
    }
    model.journal.skip(news.records_skipped);
    if news.engine.is_some() {
        model.engine = news.engine;
    }
    model.stopped |= news.stopped;
}

fn press(model: &mut Model, key: Key) -> Option<Effect> {
    model.settle();
    model.touch();
    model.status = None;
    let Some(entry) = model.keymap.find(model, key) else {
        if matches!(
            model.context(),
            Context::Typing | Context::Form | Context::Palette
        ) {
            overlay::edit(model, key);
        }
        return None;
    };
    if entry.command && model.read_only {
        model.say(Tone::Note, format!("read-only: {} is off", entry.label));
        return None;
    }
    if !(entry.enabled)(model) {
        let why = not_now(model, entry.action);
        if !why.is_empty() {
            model.say(Tone::Note, why);
        }
        return None;
    }
    match model.context() {
        Context::Main => panes::act(model, entry.action),
        _ => overlay::act(model, entry.action),
    }
}

/// Why an action makes no sense now; empty where silence says enough.
fn not_now(model: &Model, action: Action) -> String {
    let who = match (model.lanes.marked(), model.selection()) {
        (0, Some(lane)) => lane.info.name.to_string(),
        (0, None) if model.selected_group().is_some() => "no lane of this group".to_owned(),
        (0, None) => {
            return match action {
                Action::Open | Action::Back | Action::Fold | Action::Unfold => String::new(),
                _ => "no lane is selected".to_owned(),
            };
        }
        _ => "no marked lane".to_owned(),
    };
    let is = if who.starts_with("no ") {
        "is"
    } else {
        "is not"
    };
    match action {
        Action::Release => format!("{who} {is} held"),
        Action::Drill => match model.selection() {
            Some(lane) => format!(
                "{} is no sandbox lane: drills would hit a real upstream",
                lane.info.name
            ),
            None => "a drill is for one lane: select it".to_owned(),
        },
        Action::Resume => format!("{who} {is} paused"),
        Action::SearchNext | Action::SearchPrevious => {
            "nothing is looked for: / in the audit looks for a text".to_owned()
        }
        Action::Records | Action::Export => {
            "the audit has to have the keys: tab, or z and tab".to_owned()
        }
        Action::MarkNone => "no lane is marked".to_owned(),
        Action::FoldAll | Action::UnfoldAll | Action::Fold | Action::Unfold
            if model.group_here().is_none() =>
        {
            "lanes are not grouped: b groups them".to_owned()
        }
        _ => String::new(),
    }
}

/// An answer with what it is to, unless it names the lane itself: one line has no room for both.
fn answer_to(about: &Plain, answer: &str) -> String {
    let lane = about.as_str().rsplit(' ').next().unwrap_or_default();
    let named = answer.strip_prefix(lane);
    match named.filter(|rest| !lane.is_empty() && rest.starts_with(' ')) {
        Some(_) => answer.to_owned(),
        None => format!("{about}: {answer}"),
    }
}

/// Hands a command to the loop and says so.
fn send(model: &mut Model, command: Command, about: &str) -> Effect {
    let about = Plain::new(about);
    model.say(Tone::Note, format!("{about}: asked"));
    Effect::Send { command, about }
}
