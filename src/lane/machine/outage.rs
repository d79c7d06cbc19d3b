//! An outage that lasts is told.
//!
//! An outage says nothing of a credential, and most are over before anybody could do something. One
//! that lasts is worth a person's look, and one in which the life of a credential ends has closed a
//! lane: each is told once, however often the same thing is asked meanwhile.

use super::super::effect::AlertLevel;
use super::super::gate::Refusal;
use super::super::outcome::Verdict;
use super::super::record::RecordKind;
use super::super::time::{Boot, Now};
use super::preflight::detail;
use super::{Lane, Reaction};
use std::sync::Arc;
use std::time::Duration;

/// How long an outage goes on before people are told.
const LASTS: Duration = Duration::from_secs(5 * 60);

/// An outage that is not over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Outage {
    since: Boot,
    /// How loudly people were told of it.
    told: Option<AlertLevel>,
}

impl Lane {
    /// Sees whether an outage has begun, lasts, or is over.
    pub(super) fn watch_outage(&mut self, now: Now, out: &mut Reaction) {
        let Some(verdict) = self.outage_at_hand() else {
            self.outage = None;
            self.schedule.outage = None;
            return;
        };
        let outage = self.outage.unwrap_or(Outage {
            since: now.boot,
            told: None,
        });
        let lasts = outage.since.plus(LASTS);
        // Where lanewatch cannot renew it, its end is told as what it is.
        let ended = self.expired && self.spec.renewal.is_own();
        let level = match (ended, lasts <= now.boot) {
            (true, _) => Some(AlertLevel::Critical),
            (false, true) => Some(AlertLevel::Warning),
            (false, false) => None,
        };
        let louder = level > outage.told;
        if louder {
            let verdict = Arc::clone(verdict);
            self.tell_of_outage(now, outage.since, level, &verdict, out);
        }
        let told = outage.told.max(level);
        self.schedule.outage = told.is_none().then_some(lasts);
        self.outage = Some(Outage { told, ..outage });
    }

    /// What an upstream or the store failed to answer, if it has not answered since.
    fn outage_at_hand(&self) -> Option<&Arc<Verdict>> {
        if self.hold.is_some() || self.pause.is_some() {
            return None;
        }
        let refused = match &self.refusal {
            Some(Refusal::Answer(verdict)) => Some(verdict),
            _ => None,
        };
        let trouble = self.trouble.as_ref().map(|trouble| &trouble.verdict);
        let seen = self.verdict.as_ref().map(|(verdict, _)| verdict);
        let all = [trouble, refused, seen];
        all.into_iter()
            .flatten()
            .find(|verdict| verdict.outcome.is_outage())
    }

    fn tell_of_outage(
        &self,
        now: Now,
        since: Boot,
        level: Option<AlertLevel>,
        verdict: &Verdict,
        out: &mut Reaction,
    ) {
        let Some(level) = level else { return };
        let lasted = Duration::from_secs(now.boot.since(since).as_secs());
        let lasted = humantime::format_duration(lasted);
        let note = format!(
            "{} for {lasted}: {}; {}",
            verdict.outcome,
            detail(verdict),
            self.serving_text(now)
        );
        self.record(out, RecordKind::WarningRaised).note = Some(note.clone().into());
        self.alert(out, level, format!("{}: {note}", self.spec.name));
    }
}
