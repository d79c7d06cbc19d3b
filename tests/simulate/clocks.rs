//! Clocks that are set and machines that sleep.

use crate::bench::{HOUR, run, scenario, seeds, sized};
use lanewatch::simulate::Scenario;

#[test]
fn a_wall_clock_that_is_set_back_or_forward_kills_no_token_and_revives_none() {
    for fault in [
        "clock-jump=-1h@3h",
        "clock-jump=1h@3h",
        "clock-jump=-20s@3h",
    ] {
        for seed in seeds(2, 20) {
            let of = scenario(sized(200, 1_000), HOUR, HOUR * 8, &[fault]);
            let report = run(&Scenario { seed, ..of });
            assert_eq!(report.late_refreshes, 0, "{fault}: {report}");
            assert_eq!(report.dead_credential_calls, 0, "{fault}: {report}");
            assert_eq!(report.closed_at_end, 0, "{fault}: {report}");
            assert_eq!(report.clock_jumps, 1, "{fault}: {report}");
        }
    }
}

#[test]
fn a_machine_that_slept_uses_no_dead_token_and_mends_at_once() {
    for seed in seeds(3, 20) {
        let of = scenario(300, HOUR, HOUR * 6, &["suspend=30m@3h"]);
        let report = run(&Scenario { seed, ..of });
        // What ended while it slept nobody could renew.
        assert_eq!(report.late_refreshes, report.late_unavoidable, "{report}");
        assert_eq!(report.dead_credential_calls, 0, "{report}");
        assert_eq!(report.clock_jumps, 1, "{report}");
        assert!(report.worst_degraded_s < 5.0, "{report}");
        assert_eq!(report.closed_at_end, 0, "{report}");
    }
}
