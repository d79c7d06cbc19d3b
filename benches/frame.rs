//! What a frame costs with ten thousand lanes, and what it costs to learn of five hundred changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "frame/desk.rs"]
mod desk;
#[path = "../tests/screen/fixture.rs"]
mod fixture;

use criterion::{Criterion, criterion_group, criterion_main};
use desk::Screen;
use fixture::{at, news, now, numbered};
use lanewatch::engine::Update;
use lanewatch::plain::Plain;
use lanewatch::secret::Fingerprint;
use lanewatch::tui::key::Key;
use lanewatch::tui::model::GroupBy;
use lanewatch::tui::update::{Msg, update};
use std::sync::Arc;

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
