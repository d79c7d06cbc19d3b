//! Rules and what they ask, from TOML.

use super::AnswerKind;
use super::json::Pointer;
use super::moment::Form;
use super::parse_place::places;
use super::phrase::Phrase;
use super::phrasebook::PhraseSet;
use super::reader::{Reader, Span, Table};
use super::rule::{Conclusion, Rule, Test, Want};
use super::seen::Shape;
use crate::lane::{Basis, Outcome};

/// The names of the kinds of answer.
pub(super) const KINDS: [(&str, AnswerKind); 4] = [
    ("api", AnswerKind::Api),
    ("token_endpoint", AnswerKind::TokenEndpoint),
    ("introspection", AnswerKind::Introspection),
    ("mcp_tool_result", AnswerKind::McpToolResult),
];

/// Finds a word in a list of names, or notes what would have been possible.
pub(super) fn one_of<T: Copy>(
    reader: &mut Reader<'_>,
    (word, span): &(String, Span),
    names: &[(&str, T)],
) -> Option<T> {
    let found = names.iter().find(|(name, _)| name == word);
    if found.is_none() {
        let known: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        reader.mistake(
            span,
            format!("unknown word `{word}`"),
            format!("one of {}", known.join(", ")),
        );
    }
    found.map(|(_, value)| *value)
}

/// Reads `[[rule]]`.
pub(super) fn rule(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Option<Rule> {
    table.only(
        reader,
        &[
            "name",
            "outcome",
            "basis",
            "any_status",
            "late",
            "when",
            "scopes",
            "retry",
            "code",
            "expires",
            "why",
        ],
    );
    let name = table.needed(reader, "name");
    let conclusion = match table.needed(reader, "outcome") {
        Some((word, _)) if word == "history" => Some(Conclusion::History),
        Some(word) => {
            let names = Outcome::ALL.map(|outcome| (outcome.as_str(), outcome));
            one_of(reader, &word, &names).map(Conclusion::Is)
        }
        None => None,
    };
    let basis = table.text(reader, "basis").and_then(|word| {
        one_of(
            reader,
            &word,
            &[("stated", Basis::Stated), ("inferred", Basis::Inferred)],
        )
    });
    let any_status = table.flag(reader, "any_status").unwrap_or(false);
    let when = match table.table(reader, "when") {
        Some(when) => test(reader, &when),
        None => {
            reader.mistake(
                &table.span,
                "a rule without `when`",
                "say what must hold of the answer",
            );
            None
        }
    };
    Some(Rule {
        name: name?.0,
        why: table.text(reader, "why").map(|(why, _)| why),
        conclusion: conclusion?,
        basis: basis.unwrap_or(Basis::Stated),
        any_status,
        scopes: places(reader, table, "scopes", Form::Auto),
        retry: places(reader, table, "retry", Form::Auto),
        code: places(reader, table, "code", Form::Auto),
        expires: places(reader, table, "expires", Form::Rfc3339),
        when: when?,
    })
}

/// Reads a condition: everything in the table must hold.
fn test(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Option<Test> {
    table.only(
        reader,
        &[
            "kind",
            "status",
            "own",
            "body",
            "failed",
            "header",
            "challenge",
            "json",
            "form",
            "xml",
            "rpc",
            "text",
            "says",
            "code",
            "writes",
            "all",
            "any",
            "not",
        ],
    );
    let before = reader.mistakes.len();
    let mut tests = Vec::new();
    if let Some(words) = table.texts(reader, "kind") {
        let kinds = words.iter().filter_map(|word| one_of(reader, word, &KINDS));
        tests.push(Test::Kind(kinds.collect()));
    }
    if let Some(words) = table.texts(reader, "status") {
        let ranges = words.iter().filter_map(|word| status(reader, word));
        tests.push(Test::Status(ranges.collect()));
    }
    if let Some(words) = table.texts(reader, "own") {
        let ranges = words.iter().filter_map(|word| status(reader, word));
        tests.push(Test::Own(ranges.collect()));
    }
    if let Some(words) = table.texts(reader, "body") {
        let shapes = words
            .iter()
            .filter_map(|word| one_of(reader, word, &Shape::NAMES));
        tests.push(Test::Body(shapes.collect()));
    }
    tests.extend(table.flag(reader, "failed").map(Test::Failed));
    for part in table.tables(reader, "header") {
        tests.extend(header(reader, &part));
    }
    for part in table.tables(reader, "challenge") {
        tests.push(challenge(reader, &part));
    }
    for part in table.tables(reader, "json") {
        part.only(reader, &["at", "is", "contains", "begins", "exists"]);
        let pointers = part.texts(reader, "at").unwrap_or_default();
        if pointers.is_empty() {
            reader.mistake(
                &part.span,
                "`at` is missing",
                "a JSON pointer such as /error/code",
            );
        }
        let pointers = pointers
            .iter()
            .filter_map(|word| pointer(reader, word))
            .collect();
        tests.push(Test::Json(pointers, want(reader, &part)));
    }
    for part in table.tables(reader, "form") {
        part.only(reader, &["field", "is", "contains", "begins", "exists"]);
        if let Some((name, _)) = part.needed(reader, "field") {
            tests.push(Test::Form(name, want(reader, &part)));
        }
    }
    for part in table.tables(reader, "xml") {
        part.only(reader, &["at", "is", "contains", "begins", "exists"]);
        if let Some((tail, _)) = part.needed(reader, "at") {
            tests.push(Test::Xml(tail, want(reader, &part)));
        }
    }
    if let Some(words) = table.texts(reader, "rpc") {
        let mut codes = Vec::new();
        for (word, span) in &words {
            match word.parse() {
                Ok(code) => codes.push(code),
                Err(_) => reader.mistake(span, format!("`{word}` is no number"), ""),
            }
        }
        tests.push(Test::Rpc(codes));
    }
    if let Some(words) = table.texts(reader, "text") {
        tests.push(Test::Text(lower(words)));
    }
    tests.extend(phrases(reader, table, "says").map(Test::Says));
    tests.extend(phrases(reader, table, "code").map(Test::Code));
    tests.extend(phrases(reader, table, "writes").map(Test::Writes));
    for part in table.tables(reader, "all") {
        tests.extend(test(reader, &part));
    }
    let any: Vec<_> = table.tables(reader, "any");
    if !any.is_empty() {
        let any = any.iter().filter_map(|part| test(reader, part)).collect();
        tests.push(Test::Any(any));
    }
    for part in table.tables(reader, "not") {
        tests.extend(test(reader, &part).map(|test| Test::Not(Box::new(test))));
    }
    if tests.is_empty() && reader.mistakes.len() == before {
        reader.mistake(
            &table.span,
            "nothing is asked",
            "an empty condition would match every answer",
        );
    }
    match tests.len() {
        0 => None,
        1 => tests.pop(),
        _ => Some(Test::All(tests)),
    }
}

fn status(reader: &mut Reader<'_>, (word, span): &(String, Span)) -> Option<(u16, u16)> {
    let class = word
        .strip_suffix("xx")
        .and_then(|digit| digit.parse::<u16>().ok());
    if let Some(class @ 1..=5) = class {
        return Some((class * 100, class * 100 + 99));
    }
    let (low, high) = word.split_once('-').unwrap_or((word, word));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if low <= high => Some((low, high)),
        _ => {
            reader.mistake(
                span,
                format!("`{word}` is no status"),
                "a number, `4xx` or `520-530`",
            );
            None
        }
    }
}

fn header(reader: &mut Reader<'_>, part: &Table<'_, '_>) -> Option<Test> {
    part.only(
        reader,
        &[
            "name",
            "is",
            "contains",
            "begins",
            "has",
            "exists",
            "shares_none_with",
        ],
    );
    let (name, span) = part.needed(reader, "name")?;
    if name.chars().any(char::is_uppercase) {
        reader.mistake(
            &span,
            format!("`{name}` has capitals"),
            "write header names in lower case",
        );
    }
    if let Some((other, _)) = part.text(reader, "shares_none_with") {
        return Some(Test::SharesNone(name, other));
    }
    Some(Test::Header(name, want(reader, part)))
}

fn challenge(reader: &mut Reader<'_>, part: &Table<'_, '_>) -> Test {
    part.only(
        reader,
        &[
            "scheme",
            "error",
            "description",
            "scope",
            "realm",
            "present",
        ],
    );
    let mut wants = Vec::new();
    if let Some(words) = part.texts(reader, "scheme") {
        wants.push((None, Want::Is(lower(words))));
    }
    if let Some(words) = part.texts(reader, "error") {
        wants.push((Some("error".to_owned()), Want::Is(lower(words))));
    }
    let containing = [
        ("description", "error_description"),
        ("scope", "scope"),
        ("realm", "realm"),
    ];
    for (key, param) in containing {
        if let Some(words) = part.texts(reader, key) {
            wants.push((Some(param.to_owned()), Want::Contains(lower(words))));
        }
    }
    if let Some(words) = part.texts(reader, "present") {
        wants.extend(
            words
                .into_iter()
                .map(|(name, _)| (Some(name), Want::Present)),
        );
    }
    Test::Challenge(wants)
}

/// A JSON pointer, or a mistake.
pub(super) fn pointer(reader: &mut Reader<'_>, (word, span): &(String, Span)) -> Option<Pointer> {
    let found = Pointer::parse(word);
    if found.is_none() {
        reader.mistake(
            span,
            format!("`{word}` is no JSON pointer"),
            "it begins with `/`",
        );
    }
    found
}

fn want(reader: &mut Reader<'_>, part: &Table<'_, '_>) -> Want {
    let texts = |words: Vec<(String, Span)>| words.into_iter().map(|(word, _)| word).collect();
    let mut found = Vec::new();
    found.extend(part.texts(reader, "is").map(|words| Want::Is(texts(words))));
    found.extend(
        part.texts(reader, "contains")
            .map(|words| Want::Contains(lower(words))),
    );
    found.extend(
        part.texts(reader, "begins")
            .map(|words| Want::Begins(lower(words))),
    );
    found.extend(
        part.texts(reader, "has")
            .map(|words| Want::Has(texts(words))),
    );
    let exists = part.flag(reader, "exists");
    found.extend(exists.map(|yes| if yes { Want::Present } else { Want::Absent }));
    if found.len() > 1 {
        let hint = "write two conditions under `all`";
        reader.mistake(
            &part.span,
            "more than one thing is asked of one place",
            hint,
        );
    }
    found.into_iter().next().unwrap_or(Want::Present)
}

/// The words in lower case.
pub(super) fn lower(words: Vec<(String, Span)>) -> Vec<String> {
    words
        .into_iter()
        .map(|(word, _)| word.to_lowercase())
        .collect()
}

fn phrases(reader: &mut Reader<'_>, table: &Table<'_, '_>, key: &str) -> Option<PhraseSet> {
    let words = table.texts(reader, key)?;
    let mut found = Vec::new();
    for (word, span) in &words {
        match Phrase::parse(word) {
            Some(phrase) => found.push(reader.phrases.add(phrase)),
            None => reader.mistake(
                span,
                format!("`{word}` is no phrase"),
                "words of letters and digits, `*` at their ends, `~` between them",
            ),
        }
    }
    Some(found.into_iter().collect())
}
