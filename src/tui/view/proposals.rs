//! What could come next in the line that is being typed: a list above it.

use super::canvas::Canvas;
use crate::tui::keymap::Takes;
use crate::tui::model::{Line, Model, Overlay};
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// The widest the list gets.
const WIDTH: u16 = 100;

pub(super) fn draw(model: &Model, footer: Rect, canvas: &mut Canvas<'_>) {
    let told = told(model);
    let mut proposals = model.proposals();
    if let (Some((_, Role::Bad)), Some(Overlay::Palette(_))) = (&told, &model.overlay) {
        // Proposals for what is wrong would only stand in the way of why.
        proposals.words.clear();
    }
    let rows = proposals.words.len() + usize::from(told.is_some());
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    if rows == 0 {
        return;
    }
    let width = WIDTH.min(footer.width);
    let height = rows.saturating_add(2).min(footer.y);
    let area = Rect::new(0, footer.y - height, width, height);
    let style = canvas.role(Role::Dialog);
    let title = match &model.overlay {
        Some(Overlay::Palette(_)) => "command",
        Some(Overlay::Records(_)) => "filter records",
        _ => "filter",
    };
    let inner = canvas.frame(area, title, style);
    let (text, key, marked) = (
        canvas.role(Role::Text),
        canvas.role(Role::Key),
        canvas.role(Role::Selection),
    );
    let taken = model.cycle.as_ref().map(|(_, at)| *at);
    let widest = proposals.words.iter().map(|(word, _)| word.width()).max();
    let widest = u16::try_from(widest.unwrap_or(0)).unwrap_or(u16::MAX);
    let hints = inner.x.saturating_add(widest).saturating_add(2);
    let mut y = inner.y;
    for (at, (word, hint)) in proposals.words.iter().enumerate() {
        if y >= inner.bottom() {
            return;
        }
        let chosen = taken == Some(at);
        if chosen {
            let row = Rect::new(inner.x, y, inner.width, 1);
            canvas.buffer.set_style(row, marked);
        }
        let pick = |style| if chosen { marked } else { style };
        canvas.text(inner.x, y, inner.right(), word, pick(key));
        canvas.text(hints, y, inner.right(), hint, pick(text));
        y += 1;
    }
    if let Some((told, role)) = told
        && y < inner.bottom()
    {
        let style = canvas.role(role);
        canvas.text(inner.x, y, inner.right(), &told, style);
    }
}

/// What is wrong with the line, or what it takes.
fn told(model: &Model) -> Option<(String, Role)> {
    match &model.overlay {
        Some(Overlay::Records(_)) => {
            let trouble = model.trail.filter().trouble()?;
            Some((trouble.to_owned(), Role::Bad))
        }
        Some(Overlay::Palette(palette)) => {
            if let Some(trouble) = &palette.trouble {
                return Some((trouble.clone(), Role::Bad));
            }
            let typed = palette.input.value();
            let name = typed.split_whitespace().next()?;
            let entry = Line::entry_named(name)?;
            let behind = typed.trim_start().len() > name.len();
            let pattern = (entry.takes != Takes::Nothing && behind)
                .then(|| format!("{name} {}", entry.takes.pattern()))?;
            Some((pattern, Role::Quiet))
        }
        _ => None,
    }
}
