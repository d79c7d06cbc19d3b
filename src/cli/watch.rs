//! `lanewatch status --watch`: every change as a line, for whoever cannot or will not use a screen.
//!
//! It asks the engine that runs, over its socket, and is told of changes as they happen; where none
//! runs, it runs one itself. Nothing is ever drawn over: no cursor moves, no colour, no line that
//! changes after it was printed.

use super::attach::{Attached, Came, Of};
use super::change::{Change, clock as time_of};
use super::engine_thread;
use super::failure::Failure;
use crate::engine::{EngineView, LaneView, StoreView, Update, clock, watch as attach};
use crate::lane::{LaneName, Wall, Word};
use crate::plain::Plain;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Prints changes until it is told to stop or nobody reads on.
pub(super) fn watch(
    named: Option<&Path>,
    demo: bool,
    json: bool,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    let of = match demo {
        true => Of::Demo,
        false => Of::manifest(named)?,
    };
    let runtime = engine_thread::current_thread()?;
    let stopped = {
        let _entered = runtime.enter();
        super::signals::stop_signals()?
    };
    let mut attached = Attached::to(&runtime, &of, attach(&of.folder()?.socket()))?;
    let mut told = Told::new(json, attached.own.is_none());
    let ended = runtime.block_on(tell(&mut attached, &mut told, stopped, out));
    attached.let_go();
    ended.map(|()| 0)
}

async fn tell(
    attached: &mut Attached,
    told: &mut Told,
    stopped: impl Future<Output = ()>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let ended = match attached.next(stopped.as_mut()).await? {
            Came::Stopped => return Ok(()),
            Came::Gone => true,
            Came::News(update) => {
                let ended = update.stopped;
                told.update(update, out).map_err(Failure::output)?;
                ended
            }
        };
        if ended {
            let now = clock::now().wall;
            told.note(now, "the engine has stopped", out)
                .map_err(Failure::output)?;
        }
        out.flush().map_err(Failure::output)?;
        if ended {
            return Ok(());
        }
    }
}

/// What was told so far.
struct Told {
    json: bool,
    /// Whether the first news is how things stand, rather than how they begin.
    attached: bool,
    lanes: BTreeMap<LaneName, Arc<LaneView>>,
    engine: Option<Arc<EngineView>>,
}

impl Told {
    const fn new(json: bool, attached: bool) -> Self {
        Self {
            json,
            attached,
            lanes: BTreeMap::new(),
            engine: None,
        }
    }

    fn update(&mut self, update: Update, out: &mut impl Write) -> io::Result<()> {
        let now = clock::now().wall;
        if let Some(engine) = update.engine {
            self.engine(now, &engine, out)?;
        }
        let first = self.lanes.is_empty() && !update.lanes.is_empty();
        if first && !self.json {
            let mut counts = BTreeMap::new();
            for lane in &update.lanes {
                *counts.entry(std::cmp::Reverse(lane.word)).or_insert(0) += 1;
            }
            let counts: Vec<String> = counts
                .into_iter()
                .map(|(word, count): (_, usize)| format!("{count} {}", word.0))
                .collect();
            let text = format!("{} lanes: {}", update.lanes.len(), counts.join(", "));
            self.note(now, &text, out)?;
        }
        let mut lanes = update.lanes;
        lanes.sort_by(|a, b| {
            b.word
                .cmp(&a.word)
                .then_with(|| a.info.name.cmp(&b.info.name))
        });
        for lane in lanes {
            let before = self.lanes.get(&lane.info.name);
            // A list of everything that is well, or that has only just begun, is read by nobody.
            let silent = first && !self.json && (!self.attached || lane.word == Word::Ok);
            if let Some(change) = Change::of(before.map(AsRef::as_ref), &lane).filter(|_| !silent) {
                if self.json {
                    serde_json::to_writer(&mut *out, &change)?;
                    writeln!(out)?;
                } else {
                    writeln!(out, "{}", change.line())?;
                }
            }
            self.lanes.insert(lane.info.name.clone(), lane);
        }
        for name in update.removed {
            if self.lanes.remove(&name).is_some() {
                self.note(now, &format!("{name}: left the manifest"), out)?;
            }
        }
        Ok(())
    }

    fn engine(
        &mut self,
        now: Wall,
        engine: &Arc<EngineView>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let before = self.engine.replace(Arc::clone(engine));
        let before = before.as_deref();
        for store in &engine.stores {
            let was = before
                .and_then(|before| before.stores.iter().find(|one| one.name == store.name))
                .and_then(|store| store.up);
            let text = match (was, store.up) {
                (Some(true) | None, Some(false)) => {
                    let trouble = store.trouble.as_ref().map_or("", Plain::as_str);
                    format!("store {}: up -> DOWN: {trouble}", store.name)
                }
                (Some(false), Some(true)) => format!("store {}: DOWN -> up", store.name),
                _ => continue,
            };
            self.note(now, &text, out)?;
        }
        for store in &engine.stores {
            let login = |store: &StoreView| store.login.as_ref()?.trouble.clone();
            let before = before.and_then(|before| {
                let mut stores = before.stores.iter();
                login(stores.find(|one| one.name == store.name)?)
            });
            let text = match (before, login(store)) {
                (was, Some(is)) if was.as_ref() != Some(&is) => {
                    format!("store {}: its login is in trouble: {is}", store.name)
                }
                (Some(_), None) => format!("store {}: its login is good again", store.name),
                _ => continue,
            };
            self.note(now, &text, out)?;
        }
        let troubles = [
            (
                "the audit cannot be written, every gate is closed",
                "the audit can be written again",
                &engine.audit_trouble,
                before.and_then(|before| before.audit_trouble.as_ref()),
            ),
            (
                "manifest not taken, the last good one is in force",
                "the manifest is in force",
                &engine.manifest_trouble,
                before.and_then(|before| before.manifest_trouble.as_ref()),
            ),
        ];
        for (bad, good, is, was) in troubles {
            match (is, was) {
                (Some(is), was) if was != Some(is) => {
                    self.note(now, &format!("{bad}: {is}"), out)?;
                }
                (None, Some(_)) => self.note(now, good, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Something that is about no one lane.
    fn note(&self, now: Wall, text: &str, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            writeln!(out, "{}", json!({ "at": now, "note": text }))
        } else {
            writeln!(out, "{} {text}", time_of(now))
        }
    }
}
