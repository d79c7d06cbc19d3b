//! A lane on the whole screen: everything that is known of it, under labels.

use super::page::Page;
use super::{coming, doing, due, kind, neighbor, timeline, trouble, unnamed};
use crate::engine::LaneView;
use crate::lane::{FindingLevel, Outcome, ScopeSet, Wall};
use crate::tui::model::{Model, SLICES, Slice};
use crate::tui::span;
use crate::tui::symbols::{Symbols, shout};
use crate::tui::theme::Role;
use crate::tui::view::lanes::sparkline;

/// Parts of the gauge of a credential's life.
const GAUGE: u128 = 20;

pub(super) fn page(lane: &LaneView, model: &Model, wanted: usize, page: &mut Page<'_>) {
    let now = model.now.wall;
    trouble::sentence(lane, &model.journal, now, page);
    trouble::gate(lane, model, now, page);
    trouble::outage(lane, now, page);
    page.line();
    route(lane, page);
    credential(lane, now, page);
    scopes(lane, page);
    next(lane, now, page);
    hour(lane, model, page);
    outcomes(lane, now, page);
    neighbors(lane, now, page);
    shared(lane, model, page);
    preflight(lane, page);
    people(lane, page);
    timeline::story(lane, model, wanted, page);
}

fn route(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let (route, arrow) = (&lane.info.route, page.look.symbols.arrow);
    let tool = route.tool.as_ref();
    let tool = tool.map_or("every tool", |tool| tool.as_str());
    page.label("route");
    page.fact(&format!("{} {arrow} {tool}", route.server), text);
    page.fact(route.effect.as_str(), text);
    for (what, value) in [("tenant", &route.tenant), ("account", &route.account)] {
        if let Some(value) = value {
            page.fact(&format!("{what} {value}"), text);
        }
    }
    page.below();
    page.fact(
        &format!("{} at {}", lane.info.provider, lane.info.endpoint),
        text,
    );
}

fn credential(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let (text, warn) = (page.role(Role::Text), page.role(Role::Warn));
    page.label("credential");
    let kind = kind(lane.info.credential);
    page.fact(&format!("{kind} from {}", lane.info.source), text);
    let Some(known) = &lane.credential else {
        page.fact("not loaded", warn);
        return;
    };
    page.fact(&format!("generation {}", known.generation), text);
    page.fact(&format!("key {}", known.fingerprint), text);
    match known.proven {
        true => page.fact("proven", text),
        false => page.fact("not proven yet", warn),
    }
    if let Some(version) = &known.store_version {
        page.fact(&format!("store version {}", version.0), text);
    }
    page.below();
    let since = span::moment(now, known.issued_at);
    let Some(expiry) = known.expiry else {
        page.fact(&format!("in use since {since}"), text);
        page.fact("nobody says when it expires", warn);
        return;
    };
    let at = span::moment(now, expiry.at);
    let says = expiry.source.as_str();
    if expiry.at <= now {
        let ago = span::ago(now, expiry.at);
        let bad = page.role(Role::Bad);
        page.fact(&format!("expired {at}, {ago}, says the {says}"), bad);
        return;
    }
    let left = expiry.at.since(now).as_millis();
    let life = expiry.at.since(known.issued_at).as_millis().max(1);
    let parts = (left * GAUGE).div_ceil(life).min(GAUGE);
    let style = page.look.theme.word(lane.word);
    let symbols = page.look.symbols;
    let gauge = |count: u128, sign: &str| sign.repeat(usize::try_from(count).unwrap_or(0));
    let full = gauge(parts, symbols.full);
    page.fact(
        &format!("{full}{}", gauge(GAUGE - parts, symbols.gone)),
        style,
    );
    let spoken = span::spoken(expiry.at.since(now));
    page.say(&format!(" expires in {spoken}"), style);
    page.fact(&format!("{at}, says the {says}"), text);
    page.fact(&format!("life began {since}"), text);
}

/// Required, granted and forbidden scopes; what is missing or too much stands out.
fn scopes(lane: &LaneView, page: &mut Page<'_>) {
    let granted = lane
        .credential
        .as_ref()
        .and_then(|known| known.scopes.as_ref());
    let (require, forbid) = (&lane.info.require, &lane.info.forbid);
    if granted.is_none() && require.is_empty() && forbid.is_empty() {
        return;
    }
    let [text, good, bad, warn] =
        [Role::Text, Role::Good, Role::Bad, Role::Warn].map(|role| page.role(role));
    let (yes, no) = (page.look.symbols.yes, page.look.symbols.no);
    let list = |set: &ScopeSet| set.to_string();
    page.label("scopes");
    match granted {
        None => page.fact("granted: nobody says", text),
        Some(set) if set.is_empty() => page.fact("granted: none", text),
        Some(set) => page.fact(&format!("granted {}", list(set)), text),
    }
    if !require.is_empty() {
        let wanted = ScopeSet::new(require);
        page.fact(&format!("required {}", list(&wanted)), text);
        let missing = granted.map(|set| wanted.minus(set));
        match missing {
            None => page.say(" not known to be granted", warn),
            Some(missing) if missing.is_empty() => page.say(&format!(" {yes}"), good),
            Some(missing) => {
                page.say(
                    &format!(" {no} missing {}", list(&ScopeSet::new(missing))),
                    bad,
                );
            }
        }
    }
    if !forbid.is_empty() {
        let unwanted = ScopeSet::new(forbid);
        page.fact(&format!("forbidden {}", list(&unwanted)), text);
        let there = granted.map(|set| unwanted.and(set));
        match there {
            None => page.say(" not known to be absent", warn),
            Some(there) if there.is_empty() => page.say(&format!(" {yes} absent"), good),
            Some(there) => {
                page.say(
                    &format!(" {no} GRANTED {}", list(&ScopeSet::new(there))),
                    bad,
                );
            }
        }
    }
}

fn next(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let (text, warn) = (page.role(Role::Text), page.role(Role::Warn));
    page.label("next");
    let mut any = false;
    if let Some(doing) = doing(lane.activity) {
        page.fact(&format!("now {doing}"), warn);
        any = true;
    }
    for (what, at) in coming(lane) {
        if let Some(at) = at {
            page.fact(&format!("{what} {}", due(at, now)), text);
            any = true;
        }
    }
    if let Some(until) = lane.pause.as_ref().and_then(|pause| pause.until) {
        page.fact(&format!("pause ends {}", due(until, now)), text);
        any = true;
    }
    if !any {
        page.fact("nothing is planned until a person acts", text);
    }
}

/// The last hour as two rows of bars, and what the bars amount to.
fn hour(lane: &LaneView, model: &Model, page: &mut Page<'_>) {
    let Some(hour) = model.lanes.hour(&lane.info.name) else {
        return;
    };
    let slices = hour.slices(model.now.wall);
    let text = page.role(Role::Text);
    page.label("last hour");
    bars(&slices, sparkline::outcome, page);
    let seen = slices.iter().filter_map(|slice| slice.worst);
    let worst = slices.iter().copied().reduce(Slice::and);
    let said = match worst.and_then(|worst| worst.worst) {
        None => "outcomes: none seen yet".to_owned(),
        Some(Outcome::Ok) => "outcomes: all ok".to_owned(),
        Some(worst) => {
            let bad = seen.filter(|outcome| *outcome != Outcome::Ok).count();
            let each = 60 / SLICES;
            format!("outcomes: not well in {bad} of {SLICES} bars of {each} min, worst {worst}")
        }
    };
    page.say(&format!("  {said}"), text);
    page.below();
    bars(&slices, sparkline::latency, page);
    let last = lane.latencies.iter().rev().take(5);
    let last: Vec<_> = last.map(ToString::to_string).collect();
    let said = if last.is_empty() {
        "latency: no answer yet".to_owned()
    } else {
        format!("latency: {} ms, newest first", last.join(" "))
    };
    page.say(&format!("  {said}"), text);
}

fn bars(
    slices: &[Slice; SLICES],
    bar: impl Fn(Slice, &Symbols) -> Option<sparkline::Bar>,
    page: &mut Page<'_>,
) {
    let symbols = page.look.symbols;
    for slice in slices {
        let (sign, role) = bar(*slice, &symbols).unwrap_or((symbols.dot, Role::Quiet));
        page.push(sign, page.role(role));
    }
}

/// How often each outcome was seen, and what the last answer rests on.
fn outcomes(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    page.label("outcomes");
    for outcome in Outcome::ALL {
        let count = lane.counters.of(outcome);
        if count > 0 || outcome == Outcome::Ok {
            let role = if outcome == Outcome::Ok {
                Role::Text
            } else {
                Role::Warn
            };
            page.fact(&format!("{count} {outcome}"), page.role(role));
        }
    }
    if let Some(ok) = lane.last_ok {
        page.fact(&format!("last ok {}", span::ago(now, ok)), text);
    }
    let Some(verdict) = &lane.verdict else {
        return;
    };
    let evidence = &verdict.evidence;
    page.below();
    let mut last = format!("last: {}", shout(verdict.outcome).to_lowercase());
    let code = trouble::code(verdict);
    if !code.is_empty() {
        last.push_str(&format!(", {code}"));
    }
    page.fact(&last, text);
    page.fact(&format!("by rule {}", evidence.rule), text);
    if let Some(id) = &evidence.request_id {
        page.fact(&format!("request {id}"), text);
    }
    if let Some(seconds) = evidence.retry_after_s {
        page.fact(&format!("asks to wait {seconds} s"), text);
    }
}

fn neighbors(lane: &LaneView, now: Wall, page: &mut Page<'_>) {
    page.label("neighbors");
    if lane.neighbors.is_empty() {
        page.fact(
            "none: nothing proves what this credential cannot do",
            page.role(Role::Text),
        );
    }
    for (at, proof) in lane.neighbors.iter().enumerate() {
        if at > 0 {
            page.below();
        }
        let (line, role) = neighbor(proof, now, page.look);
        page.fact(&line, page.role(role));
        if let Some(outcome) = proof.outcome {
            page.fact(outcome.as_str(), page.role(Role::Text));
        }
    }
}

/// The lanes that would go down with this one.
fn shared(lane: &LaneView, model: &Model, page: &mut Page<'_>) {
    page.label("shared key");
    if lane.shares_key_with.is_empty() {
        page.fact("no other lane uses this key", page.role(Role::Text));
    }
    for name in &lane.shares_key_with {
        let Some(other) = model.lanes.get(name) else {
            page.fact(name.as_str(), page.role(Role::Text));
            continue;
        };
        let sign = page.look.symbols.word(other.word);
        let style = page.look.theme.word(other.word);
        let effect = other.info.route.effect.as_str();
        page.fact(&format!("{sign} {} {name}, {effect}", other.word), style);
    }
    if let more @ 1.. = unnamed(lane, model) {
        page.fact(&format!("and {more} more"), page.role(Role::Text));
    }
}

fn preflight(lane: &LaneView, page: &mut Page<'_>) {
    if lane.findings.is_empty() {
        return;
    }
    let text = page.role(Role::Text);
    let symbols = page.look.symbols;
    page.label("pre-flight");
    for (at, finding) in lane.findings.iter().enumerate() {
        if at > 0 {
            page.below();
        }
        let (sign, word, role) = match finding.level {
            FindingLevel::Pass => (symbols.yes, "", Role::Good),
            FindingLevel::Warn => (symbols.dot, " warning", Role::Warn),
            FindingLevel::Refuse => (symbols.no, " refused", Role::Bad),
        };
        page.fact(&format!("{sign} {}{word}", finding.check), page.role(role));
        page.say(&format!(": {}", finding.text), text);
    }
}

fn people(lane: &LaneView, page: &mut Page<'_>) {
    let text = page.role(Role::Text);
    let info = &lane.info;
    page.label("owner");
    let nobody = "nobody is named";
    let owner = info.owner.as_ref();
    page.fact(owner.map_or(nobody, |owner| owner.as_str()), text);
    if let Some(runbook) = &info.runbook {
        page.fact(&format!("runbook {runbook}"), text);
    }
    if let Some(url) = &info.rotate_url {
        page.fact(&format!("new key at {url}"), text);
    }
}
