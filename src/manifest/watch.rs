//! Word that a manifest may have changed on disk.
//!
//! Editors write a new file and rename it over the old one, and Kubernetes exchanges a symbolic link
//! in the file's folder: a watch on the file itself would go blind at the first change. So the
//! folders are watched, of the file and of every link on the way to it, and events are sifted by
//! name. One change can be told several times; the caller waits for it to settle.

use crate::plain::Plain;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

/// How many links in a row are followed, as the kernel does.
const LINKS_MAX: usize = 40;

/// Why a manifest cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The folder cannot be watched.
    #[error(
        "{folder} cannot be watched for changes: {reason}: after a change, reload the manifest \
         yourself"
    )]
    Folder {
        /// The folder.
        folder: Plain,
        /// What the operating system says.
        reason: Plain,
    },
    /// There is no thread to watch with.
    #[error("the manifest cannot be watched for changes: {0}")]
    Thread(#[from] io::Error),
}

impl WatchError {
    fn new(folder: &Path, error: &notify::Error) -> Self {
        Self::Folder {
            folder: Plain::new(&folder.to_string_lossy()),
            reason: Plain::new(&error.to_string()),
        }
    }
}

enum Message {
    Seen(notify::Result<Event>),
    Stop,
}

/// Watches until it is dropped.
pub struct Watcher {
    stop: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The thread is gone already if nobody listens, and then there is nothing to stop.
        if self.stop.send(Message::Stop).is_ok()
            && let Some(thread) = self.thread.take()
        {
            thread.join().ok();
        }
    }
}

/// Calls `on_change`, in a thread of its own, whenever the file at `path` may have changed: written,
/// replaced, removed, or led elsewhere by a link. The file need not exist, but its folder must.
/// `on_change` must not drop the [`Watcher`].
///
/// # Errors
/// When the operating system cannot watch the folder.
pub fn watch(path: &Path, on_change: impl Fn() + Send + 'static) -> Result<Watcher, WatchError> {
    let path = std::path::absolute(path)?;
    let (stop, messages) = mpsc::channel();
    let seen = stop.clone();
    let handler = move |event| {
        seen.send(Message::Seen(event)).ok();
    };
    let folder = path.parent().unwrap_or(&path).to_owned();
    let mut watcher =
        notify::recommended_watcher(handler).map_err(|error| WatchError::new(&folder, &error))?;
    watcher
        .watch(&folder, RecursiveMode::NonRecursive)
        .map_err(|error| WatchError::new(&folder, &error))?;
    let mut watched = Watched {
        watcher,
        folders: BTreeSet::from([folder]),
        spots: BTreeSet::new(),
        path,
    };
    watched.follow();
    let thread = std::thread::Builder::new()
        .name("manifest".into())
        .spawn(move || watched.run(&messages, &on_change))?;
    Ok(Watcher {
        stop,
        thread: Some(thread),
    })
}

struct Watched {
    watcher: RecommendedWatcher,
    path: PathBuf,
    folders: BTreeSet<PathBuf>,
    /// Folder and name of the file and of every link on the way to it.
    spots: BTreeSet<(PathBuf, OsString)>,
}

impl Watched {
    fn run(mut self, messages: &Receiver<Message>, on_change: &impl Fn()) {
        while let Ok(Message::Seen(event)) = messages.recv() {
            let concerns = match &event {
                Ok(event) => concerns(event, &self.spots),
                // What was missed cannot be told.
                Err(_) => true,
            };
            if concerns {
                self.follow();
                on_change();
            }
        }
    }

    /// Finds the links on the way to the file anew, and watches their folders. A folder that cannot
    /// be watched is left out: the way there is watched all the same.
    fn follow(&mut self) {
        self.spots = spots(&self.path);
        let folders: BTreeSet<_> = self
            .spots
            .iter()
            .map(|(folder, _)| folder.clone())
            .collect();
        for gone in self.folders.difference(&folders) {
            // A folder that was removed has lost its watch by itself.
            self.watcher.unwatch(gone).ok();
        }
        let kept = folders.into_iter().filter(|folder| {
            self.folders.contains(folder)
                || self
                    .watcher
                    .watch(folder, RecursiveMode::NonRecursive)
                    .is_ok()
        });
        self.folders = kept.collect();
    }
}

/// Whether the event is of one of the spots, and more than somebody reading there.
fn concerns(event: &Event, spots: &BTreeSet<(PathBuf, OsString)>) -> bool {
    let read_only = matches!(
        event.kind,
        EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)
    );
    if read_only {
        return false;
    }
    event.need_rescan()
        || event.paths.iter().any(|path| {
            let name = path.file_name().map(OsStr::to_owned);
            let spot = path.parent().map(Path::to_owned).zip(name);
            spot.is_some_and(|spot| spots.contains(&spot))
        })
}

/// The folder and name of `path` and of every symbolic link on the way to what it leads to.
pub(crate) fn spots(path: &Path) -> BTreeSet<(PathBuf, OsString)> {
    let mut spots = BTreeSet::new();
    let mut links = 0;
    let mut way = PathBuf::new();
    let mut ahead: Vec<OsString> = steps(path);
    while let Some(step) = ahead.pop() {
        if step == ".." {
            way.pop();
            continue;
        }
        let folder = way.clone();
        way.push(&step);
        if let Ok(to) = std::fs::read_link(&way) {
            links += 1;
            if links > LINKS_MAX {
                break;
            }
            spots.insert((folder.clone(), step));
            // An absolute target begins with the root, which `push` starts over from.
            way = folder;
            ahead.extend(steps(&to));
        } else if ahead.is_empty() {
            spots.insert((folder, step));
        }
    }
    spots
}

/// The components of a path, last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter(|step| *step != Component::CurDir);
    let mut steps: Vec<_> = steps.map(|step| step.as_os_str().to_owned()).collect();
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, Flag};
    use std::os::unix::fs::symlink;

    fn spot(folder: &Path, name: &str) -> (PathBuf, OsString) {
        (folder.to_owned(), name.into())
    }

    #[test]
    fn every_link_on_the_way_is_a_spot() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        std::fs::create_dir(folder.join("..1")).unwrap();
        symlink("..1", folder.join("..data")).unwrap();
        symlink("..data/lanes.toml", folder.join("lanes.toml")).unwrap();
        let wanted = [
            spot(&folder, "lanes.toml"),
            spot(&folder, "..data"),
            spot(&folder.join("..1"), "lanes.toml"),
        ];
        assert_eq!(spots(&folder.join("lanes.toml")), BTreeSet::from(wanted));
    }

    #[test]
    fn links_in_a_circle_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        symlink("b", folder.join("a")).unwrap();
        symlink("a", folder.join("b")).unwrap();
        let wanted = [spot(&folder, "a"), spot(&folder, "b")];
        assert_eq!(spots(&folder.join("a")), BTreeSet::from(wanted));
    }

    #[test]
    fn reading_the_file_or_writing_another_is_no_change() {
        let spots = BTreeSet::from([spot(Path::new("/x"), "lanes.toml")]);
        let event = |kind, path: &str| Event::new(kind).add_path(path.into());
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let made = EventKind::Create(CreateKind::File);
        assert!(!concerns(&event(open, "/x/lanes.toml"), &spots));
        assert!(!concerns(&event(read, "/x/lanes.toml"), &spots));
        assert!(!concerns(&event(made, "/x/other.toml"), &spots));
        assert!(!concerns(&event(made, "/y/lanes.toml"), &spots));
        assert!(concerns(&event(written, "/x/lanes.toml"), &spots));
        assert!(concerns(&event(made, "/x/lanes.toml"), &spots));
        assert!(concerns(
            &Event::new(EventKind::Other).set_flag(Flag::Rescan),
            &spots
        ));
    }
}
