//! One secret a file, closed to everybody but its owner.
//!
//! Without a field the file's text is the secret; with one the file is a JSON object. Reading refuses
//! a file that others can open. Writing happens under an advisory lock that the kernel releases on
//! death, and replaces the file in one step, so that a reader sees the old text or the new one.

use super::fields::{Fields, unusable};
use super::{SecretRecord, StoreError, WHOLE};
use crate::lane::{StoreVersion, Wall};
use crate::manifest::Source;
use crate::plain::Plain;
use crate::secret::{FingerprintKey, Secret};
use rustix::fs::{FlockOperation, OFlags};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The longest secret a file may hold.
const LONGEST: u64 = 64 * 1024;
/// How long a file system, or another writer, may keep lanewatch waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the lock is tried meanwhile.
const LOCK_EVERY: Duration = Duration::from_millis(10);

/// A folder of files.
#[derive(Clone)]
pub struct FileStore {
    root: PathBuf,
    marks: Arc<Marks>,
}

/// Makes the marks of a file's states.
///
/// A mark is shown and kept in the audit, so it must not help to guess a short secret: the content
/// enters it only through a hash under a key that this process made up.
#[derive(Default)]
pub(super) struct Marks(OnceLock<FingerprintKey>);

impl Marks {
    pub(super) fn mark(&self, text: &Secret, time: &str) -> Result<StoreVersion, StoreError> {
        let key = match self.0.get() {
            Some(key) => key,
            None => {
                let key = FingerprintKey::random().map_err(|error| {
                    StoreError::Failed(Plain::new(&format!("no randomness: {error}")))
                })?;
                self.0.get_or_init(|| key)
            }
        };
        let state = Secret::new(format!("{time}/{}/{}", text.expose().len(), text.expose()));
        Ok(StoreVersion(Plain::new(
            &key.fingerprint(&state).to_string(),
        )))
    }
}

/// A file's text and what the file system says of it.
struct Contents {
    text: Secret,
    mark: StoreVersion,
    modified: Wall,
}

impl FileStore {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            marks: Arc::default(),
        }
    }

    pub(super) async fn read(&self, source: &Source) -> Result<SecretRecord, StoreError> {
        let (store, source) = (self.clone(), source.clone());
        aside(move || {
            let found = store.contents(&store.root.join(&source.path))?;
            Ok(SecretRecord {
                fields: fields_of(&found.text, source.field.as_deref())?,
                version: Some(found.mark),
                created: Some(found.modified),
            })
        })
        .await
    }

    pub(super) async fn write(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        expected: Option<&StoreVersion>,
    ) -> Result<StoreVersion, StoreError> {
        let (store, fields) = (self.clone(), fields.clone());
        let (source, expected) = (source.clone(), expected.cloned());
        let work = aside(move || store.replace(&source, &fields, expected.as_ref()));
        work.await.map_err(StoreError::after_sending)
    }

    fn replace(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        expected: Option<&StoreVersion>,
    ) -> Result<StoreVersion, StoreError> {
        let named = self.root.join(&source.path);
        // A link stays a link: what it points at is replaced.
        let file = std::fs::canonicalize(&named).unwrap_or(named);
        let _held = lock(&beside(&file, ".lock")?)?;
        let old = match self.contents(&file) {
            Ok(old) => Some(old),
            Err(StoreError::NotFound(_)) => None,
            Err(other) => return Err(other),
        };
        if expected.is_some() && expected != old.as_ref().map(|old| &old.mark) {
            return Err(StoreError::Conflict);
        }
        let old = old.map(|old| old.text);
        let text = merged(old.as_ref(), source.field.is_some(), fields)?;
        put(&file, &text).map_err(|error| failed(&file, &error))?;
        let new = self.contents(&file);
        new.map(|new| new.mark)
            .map_err(|error| StoreError::Uncertain(error.into()))
    }

    fn contents(&self, file: &Path) -> Result<Contents, StoreError> {
        let (text, about) = read_private(file)?;
        let modified = about.mtime().saturating_mul(1000);
        let modified = modified.saturating_add(about.mtime_nsec() / 1_000_000);
        let time = format!("{}.{}", about.mtime(), about.mtime_nsec());
        Ok(Contents {
            mark: self.marks.mark(&text, &time)?,
            text,
            modified: Wall(modified),
        })
    }
}

/// Reads a file that must be closed to others, without the line end.
pub(super) fn read_private(file: &Path) -> Result<(Secret, std::fs::Metadata), StoreError> {
    // Without waiting, or a pipe that nobody writes to would hold the reader for ever.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0))
        .open(file);
    let open = opened.map_err(|error| failed(file, &error))?;
    let about = open.metadata().map_err(|error| failed(file, &error))?;
    let shown = Plain::new(&file.display().to_string());
    if !about.is_file() {
        return Err(unusable(&format!("{shown} is not a regular file")));
    }
    if about.mode() & 0o077 != 0 {
        return Err(StoreError::BadMode {
            file: shown,
            mode: about.mode() & 0o7777,
        });
    }
    if about.len() > LONGEST {
        return Err(unusable(&format!("{shown} is longer than 64 KiB")));
    }
    let mut text = String::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1);
    match open.take(LONGEST + 1).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(unusable(&format!("{shown} is not UTF-8 text")));
        }
        Err(error) => return Err(failed(file, &error)),
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    let text = Secret::new(text);
    if text.is_empty() {
        return Err(unusable(&format!("{shown} is empty")));
    }
    Ok((text, about))
}

/// The fields of a text that is an object where a field is asked for, and the secret itself otherwise.
pub(super) fn fields_of(
    text: &Secret,
    field: Option<&str>,
) -> Result<BTreeMap<String, Secret>, StoreError> {
    match field {
        None => Ok(BTreeMap::from([(WHOLE.to_owned(), text.clone())])),
        Some(_) => object(text)?.secrets(field),
    }
}

/// The text that takes the place of `old`.
pub(super) fn merged(
    old: Option<&Secret>,
    is_object: bool,
    new: &BTreeMap<String, Secret>,
) -> Result<Secret, StoreError> {
    if !is_object && let (Some(whole), 1) = (new.get(WHOLE), new.len()) {
        return Ok(whole.clone());
    }
    if !is_object {
        return Err(unusable(
            "it is one value without fields: name a `field` in the manifest to keep several",
        ));
    }
    let fields = old.map(object).transpose()?.unwrap_or_default();
    super::fields::to_json(&fields.with(new)?)
}

fn object(text: &Secret) -> Result<Fields<'_>, StoreError> {
    Fields::parse(text.expose()).ok_or_else(|| {
        unusable("it is not a JSON object, which the manifest's `field` makes it expect")
    })
}

/// Writes a new file beside the old one and puts it in its place.
fn put(file: &Path, text: &Secret) -> io::Result<()> {
    // The name is fixed, so what a crash leaves behind is taken away by the next writer.
    let new = beside(file, ".new").map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    out.write_all(text.expose().as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    std::fs::rename(&new, file)?;
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// `.NAME` and `ending`, in the same folder.
fn beside(file: &Path, ending: &str) -> Result<PathBuf, StoreError> {
    let name = file.file_name();
    let name = name.ok_or_else(|| unusable(&format!("{} names no file", file.display())))?;
    Ok(file.with_file_name(format!(".{}{ending}", name.to_string_lossy())))
}

/// Holds the lock until the result is dropped or the process dies.
fn lock(file: &Path) -> Result<File, StoreError> {
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file);
    let open = opened.map_err(|error| failed(file, &error))?;
    let mut left = PATIENCE;
    loop {
        match rustix::fs::flock(&open, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(open),
            Err(rustix::io::Errno::WOULDBLOCK) if !left.is_zero() => {
                std::thread::sleep(LOCK_EVERY);
                left = left.saturating_sub(LOCK_EVERY);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(StoreError::Failed(Plain::new(&format!(
                    "another process holds {} and does not let go",
                    file.display()
                ))));
            }
            Err(other) => return Err(failed(file, &other.into())),
        }
    }
}

fn failed(file: &Path, error: &io::Error) -> StoreError {
    let file = Plain::new(&file.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound(file),
        io::ErrorKind::PermissionDenied => {
            StoreError::Denied(Plain::new(&format!("lanewatch's user may not open {file}")))
        }
        _ => StoreError::Failed(Plain::new(&format!("{file}: {error}"))),
    }
}

/// Does file work off the engine's task, and gives up on a file system that hangs.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let limit = PATIENCE * 2;
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(StoreError::Failed("lanewatch is stopping".into())),
        Err(_) => Err(StoreError::Timeout(
            u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        )),
    }
}
