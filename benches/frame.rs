//! What a frame costs with ten thousand lanes, and what it costs to learn of five hundred changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../tests/screen/fixture.rs"]
mod fixture;

use criterion::{Criterion, criterion_group, criterion_main};
use fixture::{at, news, now, numbered};
use lanewatch::engine::Update;
use lanewatch::plain::Plain;
use lanewatch::secret::Fingerprint;
use lanewatch::tui::encoder::Encoder;
use lanewatch::tui::key::Key;
use lanewatch::tui::model::{GroupBy, Model};
use lanewatch::tui::symbols;
use lanewatch::tui::theme::Theme;
use lanewatch::tui::update::{Msg, update};
use lanewatch::tui::view::{Look, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;
use std::sync::Arc;

struct Screen {
    model: Model,
    look: Look,
    encoder: Encoder,
    buffer: Buffer,
    bytes: Vec<u8>,
}

impl Screen {
    fn new(lanes: u64) -> Self {
        let mut model = Model::new(now(), (120, 40), Plain::new("bench"), false);
        update(
            &mut model,
            now(),
            Msg::News(news((0..lanes).map(numbered).collect())),
        );
        let look = Look {
            theme: Theme::built_in("dark").unwrap(),
            symbols: symbols::UNICODE,
        };
        let mut screen = Self {
            model,
            look,
            encoder: Encoder::new(true),
            buffer: Buffer::empty(Rect::ZERO),
            bytes: Vec::new(),
        };
        screen.frame();
        screen
    }

    fn frame(&mut self) {
        self.model.settle();
        self.buffer.resize(Rect::new(0, 0, 120, 40));
        self.buffer.reset();
        draw(&self.model, &self.look, &mut self.buffer);
        self.bytes.clear();
        self.encoder.encode(&mut self.buffer, &mut self.bytes);
        black_box(self.bytes.len());
    }
}

fn frames(criterion: &mut Criterion) {
    let mut screen = Screen::new(10_000);
    let mut second = 0;
    criterion.bench_function("a second passes, 10,000 lanes", |bench| {
        bench.iter(|| {
            second += 1;
            update(&mut screen.model, at(second % 3_000 * 1_000), Msg::Tick);
            screen.frame();
        });
    });
    let mut down = false;
    criterion.bench_function("a key is pressed, 10,000 lanes", |bench| {
        bench.iter(|| {
            down = !down;
            let key = Key::char(if down { 'j' } else { 'k' });
            update(&mut screen.model, now(), Msg::Key(key));
            screen.frame();
        });
    });
    let changes: Vec<Vec<_>> = (0..2_u64)
        .map(|turn| {
            let lanes = (0..500).map(|n| Arc::new(numbered(n * 19 + turn)));
            lanes.collect()
        })
        .collect();
    let mut turn = 0;
    criterion.bench_function("500 lanes change, 10,000 lanes", |bench| {
        bench.iter(|| {
            turn += 1;
            let lanes = changes[turn % 2].clone();
            update(
                &mut screen.model,
                now(),
                Msg::News(Update {
                    lanes,
                    ..Update::default()
                }),
            );
            screen.frame();
        });
    });
    let few: Vec<_> = changes[0].iter().take(33).cloned().collect();
    criterion.bench_function("33 lanes change (a fifteenth of 500 a second)", |bench| {
        bench.iter(|| {
            let lanes = few.clone();
            update(
                &mut screen.model,
                now(),
                Msg::News(Update {
                    lanes,
                    ..Update::default()
                }),
            );
            screen.frame();
        });
    });
}

/// The same in groups: a group for each owner, and half as many groups as lanes.
fn groups(criterion: &mut Criterion) {
    for (name, by) in [
        ("grouped by owner", GroupBy::Owner),
        ("grouped by 5,000 shared keys", GroupBy::Key),
    ] {
        let mut screen = Screen::new(10_000);
        let lane = |n: u64| {
            let mut lane = numbered(n);
            lane.shares_key_with = vec![Plain::new("its twin")];
            if let Some(credential) = &mut lane.credential {
                credential.fingerprint = Fingerprint::from_bytes((n / 2).to_be_bytes());
            }
            lane
        };
        let all = news((0..10_000).map(lane).collect());
        update(&mut screen.model, now(), Msg::News(all));
        screen.model.lanes.group_by(by);
        screen.frame();
        let few: Vec<_> = (0..33).map(|n| Arc::new(lane(n * 300))).collect();
        criterion.bench_function(&format!("33 lanes change, 10,000 lanes {name}"), |bench| {
            bench.iter(|| {
                let lanes = few.clone();
                update(
                    &mut screen.model,
                    now(),
                    Msg::News(Update {
                        lanes,
                        ..Update::default()
                    }),
                );
                screen.frame();
            });
        });
        let mut second = 0;
        criterion.bench_function(&format!("a second passes, 10,000 lanes {name}"), |bench| {
            bench.iter(|| {
                second += 1;
                update(&mut screen.model, at(second % 3_000 * 1_000), Msg::Tick);
                screen.frame();
            });
        });
    }
}

criterion_group!(benches, frames, groups);
criterion_main!(benches);
