//! From a key to the engine: who is meant, why, for how long, whether it is really wanted.

use super::{Effect, send as send_one};
use crate::engine::{LaneView, Refusal};
use crate::lane::{Actor, Gate, LaneName};
use crate::plain::Plain;
use crate::tui::keymap::Action;
use crate::tui::model::{
    Ask, Choice, Field, Form, Model, Order, Overlay, PRESETS, Tone, parse_lasts,
};
use std::time::Duration;
use tui_input::Input;

/// Begins an order for the marked lanes, the selected group or the selected lane: asks for what is
/// still needed, or sends it at once.
pub(super) fn begin(model: &mut Model, ask: Ask) -> Option<Effect> {
    begin_with(model, ask, &[], Plain::new(""), None)
}

/// Whether it can be asked of a lane now.
pub(super) fn is_for(ask: Ask, lane: &LaneView) -> bool {
    match ask {
        Ask::Release => lane.gate == Gate::Held,
        Ask::Pause => lane.pause.is_none(),
        Ask::Resume => lane.pause.is_some(),
        Ask::Refresh | Ask::Rotate => true,
    }
}

/// The same for the lanes that are named, if any are, with what is known of it already.
pub(super) fn begin_with(
    model: &mut Model,
    ask: Ask,
    named: &[LaneName],
    reason: Plain,
    lasts: Option<Duration>,
) -> Option<Effect> {
    let targets = if named.is_empty() {
        model.targets()
    } else {
        let known = named.iter().filter_map(|name| model.lanes.get(name));
        known.collect()
    };
    let meant = targets.iter().filter(|lane| is_for(ask, lane));
    let lanes: Vec<LaneName> = meant.map(|lane| lane.info.name.clone()).collect();
    if lanes.is_empty() {
        return None;
    }
    let order = Order {
        ask,
        left_out: targets.len() - lanes.len(),
        lanes,
        reason,
        lasts,
    };
    if ask.needs_reason() && order.reason.is_empty() {
        let lasts = lasts.map(|lasts| humantime::format_duration(lasts).to_string());
        model.overlay = Some(Overlay::Form(Form {
            order,
            why: Input::default(),
            lasts: Input::new(lasts.unwrap_or_default()),
            field: Field::Why,
        }));
        return None;
    }
    complete(model, order)
}

/// Asks once more where that is due: for what cannot be undone, and for more than one lane.
fn complete(model: &mut Model, order: Order) -> Option<Effect> {
    if order.is_confirmed() {
        model.overlay = Some(Overlay::Confirm {
            order,
            choice: Choice::Cancel,
        });
        return None;
    }
    send(model, &order)
}

/// What keys that are no letters do in a form.
pub(super) fn form(model: &mut Model, mut form: Form, action: Action) -> Option<Effect> {
    match action {
        Action::Accept => return accept(model, form),
        Action::Cancel => {
            nothing_done(model, &form.order);
            return None;
        }
        Action::Other => {
            form.field = match form.field {
                Field::Why => Field::Lasts,
                Field::Lasts => Field::Why,
            };
        }
        Action::Down | Action::Up => {
            let typed = form.lasts.value();
            let at = PRESETS.iter().position(|preset| *preset == typed);
            let last = PRESETS.len() - 1;
            let next = match (at, action) {
                (None, _) => 0,
                (Some(at), Action::Down) => (at + 1).min(last),
                (Some(at), _) => at.saturating_sub(1),
            };
            let preset = PRESETS.get(next).copied().unwrap_or_default();
            form.lasts = Input::new(preset.to_owned());
        }
        _ => {}
    }
    model.overlay = Some(Overlay::Form(form));
    None
}

fn accept(model: &mut Model, mut form: Form) -> Option<Effect> {
    let reason = Plain::new(form.why.value());
    let trouble = match parse_lasts(form.lasts.value()) {
        Err(trouble) => {
            form.field = Field::Lasts;
            trouble
        }
        Ok(_) if reason.is_empty() => {
            form.field = Field::Why;
            "a reason is needed: the audit keeps it".to_owned()
        }
        Ok(lasts) => {
            let order = Order {
                reason,
                lasts,
                ..form.order
            };
            return complete(model, order);
        }
    };
    model.say(Tone::Note, trouble);
    model.overlay = Some(Overlay::Form(form));
    None
}

/// Hands an order to the loop and says so.
pub(super) fn send(model: &mut Model, order: &Order) -> Option<Effect> {
    let about = format!("{} {}", order.ask.verb(), order.about());
    let by = Actor::Operator(model.operator.clone());
    let mut commands = order.commands(model.now.wall, &by);
    if commands.len() > 1 {
        let about = Plain::new(&about);
        model.say(Tone::Note, format!("{about}: asked"));
        return Some(Effect::SendAll { commands, about });
    }
    let command = commands.pop()?;
    Some(send_one(model, command, &about))
}

pub(super) fn nothing_done(model: &mut Model, order: &Order) {
    model.say(Tone::Note, format!("{}: nothing was done", order.about()));
}

/// Says how an order for many lanes came out.
pub(super) fn answered(
    model: &mut Model,
    about: &Plain,
    done: usize,
    refused: &[(LaneName, Refusal)],
) {
    match refused {
        [] => model.say(Tone::Good, format!("{about}: under way")),
        [(lane, why), rest @ ..] => {
            let others = match rest.len() {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            let text = format!("{about}: {done} under way; {lane} refused: {why}{others}");
            model.say(Tone::Bad, text);
        }
    }
}
