//! Effects become jobs, each in the queue of the target that it goes to.

use super::super::effort::Renew;
use super::super::perform::{Job, Work};
use super::Engine;
use crate::alert::{self, Alert};
use crate::lane::{AlertLevel, Effect, Now, RefreshWhy, Retirement};
use crate::policy::Place;
use std::sync::Arc;

impl Engine {
    /// Turns an effect into a job for its target's queue.
    pub(super) fn start(&mut self, now: Now, slot: usize, effect: Effect) {
        let Some(runner) = self.lanes.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let entry = Arc::clone(&runner.entry);
        let credential = runner.lane.credential().cloned();
        let place = runner.targets.place(&effect);
        let work = match effect {
            Effect::Load { attempt, why: _ } => {
                // What is kept is known; a secret that was let go of has to be brought again.
                let known = credential
                    .map(|c| c.fingerprint)
                    .filter(|known| runner.secret_of(*known).is_some());
                Work::Load { attempt, known }
            }
            Effect::Probe {
                attempt,
                generation,
                why,
            } => match runner.of_generation(generation) {
                Some((credential, secret)) => Work::Probe {
                    attempt,
                    why,
                    secret,
                    credential,
                },
                None => return,
            },
            Effect::ProbeNeighbor {
                attempt,
                generation,
                index,
            } => match runner.of_generation(generation) {
                Some((credential, secret)) => Work::Neighbor {
                    attempt,
                    index,
                    secret,
                    credential,
                },
                None => return,
            },
            Effect::CheckRefreshPath { attempt } => Work::RefreshPath { attempt },
            Effect::Refresh { attempt, why, .. } => Work::Renew(Box::new(Renew {
                attempt,
                current: credential,
                failed: runner.lane.failed(),
                // Kept until it is stored: this try may end before it comes to that.
                unsaved: runner.unsaved.clone(),
                forgiven: why == RefreshWhy::Forgiven,
                asked: matches!(why, RefreshWhy::Asked | RefreshWhy::Forgiven),
            })),
            Effect::Retire {
                attempt,
                generation,
                fingerprint,
                how: Retirement::Revoke,
            } => {
                let secret = runner.take_aside(fingerprint);
                let serving = runner.secret().cloned();
                Work::Retire {
                    attempt,
                    generation,
                    secret,
                    serving,
                }
            }
            // What should be looked at is being looked at.
            Effect::Alert {
                level: AlertLevel::Warning,
                ..
            } if self.one_pass => return,
            Effect::Alert { level, text } => {
                let alert = Alert {
                    level,
                    lane: Some(entry.spec.name.clone()),
                    word: Some(runner.lane.word()),
                    outcome: runner.lane.verdict().map(|(verdict, _)| verdict.outcome),
                    generation: credential.as_ref().map(|c| c.generation),
                    fingerprint: credential.as_ref().map(|c| c.fingerprint),
                    owner: entry.owner.clone(),
                    runbook: entry.runbook.clone(),
                    text,
                    at: now.wall,
                    seq: Some(self.last_seq),
                };
                let told: Vec<_> = alert::for_alert(&self.manifest.alerts, &alert)
                    .cloned()
                    .collect();
                for spec in told {
                    let place = Place::Host(Arc::from(format!("alert {}", spec.name)));
                    let (spec, alert) = (Box::new(spec), Box::new(alert.clone()));
                    let work = Work::Alert { spec, alert };
                    let job = Job {
                        slot,
                        name: entry.spec.name.clone(),
                        entry: Arc::clone(&entry),
                        work,
                    };
                    self.dispatch.push(place, Box::new(job));
                }
                return;
            }
            Effect::Retire { .. } | Effect::Wake(_) => return,
        };
        let Some(place) = place else { return };
        let name = entry.spec.name.clone();
        let job = Job {
            slot,
            name,
            entry,
            work,
        };
        self.dispatch.push(place, Box::new(job));
    }
}
