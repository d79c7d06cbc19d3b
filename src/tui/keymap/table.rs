//! The table itself: for each part of the screen its actions, with their keys and words.

use super::when::*;
use super::{Action, Context, Entry, Part, Takes};
use crate::tui::key::{Code, Key};
use crate::tui::model::Model;

pub(super) const fn k(c: char) -> Key {
    Key::char(c)
}

pub(super) const fn p(code: Code) -> Key {
    Key::plain(code)
}

const fn entry(
    action: Action,
    context: Context,
    keys: &'static [Key],
    label: &'static str,
    help: &'static str,
) -> Entry {
    Entry {
        action,
        context,
        keys,
        label,
        help,
        enabled: always,
        command: false,
        danger: false,
        takes: Takes::Nothing,
        part: Part::Lanes,
    }
}

impl Entry {
    const fn when(mut self, enabled: fn(&Model) -> bool) -> Self {
        self.enabled = enabled;
        self
    }

    const fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    const fn command(mut self, danger: bool) -> Self {
        self.command = true;
        self.danger = danger;
        self
    }
}

use Context::{Columns, Confirm, Form, Main, Menu, Palette, Record, Typing};

/// The table, in the order of the footer and the help page.
#[rustfmt::skip]
pub const ACTIONS: &[Entry] = &[
    entry(Action::Down, Main, &[k('j'), p(Code::Down)], "", "one row down").part(Part::Screen),
    entry(Action::Up, Main, &[k('k'), p(Code::Up)], "", "one row up").part(Part::Screen),
    entry(Action::PageDown, Main, &[p(Code::PageDown)], "", "one page down").part(Part::Screen),
    entry(Action::PageUp, Main, &[p(Code::PageUp)], "", "one page up").part(Part::Screen),
    entry(Action::First, Main, &[k('g'), p(Code::Home)], "", "to the first row").part(Part::Screen),
    entry(Action::Last, Main, &[k('G'), p(Code::End)], "", "to the last row; in the audit: follow").part(Part::Screen),
    entry(Action::Record, Main, &[p(Code::Enter)], "record", "in the audit: everything about the selected record, and what brought it about").when(on_a_record).part(Part::Audit),
    entry(Action::Search, Main, &[k('/')], "search", "in the audit: look for a text, in older records too; #1042 for a number").when(in_audit).takes(Takes::Text).part(Part::Audit),
    entry(Action::SearchNext, Main, &[k('n')], "next", "in the audit: the next match, further back").when(searching).part(Part::Audit),
    entry(Action::SearchPrevious, Main, &[k('N')], "previous", "in the audit: the match before, nearer to now").when(searching).part(Part::Audit),
    entry(Action::Records, Main, &[k('F')], "filter", "filter the records by words, or by lane: kind: sev: why: by:").when(in_audit).takes(Takes::Text).part(Part::Audit),
    entry(Action::Export, Main, &[k('e')], "export", "write the records that the filter shows to a file; asks first").when(in_audit).takes(Takes::Path).part(Part::Audit),
    entry(Action::Release, Main, &[k('l')], "release", "lift the hold, with a reason; pre-flight decides what follows").when(held).command(true).takes(Takes::Lanes),
    entry(Action::FoldToggle, Main, &[p(Code::Enter)], "fold", "on the head of a group: hide its lanes, or show them").when(on_a_head).part(Part::Table),
    entry(Action::Open, Main, &[p(Code::Enter)], "open", "the selected lane on the whole screen").when(openable).takes(Takes::Lane),
    entry(Action::Back, Main, &[p(Code::Esc)], "back", "stop what is going on; close what is open; follow the audit; drop the filter").when(closable).part(Part::Screen),
    entry(Action::FocusNext, Main, &[p(Code::Tab)], "pane", "move the keys to the next pane: lanes, the selected lane, audit").part(Part::Screen),
    entry(Action::Rotate, Main, &[k('r')], "rotate", "replace the credential; asks first").when(any_lane).command(true).takes(Takes::Lanes),
    entry(Action::Refresh, Main, &[k('f')], "refresh", "prove the lane now, and refresh it if it can be").when(any_lane).command(false).takes(Takes::Lanes),
    entry(Action::Pause, Main, &[k('p')], "pause", "stop serving, with a reason, until resumed or for a while").when(pausable).command(false).takes(Takes::LanesAndSpan),
    entry(Action::Resume, Main, &[k('P'), k('p')], "resume", "let a paused lane serve again, with a reason").when(paused).command(false).takes(Takes::Lanes),
    entry(Action::Drill, Main, &[k('d')], "drill", "make this sandbox lane's upstream expire, revoke, throttle, ...").when(sandboxed).command(false).takes(Takes::LaneAndDrill),
    entry(Action::Receipts, Main, &[k('D')], "", "the receipts of the drills: what was done and seen, when, by which records").when(drilled).part(Part::Lanes),
    entry(Action::Filter, Main, &[k('/')], "filter", "filter by words, or by state: owner: provider: route: lane: gate: why:").takes(Takes::Text),
    entry(Action::Palette, Main, &[k(':')], "command", "type any of these by its name, for any lane: pause LANE 30m \"why\""),
    entry(Action::Mark, Main, &[k(' ')], "mark", "mark the lane or the group: r f p P l are then for all that are marked").when(markable),
    entry(Action::MarkNone, Main, &[k('u')], "unmark", "take every mark away").when(marked),
    entry(Action::MarkAll, Main, &[k('*')], "", "mark every lane that is shown").when(markable),
    entry(Action::MarkInvert, Main, &[k('i')], "", "mark what is not marked, and the other way round").when(markable),
    entry(Action::Copy, Main, &[k('y')], "copy", "copy a name, a fingerprint, a request id or a record"),
    entry(Action::Sort, Main, &[k('s')], "sort", "sort by the next column").takes(Takes::Order).part(Part::Table),
    entry(Action::SortReverse, Main, &[k('S')], "", "sort the other way round").part(Part::Table),
    entry(Action::Group, Main, &[k('b')], "group", "group by provider, owner, store, shared key (blast radius), or not").takes(Takes::Grouping).part(Part::Table),
    entry(Action::Fold, Main, &[p(Code::Left)], "", "hide the lanes of this group").when(foldable).part(Part::Table),
    entry(Action::Unfold, Main, &[p(Code::Right)], "", "show them").when(unfoldable).part(Part::Table),
    entry(Action::FoldAll, Main, &[k('-')], "", "hide the lanes of every group").when(grouped).part(Part::Table),
    entry(Action::UnfoldAll, Main, &[k('+'), k('=')], "", "show them").when(grouped).part(Part::Table),
    entry(Action::Columns, Main, &[k('c')], "columns", "choose the columns, their order and their widths").part(Part::Table),
    entry(Action::NextLane, Main, &[k(']')], "", "to the next lane, also while one has the whole screen").when(markable),
    entry(Action::PreviousLane, Main, &[k('[')], "", "to the lane before").when(markable),
    entry(Action::FocusPrevious, Main, &[p(Code::BackTab)], "", "move the keys to the pane before").part(Part::Screen),
    entry(Action::Zoom, Main, &[k('z')], "zoom", "give this pane the whole screen, and take it back").part(Part::Screen),
    entry(Action::Private, Main, &[k('x')], "", "mask names, accounts and addresses for a shared screen, and show them again").part(Part::Screen),
    entry(Action::Mouse, Main, &[k('m')], "", "listen to the mouse, or leave it to the terminal's own selection").part(Part::Screen),
    entry(Action::Redraw, Main, &[Key::ctrl('l')], "", "paint the screen anew").part(Part::Screen),
    entry(Action::Suspend, Main, &[Key::ctrl('z')], "", "stop until brought back to the foreground").part(Part::Screen),
    entry(Action::Help, Main, &[k('?')], "help", "this page").part(Part::Screen),
    entry(Action::Quit, Main, &[k('q'), Key::ctrl('c')], "quit", "leave; the engine decides whether it goes on").part(Part::Screen),

    entry(Action::Down, Context::Help, &[k('j'), p(Code::Down)], "down", ""),
    entry(Action::Up, Context::Help, &[k('k'), p(Code::Up)], "up", ""),
    entry(Action::PageDown, Context::Help, &[k(' '), p(Code::PageDown)], "page", ""),
    entry(Action::PageUp, Context::Help, &[p(Code::PageUp)], "", ""),
    entry(Action::Cancel, Context::Help, &[p(Code::Esc), k('?'), k('q'), p(Code::Enter)], "close", ""),
    entry(Action::Quit, Context::Help, &[Key::ctrl('c')], "", ""),

    entry(Action::Down, Record, &[k('j'), p(Code::Down)], "down", ""),
    entry(Action::Up, Record, &[k('k'), p(Code::Up)], "up", ""),
    entry(Action::PageDown, Record, &[k(' '), p(Code::PageDown)], "", ""),
    entry(Action::PageUp, Record, &[p(Code::PageUp)], "", ""),
    entry(Action::Cause, Record, &[k('c'), p(Code::Enter)], "its cause", "").when(has_cause),
    entry(Action::Older, Record, &[k('['), p(Code::Left)], "older", ""),
    entry(Action::Newer, Record, &[k(']'), p(Code::Right)], "newer", ""),
    entry(Action::Copy, Record, &[k('y')], "copy", ""),
    entry(Action::Back, Record, &[p(Code::Esc), p(Code::Backspace)], "back", ""),
    entry(Action::Cancel, Record, &[k('q')], "close", ""),
    entry(Action::Quit, Record, &[Key::ctrl('c')], "", ""),

    entry(Action::Accept, Palette, &[p(Code::Enter)], "do it", ""),
    entry(Action::Cancel, Palette, &[p(Code::Esc)], "cancel", ""),
    entry(Action::Complete, Palette, &[p(Code::Tab)], "complete", ""),
    entry(Action::CompleteBack, Palette, &[p(Code::BackTab)], "", ""),
    entry(Action::Up, Palette, &[p(Code::Up)], "earlier lines", ""),
    entry(Action::Down, Palette, &[p(Code::Down)], "", ""),
    entry(Action::Quit, Palette, &[Key::ctrl('c')], "", ""),

    entry(Action::Accept, Typing, &[p(Code::Enter)], "keep", ""),
    entry(Action::Cancel, Typing, &[p(Code::Esc)], "drop", ""),
    entry(Action::Complete, Typing, &[p(Code::Tab)], "complete", "").when(completing),
    entry(Action::CompleteBack, Typing, &[p(Code::BackTab)], "", ""),
    entry(Action::Quit, Typing, &[Key::ctrl('c')], "", ""),

    entry(Action::Accept, Form, &[p(Code::Enter)], "do it", ""),
    entry(Action::Cancel, Form, &[p(Code::Esc)], "cancel", ""),
    entry(Action::Other, Form, &[p(Code::Tab), p(Code::BackTab)], "other line", "").when(pausing),
    entry(Action::Down, Form, &[p(Code::Down)], "longer", "").when(pausing),
    entry(Action::Up, Form, &[p(Code::Up)], "shorter", "").when(pausing),
    entry(Action::Quit, Form, &[Key::ctrl('c')], "", ""),

    entry(Action::Yes, Confirm, &[k('y')], "yes, do it", ""),
    entry(Action::Cancel, Confirm, &[k('n'), p(Code::Esc), k('q')], "cancel", ""),
    entry(Action::Format, Confirm, &[k('f')], "JSONL or CSV", "").when(exporting),
    entry(Action::Other, Confirm, &[p(Code::Tab), p(Code::Left), p(Code::Right), p(Code::BackTab), k('h'), k('l')], "other button", ""),
    entry(Action::Accept, Confirm, &[p(Code::Enter)], "press the button", ""),
    entry(Action::Quit, Confirm, &[Key::ctrl('c')], "", ""),

    entry(Action::Down, Menu, &[k('j'), p(Code::Down)], "down", ""),
    entry(Action::Up, Menu, &[k('k'), p(Code::Up)], "up", ""),
    entry(Action::Accept, Menu, &[p(Code::Enter)], "do it", "").when(|model| choosing(model) || copying(model)),
    entry(Action::Receipts, Menu, &[k('r')], "receipts", "").when(|model| choosing(model) && drilled(model)),
    entry(Action::Cancel, Menu, &[p(Code::Esc), k('q'), k('d'), k('D')], "close", ""),
    entry(Action::Quit, Menu, &[Key::ctrl('c')], "", ""),

    entry(Action::ToggleColumn, Columns, &[k(' ')], "show", ""),
    entry(Action::Cancel, Columns, &[p(Code::Esc), p(Code::Enter), k('q'), k('c')], "close", ""),
    entry(Action::Down, Columns, &[k('j'), p(Code::Down)], "", ""),
    entry(Action::Up, Columns, &[k('k'), p(Code::Up)], "", ""),
    entry(Action::ColumnLeft, Columns, &[k('K'), p(Code::Left)], "left", ""),
    entry(Action::ColumnRight, Columns, &[k('J'), p(Code::Right)], "right", ""),
    entry(Action::Wider, Columns, &[k('+'), k('=')], "wider", ""),
    entry(Action::Narrower, Columns, &[k('-')], "narrower", ""),
    entry(Action::Sort, Columns, &[k('s')], "sort", ""),
    entry(Action::SortReverse, Columns, &[k('S')], "", ""),
    entry(Action::Reset, Columns, &[k('0')], "reset", ""),
    entry(Action::First, Columns, &[k('g'), p(Code::Home)], "", ""),
    entry(Action::Last, Columns, &[k('G'), p(Code::End)], "", ""),
    entry(Action::Quit, Columns, &[Key::ctrl('c')], "", ""),
];
