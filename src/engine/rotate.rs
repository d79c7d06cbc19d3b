//! A key that its provider replaces when it is asked to, as the provider's pack describes it.
//!
//! The transaction is that of a refresh, with a key in the place of the grant: intent, lock, read
//! again, note, request, persist. There is one try. Where the old key dies with the answer, an answer
//! that was lost has cost the key: that is raised and never repeated, because a repetition with a dead
//! key is what providers take for a thief. Where two keys live side by side, the record keeps the old
//! one beside the new until it is deleted, so that whoever finds it after a crash has both.

use super::crash::{self, CrashPoint};
use super::grant_lock::GrantFile;
use super::perform::{Report, Tools, answered, pack, store};
use super::record::{fields, grant_mark, offer_of};
use super::renew::{Progress, Renew};
use super::request::{Dialled, dial};
use crate::http::OwnedAnswer;
use crate::lane::{
    Credential, Event, Expiry, ExpirySource, LaneName, LostAnswer, Offer, Outcome, RefreshFailure,
    Step, Verdict,
};
use crate::manifest::{LaneEntry, RequestSpec};
use crate::provider::{AnswerKind, Context, OldKey, Rotation};
use crate::secret::{Fingerprint, Secret};
use crate::store::{SecretRecord, Store, StoreError, WHOLE};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait for another process that is rotating the same key.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a store is asked to take a new key before that is left to the next effort.
const SAVES: u32 = 5;

/// A key that its provider has made and that no store has taken. It serves nobody until one has.
#[derive(Clone)]
pub(super) struct Made {
    /// The mark of the key in whose place it comes.
    of: String,
    key: Secret,
    fields: BTreeMap<String, Secret>,
    offer: Offer,
}

enum End {
    Adopt {
        offer: Offer,
        key: Secret,
        lost_race: bool,
    },
    Fail(RefreshFailure),
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        Self::Fail(RefreshFailure::Transient(verdict))
    }
}

/// Has the provider replace the lane's key.
pub(super) async fn renew(
    tools: &Tools,
    slot: usize,
    name: &LaneName,
    entry: &LaneEntry,
    renew: Renew,
    progress: &Progress<'_>,
) -> Report {
    let attempt = renew.attempt;
    let mut said = None;
    let end = match (store(tools, entry), pack(tools, entry).rotation()) {
        (Ok(store), Some(recipe)) => {
            let effort = Effort {
                tools,
                name,
                entry,
                store,
                recipe,
                current: renew.current.as_ref(),
                failed: renew.failed,
            };
            effort.rotate(renew.forgiven, progress, &mut said).await
        }
        (Err(error), _) => error.verdict().into(),
        (_, None) => {
            let text = "the provider's pack has no [rotate] any more";
            Verdict::own(Outcome::CredentialInvalid, "rotate/no_recipe", text).into()
        }
    };
    let mut report = match end {
        End::Adopt {
            offer,
            key,
            lost_race,
        } => {
            let kept = Some((offer.fingerprint, key));
            let event = Event::Refreshed {
                attempt,
                offer,
                lost_race,
            };
            let mut report = Report::new(slot, event);
            report.kept = kept;
            report
        }
        End::Fail(failure) => Report::new(slot, Event::RefreshFailed { attempt, failure }),
    };
    report.store = said.map(|error: Option<StoreError>| match error {
        Some(error) => answered(&error),
        None => Ok(()),
    });
    report
}

struct Effort<'a> {
    tools: &'a Tools,
    name: &'a LaneName,
    entry: &'a LaneEntry,
    store: &'a Store,
    recipe: &'a Rotation,
    current: Option<&'a Credential>,
    failed: Option<Fingerprint>,
}

impl Effort<'_> {
    async fn rotate(
        &self,
        forgiven: bool,
        progress: &Progress<'_>,
        said: &mut Option<Option<StoreError>>,
    ) -> End {
        let Self { tools, entry, .. } = *self;
        let waiting = |holder| progress.at(Step::Waiting { holder });
        let file = GrantFile::of(&tools.grants, &entry.source);
        let mut lock = match file.take(tools.now, PATIENCE, waiting).await {
            Ok(lock) => lock,
            Err(error) => {
                let text = error.to_string();
                return Verdict::own(Outcome::StoreUnavailable, "engine/grant_lock", text).into();
            }
        };
        crash::reached(CrashPoint::GrantLocked);
        progress.at(Step::Locked);
        let record = match self.store.read(&entry.source).await {
            Ok(record) => record,
            Err(error) => {
                let verdict = error.verdict();
                *said = Some(Some(error));
                return match tools.pocket.made(self.name) {
                    Some(_) => End::Fail(RefreshFailure::NotPersisted(verdict)),
                    None => verdict.into(),
                };
            }
        };
        *said = Some(None);
        crash::reached(CrashPoint::ReadAgain);
        let Some(key) = record.field(&entry.source).cloned() else {
            let text = format!("{} holds no key", entry.source.path);
            return Verdict::own(Outcome::StoreUnavailable, "store/no_field", text).into();
        };
        if let Some(made) = tools.pocket.made(self.name) {
            // A key that a person has put there meanwhile stays: theirs is the newer wish.
            if made.of == grant_mark(&key) || made.key.expose() == key.expose() {
                progress.at(Step::Storing);
                let end = self.persist(&record, made, said).await;
                if !is_unstored(&end) {
                    settle(&mut lock);
                }
                return end;
            }
            tools.pocket.keep_made(self.name, None);
        }
        if let Some(theirs) = self.somebody_was_faster(&record, &key) {
            return theirs;
        }
        let mark = tools.grants_key.fingerprint(&key);
        let doubtful = entry.spec.renewal.lost_answer() == LostAnswer::Doubtful;
        if let Some(left) = lock.left_behind()
            && doubtful
            && !forgiven
            && left.may_be_of(mark)
        {
            let text = left.sentence();
            let verdict = Verdict::own(Outcome::UpstreamUnavailable, "engine/in_doubt", text);
            return End::Fail(RefreshFailure::Uncertain(verdict));
        }
        if let Some(verdict) = self.delete_leftover(&record, &key).await {
            return verdict.into();
        }
        let now = (tools.now)().wall;
        if let Err(error) = lock.request_leaves(mark, now) {
            let text = format!("the request could not be noted, and so was not sent: {error}");
            return Verdict::own(Outcome::StoreUnavailable, "engine/grant_note", text).into();
        }
        crash::reached(CrashPoint::RequestNoted);
        progress.at(Step::Requested);
        let made = self.ask(&key).await;
        crash::reached(CrashPoint::Exchanged);
        let end = match made {
            Ok(made) => {
                progress.at(Step::Storing);
                // Before anything else can go wrong: it is given out once.
                tools.pocket.keep_made(self.name, Some(made.clone()));
                self.persist(&record, made, said).await
            }
            Err(failure) => End::Fail(failure),
        };
        crash::reached(CrashPoint::Persisted);
        let doubt = matches!(end, End::Fail(RefreshFailure::Uncertain(_)));
        if !doubt && !is_unstored(&end) {
            settle(&mut lock);
        }
        crash::reached(CrashPoint::RequestSettled);
        end
    }

    /// The key that somebody else has put in the place of ours.
    fn somebody_was_faster(&self, record: &SecretRecord, key: &Secret) -> Option<End> {
        let offer = offer_of(self.tools, self.entry, record, key);
        let news = self
            .current
            .is_none_or(|ours| ours.fingerprint != offer.fingerprint);
        (news && self.failed != Some(offer.fingerprint)).then(|| End::Adopt {
            offer,
            key: key.clone(),
            lost_race: self.current.is_some(),
        })
    }

    /// Deletes an old key that a former rotation could not: some providers allow two keys and no
    /// third. Answers what stands against going on.
    async fn delete_leftover(&self, record: &SecretRecord, key: &Secret) -> Option<Verdict> {
        let old = record.fields.get(fields::PREVIOUS)?;
        if old.is_empty() || old.expose() == key.expose() {
            return None;
        }
        let request = self.recipe.delete(old)?;
        let verdict = delete(self.tools, self.entry, &request, key).await;
        (verdict.outcome != Outcome::Ok).then_some(verdict)
    }

    /// Asks the provider for another key, once.
    async fn ask(&self, key: &Secret) -> Result<Made, RefreshFailure> {
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

    /// Has the store take the new key; only then is it reported.
    async fn persist(
        &self,
        record: &SecretRecord,
        made: Made,
        said: &mut Option<Option<StoreError>>,
    ) -> End {
        let Self { tools, entry, .. } = *self;
        let adopt = |version, made: Made| {
            tools.pocket.keep_made(self.name, None);
            let mut offer = made.offer;
            offer.store_version = version;
            End::Adopt {
                offer,
                key: made.key,
                lost_race: false,
            }
        };
        let holds = |record: &SecretRecord, text: &dyn Fn(&Secret) -> bool| {
            record.field(&entry.source).is_some_and(text)
        };
        if holds(record, &|there| there.expose() == made.key.expose()) {
            return adopt(record.version.clone(), made);
        }
        let mut expected = record.version.clone();
        let mut last = StoreError::Conflict;
        for round in 0..SAVES {
            match self
                .store
                .write(&entry.source, &made.fields, expected.as_ref())
                .await
            {
                Ok(version) => return adopt(Some(version), made),
                Err(StoreError::Conflict | StoreError::Uncertain(_)) => {
                    match self.store.read(&entry.source).await {
                        Ok(now) if holds(&now, &|there| there.expose() == made.key.expose()) => {
                            return adopt(now.version, made);
                        }
                        Ok(now) if holds(&now, &|there| grant_mark(there) == made.of) => {
                            expected = now.version;
                        }
                        Ok(_) => {
                            tools.pocket.keep_made(self.name, None);
                            let text = "somebody put another key into the store while the provider \
                                        made one: theirs stays, and the one made now is unused";
                            let verdict =
                                Verdict::own(Outcome::StoreUnavailable, "rotate/superseded", text);
                            return End::Fail(RefreshFailure::Superseded(verdict));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(error) => last = error,
            }
            if last.is_outage() {
                break;
            }
            if round + 1 < SAVES {
                tokio::time::sleep(Duration::from_millis(100_u64 << round)).await;
            }
        }
        let verdict = last.verdict();
        *said = Some(Some(last));
        End::Fail(RefreshFailure::NotPersisted(verdict))
    }
}

const fn is_unstored(end: &End) -> bool {
    matches!(end, End::Fail(RefreshFailure::NotPersisted(_)))
}

fn settle(lock: &mut super::grant_lock::GrantLock) {
    if let Err(error) = lock.request_settled() {
        tracing::warn!(%error, "the end of a request could not be noted");
    }
}

async fn dial_rotation(
    tools: &Tools,
    entry: &LaneEntry,
    request: &RequestSpec,
    key: &Secret,
) -> Dialled {
    let own = pack(tools, entry).rotation().and_then(Rotation::base_url);
    dial(tools, entry, own, request, key, TIMEOUT).await
}

async fn delete(tools: &Tools, entry: &LaneEntry, request: &RequestSpec, key: &Secret) -> Verdict {
    match dial_rotation(tools, entry, request, key).await {
        Dialled::Answer(answer) if (200..300).contains(&answer.status) || answer.status == 404 => {
            Verdict::own(
                Outcome::Ok,
                "rotate/deleted",
                "it is deleted at its provider",
            )
        }
        Dialled::Answer(answer) => {
            let context = Context {
                now: (tools.now)().wall,
                known_expires_at: None,
                worked_before: false,
            };
            let said = answer.as_answer(AnswerKind::Api);
            pack(tools, entry).classify(&said, &context).verdict
        }
        Dialled::Nothing(verdict) | Dialled::Lost(verdict) => verdict,
    }
}

/// Deletes a key that serves no more, with the key that does, and puts the record right: the old key
/// is not kept any longer, and a new one that has failed its test gives its place back.
pub(super) async fn retire(
    tools: &Tools,
    entry: &LaneEntry,
    old: &Secret,
    serving: Option<&Secret>,
) -> Verdict {
    let Some(request) = pack(tools, entry)
        .rotation()
        .and_then(|recipe| recipe.delete(old))
    else {
        let text = "the provider's pack does not say how it is deleted";
        return Verdict::own(Outcome::CredentialInvalid, "rotate/no_recipe", text);
    };
    let Some(serving) = serving.filter(|serving| serving.expose() != old.expose()) else {
        let text = "there is no other key to delete it with";
        return Verdict::own(Outcome::CredentialInvalid, "rotate/no_key", text);
    };
    // A crash between the two must leave a key in the record that lives.
    if let Err(error) = give_place_back(tools, entry, old).await {
        return error.verdict();
    }
    let verdict = delete(tools, entry, &request, serving).await;
    if verdict.outcome == Outcome::Ok
        && let Err(error) = forget_previous(tools, entry, old).await
    {
        tracing::warn!(lane = %entry.spec.name, %error, "a deleted key is still in the record");
    }
    verdict
}

/// Puts the former key back if `failed` stands in its place.
async fn give_place_back(
    tools: &Tools,
    entry: &LaneEntry,
    failed: &Secret,
) -> Result<(), StoreError> {
    let store = store(tools, entry)?;
    let record = store.read(&entry.source).await?;
    let stands = record.field(&entry.source).map(Secret::expose) == Some(failed.expose());
    let before = record
        .fields
        .get(fields::PREVIOUS)
        .filter(|key| !key.is_empty());
    let (true, Some(before), Some(field)) = (stands, before, &entry.source.field) else {
        return Ok(());
    };
    let fields = BTreeMap::from([
        (field.clone(), before.clone()),
        (fields::PREVIOUS.to_owned(), failed.clone()),
    ]);
    let version = record.version.as_ref();
    store
        .write(&entry.source, &fields, version)
        .await
        .map(|_| ())
}

/// Takes a deleted key out of the record.
async fn forget_previous(
    tools: &Tools,
    entry: &LaneEntry,
    deleted: &Secret,
) -> Result<(), StoreError> {
    let store = store(tools, entry)?;
    let record = store.read(&entry.source).await?;
    if record.fields.get(fields::PREVIOUS).map(Secret::expose) != Some(deleted.expose()) {
        return Ok(());
    }
    let fields = BTreeMap::from([(fields::PREVIOUS.to_owned(), Secret::new(String::new()))]);
    let version = record.version.as_ref();
    store
        .write(&entry.source, &fields, version)
        .await
        .map(|_| ())
}
