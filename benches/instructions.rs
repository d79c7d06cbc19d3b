//! So many frames of one kind at 10,000 lanes and nothing else, for a tool that counts instructions.
//!
//! `benches/instructions.sh` runs it under callgrind, twice with different numbers of frames, and
//! holds the difference against the limit. Time on a busy machine says little; a count of
//! instructions is the same every time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

#[path = "frame/desk.rs"]
mod desk;
#[path = "../tests/screen/fixture.rs"]
mod fixture;

use desk::Screen;
use fixture::{at, now, numbered};
use lanewatch::engine::Update;
use lanewatch::tui::key::Key;
use lanewatch::tui::update::{Msg, update};
use std::sync::Arc;

const LANES: u64 = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, count) = match arguments.as_slice() {
        [kind, count] => (kind.as_str(), count.parse::<i64>().unwrap()),
        _ => {
            eprintln!("usage: instructions tick|key|news FRAMES; see benches/instructions.sh");
            return;
        }
    };
    let mut screen = Screen::new(LANES);
    let few: Vec<_> = (0..33).map(|n| Arc::new(numbered(n * 300))).collect();
    for frame in 1..=count {
        match kind {
            "tick" => update(&mut screen.model, at(frame * 1_000), Msg::Tick),
            "key" => {
                let key = Key::char(if frame % 2 == 0 { 'k' } else { 'j' });
                update(&mut screen.model, now(), Msg::Key(key))
            }
            "news" => {
                let news = Update {
                    lanes: few.clone(),
                    ..Update::default()
                };
                update(&mut screen.model, now(), Msg::News(news))
            }
            other => panic!("{other} is no kind of frame"),
        };
        screen.frame();
    }
}
