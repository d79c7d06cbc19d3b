//! Questions: a reason and a span, a confirmation, a drill. Each says which lanes it is about, and
//! the keys that answer it.

use super::canvas::{Canvas, centered};
use super::footer::{self, line_input};
use super::stopwatch;
use crate::engine::LaneView;
use crate::lane::{LaneName, SideEffect};
use crate::plain::Plain;
use crate::sandbox::Drill;
use crate::tui::archive::Form;
use crate::tui::model::{
    Ask, Choice, Field, Form as ReasonForm, Model, Order, Overlay, PRESETS, parse_lasts,
};
use crate::tui::span;
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use std::path::Path;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

const WIDTH: u16 = 72;

pub(super) fn draw(model: &Model, overlay: &Overlay, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let screen = Rect::new(0, 0, width, height.saturating_sub(1));
    match overlay {
        Overlay::Form(form) => draw_form(model, form, screen, canvas),
        Overlay::Confirm { order, choice } => confirm(model, order, *choice, screen, canvas),
        Overlay::Drills { lane, row } => drills(model, lane, *row, screen, canvas),
        Overlay::Export { path, form, choice } => {
            export(model, path, *form, *choice, screen, canvas);
        }
        Overlay::Copy { choices, row } => copy(model, choices, *row, screen, canvas),
        Overlay::Help { .. }
        | Overlay::Filter(_)
        | Overlay::Receipts { .. }
        | Overlay::Search(_)
        | Overlay::Records(_)
        | Overlay::Palette(_)
        | Overlay::Record(_)
        | Overlay::Columns { .. } => {}
    }
}

fn say(canvas: &mut Canvas<'_>, inner: Rect, row: u16, line: &str, role: Role) {
    if row < inner.height {
        let style = canvas.role(role);
        canvas.text(inner.x, inner.y + row, inner.right(), line, style);
    }
}

fn draw_form(model: &Model, form: &ReasonForm, screen: Rect, canvas: &mut Canvas<'_>) {
    let order = &form.order;
    let pause = order.ask == Ask::Pause;
    let several = order.lanes.len() > 1;
    let height = 8 + u16::from(several) + if pause { 2 } else { 0 };
    let area = centered(screen, WIDTH, height);
    let style = canvas.role(Role::Dialog);
    let title = format!("{} {}", order.ask.as_str(), order.about());
    let inner = canvas.frame(area, &title, style);
    say(canvas, inner, 0, order.ask.consequence(), Role::Text);
    if several {
        say(canvas, inner, 1, &names(order, inner.width), Role::Text);
    }
    let mut row = 2 + u16::from(several);
    let line = |label: &str, input: &Input, field, row, canvas: &mut Canvas<'_>| {
        let y = inner.y + row;
        let key = canvas.role(Role::Key);
        let x = canvas.text(inner.x, y, inner.right(), label, key) + 1;
        if form.field == field {
            line_input(input, x, y, inner.right(), canvas);
        } else {
            let text = canvas.role(Role::Text);
            canvas.text(x, y, inner.right(), input.value(), text);
        }
    };
    if pause {
        line("why?     ", &form.why, Field::Why, row, canvas);
        line("how long?", &form.lasts, Field::Lasts, row + 1, canvas);
        row += 2;
        let told = match parse_lasts(form.lasts.value()) {
            Ok(None) => ("until somebody resumes it".to_owned(), Role::Text),
            Ok(Some(lasts)) => {
                let now = model.now.wall;
                let until = span::moment(now, now.plus(lasts));
                (format!("until {until}, then pre-flight runs"), Role::Text)
            }
            Err(trouble) => (trouble, Role::Bad),
        };
        let indent = Rect::new(
            inner.x + 10,
            inner.y,
            inner.width.saturating_sub(10),
            inner.height,
        );
        say(canvas, indent, row, &told.0, told.1);
        row += 1;
        presets(form.lasts.value(), inner, row, canvas);
    } else {
        line("why?", &form.why, Field::Why, row, canvas);
    }
    if !pause {
        let kept = "The audit keeps the reason.";
        say(canvas, inner, row + 1, kept, Role::Text);
    }
    footer::keys(model, inner, canvas);
}

/// The spans that can be picked, the present one marked.
fn presets(typed: &str, inner: Rect, row: u16, canvas: &mut Canvas<'_>) {
    if row >= inner.height {
        return;
    }
    let (text, marked) = (canvas.role(Role::Text), canvas.role(Role::Selection));
    let mut x = inner.x + 10;
    for preset in PRESETS {
        let label = if preset.is_empty() { "no end" } else { preset };
        let style = if preset == typed.trim() { marked } else { text };
        x = canvas.text(x, inner.y + row, inner.right(), label, style) + 2;
    }
}

/// As many names as fit, and how many more there are.
fn names(order: &Order, width: u16) -> String {
    let room = usize::from(width);
    let mut line = String::new();
    for (at, lane) in order.lanes.iter().enumerate() {
        let gap = if at == 0 { "" } else { ", " };
        let behind = order.lanes.len() - at - 1;
        let more = if behind == 0 {
            String::new()
        } else {
            format!(" and {behind} more")
        };
        if at > 0 && line.width() + gap.len() + lane.as_str().width() + more.len() > room {
            let left = order.lanes.len() - at;
            line.push_str(&format!(" and {left} more"));
            break;
        }
        line.push_str(gap);
        line.push_str(lane.as_str());
    }
    line
}

fn confirm(model: &Model, order: &Order, choice: Choice, screen: Rect, canvas: &mut Canvas<'_>) {
    let ask = order.ask;
    let mut lines: Vec<(String, Role)> = vec![(ask.consequence().to_owned(), Role::Text)];
    let width = WIDTH.min(screen.width).saturating_sub(4);
    if let [only] = order.lanes.as_slice() {
        match model.lanes.get(only) {
            Some(lane) => {
                lines.push((route(lane, canvas.look.symbols.arrow), Role::Text));
                lines.push((effect(lane).to_owned(), Role::Warn));
            }
            None => lines.push((
                "The manifest no longer has this lane.".to_owned(),
                Role::Bad,
            )),
        }
    } else {
        lines.push((names(order, width), Role::Text));
        lines.push((effects(model, order), Role::Warn));
        let gone = order.lanes.iter();
        let gone = gone.filter(|name| model.lanes.get(name).is_none()).count();
        if gone > 0 {
            lines.push((format!("{gone} of them left the manifest."), Role::Bad));
        }
    }
    let hidden = order.lanes.iter();
    let hidden = hidden.filter(|name| !model.lanes.is_shown(name)).count();
    if hidden > 0 {
        lines.push((
            format!("{hidden} of them hidden by the filter."),
            Role::Warn,
        ));
    }
    if order.left_out > 0 {
        let why = match ask {
            Ask::Pause => "paused already",
            Ask::Resume => "not paused",
            Ask::Release => "not held",
            Ask::Refresh | Ask::Rotate => "not possible",
        };
        lines.push((format!("{} left out: {why}.", order.left_out), Role::Text));
    }
    if !order.reason.is_empty() {
        lines.push((format!("Reason: {}", order.reason), Role::Text));
    }
    if let Some(lasts) = order.lasts {
        let now = model.now.wall;
        let until = span::moment(now, now.plus(lasts));
        lines.push((format!("Until {until}, then pre-flight runs."), Role::Text));
    }

    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = centered(screen, WIDTH, rows.saturating_add(5).max(9));
    let danger = ask.is_dangerous();
    let style = canvas.role(if danger { Role::Danger } else { Role::Dialog });
    let title = format!("{} {}?", ask.as_str(), order.about());
    let inner = canvas.frame(area, &title, style);
    for (row, (line, role)) in (0..inner.height.saturating_sub(2)).zip(&lines) {
        say(canvas, inner, row, line, *role);
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
    footer::keys(model, inner, canvas);
}

fn route(lane: &LaneView, arrow: &str) -> String {
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

/// How many of the lanes destroy, write and read.
fn effects(model: &Model, order: &Order) -> String {
    let classes = [SideEffect::Destructive, SideEffect::Write, SideEffect::Read];
    let counted = classes.into_iter().filter_map(|class| {
        let lanes = order.lanes.iter().filter_map(|name| model.lanes.get(name));
        let count = lanes.filter(|lane| lane.info.route.effect == class).count();
        (count > 0).then(|| format!("{count} {}", class.as_str()))
    });
    let counted: Vec<_> = counted.collect();
    format!("Side effects: {}.", counted.join(", "))
}

fn export(
    model: &Model,
    path: &Path,
    form: Form,
    choice: Choice,
    screen: Rect,
    canvas: &mut Canvas<'_>,
) {
    let which = match model.trail.filter().text() {
        "" => "Every record of the journal.".to_owned(),
        text => format!("The records that fit {text:?}."),
    };
    let how = match form {
        Form::Jsonl => "As the journal has them: JSON lines, with their hashes.",
        Form::Csv => "As a table: CSV.",
    };
    let width = WIDTH.min(screen.width).saturating_sub(4).max(8);
    let mut lines = vec![(which, Role::Text), (how.to_owned(), Role::Text)];
    // The whole path is shown, however long it is.
    let shown = Plain::new(&path.to_string_lossy());
    let mut letters = shown.as_str().chars().peekable();
    while letters.peek().is_some() {
        let part: String = letters.by_ref().take(usize::from(width)).collect();
        lines.push((part, Role::Key));
    }
    lines.push((
        "A file of that name is never overwritten.".to_owned(),
        Role::Text,
    ));
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = centered(screen, WIDTH, rows.saturating_add(5));
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, "Export the audit?", style);
    for (row, (line, role)) in (0..inner.height.saturating_sub(2)).zip(&lines) {
        say(canvas, inner, row, line, *role);
    }
    let y = inner.y + inner.height.saturating_sub(2);
    let (plain, marked) = (canvas.role(Role::Text), canvas.role(Role::Selection));
    let pick = |this| if choice == this { marked } else { plain };
    let cancel = pick(Choice::Cancel);
    let x = canvas.text(inner.x, y, inner.right(), "[ Cancel ]", cancel);
    canvas.text(x + 2, y, inner.right(), "[ Export ]", pick(Choice::Go));
    footer::keys(model, inner, canvas);
}

fn copy(
    model: &Model,
    choices: &[(&'static str, String)],
    row: usize,
    screen: Rect,
    canvas: &mut Canvas<'_>,
) {
    let rows = u16::try_from(choices.len()).unwrap_or(u16::MAX);
    let area = centered(screen, WIDTH, rows.saturating_add(4));
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, "copy to the terminal's clipboard", style);
    let (text, key, marked) = (
        canvas.role(Role::Text),
        canvas.role(Role::Key),
        canvas.role(Role::Selection),
    );
    for (y, (at, (what, value))) in (inner.y..inner.bottom()).zip(choices.iter().enumerate()) {
        let chosen = at == row;
        if chosen {
            let line = Rect::new(inner.x, y, inner.width, 1);
            canvas.buffer.set_style(line, marked);
        }
        let pick = |style| if chosen { marked } else { style };
        canvas.text(inner.x, y, inner.right(), what, pick(key));
        canvas.text(inner.x + 15, y, inner.right(), value, pick(text));
    }
    footer::keys(model, inner, canvas);
}

fn drills(model: &Model, lane: &LaneName, row: usize, screen: Rect, canvas: &mut Canvas<'_>) {
    let rows = u16::try_from(Drill::ALL.len()).unwrap_or(u16::MAX);
    let known = model.receipts.of(lane);
    let told = known.map_or_else(Vec::new, |receipt| stopwatch::lines(model, receipt));
    // The menu comes first: on a small screen the stopwatch is what is left out.
    let more = u16::try_from(told.len()).unwrap_or(u16::MAX);
    let more = if more > 0 && screen.height >= rows + more + 5 {
        more + 1
    } else {
        0
    };
    let area = centered(screen, 60, rows + 4 + more);
    let style = canvas.role(Role::Dialog);
    let inner = canvas.frame(area, &format!("drill on {lane}"), style);
    let (text, key, marked) = (
        canvas.role(Role::Text),
        canvas.role(Role::Key),
        canvas.role(Role::Selection),
    );
    let visible = usize::from(inner.height.saturating_sub(2 + more)).max(1);
    let top = (row + 1).saturating_sub(visible);
    for (y, (at, drill)) in (inner.y..inner.bottom().saturating_sub(2 + more))
        .zip(Drill::ALL.iter().enumerate().skip(top))
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
    if more > 0 {
        for (row, (line, role)) in (inner.height.saturating_sub(1 + more)..).zip(&told) {
            say(canvas, inner, row, line, *role);
        }
    }
    footer::keys(model, inner, canvas);
}
