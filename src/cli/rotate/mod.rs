//! `lanewatch rotate`: has a lane's credential replaced, and prints each step as it happens.
//!
//! It asks the engine that runs, over its socket, or runs one itself. [`told`] makes steps of what
//! the engine tells, [`step`] is how one is printed. Whoever stops it before the end stops the
//! telling; the engine that runs goes on.

mod ending;
mod step;
mod told;

use super::args::RotateArgs;
use super::ask::{nonsense, operator, refused};
use super::attach::{Attached, Came, Of};
use super::failure::{Failure, Kind};
use super::{engine_thread, signals};
use crate::engine::{Accepted, Command, Handle, LaneView, Question, Reply, ask, follow};
use crate::lane::Verb;
use crate::plain::Plain;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use step::At;
use told::Told;

/// Has a lane's credential replaced, and tells how that goes.
pub(super) fn rotate(args: &RotateArgs, out: &mut impl Write) -> Result<u8, Failure> {
    let of = Of::manifest(args.target.manifest.as_deref())?;
    let socket = of.folder()?.socket();
    let lane = Plain::new(&args.target.lane);
    let runtime = engine_thread::current_thread()?;
    let stopped = {
        let _entered = runtime.enter();
        signals::stop_signals()?
    };
    let mut attached = Attached::to(&runtime, &of, follow(&socket, lane.clone()))?;
    let ended = runtime.block_on(async {
        let mut stopped = std::pin::pin!(stopped);
        let command = Command::Lane {
            lane: lane.clone(),
            verb: Verb::Rotate,
            by: operator(),
        };
        let mut told = Told::new(lane.clone(), args, attached.own.is_some());
        // How things stand, before anything is asked.
        if let Came::News(update) = attached.next(stopped.as_mut()).await? {
            told.stands(&update);
        }
        if attached.own.is_some() {
            let text = "no engine runs: this one runs until the rotation is over";
            told.say(At::Engine, text, None, out)?;
        }
        let accepted = tokio::select! {
            () = &mut stopped => return Ok(told.stopped()),
            accepted = send(&attached, &socket, command) => accepted?,
        };
        told.accepted(accepted, out)?;
        let handle = attached.own.as_ref().map(|own| own.handle.clone());
        let look = async || look(handle.as_ref(), &socket, &lane).await;
        told.follow(&mut attached, look, stopped.as_mut(), out)
            .await
    });
    attached.let_go();
    ended.and_then(|ended| ended.map_or_else(Err, Ok))
}

/// Asks for it; answers when the engine has taken it on.
async fn send(attached: &Attached, socket: &Path, command: Command) -> Result<Accepted, Failure> {
    let answer = match &attached.own {
        Some(running) => {
            // A lane that has not come through its pre-flight has nothing to be replaced.
            running.handle.settled().await;
            running.handle.send(command).await
        }
        None => match ask(socket, &Question::Command(command)).await {
            Ok(Reply::Accepted(accepted)) => Ok(accepted),
            Ok(Reply::Refused(refusal)) => Err(refusal),
            Ok(_) => return Err(nonsense()),
            Err(error) => {
                let text = format!("the engine that runs does not answer: {error}");
                return Err(Failure::new(Kind::Unreachable, text));
            }
        },
    };
    answer.map_err(refused)
}

/// How the lane stands now, if the engine says.
async fn look(handle: Option<&Handle>, socket: &Path, lane: &Plain) -> Option<Arc<LaneView>> {
    let lanes = match handle {
        Some(handle) => handle.snapshot().await?.1,
        None => match ask(socket, &Question::Status).await.ok()? {
            Reply::Status { lanes, .. } => lanes,
            _ => return None,
        },
    };
    lanes.into_iter().find(|view| view.info.name == *lane)
}
