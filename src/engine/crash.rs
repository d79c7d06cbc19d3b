//! The points of the renewal transaction at which something has just become durable or has just
//! left, by name, so that a test can have the process killed at every one of them.
//!
//! Only a build with debug assertions looks at `LANEWATCH_CRASH_AT`; a release has no code here.

/// A place in the transaction. The process that is told to die at one is killed as by `kill -9`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrashPoint {
    /// The intent is in the audit; nothing else has happened.
    IntentWritten,
    /// The grant's lock is held.
    GrantLocked,
    /// The store was read again under the lock.
    ReadAgain,
    /// That a request is about to leave is on disk; it has not left.
    RequestNoted,
    /// The answer is here: a rotating grant is used up, and its successor is only in memory.
    Exchanged,
    /// The store has taken the new grant; nobody has been told.
    Persisted,
    /// The end of the request is on disk.
    RequestSettled,
    /// The end of the effort is in the audit, and the candidate's test is about to begin.
    TrialRecorded,
    /// The upstream has accepted the candidate; nobody has been told.
    CandidateProbed,
    /// That the candidate serves is in the audit.
    PromotionRecorded,
    /// What the lanes remember was replaced.
    MemoryReplaced,
    /// The overlap is over; the old credential is about to be made useless.
    BeforeRetirement,
    /// The old credential was made useless; nobody has been told.
    AfterRetirement,
}

impl CrashPoint {
    /// Every point, in the order of the transaction.
    pub const ALL: [Self; 13] = [
        Self::IntentWritten,
        Self::GrantLocked,
        Self::ReadAgain,
        Self::RequestNoted,
        Self::Exchanged,
        Self::Persisted,
        Self::RequestSettled,
        Self::TrialRecorded,
        Self::CandidateProbed,
        Self::PromotionRecorded,
        Self::MemoryReplaced,
        Self::BeforeRetirement,
        Self::AfterRetirement,
    ];

    /// What `LANEWATCH_CRASH_AT` calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntentWritten => "intent_written",
            Self::GrantLocked => "grant_locked",
            Self::ReadAgain => "read_again",
            Self::RequestNoted => "request_noted",
            Self::Exchanged => "exchanged",
            Self::Persisted => "persisted",
            Self::RequestSettled => "request_settled",
            Self::TrialRecorded => "trial_recorded",
            Self::CandidateProbed => "candidate_probed",
            Self::PromotionRecorded => "promotion_recorded",
            Self::MemoryReplaced => "memory_replaced",
            Self::BeforeRetirement => "before_retirement",
            Self::AfterRetirement => "after_retirement",
        }
    }
}

/// Ends the process at `point` if a test asked for that.
#[cfg(debug_assertions)]
pub(super) fn reached(point: CrashPoint) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::OnceLock;
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("LANEWATCH_CRASH_AT").ok());
    if wanted.as_deref() == Some(point.as_str()) {
        // As by a stranger's hand: nothing is flushed, nothing unwinds.
        if kill_process(getpid(), Signal::KILL).is_err() {
            std::process::abort();
        }
    }
}

/// Does nothing: a release cannot be told to die.
#[cfg(not(debug_assertions))]
pub(super) const fn reached(_: CrashPoint) {}
