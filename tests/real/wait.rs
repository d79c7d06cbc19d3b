//! Waiting for what nobody announces.

use std::time::Duration;

/// How long it may take before something is wrong.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks again and again until `condition` is true, which is `what`; fails if it never is.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let came = tokio::time::timeout(DEADLINE, wait).await;
    came.unwrap_or_else(|_| panic!("never came: {what}"));
}
