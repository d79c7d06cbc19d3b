//! What can be wrong with a store, in sentences.

use crate::lane::{Outcome, Verdict};
use crate::plain::Plain;
use crate::provider::NoAnswer;
use crate::secret::Secret;
use std::time::Duration;

/// Why a store gave or took no secret. No variant holds one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing could be sent to it.
    #[error("the store cannot be reached: {0}")]
    Unreachable(Plain),
    /// The request left and no whole answer came.
    #[error("the store's answer was lost: {0}")]
    Lost(Plain),
    /// It did not answer in so many milliseconds.
    #[error("the store did not answer within {0} ms")]
    Timeout(u64),
    /// It is up, and its operators have to open it.
    #[error("the store is sealed or not initialised: its operators must unseal it")]
    Sealed,
    /// It answered that it fails.
    #[error("the store failed with status {status}: {detail}")]
    Failing {
        /// The HTTP status.
        status: u16,
        /// Its own words.
        detail: Plain,
    },
    /// It was asked too often.
    #[error("the store limits how often it may be asked")]
    Limited {
        /// How long it wants to be left alone, if it says so.
        retry_after: Option<Duration>,
    },
    /// It does not accept lanewatch's own login.
    #[error("the store does not let lanewatch in: {0}")]
    LoginRefused(Plain),
    /// It accepts the login, and forbids this.
    #[error("the store does not allow this: {0}")]
    Denied(Plain),
    /// There is nothing at that place.
    #[error("there is no secret at {0}")]
    NotFound(Plain),
    /// There was something, and its newest version is deleted.
    #[error("the secret's newest version is deleted: {0}")]
    Deleted(Plain),
    /// Somebody else wrote first.
    #[error("somebody else has written the secret in the meantime: read it again")]
    Conflict,
    /// The answer is not one that such a store gives: a proxy, a wrong address, a lie.
    #[error("that was no answer of such a store: {0}")]
    Malformed(Plain),
    /// The record is there and cannot serve: a field is missing, empty or no text.
    #[error("the secret cannot be used: {0}")]
    Unusable(Plain),
    /// Others than its owner may open the file.
    #[error("others can open {file} (mode {mode:04o}): run `chmod 600 {file}`")]
    BadMode {
        /// The file.
        file: Plain,
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing can ever be written there.
    #[error("{0} cannot be written to")]
    NotWritable(&'static str),
    /// A command or a file failed on this machine.
    #[error("{0}")]
    Failed(Plain),
    /// A write was sent, and what became of it is not known: read before writing again.
    #[error("the write may or may not have happened: {0}")]
    Uncertain(Box<StoreError>),
}

impl StoreError {
    /// What it means for a lane: always `store_unavailable`, with a rule of its own and a sentence.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::own(
            Outcome::StoreUnavailable,
            &format!("store/{}", self.name()),
            self.to_string(),
        );
        match self.cause() {
            Self::Failing { status, .. } => verdict.evidence.status = Some(*status),
            Self::Limited { retry_after } => {
                verdict.evidence.retry_after_s = retry_after.map(|wait| wait.as_secs());
            }
            _ => {}
        }
        verdict
    }

    /// Whether the store itself is down or busy, so that every lane that uses it is concerned and
    /// trying again later may help without anybody's doing.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Lost(_)
            | Self::Timeout(_)
            | Self::Sealed
            | Self::Limited { .. }
            | Self::Malformed(_) => true,
            Self::Failing { status, .. } => *status >= 500 || *status == 412,
            Self::Uncertain(cause) => cause.is_outage(),
            Self::LoginRefused(_)
            | Self::Denied(_)
            | Self::NotFound(_)
            | Self::Deleted(_)
            | Self::Conflict
            | Self::Unusable(_)
            | Self::BadMode { .. }
            | Self::NotWritable(_)
            | Self::Failed(_) => false,
        }
    }

    /// The same as the end of a write that had been sent: uncertain, unless the store said no.
    pub(super) fn after_sending(self) -> Self {
        match self {
            Self::Lost(_) | Self::Timeout(_) | Self::Malformed(_) => Self::Uncertain(self.into()),
            Self::Failing { status: 500.., .. } => Self::Uncertain(self.into()),
            said_no => said_no,
        }
    }

    fn cause(&self) -> &Self {
        match self {
            Self::Uncertain(cause) => cause,
            other => other,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Lost(_) => "lost",
            Self::Timeout(_) => "timeout",
            Self::Sealed => "sealed",
            Self::Failing { .. } => "failing",
            Self::Limited { .. } => "limited",
            Self::LoginRefused(_) => "login_refused",
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "not_found",
            Self::Deleted(_) => "deleted",
            Self::Conflict => "conflict",
            Self::Malformed(_) => "malformed",
            Self::Unusable(_) => "unusable",
            Self::BadMode { .. } => "bad_mode",
            Self::NotWritable(_) => "not_writable",
            Self::Failed(_) => "failed",
            Self::Uncertain(_) => "uncertain",
        }
    }
}

impl From<NoAnswer> for StoreError {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::NotReached(detail) => Self::Unreachable(detail),
            NoAnswer::Lost(detail) => Self::Lost(detail),
            NoAnswer::TimedOut(millis) => Self::Timeout(millis),
        }
    }
}

/// `text` from outside without the secrets that were handed to whoever wrote it: an error may echo
/// what it was given.
pub(super) fn without<'a>(text: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> Plain {
    let mut text = text.to_owned();
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.expose(), "…");
    }
    Plain::new(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_of_a_store_is_a_store_that_is_unavailable_and_never_a_bad_credential() {
        let limited = StoreError::Limited {
            retry_after: Some(Duration::from_secs(7)),
        };
        let troubles = [
            StoreError::Sealed,
            StoreError::Denied("policy".into()),
            StoreError::LoginRefused("no".into()),
            StoreError::Deleted("x".into()),
            limited.clone(),
        ];
        for trouble in troubles {
            assert_eq!(trouble.verdict().outcome, Outcome::StoreUnavailable);
        }
        let verdict = limited.verdict();
        assert_eq!(verdict.evidence.rule.as_str(), "store/limited");
        assert_eq!(verdict.evidence.retry_after_s, Some(7));
    }

    #[test]
    fn a_readable_file_names_the_command_that_closes_it() {
        let open = StoreError::BadMode {
            file: "/run/key".into(),
            mode: 0o644,
        };
        assert_eq!(
            open.to_string(),
            "others can open /run/key (mode 0644): run `chmod 600 /run/key`"
        );
    }

    #[test]
    fn an_echoed_secret_is_cut_out_of_an_error() {
        let secret = Secret::new("hvs.canary".into());
        let said = without("bad token hvs.canary given", [&secret]);
        assert_eq!(said.as_str(), "bad token … given");
    }
}
