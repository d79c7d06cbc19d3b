//! Whatever is pressed, resized or learned: the selection is a lane, and nothing panics.

use crate::Desk;
use crate::fixture::{at, held, numbered, record, seen, verdict, wall};
use lanewatch::engine::{LaneView, Update};
use lanewatch::lane::{Basis, Outcome, RecordKind, Word};
use lanewatch::plain::Plain;
use lanewatch::tui::key::{Code, Key};
use lanewatch::tui::model::GroupBy;
use lanewatch::tui::update::Msg;
use proptest::prelude::*;
use std::sync::Arc;

fn any_key() -> impl Strategy<Value = Key> {
    let codes = [
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Backspace,
        Code::Delete,
        Code::Up,
        Code::Down,
        Code::Left,
        Code::Right,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
    ];
    prop_oneof![
        6 => prop::sample::select("jkgGrfplPdsSbbz/?yqn   *iuc+-=JK0[]\u{e9}漢:hx".chars().collect::<Vec<_>>()).prop_map(Key::char),
        4 => prop::sample::select(codes.to_vec()).prop_map(Key::plain),
        1 => prop::sample::select(vec!['c', 'l', 'u', 'w', 'z']).prop_map(Key::ctrl),
    ]
}

fn any_lane() -> impl Strategy<Value = LaneView> {
    (0_u64..60, 0_usize..14, 0_usize..9).prop_map(|(n, word, outcome)| {
        let word = Word::ALL[word];
        match word {
            Word::Held => held(&format!("lane-{n:05}")),
            _ => seen(
                numbered(n),
                word,
                verdict(Outcome::ALL[outcome], 418, "code", Basis::Inferred),
                n * 40,
            ),
        }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Paste(String),
    Resize(u16, u16),
    Lanes(Vec<LaneView>),
    Remove(u64),
    Records(u64),
    Wait(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => any_key().prop_map(Step::Key),
        1 => ".{0,30}".prop_map(Step::Paste),
        2 => (1_u16..=300, 1_u16..=100).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => (1_u16..=60, 1_u16..=20).prop_map(|(w, h)| Step::Resize(w, h)),
        2 => prop::collection::vec(any_lane(), 0..20).prop_map(Step::Lanes),
        1 => (0_u64..60).prop_map(Step::Remove),
        1 => (1_u64..200).prop_map(Step::Records),
        1 => (0_i64..10_000_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_selection_is_always_a_row_and_every_screen_can_be_drawn(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut desk = Desk::with(80, 24, wall());
        let mut seq = 2_000;
        let mut waited = 0;
        for step in steps {
            match step {
                Step::Key(key) => {
                    desk.tell(Msg::Key(key));
                }
                Step::Paste(text) => {
                    desk.tell(Msg::Paste(text));
                }
                Step::Resize(width, height) => {
                    desk.tell(Msg::Resize(width, height));
                }
                Step::Lanes(lanes) => {
                    desk.tell(Msg::News(Update {
                        lanes: lanes.into_iter().map(Arc::new).collect(),
                        ..Update::default()
                    }));
                }
                Step::Remove(n) => {
                    desk.tell(Msg::News(Update {
                        removed: vec![Plain::new(&format!("lane-{n:05}"))],
                        ..Update::default()
                    }));
                }
                Step::Records(count) => {
                    let records = (seq..seq + count)
                        .map(|seq| Arc::new(record(seq, RecordKind::ToolCall, "lane-00003", 0)));
                    desk.tell(Msg::News(Update { records: records.collect(), ..Update::default() }));
                    seq += count;
                }
                Step::Wait(ms) => {
                    waited += ms;
                    desk.now = at(waited);
                    desk.tell(Msg::Tick);
                }
            }
            desk.paint();
            let rows = desk.model.lanes.rows();
            prop_assert!(desk.model.row() < rows.max(1));
            let head = desk.model.selected_group().map(|group| group.row);
            prop_assert_eq!(desk.model.selection().is_some() || head.is_some(), rows > 0);
            prop_assert!(head.is_none_or(|row| row == desk.model.row()));
            prop_assert!(desk.model.lanes.marked() <= desk.model.lanes.total());
            let grouped = desk.model.lanes.groups().map(|group| group.lanes).sum::<usize>();
            let by_nothing = desk.model.lanes.grouped_by() == GroupBy::None;
            prop_assert!(by_nothing || grouped == desk.model.lanes.shown());
            prop_assert!(desk.model.lanes_top <= desk.model.row());
            if let Some(lane) = desk.model.selection() {
                let there = desk.model.lanes.at(desk.model.row()).unwrap();
                prop_assert_eq!(&there.info.name, &lane.info.name);
            }
        }
    }
}
