//! What the operator typed after `/`.

use super::fuzzy;
use crate::engine::LaneView;
use crate::tui::symbols;

/// A field that a term may name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Field {
    State,
    Owner,
    Provider,
    Route,
    Lane,
    Gate,
    Why,
}

/// The fields' names and what they look at.
pub(super) const FIELDS: [(&str, &str, Field); 7] = [
    ("state:", "held, expiring, ok, ...", Field::State),
    ("owner:", "whose it is", Field::Owner),
    ("provider:", "the upstream", Field::Provider),
    ("route:", "server, tool, tenant, account", Field::Route),
    ("lane:", "its name", Field::Lane),
    ("gate:", "open, refused, paused, held", Field::Gate),
    ("why:", "the last outcome", Field::Why),
];

/// Terms that must all be found. `state:held`, `owner:`, `provider:`, `route:`, `lane:`, `gate:`
/// and `why:` look in one place, any other term everywhere. Capitals make no difference, and a name
/// need not be typed whole: `crmrd` finds `crm-read`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Vec<(Option<Field>, String)>,
}

impl Filter {
    /// Reads what was typed. Nothing typed matches everything.
    pub fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().map(|term| {
            let term = term.to_lowercase();
            let field = FIELDS
                .iter()
                .find_map(|(name, _, field)| Some((*field, term.strip_prefix(name)?)));
            match field {
                Some((field, rest)) => (Some(field), rest.to_owned()),
                None => (None, term),
            }
        });
        Self {
            text: text.to_owned(),
            terms: terms.collect(),
        }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Which characters of a lane's name, owner, provider or part of its route were looked for, by
    /// their place: to be made visible.
    pub fn places(&self, shown: Shown, text: &str) -> Vec<usize> {
        let mut places = Vec::new();
        for (field, term) in &self.terms {
            let here = match field {
                None => true,
                Some(Field::Lane) => shown == Shown::Lane,
                Some(Field::Owner) => shown == Shown::Owner,
                Some(Field::Provider) => shown == Shown::Provider,
                Some(Field::Route) => shown == Shown::Route,
                Some(Field::State | Field::Gate | Field::Why) => false,
            };
            if here && let Some(found) = fuzzy::places(text, term) {
                places.extend(found);
            }
        }
        places
    }

    /// Whether the lane is wanted. `hay` is its [`haystack`].
    pub(super) fn wants(&self, lane: &LaneView, hay: &str) -> bool {
        self.terms.iter().all(|(field, term)| {
            let within = |text: &str| text.to_lowercase().contains(term);
            match field {
                None => {
                    hay.contains(term)
                        || symbols::noun(lane.word).contains(term.as_str())
                        || hay.lines().any(|part| fuzzy::places(part, term).is_some())
                }
                Some(Field::State) => symbols::noun(lane.word).starts_with(term.as_str()),
                Some(Field::Gate) => lane.gate.as_str().starts_with(term.as_str()),
                Some(Field::Owner) => lane
                    .info
                    .owner
                    .as_ref()
                    .is_some_and(|owner| within(owner.as_str())),
                Some(Field::Provider) => within(lane.info.provider.as_str()),
                Some(Field::Lane) => fuzzy::fits(lane.info.name.as_str(), term),
                Some(Field::Route) => {
                    let route = &lane.info.route;
                    let parts = [&route.tool, &route.tenant, &route.account];
                    within(route.server.as_str())
                        || parts
                            .into_iter()
                            .flatten()
                            .any(|part| within(part.as_str()))
                }
                Some(Field::Why) => lane
                    .verdict
                    .as_ref()
                    .is_some_and(|verdict| verdict.outcome.as_str().contains(term.as_str())),
            }
        })
    }
}

/// A text of the table that a filter can have looked into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The lane's name.
    Lane,
    /// Its owner.
    Owner,
    /// Its provider.
    Provider,
    /// Its server or its tool.
    Route,
}

/// Everything about a lane that a bare term is looked for in, in small letters.
pub(super) fn haystack(lane: &LaneView) -> String {
    let info = &lane.info;
    let mut hay = String::with_capacity(96);
    let route = &info.route;
    let optional = [&route.tool, &route.tenant, &route.account, &info.owner];
    let fixed = [&info.name, &info.provider, &route.server];
    for part in fixed.into_iter().chain(optional.into_iter().flatten()) {
        for c in part.as_str().chars() {
            hay.extend(c.to_lowercase());
        }
        // A line end cannot be typed, so no term spans two parts.
        hay.push('\n');
    }
    hay
}
