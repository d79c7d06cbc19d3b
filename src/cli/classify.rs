//! `lanewatch classify`: what recorded answers mean.
//!
//! One JSON object a line in, one a line out, in the same order. A line that cannot be read becomes a
//! line that says so, and the run goes on: a collection of answers is long, and its one bad line
//! should cost nothing but itself. What an answer means is [`crate::provider`]'s business.

use crate::lane::{Basis, Outcome, Verdict, Wall};
use crate::plain::Plain;
use crate::provider::{Answer, AnswerKind, Catalog, Context, Fate, Pack, Reading, Tried};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, BufRead, Write};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Lines that were judged.
    pub judged: usize,
    /// Lines that could not be read.
    pub unreadable: usize,
}

/// One line of input; fields beyond these are ignored.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    provider: String,
    #[serde(default = "api")]
    kind: AnswerKind,
    status: u16,
    #[serde(default)]
    headers: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    raw_headers: Option<Vec<(String, String)>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    context: Option<LineContext>,
}

#[derive(Deserialize, Default)]
struct LineContext {
    #[serde(default)]
    known_expires_at: Option<Wall>,
    #[serde(default)]
    now: Option<Wall>,
    #[serde(default)]
    worked_before: bool,
}

const fn api() -> AnswerKind {
    AnswerKind::Api
}

#[derive(Serialize)]
struct Judged<'a> {
    id: &'a Value,
    outcome: &'static str,
    evidence: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    rule: &'a Plain,
    stated: bool,
    provider_code: Option<&'a Plain>,
    request_id: Option<&'a Plain>,
    retry_after_s: Option<u64>,
    required_scopes: &'a [Plain],
    expires_at: Option<Wall>,
}

#[derive(Serialize)]
struct Unread<'a> {
    id: &'a Value,
    error: String,
}

/// Judges every line of `input` and writes what it means to `out`: JSON, or with `explain` a
/// paragraph for a person with the rules that were tried. `now` is the present of lines that name none.
///
/// # Errors
/// When the input cannot be read or the output cannot be written; never for what a line holds.
pub fn run(
    mut input: impl BufRead,
    out: &mut impl Write,
    catalog: &Catalog,
    explain: bool,
    now: Wall,
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        number += 1;
        if input.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(summary);
        }
        let text = bytes.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line>(text) {
            Ok(line) => {
                summary.judged += 1;
                judge(&line, out, catalog, explain, now)?;
            }
            Err(error) => {
                summary.unreadable += 1;
                // Whatever could be read of the id still tells whose line it was.
                let whole = serde_json::from_slice::<Value>(text).ok();
                let id = whole.and_then(|mut whole| whole.get_mut("id").map(Value::take));
                let unread = Unread {
                    id: &id.unwrap_or(Value::Null),
                    error: format!("line {number}: {}", Plain::new(&error.to_string())),
                };
                serde_json::to_writer(&mut *out, &unread)?;
                writeln!(out)?;
            }
        }
    }
}

fn judge(
    line: &Line,
    out: &mut impl Write,
    catalog: &Catalog,
    explain: bool,
    now: Wall,
) -> io::Result<()> {
    let pack = catalog.get_or_http(&line.provider);
    let answer = line.answer();
    let context = line.context(now);
    if explain {
        let (reading, tried) = pack.explain(&answer, &context);
        return tell(line, pack, &context, &reading, &tried, out);
    }
    let Verdict { outcome, evidence } = pack.classify(&answer, &context).verdict;
    let judged = Judged {
        id: &line.id,
        outcome: outcome.as_str(),
        evidence: Shown {
            rule: &evidence.rule,
            stated: evidence.basis == Basis::Stated,
            provider_code: evidence.provider_code.as_ref(),
            request_id: evidence.request_id.as_ref(),
            retry_after_s: evidence.retry_after_s,
            required_scopes: &evidence.required_scopes,
            expires_at: evidence.expires_at,
        },
    };
    serde_json::to_writer(&mut *out, &judged)?;
    writeln!(out)
}

impl Line {
    fn answer(&self) -> Answer<'_> {
        let lower = |name: &str| name.to_ascii_lowercase();
        let headers: Vec<(String, String)> = match (&self.raw_headers, &self.headers) {
            (Some(raw), _) if !raw.is_empty() => raw
                .iter()
                .map(|(name, value)| (lower(name), value.clone()))
                .collect(),
            (_, Some(map)) => map
                .iter()
                .flat_map(|(name, value)| {
                    let list = value.as_array().map(Vec::as_slice);
                    let lines = list.unwrap_or(std::slice::from_ref(value)).iter();
                    lines.filter_map(move |value| Some((lower(name), header_text(value)?)))
                })
                .collect(),
            _ => Vec::new(),
        };
        Answer {
            kind: self.kind,
            status: self.status,
            headers: Cow::Owned(headers),
            body: Cow::Borrowed(self.body.as_deref().unwrap_or_default().as_bytes()),
        }
    }

    fn context(&self, now: Wall) -> Context {
        let given = self.context.as_ref();
        Context {
            now: given.and_then(|context| context.now).unwrap_or(now),
            known_expires_at: given.and_then(|context| context.known_expires_at),
            worked_before: given.is_some_and(|context| context.worked_before),
        }
    }
}

fn header_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

fn tell(
    line: &Line,
    pack: &Pack,
    context: &Context,
    reading: &Reading,
    tried: &[Tried],
    out: &mut impl Write,
) -> io::Result<()> {
    let Verdict { outcome, evidence } = &reading.verdict;
    let id = match &line.id {
        Value::String(id) => Plain::new(id),
        other => Plain::new(&other.to_string()),
    };
    let how = match evidence.basis {
        Basis::Stated => "stated by the answer",
        Basis::Inferred => "inferred",
    };
    writeln!(out, "{id}: {outcome} ({how})")?;
    writeln!(
        out,
        "  judged by   {} with status {}",
        pack.title(),
        line.status
    )?;
    writeln!(out, "  rule        {}", evidence.rule)?;
    let mut fact = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "  {name:<11} {value}"),
        None => Ok(()),
    };
    let text = |plain: &Option<Plain>| plain.as_ref().map(ToString::to_string);
    fact("code", text(&evidence.provider_code))?;
    fact("says", text(&evidence.detail))?;
    fact("request", text(&evidence.request_id))?;
    fact("wait", evidence.retry_after_s.map(|s| format!("{s} s")))?;
    let scopes: Vec<_> = evidence.required_scopes.iter().map(Plain::as_str).collect();
    fact("needs", (!scopes.is_empty()).then(|| scopes.join(", ")))?;
    fact("ends", evidence.expires_at.map(|at| at.to_string()))?;
    fact(
        "granted",
        reading.observed.scopes.as_ref().map(ToString::to_string),
    )?;
    let skew = reading.observed.skew_ms;
    fact("clock", skew.map(|ms| format!("server ahead by {ms} ms")))?;
    let held = tried.iter().find(|one| one.fate == Fate::Matched);
    fact("because", held.and_then(|one| one.why.clone()))?;
    fact("and so", what_history_adds(&reading.verdict, context))?;
    for line in tried_lines(tried) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

/// What was known of the credential before, where the answer itself names no cause.
fn what_history_adds(verdict: &Verdict, context: &Context) -> Option<String> {
    if verdict.evidence.basis == Basis::Stated {
        return None;
    }
    match (verdict.outcome, context.known_expires_at) {
        (Outcome::CredentialExpired, Some(end)) => {
            Some(format!("expired: its known end, {end}, has passed"))
        }
        (Outcome::CredentialRevoked, Some(end)) => Some(format!(
            "revoked: it worked before, and its known end, {end}, is still ahead"
        )),
        (Outcome::CredentialInvalid, None) => {
            Some("invalid: its end is not known, so nothing tells expired from revoked".to_owned())
        }
        (Outcome::CredentialInvalid, Some(end)) if end > context.now && !context.worked_before => {
            Some("invalid: its known end is ahead, and it was never seen to work".to_owned())
        }
        _ => None,
    }
}

/// The rules that were tried, pack by pack, in lines of a terminal.
fn tried_lines(tried: &[Tried]) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines = Vec::new();
    let mut pack = "";
    let mut line = String::new();
    for one in tried {
        let (of, name) = one.rule.split_once('/').unwrap_or(("", &one.rule));
        let word = match one.fate {
            Fate::Matched => format!("{name} (holds, and decides)"),
            Fate::NotMet => name.to_owned(),
            Fate::NotAllowed => format!("{name} (such an answer condemns nothing)"),
            Fate::LeftOpen => format!("{name} (its words leave the end open)"),
            Fate::Outdone => format!("{name} (the answer itself tells the end)"),
        };
        if of != pack {
            pack = of;
            lines.push(std::mem::take(&mut line));
            line = format!("  tried       of {of}: {word}");
        } else if line.len() + word.len() + 2 > WIDTH {
            line.push(',');
            lines.push(std::mem::take(&mut line));
            line = format!("              {word}");
        } else {
            line.push_str(", ");
            line.push_str(&word);
        }
    }
    lines.push(line);
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_790_000_000_000);

    fn classify(input: &str, explain: bool) -> (String, Summary) {
        let mut out = Vec::new();
        let catalog = Catalog::builtin();
        let summary = run(input.as_bytes(), &mut out, &catalog, explain, NOW).unwrap();
        (String::from_utf8(out).unwrap(), summary)
    }

    #[test]
    fn one_line_in_is_one_line_out() {
        let (out, summary) = classify(
            r#"{"id":"a","provider":"slack","kind":"api","status":200,"headers":{},"body":"{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\"}","context":{"known_expires_at":null,"now":"2026-01-01T00:00:00Z","worked_before":true}}"#,
            false,
        );
        let found: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            found,
            serde_json::json!({"id": "a", "outcome": "scope_insufficient", "evidence": {
                "rule": "slack/missing-scope", "stated": true, "provider_code": "missing_scope",
                "request_id": null, "retry_after_s": null, "required_scopes": ["chat:write"],
                "expires_at": null,
            }})
        );
        assert_eq!(
            summary,
            Summary {
                judged: 1,
                unreadable: 0
            }
        );
    }

    #[test]
    fn a_bad_line_says_so_and_the_run_goes_on() {
        let input = "{\"id\":1,\"status\":204}\n\nnot json\n{\"id\":\"x\",\"status\":\"?\"}\n{\"id\":2,\"status\":429}\n";
        let (out, summary) = classify(input, false);
        let lines: Vec<Value> = out
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0]["outcome"], "ok");
        assert!(lines[1]["error"].as_str().unwrap().starts_with("line 3: "));
        assert_eq!(lines[2]["id"], "x");
        assert!(lines[2]["error"].as_str().unwrap().starts_with("line 4: "));
        assert_eq!(lines[3]["outcome"], "rate_limited");
        assert_eq!(
            summary,
            Summary {
                judged: 2,
                unreadable: 2
            }
        );
    }

    #[test]
    fn raw_headers_are_read_with_their_casing_and_repetition() {
        let (out, _) = classify(
            r#"{"id":1,"provider":"nobody","status":401,"raw_headers":[["WWW-Authenticate","Basic realm=\"a\""],["WWW-Authenticate","Bearer error=\"invalid_token\", error_description=\"The token expired\""]]}"#,
            false,
        );
        assert!(out.contains("credential_expired"), "{out}");
    }

    #[test]
    fn the_explanation_tells_what_history_made_of_a_bare_rejection() {
        let told = |context: &str| {
            let now = r#""now":"2026-01-01T00:00:00Z""#;
            let line = format!(
                r#"{{"id":"k","provider":"http","status":401,"context":{{{now}{context}}}}}"#
            );
            classify(&line, true).0
        };
        let ahead = r#","known_expires_at":"2027-01-01T00:00:00Z""#;
        for (context, word) in [
            (String::new(), "invalid: its end is not known"),
            (ahead.to_owned(), "invalid: its known end is ahead"),
            (
                format!("{ahead},\"worked_before\":true"),
                "revoked: it worked before",
            ),
            (
                ahead.replace("2027", "2025"),
                "expired: its known end, 2025",
            ),
        ] {
            let out = told(&context);
            assert!(out.contains(&format!("  and so      {word}")), "{out}");
        }
        let (stated, _) = classify(
            r#"{"id":"k","provider":"http","status":401,"body":"{\"error\":\"token_expired\"}"}"#,
            true,
        );
        assert!(!stated.contains("and so"), "{stated}");
    }

    #[test]
    fn the_explanation_names_the_rules_and_hides_what_could_be_a_secret() {
        let (out, _) = classify(
            r#"{"id":"k","provider":"stripe","status":401,"body":"{\"error\":{\"message\":\"Invalid API Key provided: sk_live_4eC39HqLyjWDarjtT1zdp7dc\"}}","context":{"now":"2026-01-01T00:00:00Z"}}"#,
            true,
        );
        assert!(
            out.starts_with("k: credential_invalid (inferred)\n"),
            "{out}"
        );
        assert!(out.contains("  tried       of stripe: "), "{out}");
        assert!(out.contains("unauthorized (holds, and decides)"), "{out}");
        assert!(out.contains("  because     RFC 9110"), "{out}");
        assert!(out.contains("sk_l…") && !out.contains("4eC39"), "{out}");
    }
}
