//! What the sandbox's listeners and its controls have in common: the world behind a lock, the
//! clock, and the way to wake an answer that is being held back.

use super::Clock;
use super::seed::Face;
use super::visit::Visit;
use super::world::World;
use crate::lane::Wall;
use crate::secret::Secret;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a slow drill holds an answer back.
const SLOW: Duration = Duration::from_secs(20);

pub(super) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    /// Told after every drill.
    pub(super) drilled: Notify,
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(world: World, clock: Clock) -> Self {
        Self {
            world: Mutex::new(world),
            clock,
            drilled: Notify::new(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn now(&self) -> Wall {
        (self.clock)()
    }

    /// The world. Not to be held while waiting for anything.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a caller, after letting it wait if its account is slow.
    pub(super) async fn visit(&self, face: Face, token: Option<&Secret>) -> Visit {
        if let Some(token) = token {
            self.hold_back(token).await;
        }
        let now = self.now();
        self.world().visit(face, token, now)
    }

    async fn hold_back(&self, token: &Secret) {
        let mut enough = pin!(tokio::time::sleep(SLOW));
        loop {
            // Made before the look, so that no drill falls between the two.
            let drilled = self.drilled.notified();
            if !self.world().is_slow(token) {
                return;
            }
            tokio::select! {
                () = drilled => {}
                () = &mut enough => return,
                () = self.stop.cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::control::Control;
    use super::super::drill::Drill;
    use super::*;
    use crate::secret::FingerprintKey;
    use futures_util::FutureExt as _;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_slow_account_answers_only_when_it_is_healed() {
        let start = Wall(1_700_000_000_000);
        let world = World::new(start, 1, FingerprintKey::random().unwrap());
        let key = world
            .tokens
            .values()
            .find(|t| t.account == "lanes/deploy-notices");
        let key = key.unwrap().text.clone();
        let shared = Arc::new(Shared::new(world, Arc::new(move || start)));
        let control = Control::new(Arc::clone(&shared));
        control.drill("lanes/deploy-notices", Drill::Slow).unwrap();
        let mut visit = pin!(shared.visit(Face::Slack, Some(&key)));
        assert!(visit.as_mut().now_or_never().is_none());
        control.drill("lanes/gitlab-mirror", Drill::Outage).unwrap();
        assert!(visit.as_mut().now_or_never().is_none(), "another's drill");
        control.drill("lanes/deploy-notices", Drill::Heal).unwrap();
        assert!(visit.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn the_end_of_the_sandbox_frees_a_slow_answer() {
        let start = Wall(1_700_000_000_000);
        let world = World::new(start, 1, FingerprintKey::random().unwrap());
        let key = world
            .tokens
            .values()
            .find(|t| t.account == "lanes/crm-sync");
        let key = key.unwrap().text.clone();
        let shared = Arc::new(Shared::new(world, Arc::new(move || start)));
        let control = Control::new(Arc::clone(&shared));
        control.drill("lanes/crm-sync", Drill::Slow).unwrap();
        let mut visit = pin!(shared.visit(Face::Oauth, Some(&key)));
        assert!(visit.as_mut().now_or_never().is_none());
        shared.stop.cancel();
        assert!(visit.as_mut().now_or_never().is_some());
    }
}
