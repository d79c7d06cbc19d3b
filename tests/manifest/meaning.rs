//! What a manifest without mistakes means.

use super::{lane, read, small, with};
use lanewatch::lane::{Predecessor, Trust};
use lanewatch::manifest::{Bindings, OpenBaoAuth, SecretFrom, StoreSpec, packs_folder, parse};
use lanewatch::plain::Plain;
use std::fs;
use std::path::Path;
use std::time::Duration;

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
fn a_key_whose_provider_ends_it_at_once_has_no_overlap_unless_the_manifest_says_so() {
    let handover = |lane: &str| {
        let text = small(&format!(
            "[[lane]]\nname = \"a\"\n[lane.credential]\npath = \"p\"\n{lane}\n"
        ));
        read(&text).unwrap().lanes[0].spec.handover
    };
    let minute = Duration::from_secs(60);
    let ends = handover("kind = \"managed_key\"");
    assert_eq!(
        (ends.overlap, ends.predecessor),
        (Duration::ZERO, Predecessor::EndsAtOnce)
    );
    let stated = handover("kind = \"managed_key\"\noverlap = \"1m\"");
    assert_eq!(
        (stated.overlap, stated.predecessor),
        (minute, Predecessor::LivesOn)
    );
    let grant = "kind = \"oauth_refresh\"\nfield = \"f\"\nclient_id = \"c\"\n\
                 token_endpoint = \"https://auth.example.org/token\"";
    let token = handover(grant);
    assert_eq!(
        (token.overlap, token.predecessor),
        (minute, Predecessor::LivesOn)
    );
}
