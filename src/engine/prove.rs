//! The proof of a credential: by a request to its upstream, by a program, and for a leased one by its
//! store as well.
//!
//! A lease that lives proves that its store has not taken the credential back; whether the credential
//! opens its door is told by the program or the request that the lane names beside it. A program gets
//! the credential on its standard input, and says by its exit code what came of it: 0, it was
//! accepted; 77, it was refused (`EX_NOPERM` of `sysexits.h`); anything else says nothing of it.

use super::lease;
use super::request::ask;
use super::tools::{Tools, pack};
use crate::lane::{Basis, Credential, Evidence, Observed, Outcome, Verdict};
use crate::manifest::{LaneEntry, RequestSpec};
use crate::secret::Secret;
use crate::store::prove_by;

/// The exit code of a program that says: permission denied.
const REFUSED: i32 = 77;

/// Proves the lane's credential.
pub(super) async fn prove(
    tools: &Tools,
    entry: &LaneEntry,
    secret: Option<&Secret>,
    credential: &Credential,
) -> (Verdict, Observed) {
    let mut of_lease = Observed::default();
    if entry.lease.is_some() {
        let (verdict, observed) = lease::look_up(tools, entry, credential).await;
        let alone = entry.probe_command.is_none() && entry.probe.is_none();
        if verdict.outcome != Outcome::Ok || alone {
            return (verdict, observed);
        }
        of_lease = observed;
    }
    let (verdict, mut observed) = match (&entry.probe_command, secret) {
        (Some(argv), Some(secret)) => by_program(tools, entry, argv, secret).await,
        _ => {
            let request = request_of(tools, entry);
            let patience = entry.probe_timeout;
            ask(tools, entry, request, secret, credential, patience).await
        }
    };
    observed.expiry = observed.expiry.or(of_lease.expiry);
    (verdict, observed)
}

/// The request that proves the lane's credential, if one does.
pub(super) fn request_of<'a>(tools: &'a Tools, entry: &'a LaneEntry) -> Option<&'a RequestSpec> {
    // What a leased credential opens is not what its provider's pack proves.
    let own = entry.lease.is_none() && entry.probe_command.is_none();
    let usual = || pack(tools, entry).probe().filter(|_| own);
    entry.probe.as_ref().or_else(usual)
}

async fn by_program(
    tools: &Tools,
    entry: &LaneEntry,
    argv: &[String],
    secret: &Secret,
) -> (Verdict, Observed) {
    let started = (tools.now)().boot;
    let ended = prove_by(argv, secret, entry.probe_timeout).await;
    let observed = Observed {
        took: (tools.now)().boot.since(started),
        ..Observed::default()
    };
    let verdict = match ended {
        Ok((Some(0), _)) => Verdict::own(Outcome::Ok, "probe/command", "the program accepted it"),
        Ok((Some(REFUSED), line)) => Verdict {
            outcome: Outcome::CredentialInvalid,
            evidence: Evidence::own("probe/command", Basis::Stated).detail(line.as_str()),
        },
        Ok((code, line)) => {
            let how =
                code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
            let text = format!("the program ended by {how}, which says nothing of it: {line}");
            Verdict::own(Outcome::UpstreamUnavailable, "probe/command", text)
        }
        Err(error) => {
            let text = error.to_string();
            Verdict::own(Outcome::UpstreamUnavailable, "probe/command", text)
        }
    };
    (verdict, observed)
}
