//! One lane in the engine's hands: the core's value, what the manifest says, and its secrets.

use super::minted::Unsaved;
use super::tools::Kept;
use super::view::{LaneInfo, LaneView};
use crate::lane::{
    Credential, Finding, FindingLevel, Generation, History, Lane, Now, RecordKind, SideEffect,
    Wall, Word,
};
use crate::manifest::LaneEntry;
use crate::plain::Plain;
use crate::policy::Targets;
use crate::provider::Catalog;
use crate::secret::{Fingerprint, Secret};
use std::sync::Arc;

/// A lane that runs.
pub(super) struct Runner {
    pub lane: Lane,
    pub entry: Arc<LaneEntry>,
    pub info: Arc<LaneInfo>,
    /// Where its effects go.
    pub targets: Arc<Targets>,
    /// Whether it has begun.
    pub begun: bool,
    /// Secrets by fingerprint: the one at hand, a candidate's, and those of the old ones that are
    /// kept through their overlap.
    secrets: Vec<Kept>,
    /// Secrets that are to be made useless upstream.
    aside: Vec<Kept>,
    pub unsaved: Option<Unsaved>,
    /// The latest record of each kind, for causes.
    latest: Vec<(RecordKind, u64)>,
    shown: (Word, Wall),
    /// The fingerprint under which it stands in the groups of lanes that share a key.
    pub grouped: Option<Fingerprint>,
}

/// How many of the lanes with the same key are looked at for what else it is used for.
pub(super) const SHARING_SEEN: usize = 64;

impl Runner {
    /// `attempt` is the record of a refresh that a former process did not tell the end of.
    pub(super) fn new(
        lane: Lane,
        entry: Arc<LaneEntry>,
        info: Arc<LaneInfo>,
        targets: Arc<Targets>,
        now: Now,
        attempt: Option<u64>,
    ) -> Self {
        let shown = (lane.word(), now.wall);
        Self {
            lane,
            entry,
            info,
            targets,
            begun: false,
            secrets: Vec::new(),
            aside: Vec::new(),
            unsaved: None,
            latest: attempt
                .map(|seq| (RecordKind::RefreshAttempted, seq))
                .into_iter()
                .collect(),
            shown,
            grouped: None,
        }
    }

    /// Keeps a secret until it is adopted or not.
    pub(super) fn keep(&mut self, kept: Kept) {
        self.secrets.retain(|(of, _)| *of != kept.0);
        self.secrets.reserve_exact(1);
        self.secrets.push(kept);
    }

    /// Lets go of every secret that the lane has no use for.
    pub(super) fn forget_others(&mut self) {
        let lane = &self.lane;
        self.secrets.retain(|(of, _)| lane.keeps(*of));
    }

    /// Keeps a secret that the lane has let go of until it is made useless upstream.
    pub(super) fn set_aside(&mut self, fingerprint: Fingerprint) {
        let kept = self.secrets.iter().find(|(of, _)| *of == fingerprint);
        self.aside.extend(kept.cloned());
    }

    /// Gives such a secret up.
    pub(super) fn take_aside(&mut self, fingerprint: Fingerprint) -> Option<Secret> {
        let at = self.aside.iter().position(|(of, _)| *of == fingerprint)?;
        Some(self.aside.swap_remove(at).1)
    }

    /// The secret of the credential at hand.
    pub(super) fn secret(&self) -> Option<&Secret> {
        self.secret_of(self.lane.credential()?.fingerprint)
    }

    /// The secret of that fingerprint.
    pub(super) fn secret_of(&self, fingerprint: Fingerprint) -> Option<&Secret> {
        let found = self.secrets.iter().find(|(of, _)| *of == fingerprint);
        found.map(|(_, secret)| secret)
    }

    /// The credential of that generation, and its secret.
    pub(super) fn of_generation(
        &self,
        generation: Generation,
    ) -> Option<(Credential, Option<Secret>)> {
        let credential = self.lane.credential_of(generation)?.clone();
        let secret = self.secret_of(credential.fingerprint).cloned();
        Some((credential, secret))
    }

    pub(super) fn latest(&self, kind: RecordKind) -> Option<u64> {
        self.latest
            .iter()
            .find(|(of, _)| *of == kind)
            .map(|(_, seq)| *seq)
    }

    pub(super) fn note(&mut self, kind: RecordKind, seq: u64) {
        if !kind.is_cause() {
            return;
        }
        match self.latest.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, latest)) => *latest = seq,
            None => self.latest.push((kind, seq)),
        }
    }

    /// What of the credential that serves is worth remembering.
    pub(super) fn history(&self) -> Option<(Fingerprint, History)> {
        let credential = self.lane.credential()?;
        let history = History {
            last_ok: self.lane.last_ok().filter(|_| credential.proven),
            expiry: credential.expiry,
            scopes: credential.scopes.clone(),
        };
        Some((credential.fingerprint, history))
    }

    /// Notes since when the lane shows its word.
    pub(super) fn note_word(&mut self, now: Now) {
        let word = self.lane.word();
        if word != self.shown.0 {
            self.shown = (word, now.wall);
        }
    }

    /// What others may see. `sharing` are the other lanes with the same key.
    pub(super) fn view<'r>(&self, now: Now, sharing: impl Iterator<Item = &'r Self>) -> LaneView {
        let sharing: Vec<_> = sharing.take(SHARING_SEEN).collect();
        let mut findings = Arc::clone(self.lane.findings());
        let reads = self.entry.route.effect == SideEffect::Read;
        let mixed = sharing
            .iter()
            .any(|other| (other.entry.route.effect == SideEffect::Read) != reads);
        if mixed {
            Arc::make_mut(&mut findings).push(Finding {
                check: "shared_key".into(),
                level: FindingLevel::Warn,
                text: "one key serves lanes that read and lanes that write".into(),
            });
        }
        LaneView {
            info: Arc::clone(&self.info),
            word: self.shown.0,
            since: self.shown.1,
            gate: self.lane.gate(),
            pause: self.lane.pause().cloned(),
            hold: self.lane.held().cloned(),
            refusal: self.lane.refusal(),
            activity: self.lane.activity(),
            step: self.lane.step(),
            candidate: self.lane.candidate().cloned().map(Arc::new),
            old: self.lane.old().cloned().collect(),
            credential: self.lane.credential().cloned(),
            verdict: self.lane.verdict().map(|(verdict, _)| Arc::clone(verdict)),
            verdict_at: self.lane.verdict().map(|(_, at)| at),
            last_ok: self.lane.last_ok(),
            next: self.lane.next(now),
            counters: *self.lane.counters(),
            tries: self.lane.tries(),
            degraded: self.lane.degraded().cloned(),
            neighbors: self.lane.neighbors().to_vec(),
            findings,
            latencies: self.lane.latencies().collect(),
            shares_key_with: sharing
                .iter()
                .take(LaneView::SHARING_NAMED)
                .map(|other| other.entry.spec.name.clone())
                .collect(),
        }
    }
}

/// Where a lane's effects go.
pub(super) fn targets(entry: &LaneEntry, catalog: &Catalog) -> Targets {
    let pack = catalog.get_or_http(entry.provider.as_str());
    Targets::of(entry, pack.base_url())
}

/// What of a lane changes only with the manifest.
pub(super) fn info(entry: &LaneEntry, catalog: &Catalog) -> LaneInfo {
    let pack = catalog.get_or_http(entry.provider.as_str());
    let endpoint = match &entry.base_url {
        Some(url) => url.to_string(),
        None => pack.base_url().unwrap_or_default().to_owned(),
    };
    let source = match &entry.source.field {
        Some(field) => format!("{}:{}#{field}", entry.source.store, entry.source.path),
        None => format!("{}:{}", entry.source.store, entry.source.path),
    };
    LaneInfo {
        name: entry.spec.name.clone(),
        route: entry.route.clone(),
        provider: entry.provider.clone(),
        credential: entry.spec.kind,
        source: source.into(),
        store: entry.source.store.clone(),
        endpoint: endpoint.into(),
        owner: entry.owner.clone(),
        runbook: entry.runbook.clone(),
        rotate_url: pack.rotate_url().map(Plain::new),
        require: entry.spec.scopes.require.0.iter().cloned().collect(),
        forbid: entry.spec.scopes.forbid.0.iter().cloned().collect(),
        sandbox: entry.sandbox,
    }
}
