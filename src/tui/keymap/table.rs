//! The table itself: for each part of the screen its actions, with their keys and words.

use super::when::*;
use super::{Action, Context, Entry, Takes};
use crate::tui::key::{Code, Key};
use crate::tui::model::Model;

const fn k(c: char) -> Key {
    Key::char(c)
}

const fn p(code: Code) -> Key {
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
    }
}

impl Entry {
    const fn when(mut self, enabled: fn(&Model) -> bool) -> Self {
        self.enabled = enabled;
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
    entry(Action::Down, Main, &[k('j'), p(Code::Down)], "", "one row down"),
    entry(Action::Up, Main, &[k('k'), p(Code::Up)], "", "one row up"),
    entry(Action::PageDown, Main, &[p(Code::PageDown)], "", "one page down"),
    entry(Action::PageUp, Main, &[p(Code::PageUp)], "", "one page up"),
    entry(Action::First, Main, &[k('g'), p(Code::Home)], "", "to the first row"),
    entry(Action::Last, Main, &[k('G'), p(Code::End)], "", "to the last row; in the audit: follow"),
    entry(Action::Record, Main, &[p(Code::Enter)], "record", "in the audit: everything about the selected record, and what brought it about").when(on_a_record),
    entry(Action::Search, Main, &[k('/')], "search", "in the audit: look for a text, in older records too; #1042 for a number").when(in_audit).takes(Takes::Text),
    entry(Action::SearchNext, Main, &[k('n')], "next", "in the audit: the next match, further back").when(searching),
    entry(Action::SearchPrevious, Main, &[k('N')], "previous", "in the audit: the match before, nearer to now").when(searching),
    entry(Action::Records, Main, &[k('F')], "filter", "filter the records by words, or by lane: kind: sev: why: by:").when(in_audit).takes(Takes::Text),
    entry(Action::Export, Main, &[k('e')], "export", "write the records that the filter shows to a file; asks first").when(in_audit).takes(Takes::Path),
    entry(Action::Release, Main, &[k('l')], "release", "lift the hold, with a reason; pre-flight decides what follows").when(held).command(true).takes(Takes::Lanes),
    entry(Action::FoldToggle, Main, &[p(Code::Enter)], "fold", "on the head of a group: hide its lanes, or show them").when(on_a_head),
    entry(Action::Open, Main, &[p(Code::Enter)], "detail", "the selected lane on the whole screen").when(openable).takes(Takes::Lane),
    entry(Action::Back, Main, &[p(Code::Esc)], "back", "stop what is going on; close what is open; follow the audit; drop the filter").when(closable),
    entry(Action::Rotate, Main, &[k('r')], "rotate", "replace the credential; asks first").when(any_lane).command(true).takes(Takes::Lanes),
    entry(Action::Refresh, Main, &[k('f')], "refresh", "prove the lane now, and refresh it if it can be").when(any_lane).command(false).takes(Takes::Lanes),
    entry(Action::Pause, Main, &[k('p')], "pause", "stop serving, with a reason, until resumed or for a while").when(pausable).command(false).takes(Takes::LanesAndSpan),
    entry(Action::Resume, Main, &[k('P'), k('p')], "resume", "let a paused lane serve again, with a reason").when(paused).command(false).takes(Takes::Lanes),
    entry(Action::Drill, Main, &[k('d')], "drill", "make this sandbox lane's upstream expire, revoke, throttle, ...").when(sandboxed).command(false).takes(Takes::LaneAndDrill),
    entry(Action::Receipts, Main, &[k('D')], "", "the receipts of the drills: what was done and seen, when, by which records").when(drilled),
    entry(Action::Mark, Main, &[k(' ')], "mark", "mark the lane or the group: r f p P l are then for all that are marked").when(markable),
    entry(Action::MarkNone, Main, &[k('u')], "unmark", "take every mark away").when(marked),
    entry(Action::MarkAll, Main, &[k('*')], "", "mark every lane that is shown").when(markable),
    entry(Action::MarkInvert, Main, &[k('i')], "", "mark what is not marked, and the other way round").when(markable),
    entry(Action::Filter, Main, &[k('/')], "filter", "filter by words, or by state: owner: provider: route: lane: gate: why:").takes(Takes::Text),
    entry(Action::Palette, Main, &[k(':')], "command", "type any of these by its name, for any lane: pause LANE 30m \"why\""),
    entry(Action::Copy, Main, &[k('y')], "copy", "copy a name, a fingerprint, a request id or a record"),
    entry(Action::Sort, Main, &[k('s')], "sort", "sort by the next column").takes(Takes::Order),
    entry(Action::SortReverse, Main, &[k('S')], "", "sort the other way round"),
    entry(Action::Group, Main, &[k('b')], "group", "group by provider, owner, store, shared key (blast radius), or not").takes(Takes::Grouping),
    entry(Action::Fold, Main, &[p(Code::Left)], "", "hide the lanes of this group").when(foldable),
    entry(Action::Unfold, Main, &[p(Code::Right)], "", "show them").when(unfoldable),
    entry(Action::FoldAll, Main, &[k('-')], "", "hide the lanes of every group").when(grouped),
    entry(Action::UnfoldAll, Main, &[k('+'), k('=')], "", "show them").when(grouped),
    entry(Action::Columns, Main, &[k('c')], "columns", "choose the columns, their order and their widths"),
    entry(Action::NextLane, Main, &[k(']')], "", "to the next lane, also while one has the whole screen").when(markable),
    entry(Action::PreviousLane, Main, &[k('[')], "", "to the lane before").when(markable),
    entry(Action::FocusNext, Main, &[p(Code::Tab)], "pane", "move the keys to the next pane"),
    entry(Action::FocusPrevious, Main, &[p(Code::BackTab)], "", "move the keys to the pane before"),
    entry(Action::Zoom, Main, &[k('z')], "zoom", "give this pane the whole screen, and take it back"),
    entry(Action::Private, Main, &[k('x')], "", "mask names, accounts and addresses for a shared screen, and show them again"),
    entry(Action::Mouse, Main, &[k('m')], "", "listen to the mouse, or leave it to the terminal's own selection"),
    entry(Action::Redraw, Main, &[Key::ctrl('l')], "", "paint the screen anew"),
    entry(Action::Suspend, Main, &[Key::ctrl('z')], "", "stop until brought back to the foreground"),
    entry(Action::Help, Main, &[k('?')], "help", "this page"),
    entry(Action::Quit, Main, &[k('q'), Key::ctrl('c')], "quit", "leave; the engine decides whether it goes on"),

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
    entry(Action::Complete, Palette, &[p(Code::Tab)], "complete", ""),
    entry(Action::CompleteBack, Palette, &[p(Code::BackTab)], "", ""),
    entry(Action::Up, Palette, &[p(Code::Up)], "earlier lines", ""),
    entry(Action::Down, Palette, &[p(Code::Down)], "", ""),
    entry(Action::Cancel, Palette, &[p(Code::Esc)], "drop it", ""),
    entry(Action::Quit, Palette, &[Key::ctrl('c')], "", ""),

    entry(Action::Accept, Typing, &[p(Code::Enter)], "take it", ""),
    entry(Action::Complete, Typing, &[p(Code::Tab)], "complete", ""),
    entry(Action::CompleteBack, Typing, &[p(Code::BackTab)], "", ""),
    entry(Action::Cancel, Typing, &[p(Code::Esc)], "drop it", ""),
    entry(Action::Quit, Typing, &[Key::ctrl('c')], "", ""),

    entry(Action::Accept, Form, &[p(Code::Enter)], "take it", ""),
    entry(Action::Cancel, Form, &[p(Code::Esc)], "drop it", ""),
    entry(Action::Other, Form, &[p(Code::Tab), p(Code::BackTab)], "other line", "").when(pausing),
    entry(Action::Down, Form, &[p(Code::Down)], "longer", "").when(pausing),
    entry(Action::Up, Form, &[p(Code::Up)], "shorter", "").when(pausing),
    entry(Action::Quit, Form, &[Key::ctrl('c')], "", ""),

    entry(Action::Yes, Confirm, &[k('y')], "yes, do it", ""),
    entry(Action::Cancel, Confirm, &[k('n'), p(Code::Esc), k('q')], "cancel", ""),
    entry(Action::Other, Confirm, &[p(Code::Tab), p(Code::Left), p(Code::Right), p(Code::BackTab), k('h'), k('l')], "other button", ""),
    entry(Action::Accept, Confirm, &[p(Code::Enter)], "press it", ""),
    entry(Action::Format, Confirm, &[k('f')], "JSONL or CSV", "").when(exporting),
    entry(Action::Quit, Confirm, &[Key::ctrl('c')], "", ""),

    entry(Action::Down, Menu, &[k('j'), p(Code::Down)], "down", ""),
    entry(Action::Up, Menu, &[k('k'), p(Code::Up)], "up", ""),
    entry(Action::Accept, Menu, &[p(Code::Enter)], "take it", "").when(|model| choosing(model) || copying(model)),
    entry(Action::Receipts, Menu, &[k('r')], "receipts", "").when(|model| choosing(model) && drilled(model)),
    entry(Action::Cancel, Menu, &[p(Code::Esc), k('q'), k('d'), k('D')], "close", ""),
    entry(Action::Quit, Menu, &[Key::ctrl('c')], "", ""),

    entry(Action::ToggleColumn, Columns, &[k(' ')], "show or hide", ""),
    entry(Action::Cancel, Columns, &[p(Code::Esc), p(Code::Enter), k('q'), k('c')], "close", ""),
    entry(Action::Down, Columns, &[k('j'), p(Code::Down)], "down", ""),
    entry(Action::Up, Columns, &[k('k'), p(Code::Up)], "up", ""),
    entry(Action::ColumnLeft, Columns, &[k('K'), p(Code::Left)], "move left", ""),
    entry(Action::ColumnRight, Columns, &[k('J'), p(Code::Right)], "move right", ""),
    entry(Action::Wider, Columns, &[k('+'), k('=')], "wider", ""),
    entry(Action::Narrower, Columns, &[k('-')], "narrower", ""),
    entry(Action::Sort, Columns, &[k('s')], "sort by it", ""),
    entry(Action::SortReverse, Columns, &[k('S')], "", ""),
    entry(Action::Reset, Columns, &[k('0')], "as at first", ""),
    entry(Action::First, Columns, &[k('g'), p(Code::Home)], "", ""),
    entry(Action::Last, Columns, &[k('G'), p(Code::End)], "", ""),
    entry(Action::Quit, Columns, &[Key::ctrl('c')], "", ""),
];
