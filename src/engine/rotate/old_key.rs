//! Makes a key useless at its provider that serves no more, and puts the record right.

use super::super::record::fields;
use super::super::request::{Dialled, dial};
use super::super::tools::{Tools, pack, store};
use crate::lane::{Outcome, Verdict};
use crate::manifest::{LaneEntry, RequestSpec};
use crate::provider::{AnswerKind, Context, Rotation};
use crate::secret::Secret;
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends one request of the pack's recipe.
pub(super) async fn dial_rotation(
    tools: &Tools,
    entry: &LaneEntry,
    request: &RequestSpec,
    key: &Secret,
) -> Dialled {
    let own = pack(tools, entry).rotation().and_then(Rotation::base_url);
    dial(tools, entry, own, request, key, TIMEOUT).await
}

/// Deletes the key that `request` names, with another one.
pub(super) async fn delete(
    tools: &Tools,
    entry: &LaneEntry,
    request: &RequestSpec,
    key: &Secret,
) -> Verdict {
    match dial_rotation(tools, entry, request, key).await {
        Dialled::Answer(answer) if (200..300).contains(&answer.status) || answer.status == 404 => {
            Verdict::own(
                Outcome::Ok,
                "rotate/deleted",
                "it is deleted at its provider",
            )
        }
        Dialled::Answer(answer) => {
            let context = Context {
                now: (tools.now)().wall,
                known_expires_at: None,
                worked_before: false,
            };
            let said = answer.as_answer(AnswerKind::Api);
            pack(tools, entry).classify(&said, &context).verdict
        }
        Dialled::Nothing(verdict) | Dialled::Lost(verdict) => verdict,
    }
}

/// Deletes a key that serves no more, with the key that does, and puts the record right: the old key
/// is not kept any longer, and a new one that has failed its test gives its place back.
pub(in crate::engine) async fn retire(
    tools: &Tools,
    entry: &LaneEntry,
    old: &Secret,
    serving: Option<&Secret>,
) -> Verdict {
    let Some(request) = pack(tools, entry)
        .rotation()
        .and_then(|recipe| recipe.delete(old))
    else {
        let text = "the provider's pack does not say how it is deleted";
        return Verdict::own(Outcome::CredentialInvalid, "rotate/no_recipe", text);
    };
    let Some(serving) = serving.filter(|serving| serving.expose() != old.expose()) else {
        let text = "there is no other key to delete it with";
        return Verdict::own(Outcome::CredentialInvalid, "rotate/no_key", text);
    };
    // A crash between the two must leave a key in the record that lives.
    if let Err(error) = give_place_back(tools, entry, old).await {
        return error.verdict();
    }
    let verdict = delete(tools, entry, &request, serving).await;
    if verdict.outcome == Outcome::Ok
        && let Err(error) = forget_previous(tools, entry, old).await
    {
        tracing::warn!(lane = %entry.spec.name, %error, "a deleted key is still in the record");
    }
    verdict
}

/// Puts the former key back if `failed` stands in its place.
async fn give_place_back(
    tools: &Tools,
    entry: &LaneEntry,
    failed: &Secret,
) -> Result<(), StoreError> {
    let store = store(tools, entry)?;
    let record = store.read(&entry.source).await?;
    let stands = record.field(&entry.source).map(Secret::expose) == Some(failed.expose());
    let before = record
        .fields
        .get(fields::PREVIOUS)
        .filter(|key| !key.is_empty());
    let (true, Some(before), Some(field)) = (stands, before, &entry.source.field) else {
        return Ok(());
    };
    let fields = BTreeMap::from([
        (field.clone(), before.clone()),
        (fields::PREVIOUS.to_owned(), failed.clone()),
    ]);
    let version = record.version.as_ref();
    store
        .write(&entry.source, &fields, version)
        .await
        .map(|_| ())
}

/// Takes a deleted key out of the record.
async fn forget_previous(
    tools: &Tools,
    entry: &LaneEntry,
    deleted: &Secret,
) -> Result<(), StoreError> {
    let store = store(tools, entry)?;
    let record = store.read(&entry.source).await?;
    if record.fields.get(fields::PREVIOUS).map(Secret::expose) != Some(deleted.expose()) {
        return Ok(());
    }
    let fields = BTreeMap::from([(fields::PREVIOUS.to_owned(), Secret::new(String::new()))]);
    let version = record.version.as_ref();
    store
        .write(&entry.source, &fields, version)
        .await
        .map(|_| ())
}
