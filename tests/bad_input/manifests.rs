//! Files that are no manifest end with 2 and a sentence that names the file.

use crate::process::{Ended, Home};

async fn rejected(home: &Home, says: &str) {
    for arguments in [
        &["check", "lanes.toml"][..],
        &["run", "lanes.toml"],
        &["status"],
    ] {
        let ended: Ended = home.run(arguments).await;
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.out.is_empty(), "{ended:?}");
        assert!(
            ended.err.contains("lanes.toml") && ended.err.contains(says),
            "{says}: {ended:?}"
        );
        let strange = |c: char| c.is_control() && c != '\n';
        assert!(!ended.err.chars().any(strange), "{ended:?}");
    }
    assert!(home.state().is_none(), "nothing was begun");
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_missed() {
    rejected(&Home::new(), "").await;
}

#[tokio::test]
async fn an_empty_manifest_is_no_manifest() {
    for empty in ["", " \n\t\n", "\u{feff}"] {
        let home = Home::new();
        home.write(empty);
        rejected(&home, "is empty").await;
    }
}

#[tokio::test]
async fn a_folder_is_no_manifest() {
    let home = Home::new();
    std::fs::create_dir(&home.file).unwrap();
    rejected(&home, "cannot be read").await;
}

#[tokio::test]
async fn a_manifest_of_fifty_megabytes_is_not_even_read() {
    let home = Home::new();
    let file = std::fs::File::create(&home.file).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    rejected(&home, "longer than").await;
}

#[tokio::test]
async fn a_manifest_that_is_not_text_is_told_where() {
    let home = Home::new();
    std::fs::write(&home.file, b"title = \"x\"\n# \xff\xfe\n").unwrap();
    rejected(&home, "lanes.toml:2:3: not UTF-8").await;
}

#[tokio::test]
async fn mistakes_are_told_with_their_places_and_hostile_names_harmlessly() {
    let home = Home::new();
    home.write("title = \"x\"\n\n[[lane]]\nname = \"a\"\nprovider = \"nobody\"\n");
    rejected(&home, "lanes.toml:5:12").await;
    home.write("\"\\u001b]0;owned\\u0007\\u202e\" = 1\n[[lane]]\nname = \"\\u001b[2J\"\n");
    rejected(&home, "lanes.toml:1:1").await;
}
