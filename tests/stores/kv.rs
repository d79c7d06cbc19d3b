//! Reading and writing a real OpenBao, and what its outages look like.

use crate::real::{Bao, Fault, Proxy};
use crate::{fields, openbao, source};
use lanewatch::lane::{Outcome, StoreVersion};
use lanewatch::store::StoreError;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_record_is_read_with_its_version_and_written_without_losing_its_other_fields() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let token = source("team/git hub?", Some("token"));
    bao.kv_put(
        "team/git%20hub%3F",
        json!({"token": "one", "user": "bob", "n": {"deep": [1.5]}}),
    )
    .await;

    let first = store.read(&token).await.unwrap();
    assert_eq!(first.field(&token).unwrap().expose(), "one");
    assert_eq!(first.fields["user"].expose(), "bob");
    assert_eq!(first.version, Some(StoreVersion("1".into())));
    assert!(first.created.is_some());

    let written = store
        .write(&token, &fields(&[("token", "two")]), first.version.as_ref())
        .await;
    assert_eq!(written.unwrap(), StoreVersion("2".into()));
    assert_eq!(
        bao.kv_get("team/git%20hub%3F").await,
        json!({"token": "two", "user": "bob", "n": {"deep": [1.5]}})
    );
}

#[tokio::test]
async fn a_write_that_expects_an_older_version_changes_nothing() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    let seen = store.read(&token).await.unwrap().version;
    bao.kv_put("gh", json!({"token": "somebody else's"})).await;

    let late = store
        .write(&token, &fields(&[("token", "mine")]), seen.as_ref())
        .await;
    assert_eq!(late.unwrap_err(), StoreError::Conflict);
    assert_eq!(bao.kv_get("gh").await, json!({"token": "somebody else's"}));
}

#[tokio::test]
async fn of_two_writers_at_once_one_is_told_that_it_lost() {
    let bao = Bao::start().await;
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    let (left, right) = (openbao(bao.spec()), openbao(bao.spec()));
    let seen = left.read(&token).await.unwrap().version;
    let (left_new, right_new) = (fields(&[("token", "left")]), fields(&[("token", "right")]));
    let (a, b) = tokio::join!(
        left.write(&token, &left_new, seen.as_ref()),
        right.write(&token, &right_new, seen.as_ref()),
    );
    let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
    assert_eq!(won.unwrap(), StoreVersion("2".into()));
    assert_eq!(lost.unwrap_err(), StoreError::Conflict);
}

#[tokio::test]
async fn a_deleted_secret_is_told_from_one_that_never_was_and_both_can_be_written() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let (gone, never) = (source("gone", Some("t")), source("never", None));
    bao.kv_put("gone", json!({"t": "one"})).await;
    bao.kv_delete("gone").await;

    let deleted = store.read(&gone).await.unwrap_err();
    assert!(matches!(deleted, StoreError::Deleted(_)), "{deleted}");
    let missing = store.read(&never).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
    assert!(!deleted.is_outage() && !missing.is_outage());

    let version = store.write(&gone, &fields(&[("t", "two")]), None).await;
    assert_eq!(version.unwrap(), StoreVersion("2".into()));
    let version = store.write(&never, &fields(&[("", "first")]), None).await;
    assert_eq!(version.unwrap(), StoreVersion("1".into()));
    assert_eq!(bao.kv_get("never").await, json!({"value": "first"}));

    let mut elsewhere = bao.spec();
    elsewhere.mount = "no-such-engine".into();
    let missing = openbao(elsewhere).read(&never).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
}

#[tokio::test]
async fn a_field_that_cannot_serve_is_named_and_the_store_is_not_called_down() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    bao.kv_put("odd", json!({"number": 7, "empty": "", "text": "t"}))
        .await;
    for (field, said) in [
        (Some("number"), "its field `number` is a number, not text"),
        (Some("empty"), "its field `empty` is empty"),
        (
            Some("no"),
            "it has no field `no`; it has `empty`, `number`, `text`",
        ),
        (None, "say in the manifest which one with `field`"),
    ] {
        let error = store.read(&source("odd", field)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unusable(_)) && !error.is_outage());
        assert!(error.to_string().ends_with(said), "{error}");
    }
    for path in ["", "a//b", "../sys/mounts", "a/./b"] {
        let error = store.read(&source(path, None)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unusable(_)), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_sealed_store_says_so_until_it_is_unsealed() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.seal().await;
    let sealed = store.read(&token).await.unwrap_err();
    assert_eq!(sealed, StoreError::Sealed);
    assert!(sealed.is_outage());
    assert_eq!(sealed.verdict().outcome, Outcome::StoreUnavailable);
    let written = store
        .write(&token, &fields(&[("token", "two")]), None)
        .await;
    assert_eq!(written.unwrap_err(), StoreError::Sealed);

    bao.unseal().await;
    // It answers a moment after the key is in.
    let opened = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match store.read(&token).await {
                Ok(record) => break record,
                Err(error) => assert!(error.is_outage(), "{error}"),
            }
        }
    });
    assert_eq!(opened.await.unwrap().fields["token"].expose(), "one");
}

#[tokio::test]
async fn a_store_that_was_killed_and_is_back_is_read_once_it_is_unsealed() {
    let mut bao = Bao::start_on_files().await;
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.kill();
    bao.start_again().await;
    let store = openbao(bao.spec());
    let sealed = store.read(&source("gh", None)).await.unwrap_err();
    assert_eq!(sealed, StoreError::Sealed);
    bao.unseal().await;
    let back = async {
        loop {
            match store.read(&source("gh", None)).await {
                Ok(record) => break record,
                Err(error) => assert!(error.is_outage(), "{error}"),
            }
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(30), back).await;
    assert_eq!(record.unwrap().fields["token"].expose(), "one");
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up_in_time_and_works_when_it_is_back() {
    let bao = Bao::start().await;
    let mut spec = bao.spec();
    spec.timeout = Duration::from_millis(300);
    let store = openbao(spec);
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    store.read(&token).await.unwrap();

    bao.freeze();
    let error = store.read(&token).await.unwrap_err();
    assert_eq!(error, StoreError::Timeout(300));
    assert!(error.is_outage());
    bao.thaw();
    let back = openbao(bao.spec()).read(&token).await.unwrap();
    assert_eq!(back.fields["token"].expose(), "one");
}

#[tokio::test]
async fn a_quota_is_a_limit_and_not_a_refusal() {
    let bao = Bao::start().await;
    let store = openbao(bao.spec());
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.quota(1).await;
    let limited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Err(error) = store.read(&token).await {
                break error;
            }
        }
    });
    let limited = limited.await.unwrap();
    assert!(matches!(limited, StoreError::Limited { .. }), "{limited}");
    assert!(limited.is_outage());
}

#[tokio::test]
async fn tls_needs_the_authority_that_signed_the_servers_certificate() {
    let bao = Bao::start_tls().await;
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    let record = openbao(bao.spec()).read(&token).await.unwrap();
    assert_eq!(record.fields["token"].expose(), "one");

    let mut stranger = bao.spec();
    stranger.ca_file = None;
    let error = openbao(stranger).read(&token).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");

    let mut wrong = bao.spec();
    let empty = tempfile::NamedTempFile::new().unwrap();
    wrong.ca_file = Some(empty.path().to_owned());
    let error = openbao(wrong).read(&token).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("holds no PEM certificate; `ca_file` must name one"),
        "{error}"
    );
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_looked_up_and_never_written_twice() {
    let bao = Bao::start().await;
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one", "user": "bob"}))
        .await;
    let proxy = Proxy::before(&bao.url).await;
    let mut spec = bao.spec();
    spec.address = proxy.in_place_of(&bao.url);
    let store = openbao(spec);
    let seen = store.read(&token).await.unwrap().version;
    proxy.next("POST ", Fault::LoseAnswer);
    let written = store
        .write(&token, &fields(&[("token", "two")]), seen.as_ref())
        .await;
    assert_eq!(written.unwrap(), StoreVersion("2".into()));
    assert_eq!(proxy.count("POST "), 1);
    assert_eq!(
        bao.kv_get("gh").await,
        json!({"token": "two", "user": "bob"})
    );
}

#[tokio::test]
async fn a_write_that_could_not_even_look_has_certainly_written_nothing() {
    let bao = Bao::start().await;
    let token = source("gh", Some("token"));
    bao.kv_put("gh", json!({"token": "one"})).await;
    let proxy = Proxy::before(&bao.url).await;
    let mut spec = bao.spec();
    spec.address = proxy.in_place_of(&bao.url);
    let store = openbao(spec);
    proxy.every("GET ", Fault::LoseAnswer);
    let new = fields(&[("token", "two")]);
    let error = store.write(&token, &new, None).await.unwrap_err();
    assert!(matches!(error, StoreError::Lost(_)), "{error}");
    assert_eq!(bao.kv_get("gh").await, json!({"token": "one"}));
}
