//! `[[alert]]`: who gets told of what, and how.

use super::mistake::{nearest, one_of};
use super::reader::Reader;
use super::section::{Given, Section};
use super::shape;
use super::spec::{AlertChannel, AlertSpec};
use super::value::{self, TIMEOUT};
use super::web;
use crate::lane::AlertLevel;
use crate::plain::Plain;
use std::collections::BTreeMap;
use std::time::Duration;

const LEVELS: [(&str, AlertLevel); 2] = [
    ("warning", AlertLevel::Warning),
    ("critical", AlertLevel::Critical),
];
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads every alert. `lanes` has the names of all lanes.
pub(super) fn read(
    root: &Section<'_>,
    lanes: &BTreeMap<Plain, usize>,
    read: &mut Reader<'_>,
) -> Vec<AlertSpec> {
    let mut alerts: Vec<AlertSpec> = Vec::new();
    for section in root.sections("alert", &shape::ALERT, &mut read.book) {
        let at = section.key_at("name");
        let Some(alert) = alert(section, lanes, read) else {
            continue;
        };
        if alerts.iter().any(|other| other.name == alert.name) {
            let what = format!("two alerts are called “{}”", alert.name);
            read.book.at(at, what, "give one of them another name");
        }
        alerts.push(alert);
    }
    alerts
}

fn alert(
    section: Section<'_>,
    lanes: &BTreeMap<Plain, usize>,
    read: &mut Reader<'_>,
) -> Option<AlertSpec> {
    let name = section.text("name", &mut read.book);
    if name.is_absent() {
        let hint = "write name = \"who gets told\"";
        section.missing("name", hint, &mut read.book);
    }
    let name = name.and_then(|text| value::name(text, "the name of an alert", read));
    let level = section.text("level", &mut read.book);
    let level = level.and_then(|text| read.choice(text, "level of alert", &LEVELS));
    let lanes = only(&section, lanes, read);
    let channel = channel(&section, read);
    Some(AlertSpec {
        name: name.ok()?,
        level: level.or(|| Given::Is(AlertLevel::Warning)).ok()?,
        lanes: lanes?,
        channel: channel?,
    })
}

fn only(
    section: &Section<'_>,
    lanes: &BTreeMap<Plain, usize>,
    read: &mut Reader<'_>,
) -> Option<Vec<Plain>> {
    let names = match section.texts("lanes", &mut read.book) {
        Given::Absent => return Some(Vec::new()),
        names => names.ok()?,
    };
    if names.is_empty() {
        let hint = "leave `lanes` out to be told of all of them";
        read.book
            .at(section.key_at("lanes"), "the alert is for no lane", hint);
    }
    let mut known = Vec::with_capacity(names.len());
    for text in names {
        let name = read.word(text.value);
        if !lanes.contains_key(&name) {
            let near = read
                .book
                .wants_hints()
                .then(|| nearest(name.as_str(), lanes.keys().map(Plain::as_str)));
            let hint = match near.flatten() {
                Some(near) => format!("write \"{near}\""),
                None => format!("write {}", one_of(lanes.keys().map(Plain::as_str))),
            };
            read.book
                .unresolved(text.at, format!("no lane is called “{name}”"), hint);
        }
        known.push(name);
    }
    Some(known)
}

fn channel(section: &Section<'_>, read: &mut Reader<'_>) -> Option<AlertChannel> {
    let timeout = value::duration(section, "timeout", TIMEOUT, &mut read.book);
    let timeout = timeout.or(|| Given::Is(USUAL_TIMEOUT)).ok();
    let argv = section.texts("command", &mut read.book);
    let argv = argv.and_then(|argv| web::argv(&argv, "command", section.key_at("command"), read));
    let url = section.text("webhook", &mut read.book);
    let url = url.and_then(|text| web::address(text, "webhook", read));
    match (argv, url) {
        (Given::Absent, Given::Absent) => {
            let what = format!("{} has neither `command` nor `webhook`", section.title());
            let hint = "write command = [\"program\"] or webhook = \"https://…\"";
            read.book.absent(section.at, what, hint);
            None
        }
        (argv, Given::Absent) => Some(AlertChannel::Command {
            argv: argv.ok()?,
            timeout: timeout?,
        }),
        (Given::Absent, url) => Some(AlertChannel::Webhook {
            url: url.ok()?,
            timeout: timeout?,
        }),
        _ => {
            let what = format!("{} has both `command` and `webhook`", section.title());
            let hint = "leave one of them out, or write two alerts";
            read.book.at(section.key_at("webhook"), what, hint);
            None
        }
    }
}
