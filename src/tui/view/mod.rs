//! Draws a [`Model`] into a buffer: one file a pane.
//!
//! Only what is visible is built, straight into the cells. Everything drawn is either our own text
//! or a [`crate::plain::Plain`], and the [`super::encoder`] checks once more.

mod audit;
mod canvas;
mod chooser;
mod detail;
mod dialog;
mod footer;
mod header;
mod help;
mod highlight;
mod hit;
mod lanes;
mod layout;
mod proposals;
mod record;
mod stopwatch;

pub use hit::{Hit, hit};
pub use layout::Layout;

use super::encoder::Link;
use super::model::{Column, Model, Overlay, Pane, RecordPage};
use super::symbols::Symbols;
use super::theme::{Role, Theme};
use canvas::Canvas;
use ratatui::buffer::Buffer;

/// How things look.
#[derive(Clone, Debug)]
pub struct Look {
    /// Colours and emphasis.
    pub theme: Theme,
    /// Signs.
    pub symbols: Symbols,
}

/// Draws the whole screen into an empty buffer, and answers which of it leads somewhere. The model
/// must be settled.
pub fn draw(model: &Model, look: &Look, buffer: &mut Buffer) -> Vec<Link> {
    let layout = Layout::of(model);
    let mut canvas = Canvas {
        buffer,
        look,
        links: Vec::new(),
    };
    if layout.too_small {
        too_small(model, &mut canvas);
        return Vec::new();
    }
    header::draw(model, &layout, &mut canvas);
    if let Some(area) = layout.pane(Pane::Lanes) {
        lanes::draw(model, area, &mut canvas);
    }
    if let Some(area) = layout.pane(Pane::Detail) {
        detail::draw(model, area, &mut canvas);
    }
    if let Some(area) = layout.pane(Pane::Audit) {
        audit::draw(model, area, &mut canvas);
    }
    stopwatch::strip(model, layout.strip, &mut canvas);
    footer::draw(model, layout.footer, &mut canvas);
    if model.overlay.is_some() {
        // What is drawn over a link must not become one.
        canvas.links.clear();
    }
    match &model.overlay {
        Some(Overlay::Help { top }) => help::draw(model, *top, &mut canvas),
        Some(Overlay::Filter(_) | Overlay::Records(_) | Overlay::Palette(_)) => {
            proposals::draw(model, layout.footer, &mut canvas);
        }
        Some(Overlay::Search(_)) | None => {}
        Some(Overlay::Record(page)) => record::draw(model, page, &mut canvas),
        Some(Overlay::Receipts { row }) => stopwatch::receipts(model, *row, &mut canvas),
        Some(Overlay::Columns { row }) => chooser::draw(model, *row, &mut canvas),
        Some(overlay) => dialog::draw(model, overlay, &mut canvas),
    }
    canvas.links
}

/// The last line of a record's page that may be at the top.
pub fn record_last_top(model: &Model, page: &RecordPage) -> usize {
    record::last_top(model, page)
}

/// How many lines the selected lane's detail has at this width.
pub fn detail_lines(model: &Model) -> usize {
    detail::count(model)
}

/// How wide a column of the table is on the screen now, if it is there.
pub fn column_width(model: &Model, column: Column) -> Option<u16> {
    let area = Layout::of(model).pane(Pane::Lanes)?;
    let placed = lanes::columns::place(model, area);
    let mut found = placed.iter().filter(|placed| placed.column == column);
    found.next().map(|placed| placed.width)
}

/// The last line that the help page may begin with.
pub fn help_last_top(model: &Model) -> usize {
    help::last_top(model)
}

fn too_small(model: &Model, canvas: &mut Canvas<'_>) {
    let (columns, rows) = model.size;
    let text = canvas.look.theme.role(Role::Text);
    let wanted = layout::SMALLEST;
    let lines = [
        format!("{columns}x{rows} is too small"),
        format!("need {}x{}", wanted.0, wanted.1),
        "q quits".to_owned(),
    ];
    for (y, line) in (0..rows).zip(lines) {
        canvas.text(0, y, columns, &line, text);
    }
}
