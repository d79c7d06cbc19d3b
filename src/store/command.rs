//! What a command prints: the way to every password manager that has a command line.
//!
//! The command runs without a shell, without a terminal and with an environment of a few harmless
//! variables. A new value goes to its standard input, never into its arguments, where every process
//! of the machine could read it.
//!
//! If the manifest names a field, the command prints a JSON object that has it, unless `{field}` is
//! among its arguments: then it has picked the field itself and prints the value.

use super::error::without;
use super::fields::unusable;
use super::file::{Marks, fields_of, merged};
use super::{SecretRecord, StoreError, WHOLE};
use crate::lane::StoreVersion;
use crate::manifest::Source;
use crate::plain::Plain;
use crate::secret::Secret;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

/// The most a command may print.
const LONGEST: usize = 64 * 1024;
/// How much of what it complains is looked at.
const COMPLAINT: usize = 4 * 1024;
/// The variables that a command is given, where lanewatch has them: enough to find its program, its
/// home and its agent, and nothing that a manifest's own secrets are kept in.
const GIVEN: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
];
const PATH: &str = "{path}";
const FIELD: &str = "{field}";

/// A pair of commands.
pub struct CommandStore {
    read: Vec<String>,
    write: Option<Vec<String>>,
    timeout: Duration,
    marks: Marks,
}

impl CommandStore {
    pub(super) fn new(read: Vec<String>, write: Option<Vec<String>>, timeout: Duration) -> Self {
        Self {
            read,
            write,
            timeout,
            marks: Marks::default(),
        }
    }

    pub(super) const fn can_write(&self) -> bool {
        self.write.is_some()
    }

    pub(super) async fn read(&self, source: &Source) -> Result<SecretRecord, StoreError> {
        let text = self.printed(source).await?;
        let fields = match &source.field {
            Some(name) if self.picks_the_field() => BTreeMap::from([(name.clone(), text.clone())]),
            field => fields_of(&text, field.as_deref())?,
        };
        Ok(SecretRecord {
            fields,
            version: Some(self.marks.mark(&text, "")?),
            created: None,
        })
    }

    pub(super) async fn write(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
        expected: Option<&StoreVersion>,
    ) -> Result<StoreVersion, StoreError> {
        let Some(argv) = &self.write else {
            return Err(StoreError::NotWritable("a command store without `write`"));
        };
        let is_object = source.field.is_some() && !self.picks_the_field();
        let field = source.field.as_deref().unwrap_or_default();
        let each = mentions(argv, FIELD);
        let old = if expected.is_some() || (is_object && !each) {
            Some(self.printed(source).await?)
        } else {
            None
        };
        if let (Some(expected), Some(old)) = (expected, &old)
            && self.marks.mark(old, "")? != *expected
        {
            return Err(StoreError::Conflict);
        }
        let put = |field, value| self.run(argv, &source.path, field, Some(value));
        if each {
            for (name, value) in fields {
                let name = if name == WHOLE { field } else { name };
                put(name, value).await.map_err(StoreError::after_sending)?;
            }
        } else {
            let text = match (fields.values().next(), fields.len()) {
                _ if is_object => merged(old.as_ref(), true, fields)?,
                (Some(value), 1) => value.clone(),
                _ => {
                    return Err(unusable(
                        "the command writes one value: put `{field}` among its arguments to write \
                         several",
                    ));
                }
            };
            let text = &text;
            put(field, text).await.map_err(StoreError::after_sending)?;
        }
        let proven = self.proven(source, fields).await;
        proven.map_err(|error| match error {
            StoreError::Conflict => error,
            other => StoreError::Uncertain(other.into()),
        })
    }

    /// Reads again, and answers the mark if what was written is what is there.
    async fn proven(
        &self,
        source: &Source,
        fields: &BTreeMap<String, Secret>,
    ) -> Result<StoreVersion, StoreError> {
        let record = self.read(source).await?;
        for (name, value) in fields {
            let there = match record.fields.get(name) {
                Some(there) => Some(there),
                None if name == WHOLE => record.field(source),
                None => continue,
            };
            if there.map(Secret::expose) != Some(value.expose()) {
                return Err(StoreError::Conflict);
            }
        }
        record.version.ok_or(StoreError::Conflict)
    }

    fn picks_the_field(&self) -> bool {
        mentions(&self.read, FIELD)
    }

    async fn printed(&self, source: &Source) -> Result<Secret, StoreError> {
        let field = source.field.as_deref().unwrap_or_default();
        let text = self.run(&self.read, &source.path, field, None).await?;
        if text.is_empty() {
            return Err(unusable(&format!(
                "{} printed nothing",
                name_of(&self.read)
            )));
        }
        Ok(text)
    }

    /// Runs `argv` and answers what it printed, without the line end.
    async fn run(
        &self,
        argv: &[String],
        path: &str,
        field: &str,
        input: Option<&Secret>,
    ) -> Result<Secret, StoreError> {
        let work = run(argv, path, field, input);
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done,
            Err(_) => Err(StoreError::Timeout(
                u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX),
            )),
        }
    }
}

/// Kills a command and everything it started, unless it is let go after it has ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error says that nothing of it is left.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

/// How a command ended.
struct Ended {
    status: ExitStatus,
    /// The first line that it complained, without the secrets it was given.
    line: Plain,
    /// What it printed, if that is text.
    printed: Option<Secret>,
    too_much: bool,
}

async fn execute(
    argv: &[String],
    path: &str,
    field: &str,
    input: Option<&Secret>,
) -> Result<Ended, StoreError> {
    let name = name_of(argv);
    let failed = |why: String| StoreError::Failed(Plain::new(&format!("{name} {why}")));
    let mut words = argv.iter().map(|word| filled(word, path, field));
    let program = words.next().ok_or_else(|| failed("is missing".into()))?;
    let given = GIVEN
        .iter()
        .filter_map(|key| Some((key, std::env::var_os(key)?)));
    let mut command = Command::new(program);
    command
        .args(words)
        .env_clear()
        .envs(given)
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let started = command.spawn();
    let mut child = started.map_err(|error| failed(format!("cannot be started: {error}")))?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let mut group = Group(pid.and_then(Pid::from_raw));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A command that does not read its input says by its exit code whether that is well.
            stdin.write_all(input.expose().as_bytes()).await.ok();
        }
    };
    let ((), printed, complaint, ended) = tokio::join!(
        feed,
        capture(stdout, LONGEST),
        capture(stderr, COMPLAINT),
        child.wait()
    );
    group.0 = None;
    let status = ended.map_err(|error| failed(format!("was lost: {error}")))?;
    let too_much = printed.len() > LONGEST;
    let printed = secret_of(printed);
    let complaint = String::from_utf8_lossy(&complaint);
    let line = complaint.lines().find(|line| !line.trim().is_empty());
    let line = without(
        line.unwrap_or("no word why"),
        input.into_iter().chain(&printed),
    );
    Ok(Ended {
        status,
        line,
        printed,
        too_much,
    })
}

/// Runs a command with a secret on its standard input, and tells how it ended: its exit code, unless
/// a signal ended it, and the first line of what it complained.
pub(crate) async fn prove_by(
    argv: &[String],
    secret: &Secret,
    timeout: Duration,
) -> Result<(Option<i32>, Plain), StoreError> {
    match tokio::time::timeout(timeout, execute(argv, "", "", Some(secret))).await {
        Ok(ended) => ended.map(|ended| (ended.status.code(), ended.line)),
        Err(_) => Err(StoreError::Timeout(
            u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        )),
    }
}

/// Runs `argv` and answers what it printed; an exit code other than zero is an error.
async fn run(
    argv: &[String],
    path: &str,
    field: &str,
    input: Option<&Secret>,
) -> Result<Secret, StoreError> {
    let name = name_of(argv);
    let failed = |why: String| StoreError::Failed(Plain::new(&format!("{name} {why}")));
    let Ended {
        status,
        line,
        printed,
        too_much,
    } = execute(argv, path, field, input).await?;
    if !status.success() {
        let how = status.code().map_or_else(
            || "was ended by a signal".to_owned(),
            |code| format!("exited with {code}"),
        );
        return Err(failed(format!("{how}: {line}")));
    }
    if too_much {
        return Err(unusable(&format!("{name} printed more than 64 KiB")));
    }
    printed.ok_or_else(|| unusable(&format!("{name} printed something that is not UTF-8 text")))
}

/// Reads to the end and keeps one byte more than `most` at most, so that too much can be told.
async fn capture(from: Option<impl AsyncRead + Unpin>, most: usize) -> Zeroizing<Vec<u8>> {
    let mut kept = Zeroizing::new(Vec::with_capacity(most + 1));
    let mut chunk = Zeroizing::new([0_u8; 4096]);
    if let Some(mut from) = from {
        while let Ok(read @ 1..) = from.read(chunk.as_mut_slice()).await {
            let room = (most + 1).saturating_sub(kept.len());
            kept.extend_from_slice(chunk.get(..read.min(room)).unwrap_or_default());
        }
    }
    kept
}

fn secret_of(mut bytes: Zeroizing<Vec<u8>>) -> Option<Secret> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(Secret::new(text.to_owned()))
}

fn name_of(argv: &[String]) -> Plain {
    Plain::new(&format!(
        "the command `{}`",
        argv.first().map_or("", String::as_str)
    ))
}

fn mentions(argv: &[String], placeholder: &str) -> bool {
    argv.iter().any(|word| word.contains(placeholder))
}

/// One argument with its placeholders replaced. It stays one argument whatever they stand for, and
/// what they stand for is not looked at again.
fn filled(word: &str, path: &str, field: &str) -> String {
    let mut out = String::with_capacity(word.len() + path.len());
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix(PATH) {
            out.push_str(path);
            rest = after;
        } else if let Some(after) = from.strip_prefix(FIELD) {
            out.push_str(field);
            rest = after;
        } else {
            out.push('{');
            rest = from.strip_prefix('{').unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_replaced_once_and_its_value_is_never_looked_at_again() {
        assert_eq!(
            filled("op://{path}/{field}", "a b;{field}", "f"),
            "op://a b;{field}/f"
        );
        assert_eq!(filled("{{path}} {else}", "p", "f"), "{p} {else}");
    }
}
