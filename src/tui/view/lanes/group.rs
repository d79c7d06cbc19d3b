//! The head of a group: its worst state where the lanes have theirs, what they have in common, and
//! how many of them are in which state.

use super::cells::{self, Cell, Stand};
use crate::lane::Word;
use crate::tui::model::{Group, GroupBy, GroupKey, Model};
use crate::tui::symbols;
use crate::tui::theme::Role;
use crate::tui::view::canvas::Canvas;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

/// What the lanes of a group have in common.
pub(in crate::tui::view) fn name(group: &Group, by: GroupBy) -> String {
    match (&group.key, by) {
        (GroupKey::Named(name), _) => name.to_string(),
        (GroupKey::Key(print), _) => format!("key {}", print.short()),
        (GroupKey::None, GroupBy::Owner) => "no owner".to_owned(),
        (GroupKey::None, _) => "keys that one lane uses".to_owned(),
    }
}

/// `3 lanes`.
pub(in crate::tui::view) fn lanes(count: usize) -> String {
    match count {
        1 => "1 lane".to_owned(),
        count => format!("{count} lanes"),
    }
}

/// How many lanes are in which state, worst first, with the style of the state.
pub(in crate::tui::view) fn counts(group: &Group) -> impl Iterator<Item = (String, Word)> {
    Word::ALL.into_iter().rev().filter_map(|word| {
        let count = group.counted(word);
        (count > 0).then(|| (format!("{count} {}", symbols::noun(word)), word))
    })
}

pub(super) fn draw(
    model: &Model,
    group: &Group,
    row: Rect,
    x: u16,
    selected: bool,
    canvas: &mut Canvas<'_>,
) {
    let bar = canvas.role(Role::Selection);
    if selected {
        canvas.buffer.set_style(row, bar);
    }
    let pick = |style: Style| if selected { bar } else { style };
    let worst = group.worst();
    let at = Cell {
        x: row.x,
        y: row.y,
        right: x,
        now: model.now.wall,
    };
    let stand = Stand {
        selected,
        marked: false,
    };
    let style = pick(canvas.look.theme.word(worst));
    cells::state(worst, stand, at, style, style, canvas);
    let symbols = &canvas.look.symbols;
    let fold = if group.folded {
        symbols.folded
    } else {
        symbols.down
    };
    let title = pick(canvas.role(Role::Title));
    let text = pick(canvas.role(Role::Text));
    canvas.text(row.x + 1, row.y, x, fold, title);
    let end = row.right();
    let name = name(group, model.lanes.grouped_by());
    let mut x = canvas.text(x, row.y, end, &name, title) + 2;
    let mut facts = vec![(lanes(group.lanes), text)];
    if group.marked > 0 {
        let warn = pick(canvas.role(Role::Warn));
        facts.push((format!("{} marked", group.marked), warn));
    }
    facts.extend(counts(group).map(|(fact, word)| (fact, pick(canvas.look.theme.word(word)))));
    for (fact, style) in facts {
        let width = u16::try_from(fact.width()).unwrap_or(u16::MAX);
        if x.saturating_add(width) > end {
            break;
        }
        x = canvas.text(x, row.y, end, &fact, style) + 2;
    }
}
