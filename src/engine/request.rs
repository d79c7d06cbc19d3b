//! Requests to a lane's upstream, with its credential, and what their answers mean.

use super::tools::{Tools, pack};
use crate::http::{Body, Call, OwnedAnswer};
use crate::lane::{Basis, Credential, Expiry, ExpirySource, Observed, Outcome, Verdict, Wall};
use crate::manifest::{LaneEntry, RequestSpec};
use crate::provider::{AnswerKind, Context, NoAnswer, Pack};
use crate::secret::Secret;
use std::time::Duration;

/// How much earlier than its stated end a credential may be over for its issuer, whose clock counts
/// whole seconds: what is rounded off where its life began.
const ROUNDED_OFF_MS: i64 = 1_000;
/// What is rounded off in the `Date` that tells what time it is there, which many servers work out
/// once a second.
const DATE_ROUNDED_OFF_MS: i64 = 1_000;

/// Asks the upstream something with the lane's credential.
pub(super) async fn ask(
    tools: &Tools,
    entry: &LaneEntry,
    request: Option<&RequestSpec>,
    secret: Option<&Secret>,
    credential: &Credential,
    timeout: Duration,
) -> (Verdict, Observed) {
    let pack = pack(tools, entry);
    let nothing = |text: &str| {
        (
            Verdict::own(Outcome::UpstreamUnavailable, "engine/request", text),
            Observed::default(),
        )
    };
    let Some(request) = request else {
        return nothing("there is nothing to ask");
    };
    let Some(secret) = secret else {
        return nothing("the credential is not at hand");
    };
    match exchange(tools, entry, request, secret, timeout).await {
        Ok(answer) => judge(tools, pack, &answer, credential),
        Err(NotAsked::Impossible(text)) => nothing(&text),
        Err(NotAsked::NoAnswer(why)) => (pack.no_answer(&why), Observed::default()),
    }
}

/// How a request that changes something ended.
pub(super) enum Dialled {
    /// It was answered.
    Answer(OwnedAnswer),
    /// Nothing has left this machine.
    Nothing(Verdict),
    /// It may have been acted upon, and nobody knows.
    Lost(Verdict),
}

/// Sends one request with the lane's credential. `own` is the address of this request, where it is
/// another than the provider's and the lane has none of its own.
pub(super) async fn dial(
    tools: &Tools,
    entry: &LaneEntry,
    own: Option<&str>,
    request: &RequestSpec,
    secret: &Secret,
    timeout: Duration,
) -> Dialled {
    let pack = pack(tools, entry);
    let call = match call(tools, entry, own, request, secret, timeout) {
        Ok(call) => call,
        Err(text) => {
            let verdict = Verdict::own(Outcome::UpstreamUnavailable, "engine/request", text);
            return Dialled::Nothing(verdict);
        }
    };
    match tools.http.exchange(call).await {
        Ok(answer) => Dialled::Answer(answer),
        Err(why) if why.may_have_acted() => Dialled::Lost(pack.no_answer(&why)),
        Err(why) => Dialled::Nothing(pack.no_answer(&why)),
    }
}

/// Why there is no answer to judge.
pub(super) enum NotAsked {
    /// The request cannot be made.
    Impossible(String),
    /// It was made, or tried.
    NoAnswer(NoAnswer),
}

/// Makes a request to the lane's upstream with some secret, and waits for its answer.
pub(super) async fn exchange(
    tools: &Tools,
    entry: &LaneEntry,
    request: &RequestSpec,
    secret: &Secret,
    timeout: Duration,
) -> Result<OwnedAnswer, NotAsked> {
    let call = call(tools, entry, None, request, secret, timeout);
    let call = call.map_err(NotAsked::Impossible)?;
    tools.http.exchange(call).await.map_err(NotAsked::NoAnswer)
}

fn judge(
    tools: &Tools,
    pack: &Pack,
    answer: &OwnedAnswer,
    credential: &Credential,
) -> (Verdict, Observed) {
    let context = Context {
        now: (tools.now)().wall,
        known_expires_at: credential.expiry.map(|expiry| expiry.at),
        worked_before: credential.proven,
    };
    let said = answer.as_answer(AnswerKind::Api);
    let mut reading = pack.classify(&said, &context);
    if let Some(expiry) = credential.expiry
        && over_there(expiry, context.now, reading.observed.skew_ms)
        && reading.verdict.evidence.basis == Basis::Inferred
    {
        let now = expiry.at.max(context.now);
        reading = pack.classify(&said, &Context { now, ..context });
    }
    let mut observed = reading.observed;
    observed.took = answer.took;
    (reading.verdict, observed)
}

/// Whether a credential may be over for its issuer, whose clock decides when it ends and is ahead of
/// ours by `skew_ms`.
fn over_there(expiry: Expiry, now: Wall, skew_ms: Option<i64>) -> bool {
    let ahead = match (expiry.source, skew_ms) {
        // Its life was counted here from before it was asked for: no clock of theirs is in it.
        (ExpirySource::TokenResponse, skew) => skew.unwrap_or(0).max(0),
        (_, Some(skew)) => skew.saturating_add(DATE_ROUNDED_OFF_MS),
        (_, None) => DATE_ROUNDED_OFF_MS,
    };
    let there = now.0.saturating_add(ahead);
    expiry.at.0 <= there.saturating_add(ROUNDED_OFF_MS)
}

/// The request as it goes out, credential and all.
fn call(
    tools: &Tools,
    entry: &LaneEntry,
    own: Option<&str>,
    request: &RequestSpec,
    secret: &Secret,
    timeout: Duration,
) -> Result<Call, String> {
    let pack = pack(tools, entry);
    let base = match &entry.base_url {
        Some(url) => url.clone(),
        None => own
            .or_else(|| pack.base_url())
            .and_then(|base| base.parse().ok())
            .ok_or("neither the lane nor its provider has an address")?,
    };
    let url = join(&base, &request.target)?;
    let method = request
        .method
        .parse()
        .map_err(|_| "its method is none".to_owned())?;
    let mut call = Call::new(method, url, timeout);
    if let Some(signing) = pack.signing() {
        let body = request.body.as_ref();
        let body = body.map(|(text, kind)| (text.as_str(), kind.as_str()));
        let now = (tools.now)().wall;
        let signed = signing.headers(secret, &request.method, &call.url, body, now);
        let signed = signed.ok_or("the credential is no pair of ID:SECRET to sign with")?;
        for (name, value) in signed {
            call = call.secret_header(&name, value);
        }
    }
    for (name, value) in pack.present(secret) {
        call = call.secret_header(&name, value);
    }
    for (name, value) in pack.extra_headers() {
        call = call.header(name, value);
    }
    if let Some((body, content_type)) = &request.body {
        call = call.header("content-type", content_type);
        call.body = Some(Body {
            content_type: "application/json",
            text: Secret::new(body.clone()),
        });
    }
    Ok(call)
}

/// A target below a base address: the base's own path stays in front.
pub(super) fn join(base: &url::Url, target: &str) -> Result<url::Url, String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return target
            .parse()
            .map_err(|_| format!("{target} is no address"));
    }
    let base = base.as_str().trim_end_matches('/');
    let target = target.trim_start_matches('/');
    format!("{base}/{target}")
        .parse()
        .map_err(|_| format!("{target} is no path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_rounded_off_can_end_a_life_early() {
        let over = |source, left_ms, skew| {
            let now = Wall(1_800_000_000_000);
            let at = Wall(now.0 + left_ms);
            over_there(Expiry { at, source }, now, skew)
        };
        // A life that was counted here knows nothing of a clock that is behind.
        assert!(over(ExpirySource::TokenResponse, 1_000, Some(-900)));
        assert!(!over(ExpirySource::TokenResponse, 1_001, Some(-900)));
        // A moment that was named by another clock is reached when that clock may show it.
        assert!(over(ExpirySource::ResponseHeader, 2_000, None));
        assert!(over(ExpirySource::ResponseHeader, 7_000, Some(5_000)));
        assert!(!over(ExpirySource::ResponseHeader, 7_001, Some(5_000)));
        assert!(!over(ExpirySource::ResponseHeader, 1_500, Some(-1_000)));
    }

    #[test]
    fn a_target_goes_below_its_base_address() {
        let base = "https://gitlab.example/api/v4".parse().unwrap();
        assert_eq!(
            join(&base, "/user").unwrap().as_str(),
            "https://gitlab.example/api/v4/user"
        );
        let base = "http://127.0.0.1:3000".parse().unwrap();
        assert_eq!(
            join(&base, "user?x=1").unwrap().as_str(),
            "http://127.0.0.1:3000/user?x=1"
        );
        let whole = "https://other.example/x";
        assert_eq!(join(&base, whole).unwrap().as_str(), whole);
    }
}
