//! A second question, where the first answer rejects a credential without saying why.
//!
//! Some providers have an endpoint that tells what became of a credential: it is named in their pack
//! and asked once, with the same credential, as a part of the same proof. It decides if it states a
//! cause. If it calls the credential alive, an end that was only inferred is taken back: the credential
//! was rejected, and nobody said why; under 403 it was not the credential that was refused. Whatever
//! else it answers, the first answer stands.

use super::prove::request_of;
use super::request::exchange;
use super::tools::{Tools, pack};
use crate::lane::{Basis, Credential, Outcome, Verdict};
use crate::manifest::LaneEntry;
use crate::provider::Context;
use crate::secret::Secret;

/// `verdict`, or what the provider's own word on the credential makes of it.
pub(super) async fn verify(
    tools: &Tools,
    entry: &LaneEntry,
    secret: Option<&Secret>,
    credential: &Credential,
    verdict: Verdict,
) -> Verdict {
    let pack = pack(tools, entry);
    let states_its_end = matches!(
        (verdict.outcome, verdict.evidence.basis),
        (
            Outcome::CredentialExpired | Outcome::CredentialRevoked,
            Basis::Stated
        )
    );
    let (Some((request, kind)), Some(secret)) = (pack.verify(), secret) else {
        return verdict;
    };
    // Where the probe is that very question, it was answered already.
    let asked = request_of(tools, entry) == Some(request);
    if !verdict.outcome.is_terminal() || states_its_end || asked {
        return verdict;
    }
    let Ok(answer) = exchange(tools, entry, request, secret, entry.probe_timeout).await else {
        return verdict;
    };
    let context = Context {
        now: (tools.now)().wall,
        known_expires_at: credential.expiry.map(|expiry| expiry.at),
        worked_before: credential.proven,
    };
    let second = pack.classify(&answer.as_answer(*kind), &context).verdict;
    if second.outcome.is_terminal() && second.evidence.basis == Basis::Stated {
        return second;
    }
    let mut verdict = verdict;
    if second.outcome == Outcome::Ok {
        // RFC 9110 section 15.5.4: what is alive and is refused with 403 lacks something else.
        verdict.outcome = match verdict.evidence.status {
            Some(403) => Outcome::PolicyDenied,
            _ => Outcome::CredentialInvalid,
        };
        verdict.evidence.basis = Basis::Inferred;
    }
    verdict
}
