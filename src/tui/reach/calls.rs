//! What a person is to be told: lanes that have come to need somebody, together where many do, and
//! text for the clipboard.

use crate::engine::LaneView;
use crate::lane::{Boot, LaneName, Now, Word};
use std::time::Duration;

/// The least time between two alarms; lanes in between are told of together.
const ALARM_EVERY: Duration = Duration::from_secs(5);
/// Lanes that one alarm names.
const NAMED: usize = 3;

/// What is to be done for the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// Something needs a person: one sentence.
    Alarm(String),
    /// Copy this text.
    Copy(String),
}

/// Calls on their way, and lanes that have come to need a person and were not told of yet.
#[derive(Default, Debug)]
pub struct Calls {
    pending: Vec<Call>,
    waiting: Vec<(LaneName, Word)>,
    last: Option<Boot>,
}

/// Whether a state is one that a person is called for.
const fn needs_person(word: Word) -> bool {
    matches!(
        word,
        Word::Held | Word::Revoked | Word::Expired | Word::Invalid | Word::Uncertain
    )
}

impl Calls {
    /// Notices that a lane has changed. One that is new to the screen calls nobody.
    pub fn notice(&mut self, before: Option<&LaneView>, lane: &LaneView) {
        let name = &lane.info.name;
        if !needs_person(lane.word) {
            self.waiting.retain(|(waiting, _)| waiting != name);
            return;
        }
        if let Some((_, word)) = self.waiting.iter_mut().find(|(waiting, _)| waiting == name) {
            *word = lane.word;
        } else if before.is_some_and(|before| !needs_person(before.word)) {
            self.waiting.push((name.clone(), lane.word));
        }
    }

    /// Calls for the lanes that wait, if the last time is long enough ago.
    pub fn settle(&mut self, now: Now) {
        let recent = self
            .last
            .is_some_and(|last| now.boot.since(last) < ALARM_EVERY);
        if self.waiting.is_empty() || recent {
            return;
        }
        self.last = Some(now.boot);
        let names = self.waiting.iter().take(NAMED);
        let names: Vec<_> = names
            .map(|(name, word)| format!("{name} is {}", word.as_str()))
            .collect();
        let mut text = names.join(", ");
        if self.waiting.len() > NAMED {
            text.push_str(&format!(" and {} more", self.waiting.len() - NAMED));
        }
        self.waiting.clear();
        self.pending.push(Call::Alarm(text));
    }

    /// Calls for something.
    pub fn push(&mut self, call: Call) {
        self.pending.push(call);
    }

    /// What is to be done now.
    pub fn take(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.pending)
    }
}
