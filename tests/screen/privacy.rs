//! A shared screen shows nobody's names.

use crate::Desk;
use crate::fixture::{engine, wall};
use lanewatch::engine::{Command, Update};
use lanewatch::lane::Actor;
use lanewatch::plain::Plain;
use lanewatch::tui::update::{Effect, Msg};
use std::sync::Arc;

const VIEWS: [&str; 14] = [
    "",
    "enter",
    "tab tab enter",
    "b b",
    "b b b b b",
    "c",
    "p",
    "r",
    "?",
    "y",
    ":",
    "/",
    "z tab tab enter",
    "z tab tab F",
];

/// Everything that tells who: names of lanes, owners, accounts, people and places.
const TELLING: [&str; 15] = [
    "billing",
    "refunds",
    "crm-",
    "ledger",
    "payments",
    "growth",
    "platform",
    "acme",
    "maria",
    "3f9a12c0",
    "req_8f2",
    "api.stripe",
    "wiki/",
    "kv/",
    "campaign-",
];

fn private(width: u16, height: u16) -> Desk {
    let mut desk = Desk::with(width, height, wall());
    desk.learn(Update {
        engine: Some(Arc::new(engine())),
        ..Update::default()
    });
    desk.press("x");
    desk
}

#[test]
fn no_view_shows_a_name_an_owner_an_account_a_key_or_an_address() {
    for keys in VIEWS {
        for (width, height) in [(80, 24), (120, 40), (240, 60)] {
            let mut desk = private(width, height);
            for lane in 0..12 {
                desk.press(if lane == 0 { "g" } else { "j" });
                desk.press(keys);
                let screen = desk.text();
                for telling in TELLING {
                    assert!(
                        !screen.contains(telling),
                        "{keys:?} shows {telling}:\n{screen}"
                    );
                }
                desk.press("esc esc");
            }
        }
    }
}

#[test]
fn what_stands_for_a_lane_stays_the_same_and_the_mask_comes_off_again() {
    let mut desk = Desk::with(120, 40, wall());
    let before = desk.text();
    let selected = desk.selected();
    desk.press("x");
    let masked = desk.selected();
    assert!(masked.starts_with("lane-"), "{masked}");
    desk.learn(crate::fixture::news(wall()));
    assert_eq!(desk.selected(), masked);
    desk.press("x");
    assert_eq!(desk.selected(), selected);
    desk.press("g");
    assert_eq!(desk.text(), before);
}

#[test]
fn an_order_given_under_the_mask_is_for_the_real_lane_and_in_the_real_name() {
    let mut desk = private(120, 40);
    desk.press("g");
    let sent = desk.press("f");
    let Some(Effect::Send { command, about }) = sent else {
        panic!("{sent:?}");
    };
    let Command::Lane { lane, .. } = &command else {
        panic!("{command:?}");
    };
    assert_eq!(lane.as_str(), "billing-refunds");
    assert!(
        format!("{command:?}").contains(&format!("{:?}", Actor::Operator(Plain::new("maria"))))
    );
    assert!(about.as_str().contains("lane-"), "{about}");
}

#[test]
fn an_answer_is_masked_like_everything_else() {
    let mut desk = private(120, 40);
    desk.tell(Msg::Answered {
        about: Plain::new("refresh billing-refunds"),
        answer: Ok(lanewatch::engine::Accepted {
            note: Plain::new("refreshing billing-refunds"),
        }),
    });
    let status = desk.model.status.as_ref().unwrap().text.to_string();
    assert!(!status.contains("billing"), "{status}");
    assert!(status.contains("refreshing lane-"), "{status}");
}
