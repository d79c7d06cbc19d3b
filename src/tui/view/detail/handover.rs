//! How far the coming of a newer credential has got, and what a person can do where it stopped.

use super::page::Page;
use crate::engine::LaneView;
use crate::lane::{Credential, Gate, Step, Wall, Word};
use crate::tui::span;
use crate::tui::theme::Role;

pub(super) fn draw(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    doubt(lane, now, page);
    step(lane, now, page);
}

/// A grant that may be used up: why, and what ends that.
fn doubt(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let held = lane
        .hold
        .as_ref()
        .filter(|hold| hold.verdict.outcome.is_outage());
    let (verdict, since) = match (held, &lane.degraded) {
        (Some(hold), _) => (&hold.verdict, hold.since),
        (None, Some(degraded)) if lane.word == Word::Uncertain => {
            (&degraded.verdict, degraded.since)
        }
        _ => return,
    };
    let (warn, text) = (page.role(Role::Warn), page.role(Role::Text));
    page.line();
    page.say("UNCERTAIN", page.look.theme.word(Word::Uncertain));
    page.say(&format!(" for {}", span::spoken(now.since(since))), text);
    match &verdict.evidence.detail {
        Some(detail) => page.say(&format!(": {detail}"), text),
        None => page.say(": its grant may be used up", text),
    }
    page.line();
    page.say("nobody tries it again but you:", warn);
    page.say(&format!(" put a new grant into {}", lane.info.source), text);
    if let Some(url) = &lane.info.rotate_url {
        page.fact(&format!("from {url}"), text);
    }
    let key = match lane.gate {
        Gate::Held => "then l release",
        _ => "or f: if the old one is used up, its provider may end all of its tokens",
    };
    page.fact(key, text);
}

fn step(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let Some(step) = &lane.step else { return };
    let text = page.role(Role::Text);
    let serving = match (&lane.credential, lane.gate) {
        (Some(credential), Gate::Open) => {
            format!("generation {} serves meanwhile", credential.generation)
        }
        _ => "nothing serves meanwhile".to_owned(),
    };
    page.line();
    page.say("newer credential:", page.role(Role::Title));
    match step {
        Step::Intended => page.say(" about to be asked for", text),
        Step::Waiting { holder } => page.say(&format!(" waits for the grant: {holder}"), text),
        Step::Locked => page.say(" the grant is ours, the store is read again", text),
        Step::Requested => page.say(" the request has left", text),
        Step::Storing => page.say(" made, the store is asked to take it", text),
        Step::Testing => {
            let named = lane.candidate.as_ref().map(|of| name(of, page));
            let named = named.unwrap_or_default();
            page.say(&format!(" {named} is tested"), text);
        }
        Step::Overlapping => {
            let named = lane.credential.as_ref().map(|of| name(of, page));
            page.say(&format!(" {} serves", named.unwrap_or_default()), text);
            for old in &lane.old {
                let ends = old.expiry.map(|expiry| span::moment(now, expiry.at));
                let ends = ends.map(|at| format!(", ends {at}")).unwrap_or_default();
                page.fact(&format!("{} is kept{ends}", name(old, page)), text);
            }
            return;
        }
        Step::AwaitingOwner => {
            let owner = lane.info.owner.as_ref().map_or("its owner", |o| o.as_str());
            page.say(&format!(" waits for {owner}"), text);
            if let Some(url) = &lane.info.rotate_url {
                page.fact(&format!("new key at {url}"), text);
            }
            page.fact(&format!("taken once it is in {}", lane.info.source), text);
        }
    }
    page.fact(&serving, text);
}

fn name(credential: &Credential, page: &Page<'_>) -> String {
    let more = page.look.symbols.more;
    format!(
        "generation {}, key {}{more}",
        credential.generation,
        credential.fingerprint.short()
    )
}
