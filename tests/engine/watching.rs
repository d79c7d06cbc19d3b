//! Secrets in files: a new one is taken up when it is put there, whole, whichever way that is done;
//! and an owner is waited for until then.

use crate::bench::Bench;
use crate::server::{Answer, Server};
use lanewatch::lane::{Gate, RecordKind, Step, Verb, Word};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

/// An API that accepts every key that ends in a digit.
async fn api() -> Server {
    Server::start(|ask| {
        let good = ask
            .bearer()
            .is_some_and(|key| key.ends_with(|c: char| c.is_ascii_digit()));
        match good {
            true => Answer::json(200, &json!({ "ok": true })),
            false => Answer::json(401, &json!({ "error": "no such key" })),
        }
    })
    .await
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A lane whose store is never asked by the clock within a test.
fn lane(api: &Server, name: &str, kind: &str, path: &str) -> String {
    format!(
        "[[lane]]\nname = \"{name}\"\nprovider = \"http\"\nbase_url = \"{}\"\n\
         route = {{ server = \"x\" }}\nstore_every = \"1h\"\nowner = \"acme\"\n\
         probe = {{ target = \"/me\", every = \"1h\" }}\n\
         [lane.credential]\nkind = \"{kind}\"\nstore = \"files\"\npath = \"{path}\"\n\
         overlap = \"0s\"\n",
        api.address
    )
}

const FILES: &str = "[stores.files]\nkind = \"file\"\nroot = \"keys\"\n";

async fn generation(bench: &Bench, lane: &str, wanted: u64) {
    bench
        .until_lane(lane, "the new key serves", |lane| {
            lane.credential.as_ref().map(|c| c.generation.0) == Some(wanted)
                && lane.gate == Gate::Open
        })
        .await;
}

#[tokio::test]
async fn a_file_that_is_replaced_rewritten_or_led_elsewhere_is_taken_up_by_its_lane_alone() {
    let api = api().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let keys = folder.path().join("keys");
    std::fs::create_dir(&keys).unwrap();
    for name in ["renamed", "rewritten", "other"] {
        write(&keys.join(name), &format!("{name}-1"));
    }
    // As Kubernetes does it: a link in the folder of links changes, and no file.
    for version in ["..1", "..2"] {
        std::fs::create_dir(keys.join(version)).unwrap();
        write(
            &keys.join(version).join("linked"),
            &format!("linked-{}", &version[2..]),
        );
    }
    symlink("..1", keys.join("..data")).unwrap();
    symlink("..data/linked", keys.join("linked")).unwrap();
    let names = ["renamed", "rewritten", "linked", "other"];
    let lanes = names.map(|name| lane(&api, name, "vault_reference", name));
    let bench = Bench::open(
        Arc::clone(&folder),
        &(FILES.to_owned() + &lanes.concat()),
        None,
    )
    .await;
    for name in names {
        bench.until_word(name, Word::Ok).await;
    }
    write(&keys.join("new"), "renamed-2");
    std::fs::rename(keys.join("new"), keys.join("renamed")).unwrap();
    std::fs::write(keys.join("rewritten"), "rewritten-2").unwrap();
    symlink("..2", keys.join("..tmp")).unwrap();
    std::fs::rename(keys.join("..tmp"), keys.join("..data")).unwrap();
    for name in ["renamed", "rewritten", "linked"] {
        generation(&bench, name, 2).await;
        assert_eq!(bench.count(name, RecordKind::CredentialLoadFailed), 0);
    }
    // Its way leads through another folder now: that one is watched as soon as the link is seen.
    bench
        .until("the other folder is watched", |_, lanes| {
            write(&keys.join("..2/new"), "linked-3");
            std::fs::rename(keys.join("..2/new"), keys.join("..2/linked")).unwrap();
            let linked = crate::bench::find(lanes, "linked");
            linked.credential.as_ref().map(|c| c.generation.0) == Some(3)
        })
        .await;
    generation(&bench, "other", 1).await;
    bench.stop().await;
}

#[tokio::test]
async fn an_owner_is_waited_for_and_the_key_is_taken_the_moment_the_store_has_it() {
    let api = api().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    let key = folder.path().join("keys/key");
    write(&key, "theirs-1");
    let text = FILES.to_owned() + &lane(&api, "crm", "byok", "key");
    let bench = Bench::open(Arc::clone(&folder), &text, None).await;
    bench.until_word("crm", Word::Ok).await;
    bench.ask("crm", Verb::Rotate).await.unwrap();
    bench
        .until_lane("crm", "it waits", |lane| {
            lane.step == Some(Step::AwaitingOwner)
        })
        .await;
    assert_eq!(
        bench.lane("crm").await.gate,
        Gate::Open,
        "the old one serves"
    );
    write(&key, "theirs-2");
    generation(&bench, "crm", 2).await;
    bench
        .until_record("it is completed", |r| {
            r.kind == RecordKind::RotationCompleted
        })
        .await;
    assert_eq!(bench.lane("crm").await.step, None);
    bench.stop().await;
}
