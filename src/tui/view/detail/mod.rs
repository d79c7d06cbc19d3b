//! The selected lane: what happened in one sentence, what stands in the way, what comes next. The
//! pane packs it tightly; on the whole screen it is a page with labels. The head of a group shows
//! what its lanes have in common.

mod group;
mod handover;
pub(super) mod page;
mod sheet;
mod timeline;
mod trouble;

use super::canvas::Canvas;
use super::{Layout, Look, audit};
use crate::engine::LaneView;
use crate::lane::{Activity, CredentialKind, FindingLevel, Gate, NeighborProof, ProbeWhy, Wall};
use crate::tui::model::{Model, Pane};
use crate::tui::span;
use crate::tui::symbols;
use crate::tui::theme::Role;
use page::{Line, Page};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

pub(super) fn draw(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let focused = model.zoom.is_none() && model.focus == Pane::Detail;
    let rows = usize::from(area.height.saturating_sub(1));
    // One line more than is shown tells whether there is more to see.
    let wanted = model.detail_top.saturating_add(rows + 1);
    let Some((title, lines)) = lines(model, area.width, wanted, canvas.look) else {
        canvas.rule(area, "no lane selected", "", focused);
        return;
    };
    let top = model.detail_top.min(lines.len().saturating_sub(rows));
    let mut note = position(model);
    if lines.len() > top + rows {
        note.push_str(&format!("  {} more", canvas.look.symbols.down));
    }
    canvas.rule(area, &title, &note, focused);
    for (y, line) in (area.y + 1..area.bottom()).zip(lines.iter().skip(top)) {
        let mut x = area.x + 2;
        for (text, style) in line {
            let from = x;
            x = canvas.text(x, y, area.right(), text, *style);
            link(model, text, from, y, x, canvas);
        }
    }
}

/// Makes the address of the runbook or of the rotation page clickable where it stands.
fn link(model: &Model, text: &str, x: u16, y: u16, end: u16, canvas: &mut Canvas<'_>) {
    let Some(lane) = model.selection() else {
        return;
    };
    let pages = [&lane.info.runbook, &lane.info.rotate_url];
    for page in pages.into_iter().flatten() {
        if let Some(head) = text.find(page.as_str()).and_then(|at| text.get(..at)) {
            let columns = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
            let from = x.saturating_add(columns(head));
            let to = from.saturating_add(columns(page.as_str())).min(end);
            canvas.link(from, y, to, page.as_str());
        }
    }
}

/// Where the selection is among the others.
fn position(model: &Model) -> String {
    match model.group_here() {
        Some(group) if model.selected_group().is_none() => {
            let name = super::lanes::group::name(group, model.lanes.grouped_by());
            format!(
                "lane {} of {} in {name}",
                model.row() - group.row,
                group.lanes
            )
        }
        Some(_) => String::new(),
        None => format!("lane {} of {}", model.row() + 1, model.lanes.rows()),
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
    lines(model, width, usize::MAX, &plain).map_or(0, |(_, lines)| lines.len())
}

/// The title and at least as many lines as are wanted, or all there are.
fn lines(model: &Model, width: u16, wanted: usize, look: &Look) -> Option<(String, Vec<Line>)> {
    let room = usize::from(width).saturating_sub(3).max(8);
    let mut page = Page::new(room, look);
    let title = if let Some(group) = model.selected_group() {
        group::page(group, model, wanted, &mut page);
        super::lanes::group::name(group, model.lanes.grouped_by())
    } else {
        let lane = model.selection()?;
        if model.zoom == Some(Pane::Detail) {
            sheet::page(lane, model, wanted, &mut page);
        } else {
            brief(lane, model, wanted, &mut page);
        }
        lane.info.name.to_string()
    };
    Some((title, page.lines))
}

fn brief(lane: &LaneView, model: &Model, wanted: usize, page: &mut Page<'_>) {
    let now = model.now.wall;
    trouble::sentence(lane, &model.journal, now, page);
    trouble::gate(lane, model, now, page);
    trouble::outage(lane, now, page);
    handover::draw(lane, now, page);
    credential(lane, now, page);
    next(lane, now, page);
    neighbors(lane, model, page);
    findings(lane, page);
    route(lane, page);
    story(lane, model, wanted, page);
}

fn credential(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    page.line();
    let kind = kind(lane.info.credential);
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

const fn kind(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ManagedKey => "managed key",
        CredentialKind::Byok => "the owner's key",
        CredentialKind::OauthRefresh => "OAuth grant",
        CredentialKind::ClientCredentials => "OAuth client",
        CredentialKind::Lease => "leased secret",
        CredentialKind::VaultReference => "vault reference",
    }
}

/// What is under way, in a few words.
const fn doing(activity: Activity) -> Option<&'static str> {
    match activity {
        Activity::Idle => None,
        Activity::Loading => Some("loading from the store"),
        Activity::Probing(ProbeWhy::Preflight) => Some("proving it before service"),
        Activity::Probing(ProbeWhy::Fresh) => Some("proving the new credential"),
        Activity::Probing(_) => Some("probing"),
        Activity::ProvingNeighbors => Some("asking its neighbors"),
        Activity::Refreshing => Some("refreshing"),
        Activity::Rotating => Some("rotating"),
    }
}

/// What comes next, and when.
const fn coming(lane: &LaneView) -> [(&'static str, Option<Wall>); 5] {
    [
        ("retry", lane.next.retry),
        ("refresh", lane.next.refresh),
        ("probe", lane.next.probe),
        ("store look", lane.next.store),
        ("patience asked for ends", lane.next.limited_until),
    ]
}

fn due(at: Wall, now: Wall) -> String {
    if at <= now {
        "due".to_owned()
    } else {
        format!("in {}", span::spoken(at.since(now)))
    }
}

/// What is under way and what comes next.
fn next(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let (doing, coming) = (doing(lane.activity), coming(lane));
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
            let due = due(at, now);
            if page.column == "next:".len() {
                page.say(&format!(" {what} {due}"), text);
            } else {
                page.fact(&format!("{what} {due}"), text);
            }
        }
    }
}

fn neighbors(lane: &LaneView, model: &Model, page: &mut Page<'_>) {
    let now = model.now.wall;
    let text = page.role(Role::Text);
    if !lane.neighbors.is_empty() || !lane.shares_key_with.is_empty() {
        page.line();
    }
    for proof in &lane.neighbors {
        let (line, role) = neighbor(proof, now, page.look);
        page.fact(&format!("neighbor {line}"), page.role(role));
    }
    if !lane.shares_key_with.is_empty() {
        let names: Vec<_> = lane.shares_key_with.iter().map(AsRef::as_ref).collect();
        let more = match unnamed(lane, model) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        page.fact(
            &format!("shares its key with {}{more}", names.join(", ")),
            text,
        );
    }
}

/// How many lanes more than it names share a lane's key.
fn unnamed(lane: &LaneView, model: &Model) -> usize {
    if lane.shares_key_with.len() < LaneView::SHARING_NAMED {
        return 0;
    }
    let key = |lane: &LaneView| lane.credential.as_ref().map(|known| known.fingerprint);
    let own = key(lane);
    let all = model.lanes.each().filter(|other| key(other) == own).count();
    all.saturating_sub(lane.shares_key_with.len() + 1)
}

fn neighbor(proof: &NeighborProof, now: Wall, look: &Look) -> (String, Role) {
    let when = proof
        .at
        .map_or_else(String::new, |at| format!(" {}", span::ago(now, at)));
    let (name, yes, no) = (&proof.name, look.symbols.yes, look.symbols.no);
    match proof.denied {
        Some(true) => (format!("{name} denied{when} {yes}"), Role::Good),
        Some(false) => (format!("{name} ALLOWED{when} {no}"), Role::Bad),
        None => (format!("{name} not known to be denied{when}"), Role::Warn),
    }
}

fn findings(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let last = lane.verdict.as_ref();
    let told = last.and_then(|last| last.evidence.detail.as_ref());
    for finding in lane.findings.iter() {
        // The first line quotes what the upstream answered to the probe.
        if lane.gate == Gate::Refused && told.is_some_and(|told| *told == finding.text) {
            continue;
        }
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

fn story(lane: &LaneView, model: &Model, wanted: usize, page: &mut Page<'_>) {
    let (text, title) = (page.role(Role::Text), page.role(Role::Title));
    let mut records = model.journal.story(&lane.info.name).peekable();
    page.line();
    if records.peek().is_none() {
        page.say("no records of this lane since the screen was opened", text);
        return;
    }
    page.say("latest records", title);
    for record in records {
        if page.lines.len() >= wanted {
            return;
        }
        page.line();
        let line = audit::line(record, false);
        page.push(&line, text);
    }
}
