//! The screen through a real sshd on the loopback address, with its own key and configuration.

use crate::terminal::Terminal;
use std::ffi::OsStr;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// An sshd for one test. Killed by its process id when dropped.
struct Sshd {
    child: Child,
    port: String,
    key: String,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn sshd(folder: &Path) -> Sshd {
    let needed = "an sshd is needed (Debian: apt-get install openssh-server)";
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for name in ["key", "host"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f", &file(name)])
            .status()
            .expect(needed);
        assert!(made.success());
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nPrintMotd no\n",
        file("host"),
        file("key.pub"),
    );
    std::fs::write(folder.join("config"), config).unwrap();
    let program = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
    let program = program.iter().find(|path| Path::new(path).exists());
    // Where sshd gives up privileges, it wants this folder.
    if rustix::process::getuid().is_root() {
        std::fs::create_dir_all("/run/sshd").unwrap();
    }
    let mut child = Command::new(program.expect(needed))
        .args(["-D", "-e", "-f", &file("config")])
        .stderr(Stdio::null())
        .spawn()
        .expect(needed);
    let until = Instant::now() + crate::terminal::PATIENCE;
    while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "sshd ended at once");
        assert!(Instant::now() < until, "sshd does not listen");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let key = file("key");
    Sshd { child, port, key }
}

#[test]
#[ignore = "needs an sshd: cargo test --test monitor ssh -- --ignored"]
fn through_a_real_sshd_it_shows_the_lanes_and_leaves_the_terminal_clean() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = sshd(folder.path());
    for way in ["q", "\u{3}", "hang up"] {
        let state = tempfile::tempdir().unwrap();
        let command = format!(
            "exec env XDG_STATE_HOME='{}' '{}' demo",
            state.path().display(),
            env!("CARGO_BIN_EXE_lanewatch")
        );
        let args = [
            "-tt",
            "-q",
            "-F",
            "none",
            "-p",
            &sshd.port,
            "-i",
            &sshd.key,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "127.0.0.1",
            &command,
        ];
        let ssh = OsStr::new("ssh");
        let mut terminal = Terminal::start(ssh, (120, 40), state.path(), &args, &[]);
        terminal.wait_for("crm-sync");
        terminal.resize(80, 24);
        terminal.wait("the footer in the last row", |screen| {
            let last = screen.lines().nth(23);
            last.is_some_and(|last| last.contains("quit"))
        });
        let journal = state.path().join("lanewatch/demo/audit/journal.jsonl");
        if way == "hang up" {
            // The line breaks: the client is gone, and nobody says goodbye.
            terminal.signal(rustix::process::Signal::KILL);
        } else {
            terminal.press(way);
            assert_eq!(terminal.exit_code(), 0, "by {way:?}");
            assert!(terminal.is_clean(), "by {way:?}");
        }
        let until = Instant::now() + crate::terminal::PATIENCE;
        while !std::fs::read_to_string(&journal)
            .unwrap()
            .contains("engine_stopped")
        {
            assert!(Instant::now() < until, "the engine goes on, by {way:?}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
