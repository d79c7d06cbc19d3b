//! Many lanes do not do at once what each of them may do at any time.

use crate::bench::{HOUR, MINUTE, run, scenario, seeds, sized};
use lanewatch::simulate::Scenario;

#[test]
fn of_a_thousand_lanes_started_together_the_busiest_second_is_thrice_the_mean_at_most() {
    for (life, span) in [(MINUTE, MINUTE * 10), (HOUR, HOUR * 6)] {
        for seed in seeds(2, 20) {
            let report = run(&Scenario {
                seed,
                ..scenario(1_000, life, span, &[])
            });
            assert!(report.peak_to_mean <= 3.0, "{report}");
            assert_eq!(report.late_refreshes, 0, "{report}");
        }
    }
}

#[test]
fn ten_thousand_lanes_live_for_days() {
    let (lanes, days) = sized((500, 1), (10_000, 30));
    let report = run(&scenario(lanes, HOUR, HOUR * 24 * days, &[]));
    assert_eq!(report.late_refreshes, 0, "{report}");
    assert_eq!(report.dead_credential_calls, 0, "{report}");
    let each = report.refreshes as f64 / lanes as f64 / f64::from(days);
    assert!((36.0..=46.0).contains(&each), "{each} a day: {report}");
}
