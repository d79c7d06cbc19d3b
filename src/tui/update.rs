//! What a message does to the model, and what the loop has to do about it.
//!
//! A function of the model, the moment and the message, so that every way through the screen can
//! be tested without a terminal.

use super::key::{Code, Key};
use super::keymap::{Action, Context};
use super::model::{Ask, Choice, Filter, Model, Overlay, Pane, Sort, Tone};
use super::view::{self, Layout};
use crate::engine::{Accepted, Command, Refusal, Update};
use crate::lane::{Actor, LaneName, Now, Verb};
use crate::plain::Plain;
use crate::sandbox::Drill;
use tui_input::{Input, InputRequest};

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
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
    match msg {
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => {
            paste(model, &text);
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
                Ok(accepted) => model.say(Tone::Good, format!("{about}: {}", accepted.note)),
                Err(refusal) => model.say(Tone::Bad, format!("{about}: {refusal}")),
            }
            None
        }
        Msg::Tick => None,
    }
}

fn learn(model: &mut Model, news: Update) {
    for lane in news.lanes {
        model.lanes.put(lane);
    }
    for name in &news.removed {
        model.lanes.remove(name);
    }
    for record in news.records {
        model.journal.push(record);
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
        if model.context() == Context::Typing {
            edit(model, key);
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
        Context::Main => in_panes(model, entry.action),
        _ => in_overlay(model, entry.action),
    }
}

/// Why an action makes no sense now; empty where silence says enough.
fn not_now(model: &Model, action: Action) -> String {
    let Some(lane) = model.selection() else {
        return match action {
            Action::Open | Action::Back => String::new(),
            _ => "no lane is selected".to_owned(),
        };
    };
    let name = &lane.info.name;
    match action {
        Action::Release => format!("{name} is not held"),
        Action::Drill => format!("{name} is no sandbox lane: drills would hit a real upstream"),
        _ => String::new(),
    }
}

fn in_panes(model: &mut Model, action: Action) -> Option<Effect> {
    let page = isize::try_from(page(model)).unwrap_or(1);
    match action {
        Action::Down => scroll(model, 1),
        Action::Up => scroll(model, -1),
        Action::PageDown => scroll(model, page),
        Action::PageUp => scroll(model, -page),
        Action::First => scroll(model, isize::MIN),
        Action::Last => scroll(model, isize::MAX),
        Action::Open => {
            let audit = model.focus == Pane::Audit && model.zoom.is_none();
            model.zoom = Some(if audit { Pane::Audit } else { Pane::Detail });
        }
        Action::Back => back(model),
        Action::FocusNext => focus(model, true),
        Action::FocusPrevious => focus(model, false),
        Action::Zoom => {
            model.zoom = match model.zoom {
                Some(_) => None,
                None => Some(model.focus),
            };
        }
        Action::Filter => {
            let text = model.lanes.filter().text().to_owned();
            model.overlay = Some(Overlay::Filter(Input::new(text)));
        }
        Action::Sort => {
            let by = model.lanes.sort().by.next();
            resort(
                model,
                Sort {
                    by,
                    reversed: false,
                },
            );
        }
        Action::SortReverse => {
            let Sort { by, reversed } = model.lanes.sort();
            resort(
                model,
                Sort {
                    by,
                    reversed: !reversed,
                },
            );
        }
        Action::Help => model.overlay = Some(Overlay::Help { top: 0 }),
        Action::Redraw => return Some(Effect::Redraw),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Quit => return Some(Effect::Quit),
        Action::Rotate
        | Action::Refresh
        | Action::Pause
        | Action::Resume
        | Action::Release
        | Action::Drill => return on_lane(model, action),
        Action::Accept | Action::Cancel | Action::Yes | Action::Other => {}
    }
    None
}

fn on_lane(model: &mut Model, action: Action) -> Option<Effect> {
    let lane = model.selection()?.info.name.clone();
    let reason = |ask, lane| Overlay::Reason {
        ask,
        lane,
        input: Input::default(),
    };
    model.overlay = Some(match action {
        Action::Refresh => {
            let command = Command::Lane {
                lane: lane.clone(),
                verb: Verb::Refresh,
                by: Actor::Operator(model.operator.clone()),
            };
            return Some(send(model, command, &format!("refresh {lane}")));
        }
        Action::Rotate => Overlay::Confirm {
            ask: Ask::Rotate,
            lane,
            reason: Plain::new(""),
            choice: Choice::Cancel,
        },
        Action::Pause => reason(Ask::Pause, lane),
        Action::Resume => reason(Ask::Resume, lane),
        Action::Release => reason(Ask::Release, lane),
        Action::Drill => Overlay::Drills { lane, row: 0 },
        _ => return None,
    });
    None
}

fn send(model: &mut Model, command: Command, about: &str) -> Effect {
    let about = Plain::new(about);
    model.say(Tone::Note, format!("{about}: asked"));
    Effect::Send { command, about }
}

fn ask(model: &mut Model, ask: Ask, lane: LaneName, reason: Plain) -> Effect {
    let about = format!("{} {lane}", ask.as_str().to_lowercase());
    let by = Actor::Operator(model.operator.clone());
    send(model, ask.command(lane, reason, by), &about)
}

fn in_overlay(model: &mut Model, action: Action) -> Option<Effect> {
    if action == Action::Quit {
        return Some(Effect::Quit);
    }
    let overlay = model.overlay.take()?;
    match (overlay, action) {
        (Overlay::Help { top }, Action::Down | Action::PageDown | Action::Up | Action::PageUp) => {
            let page = isize::try_from(model.size.1)
                .unwrap_or(1)
                .saturating_sub(4)
                .max(1);
            let by = match action {
                Action::Down => 1,
                Action::Up => -1,
                Action::PageDown => page,
                _ => -page,
            };
            let top = top
                .saturating_add_signed(by)
                .min(view::help_last_top(model));
            model.overlay = Some(Overlay::Help { top });
        }
        (Overlay::Filter(_), Action::Cancel) => model.lanes.filter_by(Filter::default()),
        (Overlay::Filter(input), Action::Accept) => {
            model.lanes.filter_by(Filter::parse(input.value()));
        }
        (
            Overlay::Reason {
                ask: what,
                lane,
                input,
            },
            Action::Accept,
        ) => {
            return reasoned(model, what, lane, input);
        }
        (
            Overlay::Confirm {
                ask: what,
                lane,
                reason,
                choice,
            },
            Action::Yes | Action::Accept,
        ) => {
            if action == Action::Yes || choice == Choice::Go {
                return Some(ask(model, what, lane, reason));
            }
            model.say(Tone::Note, format!("{lane}: nothing was done"));
        }
        (
            Overlay::Confirm {
                ask,
                lane,
                reason,
                choice,
            },
            Action::Other,
        ) => {
            let choice = match choice {
                Choice::Cancel => Choice::Go,
                Choice::Go => Choice::Cancel,
            };
            model.overlay = Some(Overlay::Confirm {
                ask,
                lane,
                reason,
                choice,
            });
        }
        (Overlay::Confirm { lane, .. }, Action::Cancel) => {
            model.say(Tone::Note, format!("{lane}: nothing was done"));
        }
        (Overlay::Drills { lane, row }, Action::Down) => {
            let row = (row + 1).min(Drill::ALL.len() - 1);
            model.overlay = Some(Overlay::Drills { lane, row });
        }
        (Overlay::Drills { lane, row }, Action::Up) => {
            let row = row.saturating_sub(1);
            model.overlay = Some(Overlay::Drills { lane, row });
        }
        (Overlay::Drills { lane, row }, Action::Accept) => {
            let drill = *Drill::ALL.get(row)?;
            let about = format!("drill {drill} on {lane}");
            let by = Actor::Operator(model.operator.clone());
            return Some(send(model, Command::Drill { lane, drill, by }, &about));
        }
        _ => {}
    }
    None
}

fn reasoned(model: &mut Model, what: Ask, lane: LaneName, input: Input) -> Option<Effect> {
    let reason = Plain::new(input.value());
    if reason.is_empty() {
        model.say(Tone::Note, "a reason is needed: the audit keeps it");
        model.overlay = Some(Overlay::Reason {
            ask: what,
            lane,
            input,
        });
        return None;
    }
    if what == Ask::Release {
        model.overlay = Some(Overlay::Confirm {
            ask: what,
            lane,
            reason,
            choice: Choice::Cancel,
        });
        return None;
    }
    Some(ask(model, what, lane, reason))
}

fn edit(model: &mut Model, key: Key) {
    let request = match key.code {
        Code::Char('u') if key.ctrl => InputRequest::DeleteLine,
        Code::Char('w') if key.ctrl => InputRequest::DeletePrevWord,
        Code::Char('k') if key.ctrl => InputRequest::DeleteTillEnd,
        Code::Char('e') if key.ctrl => InputRequest::GoToEnd,
        Code::Char(c) if !key.ctrl && !key.alt && !c.is_control() => InputRequest::InsertChar(c),
        Code::Backspace => InputRequest::DeletePrevChar,
        Code::Delete => InputRequest::DeleteNextChar,
        Code::Left if key.ctrl => InputRequest::GoToPrevWord,
        Code::Right if key.ctrl => InputRequest::GoToNextWord,
        Code::Left => InputRequest::GoToPrevChar,
        Code::Right => InputRequest::GoToNextChar,
        Code::Home => InputRequest::GoToStart,
        Code::End => InputRequest::GoToEnd,
        _ => return,
    };
    type_into(model, &[request]);
}

/// A paste is text for the line being typed, never keys: what somebody pastes into the wrong
/// window must not rotate a credential.
fn paste(model: &mut Model, text: &str) {
    if model.context() == Context::Typing {
        let clean = Plain::new(text);
        let typed: Vec<_> = clean
            .as_str()
            .chars()
            .map(InputRequest::InsertChar)
            .collect();
        type_into(model, &typed);
    } else {
        model.say(Tone::Note, "pasted text was ignored");
    }
}

fn type_into(model: &mut Model, requests: &[InputRequest]) {
    let filter = match &mut model.overlay {
        Some(Overlay::Filter(input)) => {
            for request in requests {
                input.handle(*request);
            }
            Filter::parse(input.value())
        }
        Some(Overlay::Reason { input, .. }) => {
            for request in requests {
                input.handle(*request);
            }
            return;
        }
        _ => return,
    };
    model.lanes.filter_by(filter);
}

fn resort(model: &mut Model, sort: Sort) {
    model.lanes.sort_by(sort);
    let way = if sort.reversed { ", reversed" } else { "" };
    model.say(Tone::Note, format!("sorted by {}{way}", sort.by.as_str()));
}

fn back(model: &mut Model) {
    if model.zoom.take().is_some() {
        return;
    }
    if model.audit_at.take().is_none() {
        model.lanes.filter_by(Filter::default());
    }
}

/// The pane that moves act on.
fn active(model: &Model) -> Pane {
    model.zoom.unwrap_or(model.focus)
}

fn focus(model: &mut Model, forward: bool) {
    const ROUND: [Pane; 3] = [Pane::Lanes, Pane::Detail, Pane::Audit];
    let layout = Layout::of(model);
    let current = active(model);
    let at = ROUND.iter().position(|pane| *pane == current).unwrap_or(0);
    let step = if forward { 1 } else { ROUND.len() - 1 };
    let mut candidates = (1..=ROUND.len()).filter_map(|turn| ROUND.get((at + turn * step) % 3));
    let next = candidates.find(|pane| model.zoom.is_some() || layout.shows(**pane));
    if let Some(next) = next {
        model.focus = *next;
        if model.zoom.is_some() {
            model.zoom = Some(*next);
        }
    }
}

fn page(model: &Model) -> usize {
    let layout = Layout::of(model);
    let rows = match active(model) {
        Pane::Lanes => layout.lane_rows(),
        Pane::Detail => layout.detail_rows(),
        Pane::Audit => layout.audit_rows(),
    };
    usize::from(rows).saturating_sub(1).max(1)
}

fn scroll(model: &mut Model, by: isize) {
    match active(model) {
        Pane::Lanes => model.select_row(model.row().saturating_add_signed(by)),
        Pane::Detail => {
            let rows = usize::from(Layout::of(model).detail_rows());
            let last = view::detail_lines(model).saturating_sub(rows);
            model.detail_top = model.detail_top.saturating_add_signed(by).min(last);
        }
        Pane::Audit => {
            let rows = usize::from(Layout::of(model).audit_rows());
            let last = model.journal.len().saturating_sub(1);
            let bottom = model.audit_at.map_or(last, |at| model.journal.index_of(at));
            let next = bottom.saturating_add_signed(by).max(rows.saturating_sub(1));
            let held = model.journal.at(next).filter(|_| next < last);
            model.audit_at = held.map(|record| record.seq);
        }
    }
}
