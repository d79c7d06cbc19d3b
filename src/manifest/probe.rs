//! How a lane's credential is proved: by a request or a program of its own, by its provider's request,
//! or not at all.

use super::bindings::ProviderFacts;
use super::reader::Reader;
use super::request::request;
use super::section::{Given, Section};
use super::shape::Shape;
use super::spec::RequestSpec;
use super::value::{self, EVERY, TIMEOUT};
use super::web;
use crate::plain::Plain;
use std::time::Duration;
use toml::de::DeValue;

const PROBE_EVERY: Duration = Duration::from_secs(60);
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a manifest says of a probe.
pub(super) enum Probe {
    /// There shall be none.
    Off,
    /// There shall be one.
    On {
        every: Given<Duration>,
        timeout: Given<Duration>,
        request: Option<RequestSpec>,
        command: Option<Vec<String>>,
        /// Where `every` stands, if it does.
        every_at: Option<usize>,
        /// Whether an invented credential is shown as well.
        control: Given<bool>,
    },
}

impl Probe {
    /// What a table that is not there says.
    pub(super) const ABSENT: Self = Self::On {
        every: Given::Absent,
        timeout: Given::Absent,
        request: None,
        command: None,
        every_at: None,
        control: Given::Absent,
    };

    /// Reads the `probe` of a lane or of the defaults; `None` after a mistake.
    pub(super) fn read(
        section: &Section<'_>,
        shape: &'static Shape,
        read: &mut Reader<'_>,
    ) -> Option<Probe> {
        let Some(value) = section.get("probe") else {
            return Some(Self::ABSENT);
        };
        match value.get_ref() {
            DeValue::Boolean(false) => return Some(Probe::Off),
            DeValue::Boolean(true) => {
                let hint = "leave it out for the provider's own probe, or write probe = { target = \
                        \"/user\" }";
                read.book
                    .at(value.span().start, "`probe` cannot be true", hint);
                return None;
            }
            _ => {}
        }
        let probe = section.section("probe", shape, &mut read.book).ok()?;
        let every = value::duration(&probe, "every", EVERY, &mut read.book);
        let timeout = value::duration(&probe, "timeout", TIMEOUT, &mut read.book);
        let command = match probe.texts("command", &mut read.book) {
            Given::Absent => None,
            texts => {
                let at = probe.key_at("command");
                Some(
                    texts
                        .and_then(|texts| web::argv(&texts, "command", at, read))
                        .ok()?,
                )
            }
        };
        if command.is_some() && probe.has("target") {
            let what = "`probe` has both a `command` and a `target`";
            let hint = "leave one of them out";
            read.book.at(probe.key_at("command"), what, hint);
        }
        if command.is_some() && probe.has("control") {
            let what = "`control` goes with a request, and this probe is a `command`";
            let hint = "leave it out, and let the program show that it refuses an invented one";
            read.book.at(probe.key_at("control"), what, hint);
        }
        let control = probe.flag("control", &mut read.book);
        let request = if probe.has("target") {
            Some(request(&probe, Plain::new("probe"), read)?)
        } else {
            let lonely = ["method", "body", "content_type", "side_effect_free"];
            for key in lonely.into_iter().filter(|key| probe.has(key)) {
                let what = format!("`{key}` of a probe has no `target` to go with it");
                let hint = "write target = \"/user\", or leave it out for the provider's own probe";
                read.book.absent(probe.key_at(key), what, hint);
            }
            None
        };
        Some(Probe::On {
            every_at: probe.has("every").then(|| probe.key_at("every")),
            every,
            timeout,
            request,
            command,
            control,
        })
    }
}

/// How a lane's credential is proved.
pub(super) struct Proof {
    /// How often; `None` if it cannot be.
    pub(super) every: Option<Duration>,
    pub(super) timeout: Duration,
    /// `None` means the pack's own.
    pub(super) request: Option<RequestSpec>,
    /// The program that proves it instead of a request.
    pub(super) command: Option<Vec<String>>,
    /// Whether an invented credential is shown as well; `None` leaves that to the pack.
    pub(super) control: Option<bool>,
}

impl Proof {
    /// What a lane says, over the defaults and what its provider can do.
    pub(super) fn of(
        own: Probe,
        given: Option<&Probe>,
        provider: Option<(&Plain, ProviderFacts)>,
        is_leased: bool,
        read: &mut Reader<'_>,
    ) -> Self {
        let (given_every, given_timeout, given_control) = match given {
            Some(Probe::On {
                every,
                timeout,
                control,
                ..
            }) => (every.clone(), timeout.clone(), control.clone()),
            _ => (Given::Absent, Given::Absent, Given::Absent),
        };
        let off = Self {
            every: None,
            timeout: given_timeout.clone().ok().unwrap_or(PROBE_TIMEOUT),
            request: None,
            command: None,
            control: None,
        };
        let Probe::On {
            every,
            timeout,
            request,
            command,
            every_at,
            control,
        } = own
        else {
            return off;
        };
        let unasked = every.is_absent() && timeout.is_absent() && control.is_absent();
        let unasked = unasked && request.is_none() && command.is_none();
        if unasked && matches!(given, Some(Probe::Off)) {
            return off;
        }
        // A lease is proved by its store at least.
        let own_way = request.is_some() || command.is_some() || is_leased;
        let able = own_way || provider.is_none_or(|(_, facts)| facts.has_probe);
        if let (false, Some(at), Some((name, _))) = (able, every_at, provider) {
            let what = format!("the provider {name} has no probe of its own to repeat");
            read.book
                .absent(at, what, "write a `target` to probe, or leave `every` out");
        }
        let every = every.or(|| given_every).ok().unwrap_or(PROBE_EVERY);
        Self {
            every: able.then_some(every),
            timeout: timeout.or(|| given_timeout).ok().unwrap_or(PROBE_TIMEOUT),
            request,
            command,
            control: control.or(|| given_control).ok(),
        }
    }
}
