//! Files that hold secrets are watched, so that a new one is taken up within a moment.
//!
//! One watcher serves all lanes. It watches folders and not files, because whoever replaces a secret
//! renames a new file over the old one, or leads a link elsewhere. Every lane looks by itself now and
//! then as well: what a watcher misses is found late, and not never.

use crate::lane::Event;
use crate::manifest::{LaneEntry, Manifest, StoreSpec, spots};
use crate::plain::Plain;
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// The folder and the name of a file or of a link on the way to it.
type Spot = (PathBuf, OsString);

/// Watches until it is dropped.
pub(super) struct Watching {
    _watcher: RecommendedWatcher,
    /// Folders that could not be watched, and why.
    pub missed: Vec<Plain>,
}

/// Watches the files of `lanes`, each with its slot. `None` if no lane has one. Once a link on the way
/// to one of them was `led_elsewhere`, there are other folders to watch: begin again.
///
/// # Errors
/// The operating system's reason, if it lets nobody watch anything.
pub(super) fn watch(
    manifest: &Manifest,
    lanes: &[(usize, Arc<LaneEntry>)],
    tell: &UnboundedSender<(usize, Event)>,
    led_elsewhere: &UnboundedSender<()>,
) -> Result<Option<Watching>, Plain> {
    let mut files: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (slot, entry) in lanes {
        if let Some(StoreSpec::File { root }) = manifest.stores.get(&entry.source.store) {
            let file = root.join(&entry.source.path);
            files.entry(file).or_default().push(*slot);
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let (of_spot, folders) = places(&files);
    let mut seen = Seen {
        files,
        of_spot,
        tell: tell.clone(),
        led_elsewhere: led_elsewhere.clone(),
    };
    let failed = |error: notify::Error| Plain::new(&error.to_string());
    let handler = move |event: notify::Result<notify::Event>| seen.take(event);
    let mut watcher = notify::recommended_watcher(handler).map_err(failed)?;
    let mut missed = Vec::new();
    for folder in folders {
        if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
            missed.push(Plain::new(&format!("{}: {error}", folder.display())));
        }
    }
    Ok(Some(Watching {
        _watcher: watcher,
        missed,
    }))
}

/// Whose news an event at a spot is, and the folders of all spots.
fn places(files: &BTreeMap<PathBuf, Vec<usize>>) -> (HashMap<Spot, Vec<usize>>, BTreeSet<PathBuf>) {
    let mut of_spot: HashMap<Spot, Vec<usize>> = HashMap::new();
    let mut folders = BTreeSet::new();
    for (file, slots) in files {
        for (folder, name) in spots(file) {
            folders.insert(folder.clone());
            of_spot.entry((folder, name)).or_default().extend(slots);
        }
    }
    (of_spot, folders)
}

struct Seen {
    files: BTreeMap<PathBuf, Vec<usize>>,
    of_spot: HashMap<Spot, Vec<usize>>,
    tell: UnboundedSender<(usize, Event)>,
    led_elsewhere: UnboundedSender<()>,
}

impl Seen {
    fn take(&mut self, event: notify::Result<notify::Event>) {
        let Ok(event) = event else {
            // What was missed cannot be told.
            self.tell_all();
            return;
        };
        if event.need_rescan() {
            self.tell_all();
            return;
        }
        if !is_done(&event.kind) {
            return;
        }
        let mut slots = BTreeSet::new();
        for path in &event.paths {
            if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
                let spot = (folder.to_owned(), name.to_owned());
                let Some(of_spot) = self.of_spot.get(&spot) else {
                    continue;
                };
                let made = matches!(event.kind, EventKind::Create(_));
                let link = is_link(path);
                // A link is there in one step; a file that is made is only opened yet.
                if !made || link {
                    slots.extend(of_spot);
                }
                if link {
                    let _gone = self.led_elsewhere.send(());
                }
            }
        }
        for slot in slots {
            self.say(slot);
        }
    }

    fn tell_all(&self) {
        for slot in self.files.values().flatten() {
            self.say(*slot);
        }
    }

    fn say(&self, slot: usize) {
        // An engine that is gone needs no news.
        let _gone = self
            .tell
            .send((slot, Event::StoreChanged { version: None }));
    }
}

/// Whether the change is whole: a file that is still being written holds half a secret.
const fn is_done(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(_))
            | EventKind::Create(CreateKind::File | CreateKind::Any | CreateKind::Other)
            | EventKind::Remove(_)
    )
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
}
