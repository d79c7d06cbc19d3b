//! The checks before service, one after another.
//!
//! Load, life, scopes, probe, refresh path, neighbors: each step either goes on to the next, asks
//! for an effect whose report will go on, or refuses the lane. A refusal for an outage is tried
//! again; a refusal for what the credential *is* waits for another credential.

use super::super::Attempt;
use super::super::credential::{Credential, ScopeSet};
use super::super::effect::{AlertLevel, Effect, LoadWhy, ProbeWhy, RefreshWhy};
use super::super::event::Observed;
use super::super::gate::{Finding, FindingLevel, Refusal};
use super::super::outcome::{Basis, Evidence, Outcome, Verdict};
use super::super::record::{Cause, RecordKind};
use super::super::spec::Trust;
use super::super::time::Now;
use super::{Lane, Reaction};
use crate::plain::Plain;
use std::sync::Arc;
use std::time::Duration;

/// A pre-flight under way.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Preflight {
    /// Whether the store has said what there is to prove.
    loaded: bool,
    /// Whether the credential was refreshed for it: then its refresh path has answered, and too
    /// little life left is final.
    pub refreshed: bool,
    /// Whether the probe has been passed.
    probed: bool,
    /// Whether the refresh path has been seen to answer.
    path_answers: bool,
}

impl Preflight {
    /// What a candidate's test has shown already.
    pub(super) fn take_trial(&mut self, made: bool, probed: bool) {
        self.loaded = true;
        self.refreshed |= made;
        self.probed = probed;
    }
}

/// Clocks further apart than this cannot judge an expiry.
const SKEW_MAX_MS: i64 = 30_000;
/// Whole lives shorter than this are refused by their tenth instead of by five minutes.
const SHORT_LIFE: Duration = Duration::from_secs(50 * 60);
/// Pre-flight refuses a long-lived credential with less life left than this.
const REFUSE: Duration = Duration::from_secs(5 * 60);

impl Lane {
    /// Starts over from the store: nothing is proven until every check has been passed.
    pub(super) fn begin_preflight(&mut self, now: Now, out: &mut Reaction) {
        if self.clear_checks(out) {
            // A reading under way may be of a place that the lane has left.
            self.load_again(LoadWhy::Preflight, out);
            if self.schedule.store.is_none() {
                self.plan_store_poll(now);
            }
        }
    }

    /// Starts over with the credential at hand, which was adopted a moment ago.
    pub(super) fn prove_anew(&mut self, now: Now, refreshed: bool, out: &mut Reaction) {
        if self.clear_checks(out) {
            if let Some(preflight) = &mut self.preflight {
                preflight.refreshed = refreshed;
                preflight.loaded = true;
            }
            self.go_on(now, out);
        }
    }

    /// Forgets what was checked. Answers whether the source lets the checks begin at all.
    fn clear_checks(&mut self, out: &mut Reaction) -> bool {
        let cause = out.records.last().map_or(Cause::World, |_| Cause::Previous);
        self.record(out, RecordKind::PreflightStarted).cause = cause;
        self.findings = Arc::default();
        self.refusal = Some(Refusal::NotProvenYet);
        self.schedule.preflight = None;
        self.schedule.hold = None;
        self.flights.probe = None;
        self.flights.neighbor = None;
        self.flights.refresh_path = None;
        match self.spec.trust {
            Trust::Managed => {
                self.find("managed_source", FindingLevel::Pass, "from a managed store");
            }
            Trust::UnmanagedAllowed => {
                let text = "unmanaged_source: allowed by the manifest, but not managed";
                self.find("managed_source", FindingLevel::Warn, text);
                self.record(out, RecordKind::WarningRaised).note = Some(text.into());
            }
            Trust::UnmanagedRefused => {
                let text = "unmanaged_source: not a managed store, and allow_unmanaged is not set";
                self.find("managed_source", FindingLevel::Refuse, text);
                self.preflight = None;
                self.refuse(Refusal::UnmanagedSource, text, out);
                return false;
            }
        }
        self.preflight = Some(Preflight::default());
        true
    }

    /// A refused pre-flight is tried again.
    pub(super) fn resume_preflight(&mut self, now: Now, out: &mut Reaction) {
        if self.preflight.is_none() {
            return;
        }
        if self.waits_for_store() || self.credential.is_none() {
            self.load(LoadWhy::Preflight, out);
        } else {
            self.go_on(now, out);
        }
    }

    /// Whether a pre-flight cannot begin before the store has answered.
    pub(super) fn waits_for_store(&self) -> bool {
        self.preflight
            .as_ref()
            .is_some_and(|preflight| !preflight.loaded)
    }

    /// The store has answered, whoever asked. Tells whether a pre-flight waited for that.
    pub(super) fn store_was_awaited(&mut self) -> bool {
        let waited = self.waits_for_store();
        if let Some(preflight) = &mut self.preflight {
            preflight.loaded = true;
        }
        waited
    }

    /// The next check that has not been passed yet.
    pub(super) fn go_on(&mut self, now: Now, out: &mut Reaction) {
        let Some(preflight) = self.preflight.clone() else {
            return;
        };
        if self.trial.is_some() {
            // What is at hand may be replaced before it is worth a proof.
            self.trial_goes_on(now, out);
            return;
        }
        let can_refresh = self.spec.renewal.is_own();
        if self.credential.is_none() {
            if can_refresh {
                self.refresh(now, RefreshWhy::Preflight, out);
            }
            return;
        }
        if !self.life_suffices(now) {
            if can_refresh && !preflight.refreshed {
                self.refresh(now, RefreshWhy::Preflight, out);
                return;
            }
            self.find_again("life_left", FindingLevel::Refuse, self.life_text(now));
            if self.expired || self.left(now).is_some_and(|left| left.is_zero()) {
                let text = "its known expiry has passed";
                let verdict = Verdict::own(Outcome::CredentialExpired, "lane/known_expiry", text);
                self.counters.count(Outcome::CredentialExpired);
                self.refuse_for(now, verdict, out);
            } else {
                let text = self.life_text(now);
                self.refuse(Refusal::TooLittleLife, &text, out);
            }
            return;
        }
        self.find_again("life_left", FindingLevel::Pass, self.life_text(now));
        // What is only remembered of its scopes may have been mended since: the probe says so.
        let told = self.granted.is_some() || preflight.probed || self.spec.probe_every.is_none();
        if let Some(verdict) = self.scopes_against().filter(|_| told) {
            self.refuse_scopes(now, verdict, out);
            return;
        }
        if !preflight.probed {
            if self.spec.probe_every.is_none() {
                let text =
                    "nothing to prove it with: the provider has no probe and the lane names none";
                self.find_again("probe", FindingLevel::Warn, text.into());
                if let Some(preflight) = &mut self.preflight {
                    preflight.probed = true;
                }
            } else {
                self.probe(ProbeWhy::Preflight, out);
                return;
            }
        }
        if can_refresh && !preflight.refreshed && !preflight.path_answers {
            let attempt = self.next_attempt();
            self.flights.refresh_path = Some(attempt);
            out.effects.push(Effect::CheckRefreshPath { attempt });
            return;
        }
        match self
            .neighbors
            .iter()
            .position(|proof| proof.denied != Some(true))
        {
            Some(index) => self.probe_neighbor(index, out),
            None => self.pass(now, out),
        }
    }

    /// A pre-flight probe was accepted.
    pub(super) fn preflight_probed(&mut self, now: Now, observed: &Observed, out: &mut Reaction) {
        // How long it took is among the latencies.
        self.find_again("probe", FindingLevel::Pass, "accepted".into());
        if let Some(control) = observed.control {
            self.find_control(control, out);
        }
        if let Some(skew) = observed.skew_ms {
            let text = format!(
                "the server's clock is {:.1} s off ours",
                skew as f64 / 1000.0
            );
            if skew.saturating_abs() >= SKEW_MAX_MS {
                self.find_again("clock_skew", FindingLevel::Refuse, text.clone());
                self.refuse(Refusal::ClockSkew, &text, out);
                self.retry_preflight(now);
                return;
            }
            self.find_again("clock_skew", FindingLevel::Pass, text);
        }
        if let Some(preflight) = &mut self.preflight {
            preflight.probed = true;
        }
        self.go_on(now, out);
    }

    pub(super) fn refresh_path_checked(
        &mut self,
        now: Now,
        attempt: Attempt,
        verdict: Verdict,
        out: &mut Reaction,
    ) {
        if self.flights.refresh_path != Some(attempt) {
            return;
        }
        self.flights.refresh_path = None;
        if self.preflight.is_none() {
            return;
        }
        if verdict.outcome == Outcome::Ok {
            self.find_again(
                "refresh_path",
                FindingLevel::Pass,
                "the token endpoint answers".into(),
            );
            if let Some(preflight) = &mut self.preflight {
                preflight.path_answers = true;
            }
            self.go_on(now, out);
        } else {
            let text = format!("the token endpoint does not answer: {}", detail(&verdict));
            self.find_again("refresh_path", FindingLevel::Refuse, text);
            self.refuse_for(now, verdict, out);
        }
    }

    /// Every check was passed: the gate opens.
    fn pass(&mut self, now: Now, out: &mut Reaction) {
        self.preflight = None;
        self.schedule.preflight = None;
        self.refusal = None;
        self.refusal_told = false;
        self.expired = false;
        self.load_backoff.succeed();
        self.probe_backoff.succeed();
        let warns = self
            .findings
            .iter()
            .filter(|f| f.level == FindingLevel::Warn)
            .count();
        let note = match warns {
            0 => format!("{} checks passed", self.findings.len()),
            n => format!("{} checks, {n} to look at", self.findings.len()),
        };
        self.record(out, RecordKind::PreflightPassed).note = Some(note.into());
        self.close_window(now, out);
        self.complete_rotation(out);
        self.plan_probe(now);
        self.plan_neighbors(now);
    }

    /// Closes the degraded window, if one is open.
    pub(super) fn close_window(&mut self, now: Now, out: &mut Reaction) {
        if let Some(window) = self.window.take() {
            let took = now.wall.since(window.since);
            let record = self.record(out, RecordKind::DegradedClosed);
            record.cause = Cause::Latest(RecordKind::DegradedOpened);
            record.note = Some(format!("after {:.1} s", took.as_secs_f64()).into());
        }
    }

    /// Refuses for a reason of our own.
    pub(super) fn refuse(&mut self, refusal: Refusal, text: &str, out: &mut Reaction) {
        if self.refusal.as_ref() != Some(&refusal) {
            let note = Plain::new(text).into();
            self.record(out, RecordKind::PreflightRefused).note = Some(note);
        }
        self.refusal = Some(refusal);
        self.tell_of_refusal(text, out);
        self.fail_rotation(text, out);
    }

    /// Tells people that pre-flight refuses the lane, once until it is passed.
    fn tell_of_refusal(&mut self, why: &str, out: &mut Reaction) {
        if !std::mem::replace(&mut self.refusal_told, true) {
            let text = format!("{}: pre-flight refuses it: {why}", self.spec.name);
            self.alert(out, AlertLevel::Warning, text);
        }
    }

    /// Refuses for what an answer means, and plans the next try where one makes sense.
    pub(super) fn refuse_for(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        let same =
            matches!(&self.refusal, Some(Refusal::Answer(old)) if old.outcome == verdict.outcome);
        if !same {
            self.record(out, RecordKind::PreflightRefused).verdict = Some(verdict.clone());
        }
        let verdict = self.see(now, verdict);
        self.fail_rotation(&detail(&verdict), out);
        // An outage or a limit is over by itself; that it lasts is told in its time.
        if !verdict.outcome.is_outage() && verdict.outcome != Outcome::RateLimited {
            let why = format!("{} ({})", verdict.outcome, detail(&verdict));
            self.tell_of_refusal(&why, out);
        }
        let terminal = verdict.outcome.is_terminal();
        let limit = verdict.evidence.retry_after_s.map(Duration::from_secs);
        self.refusal = Some(Refusal::Answer(verdict));
        if terminal {
            // Only another credential helps: the store is watched for one.
            self.preflight = None;
        } else {
            match limit {
                Some(wait) => self.schedule.preflight = Some(now.boot.plus(wait)),
                None => self.retry_preflight(now),
            }
        }
    }

    pub(super) fn retry_preflight(&mut self, now: Now) {
        let wait = self
            .probe_backoff
            .after_failure(&mut self.dice, Duration::from_secs(30));
        self.schedule.preflight = Some(now.boot.plus(wait));
    }

    /// Scopes that speak against the lane, as far as they are known.
    pub(super) fn scopes_against(&self) -> Option<Verdict> {
        self.scopes_of_against(self.credential.as_ref()?)
    }

    /// The same for a credential that need not be at hand yet.
    pub(super) fn scopes_of_against(&self, credential: &Credential) -> Option<Verdict> {
        let granted = credential.scopes.as_ref()?;
        let missing = self.spec.scopes.require.minus(granted);
        if !missing.is_empty() {
            let mut evidence = Evidence::own("lane/granted_scopes", Basis::Inferred)
                .detail(format!("granted: {granted}; missing: {}", names(&missing)));
            evidence.required_scopes = missing;
            return Some(Verdict {
                outcome: Outcome::ScopeInsufficient,
                evidence,
            });
        }
        let forbidden = self.spec.scopes.forbid.and(granted);
        (!forbidden.is_empty()).then(|| {
            let text = format!("granted but forbidden: {}", names(&forbidden));
            Verdict::own(Outcome::Ok, "lane/scope_widened", text)
        })
    }

    /// Whether scopes that were gained are more than the lane is meant to have. One that is required
    /// was taken away before, and may come back.
    pub(super) fn widened_by(&self, gained: Vec<Plain>) -> Option<Verdict> {
        let beyond = ScopeSet(gained.into_iter().collect()).minus(&self.spec.scopes.require);
        (!beyond.is_empty()).then(|| {
            let text = format!("granted more than before: {}", names(&beyond));
            Verdict::own(Outcome::Ok, "lane/scope_widened", text)
        })
    }

    fn refuse_scopes(&mut self, now: Now, verdict: Verdict, out: &mut Reaction) {
        self.find_again("scopes", FindingLevel::Refuse, detail(&verdict));
        if verdict.outcome == Outcome::Ok {
            let text = detail(&verdict);
            self.refuse(Refusal::ForbiddenScope, &text, out);
        } else {
            self.counters.count(verdict.outcome);
            self.refuse_for(now, verdict, out);
        }
        // The same token will not have other scopes by being asked again at once.
        let every = self.spec.probe_every.unwrap_or(Duration::from_secs(60));
        self.schedule.preflight = Some(now.boot.plus(self.dice.spread(every, 0.10)));
        if let Some(preflight) = &mut self.preflight {
            preflight.probed = false;
        }
        self.forget_scopes();
    }

    /// What was known of the scopes is asked for again by the next probe.
    fn forget_scopes(&mut self) {
        if self.spec.probe_every.is_some()
            && let Some(credential) = &mut self.credential
        {
            credential.scopes = None;
        }
    }

    fn life_suffices(&self, now: Now) -> bool {
        let at_hand = self.credential.as_ref();
        !self.expired && at_hand.is_some_and(|credential| self.life_of_suffices(credential, now))
    }

    /// Whether so much life is left of a credential that it may begin to serve.
    pub(super) fn life_of_suffices(&self, credential: &Credential, now: Now) -> bool {
        let Some(expiry) = credential.expiry else {
            return true;
        };
        let life = expiry.at.since(credential.issued_at);
        let refuse =
            self.spec
                .windows
                .refuse
                .unwrap_or(if life < SHORT_LIFE { life / 10 } else { REFUSE });
        let left = expiry.at.since(now.wall);
        !left.is_zero() && left >= refuse
    }

    fn life_text(&self, now: Now) -> String {
        match self.left(now) {
            Some(left) => {
                let secs = Duration::from_secs(left.as_secs());
                format!("{} left", humantime::format_duration(secs))
            }
            None => "no known expiry".into(),
        }
    }

    pub(super) fn find(&mut self, check: &'static str, level: FindingLevel, text: &'static str) {
        Arc::make_mut(&mut self.findings).push(Finding {
            check: Plain::fixed(check),
            level,
            text: Plain::fixed(text),
        });
    }

    /// Notes how a check came out, in the place of what the same check said before.
    pub(super) fn find_again(&mut self, check: &'static str, level: FindingLevel, text: String) {
        let finding = Finding {
            check: Plain::fixed(check),
            level,
            text: text.into(),
        };
        match Arc::make_mut(&mut self.findings)
            .iter_mut()
            .find(|old| old.check == finding.check)
        {
            Some(old) => *old = finding,
            None => Arc::make_mut(&mut self.findings).push(finding),
        }
    }

    /// Takes what an answer shows of the granted scopes; `Some` if it is a change worth a record.
    pub(super) fn see_scopes(&mut self, seen: ScopeSet) -> Option<(Vec<Plain>, Vec<Plain>)> {
        let credential = self.credential.as_mut()?;
        let before = credential.scopes.replace(seen)?;
        let seen = credential.scopes.as_ref()?;
        (before != *seen).then(|| (seen.minus(&before), before.minus(seen)))
    }
}

/// The sentence of a verdict, or its outcome's name.
pub(super) fn detail(verdict: &Verdict) -> String {
    match &verdict.evidence.detail {
        Some(text) => text.to_string(),
        None => verdict.outcome.to_string(),
    }
}

/// Names as a list for a sentence.
pub(super) fn names(list: &[Plain]) -> String {
    list.iter()
        .map(Plain::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
