//! What a refresh that gave no token means: a failure that is over by the next try, a grant in doubt,
//! or a dead one.
//!
//! Only the token endpoint's own word condemns a grant, and only after the store was read again:
//! nothing else tells a dead grant from one that somebody else has just used.

use super::super::tools::{leaves_doubt, pack};
use super::{Effort, End};
use crate::http::OwnedAnswer;
use crate::lane::{Outcome, RefreshFailure, Renewal, Verdict};
use crate::oauth::TokenError;
use crate::provider::{AnswerKind, Context};
use crate::store::SecretRecord;

impl Effort<'_> {
    /// What it means.
    pub(super) async fn no_token(&self, record: &SecretRecord, error: TokenError) -> End {
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
