//! Pictures of the screen in the situations that people meet.

use crate::fixture::{engine, lane, now, numbered, secs, wall};
use crate::{Desk, text};
use lanewatch::engine::{EngineView, LaneInfo, Update};
use lanewatch::lane::{Credential, Degraded, Outcome, Step, Verdict, Word};
use lanewatch::plain::Plain;
use lanewatch::tui::symbols;
use lanewatch::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::sync::Arc;

pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (60, 15)];

/// One picture of every size.
fn at_every_size(name: &str, arrange: impl Fn(&mut Desk)) {
    for (width, height) in SIZES {
        let mut desk = Desk::with(width, height, wall());
        arrange(&mut desk);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), desk.text());
    }
}

/// The styles of the screen: a letter for each, and what the letters mean.
pub(crate) fn styles(buffer: &Buffer) -> String {
    let mut known: Vec<(Color, Color, Modifier)> = Vec::new();
    let mut picture = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut style = (cell.fg, cell.bg, cell.modifier);
            if cell.symbol() == " " && !cell.modifier.contains(Modifier::REVERSED) {
                style.0 = Color::Reset;
                style.2 = cell.modifier & Modifier::UNDERLINED;
            }
            if style == (Color::Reset, Color::Reset, Modifier::empty()) {
                line.push(if cell.symbol() == " " { ' ' } else { '.' });
                continue;
            }
            let at = known
                .iter()
                .position(|known| *known == style)
                .unwrap_or_else(|| {
                    known.push(style);
                    known.len() - 1
                });
            line.push(char::from(b'a' + u8::try_from(at).unwrap()));
        }
        picture.push_str(line.trim_end());
        picture.push('\n');
    }
    for (at, (fg, bg, modifier)) in known.iter().enumerate() {
        let letter = char::from(b'a' + u8::try_from(at).unwrap());
        picture.push_str(&format!("{letter}: {fg} on {bg} {modifier:?}\n"));
    }
    picture
}

#[test]
fn a_wall_with_a_held_lane_selected() {
    at_every_size("held", |_| {});
}

#[test]
fn the_same_wall_in_every_theme() {
    for theme in ["dark", "light", "mono"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.look.theme = Theme::built_in(theme).unwrap();
        insta::assert_snapshot!(format!("styles_{theme}"), styles(&desk.paint()));
    }
}

#[test]
fn a_lane_that_is_well() {
    at_every_size("well", |desk| {
        desk.press("G");
    });
}

#[test]
fn a_lane_on_the_whole_screen() {
    at_every_size("sheet", |desk| {
        desk.press("enter");
    });
    for theme in ["dark", "light", "mono"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.look.theme = Theme::built_in(theme).unwrap();
        desk.press("enter");
        insta::assert_snapshot!(format!("sheet_styles_{theme}"), styles(&desk.paint()));
    }
}

#[test]
fn lanes_in_groups_with_some_marked() {
    at_every_size("groups", |desk| {
        desk.press("b b space space left ] ] ]");
    });
    for theme in ["dark", "light", "mono"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.look.theme = Theme::built_in(theme).unwrap();
        desk.press("b b space space left");
        insta::assert_snapshot!(format!("groups_styles_{theme}"), styles(&desk.paint()));
    }
}

#[test]
fn a_group_by_itself() {
    at_every_size("group", |desk| {
        desk.press("b b left tab enter");
    });
}

#[test]
fn the_columns_to_choose_from() {
    at_every_size("columns", |desk| {
        desk.press("c j j space j + J");
    });
}

#[test]
fn a_pause_for_a_while() {
    at_every_size("pause", |desk| {
        desk.press("p");
        desk.type_in("vendor incident");
        desk.press("down down");
    });
    at_every_size("pause_mistyped", |desk| {
        desk.press("p tab");
        desk.type_in("soon");
    });
}

#[test]
fn an_order_for_many_lanes_to_confirm() {
    at_every_size("many_confirm", |desk| {
        desk.press("* p");
        desk.type_in("vendor incident");
        desk.press("down down enter");
    });
}

#[test]
fn lanes_in_trouble_one_by_one() {
    for lane in wall() {
        let mut desk = Desk::with(100, 30, vec![lane.clone()]);
        desk.press("enter");
        insta::assert_snapshot!(format!("detail_{}", lane.info.name), desk.text());
    }
}

#[test]
fn a_filter_being_typed() {
    at_every_size("filter", |desk| {
        desk.press("/");
        desk.type_in("owner:comms s");
    });
}

#[test]
fn the_help_page() {
    at_every_size("help", |desk| {
        desk.press("?");
    });
}

#[test]
fn a_rotation_to_confirm() {
    at_every_size("confirm", |desk| {
        desk.press("r");
    });
}

#[test]
fn a_reason_to_give() {
    at_every_size("reason", |desk| {
        desk.press("l");
        desk.type_in("new key is in the store");
    });
}

#[test]
fn the_drills_of_a_sandbox_lane() {
    at_every_size("drills", |desk| {
        desk.press("/");
        desk.type_in("demo");
        desk.press("enter d j");
    });
}

#[test]
fn nothing_to_show() {
    let mut desk = Desk::new(80, 24);
    insta::assert_snapshot!("waiting_80x24", desk.text());
    let mut desk = Desk::with(80, 24, wall());
    desk.press("/");
    desk.type_in("nosuchlane");
    desk.press("enter");
    insta::assert_snapshot!("no_match_80x24", desk.text());
}

#[test]
fn too_small() {
    for (width, height) in [(39, 24), (80, 7), (12, 2)] {
        let mut desk = Desk::with(width, height, wall());
        insta::assert_snapshot!(format!("too_small_{width}x{height}"), desk.text());
    }
}

fn troubled(change: impl Fn(&mut EngineView)) -> Update {
    let mut view = engine();
    change(&mut view);
    Update {
        engine: Some(Arc::new(view)),
        ..Update::default()
    }
}

#[test]
fn troubles_of_the_engine_itself() {
    let trouble = troubled(|view| {
        view.manifest_trouble = Some(Plain::new("lanes.toml:12:3 no store is called \"boa\""));
        view.audit_trouble = Some(Plain::new("no space left on device"));
    });
    at_every_size("troubles", |desk| {
        desk.learn(trouble.clone());
    });
    let mut desk = Desk::with(80, 24, wall());
    desk.learn(Update {
        stopped: true,
        ..Update::default()
    });
    insta::assert_snapshot!("stopped_80x24", desk.text());
}

#[test]
fn ten_thousand_lanes() {
    let mut desk = Desk::with(120, 40, (0..10_000).map(numbered).collect());
    desk.press("pgdn pgdn");
    insta::assert_snapshot!("many_120x40", desk.text());
    desk.press("z");
    insta::assert_snapshot!("many_zoomed_120x40", desk.text());
}

#[test]
fn the_audit_on_the_whole_screen() {
    at_every_size("audit", |desk| {
        desk.press("z tab tab");
    });
}

#[test]
fn ascii_signs_only() {
    let mut desk = Desk::with(80, 24, wall());
    desk.look.symbols = symbols::ASCII;
    let picture = desk.text();
    insta::assert_snapshot!("ascii_80x24", picture.clone());
    let odd: Vec<char> = picture.chars().filter(|c| !c.is_ascii()).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn read_only_says_so() {
    let mut desk = Desk::with(80, 24, wall());
    desk.model.read_only = true;
    desk.model.settle();
    insta::assert_snapshot!("read_only_80x24", desk.text());
}

#[test]
fn the_widest_screen_and_the_narrowest() {
    for (width, height) in [(240, 50), (40, 8)] {
        let mut desk = Desk::with(width, height, wall());
        insta::assert_snapshot!(format!("width_{width}x{height}"), desk.text());
    }
}

#[test]
fn wide_and_combining_characters_keep_columns_aligned() {
    let mut lanes = wall();
    lanes.push(lane(
        "請求書-発行-サービス",
        "freee",
        "create_請求書",
        "経理",
    ));
    lanes.push(lane(
        "cafe\u{301}-menu\u{301}",
        "notion",
        "get_page",
        "e\u{301}quipe",
    ));
    let mut desk = Desk::with(120, 40, lanes);
    let picture = desk.paint();
    insta::assert_snapshot!("wide_120x40", text(&picture));
    // EXPIRES is right-aligned: in every row of the table it ends in the same column.
    let head: String = (0..120)
        .map(|x| picture[(x, 1)].symbol().to_owned())
        .collect();
    let before = &head[..head.find("EXPIRES").unwrap()];
    let end = before.chars().count() + "EXPIRES".len() - 1;
    let ends: Vec<_> = (2..15)
        .map(|y| {
            picture[(u16::try_from(end).unwrap(), y)]
                .symbol()
                .to_owned()
        })
        .collect();
    assert!(ends.iter().all(|symbol| symbol != " "), "{ends:?}");
}

#[test]
fn the_selection_is_reversed_even_without_colour() {
    let mut desk = Desk::with(80, 24, wall());
    desk.look.theme = Theme::built_in("dark").unwrap().without_color();
    assert!(
        desk.look
            .theme
            .role(Role::Selection)
            .add_modifier
            .contains(Modifier::REVERSED)
    );
    let picture = desk.paint();
    for x in 0..80 {
        let cell = &picture[(x, 2)];
        assert!(cell.modifier.contains(Modifier::REVERSED), "column {x}");
    }
    for cell in picture.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn hostile_names_reach_the_screen_without_their_orders() {
    let mut lanes = wall();
    lanes.push(lane(
        "evil\x1b]0;owned\x07\u{202e}name",
        "github",
        "get_x\r\n",
        "o\u{9b}wner",
    ));
    let mut desk = Desk::with(120, 40, lanes);
    let picture = desk.paint();
    for cell in picture.content() {
        assert!(
            !cell.symbol().chars().any(char::is_control),
            "{:?}",
            cell.symbol()
        );
    }
    assert!(text(&picture).contains("evil ]0;owned"));
}

#[test]
fn a_grant_in_doubt_says_why_and_what_a_person_can_do() {
    let text = "process 4711 sent a request with this grant at 2026-11-22T20:13:41.203Z and \
                has stored no answer: the grant may be used up";
    let mut doubted = lane("crm-read", "hubspot", "get_contact", "growth");
    let verdict = Verdict::own(Outcome::UpstreamUnavailable, "engine/in_doubt", text);
    doubted.word = Word::Uncertain;
    doubted.degraded = Some(Degraded {
        since: now().wall.minus(secs(43)),
        verdict: Arc::new(verdict),
    });
    for (width, height) in [(80, 24), (120, 40)] {
        let mut desk = Desk::with(width, height, vec![doubted.clone()]);
        insta::assert_snapshot!(format!("uncertain_{width}x{height}"), desk.text());
    }
}

#[test]
fn a_newer_credential_on_its_way_is_shown_beside_the_one_that_serves() {
    let mut tested = lane("crm-read", "hubspot", "get_contact", "growth");
    tested.word = Word::Refreshing;
    tested.step = Some(Step::Testing);
    tested.candidate = tested.credential.clone().map(|serving| {
        Arc::new(Credential {
            generation: serving.generation.next(),
            fingerprint: "0badc0ffee0ddf00".parse().unwrap(),
            ..serving
        })
    });
    let mut awaited = lane("partner-key", "stripe", "create_refund", "payments");
    awaited.step = Some(Step::AwaitingOwner);
    awaited.info = Arc::new(LaneInfo {
        rotate_url: Some("https://dashboard.stripe.com/apikeys".into()),
        ..LaneInfo::clone(&awaited.info)
    });
    let mut waiting = tested.clone();
    waiting.candidate = None;
    waiting.step = Some(Step::Waiting {
        holder: "process 4711 has had the grant for 43 s and is stopped: let it go on with \
                 `kill -CONT 4711`, or end it"
            .into(),
    });
    for (name, lane) in [
        ("tested", tested),
        ("awaited", awaited),
        ("waiting", waiting),
    ] {
        let mut desk = Desk::with(100, 30, vec![lane]);
        insta::assert_snapshot!(format!("newer_{name}"), desk.text());
    }
}

#[test]
fn the_audit_with_a_search_and_a_selected_record() {
    at_every_size("audit_search", |desk| {
        desk.press("z tab tab F");
        desk.type_in("sev:warn");
        desk.press("enter /");
        desk.type_in("REVOKED");
        desk.press("enter");
    });
    for theme in ["dark", "light", "mono"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.look.theme = Theme::built_in(theme).unwrap();
        desk.press("z tab tab /");
        desk.type_in("revoked");
        desk.press("enter");
        insta::assert_snapshot!(
            format!("audit_search_styles_{theme}"),
            styles(&desk.paint())
        );
    }
}

#[test]
fn a_record_on_its_page() {
    at_every_size("record", |desk| {
        desk.press("z tab tab /");
        desk.type_in("#1042");
        desk.press("enter enter");
    });
}

#[test]
fn an_export_to_be_confirmed() {
    at_every_size("export", |desk| {
        desk.model.connect("/home/maria/on-call".into());
        desk.press("z tab tab e");
    });
}

#[test]
fn the_palette_with_proposals() {
    at_every_size("palette", |desk| {
        desk.press(":");
        desk.type_in("re");
        desk.press("tab tab");
    });
    for theme in ["dark", "light", "mono"] {
        let mut desk = Desk::with(80, 24, wall());
        desk.look.theme = Theme::built_in(theme).unwrap();
        desk.press(":");
        desk.type_in("pause crm");
        desk.press("tab");
        insta::assert_snapshot!(format!("palette_styles_{theme}"), styles(&desk.paint()));
    }
}

#[test]
fn a_mistyped_command() {
    at_every_size("palette_mistyped", |desk| {
        desk.press(":");
        desk.type_in("pause bilings 30m x");
        desk.press("enter");
    });
}

#[test]
fn a_fuzzy_filter() {
    at_every_size("fuzzy", |desk| {
        desk.press("/");
        desk.type_in("crm");
        desk.press("enter");
    });
    let mut desk = Desk::with(80, 24, wall());
    desk.press("/");
    desk.type_in("crmrd");
    desk.press("enter");
    insta::assert_snapshot!("fuzzy_styles_dark", styles(&desk.paint()));
}

#[test]
fn what_can_be_copied() {
    at_every_size("copy", |desk| {
        desk.press("y j");
    });
}
