//! Who gets told.
//!
//! The engine makes an [`Alert`] of a lane's [`crate::lane::Effect::Alert`], asks [`for_alert`] whom
//! the manifest wants told, and runs one [`tell`] for each as a task of its own, so that a slow
//! channel holds up neither the engine nor another channel. What comes of it is a [`Delivery`],
//! which goes back to the lane as [`crate::lane::Event::Notified`] and into the audit.
//!
//! An alert is one JSON object, written to a program's standard input or sent as the body of a
//! POST. There is no shell and no templating, so nothing that an upstream or a manifest says can
//! become a command. It holds no secret: there is none in any of its types.

mod command;
mod webhook;

use crate::http::Http;
use crate::lane::{AlertLevel, Generation, LaneName, Outcome, Wall, Word};
use crate::manifest::{AlertChannel, AlertSpec};
use crate::plain::Plain;
use crate::secret::Fingerprint;
use serde::Serialize;
use std::time::Duration;

/// The pause before the one second try.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Something that people should know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Alert {
    /// How loud it is.
    pub level: AlertLevel,
    /// Which lane it is about; `None` for the engine itself.
    pub lane: Option<LaneName>,
    /// The word that the lane shows.
    pub word: Option<Word>,
    /// What was seen.
    pub outcome: Option<Outcome>,
    /// The generation it concerns.
    pub generation: Option<Generation>,
    /// The fingerprint it concerns.
    pub fingerprint: Option<Fingerprint>,
    /// Who owns the credential.
    pub owner: Option<Plain>,
    /// What to read.
    pub runbook: Option<Plain>,
    /// What happened, as one sentence.
    pub text: Plain,
    /// When.
    pub at: Wall,
    /// The audit record that has it; a receiver can tell a second try by it.
    pub seq: Option<u64>,
}

/// What came of telling somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The name of the manifest's entry.
    pub channel: Plain,
    /// Whether it got there.
    pub delivered: bool,
    /// Why not, or that it took a second try.
    pub detail: Option<Plain>,
}

/// Those of `specs` that want this alert: it is loud enough, and about one of their lanes. What is
/// about no lane goes to those who watch them all.
pub fn for_alert<'a>(specs: &'a [AlertSpec], alert: &Alert) -> impl Iterator<Item = &'a AlertSpec> {
    specs.iter().filter(move |spec| {
        let concerned = spec.lanes.is_empty()
            || alert
                .lane
                .as_ref()
                .is_some_and(|lane| spec.lanes.contains(lane));
        alert.level >= spec.level && concerned
    })
}

/// Tells one of them, and tries a second time after half a second if that fails. Takes at most
/// twice the channel's time-out and that pause. A program that is still at it when the future is
/// dropped is killed.
pub async fn tell(spec: &AlertSpec, alert: &Alert, http: &Http) -> Delivery {
    let delivery = |delivered, detail| Delivery {
        channel: spec.name.clone(),
        delivered,
        detail,
    };
    let body = match serde_json::to_string(alert) {
        Ok(body) => body,
        Err(error) => return delivery(false, Some(error.to_string().into())),
    };
    let Err(first) = once(&spec.channel, &body, http).await else {
        return delivery(true, None);
    };
    tokio::time::sleep(RETRY_AFTER).await;
    match once(&spec.channel, &body, http).await {
        Ok(()) => {
            let detail = format!("at the second try; the first: {first}");
            delivery(true, Some(detail.into()))
        }
        Err(second) => delivery(false, Some(second)),
    }
}

async fn once(channel: &AlertChannel, body: &str, http: &Http) -> Result<(), Plain> {
    match channel {
        AlertChannel::Command { argv, timeout } => {
            command::run(argv, *timeout, body.as_bytes()).await
        }
        AlertChannel::Webhook { url, timeout } => webhook::post(http, url, *timeout, body).await,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(super) fn alert(lane: Option<&str>) -> Alert {
        Alert {
            level: AlertLevel::Critical,
            lane: lane.map(Plain::new),
            word: Some(Word::Held),
            outcome: Some(Outcome::CredentialRevoked),
            generation: Some(Generation(7)),
            fingerprint: Some(Fingerprint::from_bytes([0x3f; 8])),
            owner: Some("payments".into()),
            runbook: None,
            text: "revoked, stated by stripe".into(),
            at: Wall(1_795_378_447_250),
            seq: Some(1042),
        }
    }

    fn spec(name: &str, level: AlertLevel, lanes: &[&str]) -> AlertSpec {
        AlertSpec {
            name: name.into(),
            level,
            lanes: lanes.iter().map(|lane| Plain::new(lane)).collect(),
            channel: AlertChannel::Command {
                argv: vec!["true".into()],
                timeout: Duration::from_secs(60),
            },
        }
    }

    #[test]
    fn an_alert_goes_to_those_who_asked_for_it_and_to_nobody_else() {
        let specs = [
            spec("all", AlertLevel::Warning, &[]),
            spec("loud", AlertLevel::Critical, &[]),
            spec("mine", AlertLevel::Warning, &["billing", "refunds"]),
            spec("theirs", AlertLevel::Warning, &["crm"]),
        ];
        let told = |alert: &Alert| {
            let names = for_alert(&specs, alert).map(|spec| spec.name.to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(told(&alert(Some("refunds"))), ["all", "loud", "mine"]);
        assert_eq!(told(&alert(None)), ["all", "loud"]);
        let quiet = Alert {
            level: AlertLevel::Warning,
            ..alert(Some("crm"))
        };
        assert_eq!(told(&quiet), ["all", "theirs"]);
    }

    #[test]
    fn a_hostile_lane_name_stays_one_json_string() {
        let hostile = alert(Some("x\",\"level\":\"warning\n$(reboot)`id`"));
        let json = serde_json::to_string(&hostile).unwrap();
        let back: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back["level"], "critical");
        assert_eq!(back["lane"], "x\",\"level\":\"warning $(reboot)`id`");
    }

    #[tokio::test]
    async fn a_failure_is_tried_once_more_and_then_reported() {
        let dir = tempfile::tempdir().unwrap();
        let count = dir.path().join("tries");
        let script = "echo x >> \"$1\"; test $(wc -l < \"$1\") -gt \"$2\"";
        let told = async |after: &str| {
            let mut spec = spec("pager", AlertLevel::Warning, &[]);
            spec.channel = AlertChannel::Command {
                argv: ["sh", "-c", script, "sh", count.to_str().unwrap(), after]
                    .map(str::to_owned)
                    .to_vec(),
                timeout: Duration::from_secs(60),
            };
            let http = Http::new();
            let delivery = tell(&spec, &alert(None), &http).await;
            let tries = std::fs::read_to_string(&count).unwrap().lines().count();
            std::fs::remove_file(&count).unwrap();
            assert_eq!(delivery.channel.as_str(), "pager");
            (delivery.delivered, delivery.detail.is_some(), tries)
        };
        assert_eq!(told("0").await, (true, false, 1));
        assert_eq!(told("1").await, (true, true, 2));
        assert_eq!(told("2").await, (false, true, 2));
    }
}
