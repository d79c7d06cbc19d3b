//! What can be copied from where the keys are.

use crate::audit::AuditRecord;
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Overlay, Pane, Tone};
use crate::tui::reach::Call;

/// Something that can be copied: what it is, and its text.
type Choice = (&'static str, String);

/// Offers what there is: of the record that is shown or selected, or of the selected lane.
pub(super) fn offer(model: &mut Model, shown: Option<&AuditRecord>) {
    let active = model.zoom.unwrap_or(model.focus);
    let choices = match (shown, active) {
        (Some(record), _) => of_record(record),
        (None, Pane::Audit) => model
            .trail
            .selected(&model.journal)
            .map(|record| of_record(record))
            .unwrap_or_default(),
        (None, _) => of_lane(model),
    };
    if choices.is_empty() {
        model.say(Tone::Note, "there is nothing to copy here");
        return;
    }
    model.overlay = Some(Overlay::Copy { choices, row: 0 });
}

pub(super) fn act(model: &mut Model, choices: Vec<Choice>, row: usize, action: Action) {
    let last = choices.len().saturating_sub(1);
    let row = match action {
        Action::Down => (row + 1).min(last),
        Action::Up => row.saturating_sub(1),
        Action::Accept => {
            if let Some((_, text)) = choices.into_iter().nth(row) {
                model.calls.push(Call::Copy(text));
            }
            return;
        }
        _ => return,
    };
    model.overlay = Some(Overlay::Copy { choices, row });
}

fn of_record(record: &AuditRecord) -> Vec<Choice> {
    let mut choices = Vec::new();
    if let Ok(json) = serde_json::to_string(record) {
        choices.push(("record", json));
    }
    if let Some(lane) = &record.lane {
        choices.push(("lane", lane.to_string()));
    }
    if let Some(fingerprint) = &record.fingerprint {
        choices.push(("fingerprint", fingerprint.to_string()));
    }
    let request = record.evidence.as_ref();
    if let Some(request) = request.and_then(|evidence| evidence.request_id.as_ref()) {
        choices.push(("request id", request.to_string()));
    }
    choices
}

fn of_lane(model: &Model) -> Vec<Choice> {
    let Some(lane) = model.selection() else {
        return Vec::new();
    };
    let mut choices = vec![("lane", lane.info.name.to_string())];
    if let Some(known) = &lane.credential {
        choices.push(("fingerprint", known.fingerprint.to_string()));
    }
    let request = lane.verdict.as_ref();
    if let Some(request) = request.and_then(|last| last.evidence.request_id.as_ref()) {
        choices.push(("request id", request.to_string()));
    }
    let pages = [
        ("runbook", &lane.info.runbook),
        ("rotation page", &lane.info.rotate_url),
    ];
    for (what, page) in pages {
        if let Some(page) = page {
            choices.push((what, page.to_string()));
        }
    }
    choices
}
