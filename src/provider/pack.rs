//! A provider pack: what a provider's answers mean, and how it is spoken to.

use super::answer::{Answer, AnswerKind, Context, NoAnswer, Reading};
use super::builtin;
use super::judge::{self, Tried};
use super::phrasebook::PhraseBook;
use super::place::Place;
use super::rotation::Rotation;
use super::rule::Rule;
use super::selftest::PackTest;
use super::sigv4::Signing;
use crate::lane::{Basis, Evidence, Outcome, Verdict};
use crate::manifest::{ProviderFacts, RequestSpec};
use crate::secret::Secret;
use std::fmt;

/// How long an old credential stays good when a new one is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// Two live side by side until the old one is deleted.
    Full,
    /// As long as the person who rotates it chooses.
    Chosen,
    /// The old one dies at once.
    None,
}

impl Overlap {
    /// The name used in packs and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Chosen => "chosen",
            Self::None => "none",
        }
    }
}

/// What stands for a credential where a pack knows no shape of it.
const INVENTED: &str = "lanewatch-invented-this-and-it-must-be-rejected";

/// How a provider treats refresh tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Refresh {
    pub(super) rotates: bool,
    pub(super) single_use: bool,
    pub(super) forgives_retry: bool,
    pub(super) tells_apart: bool,
}

/// What one provider's answers mean, as data. Made by a [`super::Catalog`].
#[derive(Default)]
pub struct Pack {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) title: String,
    pub(super) base_url: Option<String>,
    pub(super) rotate_url: Option<String>,
    pub(super) overlap: Option<Overlap>,
    pub(super) present: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) probe: Option<RequestSpec>,
    pub(super) signing: Option<Signing>,
    /// The request that tells what became of a credential, and how its answer is read.
    pub(super) verify: Option<(RequestSpec, AnswerKind)>,
    /// An invented credential of the right shape.
    pub(super) control: Option<String>,
    pub(super) refresh: Refresh,
    pub(super) rotation: Option<Rotation>,
    pub(super) expiry: Vec<Place>,
    pub(super) scopes: Vec<Place>,
    pub(super) required: Vec<Place>,
    pub(super) retry: Vec<Place>,
    pub(super) code: Vec<Place>,
    pub(super) message: Vec<Place>,
    pub(super) request_id: Vec<Place>,
    pub(super) rules: Vec<Rule>,
    pub(super) phrases: PhraseBook,
    pub(super) tests: Vec<PackTest>,
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack")
            .field("name", &self.name)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

impl Pack {
    /// The name that evidence and manifests use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names for it.
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// What people call the provider.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The provider's own address, where it has one for everybody.
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// The cheapest request that shows whether a credential works; `None` where no request fits
    /// every credential of this provider, and the manifest must name one.
    pub fn probe(&self) -> Option<&RequestSpec> {
        self.probe.as_ref()
    }

    /// The request that tells what became of a credential which the probe rejects without saying
    /// why, and how its answer is read.
    pub const fn verify(&self) -> Option<&(RequestSpec, AnswerKind)> {
        self.verify.as_ref()
    }

    /// An invented credential that must be rejected, where the pack asks for such a control.
    pub fn control(&self) -> Option<Secret> {
        self.control.clone().map(Secret::new)
    }

    /// The same, or one of no particular shape.
    pub fn invented(&self) -> Secret {
        self.control()
            .unwrap_or_else(|| Secret::new(INVENTED.to_owned()))
    }

    /// Whether a refresh tells what a rejection did not: it succeeds if the token had only expired,
    /// and is refused if the grant is gone.
    pub const fn refresh_tells_apart(&self) -> bool {
        self.refresh.tells_apart
    }

    /// The headers that present `secret`.
    pub fn present(&self, secret: &Secret) -> Vec<(String, Secret)> {
        let fill = |format: &String| Secret::new(format.replace("{secret}", secret.expose()));
        let headers = self.present.iter();
        headers
            .map(|(name, format)| (name.clone(), fill(format)))
            .collect()
    }

    /// How requests are signed, where the credential is not sent itself.
    pub const fn signing(&self) -> Option<&Signing> {
        self.signing.as_ref()
    }

    /// How the provider replaces a credential when it is asked to.
    pub const fn rotation(&self) -> Option<&Rotation> {
        self.rotation.as_ref()
    }

    /// What a manifest has to know of it.
    pub fn facts(&self) -> ProviderFacts {
        ProviderFacts {
            has_base_url: self.base_url.is_some(),
            has_probe: self.probe.is_some(),
            single_use_refresh: self.refresh.single_use,
            old_key_dies: self.overlap == Some(Overlap::None),
            rotation: self.rotation.as_ref().map(Rotation::facts),
        }
    }

    /// The names of the headers that present a secret, and their format.
    pub fn presentation(&self) -> &[(String, String)] {
        &self.present
    }

    /// Headers to send with every request.
    pub fn extra_headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Whether a refresh token is dead once it was used.
    pub fn single_use_refresh(&self) -> bool {
        self.refresh.single_use
    }

    /// Whether a refresh whose answer was lost may be sent again.
    pub fn forgives_retry(&self) -> bool {
        self.refresh.forgives_retry
    }

    /// Whether a refresh gives a new refresh token.
    pub fn rotates_refresh(&self) -> bool {
        self.refresh.rotates
    }

    /// How long an old credential outlives its rotation.
    pub fn overlap(&self) -> Option<Overlap> {
        self.overlap
    }

    /// Where a person makes a new credential.
    pub fn rotate_url(&self) -> Option<&str> {
        self.rotate_url.as_deref()
    }

    /// Where the end of a credential is read, in words.
    pub fn expiry_places(&self) -> String {
        in_words(&self.expiry, "where the standards have it")
    }

    /// Where granted scopes are read, in words.
    pub fn scope_places(&self) -> String {
        in_words(&self.scopes, "where the standards have them")
    }

    /// How many rules the pack has of its own.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// What `answer` means.
    pub fn classify(&self, answer: &Answer<'_>, context: &Context) -> Reading {
        judge::judge(self, answer, context, None)
    }

    /// The same, with every rule that was tried, in order.
    pub fn explain(&self, answer: &Answer<'_>, context: &Context) -> (Reading, Vec<Tried>) {
        let mut tried = Vec::new();
        let reading = judge::judge(self, answer, context, Some(&mut tried));
        (reading, tried)
    }

    /// What it means that no answer came: nothing, of the credential.
    pub fn no_answer(&self, why: &NoAnswer) -> Verdict {
        let rule = match why {
            NoAnswer::NotReached(_) => "not-reached",
            NoAnswer::Lost(_) => "answer-lost",
            NoAnswer::TimedOut(_) => "timed-out",
        };
        Verdict {
            outcome: Outcome::UpstreamUnavailable,
            evidence: Evidence::own(&format!("{}/{rule}", self.name), Basis::Inferred)
                .detail(why.to_string()),
        }
    }

    /// The pack itself, then the standards that it falls through to.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Pack> {
        let standards = std::iter::once_with(|| &**builtin::standards());
        std::iter::once(self).chain(standards.filter(|one| !std::ptr::eq(*one, self)))
    }
}

fn in_words(places: &[Place], none: &str) -> String {
    let places: Vec<_> = places.iter().map(ToString::to_string).collect();
    match places.is_empty() {
        true => none.to_owned(),
        false => places.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;
    use crate::plain::Plain;

    #[test]
    fn a_secret_is_presented_in_the_providers_own_header_and_nowhere_else() {
        let catalog = Catalog::builtin();
        let secret = Secret::new("canary".into());
        let shown = |name: &str| {
            let headers = catalog.get(name).unwrap().present(&secret);
            assert!(!format!("{headers:?}").contains("canary"));
            let shown = headers
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.expose()));
            shown.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(shown("github"), "Authorization: Bearer canary");
        assert_eq!(shown("vault"), "X-Vault-Token: canary");
        for pack in catalog.packs() {
            let shown = !pack.present(&secret).is_empty();
            assert!(shown != pack.signing().is_some(), "{}", pack.name());
            assert!(pack.probe().is_none_or(|probe| !probe.target.contains('{')));
        }
    }

    #[test]
    fn no_answer_says_nothing_of_the_credential() {
        let catalog = Catalog::builtin();
        let reasons = [
            (
                NoAnswer::NotReached(Plain::new("refused")),
                "github/not-reached",
                "not reached: refused",
            ),
            (
                NoAnswer::Lost(Plain::new("reset")),
                "github/answer-lost",
                "the answer was lost: reset",
            ),
            (
                NoAnswer::TimedOut(900),
                "github/timed-out",
                "no answer within 900 ms",
            ),
        ];
        for (why, rule, detail) in reasons {
            let verdict = catalog.get_or_http("github").no_answer(&why);
            assert_eq!(verdict.outcome, Outcome::UpstreamUnavailable);
            assert_eq!(verdict.evidence.rule.as_str(), rule);
            assert_eq!(verdict.evidence.detail.unwrap().as_str(), detail);
        }
    }
}
