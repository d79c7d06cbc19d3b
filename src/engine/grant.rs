//! What is known of a lane's grant beside its exchange: whether it is in doubt, what the client shows
//! with it, and how a token of it is made useless.

use super::grant_lock::{GrantFile, Sent};
use super::tools::{Tools, pack};
use crate::lane::{LostAnswer, Outcome, Verdict};
use crate::manifest::{LaneEntry, OauthSpec};
use crate::oauth;
use crate::secret::Secret;
use crate::store::{SecretRecord, StoreError};

/// What is known of a request with the grant in `record` whose sender died before its end, where
/// that leaves the grant in doubt.
pub(super) fn doubt(tools: &Tools, entry: &LaneEntry, record: &SecretRecord) -> Option<Verdict> {
    if !is_doubtful(tools, entry) {
        return None;
    }
    let grant = record.field(&entry.source)?;
    let left = GrantFile::of(&tools.grants, &entry.source).left_behind()?;
    left.may_be_of(tools.grants_key.fingerprint(grant))
        .then(|| in_doubt(&left))
}

pub(super) fn in_doubt(left: &Sent) -> Verdict {
    Verdict::own(
        Outcome::UpstreamUnavailable,
        "engine/in_doubt",
        left.sentence(),
    )
}

/// Whether a request whose answer is lost may have used up the lane's grant or key.
pub(super) fn is_doubtful(tools: &Tools, entry: &LaneEntry) -> bool {
    // What a provider forgives is the refresh; a key that is replaced twice is forgiven by nobody.
    let forgives = || entry.oauth.is_some() && pack(tools, entry).forgives_retry();
    entry.spec.renewal.lost_answer() == LostAnswer::Doubtful && !forgives()
}

/// Makes an access token useless, by RFC 7009.
pub(super) async fn revoke(tools: &Tools, entry: &LaneEntry, token: &Secret) -> Verdict {
    let endpoint = entry
        .oauth
        .as_ref()
        .and_then(|oauth| Some((oauth, oauth.revocation_endpoint.as_ref()?)));
    let Some((oauth, endpoint)) = endpoint else {
        let text = "the lane names no revocation_endpoint";
        return Verdict::own(Outcome::CredentialInvalid, "oauth/no_revocation", text);
    };
    let secret = match client_secret(tools, oauth).await {
        Ok(secret) => secret,
        Err(verdict) => return verdict,
    };
    match oauth::revoke(&tools.http, oauth, secret.as_ref(), endpoint, token).await {
        Ok(()) => Verdict::own(Outcome::Ok, "oauth/revoked", "revoked"),
        Err(error) => {
            let text = error.to_string();
            Verdict::own(Outcome::UpstreamUnavailable, "oauth/not_revoked", text)
        }
    }
}

/// The client's secret, if it has one.
pub(super) async fn client_secret(
    tools: &Tools,
    oauth: &OauthSpec,
) -> Result<Option<Secret>, Verdict> {
    let Some(source) = &oauth.client_secret else {
        return Ok(None);
    };
    let read = match tools.stores.get(&source.store) {
        Some(store) => store.read(source).await,
        None => Err(StoreError::NotFound(source.store.clone())),
    };
    match read.map(|record| record.field(source).cloned()) {
        Ok(Some(secret)) => Ok(Some(secret)),
        Ok(None) => {
            let text = format!("{} holds no client secret", source.path);
            Err(Verdict::own(
                Outcome::StoreUnavailable,
                "store/no_field",
                text,
            ))
        }
        Err(error) => Err(error.verdict()),
    }
}
