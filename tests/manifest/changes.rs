//! What a change of the file means, and that it is noticed.

use super::{lane, read, small};
use lanewatch::manifest::{difference, watch};
use lanewatch::plain::Plain;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

#[test]
fn only_lanes_that_a_change_concerns_are_in_the_difference() {
    let text = small(&format!(
        "{}{}{}",
        lane("a", ""),
        lane("b", ""),
        lane("c", "")
    ));
    let old = read(&text).unwrap();
    let names = |lanes: &[std::sync::Arc<lanewatch::manifest::LaneEntry>]| {
        let names = lanes.iter().map(|lane| lane.spec.name.to_string());
        names.collect::<Vec<_>>()
    };
    let against = |text: &str| difference(&old, &read(text).unwrap());

    assert!(against(&text).is_empty());
    let moved = small(&format!(
        "# c first\n\n{}{}{}",
        lane("c", ""),
        lane("a", ""),
        lane("b", "")
    ));
    assert!(against(&moved).is_empty());

    let other = small(&format!(
        "{}{}{}",
        lane("a", "owner = \"me\""),
        lane("c", ""),
        lane("d", "")
    ));
    let seen = against(&other);
    assert_eq!(names(&seen.added), ["d"]);
    assert_eq!(seen.removed, [Plain::new("b")]);
    assert_eq!(names(&seen.changed), ["a"]);

    let store = text.replace(
        "[stores.files]\nkind = \"file\"",
        "[stores.files]\nkind = \"file\"\nroot = \"x\"",
    );
    assert_eq!(names(&against(&store).changed), ["a", "b", "c"]);
    let unused = text.replace("kind = \"env\"", "kind = \"env\"\nallow_unmanaged = true");
    assert!(against(&unused).is_empty());
    let every = text.replace("[defaults]", "[defaults]\nstore_every = \"5s\"");
    assert_eq!(names(&against(&every).changed), ["a", "b", "c"]);
}

#[test]
fn a_changed_client_store_or_token_endpoint_concerns_its_lane() {
    let oauth = lane("a", "").replace(
        "kind = \"byok\"",
        "kind = \"oauth_refresh\"\ntoken_endpoint = \"https://a.example.org/t\"\n\
         client_id = \"c\"\nclient_secret = { store = \"shell\", path = \"SECRET\" }",
    );
    let text = small(&format!("{oauth}{}", lane("b", "")));
    let old = read(&text).unwrap();
    for new in [
        text.replace("kind = \"env\"", "kind = \"file\""),
        text.replace("a.example.org/t", "a.example.org/token"),
    ] {
        let seen = difference(&old, &read(&new).unwrap());
        let changed: Vec<_> = seen
            .changed
            .iter()
            .map(|lane| lane.spec.name.as_str())
            .collect();
        assert_eq!(changed, ["a"]);
    }
}

/// Waits for word of a change, and takes all that has come by then.
fn told(changes: &mpsc::Receiver<()>, of: &str) {
    let first = changes.recv_timeout(Duration::from_secs(20));
    assert!(first.is_ok(), "nothing was said of {of}");
    while changes.try_recv().is_ok() {}
}

/// Starts a watch, does something, and waits for word of it.
fn seen(path: &Path, what: &str, act: impl FnOnce()) {
    let (tell, changes) = mpsc::channel();
    let _watcher = watch(path, move || tell.send(()).unwrap_or_default()).unwrap();
    act();
    told(&changes, what);
}

#[test]
fn a_change_is_seen_however_the_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lanes.toml");
    let other = folder.path().join(".lanes.toml.swp");
    fs::write(&path, "a").unwrap();
    fs::write(&other, "c").unwrap();
    seen(&path, "a write in place", || fs::write(&path, "b").unwrap());
    seen(&path, "a rename over it", || {
        fs::rename(&other, &path).unwrap();
    });
    seen(&path, "its removal", || fs::remove_file(&path).unwrap());
    seen(&path, "its return", || fs::write(&path, "d").unwrap());
}

#[test]
fn a_change_behind_links_is_seen() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // As Kubernetes lays out a mounted configuration: the link `..data` is what is exchanged.
    for version in ["..1", "..2"] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("lanes.toml"), version).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/lanes.toml", at("lanes.toml")).unwrap();
    symlink("..2", at("..data_tmp")).unwrap();
    let (tell, changes) = mpsc::channel();
    let _watcher = watch(&at("lanes.toml"), move || tell.send(()).unwrap_or_default()).unwrap();

    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    told(&changes, "an exchanged link");

    fs::write(at("..2").join("lanes.toml"), "new").unwrap();
    told(&changes, "a write to where the link leads now");
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let error = watch(Path::new("/nonexistent-lanewatch/lanes.toml"), || {})
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("/nonexistent-lanewatch"),
        "{error}"
    );
}
