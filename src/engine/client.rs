//! A token by the client's own secret: asked for as often as one is needed, because nothing is used up.
//!
//! It lives in memory. Where the manifest names a place for it, it lies there too, under the mark of
//! the secret that it was got with: other processes and the next start take it from there, and a
//! secret that a person has replaced makes it stale.

use super::effort::{Progress, Renew};
use super::record::{fields, grant_mark, offer_of};
use super::report::{Report, answered};
use super::tools::{Kept, Tools, pack, store};
use crate::lane::{
    Event, Expiry, ExpirySource, Found, Offer, Outcome, RefreshFailure, ScopeSet, Step, Verdict,
};
use crate::manifest::{LaneEntry, OauthSpec, Source};
use crate::oauth::{self, TokenError};
use crate::provider::{AnswerKind, Context};
use crate::secret::{Fingerprint, Secret};
use crate::store::{SecretRecord, StoreError, WHOLE};
use std::collections::BTreeMap;

/// What a lane has: its client's secret, and perhaps a token that was got with it.
pub(super) async fn load(
    tools: &Tools,
    entry: &LaneEntry,
    known: Option<Fingerprint>,
) -> Result<(Found, Option<Kept>), StoreError> {
    let record = store(tools, entry)?.read(&entry.source).await?;
    let secret = secret_of(entry, &record)?;
    if let Some((offer, token)) = kept(tools, entry, secret).await {
        let news = known != Some(offer.fingerprint);
        let kept = news.then_some((offer.fingerprint, token));
        return Ok((Found::Credential(offer), kept));
    }
    let found = Found::GrantOnly {
        version: record.version.clone(),
    };
    Ok((found, None))
}

/// The token that lies at its place, if it was got with this very secret and still lives.
async fn kept(tools: &Tools, entry: &LaneEntry, secret: &Secret) -> Option<(Offer, Secret)> {
    let place = place(entry)?;
    // A place that cannot be read costs a request, and nothing else.
    let record = tools.stores.get(&place.store)?.read(place).await.ok()?;
    let of = record.fields.get(fields::ACCESS_TOKEN_FOR)?;
    if of.expose() != grant_mark(secret) {
        return None;
    }
    let token = record.fields.get(fields::ACCESS_TOKEN)?.clone();
    let offer = offer_of(tools, entry, &record, &token);
    let now = (tools.now)().wall;
    offer
        .expiry
        .is_none_or(|expiry| expiry.at > now)
        .then_some((offer, token))
}

/// Gets another token.
pub(super) async fn renew(
    tools: &Tools,
    slot: usize,
    entry: &LaneEntry,
    renew: Renew,
    progress: &Progress<'_>,
) -> Report {
    let attempt = renew.attempt;
    let fail = |failure| Report::new(slot, Event::RefreshFailed { attempt, failure });
    let Some(oauth) = &entry.oauth else {
        let text = "there is no token endpoint";
        let verdict = Verdict::own(Outcome::CredentialInvalid, "oauth/none", text);
        return fail(RefreshFailure::Transient(verdict));
    };
    let read = match store(tools, entry) {
        Ok(store) => store.read(&entry.source).await,
        Err(error) => Err(error),
    };
    let read = read.and_then(|record| Ok(secret_of(entry, &record)?.clone()));
    let secret = match read {
        Ok(secret) => secret,
        Err(error) => {
            let mut report = fail(RefreshFailure::Transient(error.verdict()));
            report.store = Some(answered(&error));
            return report;
        }
    };
    let started = (tools.now)().wall;
    progress.at(Step::Requested);
    let tokens = match oauth::client_credentials(&tools.http, oauth, &secret).await {
        Ok(tokens) => tokens,
        Err(error) => {
            let mut report = fail(refused(tools, entry, error));
            report.store = Some(Ok(()));
            return report;
        }
    };
    let asked = (!oauth.scope.is_empty()).then(|| ScopeSet::split(&oauth.scope));
    let offer = Offer {
        fingerprint: tools.key.fingerprint(&tokens.access_token),
        issued_at: Some(started),
        expiry: tokens.expires_in.map(|life| Expiry {
            at: started.plus(life),
            source: ExpirySource::TokenResponse,
        }),
        // An absent scope means the scope that was asked for (RFC 6749 section 5.1).
        scopes: tokens.scope.or(asked),
        store_version: None,
        history: None,
    };
    if let Some(place) = place(entry) {
        progress.at(Step::Storing);
        if let Err(error) = keep(tools, oauth, place, &secret, &tokens.access_token, &offer).await {
            tracing::warn!(lane = %entry.spec.name, %error, "a token could not be kept at its place");
        }
    }
    Report::renewed(slot, attempt, offer, tokens.access_token)
}

/// Puts a token where others find it.
async fn keep(
    tools: &Tools,
    oauth: &OauthSpec,
    place: &Source,
    secret: &Secret,
    token: &Secret,
    offer: &Offer,
) -> Result<(), StoreError> {
    let Some(store) = tools.stores.get(&place.store) else {
        return Err(StoreError::NotFound(place.store.clone()));
    };
    let text = |text: Option<String>| Secret::new(text.unwrap_or_default());
    let scope = offer.scopes.as_ref().map(ToString::to_string);
    let scope = scope.or_else(|| (!oauth.scope.is_empty()).then(|| oauth.scope.clone()));
    let record = BTreeMap::from([
        (fields::ACCESS_TOKEN.to_owned(), token.clone()),
        (
            fields::ACCESS_TOKEN_FOR.to_owned(),
            Secret::new(grant_mark(secret)),
        ),
        (
            fields::ISSUED_AT.to_owned(),
            text(offer.issued_at.map(|at| at.to_string())),
        ),
        (
            fields::EXPIRES_AT.to_owned(),
            text(offer.expiry.map(|expiry| expiry.at.to_string())),
        ),
        (fields::SCOPE.to_owned(), text(scope)),
    ]);
    // Whose token lies there does not matter: each of them is good.
    store.write(place, &record, None).await.map(|_| ())
}

fn place(entry: &LaneEntry) -> Option<&Source> {
    entry.oauth.as_ref()?.keep.as_ref()
}

fn secret_of<'a>(entry: &LaneEntry, record: &'a SecretRecord) -> Result<&'a Secret, StoreError> {
    record.field(&entry.source).ok_or_else(|| {
        let field = entry.source.field.as_deref().unwrap_or(WHOLE);
        let text = format!("{} has no client secret in `{field}`", entry.source.path);
        StoreError::Unusable(text.into())
    })
}

/// What it means that there was no token.
fn refused(tools: &Tools, entry: &LaneEntry, error: TokenError) -> RefreshFailure {
    let pack = pack(tools, entry);
    match error {
        TokenError::NoAnswer(why) => RefreshFailure::Transient(pack.no_answer(&why)),
        TokenError::Unusable(text) => RefreshFailure::Transient(Verdict::own(
            Outcome::UpstreamUnavailable,
            "oauth/unusable",
            text,
        )),
        TokenError::Rejected(answer) => {
            let context = Context {
                now: (tools.now)().wall,
                known_expires_at: None,
                worked_before: false,
            };
            let said = answer.as_answer(AnswerKind::TokenEndpoint);
            let verdict = pack.classify(&said, &context).verdict;
            // Only the endpoint's own word condemns the client's secret.
            if verdict.outcome.is_terminal() && verdict.evidence.provider_code.is_some() {
                RefreshFailure::GrantDead(verdict)
            } else {
                RefreshFailure::Transient(verdict)
            }
        }
    }
}
