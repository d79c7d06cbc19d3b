//! What keys do while a dialog, a line of text or the help page has them.

use super::{Effect, columns, copy, order, palette, send, trail};
use crate::engine::Command;
use crate::lane::Actor;
use crate::plain::Plain;
use crate::sandbox::Drill;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{Choice, Field, Filter, Model, Overlay, Tone};
use crate::tui::view;
use tui_input::InputRequest;

pub(super) fn act(model: &mut Model, action: Action) -> Option<Effect> {
    if action == Action::Quit {
        return Some(Effect::Quit);
    }
    if matches!(action, Action::Complete | Action::CompleteBack) {
        palette::complete(model, action == Action::Complete);
        return None;
    }
    model.cycle = None;
    let overlay = model.overlay.take()?;
    match (overlay, action) {
        (Overlay::Palette(line), action) => return palette::act(model, line, action),
        (Overlay::Record(page), Action::Copy) => {
            let record = page.record().cloned();
            model.trail.release();
            copy::offer(model, record.as_deref());
        }
        (Overlay::Record(page), action) => trail::record_key(model, page, action),
        (Overlay::Export { path, form, choice }, action) => {
            trail::export_key(model, path, form, choice, action);
        }
        (Overlay::Copy { choices, row }, action) => copy::act(model, choices, row, action),
        (Overlay::Search(input), Action::Accept) => trail::search(model, input.value()),
        (Overlay::Records(_), Action::Cancel) => trail::filter(model, ""),
        (Overlay::Records(input), Action::Accept) => trail::filter(model, input.value()),
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
        (Overlay::Form(form), action) => return order::form(model, form, action),
        (Overlay::Confirm { order, choice }, Action::Yes | Action::Accept) => {
            if action == Action::Yes || choice == Choice::Go {
                return order::send(model, &order);
            }
            order::nothing_done(model, &order);
        }
        (Overlay::Confirm { order, choice }, Action::Other) => {
            let choice = match choice {
                Choice::Cancel => Choice::Go,
                Choice::Go => Choice::Cancel,
            };
            model.overlay = Some(Overlay::Confirm { order, choice });
        }
        (Overlay::Confirm { order, .. }, Action::Cancel) => order::nothing_done(model, &order),
        (Overlay::Columns { row }, action) => columns::act(model, row, action),
        (Overlay::Drills { .. }, Action::Receipts) => {
            model.overlay = Some(Overlay::Receipts { row: 0 });
        }
        (Overlay::Receipts { row }, Action::Down | Action::Up) => {
            let last = model.receipts.len().saturating_sub(1);
            let row = match action {
                Action::Down => (row + 1).min(last),
                _ => row.saturating_sub(1),
            };
            model.overlay = Some(Overlay::Receipts { row });
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

pub(super) fn edit(model: &mut Model, key: Key) {
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
pub(super) fn paste(model: &mut Model, text: &str) {
    let typing = [Context::Typing, Context::Form, Context::Palette];
    if typing.contains(&model.context()) {
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
    model.cycle = None;
    let filter = match &mut model.overlay {
        Some(Overlay::Filter(input)) => {
            for request in requests {
                input.handle(*request);
            }
            Filter::parse(input.value())
        }
        Some(Overlay::Search(input)) => {
            for request in requests {
                input.handle(*request);
            }
            return;
        }
        Some(Overlay::Records(input)) => {
            for request in requests {
                input.handle(*request);
            }
            let text = input.value().to_owned();
            trail::filter(model, &text);
            return;
        }
        Some(Overlay::Palette(line)) => {
            for request in requests {
                line.input.handle(*request);
            }
            line.trouble = None;
            return;
        }
        Some(Overlay::Form(form)) => {
            let line = match form.field {
                Field::Why => &mut form.why,
                Field::Lasts => &mut form.lasts,
            };
            for request in requests {
                line.handle(*request);
            }
            return;
        }
        _ => return,
    };
    model.lanes.filter_by(filter);
}
