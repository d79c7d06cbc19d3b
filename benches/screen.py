#!/usr/bin/env python3
"""How the built program behaves in a terminal: bytes, writes and time, through a pty or a real sshd.

    cargo build --release
    benches/screen.py [--program target/release/lanewatch] [--lanes 64] [--ssh] [PHASE ...]

Phases (all of them unless some are named):
  start   from exec to the end of the first frame that shows lanes, and what was asked of the
          terminal before it; median and worst of --repeat launches
  idle    bytes, frames and write calls a second, and CPU, with nothing happening, for --seconds
  keys    from the press of j or k to the first byte; p50 and p99 of 200, while probes run
  slow    a terminal that takes 2 kB a second: how late the engine's records are, how long q takes
  ways    seven ways out: how long each takes, and whether the terminal is as it was

Needs Linux and Python 3, and for --ssh an sshd (Debian: openssh-server). The lanes' upstream is a
server of this script's own on the loopback address. Bytes and writes do not depend on the machine;
times do, so note what else runs on it. With --ssh, write calls and CPU are the program's own, bytes
are what arrives at the client, and the ways out are left to the run without it.
"""
import argparse, fcntl, glob, json, os, pty, re, select, shutil, signal, socket, struct, subprocess
import sys, tempfile, termios, time

CLEAN = [b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l"]
QUERY = re.compile(rb"\x1b\[[?>=]?[0-9;]*[cnuqx]|\x1b\[\??[0-9;]*\$p|\x1b\][0-9;]*\?|\x1bP")
FRAME = b"\x1b[?2026l"


def upstream():
    """The lanes' upstream: its port, and its process. It has one of its own, because what measures
    must not wait for what answers."""
    server = socket.create_server(("127.0.0.1", 0), backlog=512)
    pid = os.fork()
    if pid:
        port = server.getsockname()[1]
        server.close()
        return port, pid
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    kept = {}
    ready = select.epoll()
    ready.register(server, select.EPOLLIN)
    while True:
        for fd, _ in ready.poll():
            if fd == server.fileno():
                link, _ = server.accept()
                kept[link.fileno()] = [link, b""]
                ready.register(link, select.EPOLLIN)
                continue
            link, asked = kept[fd]
            try:
                got = link.recv(65536)
            except ConnectionError:
                got = b""
            if not got:
                ready.unregister(fd)
                link.close()
                del kept[fd]
                continue
            *requests, kept[fd][1] = (asked + got).split(b"\r\n\r\n")
            link.sendall(answer * len(requests))


def manifest(folder, lanes, port, every, ends):
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ends))
    with open(f"{folder}/key", "w", opener=lambda p, f: os.open(p, f, 0o600)) as key:
        key.write("not-a-secret")
    text = ['title = "bench"', "[stores.files]", 'kind = "file"', f'root = "{folder}"',
            "[defaults]", 'store = "files"', 'provider = "http"', 'owner = "team"',
            'store_every = "60s"', 'expiry = { refuse = "1s" }']
    for n in range(lanes):
        text += ["[[lane]]", f'name = "lane-{n:05}"', f'expires_at = "{end}"',
                 f'base_url = "http://127.0.0.1:{port}"',
                 f'probe = {{ target = "/ok", every = "{every}" }}',
                 f'route = {{ server = "srv{n % 7}", tool = "tool_{n}", effect = "read" }}',
                 "[lane.credential]", 'kind = "vault_reference"', 'path = "key"']
    path = f"{folder}/bench.toml"
    with open(path, "w") as out:
        out.write("\n".join(text) + "\n")
    return path


class Sshd:
    """An sshd of our own: own key, own port, own configuration, for this account only."""

    def __init__(self, folder):
        self.program = shutil.which("sshd") or "/usr/sbin/sshd"
        if not os.path.exists(self.program):
            sys.exit("there is no sshd: install openssh-server")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.key, host = f"{folder}/id", f"{folder}/host"
        for file in (self.key, host):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
        shutil.copy(f"{self.key}.pub", f"{folder}/authorized")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with open(f"{folder}/sshd_config", "w") as out:
            out.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {host}\n"
                      f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
                      "PasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n"
                      "PrintMotd no\n")
        self.child = subprocess.Popen([self.program, "-D", "-f", f"{folder}/sshd_config"],
                                      stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("sshd does not listen")

    def wrap(self, env, argv):
        words = " ".join([f"{k}='{v}'" for k, v in env.items()] + [f"'{a}'" for a in argv])
        return ["ssh", "-tt", "-q", "-p", str(self.port), "-i", self.key, "-F", "none",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "127.0.0.1", f"echo READY; exec env {words}"]


class Screen:
    """The program in a terminal of 120 by 40."""

    def __init__(self, argv, state, sshd=None):
        env = {"TERM": "xterm-256color", "XDG_STATE_HOME": state, "LANG": "C.UTF-8"}
        self.state, self.seen, self.exit = state, bytearray(), None
        argv = sshd.wrap(env, argv) if sshd else argv
        self.begun = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for number in range(1, 32):
                if number not in (signal.SIGKILL, signal.SIGSTOP):
                    signal.signal(number, signal.SIG_DFL)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.execvpe(argv[0], argv, {**os.environ, **env})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        if sshd:
            self.until(lambda: b"READY" in self.seen)
            self.begun = time.monotonic()
            self.seen.clear()

    def read(self, wait, most=65536):
        if not select.select([self.fd], [], [], wait)[0]:
            return b""
        try:
            got = os.read(self.fd, most)
        except OSError:
            got = b""
        if not got:
            self.exit = self.exit or time.monotonic()
            time.sleep(0.001)
        self.seen += got
        return got

    def until(self, done, patience=60):
        end = time.monotonic() + patience
        while not done():
            if self.exit or time.monotonic() > end:
                sys.exit(f"waited in vain; it said {bytes(self.seen[-800:])!r}")
            self.read(0.05)

    def shows_lanes(self):
        return b"lane-0" in self.seen and FRAME in self.seen[self.seen.find(b"lane-0"):]

    def settle(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def press(self, keys):
        os.write(self.fd, keys)

    def own_pid(self):
        for lock in glob.glob(f"{self.state}/lanewatch/*/lock"):
            return int(open(lock).read())

    def leave(self, patience=30):
        end = time.monotonic() + patience
        while not self.exit and time.monotonic() < end:
            self.read(0.05)
        if not self.exit:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def used(pid):
    """CPU nanoseconds of every thread, and write calls."""
    total = 0
    for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        total += int(open(task).read().split()[0])
    calls = re.search(r"syscw: (\d+)", open(f"/proc/{pid}/io").read())
    return total, int(calls.group(1))


class Bench:
    def __init__(self, args):
        self.args = args
        self.port, self.upstream = upstream()
        self.home = tempfile.mkdtemp(prefix="lanewatch-bench-")
        self.sshd = Sshd(self.home) if args.ssh else None

    def open(self, lanes=None, every="60s", ends=7200):
        folder = tempfile.mkdtemp(dir=self.home)
        path = manifest(folder, lanes or self.args.lanes, self.port, every, ends)
        return Screen([os.path.abspath(self.args.program), path], f"{folder}/state", self.sshd)

    def close(self, screen):
        screen.press(b"\x03")
        return screen.leave()

    def start(self):
        times, asked = [], set()
        folder = tempfile.mkdtemp(dir=self.home)
        path = manifest(folder, self.args.lanes, self.port, "60s", 7200)
        for turn in range(self.args.repeat + 1):
            screen = Screen([os.path.abspath(self.args.program), path], f"{folder}/state", self.sshd)
            screen.until(screen.shows_lanes)
            took = (time.monotonic() - screen.begun) * 1000
            if turn:  # the first also makes the state folder
                times.append(took)
            # What came in one read with that frame may have been asked after it.
            first = screen.seen.find(FRAME, screen.seen.find(b"lane-0"))
            asked |= set(QUERY.findall(bytes(screen.seen[:first])))
            self.close(screen)
        return {"first full frame ms, median": round(percentile(times, 0.5), 1),
                "worst": round(max(times), 1), "queries before it": len(asked)}

    def idle(self):
        told = {}
        for name, ends in (("seconds ticking", 110), ("minutes only", 7200)):
            screen = self.open(lanes=37, ends=ends)
            screen.until(screen.shows_lanes)
            screen.press(b"z")
            screen.settle(6)
            pid, before = screen.own_pid(), len(screen.seen)
            cpu, calls = used(pid)
            screen.settle(self.args.seconds)
            spent, made = used(pid)
            new = bytes(screen.seen[before:])
            secs = self.args.seconds
            told[f"37 lanes, {name}"] = {
                "bytes/s": round(len(new) / secs, 1), "frames/s": round(new.count(FRAME) / secs, 2),
                "write calls/s": round((made - calls) / secs, 2),
                "cpu %": round((spent - cpu) / secs / 1e7, 3)}
            self.close(screen)
        return told

    def keys(self):
        # As many probes as make five hundred updates a second, or one a second for each lane.
        every = max(1, self.args.lanes // 500)
        screen = self.open(every=f"{every}s")
        screen.until(screen.shows_lanes)
        screen.settle(15 if self.args.lanes > 1000 else 4)
        screen.seen.clear()
        times = []
        for turn in range(200):
            while screen.read(0.004):
                pass
            begun = time.monotonic()
            screen.press(b"j" if turn % 4 < 2 else b"k")
            while not screen.read(1.0):
                pass
            times.append((time.monotonic() - begun) * 1000)
            screen.settle(0.02)
        self.close(screen)
        return {"key to first byte ms, p50": round(percentile(times, 0.5), 2),
                "p99": round(percentile(times, 0.99), 2), "probes a second": self.args.lanes // every}

    def slow(self):
        screen = self.open(every="1s", ends=110)
        screen.until(screen.shows_lanes)
        end = time.monotonic() + self.args.seconds
        while time.monotonic() < end:
            screen.press(b"j")
            screen.read(0.0, 400)
            time.sleep(0.2)
        journals = glob.glob(f"{screen.state}/lanewatch/*/history*") + glob.glob(
            f"{screen.state}/lanewatch/*/audit/journal.jsonl")
        alive = max(os.path.getmtime(file) for file in journals)
        begun = time.monotonic()
        screen.press(b"\x03")
        while not screen.exit and time.monotonic() - begun < 30:
            screen.read(0.0, 400)
            pid = screen.own_pid()
            if not self.sshd and not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.02)
        took = (time.monotonic() - begun) * 1000
        screen.leave()
        records = [json.loads(line) for line in open(journals[-1])]
        return {"quit ms": round(took), "records": len(records), "last": records[-1]["kind"],
                "engine wrote last, s before q": round(time.time() - alive - took / 1000, 1)}

    def ways(self):
        if self.sshd:
            return "see the run without --ssh"
        told = {}
        ways = {"quit": b"q", "ctrl-c": b"\x03", "TERM": signal.SIGTERM, "INT": signal.SIGINT,
                "HUP": signal.SIGHUP, "QUIT": signal.SIGQUIT}
        for name, way in ways.items():
            screen = self.open()
            screen.until(screen.shows_lanes)
            before, begun = len(screen.seen), time.monotonic()
            screen.press(way) if isinstance(way, bytes) else os.kill(screen.pid, way)
            restored = None
            while not screen.exit and time.monotonic() - begun < 10:
                screen.read(0.005)
                if restored is None and CLEAN[0] in screen.seen[before:]:
                    restored = (time.monotonic() - begun) * 1000
            ended = (time.monotonic() - begun) * 1000
            clean = all(part in screen.seen[before:] for part in CLEAN)
            code = screen.leave()
            told[name] = {"terminal back ms": restored and round(restored, 1),
                          "ended ms": round(ended, 1), "clean": clean, "code": code}
        screen = self.open()
        screen.until(screen.shows_lanes)
        pid, begun = screen.own_pid(), time.monotonic()
        os.close(screen.fd)
        os.waitpid(screen.pid, 0)
        told["hang-up"] = {"ended ms": round((time.monotonic() - begun) * 1000, 1), "pid": pid}
        return told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("phases", nargs="*", default=[])
    parser.add_argument("--program", default="target/release/lanewatch")
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--ssh", action="store_true")
    args = parser.parse_args()
    bench = Bench(args)
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {os.cpu_count()} cores, "
          f"{args.lanes} lanes, {'through sshd' if args.ssh else 'pty'}", flush=True)
    try:
        for phase in args.phases or ["start", "idle", "keys", "slow", "ways"]:
            print(phase, json.dumps(getattr(bench, phase)(), indent=1), flush=True)
    finally:
        os.kill(bench.upstream, signal.SIGTERM)
        os.waitpid(bench.upstream, 0)
        if bench.sshd:
            bench.sshd.child.terminate()
        shutil.rmtree(bench.home, ignore_errors=True)


if __name__ == "__main__":
    main()
