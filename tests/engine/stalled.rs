//! Two real processes share a grant, and the one that has it stops or dies in the middle.
//! `TAKEOVERS` says how often the second is measured.

use crate::bank::Bank;
use crate::bench::{DEADLINE, find};
use crate::process::{Home, Running, records};
use crate::real;
use lanewatch::engine::LaneView;
use lanewatch::lane::{RecordKind, Step, Verb, Word};
use rustix::process::Signal;
use std::time::Duration;
use tokio::time::Instant;

struct Both {
    bank: Bank,
    home: Home,
    one: Running,
    two: Running,
}

async fn start(home: &Home, name: &str) -> Running {
    let mut command = home.command(env!("CARGO_BIN_EXE_lanewatch"));
    command.arg("run").arg(home.folder.path().join(name));
    let running = Running::of(command).await;
    until(&running, "it serves", |lane| lane.word == Word::Ok).await;
    running
}

async fn until(running: &Running, what: &str, condition: impl Fn(&LaneView) -> bool) {
    running
        .until(what, |_, lanes| condition(&find(lanes, "crm")))
        .await;
}

impl Both {
    async fn start() -> Self {
        let bank = Bank::start(3600).await;
        let home = Home::new();
        let text = bank.head(home.folder.path()) + &bank.grant_lane("crm");
        for name in ["one.toml", "two.toml"] {
            std::fs::write(home.folder.path().join(name), &text).unwrap();
        }
        let one = start(&home, "one.toml").await;
        let two = start(&home, "two.toml").await;
        Self {
            bank,
            home,
            one,
            two,
        }
    }

    /// The first process has sent the grant, its server has used it up, and the answer is on its way.
    async fn one_is_in_the_middle(&self, answer_after: Duration) {
        self.bank.world().token_after = answer_after;
        let exchanged = self.bank.world().exchanged;
        self.one.ask("crm", Verb::Refresh).await;
        real::until("the request", async || {
            self.bank.world().exchanged > exchanged
        })
        .await;
    }

    fn grant_file(&self) -> std::path::PathBuf {
        let grants = self.home.folder.path().join("state/lanewatch/grants");
        let files = std::fs::read_dir(grants).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        files
            .find(|path| path.extension().is_none())
            .expect("the grant has a file")
    }

    fn holder(&self) -> i64 {
        let text = std::fs::read_to_string(self.grant_file()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let note: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        note["pid"].as_i64().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_holder_that_was_stopped_is_named_and_cannot_commit_over_what_came_meanwhile() {
    let both = Both::start().await;
    both.one_is_in_the_middle(Duration::from_millis(500)).await;
    both.one.signal(Signal::STOP);
    let pid = both.one.pid().to_string();
    both.two.ask("crm", Verb::Refresh).await;
    until(&both.two, "it waits and says for whom", |lane| {
        let Some(Step::Waiting { holder }) = &lane.step else {
            return false;
        };
        holder.as_str().contains(&pid) && holder.as_str().contains("is stopped")
    })
    .await;
    let exchanged = both.bank.world().exchanged;
    let grant = both.bank.world().new_grant("crm");
    both.one.signal(Signal::CONT);
    both.bank.world().token_after = Duration::ZERO;
    for running in [&both.one, &both.two] {
        until(running, "it serves", |lane| {
            lane.word == Word::Ok && matches!(lane.step, None | Some(Step::Overlapping))
        })
        .await;
    }
    let (record, _) = both.bank.world().newest("crm");
    let stored = record["refresh_token"].as_str().unwrap().to_owned();
    {
        let world = both.bank.world();
        assert!(world.tokens[&grant].spent, "the person's grant is in use");
        assert!(!world.tokens[&stored].spent, "its successor is stored");
        assert!(world.exchanged > exchanged);
        assert_eq!(world.refused, 0, "no used-up grant was shown");
    }
    let audit = both.one.socket.parent().unwrap().join("audit");
    let late = records(&audit)
        .into_iter()
        .find(|r| r.kind == RecordKind::RefreshFailed)
        .expect("the late answer is told of");
    assert_eq!(late.evidence.unwrap().rule.as_str(), "store/superseded");
    both.one.stop().await;
    both.two.stop().await;
}

#[tokio::test]
async fn a_grant_is_taken_over_when_its_holder_dies_and_its_doubt_is_raised() {
    let rounds = std::env::var("TAKEOVERS").ok();
    let rounds: usize = rounds.map_or(1, |text| text.parse().unwrap());
    let mut both = Both::start().await;
    let mut took = Vec::new();
    for _ in 0..rounds {
        both.one_is_in_the_middle(Duration::from_secs(30)).await;
        both.two.ask("crm", Verb::Refresh).await;
        until(&both.two, "it waits", |lane| {
            matches!(lane.step, Some(Step::Waiting { .. }))
        })
        .await;
        let heir = i64::from(both.two.pid());
        let exchanged = both.bank.world().exchanged;
        both.one.signal(Signal::KILL);
        let died = Instant::now();
        while both.holder() != heir {
            assert!(died.elapsed() < DEADLINE, "nobody took the grant over");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        took.push(died.elapsed());
        until(&both.two, "the doubt is raised", |lane| {
            lane.word == Word::Uncertain
        })
        .await;
        assert_eq!(
            both.bank.world().exchanged,
            exchanged,
            "tried again blindly"
        );
        assert_eq!(both.bank.world().refused, 0);
        both.bank.world().token_after = Duration::ZERO;
        both.bank.world().new_grant("crm");
        until(&both.two, "it goes on", |lane| lane.word == Word::Ok).await;
        both.one = start(&both.home, "one.toml").await;
    }
    took.sort_unstable();
    let (median, most) = (took[took.len() / 2], took[took.len() - 1]);
    println!("taken over after {median:?} (median), {most:?} (most) in {rounds} rounds");
    both.one.stop().await;
    both.two.stop().await;
}
