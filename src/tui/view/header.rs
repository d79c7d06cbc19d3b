//! The first line: what is watched, how it is, where it comes from, and what time it is; and below
//! it the troubles that concern every lane.

use super::canvas::Canvas;
use super::layout::Layout;
use crate::lane::Word;
use crate::tui::model::Model;
use crate::tui::span;
use crate::tui::symbols;
use crate::tui::theme::Role;
use ratatui::style::Style;

pub(super) fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.header.y;
    let clock = span::clock(model.now.wall);
    let end = layout.header.right().saturating_sub(1);
    let text = canvas.role(Role::Text);
    let right = canvas.text_right(0, y, end, &clock, text).saturating_sub(2);

    let title = canvas.role(Role::Title);
    let mut x = canvas.text(1, y, right, "lanewatch", title);
    // Whole facts only, the most telling first: what does not fit is left out, not cut.
    for (fact, style) in facts(model, canvas) {
        let width = u16::try_from(unicode_width::UnicodeWidthStr::width(fact.as_str()));
        let fits = width.is_ok_and(|width| x + 2 + width <= right);
        if fits {
            x = canvas.text(x + 2, y, right, &fact, style);
        }
    }
    let bad = canvas.role(Role::Bad);
    for (row, trouble) in (layout.banners.top()..layout.banners.bottom()).zip(list(model)) {
        let sign = canvas.look.symbols.word(Word::Held);
        let x = canvas.text(1, row, layout.banners.right(), sign, bad);
        canvas.text(x + 1, row, layout.banners.right(), &trouble, bad);
    }
}

fn facts(model: &Model, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let text = canvas.role(Role::Text);
    let mut facts = Vec::new();
    if let Some(engine) = &model.engine {
        facts.push((engine.title.to_string(), text));
    }
    let (rows, total) = (model.lanes.rows(), model.lanes.total());
    let filter = model.lanes.filter();
    if filter.is_empty() {
        let lanes = if total == 1 { "lane" } else { "lanes" };
        facts.push((format!("{total} {lanes}"), text));
    } else {
        let warn = canvas.role(Role::Warn);
        facts.push((format!("/{} {rows} of {total} lanes", filter.text()), warn));
    }
    for word in Word::ALL.into_iter().rev() {
        let count = model.lanes.counted(word);
        if count > 0 {
            let sign = canvas.look.symbols.word(word);
            let style = canvas.look.theme.word(word);
            facts.push((format!("{sign} {count} {}", symbols::noun(word)), style));
        }
    }
    for store in model.engine.iter().flat_map(|engine| &engine.stores) {
        facts.push(match store.up {
            Some(true) => (format!("{} up", store.name), text),
            None => (format!("{} not asked yet", store.name), text),
            Some(false) => {
                let down = model.now.wall.since(store.since);
                let bad = canvas.role(Role::Bad);
                (format!("{} DOWN {}", store.name, span::left(down)), bad)
            }
        });
    }
    facts
}

/// How many troubles there are.
pub(super) fn troubles(model: &Model) -> u16 {
    let engine = model.engine.as_ref();
    let manifest = engine.is_some_and(|engine| engine.manifest_trouble.is_some());
    let audit = engine.is_some_and(|engine| engine.audit_trouble.is_some());
    u16::from(model.stopped) + u16::from(manifest) + u16::from(audit)
}

fn list(model: &Model) -> Vec<String> {
    let mut list = Vec::new();
    if model.stopped {
        list.push("the engine has stopped: what is shown is the last it said".to_owned());
    }
    if let Some(engine) = &model.engine {
        if let Some(trouble) = &engine.audit_trouble {
            list.push(format!(
                "the audit cannot be written, every gate is closed: {trouble}"
            ));
        }
        if let Some(trouble) = &engine.manifest_trouble {
            list.push(format!(
                "manifest not taken, the last good one is in force: {trouble}"
            ));
        }
    }
    list
}
