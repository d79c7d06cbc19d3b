//! One exchange on the wire: what is kept, what is not followed, and what an error says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response};
use lanewatch::http::{BODY_KEPT, Call, Http, Method};
use lanewatch::provider::{AnswerKind, NoAnswer};
use lanewatch::secret::Secret;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

const LONG: Duration = Duration::from_secs(20);

async fn serve(app: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Url::parse(&url).unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        let told = [
            "user-agent",
            "authorization",
            "content-type",
            "content-length",
        ]
        .map(|name| {
            headers
                .get(name)
                .map_or("-", |text| text.to_str().unwrap())
                .to_owned()
        });
        format!("{}|{}", told.join("|"), String::from_utf8_lossy(&body))
    };
    let url = serve(Router::new().fallback(echo)).await;
    let call = Call::new(Method::POST, url, LONG)
        .secret_header("authorization", Secret::new("Bearer x".into()))
        .body("text/plain", Secret::new("hello".into()));
    let answer = Http::new().exchange(call).await.unwrap();
    let agent = concat!("lanewatch/", env!("CARGO_PKG_VERSION"));
    let told = String::from_utf8(answer.body.to_vec()).unwrap();
    assert_eq!(told, format!("{agent}|Bearer x|text/plain|5|hello"));
    assert_eq!(answer.as_answer(AnswerKind::Api).status, 200);
    assert!(answer.header("date").is_some());
}

#[tokio::test]
async fn a_body_without_end_is_kept_to_its_limit_and_says_so() {
    let endless = || async {
        let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 9_000]));
        let chunks = futures_util::stream::repeat_with(chunk);
        Response::new(Body::from_stream(chunks))
    };
    let url = serve(Router::new().fallback(endless)).await;
    let answer = Http::new()
        .exchange(Call::new(Method::GET, url, LONG))
        .await
        .unwrap();
    assert_eq!(answer.body.len(), BODY_KEPT);
    assert!(answer.cut);
    assert_eq!(format!("{answer:?}"), "OwnedAnswer(200, 65536 bytes)");
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let away = || async {
        let answer = Response::builder()
            .status(302)
            .header("location", "http://127.0.0.1:1/");
        answer.body(Body::empty()).unwrap()
    };
    let url = serve(Router::new().fallback(away)).await;
    let answer = Http::new()
        .exchange(Call::new(Method::GET, url, LONG))
        .await
        .unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("http://127.0.0.1:1/"));
}

#[tokio::test]
async fn an_error_names_the_host_and_nothing_that_may_be_secret() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = Url::parse(&format!("http://user:canary@{closed}/canary?key=canary")).unwrap();
    let call = Call::new(Method::GET, url.clone(), LONG);
    let refused = Http::new().exchange(call).await.unwrap_err();
    assert!(matches!(refused, NoAnswer::NotReached(_)), "{refused}");
    assert!(
        refused.to_string().contains(&closed.to_string()),
        "{refused}"
    );
    let call = Call::new(Method::GET, url, LONG)
        .secret_header("authorization", Secret::new("canary\nx".into()));
    let unsendable = Http::new().exchange(call).await.unwrap_err();
    assert!(
        matches!(unsendable, NoAnswer::NotReached(_)),
        "{unsendable}"
    );
    let unknown = Url::parse("gopher://canary.invalid/").unwrap();
    let strange = Http::new()
        .exchange(Call::new(Method::GET, unknown, LONG))
        .await
        .unwrap_err();
    assert!(matches!(strange, NoAnswer::NotReached(_)), "{strange}");
    for error in [refused, unsendable] {
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

/// A listener whose queue is full never answers: the connection is neither made nor refused.
#[tokio::test]
async fn a_request_that_never_got_a_connection_has_not_been_sent_however_long_it_waited() {
    let full = tokio::net::TcpSocket::new_v4().unwrap();
    full.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut queued = Vec::new();
    let connect = || tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address));
    while let Ok(connected) = connect().await {
        queued.push(connected.unwrap());
    }
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let short = Duration::from_millis(500);
    let call =
        Call::new(Method::POST, url.clone(), short).body("text/plain", Secret::new("x".into()));
    let error = Http::new().exchange(call).await.unwrap_err();
    assert!(matches!(error, NoAnswer::NotReached(_)), "{error}");
}

#[tokio::test]
async fn a_request_that_was_sent_and_not_answered_may_have_acted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let short = Duration::from_millis(500);
    let call = Call::new(Method::POST, url, short).body("text/plain", Secret::new("x".into()));
    let error = Http::new().exchange(call).await.unwrap_err();
    assert_eq!(error, NoAnswer::TimedOut(500));
}
