//! Reading an OpenBao's answers without believing them.

use super::Fields;
use crate::http::OwnedAnswer;
use crate::plain::Plain;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::error::without;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::time::Duration;

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    version: u64,
    created_time: &'a str,
}

/// The newest version of a record; version 0 is the one before the first.
pub(super) struct Found<'a> {
    /// Its members, unless it is deleted or was never written.
    pub(super) data: Option<Fields<'a>>,
    pub(super) version: u64,
    pub(super) created: Option<&'a str>,
}

impl<'a> Found<'a> {
    /// Reads an answer that [`super::OpenBao::fetch`] let through.
    pub(super) fn read(answer: &'a OwnedAnswer, path: &str) -> Result<Self, StoreError> {
        if answer.cut {
            return Err(StoreError::Unusable(Plain::new(&format!(
                "{path} is longer than the 64 KiB that lanewatch reads"
            ))));
        }
        if answer.status == 404 && envelope(answer).is_none() {
            return Ok(Self {
                data: None,
                version: 0,
                created: None,
            });
        }
        let payload = envelope(answer).ok_or_else(|| malformed(answer))?;
        let data = payload.data.map(|raw| Fields::parse(raw.get()));
        if let Some(None) = data {
            return Err(malformed(answer));
        }
        Ok(Self {
            data: data.flatten(),
            version: payload.metadata.version,
            created: Some(payload.metadata.created_time),
        })
    }
}

fn envelope(answer: &OwnedAnswer) -> Option<Payload<'_>> {
    let read: Result<Envelope<Payload<'_>>, _> = serde_json::from_slice(&answer.body);
    read.ok().map(|envelope| envelope.data)
}

/// The answer to a write.
#[derive(Deserialize)]
pub(super) struct Written {
    version: u64,
}

impl Written {
    pub(super) fn read(answer: &OwnedAnswer) -> Result<u64, StoreError> {
        let read: Option<Envelope<Self>> = json(answer);
        read.map(|envelope| envelope.data.version)
            .ok_or_else(|| malformed(answer))
    }
}

/// The body as JSON of that shape. The parser's own message is dropped: it would quote the body.
pub(super) fn json<T: DeserializeOwned>(answer: &OwnedAnswer) -> Option<T> {
    serde_json::from_slice(&answer.body).ok()
}

/// Lets a 404 through that speaks of the record itself: its newest version is deleted, or it was
/// never written. Another one says that there is no such engine, or comes from another server.
pub(super) fn unwritten(
    answer: OwnedAnswer,
    place: &Plain,
    token: &Secret,
) -> Result<OwnedAnswer, StoreError> {
    if envelope(&answer).is_some() {
        return Ok(answer);
    }
    match errors(&answer) {
        Some(errors) if errors.is_empty() => Ok(answer),
        Some(errors) => {
            let said = without(&errors.join("; "), [token]);
            Err(StoreError::NotFound(Plain::new(&format!(
                "{place}: {said}"
            ))))
        }
        None => Err(malformed(&answer)),
    }
}

/// Whether one of the answer's errors contains `text`.
pub(super) fn says(answer: &OwnedAnswer, text: &str) -> bool {
    errors(answer).is_some_and(|errors| errors.iter().any(|error| error.contains(text)))
}

/// What an answer means that is neither a success nor about the record or the token. What it says is
/// quoted without the secrets that it was `given`.
pub(super) fn refusal<'a>(
    answer: &OwnedAnswer,
    given: impl IntoIterator<Item = &'a Secret>,
) -> StoreError {
    let errors = errors(answer);
    let said = errors.as_ref().map(|errors| errors.join("; "));
    let detail = without(&said.clone().unwrap_or_default(), given);
    match answer.status {
        429 => StoreError::Limited {
            retry_after: retry_after(answer),
        },
        501 => StoreError::Sealed,
        503 if said.is_some_and(|said| said.contains("sealed")) => StoreError::Sealed,
        300..400 => StoreError::Malformed(Plain::new(&format!(
            "status {} sends lanewatch to another address, where it does not take its token: set \
             the store's address to the active server",
            answer.status
        ))),
        403 => StoreError::Denied(detail),
        status @ (400..500 | 500..) if errors.is_some() || status >= 500 => StoreError::Failing {
            status,
            detail: if detail.is_empty() {
                Plain::new("it does not say why")
            } else {
                detail
            },
        },
        _ => malformed(answer),
    }
}

/// Seconds only: no server of this kind sends a date.
fn retry_after(answer: &OwnedAnswer) -> Option<Duration> {
    let seconds = answer.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn errors(answer: &OwnedAnswer) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    json::<Errors>(answer).map(|read| read.errors)
}

/// A sentence on an answer that no such server gives, without a word of its body.
pub(super) fn malformed(answer: &OwnedAnswer) -> StoreError {
    let kind = answer.header("content-type").unwrap_or("no content type");
    let start = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let looks = match start {
        None => "an empty body",
        Some(b'<') => "a web page, as a proxy or a wrong address gives it",
        Some(b'{' | b'[') if answer.cut => "JSON longer than 64 KiB",
        Some(b'{' | b'[') => "JSON of another shape",
        Some(_) => "a body that is not JSON",
    };
    StoreError::Malformed(Plain::new(&format!(
        "status {}, {kind}, {looks}",
        answer.status
    )))
}
