//! JSON answers: pointers with a wildcard, and what can be saved of a body that was cut off.

use serde_json::Value;
use std::fmt;

/// The most elements a `*` visits, so that a long list costs no more than a short one.
const FAN_OUT: usize = 32;

/// A JSON pointer (RFC 6901) in which `*` stands for every element of a list. The pointer `""` is
/// the whole document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer; `None` if it neither is empty nor begins with `/`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let parts = text.strip_prefix('/')?.split('/');
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Some(Self(parts.map(unescape).collect()))
    }

    /// Its steps.
    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }

    /// Everything it points at that is not `null`.
    pub(super) fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        // Most pointers name one thing, and most answers do not have it.
        let mut value = root;
        let mut rest = self.0.as_slice();
        while let Some((part, after)) = rest.split_first() {
            let next = match value {
                Value::Array(_) if part == "*" => return fan_out(value, rest),
                Value::Array(list) => part.parse::<usize>().ok().and_then(|at| list.get(at)),
                Value::Object(map) => map.get(part),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return Vec::new(),
            }
            rest = after;
        }
        if value.is_null() {
            return Vec::new();
        }
        vec![value]
    }
}

/// The same for what is left of a pointer from its first wildcard on.
fn fan_out<'v>(root: &'v Value, parts: &[String]) -> Vec<&'v Value> {
    let mut found = vec![root];
    for part in parts {
        let mut next = Vec::new();
        for value in found {
            match value {
                Value::Array(list) if part == "*" => {
                    next.extend(list.iter().take(FAN_OUT.saturating_sub(next.len())));
                }
                Value::Array(list) => {
                    next.extend(part.parse::<usize>().ok().and_then(|at| list.get(at)));
                }
                Value::Object(map) => next.extend(map.get(part)),
                _ => {}
            }
        }
        found = next;
    }
    found.retain(|value| !value.is_null());
    found
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parts) = self;
        parts.iter().try_for_each(|part| {
            let part = part.replace('~', "~0").replace('/', "~1");
            write!(f, "/{part}")
        })
    }
}

/// A string, number or boolean as text; `None` for the rest.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// Parses `text`; if it stops short, closes what was left open after the last whole value, so that
/// an error message whose end was cut off can still be read.
pub(super) fn parse_or_salvage(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    // A string that was cut in its middle is closed and kept: half a sentence tells more than none.
    let cut = Cut::of(text)?;
    let closed = |keep: usize, tail: &str, open: &[char]| -> Option<Value> {
        let mut repaired = text.get(..keep)?.to_owned();
        repaired.push_str(tail);
        repaired.extend(open.iter().rev());
        serde_json::from_str(&repaired).ok()
    };
    if cut.in_string {
        let keep = text.trim_end_matches('\\').len();
        if let Some(value) = closed(keep, "\"", &cut.open) {
            return Some(value);
        }
    }
    closed(cut.whole, "", &cut.whole_open)
}

/// Where a cut-off document stands.
struct Cut {
    in_string: bool,
    open: Vec<char>,
    whole: usize,
    whole_open: Vec<char>,
}

impl Cut {
    /// Walks the text once; `None` if it closes more than it opened, or nests past all reason.
    fn of(text: &str) -> Option<Self> {
        let mut cut = Self {
            in_string: false,
            open: Vec::new(),
            whole: 0,
            whole_open: Vec::new(),
        };
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            if cut.in_string {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => cut.in_string = false,
                    _ => {}
                }
                continue;
            }
            match c {
                '"' => cut.in_string = true,
                '{' => cut.open.push('}'),
                '[' => cut.open.push(']'),
                // Everything before a comma is whole; the stack is copied only at shallow depth.
                ',' if cut.open.len() <= 16 => {
                    cut.whole = at;
                    cut.whole_open.clone_from(&cut.open);
                }
                '}' | ']' => {
                    if cut.open.pop() != Some(c) {
                        return None;
                    }
                    if cut.open.len() <= 16 {
                        cut.whole = at + 1;
                        cut.whole_open.clone_from(&cut.open);
                    }
                }
                _ => {}
            }
            if cut.open.len() > 100 {
                return None;
            }
        }
        Some(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_visits_every_element() {
        let value = json!({"errors": [{"code": 1}, {"code": null}, {"code": "b"}]});
        let found = Pointer::parse("/errors/*/code").unwrap().find(&value).len();
        assert_eq!(found, 2);
        assert_eq!(
            Pointer::parse("/errors/2/code").unwrap().find(&value),
            [&json!("b")]
        );
        assert_eq!(Pointer::parse("errors"), None);
    }

    #[test]
    fn a_body_that_was_cut_off_keeps_what_was_whole() {
        let cut = r#"{"error":{"code":"expired","message":"The tok"#;
        assert_eq!(
            parse_or_salvage(cut),
            Some(json!({"error": {"code": "expired", "message": "The tok"}}))
        );
        let cut = r#"{"a":[1,2],"b":{"c":tr"#;
        assert_eq!(parse_or_salvage(cut), Some(json!({"a": [1, 2]})));
        assert_eq!(parse_or_salvage("}{"), None);
        assert_eq!(parse_or_salvage("<html>"), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_looks_like_json_is_too_strange(text in "[\\[\\]{}\",:a1\\\\ é]{0,400}") {
            let _ = parse_or_salvage(&text);
        }

        #[test]
        fn every_prefix_of_an_error_is_readable(at in 2_usize..60) {
            let whole = r#"{"error":"invalid_token","error_description":"It has expired é"}"#;
            let end = (at..=whole.len()).find(|end| whole.is_char_boundary(*end)).unwrap();
            let value = parse_or_salvage(&whole[..end]);
            if end > 24 {
                proptest::prop_assert_eq!(&value.unwrap()["error"], "invalid_token");
            }
        }
    }
}
