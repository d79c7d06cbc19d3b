use super::*;
use crate::tui::key::Key;
use crate::tui::keymap::{ACTIONS, Action, Context};
use crate::tui::model::{Column, SortBy};

fn read(text: &str) -> FileWishes {
    parse(Path::new("config.toml"), text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn mistakes(text: &str) -> String {
    parse(Path::new("config.toml"), text)
        .unwrap_err()
        .to_string()
}

#[test]
fn flags_beat_the_environment_and_that_beats_the_file_and_that_the_default() {
    let wish = |name: &str| Wishes {
        theme: Some(name.to_owned()),
        ..Wishes::default()
    };
    let none = Wishes::default();
    let decide = |flags: &Wishes, env: &Wishes, file: &Wishes| {
        let theme = Config::decide(flags, env, file).theme;
        (theme.value, theme.from)
    };
    let (flag, env, file) = (wish("light"), wish("mono"), wish("dark"));
    assert_eq!(
        decide(&flag, &env, &file),
        ("light".to_owned(), Origin::Flag)
    );
    assert_eq!(decide(&none, &env, &file), ("mono".to_owned(), Origin::Env));
    assert_eq!(
        decide(&none, &none, &file),
        ("dark".to_owned(), Origin::File)
    );
    assert_eq!(
        decide(&none, &none, &none),
        ("auto".to_owned(), Origin::Default)
    );
}

#[test]
fn a_whole_file_is_understood() {
    let text = r#"
theme = "color-safe"
color = "256"
ask_background = false
ascii = true
columns = ["lane", { column = "route", width = 30, pinned = true }, "owner"]
sort = { by = "expiry", reversed = true }
group = "owner"
mouse = true
private = true
read_only = true
sync = false
[reach]
bell = false
title = "never"
[keys]
quit = ["X", "ctrl-c"]
[keys_in.menu]
down = "j"
"#;
    let FileWishes { wishes, warnings } = read(text);
    assert!(warnings.is_empty());
    assert_eq!(wishes.color, Some(ColorChoice::Fixed(Depth::Indexed)));
    assert_eq!(wishes.sort.unwrap().by, SortBy::Expiry);
    assert!(wishes.sort.unwrap().reversed);
    assert_eq!(wishes.group, Some(GroupBy::Owner));
    assert_eq!(
        wishes.reach,
        [Some("false"), None, None, None, Some("never")]
    );
    let columns = wishes.columns.unwrap();
    let route = columns
        .shown()
        .find(|choice| choice.column == Column::Route);
    assert_eq!(
        route.map(|choice| (choice.width, choice.pinned)),
        Some((Some(30), true))
    );
    let quit = ACTIONS
        .iter()
        .find(|entry| (entry.context, entry.action) == (Context::Main, Action::Quit));
    let keys = wishes.keys.unwrap();
    assert_eq!(keys.keys(quit.unwrap()), [Key::char('X'), Key::ctrl('c')]);
}

#[test]
fn mistakes_have_a_place_and_a_hint() {
    let cases = [
        (
            "thme = \"dark\"",
            ":1:1: `thme` is not a key of the configuration\n  hint: write `theme`",
        ),
        (
            "\nascii = \"yes\"",
            ":2:9: `ascii` is text, not true or false",
        ),
        (
            "group = \"ownr\"",
            ":1:9: “ownr” is no way to group\n  hint: write \"owner\"",
        ),
        (
            "sort = \"expiri\"",
            ":1:8: “expiri” is no order\n  hint: write \"expiry\"",
        ),
        ("color = \"512\"", "“512” is no choice of colours"),
        (
            "columns = [\"lane\", \"ruote\"]",
            ":1:20: “ruote” is no column\n  hint: write \"route\"",
        ),
        (
            "columns = [\"lane\", \"lane\"]",
            ":1:20: the column “lane” is listed twice",
        ),
        (
            "columns = [{ column = \"lane\", width = 2 }]",
            "a column is 4 to 80 wide",
        ),
        ("[reach]\nbel = true", ":2:1: `bel` is not a key of [reach]"),
        (
            "[reach]\nnotify = \"osc8\"",
            ":2:10: “osc8” is no choice for `notify`\n  hint: write \"osc9\"",
        ),
        ("theme = ", ":1:9: not TOML"),
    ];
    for (text, wanted) in cases {
        let said = mistakes(text);
        assert!(said.contains(wanted), "{text}\n{said}");
    }
}

#[test]
fn mistakes_in_keys_are_told_exactly() {
    let cases = [
        (
            "[keys]\nquitt = \"x\"",
            ":2:1: `quitt` is no action of [keys]\n  hint: write `quit`",
        ),
        ("[keys]\nquit = \"hyper-x\"", ":2:8: no key is called"),
        (
            "[keys]\nquit = \"j\"",
            ":2:8: j is the key of both `quit` and `down`, as it is by default",
        ),
        (
            "[keys]\nhelp = \"X\"\nquit = \"X\"",
            ":3:8: X is the key of both `quit` and `help`\n",
        ),
        (
            "[keys]\nquit = \"ctrl-i\"",
            "no terminal sends ctrl-i as a key of its own\n  hint: write \"tab\"",
        ),
        ("[keys]\nquit = \"ctrl-L\"", "hint: write \"ctrl-l\""),
        ("[keys]\nquit = 5", ":2:8: `quit` is a number, not a key"),
        (
            "[keys_in.form]\naccept = \"y\"",
            ":2:10: y is a letter to be typed here",
        ),
        (
            "[keys_in.menus]\ndown = \"j\"",
            "no part of the screen is called “menus”\n  hint: write `menu`",
        ),
    ];
    for (text, wanted) in cases {
        let said = mistakes(text);
        assert!(said.contains(wanted), "{text}\n{said}");
        assert_eq!(said.matches("config.toml").count(), 1, "{said}");
    }
}

#[test]
fn keys_that_others_may_take_are_doubted_and_taken() {
    for letter in "abgnopqst".chars() {
        let read = read(&format!("[keys]\nquit = \"ctrl-{letter}\""));
        let warning = read.warnings.first().map(ToString::to_string).unwrap();
        assert!(warning.starts_with("config.toml:2:8: ctrl-"), "{warning}");
        assert!(read.wishes.keys.is_some());
    }
    assert!(mistakes("[keys]\nquit = \"ctrl-h\"").contains("backspace"));
}

#[test]
fn keys_that_only_one_action_can_mean_at_a_time_may_be_shared_as_they_are_by_default() {
    let read = read("[keys]\npause = \"X\"\nresume = \"X\"");
    assert!(read.wishes.keys.is_some());
}

#[test]
fn what_is_printed_reads_back_as_it_is() {
    let text = "theme = \"mono\"\nsort = { by = \"owner\", reversed = true }\ncolumns = [\"lane\", { column = \"route\", width = 30 }]\n[keys]\nquit = \"X\"\n[reach]\nbell = false\nnotify = \"osc9\"\n";
    let file = read(text).wishes;
    let config = Config::decide(&Wishes::default(), &Wishes::default(), &file);
    let mut printed = String::new();
    print(&config, &mut printed).unwrap();
    let again = read(&printed).wishes;
    let again = Config::decide(&Wishes::default(), &Wishes::default(), &again);
    assert_eq!(again.theme.value, config.theme.value);
    assert_eq!(again.columns.value, config.columns.value);
    assert_eq!(again.sort.value, config.sort.value);
    assert_eq!(again.reach(), config.reach());
    for entry in ACTIONS {
        assert_eq!(again.keys.value.keys(entry), config.keys.value.keys(entry));
    }
    assert!(printed.contains("theme = \"mono\"  # file"), "{printed}");
    assert!(printed.contains("mouse = false  # default"), "{printed}");
    assert!(printed.contains("quit = \"X\"  # file"), "{printed}");
}

#[test]
fn the_tables_of_keys_agree() {
    let names: Vec<_> = table::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(table::ROOT.keys, names);
    let names: Vec<_> = table::REACH_KEYS.iter().map(|key| key.name).collect();
    assert_eq!(table::REACH.keys, names);
}

#[test]
fn the_schema_has_every_key_that_is_read() {
    let schema = schema();
    let properties = schema["properties"].as_object().unwrap();
    for key in table::ROOT.keys {
        assert!(properties.contains_key(*key), "{key}");
    }
    let keys = schema["properties"]["keys"]["properties"]
        .as_object()
        .unwrap();
    assert!(keys.contains_key("quit"));
    let columns = &schema["properties"]["columns"]["items"]["anyOf"][0]["enum"];
    assert_eq!(columns.as_array().unwrap().len(), Column::ALL.len());
}

#[test]
fn a_theme_of_ones_own_is_found_by_name_and_follows_the_background() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("themes")).unwrap();
    let file = folder.path().join("themes/mine.toml");
    std::fs::write(&file, "base = \"light\"\n[states]\nheld = \"blue\"\n").unwrap();
    let sources = Sources {
        folder: Some(folder.path().to_owned()),
        ..Sources::default()
    };
    let look = |name, light| sources.theme(name, ColorChoice::Always, light);
    assert!(look("mine", None).is_ok());
    assert_eq!(
        look(AUTO, Some(true)),
        Ok(Theme::built_in("light").unwrap())
    );
    assert_eq!(look(AUTO, None), Ok(Theme::built_in("dark").unwrap()));
    for (name, on_light) in ON_LIGHT {
        assert_eq!(look(name, None), Ok(Theme::built_in(name).unwrap()));
        assert_eq!(look(name, Some(false)), look(name, None));
        assert_eq!(
            look(name, Some(true)),
            Ok(Theme::built_in(on_light).unwrap())
        );
        assert_eq!(look(on_light, Some(true)), look(name, Some(true)));
    }
    assert!(
        look("lihgt", None)
            .unwrap_err()
            .contains("did you mean light")
    );
    std::fs::write(&file, "[states]\nheld = \"blu\"\n").unwrap();
    let said = look("mine", None).unwrap_err();
    assert!(
        said.contains("mine.toml:2:8: no colour is called “blu”"),
        "{said}"
    );
}

#[tokio::test]
async fn files_that_change_are_read_again_and_bad_ones_leave_the_last_good_one_in_force() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("themes")).unwrap();
    let file = folder.path().join("config.toml");
    let theme = folder.path().join("themes/mine.toml");
    std::fs::write(&theme, "[states]\nheld = \"blue\"\n").unwrap();
    std::fs::write(&file, "theme = \"mine\"\nmouse = true\n").unwrap();
    let mut live = Live::start(Sources {
        folder: Some(folder.path().to_owned()),
        ..Sources::default()
    })
    .unwrap();
    live.watch();
    let good = live.now().clone();
    assert!(good.config.mouse.value);

    std::fs::write(&theme, "[states]\nheld = \"blu\"\n").unwrap();
    live.changed().await;
    let after = live.reread().clone();
    assert_eq!(after.theme, good.theme);
    let said = after.troubles.first().map(ToString::to_string).unwrap();
    assert!(said.contains("mine.toml:2:8"), "{said}");

    std::fs::write(&theme, "[states]\nheld = \"red\"\n").unwrap();
    live.changed().await;
    let after = live.reread().clone();
    assert!(after.troubles.is_empty(), "{:?}", after.troubles);
    assert_ne!(after.theme, good.theme);

    std::fs::write(&file, "theme = \"mine\"\nmouse = yes\n").unwrap();
    live.changed().await;
    let after = live.reread().clone();
    assert!(after.config.mouse.value);
    let said = after.troubles.first().map(ToString::to_string).unwrap();
    assert!(said.contains("config.toml:2:9"), "{said}");
}

#[test]
fn a_terminal_is_asked_only_if_its_answer_would_change_anything() {
    let asks = |config: &str, term: &str, colorfgbg: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let sources = Sources {
            folder: Some(folder.path().to_owned()),
            terminal: TerminalEnv {
                term: term.to_owned(),
                colorfgbg: colorfgbg.to_owned(),
                ..TerminalEnv::default()
            },
            ..Sources::default()
        };
        Live::start(sources).unwrap().asks_background()
    };
    assert!(asks("", "xterm", ""));
    assert!(!asks("theme = \"dark\"", "xterm", ""));
    assert!(!asks("ask_background = false", "xterm", ""));
    assert!(!asks("color = \"never\"", "xterm", ""));
    assert!(!asks("", "xterm", "0;15"));
    assert!(!asks("", "linux", ""));
}

#[test]
fn what_the_page_on_the_screen_says_is_so() {
    let page = include_str!("../../../docs/screen.md");
    let usual = Config::decide(&Wishes::default(), &Wishes::default(), &Wishes::default());
    let mut printed = String::new();
    print(&usual, &mut printed).unwrap();
    for key in &table::KEYS {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", key.name)));
        let row = row.unwrap_or_else(|| panic!("no row for {}", key.name));
        assert!(row.contains(key.env), "{row}");
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        if let Some(value) = cells[4]
            .strip_prefix('`')
            .and_then(|it| it.strip_suffix('`'))
        {
            let line = format!("{} = {value}  # default", key.name);
            assert!(printed.contains(&line), "{line} in\n{printed}");
        }
    }
    let mut blocks = page.split("```toml\n").skip(1);
    let mut block = || {
        blocks
            .next()
            .and_then(|rest| rest.split("```").next())
            .unwrap()
    };
    assert!(read(block()).warnings.is_empty());
    let theme = Theme::parse(Path::new("themes/mine.toml"), block(), Depth::True);
    assert!(theme.is_ok(), "{}", theme.unwrap_err());
    for (name, _) in BUILT_IN {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
