//! Files, commands and variables of this machine.

use crate::real::until;
use crate::{fields, source};
use lanewatch::http::Http;
use lanewatch::manifest::StoreSpec;
use lanewatch::store::{Store, StoreError};
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn file_store(root: &TempDir) -> Store {
    let root = root.path().to_owned();
    Store::new(&StoreSpec::File { root }, Http::new())
}

fn command_store(read: &[&str], write: Option<&[&str]>, timeout: Duration) -> Store {
    let owned = |argv: &[&str]| argv.iter().map(|word| (*word).to_owned()).collect();
    let spec = StoreSpec::Command {
        read: owned(read),
        write: write.map(owned),
        timeout,
    };
    Store::new(&spec, Http::new())
}

fn put(file: &Path, text: &str, mode: u32) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_file_is_read_without_its_line_end_and_only_if_it_is_closed_to_others() {
    let root = tempfile::tempdir().unwrap();
    let (store, key) = (file_store(&root), source("key", None));
    let file = root.path().join("key");
    put(&file, "one\n", 0o600);
    let record = store.read(&key).await.unwrap();
    assert_eq!(record.field(&key).unwrap().expose(), "one");
    assert!(record.created.is_some());
    for mode in [0o640, 0o604, 0o610, 0o622] {
        put(&file, "one\n", mode);
        let error = store.read(&key).await.unwrap_err();
        assert!(matches!(error, StoreError::BadMode { mode: m, .. } if m == mode));
        assert!(
            error
                .to_string()
                .contains(&format!("chmod 600 {}", file.display()))
        );
    }
}

#[tokio::test]
async fn what_is_no_secret_is_refused_without_waiting_for_it() {
    let root = tempfile::tempdir().unwrap();
    let store = file_store(&root);
    put(&root.path().join("long"), &"x".repeat(65_537), 0o600);
    put(&root.path().join("empty"), "\n", 0o600);
    std::fs::write(root.path().join("binary"), [0xff, 0xfe]).unwrap();
    std::fs::set_permissions(root.path().join("binary"), Permissions::from_mode(0o600)).unwrap();
    let pipe = root.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    for name in ["long", "empty", "binary", "pipe", "."] {
        let error = store.read(&source(name, None)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unusable(_)), "{name}: {error}");
    }
    let error = store.read(&source("none", None)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_files_version_changes_with_its_content_and_holds_nothing_of_it() {
    let root = tempfile::tempdir().unwrap();
    let (store, key) = (file_store(&root), source("key", None));
    let file = root.path().join("key");
    put(&file, "one\n", 0o600);
    let first = store.read(&key).await.unwrap().version;
    assert_eq!(store.read(&key).await.unwrap().version, first);
    let time = std::fs::metadata(&file).unwrap().modified().unwrap();
    put(&file, "two\n", 0o600);
    let open = std::fs::File::options().write(true).open(&file).unwrap();
    open.set_modified(time).unwrap();
    assert_ne!(
        store.read(&key).await.unwrap().version,
        first,
        "same time, same length"
    );
    // Another process keys its marks otherwise, so a mark in an audit helps nobody to guess.
    put(&file, "one\n", 0o600);
    open.set_modified(time).unwrap();
    assert_eq!(store.read(&key).await.unwrap().version, first);
    assert_ne!(file_store(&root).read(&key).await.unwrap().version, first);
}

#[tokio::test]
async fn a_file_is_replaced_whole_and_stays_closed() {
    let root = tempfile::tempdir().unwrap();
    let (store, key) = (file_store(&root), source("app.json", Some("token")));
    let file = root.path().join("app.json");
    put(
        &file,
        r#"{"token":"one","limit":10.50,"user":"bob"}"#,
        0o600,
    );
    // What a writer that was killed left behind.
    std::fs::write(root.path().join(".app.json.new"), "half").unwrap();
    let link = root.path().join("link.json");
    std::os::unix::fs::symlink("app.json", &link).unwrap();
    let through_link = source("link.json", Some("token"));

    let seen = store.read(&through_link).await.unwrap().version;
    let written = store
        .write(&through_link, &fields(&[("token", "two")]), seen.as_ref())
        .await;
    assert_eq!(
        written.unwrap(),
        store.read(&key).await.unwrap().version.unwrap()
    );
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "{\"limit\":10.50,\"token\":\"two\",\"user\":\"bob\"}\n"
    );
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());

    let late = store
        .write(&key, &fields(&[("token", "three")]), seen.as_ref())
        .await;
    assert_eq!(late.unwrap_err(), StoreError::Conflict);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let new = source("new", None);
    store
        .write(&new, &fields(&[("", "first")]), None)
        .await
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(root.path().join("new")).unwrap(),
        "first\n"
    );
}

#[tokio::test]
async fn of_many_writers_of_one_file_each_field_survives() {
    let root = tempfile::tempdir().unwrap();
    let place = source("many.json", Some("n0"));
    let names: Vec<_> = (0..16).map(|at| format!("n{at}")).collect();
    let writes = names.iter().map(|name| {
        let store = file_store(&root);
        let place = place.clone();
        async move { store.write(&place, &fields(&[(name, "v")]), None).await }
    });
    for written in futures_util::future::join_all(writes).await {
        written.unwrap();
    }
    let record = file_store(&root).read(&place).await.unwrap();
    assert_eq!(record.fields.len(), names.len());
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_command_gets_its_source_as_whole_arguments_and_a_bare_environment() {
    let store = command_store(&["printf", "%s|", "a {path}", "{field}"], None, LONG);
    let odd = source("x; rm -rf $HOME", Some("{path} y"));
    let record = store.read(&odd).await.unwrap();
    assert_eq!(
        record.field(&odd).unwrap().expose(),
        "a x; rm -rf $HOME|{path} y|"
    );
    assert!(!store.can_write());
    let error = store
        .write(&odd, &fields(&[("f", "v")]), None)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NotWritable(_)));

    // Cargo sets many variables for a test; none of them may reach the command.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let record = command_store(&["env"], None, LONG)
        .read(&source("", None))
        .await
        .unwrap();
    let seen = record.fields[""].expose();
    assert!(seen.contains("PATH=") && !seen.contains("CARGO"), "{seen}");
}

#[tokio::test]
async fn a_command_that_fails_says_why_in_its_own_first_line_and_never_what_it_printed() {
    let script = "echo canary; printf '\\n\\033[31mvault locked: canary\\nmore\\n' >&2; exit 3";
    let error = command_store(&["sh", "-c", script], None, LONG);
    let error = error.read(&source("", None)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `sh` exited with 3: [31mvault locked: …"
    );
    let missing = command_store(&["lanewatch-no-such-program"], None, LONG);
    let error = missing.read(&source("", None)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the command `lanewatch-no-such-program` cannot be started")
    );
    for (script, said) in [
        ("exit 0", "printed nothing"),
        (
            "head -c 70000 /dev/zero | tr '\\0' x",
            "printed more than 64 KiB",
        ),
        ("printf '\\377'", "not UTF-8"),
    ] {
        let error = command_store(&["sh", "-c", script], None, LONG);
        let error = error.read(&source("", None)).await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_all_that_it_started() {
    let root = tempfile::tempdir().unwrap();
    let pids = root.path().join("pids");
    let script = format!(
        "sleep 600 & echo $$ $! > {}.part; mv {0}.part {0}; wait",
        pids.display()
    );
    // Long enough for the script to have started its own child, which the pids show.
    let store = command_store(&["sh", "-c", &script], None, Duration::from_secs(2));
    let error = store.read(&source("", None)).await.unwrap_err();
    assert_eq!(error, StoreError::Timeout(2_000));
    let pids = std::fs::read_to_string(&pids).unwrap();
    for pid in pids.split_whitespace() {
        until(&format!("the end of {pid}"), async || !is_running(pid)).await;
    }
}

/// A process that has ended may stay as a zombie until somebody asks for its end.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_command_writes_from_its_input_and_keeps_the_other_fields() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("vault").display().to_string();
    put(Path::new(&file), r#"{"token":"one","user":"bob"}"#, 0o600);
    let save = format!("cat > {file}");
    let store = command_store(&["cat", "{path}"], Some(&["sh", "-c", &save]), LONG);
    let place = source(&file, Some("token"));
    let seen = store.read(&place).await.unwrap().version;
    let written = store
        .write(&place, &fields(&[("token", "two")]), seen.as_ref())
        .await;
    assert_eq!(
        written.unwrap(),
        store.read(&place).await.unwrap().version.unwrap()
    );
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, r#"{"token":"two","user":"bob"}"#);
    let late = store
        .write(&place, &fields(&[("token", "three")]), seen.as_ref())
        .await;
    assert_eq!(late.unwrap_err(), StoreError::Conflict);

    // A command that picks fields itself is run once for each.
    let folder = root.path().display().to_string();
    let save = ["sh", "-c", r#"cat > "$1/$2""#, "sh", "{path}", "{field}"];
    let store = command_store(&["cat", "{path}/{field}"], Some(&save), LONG);
    let place = source(&folder, Some("access"));
    store
        .write(
            &place,
            &fields(&[("access", "a2"), ("refresh", "r2")]),
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(root.path().join("refresh")).unwrap(),
        "r2"
    );
    assert_eq!(
        store
            .read(&place)
            .await
            .unwrap()
            .field(&place)
            .unwrap()
            .expose(),
        "a2"
    );
}

#[tokio::test]
async fn a_command_that_loses_the_new_value_is_found_out() {
    let store = command_store(&["echo", "old"], Some(&["true"]), LONG);
    let place = source("", None);
    let error = store
        .write(&place, &fields(&[("", "new")]), None)
        .await
        .unwrap_err();
    assert_eq!(error, StoreError::Conflict);
}

#[tokio::test]
async fn a_variable_is_read_and_never_written() {
    let store = Store::new(
        &StoreSpec::Env {
            allow_unmanaged: true,
        },
        Http::new(),
    );
    let place = source("CARGO_PKG_NAME", None);
    let record = store.read(&place).await.unwrap();
    assert_eq!(record.field(&place).unwrap().expose(), "lanewatch");
    assert!(record.version.is_none() && !store.can_write() && !store.is_managed());
    let error = store
        .read(&source("LANEWATCH_NOT_SET", None))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
    let error = store
        .write(&place, &fields(&[("", "v")]), None)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "an env store cannot be written to");
}
