//! Rules: what must hold of an answer, and what it then means.

use super::answer::AnswerKind;
use super::json::{Pointer, scalar};
use super::phrasebook::{Found, PhraseSet};
use super::place::Place;
use super::seen::{Seen, Shape};
use super::statement::Statement;
use crate::lane::{Basis, Outcome};

/// What a rule concludes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Conclusion {
    /// This outcome.
    Is(Outcome),
    /// A rejection without a reason; what was known before decides.
    History,
}

impl Conclusion {
    /// Where such a rule stands in a pack: what says least of the credential is tested first.
    /// `None` for `ok`, which may stand anywhere.
    pub(super) const fn place(self) -> Option<u8> {
        match self {
            Self::Is(Outcome::Ok) => None,
            Self::Is(Outcome::UpstreamUnavailable | Outcome::StoreUnavailable) => Some(0),
            Self::Is(Outcome::RateLimited) => Some(1),
            Self::Is(Outcome::PolicyDenied) => Some(2),
            Self::Is(Outcome::ScopeInsufficient) => Some(3),
            Self::Is(
                Outcome::CredentialExpired
                | Outcome::CredentialRevoked
                | Outcome::CredentialInvalid,
            ) => Some(4),
            Self::History => Some(5),
        }
    }

    /// Whether it turns against the credential.
    pub(super) const fn condemns(self) -> bool {
        match self {
            Self::Is(outcome) => outcome.is_terminal(),
            Self::History => true,
        }
    }
}

/// One rule of a pack.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Rule {
    /// Its name, unique in its pack.
    pub(super) name: String,
    /// Why that is so, for a reader.
    pub(super) why: Option<String>,
    /// What it concludes.
    pub(super) conclusion: Conclusion,
    /// Whether the provider says so, or it is a guess from circumstances.
    pub(super) basis: Basis,
    /// Whether it may condemn a credential under a status that otherwise never does: 5xx, 429, 408.
    pub(super) any_status: bool,
    /// What must hold.
    pub(super) when: Test,
    /// Where required scopes stand, the first that gives any.
    pub(super) scopes: Vec<Place>,
    /// Where the wait stands.
    pub(super) retry: Vec<Place>,
    /// Where the provider's code stands.
    pub(super) code: Vec<Place>,
    /// Where the credential's end stands.
    pub(super) expires: Vec<Place>,
}

/// Something that holds of an answer or does not.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Test {
    /// What was asked is one of these.
    Kind(Vec<AnswerKind>),
    /// The status lies in one of these ranges, ends included.
    Status(Vec<(u16, u16)>),
    /// The body has one of these shapes.
    Body(Vec<Shape>),
    /// The number that the body gives as its own status lies in one of these ranges.
    Own(Vec<(u16, u16)>),
    /// The answer tells of a failure, by its status or inside a 2xx answer, or tells of none.
    Failed(bool),
    /// A header.
    Header(String, Want),
    /// No member of one comma list is in the other, which has some.
    SharesNone(String, String),
    /// A challenge of `WWW-Authenticate` for which all of these hold: scheme, parameters.
    Challenge(Vec<(Option<String>, Want)>),
    /// Anything at one of the pointers.
    Json(Vec<Pointer>, Want),
    /// A form field.
    Form(String, Want),
    /// An XML element.
    Xml(String, Want),
    /// The code of a JSON-RPC error.
    Rpc(Vec<i64>),
    /// One of these texts (lower-case) stands in the body.
    Text(Vec<String>),
    /// The answer says one of these phrases of the pack's book.
    Says(PhraseSet),
    /// One of its machine codes holds one of these phrases.
    Code(PhraseSet),
    /// One of its sentences holds one of these phrases.
    Writes(PhraseSet),
    /// All hold.
    All(Vec<Test>),
    /// One holds.
    Any(Vec<Test>),
    /// None of these holds.
    Not(Box<Test>),
}

/// What a text must be. Case does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Want {
    /// One of these.
    Is(Vec<String>),
    /// It holds one of these, lower-case.
    Contains(Vec<String>),
    /// It begins with one of these, lower-case.
    Begins(Vec<String>),
    /// One of these is a member of its comma list.
    Has(Vec<String>),
    /// It is there.
    Present,
    /// It is not there.
    Absent,
}

impl Want {
    fn fits(&self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::Is(list) => list.iter().any(|one| one.eq_ignore_ascii_case(text)),
            Self::Contains(list) => {
                let lower = text.to_lowercase();
                list.iter().any(|one| lower.contains(one.as_str()))
            }
            Self::Begins(list) => {
                let lower = text.to_lowercase();
                list.iter().any(|one| lower.starts_with(one.as_str()))
            }
            Self::Has(list) => {
                members(text).any(|m| list.iter().any(|one| one.eq_ignore_ascii_case(m)))
            }
            Self::Present => true,
            Self::Absent => false,
        }
    }

    fn fits_any<S: AsRef<str>>(&self, mut texts: impl Iterator<Item = S>) -> bool {
        match self {
            Self::Absent => texts.next().is_none(),
            _ => texts.any(|text| self.fits(text.as_ref())),
        }
    }
}

fn lies_in(ranges: &[(u16, u16)], status: u16) -> bool {
    let mut ranges = ranges.iter();
    ranges.any(|(low, high)| (*low..=*high).contains(&status))
}

fn members(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty())
}

impl Test {
    /// Whether it holds by more than what the answer's texts say: by a member, a header, a code.
    pub(super) fn holds_unworded(&self, seen: &Seen<'_>, found: &Found<'_, Statement>) -> bool {
        match self {
            Self::Text(_) | Self::Says(_) | Self::Writes(_) => false,
            Self::All(tests) => tests.iter().all(|test| test.holds_unworded(seen, found)),
            Self::Any(tests) => tests.iter().any(|test| test.holds_unworded(seen, found)),
            _ => self.holds(seen, found),
        }
    }

    /// Whether it holds of the answer.
    pub(super) fn holds(&self, seen: &Seen<'_>, found: &Found<'_, Statement>) -> bool {
        match self {
            Self::Kind(kinds) => kinds.contains(&seen.kind()),
            Self::Status(ranges) => lies_in(ranges, seen.status()),
            Self::Own(ranges) => seen
                .own_status()
                .is_some_and(|status| lies_in(ranges, status)),
            Self::Body(shapes) => shapes.contains(&seen.shape()),
            Self::Failed(failed) => seen.failed() == *failed,
            Self::Header(name, want) => want.fits_any(seen.header_lines(name)),
            Self::SharesNone(one, other) => {
                let (Some(one), Some(other)) = (seen.header(one), seen.header(other)) else {
                    return false;
                };
                members(other).next().is_some()
                    && !members(one).any(|a| members(other).any(|b| a.eq_ignore_ascii_case(b)))
            }
            Self::Challenge(wants) => seen.challenges().iter().any(|challenge| {
                wants.iter().all(|(name, want)| match name {
                    None => want.fits(&challenge.scheme),
                    Some(name) => want.fits_any(challenge.param(name).into_iter()),
                })
            }),
            Self::Json(pointers, want) => {
                let found = seen
                    .json()
                    .into_iter()
                    .flat_map(|root| pointers.iter().flat_map(|pointer| pointer.find(root)));
                match want {
                    Want::Present => found.take(1).count() == 1,
                    Want::Absent => found.take(1).count() == 0,
                    _ => want.fits_any(found.filter_map(scalar)),
                }
            }
            Self::Form(name, want) => {
                let of_name = seen.form().iter().filter(|(key, _)| key == name);
                want.fits_any(of_name.map(|(_, value)| value))
            }
            Self::Xml(tail, want) => {
                let there = seen.leaves().iter().filter(|leaf| leaf.is_at(tail));
                want.fits_any(there.map(|leaf| &leaf.text))
            }
            Self::Rpc(codes) => seen.rpc_code().is_some_and(|code| codes.contains(&code)),
            Self::Text(texts) => {
                let lower = seen.lower();
                texts.iter().any(|text| lower.contains(text.as_str()))
            }
            Self::Says(phrases) => found.says(phrases),
            Self::Code(phrases) => found.has_code(phrases),
            Self::Writes(phrases) => found.writes(phrases),
            Self::All(tests) => tests.iter().all(|test| test.holds(seen, found)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(seen, found)),
            Self::Not(test) => !test.holds(seen, found),
        }
    }
}
