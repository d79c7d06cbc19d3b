//! The tests that a pack carries: answers and what they mean.
//!
//! They keep a pack's promises where no collection of answers is at hand, and show its author at
//! once what a change did.

use super::answer::{Answer, AnswerKind, Context};
use super::pack::Pack;
use super::parse_rule::{KINDS, one_of};
use super::reader::{Reader, Table};
use super::rotation::Rotation;
use crate::lane::{Outcome, Wall};
use std::borrow::Cow;

/// One answer and what it must mean.
#[derive(Clone, Debug)]
pub(super) struct PackTest {
    case: String,
    rule: String,
    outcome: Outcome,
    kind: AnswerKind,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    context: Context,
    retry_after_s: Option<u64>,
    scopes: Vec<String>,
    granted: Vec<String>,
    code: Option<String>,
    expires_at: Option<Wall>,
}

/// A test that failed: its name, and what was expected and found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestFailure {
    /// What the test calls itself.
    pub case: String,
    /// What went wrong.
    pub why: String,
}

/// Reads `[[test]]` of the pack called `pack`.
pub(super) fn read(reader: &mut Reader<'_>, table: &Table<'_, '_>, pack: &str) -> Option<PackTest> {
    table.only(
        reader,
        &[
            "case",
            "rule",
            "outcome",
            "kind",
            "status",
            "headers",
            "body",
            "now",
            "known_expires_at",
            "worked_before",
            "retry_after_s",
            "scopes",
            "granted",
            "code",
            "expires_at",
        ],
    );
    let (case, _) = table.needed(reader, "case")?;
    let (rule, _) = table.needed(reader, "rule")?;
    let rule = if rule.contains('/') {
        rule
    } else {
        format!("{pack}/{rule}")
    };
    let names = Outcome::ALL.map(|outcome| (outcome.as_str(), outcome));
    let outcome = table.needed(reader, "outcome")?;
    let outcome = one_of(reader, &outcome, &names)?;
    let kind = table.text(reader, "kind");
    let kind = kind.map_or(Some(AnswerKind::Api), |word| one_of(reader, &word, &KINDS))?;
    let mut headers = Vec::new();
    if let Some(list) = table.table(reader, "headers") {
        for name in list.map.keys() {
            for (value, _) in list.texts(reader, name.get_ref()).unwrap_or_default() {
                headers.push((name.get_ref().to_ascii_lowercase(), value));
            }
        }
    }
    let number = |reader: &mut Reader<'_>, key: &str| -> Option<u64> {
        let (text, span) = table.texts(reader, key)?.into_iter().next()?;
        let number = text.parse().ok();
        if number.is_none() {
            reader.mistake(&span, format!("`{key}` must be a number"), "");
        }
        number
    };
    let status = number(reader, "status").and_then(|status| u16::try_from(status).ok());
    let retry_after_s = number(reader, "retry_after_s");
    let time = |reader: &mut Reader<'_>, key: &str| -> Option<Wall> {
        let (text, span) = table.text(reader, key)?;
        let at = Wall::parse(&text);
        if at.is_none() {
            reader.mistake(
                &span,
                format!("`{key}` must be an RFC 3339 time in quotes"),
                "",
            );
        }
        at
    };
    // A fixed present, so that a test means the same on every day.
    let now = time(reader, "now").unwrap_or(Wall(1_790_000_000_000));
    let context = Context {
        now,
        known_expires_at: time(reader, "known_expires_at"),
        worked_before: table.flag(reader, "worked_before").unwrap_or(false),
    };
    let words = |reader: &mut Reader<'_>, key: &str| -> Vec<String> {
        let words = table.texts(reader, key).unwrap_or_default();
        words.into_iter().map(|(word, _)| word).collect()
    };
    Some(PackTest {
        case,
        rule,
        outcome,
        kind,
        status: status.unwrap_or(200),
        headers,
        body: table
            .text(reader, "body")
            .map(|(body, _)| body)
            .unwrap_or_default(),
        retry_after_s,
        scopes: words(reader, "scopes"),
        granted: words(reader, "granted"),
        code: table.text(reader, "code").map(|(code, _)| code),
        expires_at: time(reader, "expires_at"),
        context,
    })
}

impl Pack {
    /// How many tests the pack carries.
    pub fn test_count(&self) -> usize {
        let recipe = self.rotation.as_ref();
        self.tests.len() + recipe.map_or(0, |rotation| rotation.tests.len())
    }

    /// Runs the pack's own tests; an empty list means that all passed.
    pub fn run_tests(&self) -> Vec<TestFailure> {
        let failures = self.tests.iter().filter_map(|test| {
            let why = self.run(test)?;
            Some(TestFailure {
                case: test.case.clone(),
                why,
            })
        });
        let recipe = self.rotation.iter();
        let recipe = recipe.flat_map(Rotation::run_tests);
        failures.chain(recipe).collect()
    }

    /// The rules of the pack that no test of its own reaches.
    pub fn untested_rules(&self) -> Vec<&str> {
        let names = self.rules.iter().map(|rule| rule.name.as_str());
        let reached = |name: &&str| {
            let full = format!("{}/{name}", self.name);
            self.tests.iter().any(|test| test.rule == full)
        };
        names.filter(|name| !reached(name)).collect()
    }

    fn run(&self, test: &PackTest) -> Option<String> {
        let answer = Answer {
            kind: test.kind,
            status: test.status,
            headers: Cow::Borrowed(&test.headers),
            body: Cow::Borrowed(test.body.as_bytes()),
        };
        let reading = self.classify(&answer, &test.context);
        let evidence = &reading.verdict.evidence;
        let mut wrong = Vec::new();
        let mut expect = |what: &str, wanted: String, found: String| {
            if wanted != found {
                wrong.push(format!("{what}: wanted {wanted}, found {found}"));
            }
        };
        expect(
            "outcome",
            test.outcome.to_string(),
            reading.verdict.outcome.to_string(),
        );
        expect("rule", test.rule.clone(), evidence.rule.to_string());
        if let Some(seconds) = test.retry_after_s {
            expect(
                "retry_after_s",
                format!("{:?}", Some(seconds)),
                format!("{:?}", evidence.retry_after_s),
            );
        }
        if !test.scopes.is_empty() {
            let found: Vec<_> = evidence
                .required_scopes
                .iter()
                .map(ToString::to_string)
                .collect();
            expect("scopes", test.scopes.join(", "), found.join(", "));
        }
        if !test.granted.is_empty() {
            let mut wanted = test.granted.clone();
            wanted.sort();
            let found = reading.observed.scopes.map(|scopes| scopes.to_string());
            expect("granted", wanted.join(" "), found.unwrap_or_default());
        }
        if let Some(code) = &test.code {
            let found = evidence.provider_code.as_ref().map(ToString::to_string);
            expect("code", code.clone(), found.unwrap_or_default());
        }
        if let Some(at) = test.expires_at {
            let found = evidence.expires_at.map(|at| at.to_string());
            expect("expires_at", at.to_string(), found.unwrap_or_default());
        }
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }
}
