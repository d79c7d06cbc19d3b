//! From a file to its text, with every way in which that can fail told apart.

use super::bindings::{Bindings, Surroundings};
use super::document;
use super::mistake::Mistakes;
use super::place::Lines;
use super::spec::Manifest;
use crate::plain::Plain;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The longest a manifest may be, in bytes.
pub const MANIFEST_MAX: u64 = 16 * 1024 * 1024;

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is no such file.
    #[error("there is no {}: name another manifest, or write a first one with `lanewatch init`", shown(.path))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{} cannot be read: {}: check that it is a file and who may read it", shown(.path), Plain::new(&.error.to_string()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The file is longer than [`MANIFEST_MAX`].
    #[error("{} is longer than {} MiB: is it really a manifest? If it is, split it into several", shown(.path), MANIFEST_MAX / (1024 * 1024))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8.
    #[error("{}:{line}:{column}: not UTF-8: save the file as UTF-8", shown(.path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first bad byte, from one.
        line: usize,
        /// Its column in characters, from one.
        column: usize,
    },
    /// There is nothing in the file.
    #[error("{} is empty: write a first lane with `lanewatch init`", shown(.path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There are mistakes in it.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

fn shown(path: &Path) -> Plain {
    Plain::new(&path.to_string_lossy())
}

/// Reads the manifest in the file at `path`. The result's paths are absolute; errors show the path
/// as it was given.
///
/// # Errors
/// When the file cannot be read as text, or has mistakes.
pub fn load(path: &Path, around: &Surroundings<'_>) -> Result<Manifest, ManifestError> {
    let text = text_of(path)?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    document::parse(&absolute, &text, around).map_err(|mut mistakes| {
        path.clone_into(&mut mistakes.path);
        ManifestError::Mistakes(mistakes)
    })
}

/// The folder of provider packs that the manifest at `path` names, absolute. It is looked for
/// before [`load`], which has to know the packs; `None` if there is none or it cannot be told, and
/// then `load` says why.
pub fn packs_folder(path: &Path, bindings: &Bindings) -> Option<PathBuf> {
    let text = text_of(path).ok()?;
    if !text.contains("packs") {
        // Most manifests have none, and a large one need not be parsed twice to know that.
        return None;
    }
    let around = Surroundings {
        bindings,
        provider: &|_| None,
        providers: &[],
    };
    let absolute = std::path::absolute(path).ok()?;
    document::packs(&absolute, &text, &around)
}

/// The text of another file of ours, with the same care; `None` if it is not there. One with
/// nothing in it is text too.
///
/// # Errors
/// When the file is there and cannot be read as text.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, ManifestError> {
    match text_of(path) {
        Ok(text) => Ok(Some(text)),
        Err(ManifestError::Missing { .. }) => Ok(None),
        Err(ManifestError::Empty { .. }) => Ok(Some(String::new())),
        Err(other) => Err(other),
    }
}

fn text_of(path: &Path) -> Result<String, ManifestError> {
    let path = || path.to_owned();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ManifestError::Missing { path: path() },
        _ => ManifestError::Unreadable {
            path: path(),
            error,
        },
    };
    let file = File::open(path()).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > MANIFEST_MAX {
        return Err(ManifestError::TooLarge { path: path() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    // A pipe says no length, and a file can grow while it is read.
    file.take(MANIFEST_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > MANIFEST_MAX) {
        return Err(ManifestError::TooLarge { path: path() });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let head = error.as_bytes().get(..good).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        let (line, column) = Lines::new(&head).place(good);
        let path = path();
        ManifestError::NotUtf8 { path, line, column }
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(ManifestError::Empty { path: path() });
    }
    Ok(text)
}
