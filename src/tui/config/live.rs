//! Preferences that follow their files while the screen is up.
//!
//! `config.toml` and the person's own theme are watched from the first frame on. A file with a
//! mistake changes nothing: the last good one stays in force, and the screen says what is wrong and
//! where.

use super::{Config, Sources, follows_background};
use crate::manifest::{Watcher, watch};
use crate::plain::Plain;
use crate::tui::depth::Depth;
use crate::tui::theme::Theme;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Sleep;

/// How long a file may go on changing before it is read: editors write in several steps.
const SETTLES: Duration = Duration::from_millis(60);

/// What holds now.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The preferences.
    pub config: Config,
    /// The theme, for this terminal's colours and background.
    pub theme: Theme,
    /// Mistakes that keep something older in force.
    pub troubles: Vec<Plain>,
    /// What works but will not everywhere.
    pub warnings: Vec<Plain>,
}

/// The preferences in force and their files.
pub struct Live {
    sources: Sources,
    now: Change,
    light: Option<bool>,
    watched: Vec<(PathBuf, Option<Watcher>)>,
    tell: mpsc::Sender<()>,
    told: mpsc::Receiver<()>,
    settling: Option<Pin<Box<Sleep>>>,
}

impl Live {
    /// Reads everything once. A mistake in `config.toml` is shown on the screen; a theme that was
    /// asked for and cannot be read is an error.
    ///
    /// # Errors
    /// When there is no theme of that name, or it has mistakes.
    pub fn start(sources: Sources) -> Result<Self, String> {
        let read = sources.read();
        let usual = || Config::decide(&sources.flags, &sources.env, &super::Wishes::default());
        let config = read.config.unwrap_or_else(usual);
        let light = sources.terminal.light();
        let theme = sources.theme(&config.theme.value, config.color.value, light);
        let (tell, told) = mpsc::channel(1);
        let theme = theme?;
        Ok(Self {
            now: Change {
                config,
                theme,
                troubles: read.trouble.into_iter().map(|it| not_taken(&it)).collect(),
                warnings: read.warnings,
            },
            sources,
            light,
            watched: Vec::new(),
            tell,
            told,
            settling: None,
        })
    }

    /// What holds now.
    pub const fn now(&self) -> &Change {
        &self.now
    }

    /// Whether the terminal is to be asked for its background: only if that would change anything
    /// and nobody has said it already.
    pub fn asks_background(&self) -> bool {
        let config = &self.now.config;
        self.light.is_none()
            && config.ask_background.value
            && follows_background(&config.theme.value)
            && self.sources.terminal.depth(config.color.value) != Depth::Plain
            && self.sources.terminal.can_be_asked()
    }

    /// Takes in what the terminal says of its background.
    pub fn background(&mut self, light: bool) -> &Change {
        self.light = Some(light);
        self.reread()
    }

    /// Begins to watch the files. A folder that is not there is not watched.
    pub fn watch(&mut self) {
        let theme = self.sources.theme_file(&self.now.config.theme.value);
        let wanted: Vec<_> = [self.sources.file(), theme].into_iter().flatten().collect();
        self.watched.retain(|(path, _)| wanted.contains(path));
        for path in wanted {
            if self.watched.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let tell = self.tell.clone();
            let begun = watch(&path, move || {
                // One word that waits already says the same.
                let _waits = tell.try_send(());
            });
            if let Err(error) = &begun {
                tracing::info!(%error, "changes of this file will not be noticed");
            }
            self.watched.push((path, begun.ok()));
        }
    }

    /// Waits until a file has changed and settled. Safe to cancel.
    pub async fn changed(&mut self) {
        if self.settling.is_none() {
            self.told.recv().await;
            self.settling = Some(Box::pin(tokio::time::sleep(SETTLES)));
        }
        if let Some(sleep) = &mut self.settling {
            sleep.await;
        }
        self.settling = None;
    }

    /// Reads everything anew; what has a mistake stays as it was.
    pub fn reread(&mut self) -> &Change {
        let read = self.sources.read();
        let mut troubles: Vec<_> = read.trouble.iter().map(not_taken).collect();
        if let Some(config) = read.config {
            self.now.config = config;
            self.now.warnings = read.warnings;
        }
        let config = &self.now.config;
        let theme = self
            .sources
            .theme(&config.theme.value, config.color.value, self.light);
        match theme {
            Ok(theme) => self.now.theme = theme,
            Err(why) => troubles.push(Plain::new(&format!(
                "theme not taken, the last good one is in force: {why}"
            ))),
        }
        self.now.troubles = troubles;
        self.watch();
        &self.now
    }
}

fn not_taken(trouble: &Plain) -> Plain {
    Plain::new(&format!(
        "configuration not taken, the last good one is in force: {trouble}"
    ))
}
