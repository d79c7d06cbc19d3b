//! What people are told of the engine itself, and work that is for no lane.
//!
//! An alert about a lane is an effect of that lane and waits in the queue of its channel. One about no
//! lane has a task of its own: there are few, and none is told twice.

use super::Engine;
use crate::alert::{self, Alert, Delivery};
use crate::lane::{Now, Record, RecordKind};
use crate::plain::Plain;
use crate::store::{Store, Tended};
use std::sync::Arc;

/// What came of work that is for no lane.
pub(super) enum Aside {
    /// The login at a store was looked after.
    Tended(Plain, Arc<Store>, Tended),
    /// Somebody was told.
    Told(Delivery),
}

impl Engine {
    pub(super) fn take_aside(&mut self, now: Now, aside: Aside) {
        match aside {
            Aside::Tended(name, store, tended) => self.take_tended(now, &name, &store, &tended),
            Aside::Told(delivery) => {
                let channel = delivery.channel;
                let note = match delivery.delivered {
                    true => channel,
                    false => Plain::new(&format!("{channel}: could not be delivered")),
                };
                self.queue(None, Record::engine(RecordKind::OperatorNotified, note));
            }
        }
    }

    /// Tells those who want to know. The record of what it is about is on disk.
    pub(super) fn notify(&self, mut alert: Alert) {
        alert.seq = Some(self.last_seq);
        for spec in alert::for_alert(&self.manifest.alerts, &alert) {
            let (spec, alert) = (spec.clone(), alert.clone());
            let (http, told) = (self.tools.http.clone(), self.asides.0.clone());
            tokio::spawn(async move {
                let delivery = alert::tell(&spec, &alert, &http).await;
                // The engine may have stopped: then nobody keeps it.
                let _stopped = told.send(Aside::Told(delivery));
            });
        }
    }
}
