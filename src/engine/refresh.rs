//! The refresh transaction: intent, lock, read again, exchange, persist, report.
//!
//! The intent is on disk before this begins (the core's `refresh_attempted`). Under the grant's
//! lock the store is read again, and whoever finds that somebody else was faster adopts what they
//! minted. A new token is reported, and so adopted, only after the store has taken it. Nothing is
//! ever deleted here, and no answer is guessed: a lost one is reported as uncertain.

use super::crash::{self, CrashPoint};
use super::grant::{client_secret, in_doubt, is_doubtful};
use super::grant_lock::{GrantFile, GrantLock};
use super::perform::{Report, Tools, answered, leaves_doubt, pack, store};
use super::record::{fields, grant_mark, minted, understand};
use super::renew::{Progress, Renew};
use crate::http::OwnedAnswer;
use crate::lane::{
    Credential, Event, Expiry, ExpirySource, Found, LaneName, Offer, Outcome, RefreshFailure,
    Renewal, Step, Verdict, Wall,
};
use crate::manifest::{LaneEntry, OauthSpec};
use crate::oauth::{self, TokenError, TokenSet};
use crate::plain::Plain;
use crate::provider::{AnswerKind, Context};
use crate::secret::{Fingerprint, Secret};
use crate::store::{SecretRecord, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for another process that is refreshing the same grant.
const PATIENCE: Duration = Duration::from_secs(20);
/// How old the reading of the store may be when a request leaves.
const FRESH: Duration = Duration::from_secs(5);
/// How often a store is asked to take what was minted before the refresh is given up for now.
const SAVES: u32 = 5;

/// A token that was minted and that the store has not taken. It serves nobody until it has.
#[derive(Clone)]
pub(super) struct Unsaved {
    /// Boxed, because every lane has room for one and hardly any ever has one.
    minted: Box<Minted>,
}

#[derive(Clone)]
struct Minted {
    /// The mark of the grant it was minted from.
    of: String,
    access_token: Secret,
    /// The grant for the next time.
    grant: Secret,
    /// Whether the grant is another than before.
    rotated: bool,
    issued_at: Wall,
    expires_at: Option<Wall>,
    scope: Option<String>,
}

impl Minted {
    /// Whether the record holds the grant it was minted from, or its successor already.
    fn is_of(&self, entry: &LaneEntry, record: &SecretRecord) -> bool {
        let grant = record.field(&entry.source);
        grant.is_some_and(|grant| grant_mark(grant) == self.of) || holds(entry, record, self)
    }
}

/// How it ended, before it is put into a report.
enum End {
    Adopt {
        offer: Offer,
        secret: Secret,
        lost_race: bool,
    },
    Fail(RefreshFailure),
    Unsaved {
        failure: RefreshFailure,
        unsaved: Unsaved,
        /// What the store said, if that was no answer.
        down: Option<Plain>,
    },
}

/// Exchanges a lane's grant.
pub(super) async fn refresh(
    tools: &Tools,
    slot: usize,
    name: &LaneName,
    entry: &LaneEntry,
    renew: Renew,
    progress: &Progress<'_>,
) -> Report {
    let attempt = renew.attempt;
    let Some(oauth) = &entry.oauth else {
        let verdict = Verdict::own(
            Outcome::CredentialInvalid,
            "oauth/none",
            "no token endpoint",
        );
        let failure = RefreshFailure::Transient(verdict);
        return Report::new(slot, Event::RefreshFailed { attempt, failure });
    };
    let mut said = None;
    let end = match store(tools, entry) {
        Ok(store) => {
            let effort = Effort {
                tools,
                entry,
                oauth,
                store,
                current: renew.current.as_ref(),
                failed: renew.failed,
            };
            effort
                .exchange(renew.unsaved, renew.forgiven, progress, &mut said)
                .await
        }
        Err(error) => End::Fail(RefreshFailure::Transient(error.verdict())),
    };
    let mut report = match end {
        End::Adopt {
            offer,
            secret,
            lost_race,
        } => {
            let kept = Some((offer.fingerprint, secret));
            let mut report = Report::new(
                slot,
                Event::Refreshed {
                    attempt,
                    offer,
                    lost_race,
                },
            );
            report.kept = kept;
            report
        }
        End::Fail(failure) => {
            tracing::info!(lane = %name, outcome = %failure.verdict().outcome, "refresh failed");
            Report::new(slot, Event::RefreshFailed { attempt, failure })
        }
        End::Unsaved {
            failure, unsaved, ..
        } => {
            let mut report = Report::new(slot, Event::RefreshFailed { attempt, failure });
            report.unsaved = Some(unsaved);
            report
        }
    };
    report.store = said;
    report
}

/// One lane's exchange, with all that it needs.
struct Effort<'a> {
    tools: &'a Tools,
    entry: &'a LaneEntry,
    oauth: &'a OauthSpec,
    store: &'a Arc<Store>,
    current: Option<&'a Credential>,
    failed: Option<Fingerprint>,
}

impl Effort<'_> {
    async fn exchange(
        &self,
        unsaved: Option<Unsaved>,
        forgiven: bool,
        progress: &Progress<'_>,
        said: &mut Option<Result<(), Plain>>,
    ) -> End {
        let Self {
            tools,
            entry,
            oauth,
            store,
            ..
        } = *self;
        let transient = |verdict| End::Fail(RefreshFailure::Transient(verdict));
        let own = |rule, text| {
            let verdict = Verdict::own(Outcome::StoreUnavailable, rule, text);
            End::Fail(RefreshFailure::Transient(verdict))
        };
        let waiting = |holder| progress.at(Step::Waiting { holder });
        let file = GrantFile::of(&tools.grants, &entry.source);
        let mut lock = match file.take(tools.now, PATIENCE, waiting).await {
            Ok(lock) => lock,
            Err(error) => return own("engine/grant_lock", error.to_string()),
        };
        crash::reached(CrashPoint::GrantLocked);
        progress.at(Step::Locked);
        let mut read_at = (tools.now)().boot;
        let read = store.read(&entry.source).await;
        *said = Some(read.as_ref().map_or_else(answered, |_| Ok(())));
        let mut record = match read {
            Ok(record) => record,
            Err(error) => {
                let verdict = error.verdict();
                return match unsaved {
                    Some(unsaved) => End::Unsaved {
                        failure: RefreshFailure::NotPersisted(verdict),
                        unsaved,
                        down: None,
                    },
                    None => transient(verdict),
                };
            }
        };
        crash::reached(CrashPoint::ReadAgain);
        // A grant that a person has replaced meanwhile makes what was minted from it worthless.
        if let Some(unsaved) = unsaved.filter(|unsaved| unsaved.minted.is_of(entry, &record)) {
            progress.at(Step::Storing);
            let end = self.save(&record, *unsaved.minted, &mut lock).await;
            return noting(end, said);
        }
        let secret = match client_secret(tools, oauth).await {
            Ok(secret) => secret,
            Err(verdict) => return transient(verdict),
        };
        loop {
            if let Some(theirs) = self.somebody_was_faster(&record) {
                return theirs;
            }
            if (tools.now)().boot.since(read_at) <= FRESH {
                break;
            }
            // Stopped or slow: what was read is old by now.
            read_at = (tools.now)().boot;
            record = match store.read(&entry.source).await {
                Ok(record) => record,
                Err(error) => return transient(error.verdict()),
            };
        }
        let Some(grant) = record.field(&entry.source) else {
            return own(
                "store/no_grant",
                format!("{} holds no grant", entry.source.path),
            );
        };
        let mark = tools.grants_key.fingerprint(grant);
        let doubtful = is_doubtful(tools, entry);
        if let Some(left) = lock.left_behind()
            && doubtful
            && !forgiven
            && left.may_be_of(mark)
        {
            return End::Fail(RefreshFailure::Uncertain(in_doubt(left)));
        }
        let started = (tools.now)().wall;
        if doubtful && let Err(error) = lock.request_leaves(mark, started) {
            let text = format!("the request could not be noted, and so was not sent: {error}");
            return own("engine/grant_note", text);
        }
        crash::reached(CrashPoint::RequestNoted);
        progress.at(Step::Requested);
        let answer = oauth::refresh(&tools.http, oauth, secret.as_ref(), grant).await;
        crash::reached(CrashPoint::Exchanged);
        match answer {
            Ok(tokens) => {
                progress.at(Step::Storing);
                let minted = mint(oauth, tokens, grant, started);
                noting(self.save(&record, minted, &mut lock).await, said)
            }
            Err(error) => {
                let end = self.failed(&record, error).await;
                if !matches!(end, End::Fail(RefreshFailure::Uncertain(_))) {
                    settle(&mut lock);
                }
                end
            }
        }
    }

    /// What another process minted since, if the record shows that and it still lives.
    fn somebody_was_faster(&self, record: &SecretRecord) -> Option<End> {
        let Self {
            tools,
            entry,
            current,
            ..
        } = *self;
        let secret = minted(entry, record)?;
        let known = current.map(|credential| credential.fingerprint);
        let (Found::Credential(offer), Some(_)) = understand(tools, entry, record, known) else {
            return None;
        };
        let now = (tools.now)().wall;
        // A token without a known end, or with one that is nearer than ours, is no news; nor is one
        // that has failed its test already.
        let newer = offer.expiry.is_some_and(|theirs| {
            theirs.at > now
                && current
                    .and_then(|c| c.expiry)
                    .is_none_or(|ours| theirs.at > ours.at)
        });
        (newer && self.failed != Some(offer.fingerprint)).then(|| End::Adopt {
            offer,
            secret: secret.clone(),
            lost_race: current.is_some(),
        })
    }

    /// Has the store take what was minted; only then is it reported for adoption.
    async fn save(&self, record: &SecretRecord, minted: Minted, lock: &mut GrantLock) -> End {
        let end = self.put_away(record, minted).await;
        crash::reached(CrashPoint::Persisted);
        // What is not stored yet would be lost with this process.
        if !matches!(end, End::Unsaved { .. }) {
            settle(lock);
        }
        crash::reached(CrashPoint::RequestSettled);
        end
    }

    async fn put_away(&self, record: &SecretRecord, minted: Minted) -> End {
        let Self {
            tools,
            entry,
            store,
            ..
        } = *self;
        let mut offer = Offer {
            fingerprint: tools.key.fingerprint(&minted.access_token),
            issued_at: Some(minted.issued_at),
            expiry: minted.expires_at.map(|at| Expiry {
                at,
                source: ExpirySource::TokenResponse,
            }),
            scopes: minted.scope.as_deref().map(crate::lane::ScopeSet::split),
            store_version: record.version.clone(),
            history: None,
        };
        let secret = minted.access_token.clone();
        if !minted.rotated && (!store.can_write() || entry.source.field.is_none()) {
            // The grant stays as it is, and there is no room for the token beside it.
            return End::Adopt {
                offer,
                secret,
                lost_race: false,
            };
        }
        let text = to_store(entry, &minted);
        let mut expected = record.version.clone();
        let mut last = StoreError::Conflict;
        for round in 0..SAVES {
            match store.write(&entry.source, &text, expected.as_ref()).await {
                Ok(version) => {
                    offer.store_version = Some(version);
                    return End::Adopt {
                        offer,
                        secret,
                        lost_race: false,
                    };
                }
                Err(StoreError::Conflict | StoreError::Uncertain(_)) => {
                    match store.read(&entry.source).await {
                        Ok(now) if holds(entry, &now, &minted) => {
                            offer.store_version = now.version;
                            return End::Adopt {
                                offer,
                                secret,
                                lost_race: false,
                            };
                        }
                        Ok(now) => match self.somebody_was_faster(&now) {
                            Some(theirs) => return theirs,
                            // Somebody wrote the record, but left the grant that was exchanged: its
                            // successor goes in on top.
                            None if minted.is_of(entry, &now) => expected = now.version,
                            None => return superseded(),
                        },
                        Err(error) => last = error,
                    }
                }
                Err(error) => last = error,
            }
            if last.is_outage() {
                // Then the store is asked no more often than by everybody else.
                break;
            }
            if round + 1 < SAVES {
                tokio::time::sleep(Duration::from_millis(100_u64 << round)).await;
            }
        }
        let failure = RefreshFailure::NotPersisted(last.verdict());
        End::Unsaved {
            failure,
            unsaved: Unsaved {
                minted: Box::new(minted),
            },
            down: answered(&last).err(),
        }
    }

    /// What a refresh that gave no token means.
    async fn failed(&self, record: &SecretRecord, error: TokenError) -> End {
        let (tools, entry) = (self.tools, self.entry);
        let pack = pack(tools, entry);
        let single_use = matches!(entry.spec.renewal, Renewal::Refresh { single_use: true });
        match error {
            TokenError::NoAnswer(why) => {
                let verdict = pack.no_answer(&why);
                End::Fail(if leaves_doubt(&why, pack, single_use) {
                    RefreshFailure::Uncertain(verdict)
                } else {
                    RefreshFailure::Transient(verdict)
                })
            }
            TokenError::Unusable(text) => {
                let verdict = Verdict::own(Outcome::UpstreamUnavailable, "oauth/unusable", text);
                End::Fail(if single_use {
                    RefreshFailure::Uncertain(verdict)
                } else {
                    RefreshFailure::Transient(verdict)
                })
            }
            TokenError::Rejected(answer) => self.rejected(record, &answer, single_use).await,
        }
    }

    async fn rejected(&self, record: &SecretRecord, answer: &OwnedAnswer, single_use: bool) -> End {
        let Self {
            tools,
            entry,
            store,
            current,
            ..
        } = *self;
        let pack = pack(tools, entry);
        let context = Context {
            now: (tools.now)().wall,
            known_expires_at: None,
            worked_before: current.is_some(),
        };
        let verdict = pack
            .classify(&answer.as_answer(AnswerKind::TokenEndpoint), &context)
            .verdict;
        // A rejection that names no cause may be a proxy's; only the endpoint's own word condemns.
        let condemned = verdict.outcome.is_terminal() && verdict.evidence.provider_code.is_some();
        if condemned {
            // Only the store can tell a dead grant from one that somebody else has just used.
            return match store.read(&entry.source).await {
                Ok(now) if now.version != record.version => match self.somebody_was_faster(&now) {
                    Some(theirs) => theirs,
                    None => End::Fail(RefreshFailure::Transient(verdict)),
                },
                Ok(_) => End::Fail(RefreshFailure::GrantDead(verdict)),
                Err(error) => End::Fail(RefreshFailure::Transient(error.verdict())),
            };
        }
        // A gateway that gave up waiting says nothing of what the server behind it did.
        let gave_up = matches!(answer.status, 502 | 504);
        End::Fail(if gave_up && single_use && !pack.forgives_retry() {
            RefreshFailure::Uncertain(verdict)
        } else {
            RefreshFailure::Transient(verdict)
        })
    }
}

/// The same end; a store that did not take what was minted has failed to answer.
fn noting(end: End, said: &mut Option<Result<(), Plain>>) -> End {
    if let End::Unsaved {
        down: Some(why), ..
    } = &end
    {
        *said = Some(Err(why.clone()));
    }
    end
}

fn mint(oauth: &OauthSpec, tokens: TokenSet, grant: &Secret, started: Wall) -> Minted {
    let asked = (!oauth.scope.is_empty()).then(|| oauth.scope.clone());
    let rotated = tokens.refresh_token.is_some();
    Minted {
        of: grant_mark(grant),
        access_token: tokens.access_token,
        grant: tokens.refresh_token.unwrap_or_else(|| grant.clone()),
        rotated,
        issued_at: started,
        // Reckoned from before the request, so that it ends here no later than at its issuer.
        expires_at: tokens.expires_in.map(|life| started.plus(life)),
        // An absent scope means the scope that was asked for (RFC 6749 section 5.1).
        scope: tokens.scope.map(|scope| scope.to_string()).or(asked),
    }
}

/// Whether a record already is what was to be written.
fn holds(entry: &LaneEntry, record: &SecretRecord, minted: &Minted) -> bool {
    record
        .field(&entry.source)
        .is_some_and(|grant| grant.expose() == minted.grant.expose())
}

fn to_store(entry: &LaneEntry, minted: &Minted) -> BTreeMap<String, Secret> {
    let grant = entry
        .source
        .field
        .clone()
        .unwrap_or_else(|| crate::store::WHOLE.into());
    let mut text = BTreeMap::from([(grant, minted.grant.clone())]);
    if entry.source.field.is_some() {
        let mut put = |field: &str, value: String| text.insert(field.into(), Secret::new(value));
        put(fields::ACCESS_TOKEN_FOR, grant_mark(&minted.grant));
        put(fields::ISSUED_AT, minted.issued_at.to_string());
        if let Some(at) = minted.expires_at {
            put(fields::EXPIRES_AT, at.to_string());
        }
        if let Some(scope) = &minted.scope {
            put(fields::SCOPE, scope.clone());
        }
        text.insert(fields::ACCESS_TOKEN.into(), minted.access_token.clone());
    }
    text
}

/// The store holds another grant than the one that was exchanged.
fn superseded() -> End {
    let text = "somebody has put another grant into the store meanwhile; theirs stays";
    End::Fail(RefreshFailure::Superseded(Verdict::own(
        Outcome::StoreUnavailable,
        "store/superseded",
        text,
    )))
}

/// The request's end is known, and so is what became of the grant.
fn settle(lock: &mut GrantLock) {
    if let Err(error) = lock.request_settled() {
        tracing::warn!(%error, "a settled request still stands in the grant's file");
    }
}
