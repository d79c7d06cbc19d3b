//! What the operator typed after `/`.

use crate::engine::LaneView;
use crate::tui::symbols;

/// A field that a term may name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    State,
    Owner,
    Provider,
    Route,
    Lane,
    Gate,
    Why,
}

const FIELDS: [(&str, Field); 7] = [
    ("state:", Field::State),
    ("owner:", Field::Owner),
    ("provider:", Field::Provider),
    ("route:", Field::Route),
    ("lane:", Field::Lane),
    ("gate:", Field::Gate),
    ("why:", Field::Why),
];

/// Terms that must all be found. `state:held`, `owner:`, `provider:`, `route:`, `lane:`, `gate:`
/// and `why:` look in one place, any other term everywhere. Capitals make no difference.
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
                .find_map(|(name, field)| Some((*field, term.strip_prefix(name)?)));
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

    /// Whether the lane is wanted. `hay` is its [`haystack`].
    pub(super) fn wants(&self, lane: &LaneView, hay: &str) -> bool {
        self.terms.iter().all(|(field, term)| {
            let within = |text: &str| text.to_lowercase().contains(term);
            match field {
                None => hay.contains(term) || symbols::noun(lane.word).contains(term.as_str()),
                Some(Field::State) => symbols::noun(lane.word).starts_with(term.as_str()),
                Some(Field::Gate) => lane.gate.as_str().starts_with(term.as_str()),
                Some(Field::Owner) => lane
                    .info
                    .owner
                    .as_ref()
                    .is_some_and(|owner| within(owner.as_str())),
                Some(Field::Provider) => within(lane.info.provider.as_str()),
                Some(Field::Lane) => within(lane.info.name.as_str()),
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
