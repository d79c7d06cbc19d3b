//! Keys that their provider replaces when it is asked to: stored before they are used, never asked for
//! twice, deleted when they serve no more, and given back their place when the new one is no good.

use crate::bank::{Bank, Mood};
use crate::bench::Bench;
use crate::server::{Answer, Ask, Server};
use lanewatch::engine::clock;
use lanewatch::lane::{Gate, RecordKind, Verb, Wall, Word};
use lanewatch::provider::Catalog;
use lanewatch::secret::Secret;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What a provider does with a request for a new key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Well,
    /// It does what it is asked, and its answer is lost.
    Lost,
    /// It does what it is asked, and its answer takes a while.
    Slow,
    /// It gives keys that open nothing.
    Broken,
}

struct Keys {
    manner: Manner,
    /// Every key that was ever given out, and whether it lives.
    keys: BTreeMap<String, bool>,
    asked_for_new: usize,
    deleted: usize,
    /// Requests with a new key that its servers do not know yet.
    unknown_for: usize,
    /// Keys that were shown while the store did not have them.
    unstored: Vec<String>,
}

struct Provider {
    server: Server,
    keys: Arc<Mutex<Keys>>,
}

impl Provider {
    async fn start(
        first: &str,
        answer: impl Fn(&mut Keys, &Ask) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let keys = Arc::new(Mutex::new(Keys {
            manner: Manner::Well,
            keys: BTreeMap::from([(first.to_owned(), true)]),
            asked_for_new: 0,
            deleted: 0,
            unknown_for: 0,
            unstored: Vec::new(),
        }));
        let world = Arc::clone(&keys);
        let server = Server::start(move |ask| answer(&mut world.lock().unwrap(), ask)).await;
        Self { server, keys }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap()
    }

    fn living(&self) -> Vec<String> {
        let keys = self.keys();
        let living = keys.keys.iter().filter(|(_, lives)| **lives);
        living.map(|(key, _)| key.clone()).collect()
    }
}

/// A bank whose record at `lane` has that key, and an engine with a lane for it.
async fn bench(bank: &Bank, provider: &Provider, pack: &str, key: &str, more: &str) -> Bench {
    let ends = clock::now().wall.plus(Duration::from_secs(30 * 24 * 3600));
    let record = json!({ "key": key, "expires_at": ends.to_string() });
    bank.world().put("lane", record);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let text = format!(
        "{}\n[[lane]]\nname = \"lane\"\nprovider = \"{pack}\"\nbase_url = \"{}\"\n\
         route = {{ server = \"x\" }}\n\
         [lane.credential]\nkind = \"managed_key\"\npath = \"lane\"\nfield = \"key\"\n\
         rotate = true\noverlap = \"0s\"\n{more}",
        bank.head(folder.path()),
        provider.server.address
    );
    let bench = Bench::open(folder, &text, None).await;
    bench.until_word("lane", Word::Ok).await;
    bench
}

fn stored(bank: &Bank, field: &str) -> String {
    let (record, _) = bank.world().newest("lane");
    record[field].as_str().unwrap_or_default().to_owned()
}

async fn gitlab(bank: &Arc<Bank>) -> Provider {
    let store = Arc::clone(bank);
    Provider::start("glpat-1", move |keys, ask| {
        let shown = ask.bearer().unwrap_or_default().to_owned();
        let day = |at: Wall| at.to_utc().unwrap().format("%Y-%m-%d").to_string();
        let rotates = ask.path.ends_with("/self/rotate");
        if keys.keys.get(&shown) != Some(&true) {
            if rotates {
                // Who rotates with a dead token is taken for a thief.
                keys.keys.values_mut().for_each(|lives| *lives = false);
            }
            let text = "Token was revoked. You have to re-authorize from the user.";
            let said = json!({ "error": "invalid_token", "error_description": text });
            return Answer::json(401, &said);
        }
        if stored(&store, "key") != shown {
            keys.unstored.push(shown.clone());
        }
        let ends = clock::now().wall.plus(Duration::from_secs(30 * 24 * 3600));
        let about = json!({ "id": 1, "active": true, "scopes": ["api"], "expires_at": day(ends) });
        if !rotates {
            return Answer::json(200, &about);
        }
        keys.asked_for_new += 1;
        let new = format!("glpat-{}", keys.asked_for_new + 1);
        keys.keys.insert(shown, false);
        keys.keys.insert(new.clone(), true);
        if keys.manner == Manner::Lost {
            return Answer::Nothing;
        }
        let asked: serde_json::Value = serde_json::from_str(&ask.body).unwrap();
        let said = json!({ "token": new, "expires_at": asked["expires_at"] });
        let answer = Answer::json(200, &said);
        match keys.manner {
            Manner::Slow => answer.after(Duration::from_millis(900)),
            _ => answer,
        }
    })
    .await
}

#[tokio::test]
async fn an_old_key_that_is_seen_dead_before_the_new_one_is_here_is_no_revocation() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = gitlab(&bank).await;
    let bench = bench(&bank, &provider, "gitlab", "glpat-1", "").await;
    provider.keys().manner = Manner::Slow;
    bench.ask("lane", Verb::Rotate).await.unwrap();
    bench
        .until_record("its end was seen", |r| r.kind == RecordKind::TokenExpired)
        .await;
    bench
        .until_lane("lane", "the new key serves", |lane| {
            lane.credential.as_ref().map(|c| c.generation.0) == Some(2) && lane.gate == Gate::Open
        })
        .await;
    assert_eq!(bench.count("lane", RecordKind::LaneHeld), 0);
    assert_eq!(
        bench.count("lane", RecordKind::DegradedOpened),
        1,
        "and it is told"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_key_that_dies_with_the_answer_is_stored_before_anything_else_happens() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = gitlab(&bank).await;
    let bench = bench(&bank, &provider, "gitlab", "glpat-1", "").await;
    for round in 2..4 {
        bench.ask("lane", Verb::Rotate).await.unwrap();
        bench
            .until_lane("lane", "the new key serves", |lane| {
                lane.credential.as_ref().map(|c| c.generation.0) == Some(round)
                    && lane.gate == Gate::Open
            })
            .await;
    }
    assert_eq!(provider.living(), ["glpat-3"]);
    assert_eq!(stored(&bank, "key"), "glpat-3");
    assert!(stored(&bank, "expires_at").starts_with("20"));
    assert_eq!(provider.keys().unstored, Vec::<String>::new());
    bench
        .until("the rotations are completed", |_, _| {
            bench.count("lane", RecordKind::RotationCompleted) == 2
        })
        .await;
    assert_eq!(bench.count("lane", RecordKind::LaneHeld), 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_is_raised_and_never_asked_for_again() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = gitlab(&bank).await;
    let bench = bench(&bank, &provider, "gitlab", "glpat-1", "").await;
    provider.keys().manner = Manner::Lost;
    bench.ask("lane", Verb::Rotate).await.unwrap();
    bench
        .until_record("it is uncertain", |r| {
            r.kind == RecordKind::RefreshUncertain
        })
        .await;
    // The old key died with the answer that was lost: its own proof finds that out.
    bench.until_word("lane", Word::Held).await;
    assert_eq!(provider.keys().asked_for_new, 1);
    let (folder, _) = bench.stop().await;
    // Nor does the next start ask again.
    let text = std::fs::read_to_string(folder.path().join("lanes.toml")).unwrap();
    let again = Bench::open(folder, &text, None).await;
    again.until_word("lane", Word::Held).await;
    assert_eq!(provider.keys().asked_for_new, 1);
    assert_eq!(provider.living(), ["glpat-2"], "and no family was killed");
    // A person looks at the provider, and puts a good key into the store.
    bank.world().put("lane", json!({ "key": "glpat-2" }));
    again.release("lane").await;
    again.until_word("lane", Word::Ok).await;
    again.stop().await;
}

#[tokio::test]
async fn a_new_key_waits_for_a_store_that_is_down_and_serves_nobody_before() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = gitlab(&bank).await;
    let bench = bench(&bank, &provider, "gitlab", "glpat-1", "").await;
    let world = Arc::clone(&bank);
    // It goes down between the reading and the writing: at the moment the provider answers.
    let down = async {
        while provider.keys().asked_for_new == 0 {
            tokio::task::yield_now().await;
        }
        world.world().mood = Mood::Down;
    };
    let (asked, ()) = tokio::join!(bench.ask("lane", Verb::Rotate), down);
    asked.unwrap();
    bench
        .until_lane("lane", "it served, or waits for its store", |lane| {
            lane.degraded.is_some()
                || lane.gate != Gate::Open
                || lane
                    .credential
                    .as_ref()
                    .is_some_and(|c| c.generation.0 == 2)
        })
        .await;
    bank.world().mood = Mood::Well;
    bench
        .until_lane("lane", "the new key serves", |lane| {
            lane.credential.as_ref().map(|c| c.generation.0) == Some(2) && lane.gate == Gate::Open
        })
        .await;
    assert_eq!(provider.keys().asked_for_new, 1);
    assert_eq!(stored(&bank, "key"), "glpat-2");
    bench.stop().await;
}

/// IAM and STS: two keys a user, every request signed.
async fn aws(bank: &Arc<Bank>) -> Provider {
    let store = Arc::clone(bank);
    let sign = Arc::new(Catalog::builtin());
    Provider::start("AKIA1:secret-1", move |keys, ask| {
        let error = |status, code: &str| {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error>\
                 <RequestId>r</RequestId></ErrorResponse>"
            );
            Answer::new(status, "text/xml", body)
        };
        let shown = ask.header("authorization").unwrap_or_default();
        let id = shown.split_once("Credential=").map_or("", |(_, rest)| rest);
        let id = id.split('/').next().unwrap_or_default().to_owned();
        let known = keys
            .keys
            .iter()
            .find(|(key, _)| key.starts_with(&format!("{id}:")))
            .map(|(key, lives)| (key.clone(), *lives));
        let Some((key, true)) = known else {
            return error(403, "InvalidClientTokenId");
        };
        // What was signed is what arrived: host, date, kind and body.
        let date = ask.header("x-amz-date").unwrap_or_default();
        let stamp = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").unwrap();
        let now = Wall(stamp.and_utc().timestamp_millis());
        let host = ask.header("host").unwrap_or_default();
        let url = format!("http://{host}{}", ask.path).parse().unwrap();
        let body = (
            ask.body.as_str(),
            ask.header("content-type").unwrap_or_default(),
        );
        let signing = sign.get("aws-keys").unwrap().signing().unwrap().clone();
        let secret = Secret::new(key.clone());
        let right = signing.headers(&secret, &ask.method, &url, Some(body), now);
        if right.unwrap()[0].1.expose() != shown {
            return error(403, "SignatureDoesNotMatch");
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(ask.body.as_bytes())
            .into_owned()
            .collect();
        let old = key == "AKIA1:secret-1";
        match form["Action"].as_str() {
            "GetCallerIdentity" => {
                if stored(&store, "key") != key && stored(&store, "previous") != key {
                    keys.unstored.push(key);
                }
                if !old && (keys.manner == Manner::Broken || keys.unknown_for > 0) {
                    keys.unknown_for = keys.unknown_for.saturating_sub(1);
                    return error(403, "InvalidClientTokenId");
                }
                Answer::new(200, "text/xml", "<GetCallerIdentityResponse/>")
            }
            "CreateAccessKey" => {
                if keys.keys.values().filter(|lives| **lives).count() >= 2 {
                    return error(409, "LimitExceeded");
                }
                keys.asked_for_new += 1;
                let n = keys.asked_for_new + 1;
                keys.keys.insert(format!("AKIA{n}:secret-{n}"), true);
                let body = format!(
                    "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey>\
                     <AccessKeyId>AKIA{n}</AccessKeyId><Status>Active</Status>\
                     <SecretAccessKey>secret-{n}</SecretAccessKey>\
                     </AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"
                );
                Answer::new(200, "text/xml", body)
            }
            "DeleteAccessKey" => {
                let id = format!("{}:", form["AccessKeyId"]);
                for (key, lives) in &mut keys.keys {
                    *lives &= !key.starts_with(&id);
                }
                keys.deleted += 1;
                Answer::new(200, "text/xml", "<DeleteAccessKeyResponse/>")
            }
            other => panic!("nobody asks for {other}"),
        }
    })
    .await
}

#[tokio::test]
async fn a_second_key_is_created_tested_though_not_known_everywhere_and_the_first_is_deleted() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = aws(&bank).await;
    let bench = bench(&bank, &provider, "aws-keys", "AKIA1:secret-1", "").await;
    provider.keys().unknown_for = 2;
    for round in 2..4 {
        bench.ask("lane", Verb::Rotate).await.unwrap();
        let one = format!("AKIA{round}:secret-{round}");
        bench
            .until("only the new key lives", |_, _| {
                provider.living() == [one.clone()]
            })
            .await;
        bench
            .until("the record has it alone", |_, _| {
                stored(&bank, "key") == one && stored(&bank, "previous").is_empty()
            })
            .await;
    }
    assert_eq!(provider.keys().unstored, Vec::<String>::new());
    bench
        .until("both old keys are retired", |_, _| {
            bench.count("lane", RecordKind::CredentialRetired) == 2
        })
        .await;
    for bad in [
        RecordKind::LaneHeld,
        RecordKind::RetireFailed,
        RecordKind::DegradedOpened,
    ] {
        assert_eq!(bench.count("lane", bad), 0, "{bad}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_second_key_that_opens_nothing_gives_its_place_back_and_is_deleted() {
    let bank = Arc::new(Bank::start(60).await);
    let provider = aws(&bank).await;
    let more = "settle = \"300ms\"\n";
    let bench = bench(&bank, &provider, "aws-keys", "AKIA1:secret-1", more).await;
    provider.keys().manner = Manner::Broken;
    bench.ask("lane", Verb::Rotate).await.unwrap();
    bench
        .until_record("it failed its test", |r| {
            r.kind == RecordKind::RotationFailed
        })
        .await;
    bench
        .until("the old key is alone again", |_, _| {
            provider.keys().deleted > 0
                && provider.living() == ["AKIA1:secret-1"]
                && stored(&bank, "key") == "AKIA1:secret-1"
        })
        .await;
    let lease = bench.acquire("lane").await.expect("the old one serves");
    assert_eq!(lease.secret.expose(), "AKIA1:secret-1");
    assert_eq!(bench.count("lane", RecordKind::LaneHeld), 0);
    bench.stop().await;
}
