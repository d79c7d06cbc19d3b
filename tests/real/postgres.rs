//! A real PostgreSQL, with a role by which OpenBao makes and drops the roles that it leases out.

use super::fetch;
use super::process::Process;
use rustix::process::Signal;
use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The user and the group `nobody`, as which it runs where the tests run as root: PostgreSQL
/// refuses to run as root.
const NOBODY: u32 = 65_534;
const OWNER: &str = "owner";

/// A running PostgreSQL.
pub(crate) struct Postgres {
    process: Process,
    home: TempDir,
    programs: PathBuf,
    port: u16,
    password: String,
}

impl Postgres {
    /// The role that OpenBao logs in with, and its password.
    pub(crate) const MAKER: (&str, &str) = ("openbao", "openbaos-password");
    /// What OpenBao says to make a role: it lives to its lease's end and may read `notes`.
    pub(crate) const CREATION: &str = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' \
        VALID UNTIL '{{expiration}}'; GRANT SELECT ON notes TO \"{{name}}\";";
    /// What OpenBao says to take a role away.
    pub(crate) const REVOCATION: &str =
        "REVOKE ALL ON notes FROM \"{{name}}\"; DROP ROLE IF EXISTS \"{{name}}\";";

    /// One with nothing in it but the table `notes`, which has a row.
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let programs = fetch::postgres(home.path());
        // Its own: should another one have taken its port, that one does not know it.
        let password = home
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        initialise(&programs, home.path(), &password);
        // Between looking for a free port and taking it somebody else may take it.
        for _ in 0..10 {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            if let Some(process) = listen(&programs, home.path(), port, &password).await {
                let server = Self {
                    process,
                    home,
                    programs,
                    port,
                    password,
                };
                server.furnish();
                return server;
            }
        }
        let said = std::fs::read_to_string(home.path().join("err")).unwrap_or_default();
        panic!("PostgreSQL ended at once, ten times: {said}");
    }

    fn furnish(&self) {
        let (maker, password) = Self::MAKER;
        for statement in [
            "CREATE TABLE notes (note text)".to_owned(),
            "INSERT INTO notes VALUES ('a note')".to_owned(),
            format!("CREATE ROLE {maker} LOGIN CREATEROLE PASSWORD '{password}'"),
            format!("GRANT SELECT ON notes TO {maker} WITH GRANT OPTION"),
        ] {
            self.as_owner(&statement);
        }
    }

    /// Where OpenBao finds it; the two names in braces are OpenBao's to fill in.
    pub(crate) fn connection_url(&self) -> String {
        format!(
            "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
            self.port
        )
    }

    /// Whether somebody with that name and password gets in and reads the row.
    pub(crate) fn lets_in(&self, user: &str, password: &str) -> bool {
        let read = self.psql(user, password, "SELECT note FROM notes");
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        match read.status.success() {
            true => String::from_utf8(read.stdout).unwrap().trim() == "a note",
            // Anything else is no answer to the question.
            false if said.contains("password authentication failed") => false,
            false => panic!("psql failed: {said}"),
        }
    }

    /// The roles that OpenBao has made and not taken away.
    pub(crate) fn leased_roles(&self) -> Vec<String> {
        let said = self.as_owner("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'");
        said.lines().map(str::to_owned).collect()
    }

    /// Ends it; its port refuses connections until it is started again.
    pub(crate) fn stop(&mut self) {
        end(&mut self.process);
    }

    /// Starts it again, with the same data, at the same port.
    pub(crate) async fn start_again(&mut self) {
        let again = listen(&self.programs, self.home.path(), self.port, &self.password).await;
        self.process = again.expect("nobody else took its port");
    }

    /// Makes it hang, connections and all that are made from now on.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    fn as_owner(&self, statement: &str) -> String {
        let done = self.psql(OWNER, &self.password, statement);
        assert!(
            done.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap()
    }

    fn psql(&self, user: &str, password: &str, statement: &str) -> Output {
        psql(&self.programs, self.port, user, password, statement)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends it with its children and its shared memory, which a kill would leave behind.
fn end(process: &mut Process) {
    if process.has_ended() {
        return;
    }
    process.signal(Signal::CONT);
    // To PostgreSQL this says: at once, and without tidying up its files.
    process.signal(Signal::QUIT);
    process.wait();
}

fn initialise(programs: &Path, home: &Path, password: &str) {
    let data = home.join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    let file = home.join("password");
    std::fs::write(&file, password).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    if is_root() {
        chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let done = as_anybody_but_root(&programs.join("initdb"))
        .args(["--username", OWNER, "--auth", "scram-sha-256"])
        .args(["--encoding", "UTF8", "--no-locale", "--no-sync"])
        .arg("--pgdata")
        .arg(&data)
        .arg("--pwfile")
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("cannot run PostgreSQL's initdb: {error}"));
    assert!(
        done.status.success(),
        "initdb failed: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// None if it ends before it takes connections, as it does when somebody else has the port.
async fn listen(programs: &Path, home: &Path, port: u16, password: &str) -> Option<Process> {
    let mut command = as_anybody_but_root(&programs.join("postgres"));
    command
        .arg("-D")
        .arg(home.join("data"))
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        // Nothing has to outlive this machine.
        .args(["-c", "fsync=off"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(home.join("err")).unwrap());
    let mut process = Process::start("postgres", &mut command, "fetch it again");
    let ready = process.ready(async || {
        let asked = psql(programs, port, OWNER, password, "SELECT 1");
        asked.status.success()
    });
    ready.await.then_some(process)
}

fn psql(programs: &Path, port: u16, user: &str, password: &str, statement: &str) -> Output {
    Command::new(programs.join("psql"))
        .args(["--no-psqlrc", "--no-password", "--quiet"])
        .args(["--tuples-only", "--no-align", "--host", "127.0.0.1"])
        .args(["--port", &port.to_string(), "--username", user])
        .args(["--dbname", "postgres", "--command", statement])
        .env("PGPASSWORD", password)
        .env("PGCONNECT_TIMEOUT", "20")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn as_anybody_but_root(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
