//! Exit codes, and who answers: the engine that runs, or one pass.

use crate::bank::{Bank, Mood};
use crate::bench::find;
use crate::process::Home;
use lanewatch::lane::Word;

async fn home(bank: &Bank) -> Home {
    Home::with(
        bank,
        &(bank.key_lane("keys", None) + &bank.grant_lane("crm")),
    )
}

#[tokio::test]
async fn check_ends_with_zero_when_every_lane_is_good() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    let ended = home.run(&["check", "lanes.toml"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("all 2 lanes serve"), "{}", ended.out);
    let (code, checked) = home.json(&["check", "lanes.toml", "--json"]).await;
    assert_eq!(
        (code, &checked["ok"], &checked["from"]),
        (0, &true.into(), &"one_pass".into())
    );
}

#[tokio::test]
async fn check_ends_with_one_when_a_lane_is_refused_and_says_which() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    bank.world().revoke("keys", false);
    let ended = home.run(&["check", "lanes.toml"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.out.contains("1 of 2 lanes serve; 1 do not"),
        "{}",
        ended.out
    );
    let (code, checked) = home.json(&["check", "lanes.toml", "--json"]).await;
    assert_eq!((code, &checked["ok"]), (1, &false.into()));
}

#[tokio::test]
async fn check_ends_with_three_when_only_the_store_is_out_of_reach() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    bank.world().mood = Mood::Down;
    let ended = home.run(&["check", "lanes.toml"]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
}

#[tokio::test]
async fn a_secret_that_is_missing_is_a_lane_that_fails_and_not_a_store_out_of_reach() {
    let bank = Bank::start(3600).await;
    let lane = bank.key_lane_at("keys", "no/such/path");
    let home = Home::with(&bank, &lane);
    let ended = home.run(&["check", "lanes.toml"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
}

#[tokio::test]
async fn check_ends_with_four_when_the_audit_was_tampered_with() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    assert_eq!(home.run(&["check", "lanes.toml"]).await.code, 0);
    let journal = home.audit().join("journal.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let at = bytes.len() - 200;
    bytes[at] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    for arguments in [
        &["check", "lanes.toml"][..],
        &["status"],
        &["run", "lanes.toml"],
    ] {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(
            ended.err.contains("the audit is broken at record"),
            "{ended:?}"
        );
    }
    assert_eq!(home.run(&["audit", "verify"]).await.code, 4);
}

#[tokio::test]
async fn a_state_folder_that_cannot_be_made_ends_with_four_and_a_sentence() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    // A file stands where the folder belongs.
    std::fs::write(home.folder.path().join("state"), "in the way").unwrap();
    for arguments in [
        &["check", "lanes.toml"][..],
        &["status"],
        &["run", "lanes.toml"],
    ] {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(ended.err.contains("cannot be used"), "{ended:?}");
        assert!(ended.err.contains("XDG_STATE_HOME"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_running_engine_answers_check_and_status() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    let engine = home.start().await;
    let good = |lanes: &crate::bench::Lanes, name| find(lanes, name).word == Word::Ok;
    engine
        .until("all serve", |_, lanes| {
            good(lanes, "keys") && good(lanes, "crm")
        })
        .await;
    for arguments in [
        &["check", "lanes.toml", "--json"][..],
        &["status", "--json"],
    ] {
        let (code, said) = home.json(arguments).await;
        assert_eq!(
            (code, &said["from"]),
            (0, &"running_engine".into()),
            "{said:#}"
        );
    }
    bank.world().revoke("keys", false);
    engine
        .until("it is held", |_, lanes| {
            find(lanes, "keys").word == Word::Held
        })
        .await;
    for arguments in [&["check", "lanes.toml"][..], &["status"]] {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.out.contains("HELD"), "{ended:?}");
    }
    // A second engine is refused, and the first is none the worse for it.
    let second = home.run(&["run", "lanes.toml"]).await;
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.err.contains("already runs"), "{second:?}");
    engine.look().await;
    engine.stop().await;
}

#[tokio::test]
async fn status_of_a_running_engine_says_what_is_wrong_with_the_manifest_on_disk() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    let engine = home.start().await;
    home.write("nonsense = true");
    engine
        .until("it is rejected", |engine, _| {
            engine.manifest_trouble.is_some()
        })
        .await;
    let (_, said) = home.json(&["status", "--json"]).await;
    assert_eq!(said["from"], "running_engine", "{said:#}");
    let trouble = said["engine"]["manifest_trouble"].as_str().unwrap();
    assert!(trouble.contains("lanes.toml:1:1"), "{trouble}");
    // What is on disk is what `check` is about.
    assert_eq!(home.run(&["check", "lanes.toml"]).await.code, 2);
    engine.stop().await;
}

#[tokio::test]
async fn an_engine_is_asked_through_its_socket_and_its_refusals_have_codes() {
    let bank = Bank::start(3600).await;
    let home = home(&bank).await;
    let none = home.run(&["pause", "keys", "--reason", "x"]).await;
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.err.contains("no engine runs"), "{none:?}");

    let engine = home.start().await;
    let word = |lanes: &crate::bench::Lanes, word| find(lanes, "keys").word == word;
    engine.until_serving("keys").await;
    let unknown = home.run(&["refresh", "nobody"]).await;
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(
        unknown.err.contains("no lane is called nobody"),
        "{unknown:?}"
    );

    let refused = [
        &["release", "keys", "--reason", "x"][..],
        &["resume", "keys", "--reason", "x"],
        &["pause", "keys", "--reason", ""],
        &["pause", "keys", "--reason", " \u{1b} "],
    ];
    for arguments in refused {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, 1, "{ended:?}");
    }
    let no_time = home
        .run(&["pause", "keys", "--reason", "x", "--for", "soon"])
        .await;
    assert_eq!(no_time.code, 2, "{no_time:?}");

    let paused = home
        .run(&["pause", "keys", "--reason", "lunch", "--for", "1h"])
        .await;
    assert_eq!(paused.code, 0, "{paused:?}");
    engine
        .until("it is paused", |_, lanes| word(lanes, Word::Paused))
        .await;
    assert_eq!(
        home.run(&["pause", "keys", "--reason", "again"]).await.code,
        1
    );
    assert_eq!(
        home.run(&["resume", "keys", "--reason", "back"]).await.code,
        0
    );
    engine.until_serving("keys").await;

    let exchanged = bank.world().exchanged;
    assert_eq!(home.run(&["refresh", "crm"]).await.code, 0);
    engine
        .until("it was refreshed", |_, _| {
            bank.world().exchanged > exchanged
        })
        .await;
    bank.world().new_key("keys", None);
    let rotating = home.run(&["rotate", "keys", "--promoted"]).await;
    // The lane looks into its store by itself as well, and may have been faster.
    let faster = rotating.err.contains("is being tested already")
        || rotating.out.contains("the store holds no newer version");
    let expected = if faster { 1 } else { 0 };
    assert_eq!(rotating.code, expected, "{rotating:?}");
    engine
        .until("the new key serves", |_, lanes| {
            let credential = find(lanes, "keys").credential.clone();
            credential.is_some_and(|c| c.generation.0 >= 2) && word(lanes, Word::Ok)
        })
        .await;
    bank.world().revoke("keys", false);
    engine
        .until("it is held", |_, lanes| word(lanes, Word::Held))
        .await;
    assert_eq!(home.run(&["refresh", "keys"]).await.code, 1);
    assert_eq!(home.run(&["rotate", "keys"]).await.code, 1);
    bank.world().new_key("keys", None);
    assert_eq!(
        home.run(&["release", "keys", "--reason", "a new key"])
            .await
            .code,
        0
    );
    engine.until_serving("keys").await;
    engine.stop().await;
    // Who did it is in the audit.
    let query = ["audit", "query", "--kind", "lane_released", "--json"];
    let said = home.run(&query).await;
    assert!(
        said.out.contains("\"tester\"") && said.out.contains("a new key"),
        "{said:?}"
    );
}
