//! A manifest that is edited while its lanes run.
//!
//! The file is read again some moments after it changed. A good one is compared with the one in
//! force, and only the lanes that differ are touched; a bad one changes nothing, and the screen and
//! the audit say where the mistake is.

use crate::manifest::{self, Manifest, Watcher};
use crate::plain::Plain;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Editors write a file in several steps: wait until it has been quiet this long.
const QUIET: Duration = Duration::from_millis(120);

/// Reads the manifest again; the error is one line with the place of the first mistake.
pub type Reader = Arc<dyn Fn() -> Result<Manifest, Plain> + Send + Sync>;

/// How a manifest is followed.
#[derive(Clone)]
pub struct Reload {
    /// The file.
    pub path: PathBuf,
    /// How to read it.
    pub read: Reader,
    begun: Option<Stamp>,
}

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: (i64, i64),
    length: u64,
    file: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        Some(Self {
            changed: (about.mtime(), about.mtime_nsec()),
            length: about.len(),
            file: about.ino(),
        })
    }
}

impl Reload {
    /// Follows the file from now on: to be made before the file is first read, so that no change
    /// falls between that and the watch.
    pub fn new(path: PathBuf, read: Reader) -> Self {
        let begun = Stamp::of(&path);
        Self { path, read, begun }
    }
}

/// What reading it again gave.
pub(super) type News = Result<Manifest, Plain>;

/// Follows the file, and sends what it says now each time it has changed.
///
/// The watch ends when the receiver is dropped.
pub(super) fn follow(reload: Reload) -> mpsc::Receiver<News> {
    let (send, receive) = mpsc::channel(4);
    let (touched, mut touches) = mpsc::channel::<()>(1);
    let watcher = manifest::watch(&reload.path, move || {
        // A touch that finds one waiting already adds nothing.
        let _full = touched.try_send(());
    });
    tokio::spawn(async move {
        let _watcher: Watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                let text = format!("changes of the manifest are not seen: {error}");
                let _gone = send.send(Err(text.into())).await;
                return;
            }
        };
        let mut missed = Stamp::of(&reload.path) != reload.begun;
        loop {
            tokio::select! {
                () = send.closed() => return,
                () = std::future::ready(()), if missed => missed = false,
                touch = touches.recv() => if touch.is_none() { return },
            }
            while tokio::time::timeout(QUIET, touches.recv())
                .await
                .is_ok_and(|t| t.is_some())
            {}
            let read = Arc::clone(&reload.read);
            let news = tokio::task::spawn_blocking(move || read()).await;
            let news = news.unwrap_or_else(|_| Err("reading the manifest failed".into()));
            if send.send(news).await.is_err() {
                return;
            }
        }
    });
    receive
}
