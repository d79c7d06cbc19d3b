//! What the screen waits for beside its loop: the journal on disk, and the engine's answers to an
//! order for many lanes. Each comes back as a message.

use crate::engine::{Command, Handle};
use crate::plain::Plain;
use crate::tui::archive::{Answer, Archive, Ask};
use crate::tui::update::Msg;
use futures_util::StreamExt as _;
use std::sync::{Arc, Mutex, PoisonError};

/// How many commands of one order wait for their answers together.
const AT_ONCE: usize = 32;

/// Does an errand where the disk may be waited for.
pub(super) async fn read(archive: Arc<Mutex<Archive>>, ask: Ask) -> Msg {
    let ticket = ask.ticket;
    let done = tokio::task::spawn_blocking(move || {
        let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
        archive.answer(ask)
    });
    Msg::Read(done.await.unwrap_or_else(|_| Answer {
        ticket,
        came: Err(Plain::new("reading the journal failed; the log says why")),
    }))
}

/// Asks for the same for many lanes: a few at a time, so that the engine's other requests find a
/// place between them.
pub(super) async fn send_all(handle: Handle, commands: Vec<Command>, about: Plain) -> Msg {
    let answers = futures_util::stream::iter(commands).map(|command| {
        let handle = &handle;
        async move {
            let lane = match &command {
                Command::Lane { lane, .. } | Command::Drill { lane, .. } => lane.clone(),
            };
            (lane, handle.send(command).await)
        }
    });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    let mut refused = Vec::new();
    let mut done = 0;
    for (lane, answer) in answers {
        match answer {
            Ok(_) => done += 1,
            Err(why) => refused.push((lane, why)),
        }
    }
    Msg::AnsweredAll {
        about,
        done,
        refused,
    }
}
