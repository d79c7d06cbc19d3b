//! What keys do in the audit pane and on the page of one record.

use crate::audit::Way;
use crate::lane::Wall;
use crate::tui::archive::Form;
use crate::tui::keymap::Action;
use crate::tui::model::{Choice, Model, Overlay, RecordFilter, RecordPage, Told, Tone};
use crate::tui::view::{self, Layout};
use std::path::PathBuf;
use tui_input::Input;

pub(super) fn rows(model: &Model) -> usize {
    usize::from(Layout::of(model).audit_rows())
}

pub(super) fn act(model: &mut Model, action: Action) {
    let rows = rows(model);
    match action {
        Action::Search => {
            let text = model.trail.search().map(|search| search.needle().text());
            let text = text.unwrap_or_default().to_owned();
            model.overlay = Some(Overlay::Search(Input::new(text)));
        }
        Action::SearchNext => {
            let told = model.trail.seek(Way::Older, false, rows, &model.journal);
            tell(model, told);
        }
        Action::SearchPrevious => {
            let told = model.trail.seek(Way::Newer, false, rows, &model.journal);
            tell(model, told);
        }
        Action::Records => {
            let text = model.trail.filter().text().to_owned();
            model.overlay = Some(Overlay::Records(Input::new(text)));
        }
        Action::Record => {
            let record = model.trail.selected(&model.journal).cloned();
            model.overlay = record.map(|record| Overlay::Record(RecordPage::new(record)));
        }
        Action::Export => export(model, None),
        _ => {}
    }
}

/// Says what came of reading.
pub(super) fn tell(model: &mut Model, told: Option<Told>) {
    match told {
        None => {}
        Some(Told::Good(text)) => model.say(Tone::Good, text),
        Some(Told::Note(text)) => model.say(Tone::Note, text),
        Some(Told::Bad(text)) => model.say(Tone::Bad, text),
    }
}

/// Asks whether what the pane shows is to be written to a file: the given one, or one in the folder
/// that the program was started in, with the moment in its name.
pub(super) fn export(model: &mut Model, path: Option<PathBuf>) {
    if model.mask.is_on() {
        let why = "names are masked, and the journal has the real ones: no export now";
        model.say(Tone::Note, why);
        return;
    }
    let Some(folder) = &model.export_folder else {
        model.say(Tone::Note, "the journal is not on this machine");
        return;
    };
    let csv = path
        .as_ref()
        .and_then(|path| path.extension())
        .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let form = if csv { Form::Csv } else { Form::Jsonl };
    let path = path.map_or_else(
        || default_path(folder, model.now.wall, form),
        |path| folder.join(path),
    );
    model.overlay = Some(Overlay::Export {
        path,
        form,
        choice: Choice::Cancel,
    });
}

fn default_path(folder: &std::path::Path, now: Wall, form: Form) -> PathBuf {
    let moment = now.to_utc().map_or_else(String::new, |date| {
        date.format("-%Y%m%dT%H%M%SZ").to_string()
    });
    folder.join(format!("lanewatch-audit{moment}.{}", form.as_str()))
}

/// What keys do while the export is to be confirmed.
pub(super) fn export_key(
    model: &mut Model,
    path: PathBuf,
    form: Form,
    choice: Choice,
    action: Action,
) {
    match (action, choice) {
        (Action::Yes, _) | (Action::Accept, Choice::Go) => {
            model.say(Tone::Note, format!("writing {}", path.display()));
            model.trail.export_to(path, form);
        }
        (Action::Format, _) => {
            let form = match form {
                Form::Jsonl => Form::Csv,
                Form::Csv => Form::Jsonl,
            };
            let path = path.with_extension(form.as_str());
            model.overlay = Some(Overlay::Export { path, form, choice });
        }
        (Action::Other, _) => {
            let choice = match choice {
                Choice::Cancel => Choice::Go,
                Choice::Go => Choice::Cancel,
            };
            model.overlay = Some(Overlay::Export { path, form, choice });
        }
        _ => model.say(Tone::Note, "export: nothing was written"),
    }
}

/// What keys do on the page of a record.
pub(super) fn record_key(model: &mut Model, mut page: RecordPage, action: Action) {
    let screen = isize::try_from(model.size.1).unwrap_or(1);
    let scroll = |page: &mut RecordPage, by: isize| {
        let last = view::record_last_top(model, page);
        page.top = page.top.saturating_add_signed(by).min(last);
    };
    match action {
        Action::Down => scroll(&mut page, 1),
        Action::Up => scroll(&mut page, -1),
        Action::PageDown => scroll(&mut page, (screen - 6).max(1)),
        Action::PageUp => scroll(&mut page, -(screen - 6).max(1)),
        Action::Cause => {
            let cause = page.record().and_then(|record| record.cause);
            let found = cause.and_then(|seq| model.trail.find(seq, &model.journal));
            match (cause, found.cloned()) {
                (_, Some(record)) => page.push(record),
                (Some(seq), None) => {
                    model.say(Tone::Note, format!("#{seq} is not within reach"));
                }
                (None, None) => {
                    model.say(Tone::Note, "nothing in the audit brought this about");
                }
            }
        }
        Action::Older | Action::Newer => {
            let by = if action == Action::Older { -1 } else { 1 };
            let rows = rows(model).max(1);
            if let Some(record) = page.record() {
                let seq = record.seq;
                model.trail.go_to(seq, rows, &model.journal);
            }
            model.trail.scroll(by, rows, &model.journal);
            if let Some(record) = model.trail.selected(&model.journal) {
                page.replace(record.clone());
            }
        }
        Action::Back => {
            if !page.pop() {
                model.trail.release();
                return;
            }
        }
        _ => {
            model.trail.release();
            return;
        }
    }
    model.overlay = Some(Overlay::Record(page));
}

/// Takes the filter of the records as it is typed.
pub(super) fn filter(model: &mut Model, text: &str) {
    let filter = RecordFilter::parse(text);
    model.trail.filter_by(filter, &model.journal);
}

/// Looks for what was typed.
pub(super) fn search(model: &mut Model, text: &str) {
    let rows = rows(model);
    let told = model.trail.look_for(text, rows, &model.journal);
    tell(model, told);
}
