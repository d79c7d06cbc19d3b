//! A key that its provider replaces when it is asked to, as the provider's pack describes it.
//!
//! The transaction is that of a refresh, with a key in the place of the grant: intent, lock, read
//! again, note, request, persist. There is one try. Where the old key dies with the answer, an answer
//! that was lost has cost the key: that is raised and never repeated, because a repetition with a dead
//! key is what providers take for a thief. Where two keys live side by side, the record keeps the old
//! one beside the new until it is deleted, so that whoever finds it after a crash has both.

mod made;
mod old_key;

pub(super) use old_key::retire;

use super::crash::{self, CrashPoint};
use super::effort::{Progress, Renew};
use super::grant_lock::GrantFile;
use super::persist::{Persisted, Stands, persist};
use super::pocket::Made;
use super::record::{fields, offer_of};
use super::report::{Report, answered};
use super::tools::{Tools, pack, store};
use crate::lane::{
    Credential, Event, LaneName, LostAnswer, Offer, Outcome, RefreshFailure, Step, Verdict,
};
use crate::manifest::LaneEntry;
use crate::provider::Rotation;
use crate::secret::{Fingerprint, Secret};
use crate::store::{SecretRecord, Store, StoreError};
use old_key::delete;
use std::time::Duration;

/// How long to wait for another process that is rotating the same key.
const PATIENCE: Duration = Duration::from_secs(20);

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
            if made.is_of(&key) || made.is(&key) {
                progress.at(Step::Storing);
                let end = self.persist(&record, made, said).await;
                if !is_unstored(&end) {
                    lock.settle();
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
            lock.settle();
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

    /// Has the store take the new key; only then is it reported.
    async fn persist(
        &self,
        record: &SecretRecord,
        made: Made,
        said: &mut Option<Option<StoreError>>,
    ) -> End {
        let Self { tools, entry, .. } = *self;
        let adopt = |version| {
            tools.pocket.keep_made(self.name, None);
            End::Adopt {
                offer: made.stored_at(version),
                key: made.key.clone(),
                lost_race: false,
            }
        };
        let stands = |now: &SecretRecord| match now.field(&entry.source) {
            Some(key) if made.is(key) => Stands::Ours,
            Some(key) if made.is_of(key) => Stands::Origin,
            _ => Stands::Theirs(()),
        };
        if matches!(stands(record), Stands::Ours) {
            return adopt(record.version.clone());
        }
        let over = record.version.as_ref();
        match persist(self.store, &entry.source, &made.fields, over, stands).await {
            Persisted::Ours(version) => adopt(version),
            Persisted::Theirs(()) => {
                tools.pocket.keep_made(self.name, None);
                let text = "somebody put another key into the store while the provider made one: \
                            theirs stays, and the one made now is unused";
                let verdict = Verdict::own(Outcome::StoreUnavailable, "rotate/superseded", text);
                End::Fail(RefreshFailure::Superseded(verdict))
            }
            Persisted::Not(error) => {
                let verdict = error.verdict();
                *said = Some(Some(error));
                End::Fail(RefreshFailure::NotPersisted(verdict))
            }
        }
    }
}

const fn is_unstored(end: &End) -> bool {
    matches!(end, End::Fail(RefreshFailure::NotPersisted(_)))
}
