//! Servers that are no OpenBao: a proxy's error page, a wrong address, a cut-off answer, a liar.

use crate::{fields, openbao, source};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response};
use lanewatch::manifest::{OpenBaoAuth, OpenBaoSpec, SecretFrom};
use lanewatch::store::{Store, StoreError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::task::JoinHandle;
use url::Url;

const GOOD: &str = r#"{"data":{"data":{"token":"one"},"metadata":{"version":1,
    "created_time":"2026-11-22T20:14:07.25Z","deletion_time":"","destroyed":false}}}"#;

/// Method, path and namespace of every request.
type Asked = Arc<Mutex<Vec<(Method, String, Option<String>)>>>;
type Answerer = dyn Fn(&Request) -> Response<Body> + Send + Sync;

/// A server that answers everything in one way and remembers what it was asked.
struct Liar {
    url: Url,
    asked: Asked,
    token: NamedTempFile,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    answer: Arc<Answerer>,
    asked: Asked,
}

impl Liar {
    async fn that(answer: impl Fn(&Request) -> Response<Body> + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Asked::default();
        let shared = Shared {
            answer: Arc::new(answer),
            asked: Arc::clone(&asked),
        };
        let app = Router::new().fallback(reply).with_state(shared);
        let token = NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "hvs.canary\n").unwrap();
        Self {
            url: Url::parse(&url).unwrap(),
            asked,
            token,
            task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }),
        }
    }

    fn spec(&self) -> OpenBaoSpec {
        OpenBaoSpec {
            address: self.url.clone(),
            mount: "secret".into(),
            namespace: None,
            ca_file: None,
            auth: OpenBaoAuth::Token(SecretFrom::File(self.token.path().to_owned())),
            timeout: Duration::from_secs(5),
        }
    }

    fn store(&self) -> Store {
        openbao(self.spec())
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn reply(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let namespace = request.headers().get("x-vault-namespace");
    let namespace = namespace.map(|text| text.to_str().unwrap().to_owned());
    let path = request.uri().path().to_owned();
    let entry = (request.method().clone(), path, namespace);
    shared.asked.lock().unwrap().push(entry);
    (shared.answer)(&request)
}

fn says(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    let answer = Response::builder()
        .status(status)
        .header("content-type", kind);
    answer.body(body.into()).unwrap()
}

#[tokio::test]
async fn nonsense_is_named_and_never_quoted() {
    let long = "x".repeat(300_000);
    let json = "application/json";
    let lies: Vec<(u16, &str, String, &str)> = vec![
        (200, "text/html", "<html>canary</html>".into(), "a web page"),
        (
            404,
            "text/html",
            "\n <!doctype html>canary".into(),
            "a web page",
        ),
        (200, json, String::new(), "an empty body"),
        (200, json, "canary".into(), "a body that is not JSON"),
        (
            200,
            json,
            r#"{"data":{"canary":1}"#.into(),
            "JSON of another shape",
        ),
        (200, json, r#"["canary"]"#.into(), "JSON of another shape"),
        (
            200,
            json,
            r#"{"data":null}"#.into(),
            "JSON of another shape",
        ),
        (
            200,
            json,
            GOOD.replace(r#"{"token":"one"}"#, r#"["canary"]"#),
            "JSON of another shape",
        ),
        (
            200,
            json,
            GOOD.replace(r#""version":1"#, r#""version":"canary""#),
            "JSON of another shape",
        ),
        (
            200,
            json,
            GOOD.replace(r#""version":1,"#, ""),
            "JSON of another shape",
        ),
        (
            404,
            json,
            r#"{"message":"canary"}"#.into(),
            "JSON of another shape",
        ),
        (
            302,
            "text/html",
            "canary".into(),
            "sends lanewatch to another address",
        ),
        (418, "text/plain", long.clone(), "a body that is not JSON"),
        (204, "", String::new(), "an empty body"),
    ];
    for (status, kind, body, said) in lies {
        let sent = body.clone();
        let liar = Liar::that(move |_| says(status, kind, sent.clone())).await;
        let error = liar
            .store()
            .read(&source("gh", Some("token")))
            .await
            .unwrap_err();
        assert!(
            matches!(error, StoreError::Malformed(_)),
            "{status} {kind}: {error}"
        );
        assert!(error.is_outage());
        assert!(error.to_string().contains(said), "{status} {kind}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_record_that_is_too_long_is_not_read_to_its_end() {
    let record = GOOD.replace("one", &"x".repeat(300_000));
    let liar = Liar::that(move |_| says(200, "application/json", record.clone())).await;
    let error = liar
        .store()
        .read(&source("gh", Some("token")))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("longer than the 64 KiB that lanewatch reads"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failing_server_is_an_outage_and_an_echoed_token_is_cut_out() {
    for (status, body) in [
        (500, r#"{"errors":["internal error for hvs.canary"]}"#),
        (502, "<html>bad gateway</html>"),
        (503, "no word"),
        (400, r#"{"errors":["hvs.canary is odd"]}"#),
        (412, r#"{"errors":["required index state not present"]}"#),
    ] {
        let liar = Liar::that(move |_| says(status, "application/json", body)).await;
        let error = liar.store().read(&source("gh", None)).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Failing { status: s, .. } if s == status),
            "{error}"
        );
        assert_eq!(error.is_outage(), status != 400);
        assert!(!error.to_string().contains("canary"), "{error}");
        assert_eq!(error.verdict().evidence.status, Some(status));
    }
    let waits = |_: &Request| {
        let answer = Response::builder().status(429).header("retry-after", "7");
        answer.body(Body::from("{}")).unwrap()
    };
    let liar = Liar::that(waits).await;
    let error = liar.store().read(&source("gh", None)).await.unwrap_err();
    assert_eq!(error.verdict().evidence.retry_after_s, Some(7));
    let sealed = |_: &Request| says(503, "application/json", r#"{"errors":["Vault is sealed"]}"#);
    let liar = Liar::that(sealed).await;
    let error = liar.store().read(&source("gh", None)).await.unwrap_err();
    assert_eq!(error, StoreError::Sealed);
}

#[tokio::test]
async fn an_outage_while_a_refusal_is_looked_into_condemns_no_token() {
    let liar = Liar::that(|request| match request.uri().path() {
        "/v1/auth/token/lookup-self" => says(503, "text/plain", "busy"),
        _ => says(
            403,
            "application/json",
            r#"{"errors":["permission denied"]}"#,
        ),
    })
    .await;
    let error = liar.store().read(&source("gh", None)).await.unwrap_err();
    assert!(error.is_outage(), "{error}");
}

#[tokio::test]
async fn the_namespace_goes_with_every_request() {
    let liar = Liar::that(|request| match request.uri().path() {
        "/v1/auth/role/login" => says(
            200,
            "application/json",
            r#"{"auth":{"client_token":"t","lease_duration":60}}"#,
        ),
        "/v1/auth/token/lookup-self" => says(200, "application/json", "{}"),
        _ => says(
            403,
            "application/json",
            r#"{"errors":["permission denied"]}"#,
        ),
    })
    .await;
    let mut spec = liar.spec();
    spec.namespace = Some("team/a".into());
    let own = SecretFrom::File(liar.token.path().to_owned());
    spec.auth = OpenBaoAuth::AppRole {
        mount: "role".into(),
        role_id: own.clone(),
        secret_id: own,
    };
    openbao(spec).read(&source("gh", None)).await.unwrap_err();
    let asked = liar.asked.lock().unwrap();
    let paths: Vec<_> = asked.iter().map(|(_, path, _)| path.as_str()).collect();
    let expected = [
        "/v1/auth/role/login",
        "/v1/secret/data/gh",
        "/v1/auth/token/lookup-self",
    ];
    assert_eq!(paths, expected);
    assert!(
        asked
            .iter()
            .all(|(_, _, namespace)| namespace.as_deref() == Some("team/a"))
    );
}

#[tokio::test]
async fn a_login_that_fails_for_one_lane_fails_for_all_that_wait_for_it() {
    let liar = Liar::that(|_| says(500, "application/json", r#"{"errors":["down"]}"#)).await;
    let own = SecretFrom::File(liar.token.path().to_owned());
    let mut spec = liar.spec();
    spec.auth = OpenBaoAuth::AppRole {
        mount: "role".into(),
        role_id: own.clone(),
        secret_id: own,
    };
    let (store, place) = (openbao(spec), source("gh", None));
    let lanes = (0..20).map(|_| store.read(&place));
    for ended in futures_util::future::join_all(lanes).await {
        assert!(ended.unwrap_err().is_outage());
    }
    assert_eq!(liar.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_that_gets_nonsense_is_uncertain() {
    let liar = Liar::that(|request| match *request.method() {
        Method::POST => says(200, "text/html", "<html>ok</html>"),
        _ => says(200, "application/json", GOOD),
    })
    .await;
    let new = fields(&[("token", "two")]);
    let error = liar
        .store()
        .write(&source("gh", Some("token")), &new, None)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Uncertain(_)), "{error}");
    let asked = liar.asked.lock().unwrap();
    let posts = asked.iter().filter(|(method, ..)| method == Method::POST);
    assert_eq!(posts.count(), 1, "it is not written twice");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Liar::that(|_| says(200, "application/json", GOOD)).await;
    let target = elsewhere.url.to_string();
    let liar = Liar::that(move |_| {
        let answer = Response::builder().status(307).header("location", &target);
        answer.body(Body::empty()).unwrap()
    })
    .await;
    let error = liar.store().read(&source("gh", None)).await.unwrap_err();
    assert!(matches!(error, StoreError::Malformed(_)), "{error}");
    assert!(elsewhere.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    // The listener is closed at the end of the line; its port is free and refuses.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|open| open.local_addr());
    let closed = closed.unwrap();
    let liar = Liar::that(|_| says(200, "application/json", GOOD)).await;
    let mut spec = liar.spec();
    spec.address.set_port(Some(closed.port())).unwrap();
    let store = openbao(spec);
    let error = store.read(&source("gh", None)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    assert!(error.is_outage());
    let new = fields(&[("token", "two")]);
    let error = store.write(&source("gh", None), &new, None).await;
    assert!(matches!(error, Err(StoreError::Unreachable(_))));
}
