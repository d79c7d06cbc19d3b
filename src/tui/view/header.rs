//! The first line: what is watched, how it is, where it comes from, and what time it is; and below
//! it the troubles that concern every lane.

use super::canvas::Canvas;
use super::layout::Layout;
use crate::engine::LoginView;
use crate::lane::Word;
use crate::tui::model::Model;
use crate::tui::span;
use crate::tui::symbols;
use crate::tui::theme::Role;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

/// From this width on the program names itself.
const WIDE: u16 = 100;

pub(super) fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.header.y;
    let clock = span::clock(model.now.wall);
    let end = layout.header.right().saturating_sub(1);
    let text = canvas.role(Role::Text);
    let right = canvas.text_right(0, y, end, &clock, text).saturating_sub(2);

    let title = canvas.role(Role::Title);
    // Where room is scarce, what is watched says more than who watches.
    let full = model.engine.is_none() || layout.header.width >= WIDE;
    let mut x = if full {
        canvas.text(1, y, right, "lanewatch", title) + 1
    } else {
        0
    };
    // Whole facts only, the most telling first: what does not fit is left out, not cut.
    let mut place = |facts: Vec<(String, Style)>, gap: u16, canvas: &mut Canvas<'_>| {
        for (fact, style) in facts {
            if x + 1 + wide(&fact) <= right {
                x = canvas.text(x + 1, y, right, &fact, style) + gap;
            }
        }
        right.saturating_sub(x)
    };
    let room = place(facts(model, canvas), 1, canvas);
    let named = counts(model, canvas, true);
    let long: u16 = named.iter().map(|(fact, _)| wide(fact) + 2).sum();
    if long <= room {
        place(named, 1, canvas);
    } else {
        place(counts(model, canvas, false), 0, canvas);
    }
    place(stores(model, canvas, false), 1, canvas);
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
    let (rows, total) = (model.lanes.shown(), model.lanes.total());
    let filter = model.lanes.filter();
    if filter.is_empty() {
        let lanes = if total == 1 { "lane" } else { "lanes" };
        facts.push((format!("{total} {lanes}"), text));
    } else {
        let warn = canvas.role(Role::Warn);
        facts.push((format!("/{} {rows} of {total} lanes", filter.text()), warn));
    }
    let marked = model.lanes.marked();
    if marked > 0 {
        let sign = canvas.look.symbols.mark;
        facts.push((format!("{sign} {marked} marked"), canvas.role(Role::Focus)));
    }
    if model.mask.is_on() {
        facts.push(("names masked".to_owned(), canvas.role(Role::Focus)));
    }
    facts.extend(stores(model, canvas, true));
    facts
}

/// How many lanes are in which state, worst first; by sign and name or, where room is scarce, by
/// sign alone.
fn counts(model: &Model, canvas: &Canvas<'_>, named: bool) -> Vec<(String, Style)> {
    let counted = Word::ALL.into_iter().rev().filter_map(|word| {
        let count = model.lanes.counted(word);
        let sign = canvas.look.symbols.word(word);
        let style = canvas.look.theme.word(word);
        let fact = if named {
            format!("{sign} {count} {}", symbols::noun(word))
        } else {
            format!("{sign}{count}")
        };
        (count > 0).then_some((fact, style))
    });
    counted.collect()
}

/// The stores that are down, or those that are not.
fn stores(model: &Model, canvas: &Canvas<'_>, down: bool) -> Vec<(String, Style)> {
    let (text, bad) = (canvas.role(Role::Text), canvas.role(Role::Bad));
    let stores = model.engine.iter().flat_map(|engine| &engine.stores);
    let wanted = stores.filter(|store| (store.up == Some(false)) == down);
    let facts = wanted.map(|store| match store.up {
        Some(true) => match &store.login {
            Some(LoginView {
                trouble: Some(_),
                until,
            }) => {
                let text = match until {
                    Some(until) => {
                        let left = span::left(until.since(model.now.wall));
                        format!("{} up, LOGIN ENDS in {left}", store.name)
                    }
                    None => format!("{} up, LOGIN FAILS", store.name),
                };
                (text, bad)
            }
            _ => (format!("{} up", store.name), text),
        },
        None => (format!("{} not asked yet", store.name), text),
        Some(false) => {
            let since = span::left(model.now.wall.since(store.since));
            (format!("{} DOWN {since}", store.name), bad)
        }
    });
    facts.collect()
}

fn wide(fact: &str) -> u16 {
    u16::try_from(fact.width()).unwrap_or(u16::MAX / 4)
}

/// How many troubles there are.
pub(super) fn troubles(model: &Model) -> u16 {
    let engine = model.engine.as_ref();
    let manifest = engine.is_some_and(|engine| engine.manifest_trouble.is_some());
    let audit = engine.is_some_and(|engine| engine.audit_trouble.is_some());
    let own = u16::try_from(model.troubles.len()).unwrap_or(u16::MAX);
    (u16::from(model.stopped) + u16::from(manifest) + u16::from(audit)).saturating_add(own)
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
    list.extend(model.troubles.iter().map(ToString::to_string));
    list
}
