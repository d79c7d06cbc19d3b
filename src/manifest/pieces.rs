//! Cutting a long manifest into pieces that are parsed one after the other.
//!
//! The tree of a parsed document takes some thirty times the room of its text. Ten thousand lanes
//! would need a hundred megabytes for a moment; lane by lane they need next to nothing. The cut is
//! made at lines that say `[[lane]]`, which is right unless such a line stands within a text of
//! several lines or a lane has headers that do not look like ours: one with a quoted key may open
//! a table that is not the lane's. Then nothing is cut.

use std::ops::Range;

/// A document in pieces that can be parsed each by itself.
pub(super) struct Pieces {
    /// Everything but the lanes, which are blanked out so that offsets stay as they are.
    pub(super) rest: String,
    /// Where the lanes are: each from its `[[lane]]` to the end of its last table.
    pub(super) lanes: Vec<Range<usize>>,
}

#[derive(PartialEq)]
enum Header {
    Lane,
    OfLane,
    Other,
}

/// Cuts `text`, if that is safe.
pub(super) fn cut(text: &str) -> Option<Pieces> {
    if text.contains("\"\"\"") || text.contains("'''") {
        return None;
    }
    let mut lanes: Vec<Range<usize>> = Vec::new();
    let mut inside = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // Most lines are no header, and one byte tells.
        let bare = line.trim_ascii_start();
        if bare.starts_with('[') {
            match header(bare) {
                Some(Header::Lane) => {
                    lanes.push(at..at);
                    inside = true;
                }
                Some(Header::Other) => inside = false,
                Some(Header::OfLane) | None => {}
            }
            if inside && bare.contains(['"', '\'']) {
                return None;
            }
        }
        at += line.len();
        if inside && let Some(lane) = lanes.last_mut() {
            lane.end = at;
        }
    }
    let mut rest = String::with_capacity(text.len());
    for lane in &lanes {
        rest.push_str(text.get(rest.len()..lane.start)?);
        rest.push_str(&" ".repeat(lane.len()));
    }
    rest.push_str(text.get(rest.len()..)?);
    Some(Pieces { rest, lanes })
}

fn header(line: &str) -> Option<Header> {
    let name = line.strip_prefix('[')?;
    let (name, double) = match name.strip_prefix('[') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let name = name.trim_start();
    // Within a list of several lines, a line can begin with a bracket too; a quote follows it then.
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return None;
    }
    let end = name.find(['.', ']', ' ', '\t'])?;
    let (first, after) = name.split_at(end);
    Some(match (first, after.trim_start().chars().next()) {
        ("lane", Some('.')) => Header::OfLane,
        ("lane", Some(']')) if double => Header::Lane,
        _ => Header::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_goes_with_its_tables_and_the_rest_keeps_its_places() {
        let text = "title = 'x'\n[[lane]]\nname = 'a'\n[lane.credential]\nk = 1\n \
                    [[ lane ]] # b\nname = 'b'\n[stores.s]\nkind = 'file'\n";
        let pieces = cut(text).unwrap();
        let lanes: Vec<_> = pieces
            .lanes
            .iter()
            .map(|lane| &text[lane.clone()])
            .collect();
        assert_eq!(
            lanes,
            [
                "[[lane]]\nname = 'a'\n[lane.credential]\nk = 1\n",
                " [[ lane ]] # b\nname = 'b'\n"
            ]
        );
        assert_eq!(pieces.rest.len(), text.len());
        assert_eq!(pieces.rest.find("[stores"), text.find("[stores"));
        assert!(!pieces.rest.contains("lane"));
    }

    #[test]
    fn texts_of_several_lines_are_not_cut() {
        assert!(cut("[[lane]]\nbody = '''\n[[lane]]\n'''\n").is_none());
    }

    #[test]
    fn a_quoted_header_within_a_lane_is_not_cut() {
        assert!(cut("[[lane]]\nname = 'a'\n[\"lane\".credential]\n").is_none());
        assert!(cut("[[lane]]\nname = 'a'\n[alerts]\n[\"x\"]\n").is_some());
    }
}
