//! The samples that users start from say what they are said to say.

use super::{SAMPLES, files, open, with};
use lanewatch::lane::{CredentialKind, Renewal, SideEffect, Trust, Wall};
use lanewatch::manifest::{
    AlertChannel, Bindings, ClientAuth, OpenBaoAuth, SecretFrom, StoreSpec, Surroundings, load,
    parse,
};
use lanewatch::plain::Plain;
use lanewatch::provider::Catalog;
use std::fs;
use std::path::Path;
use std::time::Duration;

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
fn every_other_sample_is_good_for_the_packs_that_come_with_lanewatch() {
    let catalog = Catalog::builtin();
    let names: Vec<String> = catalog.names().map(str::to_owned).collect();
    let facts = |name: &str| catalog.get(name).map(|pack| pack.facts());
    let around = Surroundings {
        bindings: &Bindings::default(),
        provider: &facts,
        providers: &names,
    };
    for sample in files("", "toml") {
        if sample.file_name().is_some_and(|name| name == "demo.toml") {
            continue;
        }
        if let Err(error) = load(&sample, &around) {
            panic!("{error}");
        }
    }
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
