//! The ways to a newer credential: which recipe does it for which lane.
//!
//! The core asks for all of them by one effect, and each ends in one report of
//! [`Event::Refreshed`](crate::lane::Event::Refreshed) or
//! [`Event::RefreshFailed`](crate::lane::Event::RefreshFailed). Whatever is made is stored before it
//! is reported, and tested by the core before it serves. What becomes of the old one is asked for by
//! another effect, after its overlap: [`retire`].

use super::crash::{self, CrashPoint};
use super::effort::{Progress, Renew};
use super::grant;
use super::report::Report;
use super::tools::Tools;
use super::{client, lease, refresh, rotate};
use crate::lane::{
    Attempt, Event, Generation, LaneName, Outcome, RefreshFailure, Renewal, Verdict,
};
use crate::manifest::LaneEntry;
use crate::secret::Secret;

/// Brings a newer credential by the lane's own way.
pub(super) async fn renew(
    tools: &Tools,
    slot: usize,
    name: &LaneName,
    entry: &LaneEntry,
    renew: Renew,
) -> Report {
    crash::reached(CrashPoint::IntentWritten);
    let progress = Progress {
        tools,
        slot,
        attempt: renew.attempt,
    };
    match entry.spec.renewal {
        Renewal::Refresh { .. } => {
            refresh::refresh(tools, slot, name, entry, renew, &progress).await
        }
        Renewal::ClientCredentials => client::renew(tools, slot, entry, renew, &progress).await,
        Renewal::LeaseRenew | Renewal::LeaseIssue => {
            lease::renew(tools, slot, entry, renew, &progress).await
        }
        Renewal::RotationApi | Renewal::CreateDelete => {
            rotate::renew(tools, slot, name, entry, renew, &progress).await
        }
        way @ (Renewal::Reload | Renewal::Owner) => {
            let attempt = renew.attempt;
            let text = format!("{name} is renewed by {}", way.as_str());
            let verdict = Verdict::own(Outcome::CredentialInvalid, "engine/no_way", text);
            let failure = RefreshFailure::Transient(verdict);
            Report::new(slot, Event::RefreshFailed { attempt, failure })
        }
    }
}

/// Makes a credential that serves no more useless, where the lane has a way to do that: the first of
/// the two. The second is what serves now.
pub(super) async fn retire(
    tools: &Tools,
    slot: usize,
    entry: &LaneEntry,
    attempt: Attempt,
    generation: Generation,
    (secret, serving): (Option<Secret>, Option<Secret>),
) -> Report {
    crash::reached(CrashPoint::BeforeRetirement);
    let verdict = match (entry.spec.renewal, secret) {
        (_, None) => {
            let text = "its secret is not at hand any more";
            Verdict::own(Outcome::CredentialInvalid, "engine/no_secret", text)
        }
        (Renewal::Refresh { .. } | Renewal::ClientCredentials, Some(secret)) => {
            grant::revoke(tools, entry, &secret).await
        }
        (Renewal::LeaseRenew | Renewal::LeaseIssue, Some(secret)) => {
            lease::revoke(tools, entry, tools.key.fingerprint(&secret)).await
        }
        (Renewal::CreateDelete, Some(secret)) => {
            rotate::retire(tools, entry, &secret, serving.as_ref()).await
        }
        (way, Some(_)) => {
            let text = format!("what came by {} is revoked by nobody", way.as_str());
            Verdict::own(Outcome::CredentialInvalid, "engine/no_way", text)
        }
    };
    crash::reached(CrashPoint::AfterRetirement);
    Report::new(
        slot,
        Event::Retired {
            attempt,
            generation,
            verdict,
        },
    )
}
