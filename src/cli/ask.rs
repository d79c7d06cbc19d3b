//! `refresh`, `pause`, `resume`, `release`: asked of the engine that runs.

use super::args::Target;
use super::attach::is_nobody;
use super::failure::{Failure, Kind};
use super::load;
use crate::engine::{Command, Question, Refusal, Reply, StateFolder, ask as ask_engine, clock};
use crate::lane::{Actor, Verb};
use crate::plain::Plain;
use std::io::{self, Write};
use std::path::Path;

/// The account that asks, as the audit will name it.
pub(super) fn operator() -> Actor {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let uid = rustix::process::getuid().as_raw();
    Actor::Operator(Plain::new(&name.unwrap_or_else(|| format!("uid {uid}"))))
}

pub(super) fn refresh(target: &Target, out: &mut impl Write) -> Result<u8, Failure> {
    send(target, Verb::Refresh, out)
}

pub(super) fn pause(
    target: &Target,
    reason: String,
    until: Option<String>,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    let until = match until {
        None => None,
        Some(text) => match humantime::parse_duration(&text) {
            Ok(span) if !span.is_zero() => Some(clock::now().wall.plus(span)),
            _ => {
                return Err(
                    Failure::new(Kind::Usage, format!("{text:?} is no duration"))
                        .hint("write it like 30m or 2h"),
                );
            }
        },
    };
    send(
        target,
        Verb::Pause {
            reason: reason.into(),
            until,
        },
        out,
    )
}

pub(super) fn resume(target: &Target, reason: String, out: &mut impl Write) -> Result<u8, Failure> {
    send(
        target,
        Verb::Resume {
            reason: reason.into(),
        },
        out,
    )
}

pub(super) fn release(
    target: &Target,
    reason: String,
    out: &mut impl Write,
) -> Result<u8, Failure> {
    send(
        target,
        Verb::Release {
            reason: reason.into(),
        },
        out,
    )
}

fn send(target: &Target, verb: Verb, out: &mut impl Write) -> Result<u8, Failure> {
    let path = load::manifest_path(target.manifest.as_deref())?;
    let folder = StateFolder::of_manifest(&path)?;
    let lane = Plain::new(&target.lane);
    let question = Question::Command(Command::Lane {
        lane,
        verb,
        by: operator(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, error))?;
    let reply = runtime
        .block_on(ask_engine(&folder.socket(), &question))
        .map_err(|error| nobody_runs(&path, &error))?;
    match reply {
        Reply::Accepted(accepted) => {
            writeln!(out, "{}", accepted.note).map_err(Failure::output)?;
            Ok(0)
        }
        Reply::Refused(refusal) => Err(refused(refusal)),
        Reply::Status { .. } | Reply::News { .. } | Reply::Confused(_) => Err(nonsense()),
    }
}

/// No engine answers.
fn nobody_runs(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let what = match is_nobody(error) {
        true => format!("no engine runs for {path}"),
        false => format!("the engine for {path} does not answer: {error}"),
    };
    Failure::new(Kind::Unreachable, what)
        .hint("start one with `lanewatch`, or `lanewatch run` without a screen")
}

/// The engine does not do it.
pub(super) fn refused(refusal: Refusal) -> Failure {
    let kind = match refusal {
        Refusal::NoSuchLane(_) => Kind::Usage,
        Refusal::NotNow(_) | Refusal::Stopped => Kind::Failing,
    };
    Failure::new(kind, refusal)
}

/// The engine speaks otherwise than we do.
pub(super) fn nonsense() -> Failure {
    Failure::new(Kind::Internal, "the engine's answer makes no sense")
        .hint("it may be another version of lanewatch")
}
