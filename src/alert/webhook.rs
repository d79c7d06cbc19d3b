//! Telling by a POST.

use crate::http::{Call, Http, Method};
use crate::plain::Plain;
use crate::secret::Secret;
use std::time::Duration;
use url::Url;

/// Posts `body`; any status from 200 to 299 means that it got there. The answer's body does not
/// matter. The address may itself be the receiver's secret, so no message has more than its host.
pub(super) async fn post(
    http: &Http,
    url: &Url,
    timeout: Duration,
    body: &str,
) -> Result<(), Plain> {
    let call = Call::new(Method::POST, url.clone(), timeout)
        .body("application/json", Secret::new(body.to_owned()));
    let answer = http
        .exchange(call)
        .await
        .map_err(|why| Plain::new(&why.to_string()))?;
    match answer.status {
        200..300 => Ok(()),
        status @ 300..400 => Err(format!("answered {status}: redirects are not followed").into()),
        status => Err(format!("answered {status}").into()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use axum::Router;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::routing::{any, post as on_post};
    use tokio::sync::mpsc;

    const LONG: Duration = Duration::from_secs(60);

    async fn serve(app: Router) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/hooks/T0PSECRET").parse().unwrap()
    }

    #[tokio::test]
    async fn the_body_arrives_as_json() {
        let (seen, mut arrived) = mpsc::channel(1);
        let app = Router::new().route(
            "/hooks/{token}",
            on_post(async move |request: Request| {
                let kind = request.headers()["content-type"].clone();
                let body = axum::body::to_bytes(request.into_body(), 4096).await;
                seen.send((kind, body.unwrap())).await.unwrap();
                StatusCode::ACCEPTED
            }),
        );
        let url = serve(app).await;
        post(&Http::new(), &url, LONG, "{\"seq\":1}").await.unwrap();
        let (kind, body) = arrived.recv().await.unwrap();
        assert_eq!(
            (kind.as_bytes(), &*body),
            (&b"application/json"[..], &b"{\"seq\":1}"[..])
        );
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_not_a_delivery() {
        let (seen, mut followed) = mpsc::unbounded_channel();
        let app = Router::new()
            .route(
                "/hooks/{token}",
                any(async || (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")])),
            )
            .route("/elsewhere", any(async move || seen.send(()).unwrap()));
        let url = serve(app).await;
        let said = post(&Http::new(), &url, LONG, "{}").await.unwrap_err();
        assert!(said.as_str().starts_with("answered 307"), "{said}");
        assert!(followed.try_recv().is_err());
    }

    #[tokio::test]
    async fn no_failure_shows_the_address() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let silent_url: Url = format!("http://{address}/hooks/T0PSECRET").parse().unwrap();
        let short = Duration::from_millis(50);
        let late = post(&Http::new(), &silent_url, short, "{}")
            .await
            .unwrap_err();
        drop(silent);
        let gone = post(&Http::new(), &silent_url, LONG, "{}")
            .await
            .unwrap_err();
        let refusing = serve(Router::new()).await;
        let refused = post(&Http::new(), &refusing, LONG, "{}").await.unwrap_err();
        assert_eq!(late.as_str(), "no answer within 50 ms");
        assert_eq!(refused.as_str(), "answered 404");
        for said in [late, gone, refused] {
            assert!(!said.as_str().contains("T0PSECRET"), "{said}");
            assert!(!said.as_str().contains("hooks"), "{said}");
        }
    }
}
