//! The selected lane: what happened in one sentence, what stands in the way, what comes next.

use super::canvas::Canvas;
use super::{Layout, Look, audit};
use crate::engine::LaneView;
use crate::lane::{
    Activity, Basis, CredentialKind, FindingLevel, Gate, Outcome, ProbeWhy, RecordKind, Refusal,
    Verdict, Wall,
};
use crate::tui::model::{Journal, Model, Pane};
use crate::tui::span;
use crate::tui::symbols::{self, shout};
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Pieces of text on one line.
type Line = Vec<(String, Style)>;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let focused = model.zoom.is_none() && model.focus == Pane::Detail;
    let Some(lane) = model.selection() else {
        canvas.rule(area, "no lane selected", "", focused);
        return;
    };
    let note = format!("lane {} of {}", model.row() + 1, model.lanes.rows());
    canvas.rule(area, lane.info.name.as_str(), &note, focused);
    let lines = lines(lane, model, area.width, canvas.look);
    let rows = usize::from(area.height.saturating_sub(1));
    let top = model.detail_top.min(lines.len().saturating_sub(rows));
    for (y, line) in (area.y + 1..area.bottom()).zip(lines.iter().skip(top)) {
        let mut x = area.x + 2;
        for (text, style) in line {
            x = canvas.text(x, y, area.right(), text, *style);
        }
    }
}

/// How many lines there are at this width.
pub(super) fn count(model: &Model) -> usize {
    let width = Layout::of(model)
        .pane(Pane::Detail)
        .map_or(model.size.0, |area| area.width);
    let plain = Look {
        theme: crate::tui::theme::Theme::default(),
        symbols: symbols::UNICODE,
    };
    model
        .selection()
        .map_or(0, |lane| lines(lane, model, width, &plain).len())
}

fn lines(lane: &LaneView, model: &Model, width: u16, look: &Look) -> Vec<Line> {
    let mut page = Page {
        lines: Vec::new(),
        room: usize::from(width).saturating_sub(3).max(8),
        column: 0,
        look,
    };
    let now = model.now.wall;
    sentence(lane, &model.journal, now, &mut page);
    gate(lane, model, now, &mut page);
    outage(lane, now, &mut page);
    credential(lane, now, &mut page);
    next(lane, now, &mut page);
    neighbors(lane, now, &mut page);
    findings(lane, &mut page);
    route(lane, &mut page);
    story(lane, model, &mut page);
    page.lines
}

/// Facts, set one after the other with dots between them and broken where they end.
struct Page<'a> {
    lines: Vec<Line>,
    room: usize,
    column: usize,
    look: &'a Look,
}

impl Page<'_> {
    fn role(&self, role: Role) -> Style {
        self.look.theme.role(role)
    }

    /// Begins a line.
    fn line(&mut self) {
        self.lines.push(Vec::new());
        self.column = 0;
    }

    fn push(&mut self, text: &str, style: Style) {
        self.column += text.width();
        if let Some(line) = self.lines.last_mut() {
            line.push((text.to_owned(), style));
        }
    }

    /// Text that goes on where the last ended, broken between words.
    fn say(&mut self, text: &str, style: Style) {
        let mut rest = text;
        loop {
            let left = self.room.saturating_sub(self.column);
            if rest.width() <= left {
                self.push(rest, style);
                return;
            }
            let fit = fitting(rest, left);
            let space = rest.get(..fit).and_then(|head| head.rfind(' '));
            let (head, tail) = match space {
                Some(space) => (rest.get(..space), rest.get(space + 1..)),
                // A word longer than a line is cut; another gets a line of its own.
                None if self.column <= 2 => (rest.get(..fit.max(1)), rest.get(fit.max(1)..)),
                None => (Some(""), Some(rest.trim_start())),
            };
            self.push(head.unwrap_or(""), style);
            rest = tail.unwrap_or("");
            self.continued();
            if rest.is_empty() {
                return;
            }
        }
    }

    fn continued(&mut self) {
        self.line();
        self.push("  ", Style::new());
    }

    /// One more fact on this line, or on the next if it does not fit.
    fn fact(&mut self, text: &str, style: Style) {
        if self.column > 2 {
            let dot = format!(" {} ", self.look.symbols.dot);
            if self.column + dot.width() + text.width() > self.room {
                self.continued();
            } else {
                let quiet = self.role(Role::Quiet);
                self.push(&dot, quiet);
            }
        }
        self.say(text, style);
    }
}

/// How many bytes of `text` fit into so many columns.
fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        used += c.width().unwrap_or(0);
        (used > columns).then_some(at)
    });
    end.unwrap_or(text.len())
}

/// The first line: the outcome in capitals, when, how it is known, and the ids to search for.
fn sentence(lane: &LaneView, journal: &Journal, now: Wall, page: &mut Page<'_>) {
    page.line();
    let text = page.role(Role::Text);
    let held = lane.hold.as_ref().map(|hold| (&hold.verdict, hold.since));
    let last = lane
        .verdict
        .as_ref()
        .map(|last| (last, lane.verdict_at.unwrap_or(lane.since)));
    let Some((verdict, at)) = held.or(last) else {
        page.say("NOT YET ASKED", page.look.theme.word(lane.word));
        page.fact("no upstream has answered for this lane so far", text);
        return;
    };
    let good = verdict.outcome == Outcome::Ok;
    let role = if good { Role::Good } else { Role::Bad };
    page.say(shout(verdict.outcome), page.role(role));
    let mut opening = format!(" {}", span::ago(now, at));
    if !good && let Some(by) = seen_by(lane, verdict, journal) {
        opening.push_str(&format!(", seen by {by}"));
    }
    let code = code(verdict);
    if !code.is_empty() {
        opening.push_str(&format!(": {code}"));
    }
    if !good {
        opening.push_str(&match verdict.evidence.basis {
            Basis::Stated => format!(" (stated by {})", lane.info.provider),
            Basis::Inferred => " (inferred)".to_owned(),
        });
    }
    page.say(&opening, text);
    let evidence = &verdict.evidence;
    if let Some(id) = &evidence.request_id {
        page.fact(&format!("request {id}"), text);
    }
    if let Some(credential) = &lane.credential {
        page.fact(&format!("generation {}", credential.generation), text);
        let more = page.look.symbols.more;
        page.fact(
            &format!("key {}{more}", credential.fingerprint.short()),
            text,
        );
    }
    if !good && let Some(detail) = &evidence.detail {
        let [open, close] = page.look.symbols.quotes;
        page.fact(&format!("{open}{detail}{close}"), text);
    }
    if !evidence.required_scopes.is_empty() {
        let scopes: Vec<_> = evidence.required_scopes.iter().map(AsRef::as_ref).collect();
        page.fact(
            &format!("needs scope {}", scopes.join(" ")),
            page.role(Role::Warn),
        );
    }
    if !good && let Some(ok) = lane.last_ok {
        page.fact(&format!("last ok {}", span::ago(now, ok)), text);
    }
}

/// Which work came by the verdict, as far as the records tell.
fn seen_by(lane: &LaneView, verdict: &Verdict, journal: &Journal) -> Option<&'static str> {
    if verdict.outcome == Outcome::StoreUnavailable {
        return Some("store read");
    }
    journal
        .story(&lane.info.name)
        .filter(|record| record.outcome == Some(verdict.outcome))
        .find_map(|record| match record.kind {
            RecordKind::ProbeFailed | RecordKind::RevocationDetected | RecordKind::TokenExpired => {
                Some("probe")
            }
            RecordKind::RefreshFailed | RecordKind::RefreshUncertain => Some("refresh"),
            RecordKind::CredentialLoadFailed => Some("store read"),
            RecordKind::PreflightRefused => Some("pre-flight"),
            RecordKind::ToolCall => Some("a call"),
            _ => None,
        })
}

/// Status and provider code, as the answer had them.
fn code(verdict: &Verdict) -> String {
    let evidence = &verdict.evidence;
    match (evidence.status, &evidence.provider_code) {
        (Some(status), Some(code)) => format!("{status} {code}"),
        (Some(status), None) => status.to_string(),
        (None, Some(code)) => code.to_string(),
        (None, None) => String::new(),
    }
}

/// What keeps the lane from serving, and who has to act.
fn gate(lane: &LaneView, model: &Model, now: Wall, page: &mut Page<'_>) {
    let (bad, text) = (page.role(Role::Bad), page.role(Role::Text));
    match lane.gate {
        Gate::Open => {}
        Gate::Held => {
            page.line();
            page.say("HELD", bad);
            let since = lane.hold.as_ref().map_or(lane.since, |hold| hold.since);
            page.say(
                &format!(": no calls served since {}.", span::moment(now, since)),
                text,
            );
            page.say(" Needs a person:", bad);
            let key = if model.read_only {
                "release it (this screen is read-only)"
            } else {
                "l release"
            };
            page.say(&format!(" {key}"), text);
            responsible(lane, page);
        }
        Gate::Paused => {
            page.line();
            page.say("PAUSED", page.look.theme.word(crate::lane::Word::Paused));
            if let Some(pause) = &lane.pause {
                let since = span::moment(now, pause.since);
                page.say(
                    &format!(" by {} since {since}: {}", pause.by, pause.reason),
                    text,
                );
                match pause.until {
                    Some(until) => page.fact(&format!("until {}", span::moment(now, until)), text),
                    None => page.fact("p resume", text),
                }
            }
        }
        Gate::Refused => {
            page.line();
            page.say("REFUSED", bad);
            let why = lane
                .refusal
                .as_ref()
                .map_or_else(|| "not proven yet".to_owned(), refusal);
            page.say(&format!(" by pre-flight: {why}"), text);
            responsible(lane, page);
        }
    }
    let outage = lane
        .verdict
        .as_ref()
        .is_some_and(|last| last.outcome.is_outage());
    if let Some(degraded) = lane.degraded.as_ref().filter(|_| !outage) {
        page.line();
        page.say("DEGRADED", page.role(Role::Warn));
        let since = span::spoken(now.since(degraded.since));
        let what = degraded.verdict.outcome;
        page.say(
            &format!(" for {since} ({what}): no good credential is proven yet"),
            text,
        );
    }
}

fn responsible(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    if let Some(owner) = &lane.info.owner {
        page.fact(&format!("owner {owner}"), text);
    }
    if let Some(runbook) = &lane.info.runbook {
        page.fact(&format!("runbook {runbook}"), text);
    }
    if let Some(url) = &lane.info.rotate_url {
        page.fact(&format!("new key at {url}"), text);
    }
}

fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotProvenYet => "not proven yet".to_owned(),
        Refusal::UnmanagedSource => {
            "its secret is in no managed store, and the manifest does not allow that".to_owned()
        }
        Refusal::TooLittleLife => "too little life is left".to_owned(),
        Refusal::ClockSkew => "the clocks are too far apart to judge an expiry".to_owned(),
        Refusal::Neighbor => "a request that must be denied was not shown to be".to_owned(),
        Refusal::ForbiddenScope => "it has a scope that it must not have".to_owned(),
        Refusal::Answer(verdict) => match &verdict.evidence.detail {
            Some(detail) => format!("{}, {detail}", verdict.outcome),
            None => verdict.outcome.to_string(),
        },
        Refusal::AuditUnwritable => "the audit cannot be written".to_owned(),
    }
}

/// An outage, told as one: who is down, since when, what serves meanwhile and for how long.
fn outage(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let Some(verdict) = lane
        .verdict
        .as_ref()
        .filter(|last| last.outcome.is_outage())
    else {
        return;
    };
    let text = page.role(Role::Text);
    page.line();
    match (&lane.credential, lane.gate) {
        (Some(credential), Gate::Open) => {
            page.say(
                &format!("serving generation {}", credential.generation),
                text,
            );
        }
        _ => page.say("serving nothing", page.role(Role::Bad)),
    }
    let who = match verdict.outcome {
        Outcome::StoreUnavailable => lane.info.store.as_str(),
        _ => lane.info.provider.as_str(),
    };
    let since = lane
        .degraded
        .as_ref()
        .map_or(lane.since, |degraded| degraded.since);
    let down = format!(", {who} down {}", span::spoken(now.since(since)));
    page.say(&down, page.role(Role::Warn));
    page.say(&format!(", {} tries", lane.tries), text);
    if let Some(retry) = lane.next.retry {
        page.say(
            &format!(", next in {}", span::spoken(retry.since(now))),
            text,
        );
    }
    let expiry = lane.credential.as_ref().and_then(|known| known.expiry);
    if let Some(expiry) = expiry {
        page.say(&format!(", dies at {}", span::moment(now, expiry.at)), text);
    }
}

fn credential(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    page.line();
    let kind = match lane.info.credential {
        CredentialKind::ManagedKey => "managed key",
        CredentialKind::Byok => "the owner's key",
        CredentialKind::OauthRefresh => "OAuth grant",
        CredentialKind::VaultReference => "vault reference",
    };
    page.say(&format!("{kind} from {}", lane.info.source), text);
    let Some(credential) = &lane.credential else {
        page.fact("not loaded", page.role(Role::Warn));
        return;
    };
    if !credential.proven {
        page.fact("not proven yet", page.role(Role::Warn));
    }
    match credential.expiry {
        None => page.fact("nobody says when it expires", text),
        Some(expiry) => {
            let verb = if expiry.at <= now {
                "expired"
            } else {
                "expires"
            };
            let at = span::moment(now, expiry.at);
            page.fact(
                &format!("{verb} {at}, says the {}", expiry.source.as_str()),
                text,
            );
        }
    }
    match &credential.scopes {
        Some(scopes) if !scopes.is_empty() => page.fact(&format!("scopes {scopes}"), text),
        Some(_) => page.fact("no scopes", text),
        None => {}
    }
}

/// What is under way and what comes next.
fn next(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let doing = match lane.activity {
        Activity::Idle => None,
        Activity::Loading => Some("loading from the store"),
        Activity::Probing(ProbeWhy::Preflight) => Some("proving it before service"),
        Activity::Probing(ProbeWhy::Fresh) => Some("proving the new credential"),
        Activity::Probing(_) => Some("probing"),
        Activity::ProvingNeighbors => Some("asking its neighbors"),
        Activity::Refreshing => Some("refreshing"),
        Activity::Rotating => Some("rotating"),
    };
    let coming = [
        ("retry", lane.next.retry),
        ("refresh", lane.next.refresh),
        ("probe", lane.next.probe),
        ("store look", lane.next.store),
        ("patience asked for ends", lane.next.limited_until),
    ];
    if doing.is_none() && coming.iter().all(|(_, at)| at.is_none()) {
        return;
    }
    page.line();
    page.say("next:", text);
    if let Some(doing) = doing {
        page.say(" ", text);
        page.fact(&format!("now {doing}"), page.role(Role::Warn));
    }
    for (what, at) in coming {
        if let Some(at) = at {
            let due = if at <= now {
                "due".to_owned()
            } else {
                format!("in {}", span::spoken(at.since(now)))
            };
            if page.column == "next:".len() {
                page.say(&format!(" {what} {due}"), text);
            } else {
                page.fact(&format!("{what} {due}"), text);
            }
        }
    }
}

fn neighbors(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    if !lane.neighbors.is_empty() || !lane.shares_key_with.is_empty() {
        page.line();
    }
    for proof in &lane.neighbors {
        let when = proof
            .at
            .map_or_else(String::new, |at| format!(" {}", span::ago(now, at)));
        let (line, role) = match proof.denied {
            Some(true) => (
                format!("{} denied{when} {}", proof.name, page.look.symbols.yes),
                Role::Good,
            ),
            Some(false) => (
                format!("{} ALLOWED{when} {}", proof.name, page.look.symbols.no),
                Role::Bad,
            ),
            None => (
                format!("{} not known to be denied{when}", proof.name),
                Role::Warn,
            ),
        };
        page.fact(&format!("neighbor {line}"), page.role(role));
    }
    if !lane.shares_key_with.is_empty() {
        let names: Vec<_> = lane.shares_key_with.iter().map(AsRef::as_ref).collect();
        page.fact(&format!("shares its key with {}", names.join(", ")), text);
    }
}

fn findings(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    for finding in &lane.findings {
        let (word, role) = match finding.level {
            FindingLevel::Pass => continue,
            FindingLevel::Warn => ("warning", Role::Warn),
            FindingLevel::Refuse => ("refused", Role::Bad),
        };
        page.line();
        page.say(&format!("pre-flight {word}"), page.role(role));
        page.say(&format!(" {}: {}", finding.check, finding.text), text);
    }
}

fn route(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let (route, arrow) = (&lane.info.route, page.look.symbols.arrow);
    page.line();
    let tool = route
        .tool
        .as_ref()
        .map_or("every tool", |tool| tool.as_str());
    page.say(&format!("route {} {arrow} {tool}", route.server), text);
    page.fact(route.effect.as_str(), text);
    for (what, value) in [("tenant", &route.tenant), ("account", &route.account)] {
        if let Some(value) = value {
            page.fact(&format!("{what} {value}"), text);
        }
    }
    page.fact(lane.info.endpoint.as_str(), text);
    if lane.gate == Gate::Open
        && let Some(owner) = &lane.info.owner
    {
        page.fact(&format!("owner {owner}"), text);
    }
}

fn story(lane: &LaneView, model: &Model, page: &mut Page<'_>) {
    let (text, title) = (page.role(Role::Text), page.role(Role::Title));
    let mut records = model.journal.story(&lane.info.name).peekable();
    page.line();
    if records.peek().is_none() {
        page.say("no records of this lane since the screen was opened", text);
        return;
    }
    page.say("latest records", title);
    for record in records {
        page.line();
        let line = audit::line(record, false);
        page.push(&line, text);
    }
}
