//! What the screen says to somebody who sees it for the first time.

use crate::Desk;
use crate::fixture::{held, lane, wall};
use lanewatch::engine::{Accepted, Refusal, Update};
use lanewatch::lane::{Degraded, Evidence, Gate, Outcome, Refusal as Refused, Verdict, Word};
use lanewatch::plain::Plain;
use lanewatch::tui::key::Key;
use lanewatch::tui::keymap::{Action, Context};
use lanewatch::tui::model::{Pane, SortBy};
use lanewatch::tui::update::Msg;
use std::sync::Arc;

fn footer(desk: &mut Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn the_keys_of_a_question_say_what_they_would_do() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("l");
    assert!(footer(&mut desk).contains("enter go on  esc cancel"));
    desk.type_in("new key");
    desk.press("enter");
    assert!(footer(&mut desk).contains("y release  n cancel  tab other button  enter cancel"));
    desk.press("tab");
    assert!(footer(&mut desk).contains("enter release"));
    desk.press("esc j p");
    assert!(footer(&mut desk).contains("enter pause  esc cancel"));
    desk.press("esc * p");
    assert!(footer(&mut desk).contains("enter go on"));
}

#[test]
fn a_dialog_shows_its_keys_while_the_footer_says_something_else() {
    let mut desk = Desk::with(80, 24, wall());
    desk.press("l enter");
    assert!(footer(&mut desk).contains("a reason is needed"));
    assert!(desk.text().contains("enter go on  esc cancel"));
}

#[test]
fn a_dialog_shows_the_keys_that_a_person_has_chosen() {
    let mut desk = Desk::with(80, 24, wall());
    let keys = vec!["ctrl-y".parse::<Key>().unwrap()];
    desk.model.keymap.bind(Context::Confirm, Action::Yes, keys);
    desk.press("r");
    assert_eq!(desk.text().matches("ctrl-y rotate").count(), 2);
    assert!(!desk.text().contains("y yes"));
}

#[test]
fn the_footer_names_the_pane_that_tab_leads_to() {
    let mut desk = Desk::with(120, 40, wall());
    for (pane, next) in [
        (Pane::Lanes, "tab lane "),
        (Pane::Detail, "tab audit "),
        (Pane::Audit, "tab lanes "),
    ] {
        assert_eq!(desk.model.focus, pane);
        let said = footer(&mut desk);
        assert!(said.contains(next), "{pane:?}: {said}");
        desk.press("tab");
    }
    // There is no room for the audit there.
    let mut desk = Desk::with(120, 15, wall());
    desk.press("tab");
    assert!(footer(&mut desk).contains("tab lanes "));
}

#[test]
fn an_answer_that_names_its_lane_is_not_told_behind_that_name() {
    let mut desk = Desk::with(80, 24, wall());
    let about = Plain::new("pause crm-read");
    let note = Plain::new("crm-read is paused: it serves no call");
    desk.tell(Msg::Answered {
        about: about.clone(),
        answer: Ok(Accepted { note }),
    });
    assert_eq!(
        footer(&mut desk).trim(),
        "crm-read is paused: it serves no call"
    );
    let why = Refusal::NotNow(Plain::new("crm-read-2 has its key"));
    let answer = Err(why);
    desk.tell(Msg::Answered { about, answer });
    assert!(footer(&mut desk).contains("pause crm-read: crm-read-2 has its key"));
}

#[test]
fn lanes_are_sorted_by_what_a_column_is_called_on_the_screen_too() {
    for (typed, by) in [
        ("expires", SortBy::Expiry),
        ("EXPIRES", SortBy::Expiry),
        ("expiry", SortBy::Expiry),
        ("state", SortBy::Severity),
        ("lane", SortBy::Name),
    ] {
        let mut desk = Desk::with(80, 24, wall());
        desk.press(":");
        desk.type_in(&format!("sort {typed}"));
        desk.press("enter");
        assert!(desk.model.overlay.is_none(), "{typed}: {}", desk.text());
        assert_eq!(desk.model.lanes.sort().by, by, "{typed}");
    }
}

#[test]
fn the_help_page_explains_the_letters_and_short_words_of_the_table() {
    let mut desk = Desk::with(120, 200, wall());
    desk.press("?");
    let page = desk.text();
    for said in [
        "lanes: find and act",
        "with the keys in the audit",
        "states, worst first",
        "exp rev sco lim: times expired, revoked, scope, limited",
        "server, tool; R reads, W writes, D destroys",
    ] {
        assert!(page.contains(said), "{said} is missing:\n{page}");
    }
}

#[test]
fn what_an_upstream_said_stands_once_beside_a_refused_lane() {
    let mut refused = lane("github-audit", "github", "read_audit_log", "security");
    let verdict = Arc::new(Verdict {
        outcome: Outcome::ScopeInsufficient,
        evidence: Evidence {
            detail: Some(Plain::new("Must have admin rights.")),
            ..held("x").hold.unwrap().verdict.evidence.clone()
        },
    });
    refused.word = Word::Scope;
    refused.gate = Gate::Refused;
    refused.verdict = Some(Arc::clone(&verdict));
    refused.refusal = Some(Refused::Answer(verdict));
    let mut desk = Desk::with(120, 40, vec![refused.clone()]);
    assert_eq!(desk.text().matches("Must have admin rights.").count(), 1);
    assert!(
        desk.text()
            .contains("REFUSED by pre-flight for that answer")
    );
    // Another answer since then does not explain the refusal.
    refused.verdict = None;
    desk.learn(Update {
        lanes: vec![Arc::new(refused)],
        ..Update::default()
    });
    assert!(
        desk.text()
            .contains("by pre-flight: scope_insufficient, Must have")
    );
}

#[test]
fn a_lane_in_a_group_is_counted_in_that_group_by_name() {
    let mut desk = Desk::with(120, 40, wall());
    desk.press("b b");
    let picture = desk.text();
    assert!(
        picture.contains("lane 1 of ") && picture.contains(" in payments"),
        "{picture}"
    );
}

#[test]
fn a_held_lane_is_not_called_degraded_for_the_same_answer() {
    let mut lane = held("billing-refunds");
    lane.degraded = lane.hold.as_ref().map(|hold| Degraded {
        since: hold.since,
        verdict: Arc::clone(&hold.verdict),
    });
    assert!(lane.degraded.is_some());
    let mut desk = Desk::with(120, 40, vec![lane.clone()]);
    assert!(!desk.text().contains("DEGRADED"));
    lane.gate = Gate::Open;
    lane.word = Word::Degraded;
    let mut desk = Desk::with(120, 40, vec![lane]);
    assert!(desk.text().contains("DEGRADED for"));
}

#[test]
fn a_lane_whose_expiry_is_not_shown_does_not_lead_those_that_expire_soonest() {
    let mut dead = held("aaa-held");
    dead.credential = lane("x", "stripe", "get_x", "payments").credential;
    let alive = lane("zzz-alive", "stripe", "get_x", "payments");
    let mut desk = Desk::with(80, 24, vec![dead, alive]);
    desk.press(":");
    desk.type_in("sort expires");
    desk.press("enter g");
    assert_eq!(desk.selected(), "zzz-alive");
}
