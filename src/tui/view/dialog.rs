//! Questions: a reason, a confirmation, a drill. Each says which lane it is about, and the keys
//! that answer it.

use super::canvas::{Canvas, centered};
use super::footer::line_input;
use crate::engine::LaneView;
use crate::lane::{LaneName, SideEffect};
use crate::sandbox::Drill;
use crate::tui::model::{Ask, Choice, Model, Overlay};
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use std::sync::Arc;

const WIDTH: u16 = 72;

pub(super) fn draw(model: &Model, overlay: &Overlay, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let screen = Rect::new(0, 0, width, height.saturating_sub(1));
    match overlay {
        Overlay::Reason { ask, lane, input } => {
            let area = centered(screen, WIDTH, 7);
            let style = canvas.role(Role::Dialog);
            let inner = canvas.frame(area, &format!("{} {lane}", ask.as_str()), style);
            let text = canvas.role(Role::Text);
            let key = canvas.role(Role::Key);
            say(canvas, inner, 0, ask.consequence(), Role::Text);
            let x = canvas.text(inner.x, inner.y + 2, inner.right(), "why? ", key);
            line_input(input, x, inner.y + 2, inner.right(), canvas);
            let hint = "enter take it   esc drop it   the audit keeps the reason";
            canvas.text(inner.x, inner.y + 4, inner.right(), hint, text);
        }
        Overlay::Confirm {
            ask,
            lane,
            reason,
            choice,
        } => {
            confirm(model, *ask, lane, reason.as_str(), *choice, screen, canvas);
        }
        Overlay::Drills { lane, row } => drills(lane, *row, screen, canvas),
        Overlay::Help { .. } | Overlay::Filter(_) => {}
    }
}

fn say(canvas: &mut Canvas<'_>, inner: Rect, row: u16, line: &str, role: Role) {
    if row < inner.height {
        let style = canvas.role(role);
        canvas.text(inner.x, inner.y + row, inner.right(), line, style);
    }
}

fn confirm(
    model: &Model,
    ask: Ask,
    lane: &LaneName,
    reason: &str,
    choice: Choice,
    screen: Rect,
    canvas: &mut Canvas<'_>,
) {
    let area = centered(screen, WIDTH, 9);
    let style = canvas.role(Role::Danger);
    let inner = canvas.frame(area, &format!("{} {lane}?", ask.as_str()), style);
    say(canvas, inner, 0, ask.consequence(), Role::Text);
    match model.lanes.get(lane) {
        Some(view) => {
            say(
                canvas,
                inner,
                1,
                &route(view, canvas.look.symbols.arrow),
                Role::Text,
            );
            say(canvas, inner, 2, effect(view), Role::Warn);
        }
        None => say(
            canvas,
            inner,
            1,
            "The manifest no longer has this lane.",
            Role::Bad,
        ),
    }
    if !reason.is_empty() {
        say(canvas, inner, 3, &format!("Reason: {reason}"), Role::Text);
    }
    let y = inner.y + inner.height.saturating_sub(2);
    let (plain, marked) = (canvas.role(Role::Text), canvas.role(Role::Selection));
    let pick = |this| if choice == this { marked } else { plain };
    let x = canvas.text(
        inner.x,
        y,
        inner.right(),
        "[ Cancel ]",
        pick(Choice::Cancel),
    );
    let go = format!("[ {} ]", ask.as_str());
    canvas.text(x + 2, y, inner.right(), &go, pick(Choice::Go));
    let hint = format!(
        "y {}   n cancel   tab other button   enter press it",
        ask.as_str().to_lowercase()
    );
    say(
        canvas,
        inner,
        inner.height.saturating_sub(1),
        &hint,
        Role::Text,
    );
}

fn route(lane: &Arc<LaneView>, arrow: &str) -> String {
    let route = &lane.info.route;
    let tool = route
        .tool
        .as_ref()
        .map_or("every tool", |tool| tool.as_str());
    format!("Route: {} {arrow} {tool}", lane.info.provider)
}

fn effect(lane: &LaneView) -> &'static str {
    match lane.info.route.effect {
        SideEffect::Read => "Side effect: read. Its calls only read.",
        SideEffect::Write => "Side effect: write. Its calls change things.",
        SideEffect::Destructive => "Side effect: destructive. Its calls cannot be undone.",
    }
}

fn drills(lane: &LaneName, row: usize, screen: Rect, canvas: &mut Canvas<'_>) {
    let rows = u16::try_from(Drill::ALL.len()).unwrap_or(u16::MAX);
    let area = centered(screen, 60, rows + 4);
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, &format!("drill on {lane}"), style);
    let (text, key, marked) = (
        canvas.role(Role::Text),
        canvas.role(Role::Key),
        canvas.role(Role::Selection),
    );
    let visible = usize::from(inner.height.saturating_sub(2)).max(1);
    let top = (row + 1).saturating_sub(visible);
    for (y, (at, drill)) in
        (inner.y..inner.bottom().saturating_sub(2)).zip(Drill::ALL.iter().enumerate().skip(top))
    {
        let chosen = at == row;
        if chosen {
            canvas
                .buffer
                .set_style(Rect::new(inner.x, y, inner.width, 1), marked);
        }
        let pick = |style| if chosen { marked } else { style };
        canvas.text(inner.x + 1, y, inner.right(), drill.as_str(), pick(key));
        canvas.text(inner.x + 12, y, inner.right(), drill.about(), pick(text));
    }
    let hint = "j/k choose   enter run it   esc close";
    say(
        canvas,
        inner,
        inner.height.saturating_sub(1),
        hint,
        Role::Text,
    );
}
