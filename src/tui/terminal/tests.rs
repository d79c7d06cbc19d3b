use super::*;
use crate::tui::key::Key;
use portable_pty::{MasterPty, PtySize, native_pty_system};

/// A pseudo-terminal: our side of it as a [`Tty`], and the other side.
fn pair() -> (Tty, Box<dyn MasterPty + Send>) {
    let size = PtySize {
        rows: 24,
        cols: 80,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system().openpty(size).unwrap();
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let name = pty.master.tty_name().unwrap();
    let slave = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
    (Tty::from_fd(slave), pty.master)
}

/// Reads from the other side until what was read ends in `end`.
fn read_until(master: &dyn MasterPty, end: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut reader = master.try_clone_reader().unwrap();
    let (mut all, mut part) = (Vec::new(), [0_u8; 4096]);
    while !all.ends_with(end) {
        let read = reader.read(&mut part).unwrap();
        all.extend_from_slice(&part[..read]);
    }
    all
}

/// The place where modes are remembered is one a process, so these tests take turns.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn everything_that_entering_switches_on_leaving_switches_off() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (tty, master) = pair();
    let before = rustix::termios::tcgetattr(&*tty.0).unwrap();
    {
        let _guard = Guard::enter(&tty).unwrap();
        let during = rustix::termios::tcgetattr(&*tty.0).unwrap();
        assert_ne!(during.local_modes, before.local_modes);
    }
    let after = rustix::termios::tcgetattr(&*tty.0).unwrap();
    assert_eq!(after.local_modes, before.local_modes);
    assert_eq!(after.output_modes, before.output_modes);
    let sent = read_until(&*master, LEAVE);
    let mut screen = vt100::Parser::new(24, 80, 0);
    screen.process(&sent);
    assert!(!screen.screen().alternate_screen());
    assert!(!screen.screen().hide_cursor());
    assert!(!screen.screen().bracketed_paste());
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (tty, master) = pair();
    let before = rustix::termios::tcgetattr(&*tty.0).unwrap();
    let panicked = std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            let guard = Guard::enter(&tty).unwrap();
            // Dropped by no one, as under `panic = "abort"`: the hook alone must do it.
            let _kept = std::mem::ManuallyDrop::new(guard);
            panic!("as intended");
        });
        panicking.join().is_err()
    });
    assert!(panicked);
    let after = rustix::termios::tcgetattr(&*tty.0).unwrap();
    assert_eq!(after.local_modes, before.local_modes);
    assert!(read_until(&*master, LEAVE).ends_with(LEAVE));
}

#[test]
fn a_terminal_that_reads_nothing_holds_nobody_up_and_is_given_back() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (tty, master) = pair();
    let before = rustix::termios::tcgetattr(&*tty.0).unwrap();
    let guard = Guard::enter(&tty).unwrap();
    let mut output = Output::new(tty.clone());
    output
        .next_frame()
        .extend(std::iter::repeat_n(b'x', 1 << 20));
    output.send().unwrap();
    assert!(
        !output.idle(),
        "a pseudo-terminal holds less than a megabyte"
    );
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let stuck = clock.block_on(output.finish());
    assert!(stuck);
    guard.leave(stuck);
    let after = rustix::termios::tcgetattr(&*tty.0).unwrap();
    assert_eq!(after.local_modes, before.local_modes);
    assert!(read_until(&*master, LEAVE).ends_with(LEAVE));
}

#[tokio::test]
async fn keys_are_seen_and_a_hang_up_ends_the_watch() {
    let (tty, master) = pair();
    let mut raw = rustix::termios::tcgetattr(&*tty.0).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&*tty.0, OptionalActions::Now, &raw).unwrap();
    let mut watcher = Watcher::start(&tty).unwrap();
    let mut writer = master.take_writer().unwrap();
    writer.write_all(b"j").unwrap();
    assert_eq!(watcher.next().await, Input::Key(Key::char('j')));
    watcher.want_writable();
    assert_eq!(watcher.next().await, Input::Writable);
    drop(writer);
    drop(master);
    // The writer's end of file may come as a key first.
    while watcher.next().await != Input::HangUp {}
}
