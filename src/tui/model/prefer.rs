//! Preferences as the model takes them in, at the start and whenever a file changes.

use super::{Model, Tone};
use crate::tui::config::Change;
use crate::tui::model::selection::Selected;

impl Model {
    /// Takes preferences in. Only what is different from `before` is applied: what the operator has
    /// changed by hand since then stays as it is.
    pub fn prefer(&mut self, before: Option<&Change>, now: &Change) {
        let old = before.map(|before| &before.config);
        let new = &now.config;
        macro_rules! changed {
            ($field:ident) => {
                old.is_none_or(|old| old.$field.value != new.$field.value)
            };
        }
        if changed!(columns) {
            self.columns = new.columns.value.clone();
        }
        if changed!(sort) {
            self.lanes.sort_by(new.sort.value);
        }
        if changed!(group) {
            self.lanes.group_by(new.group.value);
        }
        if changed!(keys) {
            self.keymap = new.keys.value.clone();
        }
        if changed!(mouse) {
            self.mouse = new.mouse.value;
        }
        if changed!(read_only) {
            self.read_only = new.read_only.value;
        }
        if changed!(private) {
            self.set_private(new.private.value);
        }
        self.troubles.clone_from(&now.troubles);
        let known = before.is_some_and(|before| before.warnings == now.warnings);
        if let (false, Some(warning)) = (known, now.warnings.first()) {
            self.say(Tone::Note, warning.clone());
        }
    }

    /// Puts the mask on or takes it off: everything on the screen is replaced.
    pub fn set_private(&mut self, private: bool) {
        if self.mask.is_on() == private {
            return;
        }
        let selected = self.selection().map(|lane| self.mask.real(&lane.info.name));
        let originals = self.mask.originals();
        self.mask.put(private);
        // Both may quote what is to be hidden.
        self.overlay = None;
        self.status = None;
        self.calls = super::Calls::default();
        self.typed.clear();
        self.cycle = None;
        self.trail.set_private(private);
        if private {
            self.lanes.filter_by(super::Filter::default());
        }
        let mask = &mut self.mask;
        let mut names: Vec<_> = self.lanes.names();
        names.sort_unstable();
        for name in &names {
            // Numbers in order of names, whatever order the lanes are in.
            mask.shown(name);
        }
        self.lanes.replace(|view| match originals.real_view(view) {
            Some(real) => real,
            None => mask.view(view),
        });
        self.journal
            .replace(|record| match originals.records.get(&record.seq) {
                Some(real) => std::sync::Arc::clone(real),
                None => mask.record(record),
            });
        self.engine = match (originals.engine, self.engine.take()) {
            (Some(real), _) => Some(real),
            (None, shown) => shown.map(|engine| mask.engine(&engine)),
        };
        match selected {
            Some(real) => self.selected = Some(Selected::Lane(self.mask.shown(&real))),
            None => self.select_row(self.row),
        }
    }
}
