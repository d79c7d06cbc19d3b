//! How lanewatch gets into a real OpenBao, and what it says when it does not.

use crate::real::{Bao, until};
use crate::{fields, openbao, source};
use lanewatch::manifest::{OpenBaoAuth, SecretFrom};
use lanewatch::store::StoreError;
use serde_json::json;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

const READ_GH: &str = r#"path "secret/data/gh" { capabilities = ["read", "create", "update"] }"#;

#[tokio::test]
async fn a_role_logs_in_again_when_its_token_has_died() {
    let bao = Bao::start().await;
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.policy("gh", READ_GH).await;
    let auth = bao.approle(&["gh", "default"], "3s").await;
    let store = openbao(bao.spec_of(auth));
    let token = source("gh", Some("token"));
    store.read(&token).await.unwrap();
    until("its token dies", async || bao.role_tokens().await == 0).await;
    let record = store.read(&token).await.unwrap();
    assert_eq!(record.fields["token"].expose(), "one");
    store
        .write(&token, &fields(&[("token", "two")]), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_roles_token_that_dies_early_is_found_out_by_one_question() {
    let bao = Bao::start().await;
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.policy("gh", READ_GH).await;
    let auth = bao.approle(&["gh", "default"], "1h").await;
    let store = openbao(bao.spec_of(auth));
    let token = source("gh", Some("token"));
    store.read(&token).await.unwrap();
    bao.revoke_role_tokens().await;
    let (a, b, c) = tokio::join!(store.read(&token), store.read(&token), store.read(&token));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(bao.role_tokens().await, 1, "one login served all three");
}

#[tokio::test]
async fn a_role_that_is_refused_is_told_why_without_its_secret() {
    let bao = Bao::start().await;
    let OpenBaoAuth::AppRole { mount, role_id, .. } = bao.approle(&["default"], "1h").await else {
        panic!("not a role");
    };
    let auth = OpenBaoAuth::AppRole {
        mount,
        role_id,
        secret_id: bao.kept("wrong-canary"),
    };
    let error = openbao(bao.spec_of(auth))
        .read(&source("gh", None))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::LoginRefused(_)), "{error}");
    assert!(
        error.to_string().contains("invalid role or secret ID"),
        "{error}"
    );
    assert!(!error.to_string().contains("canary"));
}

#[tokio::test]
async fn a_path_that_the_policy_forbids_is_told_from_a_token_that_is_dead() {
    let bao = Bao::start().await;
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.kv_put("other", json!({"token": "one"})).await;
    bao.policy("gh", READ_GH).await;
    let token = bao.token(&["gh"], "1h").await;
    let store = openbao(bao.spec_with(&token));
    store.read(&source("gh", None)).await.unwrap();

    let forbidden = store.read(&source("other", None)).await.unwrap_err();
    assert!(matches!(forbidden, StoreError::Denied(_)), "{forbidden}");
    bao.revoke_token(&token).await;
    let dead = store.read(&source("gh", None)).await.unwrap_err();
    assert!(matches!(dead, StoreError::LoginRefused(_)), "{dead}");
    assert!(!forbidden.is_outage() && !dead.is_outage());

    // A role whose policy forbids the path does not log in over and over.
    let role = bao.approle(&["gh"], "1h").await;
    let store = openbao(bao.spec_of(role));
    for _ in 0..3 {
        let forbidden = store.read(&source("other", None)).await.unwrap_err();
        assert!(matches!(forbidden, StoreError::Denied(_)), "{forbidden}");
    }
    assert_eq!(bao.role_tokens().await, 1);
}

#[tokio::test]
async fn a_renewed_token_file_is_taken_up() {
    let bao = Bao::start().await;
    bao.kv_put("gh", json!({"token": "one"})).await;
    bao.policy("gh", READ_GH).await;
    let old = bao.token(&["gh"], "1h").await;
    let SecretFrom::File(file) = bao.kept(&old) else {
        panic!("not a file");
    };
    let auth = OpenBaoAuth::Token(SecretFrom::File(file.clone()));
    let store = openbao(bao.spec_of(auth));
    store.read(&source("gh", None)).await.unwrap();
    bao.revoke_token(&old).await;
    let new = bao.token(&["gh"], "1h").await;
    std::fs::write(&file, new).unwrap();
    store.read(&source("gh", None)).await.unwrap();

    std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    let open = store.read(&source("gh", None)).await.unwrap_err();
    assert!(
        matches!(open, StoreError::BadMode { mode: 0o640, .. }),
        "{open}"
    );
}
