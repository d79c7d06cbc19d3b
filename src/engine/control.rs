//! The negative control: an invented credential that the upstream must reject.
//!
//! A probe proves something only if it would have failed with a credential that is none. So, where a
//! pack names an invented one of the right shape or the manifest asks for it, the very same request is
//! made with that. It is made at most once an hour for an endpoint, whatever the number of lanes that
//! are proved by it, and only after a lane's own credential was accepted there: nobody is locked out,
//! no quota is used up, and no lane's audit shows an answer that was not its own.

use super::request::{exchange, join};
use super::tools::{Tools, pack};
use crate::lane::{Control, Outcome};
use crate::manifest::{LaneEntry, RequestSpec};
use crate::provider::{AnswerKind, Context};
use std::time::Duration;

/// For how long an endpoint that was found to tell credentials apart is taken to go on doing so.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// When an endpoint that could not be asked is asked again, at the soonest.
const AGAIN: Duration = Duration::from_secs(300);

/// Whether the endpoint of `request` rejects an invented credential; `None` where nobody asks for that.
pub(super) async fn control(
    tools: &Tools,
    entry: &LaneEntry,
    request: Option<&RequestSpec>,
) -> Option<Control> {
    let (pack, request) = (pack(tools, entry), request?);
    let secret = match entry.probe_control {
        Some(false) => return None,
        Some(true) => pack.invented(),
        None => pack.control()?,
    };
    let base = entry.base_url.as_ref().map(url::Url::as_str);
    let base = base.or(pack.base_url())?.parse().ok()?;
    let url = join(&base, &request.target).ok()?;
    let endpoint = format!("{} {} {url}", pack.name(), request.method);
    let known = tools.controls.of(endpoint).await;
    // Held while the endpoint is asked: whoever else wants to know waits for the one answer.
    let mut known = known.lock().await;
    let now = (tools.now)();
    if let Some((at, control)) = *known {
        let good_for = match control {
            Control::Untold => AGAIN,
            Control::Rejected | Control::Accepted => GOOD_FOR,
        };
        if now.boot.since(at) < good_for {
            return Some(control);
        }
    }
    let context = Context {
        now: now.wall,
        known_expires_at: None,
        worked_before: false,
    };
    let answer = exchange(tools, entry, request, &secret, entry.probe_timeout).await;
    let outcome = answer.map(|answer| {
        let said = answer.as_answer(AnswerKind::Api);
        pack.classify(&said, &context).verdict.outcome
    });
    let control = match outcome {
        Ok(Outcome::Ok) => Control::Accepted,
        Ok(Outcome::RateLimited | Outcome::UpstreamUnavailable | Outcome::StoreUnavailable)
        | Err(_) => Control::Untold,
        Ok(_) => Control::Rejected,
    };
    *known = Some((now.boot, control));
    Some(control)
}
