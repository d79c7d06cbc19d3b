//! A pack, from TOML.
//!
//! The reader goes on after a mistake, so that one look at the list repairs the file. A pack with
//! any mistake is not used.

use super::AnswerKind;
use super::moment::Form;
use super::pack::{Overlap, Pack, Refresh};
use super::parse_place::places;
use super::parse_rotation;
use super::parse_rule::{KINDS, one_of, rule};
use super::reader::{PackMistake, Reader, Table};
use super::selftest;
use crate::manifest::RequestSpec;
use crate::plain::Plain;
use toml::de::DeTable;

/// Reads the pack in `text`; `file` is what mistakes call it.
///
/// # Errors
/// Every mistake in it.
pub(super) fn pack(file: &str, text: &str) -> Result<Pack, Vec<PackMistake>> {
    let mut reader = Reader::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        reader.mistake(&span, format!("not TOML: {}", error.message().trim()), "");
    }
    if !reader.mistakes.is_empty() {
        return Err(reader.mistakes);
    }
    let top = Table {
        map: root.get_ref(),
        span: 0..0,
    };
    let pack = read(&mut reader, &top);
    match pack {
        Some(pack) if reader.mistakes.is_empty() => Ok(pack),
        _ => Err(reader.mistakes),
    }
}

fn read(reader: &mut Reader<'_>, top: &Table<'_, '_>) -> Option<Pack> {
    top.only(
        reader,
        &[
            "name",
            "aliases",
            "title",
            "base_url",
            "rotate_url",
            "overlap",
            "present",
            "headers",
            "sign",
            "probe",
            "verify",
            "control",
            "refresh",
            "rotate",
            "read",
            "rule",
            "test",
        ],
    );
    let name = top.needed(reader, "name");
    let title = top.text(reader, "title").map(|(title, _)| title);
    let mut pack = Pack {
        title: title.or_else(|| Some(name.clone()?.0)).unwrap_or_default(),
        ..Pack::default()
    };
    if let Some((name, span)) = &name {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            let hint = "small letters, digits and `-`";
            reader.mistake(span, format!("`{name}` is no name for a pack"), hint);
        }
        pack.name.clone_from(name);
    }
    if top.get("aliases").is_some() {
        let words = top.texts(reader, "aliases").unwrap_or_default();
        pack.aliases = words.into_iter().map(|(word, _)| word).collect();
    }
    pack.base_url = address(reader, top, "base_url");
    pack.rotate_url = address(reader, top, "rotate_url");
    pack.overlap = top.text(reader, "overlap").and_then(|word| {
        let names = [Overlap::Full, Overlap::Chosen, Overlap::None].map(|one| (one.as_str(), one));
        one_of(reader, &word, &names)
    });
    presentation(reader, top, &mut pack);
    if let Some(table) = top.table(reader, "probe") {
        pack.probe = probe(reader, &table, &[]);
    }
    if let Some(table) = top.table(reader, "verify") {
        let kind = table.text(reader, "kind");
        let kind = kind.map_or(Some(AnswerKind::Api), |word| one_of(reader, &word, &KINDS));
        pack.verify = probe(reader, &table, &["kind"]).zip(kind);
    }
    if let Some((invented, span)) = top.text(reader, "control") {
        if invented.trim().len() < 8 || invented.chars().any(|c| c.is_control() || !c.is_ascii()) {
            let hint = "an obviously invented one of the right shape, such as \"ghp_lanewatchInventedThis\"";
            reader.mistake(&span, "this is no credential that a header can carry", hint);
        }
        pack.control = Some(invented);
    }
    if let Some(table) = top.table(reader, "refresh") {
        let keys = ["rotates", "single_use", "forgives_retry", "tells_apart"];
        table.only(reader, &keys);
        let mut flag = |key: &str| table.flag(reader, key).unwrap_or(false);
        pack.refresh = Refresh {
            rotates: flag("rotates"),
            single_use: flag("single_use"),
            forgives_retry: flag("forgives_retry"),
            tells_apart: flag("tells_apart"),
        };
    }
    if let Some(table) = top.table(reader, "sign") {
        pack.signing = parse_rotation::signing(reader, &table);
    }
    if let Some(table) = top.table(reader, "rotate") {
        pack.rotation = parse_rotation::rotation(reader, &table, pack.overlap);
    }
    if let Some(table) = top.table(reader, "read") {
        table.only(
            reader,
            &[
                "expiry",
                "scopes",
                "required",
                "retry",
                "code",
                "message",
                "request_id",
            ],
        );
        pack.expiry = places(reader, &table, "expiry", Form::Auto);
        pack.scopes = places(reader, &table, "scopes", Form::Auto);
        pack.required = places(reader, &table, "required", Form::Auto);
        pack.retry = places(reader, &table, "retry", Form::Auto);
        pack.code = places(reader, &table, "code", Form::Auto);
        pack.message = places(reader, &table, "message", Form::Auto);
        pack.request_id = places(reader, &table, "request_id", Form::Auto);
    }
    rules(reader, top, &mut pack);
    for table in top.tables(reader, "test") {
        pack.tests
            .extend(selftest::read(reader, &table, &pack.name));
    }
    pack.phrases = std::mem::take(&mut reader.phrases).bind();
    name.map(|_| pack)
}

fn presentation(reader: &mut Reader<'_>, top: &Table<'_, '_>, pack: &mut Pack) {
    for (key, secret) in [("present", true), ("headers", false)] {
        let Some(table) = top.table(reader, key) else {
            continue;
        };
        for name in table.map.keys() {
            let Some((value, span)) = table.text(reader, name.get_ref()) else {
                continue;
            };
            let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if name.get_ref().is_empty() || !name.get_ref().chars().all(is_token) {
                reader.mistake(
                    &name.span(),
                    format!("`{}` is no header name", name.get_ref()),
                    "",
                );
            }
            if value.contains("{secret}") != secret {
                let (what, hint) = if secret {
                    (
                        "the secret has no place here",
                        "for example \"Bearer {secret}\"",
                    )
                } else {
                    (
                        "a secret does not belong here",
                        "present it under [present]",
                    )
                };
                reader.mistake(&span, what, hint);
            }
            let pair = (name.get_ref().to_string(), value);
            if secret {
                pack.present.push(pair);
            } else {
                pack.headers.push(pair);
            }
        }
    }
}

pub(super) fn address(reader: &mut Reader<'_>, top: &Table<'_, '_>, key: &str) -> Option<String> {
    let (text, span) = top.text(reader, key)?;
    let address = url::Url::parse(&text).ok();
    if !address.is_some_and(|url| matches!(url.scheme(), "https" | "http")) {
        let hint = "a whole address, such as https://api.example.com";
        reader.mistake(&span, format!("`{text}` is no web address"), hint);
    }
    Some(text)
}

fn probe(reader: &mut Reader<'_>, table: &Table<'_, '_>, more: &[&str]) -> Option<RequestSpec> {
    let mut keys = vec!["name", "method", "target", "body", "content_type"];
    keys.extend(more);
    table.only(reader, &keys);
    let name = table.text(reader, "name").map(|(name, _)| name);
    let (method, span) = table.needed(reader, "method")?;
    if !["GET", "HEAD", "POST"].contains(&method.as_str()) {
        let hint = "a probe reads: GET or HEAD, or POST where the provider reads by POST";
        reader.mistake(&span, format!("`{method}` is no method for a probe"), hint);
    }
    let (target, span) = table.needed(reader, "target")?;
    if target.contains("{secret}") {
        let hint = "addresses end up in logs; present it in a header";
        reader.mistake(&span, "a secret never goes into an address", hint);
    }
    let body = table.text(reader, "body").map(|(body, _)| body);
    let typed = table.text(reader, "content_type").map(|(typed, _)| typed);
    let body = body.map(|body| (body, typed.unwrap_or_else(|| "application/json".to_owned())));
    Some(RequestSpec {
        name: Plain::new(&name.unwrap_or_else(|| format!("{method} {target}"))),
        method,
        target,
        body,
    })
}

fn rules(reader: &mut Reader<'_>, top: &Table<'_, '_>, pack: &mut Pack) {
    // What says least of the credential is tested first; a rule that must stand later says so.
    let mut latest: Option<(u8, String)> = None;
    for table in top.tables(reader, "rule") {
        let late = table.flag(reader, "late").unwrap_or(false);
        let Some(rule) = rule(reader, &table) else {
            continue;
        };
        if pack.rules.iter().any(|other| other.name == rule.name) {
            reader.mistake(&table.span, format!("a second rule `{}`", rule.name), "");
        }
        if let Some(place) = rule.conclusion.place() {
            match &latest {
                Some((other, name)) if place < *other && !late => {
                    let what = format!("rule `{}` stands too late, after `{name}`", rule.name);
                    let hint = "the order is: unavailable, rate limit, policy, scope, what is \
                                stated of the credential, history; `late = true` if it must be so";
                    reader.mistake(&table.span, what, hint);
                }
                Some((other, _)) if place < *other => {}
                _ => latest = Some((place, rule.name.clone())),
            }
        }
        pack.rules.push(rule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let found = pack("x.toml", text).unwrap_err();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_a_hint() {
        let found = mistakes(
            r#"name = "My Pack"
base_url = "nowhere"
[[rule]]
name = "a"
outcome = "credential_expird"
when = { status = "4x", says = "a_b" }
[[rule]]
name = "b"
outcome = "ok"
wen = {}
[probe]
method = "DELETE"
target = "/x?key={secret}"
"#,
        );
        let expected = [
            "x.toml:1:8: `My Pack` is no name for a pack — small letters, digits and `-`",
            "x.toml:2:12: `nowhere` is no web address",
            "x.toml:5:11: unknown word `credential_expird` — one of ok, ",
            "x.toml:6:19: `4x` is no status",
            "x.toml:6:32: `a_b` is no phrase",
            "x.toml:10:1: unknown key `wen` — did you mean `when`?",
            "x.toml:12:10: `DELETE` is no method for a probe",
            "x.toml:13:10: a secret never goes into an address",
        ];
        for one in expected {
            assert!(
                found.iter().any(|m| m.starts_with(one)),
                "{one}\nin {found:#?}"
            );
        }
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let found = mistakes("name = \"x\"\n[[rule]\n");
        assert!(found[0].starts_with("x.toml:2:"), "{found:?}");
        assert!(found[0].contains("not TOML"), "{found:?}");
    }

    #[test]
    fn rules_out_of_order_are_a_mistake_unless_meant() {
        let text = |late: &str| {
            format!(
                r#"name = "x"
[[rule]]
name = "a"
outcome = "credential_expired"
when = {{ status = 401 }}
[[rule]]
name = "b"
outcome = "rate_limited"
{late}
when = {{ status = 429 }}
"#
            )
        };
        assert!(mistakes(&text(""))[0].contains("rule `b` stands too late, after `a`"));
        assert!(pack("x.toml", &text("late = true")).is_ok());
    }

    #[test]
    fn a_condition_that_would_match_everything_is_a_mistake() {
        let found = mistakes("name=\"x\"\n[[rule]]\nname=\"a\"\noutcome=\"ok\"\nwhen={}\n");
        assert!(found[0].contains("nothing is asked"), "{found:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pack_or_a_list_of_mistakes(text in "[a-z\\[\\]={}\"\\n ,.0-9#]{0,200}") {
            if let Err(found) = pack("x.toml", &text) {
                proptest::prop_assert!(!found.is_empty());
            }
        }
    }
}
