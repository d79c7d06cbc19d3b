//! Telling by a POST.

use crate::plain::Plain;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use std::time::Duration;
use url::Url;

/// Posts `body`; any status from 200 to 299 means that it got there. The answer's body is not
/// read. The address may itself be the receiver's secret, so it is in no message.
pub(super) async fn post(
    client: &reqwest::Client,
    url: &Url,
    timeout: Duration,
    body: &[u8],
) -> Result<(), Plain> {
    let answer = client
        .post(url.clone())
        .timeout(timeout)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body.to_vec())
        .send()
        .await
        .map_err(|error| why(error, timeout))?;
    let status = answer.status();
    if status.is_success() {
        Ok(())
    } else if status.is_redirection() {
        Err(format!("answered {status}: redirects are not followed").into())
    } else {
        Err(format!("answered {status}").into())
    }
}

fn why(error: reqwest::Error, timeout: Duration) -> Plain {
    if error.is_timeout() {
        return format!("no answer within {timeout:?}").into();
    }
    let error = error.without_url();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        said = format!("{said}: {deeper}");
        cause = deeper.source();
    }
    said.into()
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

    pub(in crate::alert) fn client() -> reqwest::Client {
        // A second installation is refused, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
    }

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
                let kind = request.headers()[CONTENT_TYPE].clone();
                let body = axum::body::to_bytes(request.into_body(), 4096).await;
                seen.send((kind, body.unwrap())).await.unwrap();
                StatusCode::ACCEPTED
            }),
        );
        let url = serve(app).await;
        post(&client(), &url, LONG, b"{\"seq\":1}").await.unwrap();
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
        let said = post(&client(), &url, LONG, b"{}").await.unwrap_err();
        assert!(said.as_str().starts_with("answered 307"), "{said}");
        assert!(followed.try_recv().is_err());
    }

    #[tokio::test]
    async fn no_failure_shows_the_address() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let silent_url: Url = format!("http://{address}/hooks/T0PSECRET").parse().unwrap();
        let short = Duration::from_millis(50);
        let late = post(&client(), &silent_url, short, b"{}")
            .await
            .unwrap_err();
        drop(silent);
        let gone = post(&client(), &silent_url, LONG, b"{}").await.unwrap_err();
        let refusing = serve(Router::new()).await;
        let refused = post(&client(), &refusing, LONG, b"{}").await.unwrap_err();
        assert_eq!(late.as_str(), "no answer within 50ms");
        assert_eq!(refused.as_str(), "answered 404 Not Found");
        for said in [late, gone, refused] {
            assert!(!said.as_str().contains("T0PSECRET"), "{said}");
            assert!(!said.as_str().contains("hooks"), "{said}");
        }
    }
}
