use super::style::depth_of;
use super::*;
use ratatui::style::{Color, Modifier};

#[test]
fn built_in_themes_give_every_role_and_state_a_style_for_every_terminal() {
    for (name, text) in BUILT_IN {
        for depth in [Depth::Plain, Depth::Sixteen, Depth::Indexed, Depth::True] {
            let read = Theme::parse(Path::new(name), text, depth);
            assert!(read.is_ok(), "{}", read.unwrap_err());
        }
        let raw: toml::Table = text.parse().unwrap();
        assert_eq!(
            raw["roles"].as_table().unwrap().len(),
            Role::ALL.len(),
            "{name}"
        );
        assert_eq!(
            raw["states"].as_table().unwrap().len(),
            Word::ALL.len(),
            "{name}"
        );
    }
}

#[test]
fn the_tables_of_a_theme_name_the_roles_and_states_that_there_are() {
    let roles: Vec<_> = Role::ALL.iter().map(|(_, name)| *name).collect();
    assert_eq!(ROLES.keys, roles);
    let states: Vec<_> = Word::ALL
        .into_iter()
        .map(super::super::symbols::noun)
        .collect();
    assert_eq!(STATES.keys, states);
}

#[test]
fn built_in_themes_use_only_the_sixteen_names_and_the_terminals_own_text_colour() {
    for (name, _) in BUILT_IN {
        let theme = Theme::built_in(name).unwrap();
        for style in theme.roles.iter().chain(&theme.words) {
            assert!(depth_of(*style) <= Depth::Sixteen, "{name}");
            for color in [style.fg, style.bg].into_iter().flatten() {
                assert!(color != Color::DarkGray, "{name}: {color}");
            }
            assert!(!style.add_modifier.contains(Modifier::DIM), "{name}");
        }
        let text = theme.role(Role::Text);
        assert!(text.fg.is_none_or(|fg| fg == Color::Reset), "{name}");
        assert!(
            theme
                .role(Role::Selection)
                .add_modifier
                .contains(Modifier::REVERSED),
            "{name}"
        );
    }
}

#[test]
fn a_held_lane_stands_out_in_every_theme_and_on_every_terminal() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::Plain, Depth::Sixteen, Depth::Indexed, Depth::True] {
            let theme = Theme::built_in_at(name, depth).unwrap();
            for lesser in [Word::Ok, Word::Expiring, Word::Paused, Word::Limited] {
                let (held, other) = (theme.word(Word::Held), theme.word(lesser));
                assert_ne!(held, other, "{name} {depth:?}: {lesser:?}");
            }
        }
    }
}

#[test]
fn without_colour_the_selection_is_still_reversed() {
    let theme = Theme::built_in("dark").unwrap().without_color();
    let selection = theme.role(Role::Selection);
    assert!(selection.add_modifier.contains(Modifier::REVERSED));
    assert_eq!((selection.fg, selection.bg), (None, None));
}

fn read(text: &str, depth: Depth) -> Result<Theme, Mistakes> {
    Theme::parse(Path::new("mine.toml"), text, depth)
}

#[test]
fn a_mistake_is_reported_with_its_place_and_a_hint() {
    let text = "base = \"dusk\"\n[roles]\ntext = \"redd\"\nrul = \"red\"\n\n[states]\nheld = \"on\"\nok = \"#00ff00\"\npaused = { true = \"red\" }\n";
    let mistakes = read(text, Depth::Sixteen).unwrap_err();
    let said = mistakes.to_string();
    let places: Vec<_> = mistakes
        .list
        .iter()
        .map(|it| (it.line, it.column))
        .collect();
    assert_eq!(
        places,
        [(1, 8), (3, 8), (4, 1), (7, 8), (8, 6), (9, 10)],
        "{said}"
    );
    assert!(
        said.contains("mine.toml:3:8: no colour is called “redd”"),
        "{said}"
    );
    assert!(said.contains("write `rule`"), "{said}");
    assert!(said.contains("no style for 16 colours"), "{said}");
    assert_eq!(read("[roles\n", Depth::True).unwrap_err().list[0].line, 1);
}

#[test]
fn a_theme_may_change_only_a_little_of_another() {
    let text = "base = \"dark\"\n[states]\nheld = { 16 = \"red bold\", 256 = \"208\", true = \"#ff8800\" }\n";
    let dark = Theme::built_in("dark").unwrap();
    let held = |depth| read(text, depth).unwrap().word(Word::Held);
    assert_eq!(
        read(text, Depth::Sixteen).unwrap().role(Role::Title),
        dark.role(Role::Title)
    );
    assert_eq!(held(Depth::Sixteen).fg, Some(Color::Red));
    assert_eq!(held(Depth::Indexed).fg, Some(Color::Indexed(208)));
    assert_eq!(held(Depth::True).fg, Some(Color::Rgb(255, 136, 0)));
    assert_eq!(held(Depth::Plain), Style::new().bold());
}

/// What an eye without one kind of cone sees, after Machado, Oliveira and Fernandes (2009), in
/// CIE L*a*b*.
fn seen(color: Color, cone: [[f64; 3]; 3]) -> [f64; 3] {
    let Color::Rgb(r, g, b) = color else {
        panic!("{color} is not exact");
    };
    let linear = [r, g, b].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    let times = |by: [[f64; 3]; 3], v: [f64; 3]| {
        by.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    };
    let dimmed = times(cone, linear).map(|part| part.clamp(0.0, 1.0));
    let to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ];
    let [x, y, z] = times(to_xyz, dimmed);
    let [x, y, z] = [x / 0.950_47, y, z / 1.088_83].map(|t: f64| {
        if t > 0.008_856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The contrast of a colour with black or white, as WCAG 2 counts it: 1 to 21.
fn contrast(color: Color, light: bool) -> f64 {
    const NO_LOSS: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let [lightness, ..] = seen(color, NO_LOSS);
    let luminance = ((lightness + 16.0) / 116.0).powi(3);
    if light {
        1.05 / (luminance + 0.05)
    } else {
        (luminance + 0.05) / 0.05
    }
}

#[test]
fn every_state_can_be_read_on_the_background_its_theme_is_for() {
    for (name, light, least) in [
        ("dark", false, 4.5),
        ("light", true, 4.5),
        ("high-contrast", false, 7.0),
        ("high-contrast-light", true, 7.0),
        ("color-safe", false, 4.5),
        ("color-safe-light", true, 4.5),
    ] {
        let theme = Theme::built_in_at(name, Depth::True).unwrap();
        for word in Word::ALL {
            let found = contrast(theme.word(word).fg.unwrap(), light);
            assert!(found >= least, "{name}: {word:?} has {found:.1}");
        }
    }
}

#[test]
fn color_safe_keeps_good_warning_bad_and_paused_apart_without_red_or_green_cones() {
    const DEUTERANOPIA: [[f64; 3]; 3] = [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ];
    const PROTANOPIA: [[f64; 3]; 3] = [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ];
    let themes = ["color-safe", "color-safe-light"];
    let both = themes.map(|name| Theme::built_in_at(name, Depth::True).unwrap());
    let words = [Word::Ok, Word::Expiring, Word::Held, Word::Paused];
    let cones = [DEUTERANOPIA, PROTANOPIA];
    for (theme, cone) in both
        .iter()
        .flat_map(|theme| cones.map(|cone| (theme, cone)))
    {
        for (at, one) in words.iter().enumerate() {
            for other in &words[at + 1..] {
                let [a, b] = [one, other].map(|word| seen(theme.word(*word).fg.unwrap(), cone));
                let far = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| (a - b).powi(2))
                    .sum::<f64>()
                    .sqrt();
                // Two to three is the least that can be told apart side by side.
                assert!(far >= 25.0, "{one:?} and {other:?}: {far:.0}");
            }
        }
    }
}
