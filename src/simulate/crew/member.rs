//! One lane of the crew, the world's side of it, and what is counted of it.

use super::super::account::{Account, Minted};
use super::super::scenario::Plan;
use super::super::tally::Tally;
use super::super::work::Exchange;
use super::{BEGINNING, Kind, OPENING_MS};
use crate::lane::{Event, Found, Gate, History, Lane, Now, RecordKind};

/// A lane, the world's side of it, and what is known of it for counting.
pub(super) struct Member {
    pub(super) lane: Lane,
    pub(super) kind: usize,
    /// Whether it has begun since the process was started.
    pub(super) begun: bool,
    pub(super) account: Account,
    /// When its owner replaces its key in the store.
    pub(super) replaced: Option<u64>,
    pub(super) unsaved: Option<Minted>,
    /// The token that serves, and when its refresh was due.
    pub(super) serving: Option<(u32, Option<u64>)>,
    /// The last token that it was told is dead.
    pub(super) told_dead: u32,
    /// What is remembered of its token across a crash.
    pub(super) history: Option<(u32, History)>,
    /// The end that was counted.
    pub(super) counted_dead: u32,
    pub(super) degraded_since: Option<u64>,
    /// Since when it could be fresh, and the token that must go.
    pub(super) waiting: Option<(u64, Option<u32>)>,
}

impl Member {
    /// Whether it would serve a credential whose life is really over.
    pub(super) fn serves_the_dead(&self, now: Now) -> u64 {
        let Some((serial, _)) = self.serving else {
            return 0;
        };
        let over = self
            .account
            .end(serial)
            .is_some_and(|end| end <= now.boot.0);
        u64::from((over || serial <= self.told_dead) && self.lane.serve(now).is_ok())
    }

    /// Whether the store and the upstream would answer it what they answered before.
    pub(super) fn finds_what_it_knows(&self) -> bool {
        self.serving.is_some_and(|(serial, _)| {
            let stored = self.account.stored.is_some_and(|t| t.serial == serial);
            stored && !self.account.is_revoked(serial)
        })
    }

    pub(super) fn count(&mut self, kind: RecordKind, now: u64, tally: &mut Tally) {
        tally.records += 1;
        match kind {
            RecordKind::RefreshSucceeded => tally.refreshes += 1,
            RecordKind::LostRace => tally.lost_races += 1,
            RecordKind::RefreshFailed => tally.refresh_failures += 1,
            RecordKind::RefreshUncertain => tally.uncertain += 1,
            RecordKind::DegradedOpened => self.degraded_since = Some(now),
            RecordKind::DegradedClosed => self.close_window(now, tally),
            RecordKind::LaneHeld => {
                tally.holds += 1;
                self.close_window(now, tally);
            }
            _ => {}
        }
    }

    pub(super) fn close_window(&mut self, now: u64, tally: &mut Tally) {
        if let Some(since) = self.degraded_since.take() {
            tally.window(now.saturating_sub(since));
        }
    }

    /// Notices what a lane's reaction has changed.
    pub(super) fn look(&mut self, now: Now, plan: &Plan, tally: &mut Tally) {
        let serves = self
            .lane
            .credential()
            .map(|c| Account::serial(&c.fingerprint));
        let before = self.serving.map(|(serial, _)| serial);
        if serves.is_some() && serves != before {
            if let Some(end) = before.and_then(|serial| self.account.end(serial)) {
                if end <= now.boot.0 {
                    self.count_late(end, plan, tally);
                } else if before.is_some_and(|serial| !self.account.is_revoked(serial)) {
                    let left = end - now.boot.0;
                    tally.least_left = Some(tally.least_left.map_or(left, |least| least.min(left)));
                }
            }
            self.serving = serves.map(|serial| (serial, self.due(now)));
            if let Some(serial) = serves
                && self
                    .account
                    .end(serial)
                    .is_some_and(|end| end <= now.boot.0)
            {
                // It was over before the store could take it: it never served, so it is not missed.
                self.counted_dead = serial;
            }
        } else if let Some((_, due)) = &mut self.serving
            && due.is_none()
        {
            *due = self.lane.next(now).refresh.map(|at| now.boot_at(at).0);
        }
        if let Some((since, old)) = self.waiting
            && self.lane.gate() == Gate::Open
            && (old.is_none() || old != serves)
        {
            self.waiting = None;
            tally.recoveries.push(now.boot.0 - since);
        } else if self.lane.held().is_some() {
            self.waiting = None;
        }
    }

    pub(super) fn due(&self, now: Now) -> Option<u64> {
        if !self.lane.spec().renewal.is_own() {
            // It can be followed as soon as its owner has brought the next one.
            return self.replaced;
        }
        let at = self.lane.next(now).refresh?;
        Some(now.boot_at(at).0)
    }

    /// The life of the token that serves ended before another one served.
    pub(super) fn count_late(&mut self, end: u64, plan: &Plan, tally: &mut Tally) {
        let Some((serial, due)) = self.serving else {
            return;
        };
        if self.counted_dead >= serial || self.account.is_revoked(serial) {
            return;
        }
        self.counted_dead = serial;
        tally.late += 1;
        if due.is_some_and(|due| !plan.opens(due, end, OPENING_MS)) {
            tally.unavoidable += 1;
        }
    }

    /// Stores answer again: whoever waited for that could be fresh now.
    pub(super) fn could_be_fresh(&mut self, now: u64) {
        let closed = self.lane.gate() != Gate::Open;
        let due = self.serving.and_then(|(serial, due)| {
            let due = due.is_some_and(|due| due <= now);
            due.then_some(serial)
        });
        if self.begun && self.lane.held().is_none() && (closed || due.is_some()) {
            self.waiting = Some((now, due));
        }
    }

    /// What the engine does with a report before it tells the lane.
    pub(super) fn remember(&mut self, event: &mut Event) {
        if let Event::Loaded {
            found: Found::Credential(offer),
            ..
        }
        | Event::Refreshed { offer, .. } = event
        {
            let serial = Account::serial(&offer.fingerprint);
            let known = self.history.as_ref().filter(|(of, _)| *of == serial);
            offer.history = known.map(|(_, history)| history.clone());
        }
    }

    /// What is remembered of the token that served when the process died.
    pub(super) fn remembered(&self) -> Option<(u32, History)> {
        let credential = self.lane.credential()?;
        let history = History {
            last_ok: self.lane.last_ok().filter(|_| credential.proven),
            expiry: credential.expiry,
            scopes: credential.scopes.clone(),
        };
        Some((Account::serial(&credential.fingerprint), history))
    }

    /// The process died with this step of a refresh under way. Whether the other side has acted by
    /// then is left to chance.
    pub(super) fn cut_off(&mut self, step: &Exchange, kind: &Kind, now: u64, acted: bool) {
        match step {
            Exchange::Asking { grant } => {
                let single_use = matches!(
                    kind.spec.renewal,
                    crate::lane::Renewal::Refresh { single_use: true }
                );
                if acted {
                    let made = (now, BEGINNING, kind.life);
                    self.account.exchange(*grant, single_use, false, made);
                }
                self.account.in_doubt = single_use && !kind.forgives;
            }
            Exchange::Storing(minted) if acted => self.account.store(*minted),
            Exchange::Storing(_) => {
                let doubtful = kind.spec.renewal.lost_answer() == crate::lane::LostAnswer::Doubtful;
                self.account.in_doubt = doubtful && !kind.forgives;
            }
            Exchange::Reading | Exchange::ReadingAgain => {}
        }
    }

    /// The run is over.
    pub(super) fn end(&mut self, now: u64, plan: &Plan, tally: &mut Tally) {
        let over = self
            .serving
            .and_then(|(serial, _)| self.account.end(serial))
            .filter(|end| *end <= now);
        if let Some(end) = over
            && self.lane.held().is_none()
        {
            self.count_late(end, plan, tally);
        }
        self.close_window(now, tally);
    }
}
