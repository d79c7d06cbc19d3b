//! Requests that a lane makes on its own: the neighbors that must be denied, and, for
//! [`super::probe`], the one that must not.

use super::reader::Reader;
use super::section::{Given, Section, Text};
use super::shape;
use super::spec::RequestSpec;
use super::value;
use super::web;
use crate::plain::Plain;

/// The longest a request's body gets, in bytes.
const BODY_MAX: usize = 64 * 1024;

/// The `neighbor`s of a lane.
pub(super) fn neighbors(lane: &Section<'_>, read: &mut Reader<'_>) -> Vec<RequestSpec> {
    let mut neighbors: Vec<RequestSpec> = Vec::new();
    for section in lane.sections("neighbor", &shape::NEIGHBOR, &mut read.book) {
        let name = section.text("name", &mut read.book);
        if name.is_absent() {
            let hint = "write name = \"what it must not be able to do\"";
            section.missing("name", hint, &mut read.book);
        }
        let at = section.key_at("name");
        let name = name.and_then(|text| value::name(text, "the name of a neighbor", read));
        let request = request(
            &section,
            name.clone().ok().unwrap_or_else(|| "".into()),
            read,
        );
        let Some(name) = name.ok() else { continue };
        if neighbors.iter().any(|other| other.name == name) {
            let what = format!("the lane has two neighbors called “{name}”");
            read.book.at(at, what, "give one of them another name");
        }
        neighbors.extend(request);
    }
    neighbors.shrink_to_fit();
    neighbors
}

/// The request that a table describes.
pub(super) fn request(
    section: &Section<'_>,
    name: Plain,
    read: &mut Reader<'_>,
) -> Option<RequestSpec> {
    let target = section.text("target", &mut read.book);
    if target.is_absent() {
        section.missing("target", "write target = \"/path\"", &mut read.book);
    }
    let target = target.and_then(|text| web::target(text, read));
    let method = section.text("method", &mut read.book);
    let method = method.and_then(|text| method_of(text, read));
    let method = method.or(|| Given::Is("GET".to_owned()));
    let free = section.flag("side_effect_free", &mut read.book);
    let free = free.or(|| Given::Is(false)).ok();
    if let (Given::Is(method), Some(false)) = (&method, free)
        && !matches!(method.as_str(), "GET" | "HEAD")
    {
        let what = format!("{method} may change something at the provider, again and again");
        let hint = "write side_effect_free = true if it cannot, or use GET";
        read.book.at(section.key_at("method"), what, hint);
    }
    let body = body(section, read);
    Some(RequestSpec {
        name,
        method: method.ok()?,
        target: target.ok()?,
        body: body.ok(),
    })
}

fn method_of(text: Text<'_>, read: &mut Reader<'_>) -> Option<String> {
    let letters = text.value.bytes().all(|c| c.is_ascii_alphabetic());
    if !letters || !(1..=16).contains(&text.value.len()) {
        let hint = "write \"GET\", \"HEAD\" or another method";
        read.book
            .at(text.at, "`method` is not an HTTP method", hint);
        return None;
    }
    Some(text.value.to_ascii_uppercase())
}

fn body(section: &Section<'_>, read: &mut Reader<'_>) -> Given<(String, String)> {
    let kind = section.text("content_type", &mut read.book);
    let kind = kind.and_then(|text| {
        let fits = text
            .value
            .bytes()
            .all(|c| c == b' ' || c.is_ascii_graphic());
        if !fits || !text.value.contains('/') || text.value.len() > 256 {
            let hint = "write content_type = \"application/json\"";
            read.book
                .at(text.at, "`content_type` is not a media type", hint);
            return None;
        }
        Some(text.value.to_owned())
    });
    let body = section.text("body", &mut read.book);
    if body.is_absent() && !kind.is_absent() {
        let what = "`content_type` has no `body` to go with it";
        read.book.absent(
            section.key_at("content_type"),
            what,
            "write body = '{}', or leave it out",
        );
    }
    let kind = kind.or(|| Given::Is("application/json".to_owned()));
    body.and_then(|text| {
        if text.value.len() > BODY_MAX {
            let what = "`body` is longer than 64 KiB";
            read.book.at(text.at, what, "write a shorter one");
            return None;
        }
        Some((text.value.to_owned(), kind.ok()?))
    })
}
