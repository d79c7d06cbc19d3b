//! How a provider replaces a credential when it is asked to: the request, where the new secret stands
//! in the answer, what becomes of the old one.
//!
//! The new secret is cut out of the answer's own buffer: an answer that carries a secret is never
//! taken apart into text that stays in memory. Which step comes when is the engine's business.

use super::json::Pointer;
use super::moment::Form;
use super::selftest::TestFailure;
use crate::lane::Wall;
use crate::manifest::{RequestSpec, RotationFacts};
use crate::secret::Secret;
use chrono::Datelike as _;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroizing;

/// Between the parts of a credential that is a pair, in the one text that stands for both.
const BETWEEN: char = ':';

/// What becomes of the old credential.
#[derive(Clone, PartialEq, Debug)]
pub enum OldKey {
    /// It dies with the answer. There is one try, and a lost answer loses the credential.
    DiesAtOnce,
    /// It lives until this request deletes it.
    Deleted(RequestSpec),
}

/// A provider's rotation, as data.
#[derive(Clone, PartialEq, Debug)]
pub struct Rotation {
    pub(super) base_url: Option<String>,
    pub(super) create: RequestSpec,
    /// What the body is where the old credential's life is known and the new one shall have as long
    /// a life.
    pub(super) body_with_end: Option<(String, String)>,
    pub(super) secret: Vec<Spot>,
    pub(super) expiry: Option<(Pointer, Form)>,
    pub(super) old: OldKey,
    pub(super) settle: Duration,
    pub(super) tests: Vec<RotationTest>,
}

/// Where a part of a secret stands in an answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Spot {
    /// At a JSON pointer.
    Json(Pointer),
    /// In the first XML element of that name, without attributes.
    Xml(String),
}

/// An answer and what is to be found in it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RotationTest {
    pub(super) case: String,
    pub(super) body: String,
    /// `None` if there is no secret to be found.
    pub(super) secret: Option<String>,
    pub(super) expires_at: Option<Wall>,
}

impl Rotation {
    /// The address of the rotation's requests, where it is another than that of all others.
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// What becomes of the old credential.
    pub const fn old(&self) -> &OldKey {
        &self.old
    }

    /// For how long the provider may not know the new credential everywhere.
    pub const fn settle(&self) -> Duration {
        self.settle
    }

    /// What a manifest has to know of it.
    pub const fn facts(&self) -> RotationFacts {
        RotationFacts {
            old_dies: matches!(self.old, OldKey::DiesAtOnce),
            settle: self.settle,
        }
    }

    /// The request for a new credential. It ends at `ends`, if that is said and the provider lets
    /// one choose.
    pub fn create(&self, ends: Option<Wall>) -> RequestSpec {
        let mut request = self.create.clone();
        let day = ends.and_then(Wall::to_utc);
        if let (Some((body, kind)), Some(day)) = (&self.body_with_end, day) {
            let day = format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
            request.body = Some((body.replace("{ends_on}", &day), kind.clone()));
        }
        request
    }

    /// The request that deletes `old`; `None` where nothing has to. Only the first part of a pair,
    /// its name, goes into it.
    pub fn delete(&self, old: &Secret) -> Option<RequestSpec> {
        let OldKey::Deleted(request) = &self.old else {
            return None;
        };
        let (name, _) = old.expose().split_once(BETWEEN)?;
        // What goes into a body or an address unescaped must be a bare word.
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(bare) {
            return None;
        }
        let mut request = request.clone();
        request.target = request.target.replace("{key_id}", name);
        if let Some((body, _)) = &mut request.body {
            *body = body.replace("{key_id}", name);
        }
        Some(request)
    }

    /// The new secret in an answer that says yes, and when it ends if that stands there.
    pub fn read(&self, body: &[u8], now: Wall) -> Option<(Secret, Option<Wall>)> {
        let text = std::str::from_utf8(body).ok()?;
        let mut whole = Zeroizing::new(String::with_capacity(512));
        for (at, spot) in self.secret.iter().enumerate() {
            let part = match spot {
                Spot::Json(pointer) => at_pointer(text, pointer)?,
                Spot::Xml(name) => in_element(text, name)?,
            };
            if part.is_empty() {
                return None;
            }
            if at > 0 {
                whole.push(BETWEEN);
            }
            whole.push_str(part.expose());
        }
        let ends = self.expiry.as_ref().and_then(|(pointer, form)| {
            let text = at_pointer(text, pointer)?;
            form.read(text.expose(), now)
        });
        let secret = Secret::new(std::mem::take(&mut *whole));
        (!secret.is_empty()).then_some((secret, ends))
    }

    /// Runs the tests that the recipe carries.
    pub(super) fn run_tests(&self) -> Vec<TestFailure> {
        // A fixed present, so that a test means the same on every day.
        let now = Wall(1_790_000_000_000);
        let failed = |test: &RotationTest| {
            let found = self.read(test.body.as_bytes(), now);
            let secret = found.as_ref().map(|(secret, _)| secret.expose());
            let ends = found.as_ref().and_then(|(_, ends)| *ends);
            let right = secret == test.secret.as_deref()
                && (test.expires_at.is_none() || ends == test.expires_at);
            (!right).then(|| TestFailure {
                case: test.case.clone(),
                why: format!("found a secret: {}; its end: {ends:?}", secret.is_some()),
            })
        };
        let mut failures: Vec<_> = self.tests.iter().filter_map(failed).collect();
        if self.tests.is_empty() {
            failures.push(TestFailure {
                case: "[rotate]".to_owned(),
                why: "it has no [[rotate.test]]".to_owned(),
            });
        }
        failures
    }
}

/// The text at a pointer of a JSON document, straight from its buffer.
fn at_pointer(text: &str, pointer: &Pointer) -> Option<Secret> {
    let mut at: &RawValue = serde_json::from_str(text).ok()?;
    for part in pointer.parts() {
        let here = at.get();
        at = match part.parse::<usize>() {
            Ok(index) if here.starts_with('[') => {
                let items: Vec<&RawValue> = serde_json::from_str(here).ok()?;
                items.get(index)?
            }
            _ => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(here).ok()?;
                members.get(part.as_str())?
            }
        };
    }
    serde_json::from_str(at.get()).ok().map(Secret::new)
}

/// The text of the first element of that name. A text with entities in it is no key.
fn in_element(text: &str, name: &str) -> Option<Secret> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once("</")?;
    let inside = inside.trim();
    (!inside.contains(['&', '<'])).then(|| Secret::new(inside.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;

    #[test]
    fn only_the_name_of_a_pair_goes_into_the_request_that_deletes_it() {
        let catalog = Catalog::builtin();
        let aws = catalog.get("aws-keys").unwrap().rotation().unwrap();
        let old = Secret::new("AKIAOLD:secret-canary".into());
        let (body, _) = aws.delete(&old).unwrap().body.unwrap();
        assert!(
            body.contains("AKIAOLD") && !body.contains("canary"),
            "{body}"
        );
        for odd in ["no-pair", ":x", "AKIA&Action=DeleteUser:x"] {
            assert!(aws.delete(&Secret::new(odd.into())).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_new_key_is_asked_to_live_as_long_as_the_old_one_where_one_can_choose() {
        let catalog = Catalog::builtin();
        let gitlab = catalog.get("gitlab").unwrap().rotation().unwrap();
        let until = gitlab.create(Wall::parse("2027-01-05T10:00:00Z"));
        assert_eq!(until.body.unwrap().0, r#"{"expires_at":"2027-01-05"}"#);
        assert_eq!(gitlab.create(None).body, None);
    }

    proptest::proptest! {
        #[test]
        fn no_answer_breaks_the_reading_of_one(body in "[<>/a-zA-Z{}\":,\\[\\]0-9]{0,120}") {
            for pack in Catalog::builtin().packs() {
                if let Some(rotation) = pack.rotation() {
                    rotation.read(body.as_bytes(), Wall(0));
                }
            }
        }
    }
}
