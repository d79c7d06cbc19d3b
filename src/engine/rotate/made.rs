//! Asks a provider for a key, once, and reads what it says.

use super::super::pocket::Made;
use super::super::record::{fields, grant_mark};
use super::super::request::Dialled;
use super::super::tools::pack;
use super::Effort;
use super::old_key::dial_rotation;
use crate::http::OwnedAnswer;
use crate::lane::{Expiry, ExpirySource, Offer, Outcome, RefreshFailure, StoreVersion, Verdict};
use crate::provider::{AnswerKind, Context, OldKey};
use crate::secret::Secret;
use crate::store::WHOLE;
use std::collections::BTreeMap;

impl Made {
    /// Whether `key` is the one in whose place it comes.
    pub(super) fn is_of(&self, key: &Secret) -> bool {
        self.of == grant_mark(key)
    }

    /// Whether `key` is it.
    pub(super) fn is(&self, key: &Secret) -> bool {
        self.key.expose() == key.expose()
    }

    /// What the core is told of it, once the store has it at that version.
    pub(super) fn stored_at(&self, store_version: Option<StoreVersion>) -> Offer {
        Offer {
            store_version,
            ..self.offer.clone()
        }
    }
}

impl Effort<'_> {
    /// Asks the provider for another key, once.
    pub(super) async fn ask(&self, key: &Secret) -> Result<Made, RefreshFailure> {
        let Self {
            tools,
            entry,
            recipe,
            current,
            ..
        } = *self;
        let now = (tools.now)().wall;
        // As long a life as the old one had, where that is known.
        let life = current.and_then(|of| Some(of.expiry?.at.since(of.issued_at)));
        let ends = life.map(|life| now.plus(life));
        let single = *recipe.old() == OldKey::DiesAtOnce;
        let answer = match dial_rotation(tools, entry, &recipe.create(ends), key).await {
            Dialled::Answer(answer) => answer,
            Dialled::Nothing(verdict) => return Err(RefreshFailure::Transient(verdict)),
            Dialled::Lost(verdict) => return Err(RefreshFailure::Uncertain(verdict)),
        };
        let status = answer.status;
        if !(200..300).contains(&status) {
            return Err(self.refused(&answer, single));
        }
        let Some((fresh, stated)) = recipe.read(&answer.body, now) else {
            let text = "the provider said yes, and no key could be found in its answer: look there";
            let verdict = Verdict::own(Outcome::UpstreamUnavailable, "rotate/unreadable", text);
            return Err(RefreshFailure::Uncertain(verdict));
        };
        let expiry = stated.map(|at| Expiry {
            at,
            source: ExpirySource::TokenResponse,
        });
        let offer = Offer {
            fingerprint: tools.key.fingerprint(&fresh),
            issued_at: Some(now),
            expiry,
            scopes: None,
            store_version: None,
            history: None,
        };
        Ok(Made {
            of: grant_mark(key),
            fields: self.to_store(key, &fresh, &offer),
            key: fresh,
            offer,
        })
    }

    fn to_store(&self, old: &Secret, key: &Secret, offer: &Offer) -> BTreeMap<String, Secret> {
        let field = self.entry.source.field.clone();
        let text = |text: Option<String>| Secret::new(text.unwrap_or_default());
        let mut record = BTreeMap::new();
        if field.is_some() {
            let issued = offer.issued_at.map(|at| at.to_string());
            record.insert(fields::ISSUED_AT.to_owned(), text(issued));
            // One that is not known has to take the place of the old key's.
            let ends = offer.expiry.map(|expiry| expiry.at.to_string());
            record.insert(fields::EXPIRES_AT.to_owned(), text(ends));
            if matches!(self.recipe.old(), OldKey::Deleted(_)) {
                record.insert(fields::PREVIOUS.to_owned(), old.clone());
            }
        }
        record.insert(field.unwrap_or_else(|| WHOLE.to_owned()), key.clone());
        record
    }

    /// What it means that the provider said no.
    fn refused(&self, answer: &OwnedAnswer, single: bool) -> RefreshFailure {
        let context = Context {
            now: (self.tools.now)().wall,
            known_expires_at: self.current.and_then(|of| of.expiry).map(|end| end.at),
            worked_before: self.current.is_some_and(|of| of.proven),
        };
        let said = answer.as_answer(AnswerKind::Api);
        let verdict = pack(self.tools, self.entry)
            .classify(&said, &context)
            .verdict;
        // Who fails in the middle, or gave up waiting for who does it, may have done it.
        let unclear = matches!(answer.status, 500 | 502 | 504);
        if verdict.outcome.is_terminal() {
            // The key itself shows at its own proof what has become of it.
            RefreshFailure::GrantDead(verdict)
        } else if unclear && single {
            RefreshFailure::Uncertain(verdict)
        } else {
            RefreshFailure::Transient(verdict)
        }
    }
}
