//! What is said of files that are no manifest.

use super::{SAMPLES, files, lane, open, read, small};
use lanewatch::manifest::ManifestError;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

#[test]
fn files_that_are_no_manifest_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lanes.toml");
    assert!(matches!(open(&path), Err(ManifestError::Missing { .. })));
    assert!(matches!(
        open(folder.path()),
        Err(ManifestError::Unreadable { .. })
    ));

    fs::write(&path, "\u{feff} \n\n").unwrap();
    assert!(matches!(open(&path), Err(ManifestError::Empty { .. })));

    fs::File::create(&path)
        .unwrap()
        .set_len(50 * 1024 * 1024)
        .unwrap();
    assert!(matches!(open(&path), Err(ManifestError::TooLarge { .. })));

    fs::write(&path, b"title = \"x\"\n# gr\xc3\xb6\xdf\n").unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        matches!(
            error,
            ManifestError::NotUtf8 {
                line: 2,
                column: 6,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with(":2:6: not UTF-8: save the file as UTF-8"),
        "{error}"
    );
}

#[test]
fn escape_sequences_reach_no_message_raw() {
    let evil = "\\u001b[2J\\u0007\\u202e";
    let texts = [
        small(&lane(evil, "")),
        small(&lane("a", &format!("\"{evil}\" = 1"))),
        small(&lane("a", &format!("provider = \"{evil}\""))),
        small(&lane("a", &format!("store_every = \"{evil}\""))),
        small(&lane("a", &format!("base_url = \"sandbox://{evil}\""))),
        small(&format!("{}{}", lane("a", ""), lane("a", ""))).replace("\"a\"", "\"\u{202e}a\""),
        format!("[stores.\"{evil}\"]\nkind = \"x\"\n"),
    ];
    for text in texts {
        let mistakes = read(&text).unwrap_err();
        for said in [mistakes.to_string(), mistakes.first()] {
            let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!said.contains(raw), "{said:?}");
        }
    }
    let path = Path::new("/tmp/\u{1b}[2Jlanes.toml");
    let said = open(path).unwrap_err().to_string();
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn all_mistakes_of_a_file_are_told_in_its_order() {
    let text = fs::read_to_string(Path::new(SAMPLES).join("invalid/several-at-once.toml")).unwrap();
    let mistakes = read(&text).unwrap_err();
    let lines: Vec<_> = mistakes.list.iter().map(|mistake| mistake.line).collect();
    assert!(lines.is_sorted() && lines.len() >= 12, "{lines:?}");
    let first = mistakes.first();
    assert!(
        first.starts_with("lanes.toml:2:1: `limit`") && first.ends_with(" more)"),
        "{first}"
    );
}

#[test]
fn a_syntax_error_in_one_lane_hides_nothing_in_another() {
    let text = small(&format!(
        "{}{}",
        lane("a", "owner = [\n"),
        lane("b", "onwer = \"x\"\n")
    ));
    let mistakes = read(&text).unwrap_err();
    assert!(
        mistakes
            .list
            .iter()
            .any(|mistake| mistake.what.contains("onwer")),
        "{mistakes}"
    );
    assert!(
        mistakes
            .list
            .iter()
            .any(|mistake| mistake.what.contains("not TOML")),
        "{mistakes}"
    );
}

#[test]
fn a_long_file_of_nonsense_is_answered_shortly() {
    for text in [
        "]\n".repeat(2_000_000),
        "a.".repeat(2_000_000),
        "a = [".repeat(1_000_000),
    ] {
        let said = read(&text).unwrap_err().to_string();
        assert!(said.len() < 20_000, "{} bytes", said.len());
    }
    let unknown: String = (0..100_000)
        .map(|number| format!("k{number} = 1\n"))
        .collect();
    let said = read(&unknown).unwrap_err();
    assert!(
        said.to_string().ends_with("\nand 99951 more"),
        "{}",
        said.to_string().len()
    );
}

fn samples() -> Vec<String> {
    let samples = files("", "toml")
        .into_iter()
        .chain(files("invalid", "toml"));
    samples
        .map(|sample| fs::read_to_string(sample).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}|[\\[\\]{}=.,\"'#\\n a-z0-9\\\\-]{0,300}") {
        if let Err(mistakes) = read(&text) {
            prop_assert!(!mistakes.list.is_empty());
            prop_assert!(mistakes.list.iter().all(|mistake| mistake.line > 0 && mistake.column > 0));
        }
    }

    #[test]
    fn no_mutilated_sample_makes_it_panic(
        which: prop::sample::Index,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, "\\PC{0,4}|[\\[\\]{}=.,\"'#\\n]{0,3}"), 1..6),
    ) {
        let samples = samples();
        let mut text: Vec<char> = which.get(&samples).chars().collect();
        for (at, length, instead) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, instead.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(mistakes) = read(&text) {
            prop_assert!(!mistakes.list.is_empty());
            prop_assert!(!mistakes.first().is_empty());
        }
    }
}
