//! What lanes and `[defaults]` have in common: whatever a lane does not say, the defaults may.

use super::credential;
use super::mistake::{nearest, one_of};
use super::probe::Probe;
use super::reader::Reader;
use super::section::{Given, Section, shorten};
use super::shape::{self, Shape};
use super::source;
use super::spec::Route;
use super::value::{self, AHEAD, EVERY};
use crate::lane::{SideEffect, Windows};
use crate::plain::{PLAIN_MAX, Plain};
use std::time::Duration;
use toml::de::DeValue;

const EFFECTS: [(&str, SideEffect); 3] = [
    ("read", SideEffect::Read),
    ("write", SideEffect::Write),
    ("destructive", SideEffect::Destructive),
];

/// What lanes and defaults have in common.
pub(super) struct Common {
    pub(super) store: Given<Plain>,
    pub(super) provider: Given<Plain>,
    pub(super) owner: Given<Plain>,
    pub(super) runbook: Given<Plain>,
    pub(super) store_every: Given<Duration>,
    pub(super) route: RawRoute,
    pub(super) windows: RawWindows,
    pub(super) probe: Option<Probe>,
}

/// What a `route` says.
pub(super) struct RawRoute {
    /// Where it begins, if it is there.
    at: Option<usize>,
    server: Given<Plain>,
    tool: Given<Plain>,
    tenant: Given<Plain>,
    account: Given<Plain>,
    effect: Given<SideEffect>,
}

/// What an `expiry` says.
pub(super) struct RawWindows {
    warn: Given<Duration>,
    refuse: Given<Duration>,
    refresh_at: Given<f64>,
}

/// The shapes of the tables that lanes and defaults have in common.
pub(super) struct Shapes {
    route: &'static Shape,
    probe: &'static Shape,
    expiry: &'static Shape,
}

impl Shapes {
    pub(super) const LANE: Self = Self {
        route: &shape::ROUTE,
        probe: &shape::PROBE,
        expiry: &shape::EXPIRY,
    };
    const DEFAULTS: Self = Self {
        route: &shape::DEFAULT_ROUTE,
        probe: &shape::DEFAULT_PROBE,
        expiry: &shape::DEFAULT_EXPIRY,
    };
}

/// What `[defaults]` says.
pub(super) struct Defaults {
    pub(super) common: Common,
    pub(super) credential: credential::Raw,
}

impl Defaults {
    /// Reads `[defaults]`, if there is one.
    pub(super) fn read(section: Option<&Section<'_>>, read: &mut Reader<'_>) -> Self {
        let Some(section) = section else {
            return Self {
                common: Common::ABSENT,
                credential: credential::Raw::ABSENT,
            };
        };
        let mut common = Common::read(section, &Shapes::DEFAULTS, read);
        common.store = source::store(section, read);
        let credential = section.section("credential", &shape::DEFAULT_CREDENTIAL, &mut read.book);
        let credential = credential.ok().map_or(credential::Raw::ABSENT, |section| {
            credential::Raw::read(&section, &common.store, read)
        });
        Self { common, credential }
    }
}

impl Common {
    const ABSENT: Self = Self {
        store: Given::Absent,
        provider: Given::Absent,
        owner: Given::Absent,
        runbook: Given::Absent,
        store_every: Given::Absent,
        route: RawRoute::ABSENT,
        windows: RawWindows::ABSENT,
        probe: Some(Probe::ABSENT),
    };

    /// Reads what both tables may have, but for the store, which a lane has elsewhere.
    pub(super) fn read(section: &Section<'_>, shapes: &Shapes, read: &mut Reader<'_>) -> Self {
        let provider = section.text("provider", &mut read.book);
        let route = section.section("route", shapes.route, &mut read.book);
        let expiry = section.section("expiry", shapes.expiry, &mut read.book);
        Self {
            store: Given::Absent,
            provider: provider.and_then(|text| {
                let name = read.word(text.value);
                if (read.around.provider)(name.as_str()).is_some() {
                    return Some(name);
                }
                let names = || read.around.providers.iter().map(String::as_str);
                let hint = match nearest(name.as_str(), names()) {
                    Some(near) => format!("write \"{near}\""),
                    None => format!("write {}, or set `packs`", one_of(names())),
                };
                let word = shorten(name.as_str());
                read.book
                    .at(text.at, format!("no provider is called “{word}”"), hint);
                None
            }),
            owner: line(section, "owner", value::NAME_MAX, read),
            runbook: line(section, "runbook", PLAIN_MAX, read),
            store_every: value::duration(section, "store_every", EVERY, &mut read.book),
            route: match route {
                Given::Is(route) => RawRoute::read(&route, read),
                Given::Absent => RawRoute::ABSENT,
                Given::Wrong => RawRoute {
                    server: Given::Wrong,
                    ..RawRoute::ABSENT
                },
            },
            windows: match expiry {
                Given::Is(expiry) => RawWindows::read(&expiry, read),
                _ => RawWindows::ABSENT,
            },
            probe: Probe::read(section, shapes.probe, read),
        }
    }
}

impl RawRoute {
    const ABSENT: Self = Self {
        at: None,
        server: Given::Absent,
        tool: Given::Absent,
        tenant: Given::Absent,
        account: Given::Absent,
        effect: Given::Absent,
    };

    fn read(section: &Section<'_>, read: &mut Reader<'_>) -> Self {
        let effect = section.text("effect", &mut read.book);
        Self {
            at: Some(section.at),
            server: line(section, "server", value::NAME_MAX, read),
            tool: line(section, "tool", value::NAME_MAX, read),
            tenant: line(section, "tenant", value::NAME_MAX, read),
            account: line(section, "account", value::NAME_MAX, read),
            effect: effect.and_then(|text| read.choice(text, "side effect", &EFFECTS)),
        }
    }

    /// The route of `lane`, over the defaults.
    pub(super) fn resolve(
        self,
        given: &Self,
        lane: &Section<'_>,
        read: &mut Reader<'_>,
    ) -> Option<Route> {
        let server = self.server.or(|| given.server.clone());
        if server.is_absent() {
            let lacks = if self.at.is_some() {
                "server` in its `route"
            } else {
                "route"
            };
            let what = format!("{} has no `{lacks}`", lane.title());
            let hint =
                "write route = { server = \"NAME\", tool = \"NAME\" }: which calls it serves";
            read.book.absent(self.at.unwrap_or(lane.at), what, hint);
        }
        Some(Route {
            server: server.ok()?,
            tool: self.tool.ok(),
            tenant: self.tenant.or(|| given.tenant.clone()).ok(),
            account: self.account.or(|| given.account.clone()).ok(),
            effect: self.effect.ok().unwrap_or_default(),
        })
    }
}

impl RawWindows {
    const ABSENT: Self = Self {
        warn: Given::Absent,
        refuse: Given::Absent,
        refresh_at: Given::Absent,
    };

    /// The windows of a lane, over the defaults.
    pub(super) fn resolve(self, given: &Self) -> Windows {
        let part = self.refresh_at.or(|| given.refresh_at.clone());
        Windows {
            warn: self.warn.or(|| given.warn.clone()).ok(),
            refuse: self.refuse.or(|| given.refuse.clone()).ok(),
            refresh_at: part.ok().unwrap_or(Windows::REFRESH_AT),
        }
    }

    fn read(section: &Section<'_>, read: &mut Reader<'_>) -> Self {
        let warn = value::duration(section, "warn", AHEAD, &mut read.book);
        let refuse = value::duration(section, "refuse", AHEAD, &mut read.book);
        if let (Given::Is(warn), Given::Is(refuse)) = (&warn, &refuse)
            && warn < refuse
        {
            let what = "`warn` is shorter than `refuse`: the lane would be refused before it warns";
            read.book.at(
                section.key_at("warn"),
                what,
                "write a `warn` longer than `refuse`",
            );
        }
        Self {
            warn,
            refuse,
            refresh_at: refresh_at(section, read),
        }
    }
}

fn refresh_at(section: &Section<'_>, read: &mut Reader<'_>) -> Given<f64> {
    let hint = "write a part of the life from 0.1 to 0.7: refresh_at = 0.6";
    let Some(value) = section.get("refresh_at") else {
        return Given::Absent;
    };
    let part = match value.get_ref() {
        DeValue::Float(digits) => digits.as_str().parse().unwrap_or(f64::NAN),
        // 0 and 1 are numbers too, only out of bounds.
        DeValue::Integer(_) => f64::NAN,
        _ => return section.wrong("refresh_at", "a number", hint, &mut read.book),
    };
    if !(0.1..=0.7).contains(&part) {
        let what = "`refresh_at` is not between 0.1 and 0.7";
        read.book.at(value.span().start, what, hint);
        return Given::Wrong;
    }
    Given::Is(part)
}

fn line(section: &Section<'_>, key: &str, most: usize, read: &mut Reader<'_>) -> Given<Plain> {
    let text = section.text(key, &mut read.book);
    text.and_then(|text| value::bounded(text, &format!("`{key}`"), most, read))
}
