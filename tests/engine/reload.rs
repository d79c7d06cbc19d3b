//! The manifest is edited while its lanes run.

use crate::bank::Bank;
use crate::bench::{Bench, find};
use lanewatch::engine::LaneView;
use lanewatch::lane::{Gate, RecordKind, Verb, Word};
use std::sync::Arc;

struct Edited {
    bank: Bank,
    bench: Bench,
    head: String,
}

impl Edited {
    /// Three lanes: one that serves, one that is paused, one that is held.
    async fn start() -> Self {
        let bank = Bank::start(3600).await;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let head = bank.head(folder.path());
        let text = ["serving", "paused", "held"]
            .map(|name| bank.key_lane(name, None))
            .concat();
        let bench = Bench::open(folder, &(head.clone() + &text), None).await;
        for name in ["serving", "paused", "held"] {
            bench.until_word(name, Word::Ok).await;
        }
        let pause = Verb::Pause {
            reason: "kept".into(),
            until: None,
        };
        bench.ask("paused", pause).await.unwrap();
        bank.world().revoke("held", false);
        bench.until_word("held", Word::Held).await;
        Self { bank, bench, head }
    }

    fn write(&self, lanes: &str) {
        std::fs::write(&self.bench.file, self.head.clone() + lanes).unwrap();
    }

    fn lane(&self, name: &str) -> String {
        self.bank.key_lane_at(name, name)
    }
}

fn generation(lane: &LaneView) -> Option<u64> {
    lane.credential
        .as_ref()
        .map(|credential| credential.generation.0)
}

#[tokio::test]
async fn a_lane_that_is_added_is_proven_and_the_others_keep_what_they_are() {
    let edited = Edited::start().await;
    let bench = &edited.bench;
    let since = bench.lane("serving").await.since;
    let serving = bench.acquire("serving").await.unwrap().generation;
    let fresh = edited.bank.key_lane("fresh", None);
    let old = ["serving", "paused", "held"]
        .map(|name| edited.lane(name))
        .concat();
    edited.write(&(old + &fresh));
    bench
        .until("the new lane serves", |_, lanes| {
            lanes.len() == 4 && find(lanes, "fresh").gate == Gate::Open
        })
        .await;
    assert_eq!(bench.count("fresh", RecordKind::LaneAdded), 1);
    assert_eq!(bench.acquire("serving").await.unwrap().generation, serving);
    assert_eq!(bench.lane("serving").await.since, since);
    assert_eq!(bench.count("serving", RecordKind::PreflightStarted), 1);
    assert_eq!(bench.lane("paused").await.word, Word::Paused);
    assert_eq!(bench.lane("held").await.word, Word::Held);
    let (engine, _) = bench.look().await;
    assert_eq!(engine.lanes, 4);
    edited.bench.stop().await;
}

#[tokio::test]
async fn a_lane_that_is_removed_is_gone_and_one_that_comes_back_remembers_its_hold() {
    let edited = Edited::start().await;
    let bench = &edited.bench;
    edited.write(&edited.lane("serving"));
    bench
        .until("two lanes are gone", |engine, lanes| {
            engine.lanes == 1 && lanes.len() == 1
        })
        .await;
    assert!(bench.handle.acquire("held".into()).await.is_none());
    assert_eq!(bench.count("held", RecordKind::LaneRemoved), 1);
    assert!(bench.acquire("serving").await.is_ok());
    // Taking a lane out of the manifest is no way around a person's look.
    edited.write(
        &["serving", "paused", "held"]
            .map(|name| edited.lane(name))
            .concat(),
    );
    bench
        .until("they are back", |_, lanes| lanes.len() == 3)
        .await;
    assert_eq!(bench.lane("held").await.word, Word::Held);
    assert_eq!(bench.lane("paused").await.word, Word::Paused);
    edited.bench.stop().await;
}

#[tokio::test]
async fn a_lane_that_is_changed_is_proven_anew_and_a_hold_or_pause_stays() {
    let edited = Edited::start().await;
    let bench = &edited.bench;
    let before = generation(&*bench.lane("serving").await);
    let change = |name| {
        edited
            .lane(name)
            .replace("route = {", "owner = \"team\"\nroute = {")
    };
    let probe =
        |name| change(name).replace("target = \"/api\"", "target = \"/api\", every = \"3s\"");
    edited.write(&[change("serving"), probe("paused"), probe("held")].concat());
    bench
        .until("all are changed", |_, lanes| {
            let owner = |name| {
                find(lanes, name)
                    .info
                    .owner
                    .as_ref()
                    .map(|o| o.as_str() == "team")
            };
            ["serving", "paused", "held"]
                .iter()
                .all(|name| owner(name) == Some(true))
        })
        .await;
    bench.until_word("serving", Word::Ok).await;
    assert_eq!(generation(&*bench.lane("serving").await), before);
    assert_eq!(bench.lane("held").await.word, Word::Held);
    assert_eq!(bench.lane("paused").await.word, Word::Paused);
    assert!(bench.count("paused", RecordKind::LaneChanged) >= 1);
    edited.bench.stop().await;
}

#[tokio::test]
async fn a_lane_whose_source_is_changed_takes_the_other_secret() {
    let edited = Edited::start().await;
    let bench = &edited.bench;
    let key = edited.bank.world().new_key("elsewhere", None);
    let lanes = [
        edited.bank.key_lane_at("serving", "elsewhere"),
        edited.lane("paused"),
        edited.lane("held"),
    ];
    edited.write(&lanes.concat());
    bench
        .until_lane("serving", "the other key serves", |lane| {
            lane.info.source.as_str() == "bank:elsewhere#key"
                && generation(lane) == Some(2)
                && lane.gate == Gate::Open
        })
        .await;
    assert_eq!(bench.acquire("serving").await.unwrap().secret.expose(), key);
    edited.bench.stop().await;
}

#[tokio::test]
async fn a_mistake_keeps_the_last_good_manifest_and_says_its_place_until_it_is_mended() {
    let edited = Edited::start().await;
    let bench = &edited.bench;
    let good = ["serving", "paused", "held"]
        .map(|name| edited.lane(name))
        .concat();
    let mistakes = [
        edited
            .lane("serving")
            .replace("provider = \"http\"", "provider = \"htp\""),
        good.clone() + "\n[[lane]]\nname = \"serving\"\n",
        "[[lane".into(),
        "\u{0}".into(),
    ];
    for mistake in mistakes {
        edited.write(&mistake);
        bench
            .until("the mistake is shown", |engine, _| {
                let said = engine
                    .manifest_trouble
                    .as_ref()
                    .map_or("", |said| said.as_str());
                let place = said
                    .split_once("lanes.toml:")
                    .map_or("", |(_, place)| place);
                let mut numbers = place.split(':').map(str::parse::<usize>);
                let line = numbers.next().is_some_and(|number| number.is_ok());
                line && numbers.next().is_some_and(|number| number.is_ok())
            })
            .await;
        let (engine, lanes) = bench.look().await;
        assert_eq!((engine.lanes, lanes.len()), (3, 3));
        assert!(bench.acquire("serving").await.is_ok());
        edited.write(&good);
        bench
            .until("it is mended", |engine, _| {
                engine.manifest_trouble.is_none()
            })
            .await;
    }
    let rejected = bench.records();
    let rejected = rejected
        .iter()
        .filter(|r| r.kind == RecordKind::ManifestRejected);
    assert_eq!(rejected.count(), 4);
    assert_eq!(bench.count("serving", RecordKind::PreflightStarted), 1);
    // A manifest that is gone is no manifest without lanes.
    std::fs::remove_file(&bench.file).unwrap();
    bench
        .until("it is missed", |engine, _| {
            engine.manifest_trouble.is_some()
        })
        .await;
    assert!(bench.acquire("serving").await.is_ok());
    edited.bench.stop().await;
}

#[tokio::test]
async fn an_edit_right_after_the_start_is_not_missed() {
    let bank = Bank::start(3600).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let head = bank.head(folder.path());
    let bench = Bench::open(folder, &(head.clone() + &bank.key_lane("one", None)), None).await;
    // The engine's task has not had a turn yet, so nothing watches the file.
    std::fs::write(&bench.file, head + &bank.key_lane("two", None)).unwrap();
    bench
        .until("the edit is in force", |_, lanes| {
            lanes.len() == 1 && lanes[0].info.name.as_str() == "two" && lanes[0].gate == Gate::Open
        })
        .await;
    bench.stop().await;
}
