//! One table of actions. Key handling, the footer and the help page all read it, so they cannot
//! disagree.

use super::key::{Code, Key};
use super::model::{Ask, GroupBy, Model, Overlay, Pane};
use crate::lane::Gate;
use serde::{Deserialize, Serialize};

/// Something that a key can do. The names are those of a keymap file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Give the selected lane, or the audit, the whole screen.
    Open,
    /// Close what is open; then drop the filter.
    Back,
    /// Move the keys to the next pane.
    FocusNext,
    /// Move the keys to the previous pane.
    FocusPrevious,
    /// Give the pane that has the keys the whole screen, or take it back.
    Zoom,
    /// Type a filter.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Sort the other way round.
    SortReverse,
    /// Group the lanes by the next thing they have in common.
    Group,
    /// Hide the lanes of this group.
    Fold,
    /// Show the lanes of this group.
    Unfold,
    /// Hide the lanes of this group, or show them.
    FoldToggle,
    /// Hide the lanes of every group.
    FoldAll,
    /// Show the lanes of every group.
    UnfoldAll,
    /// Choose the columns.
    Columns,
    /// Mark the selected lane or group, or take the mark away.
    Mark,
    /// Mark every lane that is shown.
    MarkAll,
    /// Mark what is not marked, and the other way round.
    MarkInvert,
    /// Take every mark away.
    MarkNone,
    /// To the lane after this one, also while one has the whole screen.
    NextLane,
    /// To the lane before this one.
    PreviousLane,
    /// Replace the selected lane's credential.
    Rotate,
    /// Prove the selected lane now, and refresh it if it can be.
    Refresh,
    /// Stop the selected lane.
    Pause,
    /// Let the paused lane serve again.
    Resume,
    /// Lift the hold of the selected lane.
    Release,
    /// Make the sandbox misbehave.
    Drill,
    /// Mask names, or show them.
    Private,
    /// Listen to the mouse, or leave it to the terminal.
    Mouse,
    /// Show what came of the drills.
    Receipts,
    /// Show every key.
    Help,
    /// Look for a text in the audit.
    Search,
    /// To the next match, further back.
    SearchNext,
    /// To the match before, nearer to now.
    SearchPrevious,
    /// Filter the records.
    Records,
    /// Show the selected record.
    Record,
    /// Write the records to a file.
    Export,
    /// Copy something to the terminal's clipboard.
    Copy,
    /// Type an action and what it is for.
    Palette,
    /// To the record that brought this one about.
    Cause,
    /// To the record before.
    Older,
    /// To the record after.
    Newer,
    /// Another form of the file.
    Format,
    /// Take what is proposed.
    Complete,
    /// Take the proposal before.
    CompleteBack,
    /// Paint the screen anew.
    Redraw,
    /// Stop the program until it is brought to the foreground again.
    Suspend,
    /// Leave.
    Quit,
    /// Take what is typed or marked.
    Accept,
    /// Leave things as they are.
    Cancel,
    /// Answer the question with yes.
    Yes,
    /// Mark the other answer, or go to the next line of a form.
    Other,
    /// Show a column, or hide it.
    ToggleColumn,
    /// Move a column to the left.
    ColumnLeft,
    /// Move a column to the right.
    ColumnRight,
    /// Make a column wider.
    Wider,
    /// Make a column narrower.
    Narrower,
    /// As it was at first.
    Reset,
}

impl Action {
    /// Its name, as a keymap file and the palette have it.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        let name = name.as_ref().and_then(serde_json::Value::as_str);
        name.unwrap_or_default().to_owned()
    }
}

/// What an action can be given where it is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// The lane that it is for.
    Lane,
    /// The lanes that it is for, and a reason where one is needed.
    Lanes,
    /// The same, and how long.
    LanesAndSpan,
    /// A lane and a drill.
    LaneAndDrill,
    /// What to sort by.
    Order,
    /// What to group by.
    Grouping,
    /// Any text.
    Text,
    /// A file.
    Path,
}

impl Takes {
    /// As a pattern behind the action's name.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Lane => "[LANE]",
            Self::Lanes => "[LANE ...] [\"WHY\"]",
            Self::LanesAndSpan => "[LANE ...] [30m] [\"WHY\"]",
            Self::LaneAndDrill => "[LANE] [DRILL]",
            Self::Order => "[BY]",
            Self::Grouping => "[BY]",
            Self::Text => "[TEXT]",
            Self::Path => "[FILE.jsonl|FILE.csv]",
        }
    }
}

/// Which part of the screen takes the keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Context {
    /// The panes.
    Main,
    /// The help page.
    Help,
    /// A line of text is being typed.
    Typing,
    /// A form is being filled in.
    Form,
    /// A question is to be answered.
    Confirm,
    /// A list is to be chosen from.
    Menu,
    /// The columns are being chosen.
    Columns,
    /// A record is shown.
    Record,
    /// The palette: a line with proposals.
    Palette,
}

/// One line of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// Where.
    pub context: Context,
    /// Its keys, unless a keymap says otherwise; the first is the one shown.
    pub keys: &'static [Key],
    /// In the footer; empty if it is not shown there.
    pub label: &'static str,
    /// On the help page.
    pub help: &'static str,
    /// Whether it makes sense now.
    pub enabled: fn(&Model) -> bool,
    /// Whether it asks the engine for something; off when read-only.
    pub command: bool,
    /// Whether it cannot be undone.
    pub danger: bool,
    /// What it can be given in the palette.
    pub takes: Takes,
}

const fn always(_: &Model) -> bool {
    true
}

fn any_lane(model: &Model) -> bool {
    model.any_target(|_| true)
}

fn held(model: &Model) -> bool {
    model.any_target(|lane| lane.gate == Gate::Held)
}

fn paused(model: &Model) -> bool {
    model.any_target(|lane| lane.pause.is_some())
}

fn pausable(model: &Model) -> bool {
    model.any_target(|lane| lane.pause.is_none())
}

fn sandboxed(model: &Model) -> bool {
    model.selection().is_some_and(|lane| lane.info.sandbox)
}

fn drilled(model: &Model) -> bool {
    !model.receipts.is_empty()
}

fn choosing(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Drills { .. }))
}

fn copying(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Copy { .. }))
}

fn markable(model: &Model) -> bool {
    model.lanes.shown() > 0
}

fn marked(model: &Model) -> bool {
    model.lanes.marked() > 0
}

fn grouped(model: &Model) -> bool {
    model.lanes.grouped_by() != GroupBy::None
}

fn foldable(model: &Model) -> bool {
    model.group_here().is_some_and(|group| !group.folded)
}

fn unfoldable(model: &Model) -> bool {
    model.group_here().is_some_and(|group| group.folded)
}

fn on_a_head(model: &Model) -> bool {
    model.zoom.unwrap_or(model.focus) == Pane::Lanes && model.selected_group().is_some()
}

fn in_audit(model: &Model) -> bool {
    model.zoom.unwrap_or(model.focus) == Pane::Audit
}

fn on_a_record(model: &Model) -> bool {
    in_audit(model) && model.trail.selected(&model.journal).is_some()
}

fn searching(model: &Model) -> bool {
    in_audit(model) && model.trail.search().is_some()
}

fn exporting(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Export { .. }))
}

fn has_cause(model: &Model) -> bool {
    match &model.overlay {
        Some(Overlay::Record(page)) => page.record().is_some_and(|record| record.cause.is_some()),
        _ => false,
    }
}

fn pausing(model: &Model) -> bool {
    let form = match &model.overlay {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    };
    form.is_some_and(|form| form.order.ask == Ask::Pause)
}

fn closable(model: &Model) -> bool {
    let trail = &model.trail;
    let audit = trail.cursor().is_some() || !trail.filter().is_empty() || trail.is_busy();
    let audit = audit || trail.search().is_some() || trail.export().is_some();
    model.zoom.is_some() || !model.lanes.filter().is_empty() || audit
}

fn openable(model: &Model) -> bool {
    let open = model.zoom == Some(Pane::Detail) || in_audit(model);
    !open && !on_a_head(model) && model.lanes.rows() > 0
}

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

/// Which key does what. A configuration may change the keys; the table gives the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keymap {
    changed: Vec<(Context, Action, Vec<Key>)>,
}

impl Keymap {
    /// The keys of an entry.
    pub fn keys<'a>(&'a self, entry: &'a Entry) -> &'a [Key] {
        let changed = self
            .changed
            .iter()
            .find(|(context, action, _)| (*context, *action) == (entry.context, entry.action));
        changed.map_or(entry.keys, |(_, _, keys)| keys)
    }

    /// Gives an action other keys.
    pub fn bind(&mut self, context: Context, action: Action, keys: Vec<Key>) {
        self.changed
            .retain(|(there, known, _)| (*there, *known) != (context, action));
        self.changed.push((context, action, keys));
    }

    /// What a key does now: the first action in the table that has it and makes sense. If none
    /// makes sense, the first that has it, so that the screen can say why not.
    pub fn find(&self, model: &Model, key: Key) -> Option<&'static Entry> {
        let context = model.context();
        let mut having = ACTIONS
            .iter()
            .filter(|entry| entry.context == context && self.keys(entry).contains(&key));
        let first = having.next()?;
        if (first.enabled)(model) {
            return Some(first);
        }
        Some(having.find(|entry| (entry.enabled)(model)).unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_key_means_two_things_at_once() {
        let mut seen: HashMap<(Context, Key), Vec<Action>> = HashMap::new();
        for entry in ACTIONS {
            for key in entry.keys {
                seen.entry((entry.context, *key))
                    .or_default()
                    .push(entry.action);
            }
        }
        seen.retain(|_, actions| actions.len() > 1);
        // Of these the first that makes sense is meant: a lane that is paused cannot be paused, only
        // the head of a group can be folded, and the audit has records and a search of its own.
        let shared = HashMap::from([
            ((Main, k('p')), vec![Action::Pause, Action::Resume]),
            (
                (Main, p(Code::Enter)),
                vec![Action::Record, Action::FoldToggle, Action::Open],
            ),
            ((Main, k('/')), vec![Action::Search, Action::Filter]),
        ]);
        assert_eq!(seen, shared);
    }

    #[test]
    fn keys_that_multiplexers_and_terminals_take_are_left_alone() {
        for entry in ACTIONS {
            for key in entry.keys {
                let taken = matches!(key.code, Code::Char(c) if "abghnopqst".contains(c));
                assert!(!(key.ctrl && taken), "{key}");
                assert!(!key.alt, "{key}");
            }
        }
    }

    #[test]
    fn every_action_of_the_panes_is_explained_and_named_for_a_keymap_file() {
        for entry in ACTIONS.iter().filter(|entry| entry.context == Main) {
            assert!(!entry.help.is_empty(), "{:?}", entry.action);
            let name = serde_json::to_value(entry.action).unwrap();
            let name = name.as_str().unwrap();
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_keymap_can_move_an_action_to_another_key() {
        let mut keymap = Keymap::default();
        keymap.bind(Main, Action::Quit, vec![Key::char('x')]);
        let quit = ACTIONS
            .iter()
            .find(|entry| entry.action == Action::Quit)
            .unwrap();
        assert_eq!(keymap.keys(quit), [Key::char('x')]);
    }
}
