//! What a person writes into `lanes.toml`, and what lanewatch says to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lanewatch::lane::{CredentialKind, Renewal, SideEffect, Trust, Wall};
use lanewatch::manifest::{
    AlertChannel, Bindings, ClientAuth, Manifest, ManifestError, Mistakes, OpenBaoAuth,
    ProviderFacts, SecretFrom, StoreSpec, Surroundings, difference, load, packs_folder, parse,
    watch,
};
use lanewatch::plain::Plain;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-lanes");

/// A few packs: one that has everything, one that has nothing, one whose grants serve once.
fn provider(name: &str) -> Option<ProviderFacts> {
    let (has_base_url, has_probe, single_use_refresh) = match name {
        "github" | "google" | "hubspot" | "stripe" => (true, true, false),
        "http-generic" => (false, false, false),
        "oauth-generic" => (false, false, true),
        _ => return None,
    };
    Some(ProviderFacts {
        has_base_url,
        has_probe,
        single_use_refresh,
    })
}

fn with<T>(bindings: &Bindings, act: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let names = [
        "github",
        "google",
        "http-generic",
        "hubspot",
        "oauth-generic",
        "stripe",
    ];
    act(&Surroundings {
        bindings,
        provider: &provider,
        providers: &names.map(String::from),
    })
}

fn read(text: &str) -> Result<Manifest, Mistakes> {
    with(&Bindings::default(), |around| {
        parse(Path::new("/etc/lanes.toml"), text, around)
    })
}

fn open(path: &Path) -> Result<Manifest, ManifestError> {
    with(&Bindings::default(), |around| load(path, around))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(SAMPLES).join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|other| other == ending))
        .collect();
    files.sort();
    files
}

#[test]
fn every_mistake_is_told_as_its_sample_says() {
    let samples = files("invalid", "toml");
    assert!(samples.len() >= 30, "only {} samples", samples.len());
    for sample in &samples {
        let name = sample.file_name().unwrap();
        let text = fs::read_to_string(sample).unwrap();
        let said = with(&Bindings::default(), |around| {
            parse(Path::new(name), &text, around)
        });
        let said = said
            .expect_err(&format!("{} has no mistake", sample.display()))
            .to_string();
        let expectation = sample.with_extension("expected");

        let expected = fs::read_to_string(&expectation)
            .unwrap_or_else(|error| panic!("{}: {error}", expectation.display()));
        assert_eq!(said, expected.trim_end(), "{}", sample.display());
        assert!(
            !said.contains("CANARY"),
            "{} shows a secret",
            sample.display()
        );
        assert!(
            said.contains("\n  hint: "),
            "{} has no hint",
            sample.display()
        );
    }
    let expectations = files("invalid", "expected");
    assert_eq!(
        expectations.len(),
        samples.len(),
        "an expectation has no sample"
    );
}

#[test]
fn every_other_sample_loads() {
    for sample in files("", "toml") {
        // The demo's addresses are those of the sandbox that the demo starts.
        if sample.file_name().is_some_and(|name| name == "demo.toml") {
            continue;
        }
        if let Err(error) = open(&sample) {
            panic!("{error}");
        }
    }
}

#[test]
fn a_manifest_is_resolved_down_to_every_default() {
    let manifest = open(&Path::new(SAMPLES).join("minimal.toml")).unwrap();
    assert_eq!(manifest.title.as_str(), "minimal.toml");
    let root = Path::new(SAMPLES).join("secrets");
    assert_eq!(
        manifest.stores[&Plain::new("files")],
        StoreSpec::File { root }
    );
    let lane = &manifest.lanes[0];
    assert_eq!(lane.line, 10);
    assert_eq!(lane.spec.kind, CredentialKind::ManagedKey);
    assert_eq!(lane.spec.renewal, Renewal::Reload);
    assert_eq!(lane.spec.trust, Trust::Managed);
    assert_eq!(lane.spec.effect, SideEffect::Read);
    assert_eq!(lane.spec.probe_every, Some(Duration::from_secs(60)));
    assert_eq!(lane.spec.store_every, Duration::from_secs(30));
    assert_eq!(lane.probe_timeout, Duration::from_secs(10));
    assert_eq!((lane.probe.as_ref(), lane.base_url.as_ref()), (None, None));
    assert_eq!(lane.source.path, "github-token");
    assert!(!lane.sandbox);
}

#[test]
fn what_a_lane_does_not_say_the_defaults_say() {
    let manifest = open(&Path::new(SAMPLES).join("team.toml")).unwrap();
    let lane = |name: &str| {
        let lanes = manifest.lanes.iter();
        lanes
            .clone()
            .find(|lane| lane.spec.name.as_str() == name)
            .unwrap()
    };
    let refunds = lane("billing-refunds");
    assert_eq!(refunds.owner, Some(Plain::new("payments")));
    assert_eq!(refunds.source.store.as_str(), "bao");
    assert_eq!(refunds.route.tenant, Some(Plain::new("acme")));
    assert_eq!(refunds.route.effect, SideEffect::Destructive);
    assert_eq!(refunds.spec.expires_at, Wall::parse("2027-03-31T00:00:00Z"));
    assert_eq!(
        refunds.spec.windows.warn,
        Some(Duration::from_secs(7 * 86_400))
    );
    assert_eq!(refunds.neighbors[0].target, "/v1/payouts?limit=1");
    assert_eq!(refunds.spec.neighbors, [Plain::new("payouts")]);
    let crm = lane("crm-read");
    assert_eq!(crm.spec.renewal, Renewal::Owner);
    assert_eq!(crm.spec.probe_every, Some(Duration::from_secs(300)));
    assert_eq!(crm.owner, Some(Plain::new("growth")));
    let mail = lane("mail-digest");
    assert_eq!(mail.owner, Some(Plain::new("platform")));
    let oauth = mail.oauth.as_ref().unwrap();
    assert_eq!(oauth.client_auth, ClientAuth::Post);
    assert_eq!(oauth.client_secret.as_ref().unwrap().store.as_str(), "bao");
    let windows = &mail.spec.windows;
    assert_eq!(
        (windows.warn, windows.refresh_at),
        (Some(Duration::from_secs(600)), 0.5)
    );
    let scratch = lane("scratch-größe");
    assert_eq!(scratch.spec.trust, Trust::UnmanagedAllowed);
    assert_eq!(scratch.spec.probe_every, None);
    let StoreSpec::OpenBao(bao) = &manifest.stores[&Plain::new("bao")] else {
        panic!("bao is no OpenBao");
    };
    let role = SecretFrom::File(Path::new(SAMPLES).join("secrets/role-id"));
    let secret = SecretFrom::Env("LANEWATCH_SECRET_ID".into());
    let (mount, role_id, secret_id) = ("approle".into(), role, secret);
    assert_eq!(
        bao.auth,
        OpenBaoAuth::AppRole {
            mount,
            role_id,
            secret_id
        }
    );
    assert_eq!(
        (bao.mount.as_str(), bao.timeout),
        ("secret", Duration::from_secs(5))
    );
    let AlertChannel::Command { argv, .. } = &manifest.alerts[1].channel else {
        panic!("no command");
    };
    assert_eq!(argv[0], "notify-oncall");
}

#[test]
fn the_oauth_sample_has_two_grants_and_a_neighbor() {
    let manifest = open(&Path::new(SAMPLES).join("openbao-oauth.toml")).unwrap();
    let [writer, reader] = manifest.lanes.as_slice() else {
        panic!("not two lanes");
    };
    assert_eq!(writer.source.path, "lanes/repo-writer");
    assert_eq!(reader.source.path, "lanes/repo-reader");
    assert_eq!(writer.source.field.as_deref(), Some("refresh_token"));
    assert_eq!(writer.spec.renewal, Renewal::Refresh { single_use: true });
    assert_eq!(writer.spec.probe_every, Some(Duration::from_secs(1)));
    assert_eq!(reader.neighbors[0].method, "POST");
    let json = ("{}".to_owned(), "application/json".to_owned());
    assert_eq!(reader.neighbors[0].body, Some(json));
    for lane in [writer, reader] {
        let oauth = lane.oauth.as_ref().unwrap();
        assert_eq!(oauth.timeout, Duration::from_secs(15));
        assert_eq!(oauth.client_secret.as_ref().unwrap().path, "clients/lane");
    }
}

/// A small manifest with room for changes.
fn small(lanes: &str) -> String {
    format!(
        "[stores.files]\nkind = \"file\"\n\n[stores.shell]\nkind = \"env\"\n\n[defaults]\n\
         provider = \"github\"\nstore = \"files\"\nroute = {{ server = \"s\" }}\n\n{lanes}"
    )
}

fn lane(name: &str, more: &str) -> String {
    format!(
        "[[lane]]\nname = \"{name}\"\n{more}\n[lane.credential]\nkind = \"byok\"\npath = \"{name}\"\n\n"
    )
}

#[test]
fn a_lane_on_an_unmanaged_source_is_refused_and_not_a_mistake() {
    let text = small(&lane("KEY", "").replace("path", "store = \"shell\"\npath"));
    let manifest = read(&text).unwrap();
    assert_eq!(manifest.lanes[0].spec.trust, Trust::UnmanagedRefused);
}

#[test]
fn a_client_secret_on_an_unmanaged_source_refuses_its_lane_too() {
    let text = small(&lane("a", "")).replace(
        "kind = \"byok\"",
        "kind = \"oauth_refresh\"\ntoken_endpoint = \"https://a.example.org/t\"\n\
         client_id = \"c\"\nclient_secret = { store = \"shell\", path = \"SECRET\" }",
    );
    assert_eq!(
        read(&text).unwrap().lanes[0].spec.trust,
        Trust::UnmanagedRefused
    );
}

#[test]
fn a_provider_without_a_probe_leaves_the_lane_without_one() {
    let text = small(&lane(
        "a",
        "provider = \"http-generic\"\nbase_url = \"https://x.example.org\"",
    ));
    assert_eq!(read(&text).unwrap().lanes[0].spec.probe_every, None);
}

#[test]
fn sandbox_addresses_lead_where_they_are_bound() {
    let bindings: Bindings = [
        ("github", "http://127.0.0.1:4011"),
        ("oauth", "http://127.0.0.1:4012/"),
        ("vault-token-file", "/run/sandbox/token"),
    ]
    .into_iter()
    .collect();
    let text = "[stores.bao]\nkind = \"openbao\"\naddress = \"sandbox://oauth\"\n\
                auth = { token = { file = \"sandbox://vault-token-file\" } }\n\
                [stores.files]\nkind = \"file\"\n\
                [[lane]]\nname = \"a\"\nprovider = \"github\"\nbase_url = \"sandbox://github\"\n\
                route = { server = \"s\" }\nprobe = { target = \"sandbox://oauth/me?x=1\" }\n\
                [lane.credential]\nkind = \"oauth_refresh\"\nstore = \"files\"\n\
                path = \"sandbox://vault-token-file\"\nclient_id = \"c\"\n\
                token_endpoint = \"sandbox://oauth/token\"\n";
    let manifest = with(&bindings, |around| {
        parse(Path::new("/x/l.toml"), text, around)
    })
    .unwrap();
    let lane = &manifest.lanes[0];
    assert!(lane.sandbox);
    assert_eq!(
        lane.base_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:4011/"
    );
    let oauth = lane.oauth.as_ref().unwrap();
    assert_eq!(oauth.token_endpoint.as_str(), "http://127.0.0.1:4012/token");
    assert_eq!(
        lane.probe.as_ref().unwrap().target,
        "http://127.0.0.1:4012/me?x=1"
    );
    assert_eq!(lane.source.path, "/run/sandbox/token");
    let StoreSpec::OpenBao(bao) = &manifest.stores[&Plain::new("bao")] else {
        panic!("bao is no OpenBao");
    };
    let token = OpenBaoAuth::Token(SecretFrom::File("/run/sandbox/token".into()));
    assert_eq!(bao.auth, token);

    let typo = text.replace("sandbox://github", "sandbox://gihub");
    let said = with(&bindings, |around| {
        parse(Path::new("/x/l.toml"), &typo, around)
    });
    let said = said.unwrap_err();
    assert_eq!(said.list[0].hint.as_deref(), Some("write sandbox://github"));
}

#[test]
fn the_folder_of_packs_is_known_before_the_rest_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lanes.toml");
    fs::write(
        &path,
        "title = \"x\"\npacks = \"own\"\n\n[[lane]]\nname = 3 3\n",
    )
    .unwrap();
    let packs = packs_folder(&path, &Bindings::default());
    assert_eq!(packs, Some(folder.path().join("own")));
    fs::write(&path, "title = \"x\"\n[packs]\nx = 1\n").unwrap();
    assert_eq!(packs_folder(&path, &Bindings::default()), None);
    assert_eq!(
        packs_folder(&folder.path().join("none"), &Bindings::default()),
        None
    );
}

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
fn lanes_are_the_same_whether_they_are_read_in_pieces_or_at_once() {
    let cut = small(&format!("{}{}", lane("a", ""), lane("b", "")));
    // A text of several lines keeps the document in one piece.
    let whole = cut.replace("[defaults]\n", "[defaults]\nowner = '''o'''\n");
    let cut = cut.replace("[defaults]\n", "[defaults]\nowner = 'o'\n");
    assert_eq!(read(&cut).unwrap(), read(&whole).unwrap());
    let quoted = cut.replace("[lane.credential]", "[lane.\"credential\"]");
    assert_eq!(read(&cut).unwrap(), read(&quoted).unwrap());
}

#[test]
fn a_lane_like_text_of_several_lines_is_no_lane() {
    let body = "probe = { method = \"POST\", target = \"/x\", side_effect_free = true, \
                body = '''\n[[lane]]\nname = 1\n''' }\n";
    let manifest = read(&small(&lane("a", body))).unwrap();
    assert_eq!(manifest.lanes.len(), 1);
    let (body, _) = manifest.lanes[0]
        .probe
        .as_ref()
        .unwrap()
        .body
        .clone()
        .unwrap();
    assert_eq!(body, "[[lane]]\nname = 1\n");
}

#[test]
fn ten_thousand_lanes_are_read_in_their_order() {
    let names: Vec<_> = (0..10_000).map(|number| format!("lane-{number}")).collect();
    let lanes: String = names
        .iter()
        .map(|name| lane(name, "owner = \"team\""))
        .collect();
    let text = small(&lanes);
    let manifest = read(&text).unwrap();
    assert!(
        manifest
            .lanes
            .iter()
            .map(|lane| lane.spec.name.as_str())
            .eq(&names)
    );
    let last = manifest.lanes.last().unwrap();
    let lines = text.lines().collect::<Vec<_>>();
    assert_eq!(lines[last.line - 1], "[[lane]]");
    assert_eq!(lines[last.line], "name = \"lane-9999\"");
}

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
        fs::rename(&other, &path).unwrap()
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
