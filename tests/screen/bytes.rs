//! What the real screen costs on the wire.

use crate::Desk;
use crate::fixture::{at, engine, numbered, secs, wall};
use lanewatch::engine::Update;
use lanewatch::lane::{Expiry, ExpirySource};
use lanewatch::tui::encoder::Encoder;
use lanewatch::tui::update::Msg;
use std::sync::Arc;

/// Bytes of each of so many seconds, after the first frame.
fn seconds(desk: &mut Desk, count: i64) -> Vec<usize> {
    let mut encoder = Encoder::new(true);
    let mut sizes = Vec::new();
    for second in 0..=count {
        desk.now = at(second * 1_000);
        desk.tell(Msg::Tick);
        let mut bytes = Vec::new();
        encoder.encode(&mut desk.paint(), &mut bytes);
        sizes.push(bytes.len());
    }
    sizes.split_off(1)
}

#[test]
fn a_wall_of_37_lanes_ticking_in_seconds_stays_under_200_bytes_a_second() {
    let lanes = (0..37).map(|n| {
        let mut lane = numbered(n);
        if let Some(credential) = &mut lane.credential {
            credential.expiry = Some(Expiry {
                at: at(0).wall.plus(secs(70 + n)),
                source: ExpirySource::TokenResponse,
            });
        }
        lane
    });
    let mut desk = Desk::with(120, 40, lanes.collect());
    desk.press("z");
    assert_eq!(
        desk.text()
            .lines()
            .filter(|line| line.contains("lane-000"))
            .count(),
        37
    );
    let ticks = seconds(&mut desk, 60);
    let mean = ticks.iter().sum::<usize>() / ticks.len();
    assert!(mean <= 200, "{mean} bytes a second: {ticks:?}");
    assert!(ticks.iter().all(|tick| *tick <= 400), "{ticks:?}");
}

#[test]
fn a_quiet_wall_costs_at_most_40_bytes_a_second() {
    let mut lanes: Vec<_> = (0..37).map(numbered).collect();
    for lane in &mut lanes {
        if let Some(credential) = &mut lane.credential {
            credential.expiry = None;
        }
    }
    let mut desk = Desk::with(120, 40, lanes);
    let mut well = engine();
    well.stores.retain(|store| store.up == Some(true));
    desk.learn(Update {
        engine: Some(Arc::new(well)),
        ..Update::default()
    });
    desk.press("z");
    let ticks = seconds(&mut desk, 60);
    let mean = ticks.iter().sum::<usize>() / ticks.len();
    assert!(mean <= 40, "{mean} bytes a second: {ticks:?}");
}

#[test]
fn a_full_first_frame_is_a_few_kilobytes() {
    let mut desk = Desk::with(120, 40, wall());
    let mut bytes = Vec::new();
    Encoder::new(true).encode(&mut desk.paint(), &mut bytes);
    assert!(bytes.len() < 6_000, "{} bytes", bytes.len());
}
