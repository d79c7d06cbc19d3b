//! What an engine tells of a lane, made into the steps of its rotation.
//!
//! The steps are the lane's audit records, which are on disk when they are told, and between them
//! what the lane is about to do. It ends when the old credential was let go of, or when the rotation
//! has failed.

use super::super::args::RotateArgs;
use super::super::attach::{Attached, Came};
use super::super::failure::{Failure, Kind};
use super::ending::{End, Last, next_step};
use super::step::{At, Line};
use crate::audit::AuditRecord;
use crate::engine::{Accepted, LaneView, Update, clock};
use crate::lane::{CredentialKind, Generation, LaneName, Outcome, RecordKind, Step};
use crate::plain::Plain;
use crate::secret::Fingerprint;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;

/// How it ended: an exit code, or a failure that was not printed yet.
pub(super) type Ended = Result<u8, Failure>;

/// What was told so far.
pub(super) struct Told {
    lane: LaneName,
    json: bool,
    /// Whether it ends when the new one serves.
    promoted_only: bool,
    own: bool,
    /// What the engine said to it.
    note: Plain,
    /// What is shown of the lane.
    view: Option<Arc<LaneView>>,
    /// What served when it was asked for.
    from: Option<Generation>,
    /// Its fingerprint.
    former: Option<Fingerprint>,
    /// Whether the rotation's own records have begun.
    begun: bool,
    locked: bool,
    storing: bool,
    promoted: bool,
    completed: bool,
    /// The last answer that was no good, and what it said.
    refused: Option<(Outcome, String)>,
}

impl Told {
    pub(super) fn new(lane: LaneName, args: &RotateArgs, own: bool) -> Self {
        Self {
            lane,
            json: args.json,
            // An engine of our own must not go before it has let go of the old one.
            promoted_only: args.promoted && !own,
            own,
            note: Plain::fixed(""),
            view: None,
            from: None,
            former: None,
            begun: false,
            locked: false,
            storing: false,
            promoted: false,
            completed: false,
            refused: None,
        }
    }

    /// How things stand.
    pub(super) fn stands(&mut self, update: &Update) {
        let mine = update.lanes.iter().find(|view| view.info.name == self.lane);
        self.view = mine.cloned().or(self.view.take());
    }

    pub(super) fn accepted(
        &mut self,
        accepted: Accepted,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.note = accepted.note;
        let view = self.view.as_ref();
        let waits = view.filter(|view| view.step == Some(Step::AwaitingOwner));
        if let Some(view) = waits {
            // It was asked for before, and no record says so again.
            self.begun = true;
            let credential = view.credential.as_ref();
            self.from = credential.map(|of| of.generation);
            self.former = credential.map(|of| of.fingerprint);
            self.say(At::Intent, self.note.as_str(), None, out)?;
            self.await_owner(out)?;
        }
        Ok(())
    }

    /// Tells what comes, to the end. `look` asks how the lane stands.
    pub(super) async fn follow(
        &mut self,
        attached: &mut Attached,
        look: impl AsyncFn() -> Option<Arc<LaneView>>,
        mut stopped: Pin<&mut impl Future<Output = ()>>,
        out: &mut impl Write,
    ) -> Result<Ended, Failure> {
        loop {
            let update = match attached.next(stopped.as_mut()).await? {
                Came::News(update) => update,
                Came::Stopped => return Ok(self.stopped()),
                Came::Gone => return Ok(self.gone()),
            };
            let over = update.stopped;
            match self.update(&update, out)? {
                None => {}
                Some(End::Well) => return Ok(Ok(0)),
                Some(End::Badly(last)) => {
                    // What to do next shows in how things stand behind that record.
                    self.view = look().await.or(self.view.take());
                    return Ok(Ok(self.end(*last, out)?));
                }
            }
            if over {
                return Ok(self.gone());
            }
        }
    }

    fn update(&mut self, update: &Update, out: &mut impl Write) -> Result<Option<End>, Failure> {
        self.stands(update);
        let of_ours = |record: &&Arc<AuditRecord>| record.lane.as_ref() == Some(&self.lane);
        let records: Vec<_> = update.records.iter().filter(of_ours).cloned().collect();
        for record in records {
            if let Some(ended) = self.record(&record, out)? {
                return Ok(Some(ended));
            }
        }
        if update.removed.contains(&self.lane) {
            let text = "the lane left the manifest".to_owned();
            return Ok(Some(End::badly(At::Failed, text, None)));
        }
        if !self.begun || self.completed {
            return Ok(None);
        }
        match self.view.as_ref().and_then(|view| view.step.clone()) {
            Some(Step::Locked) => self.lock(out)?,
            Some(Step::Storing) if !self.storing => {
                self.storing = true;
                let text = "the provider has answered; the store is asked to take the new one";
                self.say(At::Storing, text, None, out)?;
            }
            _ => {}
        }
        Ok(None)
    }

    /// Tells a record, and whether the rotation ends with it.
    fn record(
        &mut self,
        record: &AuditRecord,
        out: &mut impl Write,
    ) -> Result<Option<End>, Failure> {
        use RecordKind as K;
        if record.kind == K::RotationStarted {
            self.begun = true;
            self.from = record.generation;
            self.former = record.fingerprint;
        }
        if self.completed && self.came_back(record) {
            let text = "the store holds the former credential again: it is not let go of";
            self.say(At::Stored, text, Some(record), out)?;
            return Ok(Some(End::Well));
        }
        let ends = matches!(
            record.kind,
            K::CredentialRetired | K::RetireFailed | K::LaneHeld
        );
        // Behind its end only the old one's is awaited: the lane may be renewed once more meanwhile.
        if !self.begun || self.completed && !ends {
            return Ok(None);
        }
        let note = record.note.as_ref().map_or("", Plain::as_str);
        let said = seen(record);
        let number = generation(record.generation);
        let (at, text) = match record.kind {
            K::RotationStarted => (At::Intent, self.note.to_string()),
            K::RefreshWaiting => (At::Waiting, note.to_owned()),
            K::RefreshRequested => {
                let kind = self.view.as_ref().map(|view| view.info.credential);
                if matches!(
                    kind,
                    Some(CredentialKind::OauthRefresh | CredentialKind::ManagedKey)
                ) {
                    self.lock(out)?;
                }
                (At::Request, note.to_owned())
            }
            K::RefreshSucceeded | K::CredentialLoaded => {
                let text = if note.is_empty() {
                    "the store has it"
                } else {
                    note
                };
                (At::Stored, format!("{number}: {text}"))
            }
            K::LeaseExtended => (At::Extended, note.to_owned()),
            K::LostRace => (At::LostRace, note.to_owned()),
            K::TrialStarted | K::PreflightStarted => {
                (At::Test, format!("{number} is proved before it serves"))
            }
            K::CredentialPromoted => {
                self.promoted = true;
                (At::Promoted, joined(&format!("{number} serves"), note))
            }
            K::PreflightPassed => (At::Promoted, joined(&format!("{number} serves"), note)),
            K::DegradedOpened => (
                At::DegradedOpened,
                "the old one is no longer good, and the new one is not proven yet".to_owned(),
            ),
            K::DegradedClosed => (At::DegradedClosed, note.to_owned()),
            K::RefreshFailed | K::CredentialLoadFailed | K::PreflightRefused => {
                self.was_refused(record, &said);
                (At::Failed, joined(&said, note))
            }
            K::RefreshUncertain => {
                self.was_refused(record, &said);
                (At::Uncertain, joined(&said, note))
            }
            K::RotationCompleted => return self.complete(record, note, out),
            K::RotationFailed => {
                // The answer that it failed for says more than the note.
                let text = match &self.refused {
                    Some((_, refused)) if refused.contains(note) => refused.clone(),
                    _ => joined(&said, note),
                };
                return Ok(Some(End::badly(At::Failed, text, Some(record))));
            }
            K::LaneHeld => {
                let text = joined(&said, note);
                return Ok(Some(End::badly(At::Held, text, Some(record))));
            }
            K::CredentialRetired if self.is_old(record) => {
                let at = match record.outcome {
                    Some(_) => At::Revoked,
                    None => At::Retired,
                };
                self.line(at, joined(&number, note), String::new(), Some(record), out)?;
                return Ok(self.completed.then_some(End::Well));
            }
            K::RetireFailed if self.is_old(record) => {
                let text = joined(&said, note);
                return Ok(Some(End::badly(At::RetireFailed, text, Some(record))));
            }
            _ => return Ok(None),
        };
        // A new pre-flight keeps nothing: what served before was let go of already.
        if record.kind == K::PreflightStarted {
            self.promoted = false;
        }
        self.line(at, text, String::new(), Some(record), out)?;
        if at == At::Intent {
            self.await_owner(out)?;
        }
        Ok(None)
    }

    fn was_refused(&mut self, record: &AuditRecord, said: &str) {
        if let Some(outcome) = record.outcome {
            self.refused = Some((outcome, said.to_owned()));
        }
    }

    fn is_old(&self, record: &AuditRecord) -> bool {
        record.generation.is_some() && record.generation == self.from
    }

    /// Whether the old one has come back under a new number.
    fn came_back(&self, record: &AuditRecord) -> bool {
        record.kind == RecordKind::CredentialLoaded
            && record.fingerprint.is_some()
            && record.fingerprint == self.former
            && !self.is_old(record)
    }

    /// The new one serves; what becomes of the old one?
    fn complete(
        &mut self,
        record: &AuditRecord,
        note: &str,
        out: &mut impl Write,
    ) -> Result<Option<End>, Failure> {
        self.completed = true;
        let text = joined(&format!("{} serves", generation(record.generation)), note);
        self.line(At::Completed, text, String::new(), Some(record), out)?;
        let shown = self.view.as_ref().is_some_and(|view| {
            let old = view.old.iter().map(|old| Some(old.generation));
            old.into_iter().any(|old| old == self.from)
        });
        let Some(old) = self.from.filter(|_| shown || self.promoted) else {
            return Ok(Some(End::Well));
        };
        let text = format!(
            "{} is kept for calls that still use it, and then let go of",
            generation(Some(old))
        );
        self.say(At::Overlap, &text, None, out)?;
        Ok(self.promoted_only.then_some(End::Well))
    }

    /// The last line of one that did not end well, with what to do next; answers the exit code.
    fn end(&self, last: Last, out: &mut impl Write) -> Result<u8, Failure> {
        let Last { at, text, record } = last;
        let record = record.as_ref();
        let seen = record.and_then(|record| record.outcome);
        let refused = self.refused.as_ref().map(|(outcome, _)| *outcome);
        let next = match self.view.as_deref() {
            Some(view) => next_step(at, seen, refused, view),
            None => String::new(),
        };
        self.line(at, text, next, record, out)?;
        let kind = match seen.or(refused) {
            Some(Outcome::StoreUnavailable) if at == At::Failed => Kind::Unreachable,
            _ => Kind::Failing,
        };
        Ok(kind.code())
    }

    fn lock(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        if std::mem::replace(&mut self.locked, true) {
            return Ok(());
        }
        let text = "no other process renews it meanwhile; the store is read again";
        self.say(At::Lock, text, None, out)
    }

    fn await_owner(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        let Some(view) = self.view.as_ref().filter(|view| {
            view.info.credential == CredentialKind::Byok || view.step == Some(Step::AwaitingOwner)
        }) else {
            return Ok(());
        };
        let owner = view.info.owner.as_ref().map_or("its owner", Plain::as_str);
        let text = format!("{owner} has to put a newer key into {}", view.info.source);
        let next = view.info.rotate_url.as_ref();
        let next = next.map_or_else(String::new, |url| format!("Replace it: {url}"));
        self.line(At::AwaitingOwner, text, next, None, out)
    }

    /// Told to stop before the end.
    pub(super) fn stopped(&self) -> Ended {
        if self.completed {
            return Ok(0);
        }
        let text = match self.own {
            true => "stopped before the rotation was over, and its engine with it",
            false => "stopped before the rotation was over: it goes on in the engine that runs",
        };
        Err(Failure::new(Kind::Failing, text)
            .hint("`lanewatch status` and the audit tell how far it has got"))
    }

    fn gone(&self) -> Ended {
        let text = "the engine has stopped before the rotation was over";
        Err(Failure::new(Kind::Unreachable, text)
            .hint("the next start goes on from what is in the store"))
    }

    pub(super) fn say(
        &self,
        at: At,
        text: &str,
        record: Option<&AuditRecord>,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.line(at, text.to_owned(), String::new(), record, out)
    }

    fn line(
        &self,
        step: At,
        text: String,
        todo: String,
        record: Option<&AuditRecord>,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let line = Line {
            at: record.map_or_else(|| clock::now().wall, |record| record.ts),
            lane: self.lane.clone(),
            step,
            generation: record.and_then(|record| record.generation),
            outcome: record.and_then(|record| record.outcome),
            text,
            todo,
            seq: record.map(|record| record.seq),
        };
        line.print(self.json, out)
            .and_then(|()| out.flush())
            .map_err(Failure::output)
    }
}

/// What an answer meant, in a few words; empty where the record tells of none.
fn seen(record: &AuditRecord) -> String {
    let detail = record
        .evidence
        .as_ref()
        .and_then(|evidence| evidence.detail.as_ref().or(evidence.provider_code.as_ref()));
    match (record.outcome, detail) {
        (Some(outcome), Some(detail)) => format!("{outcome}: {detail}"),
        (Some(outcome), None) => outcome.to_string(),
        (None, _) => String::new(),
    }
}

fn joined(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (false, false) => format!("{one}; {other}"),
        (_, true) => one.to_owned(),
        (true, false) => other.to_owned(),
    }
}

fn generation(number: Option<Generation>) -> String {
    match number {
        Some(number) => format!("generation {number}"),
        None => "it".to_owned(),
    }
}
