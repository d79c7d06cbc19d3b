//! What every job of the engine may use, and what a lane's entry leads to among it.

use super::pocket::Pocket;
use crate::http::Http;
use crate::lane::{Boot, Control, Event};
use crate::manifest::LaneEntry;
use crate::provider::{Catalog, NoAnswer, Pack};
use crate::secret::{Fingerprint, FingerprintKey, Secret};
use crate::store::{Store, StoreError, Stores};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// What every job may use.
#[derive(Clone)]
pub(super) struct Tools {
    pub http: Http,
    pub stores: Stores,
    pub catalog: Arc<Catalog>,
    pub key: FingerprintKey,
    pub grants: PathBuf,
    /// Tells grants apart in the files that all engines of the account share.
    pub grants_key: FingerprintKey,
    pub pocket: Pocket,
    pub progress: mpsc::UnboundedSender<(usize, Event)>,
    pub controls: Controls,
    pub now: fn() -> crate::lane::Now,
}

/// A secret that was read or minted, under its fingerprint.
pub(super) type Kept = (Fingerprint, Secret);

/// Whether one endpoint rejects an invented credential, and when that was found out.
pub(super) type Known = Arc<Mutex<Option<(Boot, Control)>>>;

/// The same of all endpoints, shared by all lanes.
#[derive(Clone, Default)]
pub(super) struct Controls(Arc<Mutex<HashMap<String, Known>>>);

impl Controls {
    /// What is known of an endpoint.
    pub(super) async fn of(&self, endpoint: String) -> Known {
        Arc::clone(self.0.lock().await.entry(endpoint).or_default())
    }
}

/// The pack that judges a lane's answers.
pub(super) fn pack<'a>(tools: &'a Tools, entry: &LaneEntry) -> &'a Arc<Pack> {
    tools.catalog.get_or_http(entry.provider.as_str())
}

/// The store that a lane's secret lives in, which the manifest has made sure exists.
pub(super) fn store<'a>(tools: &'a Tools, entry: &LaneEntry) -> Result<&'a Arc<Store>, StoreError> {
    tools.stores.get(&entry.source.store).ok_or_else(|| {
        let text = format!("no store is called {}", entry.source.store);
        StoreError::NotFound(text.into())
    })
}

/// Whether a failure to answer leaves a single-use grant in doubt.
pub(super) fn leaves_doubt(why: &NoAnswer, pack: &Pack, single_use: bool) -> bool {
    why.may_have_acted() && single_use && !pack.forgives_retry()
}
