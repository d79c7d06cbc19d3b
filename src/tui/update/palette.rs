//! What keys do while an action is typed, and how proposals are taken over.

use super::{Effect, not_now, order, panes, send, trail};
use crate::engine::Command;
use crate::lane::Actor;
use crate::tui::keymap::{Action, Takes};
use crate::tui::model::{Ask, Filter, Line, Model, Overlay, Palette, Pane, Sort, Tone};
use std::path::PathBuf;
use tui_input::Input;

/// Lines that are remembered.
const REMEMBERED: usize = 50;

pub(super) fn act(model: &mut Model, mut palette: Palette, action: Action) -> Option<Effect> {
    match action {
        Action::Accept => return accept(model, palette),
        Action::Up | Action::Down => {
            palette.back = if action == Action::Up {
                (palette.back + 1).min(model.typed.len())
            } else {
                palette.back.saturating_sub(1)
            };
            let at = model.typed.len() - palette.back;
            let text = model.typed.get(at).cloned().unwrap_or_default();
            palette.input = Input::new(text);
            palette.trouble = None;
        }
        _ => return None,
    }
    model.cycle = None;
    model.overlay = Some(Overlay::Palette(palette));
    None
}

/// Takes the next proposal into the line, or the one before.
pub(super) fn complete(model: &mut Model, forward: bool) {
    let proposals = model.proposals();
    let count = proposals.words.len();
    if count == 0 {
        return;
    }
    let current = match &model.overlay {
        Some(Overlay::Filter(input) | Overlay::Records(input)) => input.value().to_owned(),
        Some(Overlay::Palette(palette)) => palette.input.value().to_owned(),
        _ => return,
    };
    let (typed, at) = match model.cycle.take() {
        None => (current, if forward { 0 } else { count - 1 }),
        Some((typed, at)) => {
            let step = if forward { 1 } else { count - 1 };
            (typed, (at + step) % count)
        }
    };
    let Some((word, _)) = proposals.words.get(at) else {
        return;
    };
    let head = typed.get(..proposals.from).unwrap_or_default();
    let part = typed.get(proposals.from..).unwrap_or_default();
    let part = part.to_lowercase();
    let begun = proposals.words.iter();
    let begun = begun.filter(|(word, _)| word.to_lowercase().starts_with(&part));
    // The only word that there can be is taken for good; but a field waits for its value.
    let only = (count == 1 || at == 0 && begun.count() == 1) && !word.ends_with(':');
    let text = format!("{head}{word}{}", if only { " " } else { "" });
    if !only && count > 1 {
        model.cycle = Some((typed, at));
    }
    match &mut model.overlay {
        Some(Overlay::Filter(input)) => {
            *input = Input::new(text);
            let filter = Filter::parse(input.value());
            model.lanes.filter_by(filter);
        }
        Some(Overlay::Records(input)) => {
            *input = Input::new(text.clone());
            trail::filter(model, &text);
        }
        Some(Overlay::Palette(palette)) => {
            palette.input = Input::new(text);
            palette.trouble = None;
        }
        _ => {}
    }
}

fn accept(model: &mut Model, mut palette: Palette) -> Option<Effect> {
    let typed = palette.input.value().trim().to_owned();
    if typed.is_empty() {
        return None;
    }
    let tried = Line::read(model, &typed).and_then(|line| possible(model, line));
    match tried {
        Err(trouble) => {
            palette.trouble = Some(trouble);
            model.overlay = Some(Overlay::Palette(palette));
            None
        }
        Ok(line) => {
            model.typed.retain(|known| *known != typed);
            model.typed.push(typed);
            if model.typed.len() > REMEMBERED {
                model.typed.remove(0);
            }
            perform(model, line)
        }
    }
}

/// The line, unless it cannot be done now.
fn possible(model: &Model, line: Line) -> Result<Line, String> {
    let entry = line.entry;
    if entry.command && model.read_only {
        return Err(format!("read-only: {} is off", entry.label));
    }
    let needs_pane = matches!(
        entry.action,
        Action::Search | Action::Records | Action::Export
    );
    if line.lanes.is_empty() && !needs_pane && !(entry.enabled)(model) {
        let why = not_now(model, entry.action);
        let why = if why.is_empty() {
            format!(
                "{} makes no sense here now",
                entry.action.name().replace('_', "-")
            )
        } else {
            why
        };
        return Err(why);
    }
    if let (Some(ask), false) = (ask(entry.action), line.lanes.is_empty()) {
        let meant = line.lanes.iter().filter_map(|name| model.lanes.get(name));
        let mut meant = meant.filter(|lane| order::is_for(ask, lane));
        if meant.next().is_none() {
            let names: Vec<_> = line.lanes.iter().map(ToString::to_string).collect();
            let state = match ask {
                Ask::Release => "not held",
                Ask::Resume => "not paused",
                _ => "paused already",
            };
            return Err(format!("{}: {state}", names.join(", ")));
        }
    }
    Ok(line)
}

const fn ask(action: Action) -> Option<Ask> {
    match action {
        Action::Refresh => Some(Ask::Refresh),
        Action::Rotate => Some(Ask::Rotate),
        Action::Pause => Some(Ask::Pause),
        Action::Resume => Some(Ask::Resume),
        Action::Release => Some(Ask::Release),
        _ => None,
    }
}

fn perform(model: &mut Model, line: Line) -> Option<Effect> {
    let action = line.entry.action;
    if let Some(ask) = ask(action) {
        return order::begin_with(model, ask, &line.lanes, line.text, line.lasts);
    }
    let text = line.text.as_str();
    match (action, line.entry.takes) {
        (Action::Drill, _) => {
            let lane = match line.lanes.into_iter().next() {
                Some(lane) => lane,
                None => model.selection()?.info.name.clone(),
            };
            let Some(drill) = line.drill else {
                model.overlay = Some(Overlay::Drills { lane, row: 0 });
                return None;
            };
            let by = Actor::Operator(model.operator.clone());
            let about = format!("drill {drill} on {lane}");
            return Some(send(model, Command::Drill { lane, drill, by }, &about));
        }
        (Action::Filter, _) if !text.is_empty() => model.lanes.filter_by(Filter::parse(text)),
        (Action::Records, _) if !text.is_empty() => {
            to_audit(model);
            trail::filter(model, text);
        }
        (Action::Search, _) if !text.is_empty() => {
            to_audit(model);
            trail::search(model, text);
        }
        (Action::Export, _) => {
            let path = (!text.is_empty()).then(|| PathBuf::from(text));
            trail::export(model, path);
        }
        (Action::Sort, _) if line.column.is_some() => {
            let by = line.column?.sort();
            let reversed = false;
            panes::resort(model, Sort { by, reversed });
        }
        (Action::Group, _) if line.group.is_some() => panes::group(model, line.group?),
        (_, Takes::Lane) if !line.lanes.is_empty() => {
            let name = line.lanes.first()?.clone();
            model.lanes.refresh();
            let Some(row) = model.lanes.row_of(&name) else {
                model.say(
                    Tone::Note,
                    format!("{name} is hidden by the filter or a fold"),
                );
                return None;
            };
            model.select_row(row);
            model.focus = Pane::Lanes;
            return panes::act(model, action);
        }
        (Action::Search | Action::Records, _) => {
            to_audit(model);
            trail::act(model, action);
        }
        _ => return panes::act(model, action),
    }
    None
}

/// Gives the audit the keys.
fn to_audit(model: &mut Model) {
    model.focus = Pane::Audit;
    if model.zoom.is_some() {
        model.zoom = Some(Pane::Audit);
    }
}
