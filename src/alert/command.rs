//! Telling by a program.

use crate::plain::Plain;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

/// The variables that a program is given, where lanewatch has them: enough to find programs, the
/// user's files and the desktop's notifier. Others may hold secrets and are not passed on.
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "USER", "LANG", "XDG_RUNTIME_DIR"];

/// Runs the program with `body` and a line feed on its standard input; what it prints is thrown
/// away. It is told when it exits with 0 in time; when the time is over, it is killed with
/// everything that it has started in its process group.
pub(super) async fn run(argv: &[String], timeout: Duration, body: &[u8]) -> Result<(), Plain> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err("the command is empty".into());
    };
    let environment = PASSED_ON
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment.collect::<Vec<(_, OsString)>>())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Plain::new(&format!("cannot start {program}: {error}")))?;
    let Ok(ended) = tokio::time::timeout(timeout, feed(&mut child, body)).await else {
        kill(&mut child).await;
        return Err(format!("{program} did not end within {timeout:?} and was killed").into());
    };
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} {}", how(status)).into()),
        Err(error) => Err(format!("{program}: {error}").into()),
    }
}

/// Writes the alert while waiting for the end: a program that never reads must not hold the
/// writing up, and one that has seen enough may close its end early.
async fn feed(child: &mut Child, body: &[u8]) -> io::Result<ExitStatus> {
    let input = child.stdin.take();
    let write = async {
        if let Some(mut input) = input {
            input.write_all(body).await?;
            input.write_all(b"\n").await?;
            input.shutdown().await?;
        }
        io::Result::Ok(())
    };
    let (written, ended) = tokio::join!(write, child.wait());
    let status = ended?;
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(status),
    }
}

async fn kill(child: &mut Child) {
    // Until it is waited for, its id is its own and so is the group of that number.
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = group.and_then(Pid::from_raw)
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::debug!(%error, "the alert command's group is gone");
    }
    if let Err(error) = child.wait().await {
        tracing::warn!(%error, "cannot wait for a killed alert command");
    }
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended strangely".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn sh(script: &str, arguments: &[&str]) -> Vec<String> {
        let argv = ["sh", "-c", script, "sh"];
        argv.iter()
            .chain(arguments)
            .map(|&word| word.to_owned())
            .collect()
    }

    #[tokio::test]
    async fn a_program_gets_the_alert_on_standard_input_and_no_stranger_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let seen = dir.path().join("seen");
        let script = "cat > \"$1\"; env >> \"$1\"";
        let argv = sh(script, &[seen.to_str().unwrap()]);
        run(&argv, LONG, b"{\"text\":\"$(id)\"}").await.unwrap();
        let seen = std::fs::read_to_string(seen).unwrap();
        let (body, environment) = seen.split_once('\n').unwrap();
        assert_eq!(body, "{\"text\":\"$(id)\"}");
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        // The shell itself adds these three.
        let known = |name: &str| PASSED_ON.contains(&name) || ["PWD", "_", "SHLVL"].contains(&name);
        for line in environment.lines() {
            let (name, _) = line.split_once('=').unwrap();
            assert!(known(name), "{name} was passed on");
        }
    }

    #[tokio::test]
    async fn a_program_that_does_not_read_is_told_all_the_same() {
        let big = vec![b'x'; 1 << 20];
        run(&sh("exit 0", &[]), LONG, &big).await.unwrap();
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pids = dir.path().join("pids");
        // The time is over once both are known to run; whatever the machine's load.
        let script = "sleep 600 & echo $! $$ > \"$1.new\"; mv \"$1.new\" \"$1\"; wait";
        let argv = sh(script, &[pids.to_str().unwrap()]);
        let mut timeout = Duration::from_millis(200);
        let started = loop {
            let said = run(&argv, timeout, b"{}").await.unwrap_err();
            assert!(said.as_str().contains("was killed"), "{said}");
            if let Ok(started) = std::fs::read_to_string(&pids) {
                break started;
            }
            timeout *= 2;
        };
        for pid in started.split_whitespace() {
            let stat = format!("/proc/{pid}/stat");
            // Killed means gone, or a zombie that nobody has waited for yet.
            while let Ok(stat) = std::fs::read_to_string(&stat) {
                if stat.contains(") Z ") {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn a_failure_says_what_happened() {
        let code = run(&sh("exit 3", &[]), LONG, b"{}").await.unwrap_err();
        assert_eq!(code.as_str(), "sh ended with exit code 3");
        let signal = run(&sh("kill -9 $$", &[]), LONG, b"{}").await.unwrap_err();
        assert_eq!(signal.as_str(), "sh was ended by signal 9");
        let missing = ["/nowhere/pager".to_owned()];
        let missing = run(&missing, LONG, b"{}").await.unwrap_err();
        assert!(missing.as_str().contains("/nowhere/pager"), "{missing}");
        assert!(run(&[], LONG, b"{}").await.is_err());
    }
}
