//! A group: how its lanes are, who has to act, and each lane in a line.

use super::page::Page;
use crate::lane::{Outcome, SideEffect};
use crate::tui::model::{Group, GroupKey, Model};
use crate::tui::span;
use crate::tui::symbols;
use crate::tui::theme::Role;
use crate::tui::view::lanes::group::{counts, lanes};
use unicode_width::UnicodeWidthStr;

pub(super) fn page(group: &Group, model: &Model, wanted: usize, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    page.line();
    page.fact(&lanes(group.lanes), page.role(Role::Title));
    for (fact, word) in counts(group) {
        let sign = page.look.symbols.word(word);
        page.fact(&format!("{sign} {fact}"), page.look.theme.word(word));
    }
    if group.marked > 0 {
        page.fact(&format!("{} marked", group.marked), page.role(Role::Warn));
    }
    let effects = [SideEffect::Destructive, SideEffect::Write, SideEffect::Read];
    for effect in effects {
        let own = model.lanes.members(&group.key);
        let count = own.filter(|lane| lane.info.route.effect == effect).count();
        if count > 0 {
            page.fact(&format!("{count} {}", effect.as_str()), text);
        }
    }
    if matches!(group.key, GroupKey::Key(_)) {
        page.line();
        let said = "One secret serves all of them: when it dies, they die together.";
        page.say(said, page.role(Role::Warn));
    }
    page.line();
    let keys = if model.read_only {
        "enter folds; this screen is read-only"
    } else {
        "enter folds; r f p P l are for all of them, and ask first"
    };
    page.say(keys, text);
    let names = model.lanes.members(&group.key);
    let longest = names.map(|lane| lane.info.name.as_str().width()).max();
    let longest = longest.unwrap_or(0).min(40);
    for lane in model.lanes.members(&group.key) {
        if page.lines.len() >= wanted {
            return;
        }
        page.line();
        let style = page.look.theme.word(lane.word);
        let sign = page.look.symbols.word(lane.word);
        page.push(&format!("  {sign} {:<12}", lane.word), style);
        let name = lane.info.name.as_str();
        let gap = " ".repeat(longest.saturating_sub(name.width()));
        page.push(&format!("{name}{gap}"), text);
        let last = lane.verdict.as_ref().map(|last| last.outcome);
        if let Some(outcome) = last.filter(|outcome| *outcome != Outcome::Ok) {
            page.push(&format!("  {}", symbols::brief(outcome)), style);
        }
        let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
        if let Some(expiry) = expiry.filter(|expiry| expiry.at > model.now.wall) {
            let left = span::left(expiry.at.since(model.now.wall));
            page.push(&format!("  expires in {left}"), text);
        }
        if let Some(owner) = &lane.info.owner {
            page.push(&format!("  {owner}"), text);
        }
    }
}
