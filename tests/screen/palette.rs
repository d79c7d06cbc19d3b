//! Actions by their names, fuzzy filters, proposals, and what reaches the person.

use crate::Desk;
use crate::fixture::{at, held, lane, now, secs, wall};
use lanewatch::engine::{Command, Update};
use lanewatch::lane::{Verb, Word};
use lanewatch::plain::Plain;
use lanewatch::tui::encoder::{Encoder, Link};
use lanewatch::tui::model::Overlay;
use lanewatch::tui::reach::Call;
use lanewatch::tui::update::{Effect, Msg};
use lanewatch::tui::view::draw;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use std::sync::Arc;

fn command(desk: &mut Desk, line: &str) -> Option<Effect> {
    desk.press(":");
    desk.type_in(line);
    desk.press("enter")
}

fn asked(effect: Option<Effect>) -> (String, Verb) {
    match effect {
        Some(Effect::Send {
            command: Command::Lane { lane, verb, .. },
            ..
        }) => (lane.to_string(), verb),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_order_is_typed_in_one_line() {
    let mut desk = Desk::with(100, 30, wall());
    let effect = command(&mut desk, "pause crm-read 30m \"vendor incident\"");
    let (name, verb) = asked(effect);
    assert_eq!(name, "crm-read");
    let reason = Plain::new("vendor incident");
    let until = Some(now().wall.plus(secs(1_800)));
    assert_eq!(verb, Verb::Pause { reason, until });
    // What is missing is asked for.
    assert_eq!(command(&mut desk, "pause crm-read 30m"), None);
    assert!(matches!(desk.model.overlay, Some(Overlay::Form(_))));
    desk.type_in("looking");
    assert_eq!(asked(desk.press("enter")).0, "crm-read");
}

#[test]
fn danger_is_confirmed_also_when_it_is_typed_and_names_route_and_effect() {
    let mut desk = Desk::with(100, 30, wall());
    assert_eq!(
        command(&mut desk, "release billing-refunds key replaced"),
        None
    );
    let text = desk.text();
    for said in [
        "Release billing-refunds?",
        "create_refund",
        "Side effect: write",
        "key replaced",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(desk.press("enter"), None, "return cancels");
    assert_eq!(command(&mut desk, "rotate crm-read wiki-search"), None);
    assert!(desk.text().contains("Rotate 2 lanes?"));
    assert!(matches!(desk.press("y"), Some(Effect::SendAll { .. })));
}

#[test]
fn a_mistake_is_named_in_place_and_the_line_stays() {
    let mut desk = Desk::with(100, 30, wall());
    for (line, said) in [
        ("puase crm-read", "did you mean pause?"),
        ("pause crm-raed 30m x", "did you mean crm-read?"),
        ("pause crm-read 30x \"y\"", "is no span"),
        ("pause crm-read \"y", "a quote is not closed"),
        ("release crm-read because", "crm-read: not held"),
        ("drill crm-read expire", "is no sandbox lane"),
        ("sort by-luck", "no order is called"),
        ("help me", "help takes nothing"),
        ("fold", "lanes are not grouped"),
    ] {
        assert_eq!(command(&mut desk, line), None, "{line}");
        let text = desk.text();
        assert!(text.contains(said), "{line}: {text}");
        assert!(
            matches!(desk.model.overlay, Some(Overlay::Palette(_))),
            "{line}"
        );
        desk.press("esc");
    }
    desk.model.read_only = true;
    command(&mut desk, "pause crm-read 30m \"x\"");
    assert!(desk.text().contains("read-only: pause is off"));
}

#[test]
fn names_are_completed_and_lines_remembered() {
    let mut desk = Desk::with(100, 30, wall());
    let line = |desk: &Desk| match &desk.model.overlay {
        Some(Overlay::Palette(palette)) => palette.input.value().to_owned(),
        other => panic!("{other:?}"),
    };
    desk.press(":");
    desk.type_in("pau");
    desk.press("tab");
    assert_eq!(line(&desk), "pause ");
    desk.type_in("biref");
    desk.press("tab");
    assert_eq!(line(&desk), "pause billing-refunds ");
    desk.type_in("30m why not");
    asked(desk.press("enter"));
    command(&mut desk, "sort name");
    desk.press(": up up");
    assert_eq!(line(&desk), "pause billing-refunds 30m why not");
    desk.press("down down");
    assert_eq!(line(&desk), "");
    desk.type_in("crm");
    desk.press("esc :");
    desk.type_in("open crm-");
    desk.press("tab tab");
    assert!(line(&desk).starts_with("open crm-"));
    desk.press("enter");
    assert!(desk.selected().starts_with("crm-"));
}

#[test]
fn other_actions_take_what_they_need() {
    let mut desk = Desk::with(100, 30, wall());
    command(&mut desk, "group owner");
    assert!(desk.text().contains("grouped by owner"));
    command(&mut desk, "filter state:held");
    desk.model.settle();
    assert_eq!(desk.model.lanes.shown(), 1);
    command(&mut desk, "records lane:crm");
    assert_eq!(desk.model.trail.filter().text(), "lane:crm");
    assert_eq!(command(&mut desk, "quit"), Some(Effect::Quit));
}

#[test]
fn a_name_is_found_by_some_of_its_letters_and_they_are_made_visible() {
    let mut desk = Desk::with(100, 30, wall());
    desk.press("/");
    desk.type_in("crmrd");
    desk.model.settle();
    assert_eq!(desk.model.lanes.shown(), 1);
    desk.press("enter");
    let buffer = desk.paint();
    let row = (0..buffer.area.height)
        .find(|y| (0..20).any(|x| buffer[(x, *y)].symbol() == "▶"))
        .unwrap();
    let found: String = (0..buffer.area.width)
        .map(|x| &buffer[(x, row)])
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert_eq!(found, "crmrd");
}

#[test]
fn terms_are_proposed_and_completed() {
    let mut desk = Desk::with(100, 30, wall());
    desk.press("/");
    assert!(desk.text().contains("owner:"));
    desk.type_in("st");
    desk.press("tab");
    desk.type_in("he");
    desk.press("tab enter");
    assert_eq!(desk.model.lanes.filter().text().trim(), "state:held");
    desk.model.settle();
    assert_eq!(desk.model.lanes.shown(), 1);
    desk.press("/ ctrl-u");
    desk.type_in("owner:pay");
    desk.press("tab enter");
    assert_eq!(desk.model.lanes.filter().text().trim(), "owner:payments");
}

#[test]
fn a_lane_that_begins_to_need_a_person_calls_once_and_many_call_together() {
    let well = |name: &str| lane(name, "stripe", "get_x", "payments");
    let mut desk = Desk::with(100, 30, vec![held("old"), well("a"), well("b"), well("c")]);
    assert_eq!(
        desk.model.calls.take(),
        [],
        "what was so before calls nobody"
    );
    let news = |names: &[&str]| Update {
        lanes: names.iter().map(|name| Arc::new(held(name))).collect(),
        ..Update::default()
    };
    desk.learn(news(&["a"]));
    assert_eq!(desk.model.calls.take(), [Call::Alarm("a is HELD".into())]);
    desk.learn(news(&["a", "b"]));
    desk.learn(news(&["c"]));
    assert_eq!(desk.model.calls.take(), [], "not so soon again");
    desk.now = at(6_000);
    desk.tell(Msg::Tick);
    let called = desk.model.calls.take();
    assert_eq!(called, [Call::Alarm("b is HELD, c is HELD".into())]);
    assert_eq!(desk.model.lanes.counted(Word::Held), 4);
}

#[test]
fn what_can_be_copied_is_offered_and_taken() {
    let mut desk = Desk::with(100, 30, wall());
    desk.press("y");
    let text = desk.text();
    for said in [
        "lane",
        "billing-refunds",
        "fingerprint",
        "3f9a12c0",
        "req_8f2c11",
    ] {
        assert!(text.contains(said), "{said}");
    }
    desk.press("j j enter");
    assert_eq!(desk.model.calls.take(), [Call::Copy("req_8f2c11".into())]);
    desk.press("tab tab y enter");
    let Some(Call::Copy(record)) = desk.model.calls.take().pop() else {
        panic!("nothing was copied");
    };
    assert!(record.contains("\"seq\":1044"));
}

#[test]
fn a_link_is_paid_for_once_and_again_only_when_it_changes() {
    let mut encoder = Encoder::new(false);
    let picture = |text: &str| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 3));
        buffer.set_string(2, 1, text, ratatui::style::Style::new());
        buffer
    };
    let link = |target: &str| Link {
        y: 1,
        x: 2,
        end: 9,
        target: target.into(),
    };
    let mut send = |text: &str, links: Vec<Link>| {
        let mut out = Vec::new();
        encoder.encode_linked(&mut picture(text), links, &mut out);
        String::from_utf8(out).unwrap()
    };
    let page = "https://a.example/keys";
    let first = send("runbook here", vec![link(page)]);
    assert!(
        first.contains("\x1b]8;;https://a.example/keys\x1b\\runbook\x1b]8;;\x1b\\"),
        "{first:?}"
    );
    assert_eq!(send("runbook here", vec![link(page)]), "");
    let tail = send("runbook gone", vec![link(page)]);
    assert!(!tail.contains("]8;;"), "{tail:?}");
    let moved = send("runbook gone", vec![link("https://b.example")]);
    assert!(
        moved.contains("https://b.example") && !moved.contains("gone"),
        "{moved:?}"
    );
    let none = send("runbook gone", Vec::new());
    assert!(
        none.contains("runbook") && !none.contains("]8;"),
        "{none:?}"
    );
    assert_eq!(send("runbook gone", vec![link("https://a\x1b]0;x")]), "");
}

#[test]
fn the_runbook_leads_to_its_page_where_it_is_one() {
    let mut one = held("billing-refunds");
    let page = "https://wiki.example/runbooks/stripe-keys";
    Arc::make_mut(&mut one.info).runbook = Some(Plain::new(page));
    let mut desk = Desk::with(100, 30, vec![one]);
    desk.model.settle();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 30));
    let links = draw(&desk.model, &desk.look, &mut buffer);
    let link = links.first().expect("a link");
    let text: String = (link.x..link.end)
        .map(|x| buffer[(x, link.y)].symbol())
        .collect();
    assert_eq!(text, page);
    assert_eq!(&*link.target, page);
    let mut desk = Desk::with(100, 30, wall());
    desk.model.settle();
    let mut buffer = desk.paint();
    assert_eq!(draw(&desk.model, &desk.look, &mut buffer), []);
}
