//! What keys can do, by name, and what can be typed behind each name in the palette.

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
