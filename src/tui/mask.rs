//! Names that do not tell who: for a shared screen.
//!
//! What the engine says is masked before it is kept, so that no pane, dialog, title or copy can
//! show what none of them has. Lanes, owners, tenants, accounts and operators get stable numbers in
//! order of arrival; addresses, paths and request ids are left out; fingerprints are replaced so
//! that lanes that share a key still share one. What was masked is kept beside, so that the mask
//! can be taken off and commands find their lane.

use crate::audit::AuditRecord;
use crate::engine::{Command, EngineView, LaneView, Update};
use crate::lane::{Actor, Evidence, Hold, LaneName, Step, Verdict};
use crate::plain::Plain;
use crate::secret::Fingerprint;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many records are kept as they were: as many as the screen itself may hold.
const KEPT: usize = 8_000;
const HIDDEN: &str = "hidden";

/// Real names and what stands for them.
#[derive(Default)]
pub struct Mask {
    on: bool,
    names: HashMap<Plain, Plain>,
    lanes: HashMap<LaneName, LaneName>,
    counts: [usize; 5],
    fingerprints: HashMap<Fingerprint, Fingerprint>,
    /// Names with spaces and the like in them, longest first.
    phrases: Vec<(Plain, Plain)>,
    views: HashMap<LaneName, Arc<LaneView>>,
    records: BTreeMap<u64, Arc<AuditRecord>>,
    engine: Option<Arc<EngineView>>,
}

/// What a name is the name of.
#[derive(Clone, Copy)]
enum Sort {
    Lane,
    Owner,
    Tenant,
    Account,
    Operator,
}

impl Mask {
    /// Whether it is on.
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// Puts it on or takes it off. What is on the screen is to be replaced then.
    pub fn put(&mut self, on: bool) {
        *self = Self {
            on,
            ..Self::default()
        };
    }

    /// What is kept as it was, before the mask comes off.
    pub fn originals(&mut self) -> Originals {
        Originals {
            names: std::mem::take(&mut self.lanes),
            views: std::mem::take(&mut self.views),
            records: std::mem::take(&mut self.records),
            engine: self.engine.take(),
        }
    }

    fn name(&mut self, sort: Sort, real: &Plain) -> Plain {
        if let Some(known) = self.names.get(real) {
            return known.clone();
        }
        let Some(count) = self.counts.get_mut(sort as usize) else {
            return Plain::fixed(HIDDEN);
        };
        *count += 1;
        let kind = match sort {
            Sort::Lane => "lane",
            Sort::Owner => "owner",
            Sort::Tenant => "tenant",
            Sort::Account => "account",
            Sort::Operator => "operator",
        };
        let made = Plain::new(&format!("{kind}-{count:02}"));
        self.names.insert(real.clone(), made.clone());
        if real.as_str().chars().any(|c| !in_word(c)) {
            self.phrases.push((real.clone(), made.clone()));
            self.phrases
                .sort_by_key(|(real, _)| std::cmp::Reverse(real.as_str().len()));
        }
        made
    }

    fn lane(&mut self, real: &LaneName) -> LaneName {
        let made = self.name(Sort::Lane, real);
        if !self.lanes.contains_key(&made) {
            self.lanes.insert(made.clone(), real.clone());
        }
        made
    }

    /// The lane that is meant.
    pub fn real(&self, shown: &LaneName) -> LaneName {
        self.lanes.get(shown).unwrap_or(shown).clone()
    }

    /// What stands for a lane now.
    pub fn shown(&mut self, real: &LaneName) -> LaneName {
        if self.on {
            self.lane(real)
        } else {
            real.clone()
        }
    }

    /// The same command for the lane that is meant.
    pub fn command(&self, mut command: Command) -> Command {
        match &mut command {
            Command::Lane { lane, .. } | Command::Drill { lane, .. } => *lane = self.real(lane),
        }
        command
    }

    fn fingerprint(&mut self, real: Fingerprint) -> Fingerprint {
        let next = u64::try_from(self.fingerprints.len()).unwrap_or(0) + 1;
        // In the digits that a narrow place shows.
        let made = Fingerprint::from_bytes((next << 32).to_be_bytes());
        *self.fingerprints.entry(real).or_insert(made)
    }

    /// The engine's news, masked.
    pub fn news(&mut self, mut news: Update) -> Update {
        if !self.on {
            return news;
        }
        // In order of their names, so that numbers do not depend on who answered first.
        news.lanes.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        for lane in &mut news.lanes {
            *lane = self.view(lane);
        }
        for name in &mut news.removed {
            self.views.remove(name);
            *name = self.lane(name);
        }
        for record in &mut news.records {
            *record = self.record(record);
        }
        if let Some(engine) = &mut news.engine {
            *engine = self.engine(engine);
        }
        news
    }

    /// A lane, masked.
    pub fn view(&mut self, real: &Arc<LaneView>) -> Arc<LaneView> {
        if !self.on {
            return Arc::clone(real);
        }
        self.views.insert(real.info.name.clone(), Arc::clone(real));
        let mut lane = LaneView::clone(real);
        let info = Arc::make_mut(&mut lane.info);
        info.name = self.lane(&info.name);
        let mut some = |sort, name: &mut Option<Plain>| {
            if let Some(name) = name {
                *name = self.name(sort, name);
            }
        };
        some(Sort::Owner, &mut info.owner);
        some(Sort::Tenant, &mut info.route.tenant);
        some(Sort::Account, &mut info.route.account);
        info.source = Plain::new(&format!("{}:{HIDDEN}", info.store));
        info.endpoint = Plain::fixed(HIDDEN);
        info.runbook = info.runbook.as_ref().map(|_| Plain::fixed(HIDDEN));
        info.rotate_url = None;
        if let Some(pause) = &mut lane.pause {
            let pause = Arc::make_mut(pause);
            pause.by = self.actor(&pause.by);
            pause.reason = self.text(&pause.reason);
        }
        if let Some(Hold { verdict, .. }) = &mut lane.hold {
            *verdict = self.verdict(verdict);
        }
        if let Some(degraded) = &mut lane.degraded {
            degraded.verdict = self.verdict(&degraded.verdict);
        }
        if let Some(verdict) = &mut lane.verdict {
            *verdict = self.verdict(verdict);
        }
        if let Some(credential) = &mut lane.credential {
            credential.fingerprint = self.fingerprint(credential.fingerprint);
        }
        if let Some(candidate) = &mut lane.candidate {
            let candidate = Arc::make_mut(candidate);
            candidate.fingerprint = self.fingerprint(candidate.fingerprint);
        }
        for old in &mut lane.old {
            old.fingerprint = self.fingerprint(old.fingerprint);
        }
        if let Some(Step::Waiting { holder }) = &mut lane.step {
            *holder = self.text(holder);
        }
        for neighbor in &mut lane.neighbors {
            neighbor.name = self.text(&neighbor.name);
        }
        if !lane.findings.is_empty() {
            for finding in Arc::make_mut(&mut lane.findings) {
                finding.text = self.text(&finding.text);
            }
        }
        for other in &mut lane.shares_key_with {
            *other = self.lane(other);
        }
        Arc::new(lane)
    }

    /// A record, masked. Also those that are read from the journal later.
    pub fn record(&mut self, real: &Arc<AuditRecord>) -> Arc<AuditRecord> {
        if !self.on {
            return Arc::clone(real);
        }
        self.records.insert(real.seq, Arc::clone(real));
        while self.records.len() > KEPT {
            self.records.pop_first();
        }
        let mut record = AuditRecord::clone(real);
        record.lane = record.lane.as_ref().map(|lane| self.lane(lane));
        record.fingerprint = record.fingerprint.map(|print| self.fingerprint(print));
        record.actor = self.actor(&record.actor);
        record.note = record.note.as_ref().map(|note| self.text(note));
        if let Some(evidence) = &mut record.evidence {
            self.evidence(evidence);
        }
        Arc::new(record)
    }

    /// What the engine says of itself, masked.
    pub fn engine(&mut self, real: &Arc<EngineView>) -> Arc<EngineView> {
        if !self.on {
            return Arc::clone(real);
        }
        self.engine = Some(Arc::clone(real));
        let mut engine = EngineView::clone(real);
        engine.title = Plain::fixed("private");
        for store in &mut engine.stores {
            store.trouble = store.trouble.as_ref().map(|text| self.text(text));
            if let Some(login) = &mut store.login {
                login.trouble = login.trouble.as_ref().map(|text| self.text(text));
            }
        }
        for trouble in [&mut engine.manifest_trouble, &mut engine.audit_trouble] {
            *trouble = trouble.as_ref().map(|text| self.text(text));
        }
        Arc::new(engine)
    }

    fn actor(&mut self, real: &Actor) -> Actor {
        match real {
            Actor::Operator(name) => Actor::Operator(self.name(Sort::Operator, name)),
            Actor::Lanewatch => Actor::Lanewatch,
            Actor::Provider => Actor::Provider,
        }
    }

    fn verdict(&self, real: &Arc<Verdict>) -> Arc<Verdict> {
        let mut verdict = Verdict::clone(real);
        self.evidence(&mut verdict.evidence);
        Arc::new(verdict)
    }

    fn evidence(&self, evidence: &mut Evidence) {
        evidence.request_id = evidence.request_id.as_ref().map(|_| Plain::fixed(HIDDEN));
        evidence.detail = evidence.detail.as_ref().map(|text| self.text(text));
    }

    /// A sentence without the names that are known, and without addresses, paths and long numbers.
    pub fn text(&self, text: &Plain) -> Plain {
        if !self.on {
            return text.clone();
        }
        let mut whole = text.as_str().to_owned();
        for (real, made) in &self.phrases {
            if whole.contains(real.as_str()) {
                whole = whole.replace(real.as_str(), made.as_str());
            }
        }
        let mut masked = String::with_capacity(whole.len());
        let mut rest = whole.as_str();
        while let Some(first) = rest.chars().next() {
            let end = rest
                .find(|c| in_word(c) != in_word(first))
                .unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            if in_word(first) {
                self.word(piece, &mut masked);
            } else {
                masked.push_str(piece);
            }
            rest = after;
        }
        Plain::new(&masked)
    }

    fn word(&self, word: &str, masked: &mut String) {
        let core = word.trim_end_matches(['.', ':', '/']);
        let (core, tail) = word.split_at(core.len());
        let known = |word: &str| self.names.get(&Plain::new(word));
        if let Some(made) = known(core) {
            masked.push_str(made.as_str());
        } else if tells_place(core) {
            masked.push_str(HIDDEN);
        } else {
            let mut piece = String::new();
            for c in core.chars() {
                if matches!(c, '/' | ':' | '.' | '@' | '#') {
                    masked.push_str(known(&piece).map_or(piece.as_str(), Plain::as_str));
                    piece.clear();
                    masked.push(c);
                } else {
                    piece.push(c);
                }
            }
            masked.push_str(known(&piece).map_or(piece.as_str(), Plain::as_str));
        }
        masked.push_str(tail);
    }
}

/// What the mask has covered.
pub struct Originals {
    /// Real names by what stood for them.
    names: HashMap<LaneName, LaneName>,
    /// Lanes by their real names.
    pub views: HashMap<LaneName, Arc<LaneView>>,
    /// Records by number.
    pub records: BTreeMap<u64, Arc<AuditRecord>>,
    /// The engine.
    pub engine: Option<Arc<EngineView>>,
}

impl Originals {
    /// The lane that a masked one stands for.
    pub fn real_view(&self, shown: &LaneView) -> Option<Arc<LaneView>> {
        let real = self.names.get(&shown.info.name)?;
        self.views.get(real).map(Arc::clone)
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/' | ':' | '#')
}

/// Whether a word is an address, a mail address, a path, or a long number in hexadecimal.
fn tells_place(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.len() >= 8 && digits > 0 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let host = word.matches('.').count() >= 2 || (word.contains('.') && word.contains(':'));
    let path = word.starts_with('/') || (word.contains('/') && word.contains(['#', ':']));
    path || word.contains("://") || word.contains('@') || hex || host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_loses_the_names_that_are_known_and_all_that_tells_a_place() {
        let mut mask = Mask::default();
        mask.put(true);
        mask.lane(&Plain::new("billing-refunds"));
        mask.name(Sort::Owner, &Plain::new("Team Payments"));
        let cases = [
            ("billing-refunds: asked", "lane-01: asked"),
            ("see bao:kv/stripe#token", "see hidden"),
            ("see billing-refunds/x", "see lane-01/x"),
            ("ask Team Payments.", "ask owner-01."),
            (
                "GET https://api.acme.example/v1 failed",
                "GET hidden failed",
            ),
            ("10.1.2.3:8200 refused", "hidden refused"),
            ("by maria@acme.example", "by hidden"),
            ("key 3f9a12c000010203", "key hidden"),
            (
                "Token has been revoked by its owner.",
                "Token has been revoked by its owner.",
            ),
        ];
        for (text, masked) in cases {
            assert_eq!(mask.text(&Plain::new(text)).as_str(), masked);
        }
    }

    #[test]
    fn names_are_stable_and_found_again() {
        let mut mask = Mask::default();
        mask.put(true);
        let (a, b) = (Plain::new("alpha"), Plain::new("beta"));
        assert_eq!(mask.shown(&a).as_str(), "lane-01");
        assert_eq!(mask.shown(&b).as_str(), "lane-02");
        assert_eq!(mask.shown(&a).as_str(), "lane-01");
        assert_eq!(mask.real(&Plain::new("lane-02")), b);
        mask.put(false);
        assert_eq!(mask.shown(&a), a);
    }
}
