//! `[rotate]` and `[sign]`, from TOML.

use super::moment::Form;
use super::pack::Overlap;
use super::parse_rule::{one_of, pointer};
use super::reader::{Reader, Table};
use super::rotation::{OldKey, Rotation, RotationTest, Spot};
use super::sigv4::Signing;
use crate::lane::Wall;
use crate::manifest::RequestSpec;
use crate::plain::Plain;
use std::time::Duration;

/// Reads `[rotate]`; `overlap` is what the pack's head says of the old credential.
pub(super) fn rotation(
    reader: &mut Reader<'_>,
    table: &Table<'_, '_>,
    overlap: Option<Overlap>,
) -> Option<Rotation> {
    table.only(
        reader,
        &[
            "base_url",
            "create",
            "body_with_end",
            "secret",
            "expiry",
            "delete",
            "settle",
            "test",
        ],
    );
    let create = match table.table(reader, "create") {
        Some(part) => request(reader, &part, "create a key"),
        None => {
            reader.mistake(
                &table.span,
                "`create` is missing",
                "the request for a new key",
            );
            None
        }
    };
    let delete = table
        .table(reader, "delete")
        .map(|part| request(reader, &part, "delete a key"));
    let old = match (delete, overlap) {
        (None, Some(Overlap::None)) => Some(OldKey::DiesAtOnce),
        (Some(request), Some(Overlap::Full)) => request.map(OldKey::Deleted),
        (None, _) => {
            let hint = "say how the old key is deleted; or `overlap = \"none\"` if it dies at once";
            reader.mistake(&table.span, "`delete` is missing", hint);
            None
        }
        (Some(_), _) => {
            let hint = "`overlap = \"full\"`, or leave `delete` out";
            reader.mistake(&table.span, "nothing lives that could be deleted", hint);
            None
        }
    };
    let secret = spots(reader, table);
    if secret.is_empty() {
        let hint = "where the new secret stands: [{ json = \"/token\" }]";
        reader.mistake(&table.span, "`secret` is missing", hint);
    }
    let expiry = table.table(reader, "expiry").and_then(|part| {
        part.only(reader, &["json", "format"]);
        let at = part.needed(reader, "json")?;
        let form = part.text(reader, "format");
        let form = form.map_or(Some(Form::Auto), |word| one_of(reader, &word, &Form::NAMES))?;
        Some((pointer(reader, &at)?, form))
    });
    let settle = table.text(reader, "settle").and_then(|(text, span)| {
        let span_of = humantime::parse_duration(&text).ok();
        if span_of.is_none() {
            reader.mistake(&span, format!("`{text}` is no duration"), "such as \"15s\"");
        }
        span_of
    });
    let body = table.text(reader, "body_with_end").map(|(body, _)| body);
    let tests = table.tables(reader, "test");
    let tests = tests.iter().filter_map(|part| test(reader, part)).collect();
    Some(Rotation {
        base_url: super::parse::address(reader, table, "base_url"),
        create: create?,
        body_with_end: body.map(|body| (body, "application/json".to_owned())),
        secret,
        expiry,
        old: old?,
        settle: settle.unwrap_or(Duration::ZERO),
        tests,
    })
}

fn request(reader: &mut Reader<'_>, part: &Table<'_, '_>, name: &str) -> Option<RequestSpec> {
    part.only(reader, &["method", "target", "body", "content_type"]);
    let (method, span) = part.needed(reader, "method")?;
    if !["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        let what = format!("`{method}` changes nothing");
        reader.mistake(&span, what, "POST, PUT, PATCH or DELETE");
    }
    let (target, span) = part.needed(reader, "target")?;
    let body = part.text(reader, "body").map(|(body, _)| body);
    let hidden = |text: &str| text.contains("{secret}");
    if hidden(&target) || body.as_deref().is_some_and(hidden) {
        let hint = "it is presented as always; {key_id} is the name of a pair";
        reader.mistake(&span, "a secret does not go into a request's text", hint);
    }
    let typed = part.text(reader, "content_type").map(|(typed, _)| typed);
    let body = body.map(|body| (body, typed.unwrap_or_else(|| "application/json".to_owned())));
    Some(RequestSpec {
        name: Plain::new(name),
        method,
        target,
        body,
    })
}

fn spots(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Vec<Spot> {
    let parts = table.tables(reader, "secret");
    let spot = |part: &Table<'_, '_>| {
        part.only(reader, &["json", "xml"]);
        if let Some(at) = part.text(reader, "json") {
            return pointer(reader, &at).map(Spot::Json);
        }
        let (name, span) = part.needed(reader, "xml")?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            reader.mistake(&span, format!("`{name}` is no element's name"), "");
        }
        Some(Spot::Xml(name))
    };
    let mut spot = spot;
    parts.iter().filter_map(&mut spot).collect()
}

fn test(reader: &mut Reader<'_>, part: &Table<'_, '_>) -> Option<RotationTest> {
    part.only(reader, &["case", "body", "secret", "expires_at"]);
    let (case, _) = part.needed(reader, "case")?;
    let (body, _) = part.needed(reader, "body")?;
    let expires_at = part.text(reader, "expires_at").and_then(|(text, span)| {
        let at = Wall::parse(&text);
        if at.is_none() {
            reader.mistake(&span, "`expires_at` must be an RFC 3339 time in quotes", "");
        }
        at
    });
    Some(RotationTest {
        case,
        body,
        secret: part.text(reader, "secret").map(|(text, _)| text),
        expires_at,
    })
}

/// Reads `[sign]`.
pub(super) fn signing(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Option<Signing> {
    table.only(reader, &["scheme", "region", "service"]);
    let (scheme, span) = table.needed(reader, "scheme")?;
    if scheme != "sigv4" {
        reader.mistake(&span, format!("`{scheme}` is no scheme"), "sigv4");
    }
    let region = table.needed(reader, "region")?.0;
    let service = table.needed(reader, "service")?.0;
    Some(Signing { region, service })
}
