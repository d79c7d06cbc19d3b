//! From the command line to a manifest and the packs it needs.

use super::failure::{Failure, Kind};
use crate::engine::{Reader, Reload};
use crate::manifest::{self, Bindings, Manifest, ManifestError, Surroundings};
use crate::plain::Plain;
use crate::provider::Catalog;
use etcetera::BaseStrategy as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The manifest that was named, else `./lanes.toml`, else the configuration folder's.
pub(super) fn manifest_path(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let here = PathBuf::from("lanes.toml");
    let home = etcetera::choose_base_strategy()
        .map(|base| base.config_dir().join("lanewatch").join("lanes.toml"));
    match home {
        _ if here.exists() => Ok(here),
        Ok(home) if home.exists() => Ok(home),
        _ => Err(
            Failure::new(Kind::Usage, "no manifest: there is no lanes.toml here")
                .hint("name one, write a first one with `lanewatch init`, or see `lanewatch demo`"),
        ),
    }
}

/// The built-in packs, and those of `folder`.
pub(super) fn catalog(folder: Option<&Path>) -> Result<Catalog, Failure> {
    let builtin = Catalog::builtin();
    match folder {
        None => Ok(builtin),
        Some(folder) => builtin
            .with_folder(folder)
            .map_err(|mistakes| Failure::new(Kind::Usage, mistakes)),
    }
}

/// A manifest and the packs that it was read with.
pub(super) struct Loaded {
    pub manifest: Manifest,
    pub catalog: Arc<Catalog>,
    /// How to read it again when it changes.
    pub reload: Reload,
}

/// Reads the manifest at `path`.
pub(super) fn load(path: &Path, bindings: &Bindings) -> Result<Loaded, Failure> {
    let catalog = Arc::new(catalog(manifest::packs_folder(path, bindings).as_deref())?);
    let reader: Reader = {
        let (path, bindings) = (path.to_owned(), bindings.clone());
        let catalog = Arc::clone(&catalog);
        Arc::new(move || {
            read(&path, &bindings, &catalog).map_err(|error| match error {
                ManifestError::Mistakes(mistakes) => Plain::new(&mistakes.first()),
                other => Plain::new(&other.to_string()),
            })
        })
    };
    let reload = Reload::new(path.to_owned(), reader);
    let manifest = read(path, bindings, &catalog)?;
    Ok(Loaded {
        manifest,
        catalog,
        reload,
    })
}

fn read(path: &Path, bindings: &Bindings, catalog: &Catalog) -> Result<Manifest, ManifestError> {
    let providers: Vec<String> = catalog.names().map(str::to_owned).collect();
    let facts = |name: &str| catalog.get(name).map(|pack| pack.facts());
    manifest::load(
        path,
        &Surroundings {
            bindings,
            provider: &facts,
            providers: &providers,
        },
    )
}
