//! XML answers, read as leaves: the path of element names and the text inside.
//!
//! Errors in XML are small and flat (`Error/Code`, `Fault/Error/Detail`). No entity beyond the five
//! of XML is known, nothing is fetched, and depth and number are bounded, so that no document can
//! do harm.

use super::report_words::{is_failing_word, is_success};

const LEAVES_MAX: usize = 128;
const DEPTH_MAX: usize = 24;

/// An element that holds text, or an attribute (its name comes last in the path, after `@`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Leaf {
    /// Names without prefix, joined by `/`.
    pub(super) path: String,
    /// The text, entities resolved, trimmed.
    pub(super) text: String,
}

impl Leaf {
    /// Whether the path is `tail`, or ends in it at a name.
    pub(super) fn is_at(&self, tail: &str) -> bool {
        self.path
            .strip_suffix(tail)
            .is_some_and(|head| head.is_empty() || head.ends_with('/'))
    }
}

/// The leaves of a document, in its order; of a broken document, those before the break.
pub(super) fn leaves(document: &str) -> Vec<Leaf> {
    let mut found = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut rest = document;
    while let Some(open) = rest.find('<') {
        let (text, tag) = rest.split_at(open);
        keep(&mut found, &path, None, text);
        if found.len() >= LEAVES_MAX {
            return found;
        }
        let skipped = if tag.starts_with("<!--") {
            after(tag, "-->")
        } else if let Some(raw) = tag.strip_prefix("<![CDATA[") {
            let (inside, behind) = raw.split_once("]]>").unwrap_or((raw, ""));
            keep_raw(&mut found, &path, inside);
            Some(behind)
        } else if tag.starts_with("<?") || tag.starts_with("<!") {
            after(tag, ">")
        } else {
            element(&mut found, &mut path, tag)
        };
        match skipped {
            Some(behind) => rest = behind,
            None => return found,
        }
    }
    found
}

/// Whether a document under a status of success is the report of a failure, by the name of its root,
/// a fault of SOAP or XML-RPC, or an acknowledgement that says no.
pub(super) fn tells_of_failure(leaves: &[Leaf]) -> bool {
    let root = leaves.first().and_then(|leaf| leaf.path.split('/').next());
    let by_root = root.is_some_and(|root| {
        [
            "Error",
            "ErrorResponse",
            "Fault",
            "error",
            "errors",
            "Errors",
        ]
        .contains(&root)
    });
    by_root
        || is_numbered_failure(leaves)
        || leaves.iter().any(|leaf| {
            let mut names = leaf.path.rsplit('/');
            let name = names.next().unwrap_or_default();
            let fault = |name| matches!(name, "Fault" | "fault");
            names.any(fault) || refuses(leaf, name) || is_error_below_root(leaf)
        })
}

/// An acknowledgement anywhere, or a word on how it went at the top, that says no.
fn refuses(leaf: &Leaf, name: &str) -> bool {
    let says_no = || is_failing_word(&leaf.text) || leaf.text.eq_ignore_ascii_case("false");
    if name == "Ack" {
        return says_no();
    }
    let depth = leaf.path.matches('/').count();
    let (name, reach) = match name.strip_prefix('@') {
        Some(name) => (name, 1),
        None if matches!(name, "resultCode" | "return_code") => (name, 2),
        None if ["meta/status", "header/status", "head/status"]
            .iter()
            .any(|tail| leaf.is_at(tail)) =>
        {
            (name, 2)
        }
        None => (name, 1),
    };
    let own = [
        "status",
        "stat",
        "result",
        "resultCode",
        "return_code",
        "success",
        "ack",
    ];
    depth <= reach && own.iter().any(|one| one.eq_ignore_ascii_case(name)) && says_no()
}

/// `<reply><code>110</code><detail>…`: a number of its own beside a sentence that is none of success.
fn is_numbered_failure(leaves: &[Leaf]) -> bool {
    leaves.windows(2).any(|pair| {
        let [number, sentence] = pair else {
            return false;
        };
        let parts = |leaf: &Leaf| {
            let (parent, name) = leaf.path.rsplit_once('/')?;
            Some((parent.to_owned(), name.to_ascii_lowercase()))
        };
        let (Some((parent, name)), Some((other, label))) = (parts(number), parts(sentence)) else {
            return false;
        };
        let is_bad = number.text.parse::<i64>().is_ok_and(|code| {
            code != 0 && code != 1 && code != 1000 && !(200..=300).contains(&code)
        });
        parent == other
            && parent.matches('/').count() <= 1
            && matches!(
                name.as_str(),
                "code" | "errorcode" | "statuscode" | "resultcode" | "retcode"
            )
            && matches!(
                label.as_str(),
                "detail" | "message" | "msg" | "description" | "errormessage"
            )
            && is_bad
            && !is_success(&sentence.text)
    })
}

/// `<response><error>…` and `<ApiResponse><Errors><Error>…`, with something in it.
fn is_error_below_root(leaf: &Leaf) -> bool {
    let second = leaf.path.split('/').nth(1).unwrap_or_default();
    let none = ["0", "false", "none", "ok"];
    matches!(
        second,
        "Error" | "error" | "Errors" | "errors" | "err" | "exception"
    ) && !none.iter().any(|one| leaf.text.eq_ignore_ascii_case(one))
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.split_once(mark).map(|(_, behind)| behind)
}

fn element<'t>(found: &mut Vec<Leaf>, path: &mut Vec<&'t str>, tag: &'t str) -> Option<&'t str> {
    let (inside, behind) = tag.strip_prefix('<')?.split_once('>')?;
    if inside.starts_with('/') {
        path.pop();
        return Some(behind);
    }
    let (inside, empty) = match inside.strip_suffix('/') {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    let (name, attributes) = inside
        .split_once(char::is_whitespace)
        .unwrap_or((inside, ""));
    if path.len() >= DEPTH_MAX {
        return None;
    }
    path.push(local(name));
    let mut rest = attributes;
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            break;
        };
        let Some((value, behind)) = value.get(1..).and_then(|text| text.split_once(quote)) else {
            break;
        };
        if !name.trim().starts_with("xmlns") {
            keep(found, path, Some(local(name.trim())), value);
        }
        rest = behind;
    }
    if empty {
        path.pop();
    }
    Some(behind)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn keep(found: &mut Vec<Leaf>, path: &[&str], attribute: Option<&str>, text: &str) {
    let text = text.trim();
    if text.is_empty() || path.is_empty() || found.len() >= LEAVES_MAX {
        return;
    }
    let mut path = path.join("/");
    if let Some(name) = attribute {
        path.push_str("/@");
        path.push_str(name);
    }
    let text = if text.contains('&') {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    } else {
        text.to_owned()
    };
    found.push(Leaf { path, text });
}

fn keep_raw(found: &mut Vec<Leaf>, path: &[&str], text: &str) {
    let text = text.trim().to_owned();
    if !text.is_empty() && !path.is_empty() && found.len() < LEAVES_MAX {
        let path = path.join("/");
        found.push(Leaf { path, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_carry_their_path_without_prefixes() {
        let found = leaves(
            r#"<?xml version="1.0"?><!-- x --><s:Envelope xmlns:s="u"><s:Fault code="7"><Detail>a &amp; b</Detail><Raw><![CDATA[<x>]]></Raw></s:Fault></s:Envelope>"#,
        );
        let flat: Vec<_> = found
            .iter()
            .map(|l| (l.path.as_str(), l.text.as_str()))
            .collect();
        assert_eq!(
            flat,
            [
                ("Envelope/Fault/@code", "7"),
                ("Envelope/Fault/Detail", "a & b"),
                ("Envelope/Fault/Raw", "<x>"),
            ]
        );
        assert!(found[1].is_at("Fault/Detail") && found[1].is_at("Detail"));
        assert!(!found[1].is_at("tail"));
    }

    #[test]
    fn a_document_under_success_reports_a_failure_in_many_ways() {
        for document in [
            r#"<rsp stat="fail"><err code="98" msg="x"/></rsp>"#,
            r#"<rsp status="failed"><msg>x</msg></rsp>"#,
            "<response><status>fail</status><note>x</note></response>",
            "<xml><return_code>FAIL</return_code></xml>",
            r#"<ApiResponse Status="ERROR"><Errors><Error Number="7">x</Error></Errors></ApiResponse>"#,
            "<r><messages><resultCode>Error</resultCode></messages></r>",
            "<GetItemResponse><Ack>Failure</Ack></GetItemResponse>",
            "<a><reply><code>110</code><detail>Invalid</detail></reply></a>",
            "<ocs><meta><status>failure</status></meta></ocs>",
        ] {
            assert!(tells_of_failure(&leaves(document)), "{document}");
        }
        for document in [
            r#"<rsp stat="ok"><photo status="failed">x</photo></rsp>"#,
            "<list><job><state><status>failed</status></state></job></list>",
            "<response><error>0</error><value>x</value></response>",
            "<a><reply><code>300</code><detail>success</detail></reply></a>",
        ] {
            assert!(!tells_of_failure(&leaves(document)), "{document}");
        }
    }

    proptest::proptest! {
        #[test]
        fn broken_documents_yield_what_came_before_the_break(text in "[<>/a-c =\"'!\\-\\[\\]&?]{0,400}") {
            proptest::prop_assert!(leaves(&text).len() <= LEAVES_MAX);
        }
    }
}
