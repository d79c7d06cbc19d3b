//! A simulation is worth what it leaves out.

use crate::bench::{GRANT, HOUR, MINUTE, manifest, run, run_of, scenario, seeds};
use lanewatch::simulate::{Report, Scenario, ScenarioError, simulate};
use std::time::Duration;

/// A report without the count of what was played out.
fn outcome(report: &Report) -> Report {
    Report {
        played_out: 0,
        passed_over: 0,
        ..report.clone()
    }
}

#[test]
fn what_is_passed_over_changes_no_digit_of_the_report() {
    let faults = [
        "store-outage=3m@1h",
        "provider-5xx=2m@80m",
        "clock-jump=-90s@100m",
        "suspend=3m@2h",
        "crash=5s@130m",
        "revoke=2@140m",
        "lost-response=2@150m",
    ];
    for seed in seeds(2, 10) {
        for fault in faults {
            let of = Scenario {
                seed,
                ..scenario(60, MINUTE * 10, HOUR * 3, &[fault])
            };
            let passed = run(&of);
            let played = run(&Scenario {
                every_request: true,
                ..of
            });
            assert!(passed.passed_over > 1_000 && played.passed_over == 0);
            assert_eq!(outcome(&passed), outcome(&played), "{fault}, seed {seed}");
        }
    }
}

#[test]
fn what_is_passed_over_of_lanes_with_neighbors_changes_no_digit_either() {
    let neighbor = |name| {
        format!(
            "[[lane.neighbor]]\nname = \"{name}\"\nmethod = \"POST\"\ntarget = \"/{name}\"\nside_effect_free = true\n"
        )
    };
    let text = format!("{GRANT}{}{}", neighbor("pay"), neighbor("refund"));
    for seed in seeds(3, 10) {
        let of = Scenario {
            seed,
            ..scenario(60, MINUTE * 10, HOUR * 6, &[])
        };
        let passed = run_of(&text, &of);
        let played = run_of(
            &text,
            &Scenario {
                every_request: true,
                ..of
            },
        );
        assert!(passed.passed_over > 10_000 && played.passed_over == 0);
        assert_eq!(outcome(&passed), outcome(&played), "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_report_byte_for_byte_and_another_gives_another() {
    let of = scenario(
        100,
        MINUTE,
        HOUR,
        &[
            "store-outage=15s@anywhere",
            "lost-response=1%",
            "revoke=3%@30m",
        ],
    );
    let text = |of: &Scenario| serde_json::to_string(&run(of)).unwrap();
    assert_eq!(text(&of), text(&of));
    assert_ne!(
        text(&of),
        text(&Scenario {
            seed: 2,
            ..of.clone()
        })
    );
}

#[test]
fn an_answer_that_is_lost_is_raised_each_time_and_its_grant_never_tried_again() {
    let report = run(&scenario(50, MINUTE * 5, HOUR, &["lost-response=3@30m"]));
    assert_eq!(report.uncertain, 3, "{report}");
    assert_eq!(report.held, 3, "{report}");
    assert_eq!(
        report.late_refreshes, 0,
        "what was lost is not late: {report}"
    );
    assert_eq!(report.dead_credential_calls, 0, "{report}");
}

#[test]
fn a_revoked_grant_is_held_and_its_key_not_shown_again() {
    let report = run(&scenario(50, MINUTE * 5, HOUR, &["revoke=20%@30m"]));
    assert_eq!(report.held, 10, "{report}");
    assert_eq!(report.closed_at_end, 10, "{report}");
    assert_eq!(report.dead_credential_calls, 0, "{report}");
}

/// An outage that leaves no time must be told, or the zeroes above would mean nothing.
#[test]
fn lateness_is_seen_where_there_is_some() {
    let report = run(&scenario(50, MINUTE, MINUTE * 10, &["store-outage=2m@5m"]));
    assert_eq!(report.late_refreshes, 50, "{report}");
    assert_eq!(report.late_unavoidable, 50, "{report}");
    assert!(report.worst_degraded_s > 60.0, "{report}");
    // Places for one refresh at a time cannot serve two hundred lanes: that is nobody's outage.
    let narrow = GRANT.replace("per_host = 512", "per_host = 1");
    let report = run_of(&narrow, &scenario(1_000, MINUTE, MINUTE * 10, &[]));
    assert!(report.late_refreshes > 100, "{report}");
    assert_eq!(report.late_unavoidable, 0, "{report}");
    assert!(!report.is_good());
}

#[test]
fn keys_that_their_owners_replace_are_followed() {
    let key = r#"
[stores.files]
kind = "file"
[[lane]]
name = "billing"
provider = "stripe"
route = { server = "billing" }
[lane.credential]
kind = "vault_reference"
store = "files"
path = "billing"
"#;
    let report = run_of(
        key,
        &scenario(20, HOUR, HOUR * 12, &["store-outage=5m@anywhere"]),
    );
    assert_eq!(report.late_refreshes, 0, "{report}");
    assert_eq!(report.dead_credential_calls, 0, "{report}");
    assert_eq!(report.closed_at_end, 0, "{report}");
}

#[test]
fn a_scenario_that_cannot_be_is_refused_with_a_hint() {
    let (manifest, catalog) = manifest(GRANT);
    let told = |of: &Scenario| -> ScenarioError { simulate(&manifest, &catalog, of).unwrap_err() };
    let good = scenario(1, HOUR, HOUR, &[]);
    let beyond = scenario(1, HOUR, HOUR, &["store-outage=20m@50m"]);
    for (of, what) in [
        (beyond, "it ends 1h 10m 1s after the beginning"),
        (
            Scenario {
                lanes: Some(0),
                ..good.clone()
            },
            "has 1 lanes already",
        ),
        (
            Scenario {
                lanes: Some(9_999_999),
                ..good.clone()
            },
            "more than a million",
        ),
        (
            Scenario {
                life: Some(Duration::from_secs(3)),
                ..good.clone()
            },
            "too short",
        ),
        (
            Scenario {
                span: Duration::ZERO,
                ..good
            },
            "not between",
        ),
    ] {
        let error = told(&of).to_string();
        assert!(error.contains(what) && error.contains("hint: "), "{error}");
    }
}
