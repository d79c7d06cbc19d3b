//! The loop: waits for keys, news, signals and the next second, and draws when there is something
//! to see.
//!
//! A key is answered at once. News is taken at most fifteen times a second, however much of it there
//! is: what comes between waits, merged, in the engine's mailbox. No frame is encoded while the
//! terminal still takes the last one.

mod errands;
mod signals;

use super::archive::Archive;
use super::config::{Change, Live};
use super::encoder::Encoder;
use super::model::{Model, Tone};
use super::reach::{Caller, Knows, Reach};
use super::symbols;
use super::terminal::{ASK_BACKGROUND, Guard, Input, MOUSE_OFF, MOUSE_ON, Output, Tty, Watcher};
use super::tour::{Act, Tour};
use super::update::{Effect, Msg, update};
use super::view::{self, Look};
use crate::engine::{Handle, Updates};
use crate::lane::{Boot, Now};
use crate::plain::Plain;
use errands::{read, send_all};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use signals::{Caught, Signals};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// The least time between two frames that show only news.
const NEWS_EVERY: Duration = Duration::from_millis(66);

/// How the screen is to look and what it may do.
pub struct ScreenOptions {
    /// What the person prefers, and the files that say so.
    pub preferences: Live,
    /// In whose name commands are given: the account's name.
    pub operator: Plain,
    /// What the terminal is likely to know of that.
    pub knows: Knows,
    /// Where the journal is, if it can be read from here.
    pub audit: Option<AuditPlace>,
    /// What is played into the screen.
    pub tour: Option<Tour>,
}

/// The journal, for the audit pane.
#[derive(Clone, Debug)]
pub struct AuditPlace {
    /// Its folder.
    pub folder: PathBuf,
    /// Where exported files go.
    pub exports: PathBuf,
}

/// Why the screen was left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The operator left.
    Quit,
    /// A signal of this number asked for it.
    Signal(i32),
    /// The terminal is gone.
    HangUp,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// There is no terminal to draw on.
    #[error(
        "there is no terminal to draw on ({0}); try `lanewatch status --watch`, which prints changes as lines, or `lanewatch run`"
    )]
    NoTerminal(io::Error),
    /// The terminal cannot be switched to what the screen needs.
    #[error("the terminal cannot be set up: {0}")]
    Setup(io::Error),
    /// A tour came to a point from which it could not go on.
    #[error("{0}")]
    Tour(Plain),
}

/// Shows the engine until somebody leaves. To be run on a current-thread runtime with time, I/O
/// and signals; the engine belongs on another thread.
///
/// # Errors
/// When there is no terminal, or it cannot be set up.
pub async fn run(
    options: ScreenOptions,
    handle: Handle,
    updates: Updates,
    clock: impl Fn() -> Now,
) -> Result<Exit, TuiError> {
    let tty = Tty::open().map_err(TuiError::NoTerminal)?;
    let mut signals = Signals::listen().map_err(TuiError::Setup)?;
    let guard = Guard::enter(&tty).map_err(TuiError::Setup)?;
    let mut watcher = Watcher::start(&tty).map_err(TuiError::Setup)?;
    let preferences = options.preferences;
    let now = preferences.now();
    let mut model = Model::new(clock(), tty.size(), options.operator, false);
    model.prefer(None, now);
    let archive = options.audit.map(|audit| {
        model.connect(audit.exports);
        Arc::new(Mutex::new(Archive::new(audit.folder)))
    });
    let mut screen = Screen {
        model,
        archive,
        caller: Caller::new(reach(now), options.knows),
        look: look(now),
        encoder: Encoder::new(now.config.sync.value),
        asks: preferences.asks_background(),
        preferences,
        watching: false,
        mouse: false,
        buffer: Buffer::empty(Rect::ZERO),
        output: Output::new(tty.clone()),
        handle,
        asked: JoinSet::new(),
        dirty: true,
        tour: options.tour,
        failed: None,
    };
    let exit = screen
        .watch(&tty, &guard, &mut watcher, &mut signals, updates, &clock)
        .await;
    let stuck = screen.output.finish().await;
    guard.leave(stuck);
    match screen.failed {
        Some(why) => Err(TuiError::Tour(why)),
        None => Ok(exit),
    }
}

/// How the person is reached; the file's words are those of [`Reach`].
fn reach(now: &Change) -> Reach {
    serde_json::from_value(now.config.reach()).unwrap_or_default()
}

fn look(now: &Change) -> Look {
    let symbols = if now.config.ascii.value {
        symbols::ASCII
    } else {
        symbols::UNICODE
    };
    let theme = now.theme.clone();
    Look { theme, symbols }
}

/// What lives as long as the screen is shown.
struct Screen {
    model: Model,
    archive: Option<Arc<Mutex<Archive>>>,
    caller: Caller,
    look: Look,
    encoder: Encoder,
    buffer: Buffer,
    output: Output,
    handle: Handle,
    asked: JoinSet<Msg>,
    dirty: bool,
    preferences: Live,
    /// Whether the terminal is still to be asked for its background.
    asks: bool,
    /// Whether the files of the preferences are watched.
    watching: bool,
    /// Whether the terminal reports the mouse.
    mouse: bool,
    tour: Option<Tour>,
    /// Why the tour did not come to its end.
    failed: Option<Plain>,
}

impl Screen {
    async fn watch(
        &mut self,
        tty: &Tty,
        guard: &Guard,
        watcher: &mut Watcher,
        signals: &mut Signals,
        mut updates: Updates,
        clock: &impl Fn() -> Now,
    ) -> Exit {
        let mut news_from = Boot(0);
        loop {
            if self.dirty && self.output.idle() {
                self.model.now = clock();
                self.frame();
                self.read_on();
            }
            if self.output.send().is_err() {
                return Exit::HangUp;
            }
            if !self.watching && self.output.idle() {
                // Only now, so that nothing stands between the start and the first frame.
                self.watching = true;
                self.preferences.watch();
            }
            if self.asks && self.output.idle() && self.model.engine.is_some() {
                self.asks = false;
                self.output.next_frame().extend_from_slice(ASK_BACKGROUND);
                continue;
            }
            if !self.output.idle() {
                watcher.want_writable();
            }
            let now = clock();
            let early = news_from.since(now.boot);
            let played = self
                .tour
                .as_ref()
                .and_then(|tour| tour.due(&self.model, now));
            let effect = tokio::select! {
                biased;
                caught = signals.next() => match caught {
                    Caught::End(number) => return Exit::Signal(number),
                    Caught::HangUp => return Exit::HangUp,
                    Caught::Resize => {
                        let (columns, rows) = tty.size();
                        self.take(clock(), Msg::Resize(columns, rows))
                    }
                    Caught::Stop => Some(Effect::Suspend),
                    Caught::Continue => {
                        if guard.resume().is_err() {
                            return Exit::HangUp;
                        }
                        self.mouse = false;
                        Some(Effect::Redraw)
                    }
                },
                input = watcher.next() => match self.read(clock, input, watcher) {
                    Ok(effect) => effect,
                    Err(exit) => return exit,
                },
                Some(Ok(answer)) = self.asked.join_next(), if !self.asked.is_empty() => {
                    self.take(clock(), answer)
                }
                () = tokio::time::sleep(played.unwrap_or_default()), if played.is_some() => {
                    self.play(clock())
                }
                news = updates.next(), if early.is_zero() && !self.model.stopped => {
                    let now = clock();
                    news_from = now.boot.plus(NEWS_EVERY);
                    self.take(now, Msg::News(news))
                }
                () = self.preferences.changed() => {
                    let before = self.preferences.now().clone();
                    self.preferences.reread();
                    self.prefer(&before);
                    None
                }
                () = tokio::time::sleep(early), if !early.is_zero() => None,
                () = tokio::time::sleep(to_next_second(now)) => self.take(clock(), Msg::Tick),
            };
            match effect {
                None => {}
                Some(Effect::Quit) => return Exit::Quit,
                Some(Effect::Redraw) => {
                    self.encoder.forget();
                    self.caller.forget();
                }
                Some(Effect::Send { command, about }) => {
                    let handle = self.handle.clone();
                    self.asked.spawn(async move {
                        let answer = handle.send(command).await;
                        Msg::Answered { about, answer }
                    });
                }
                Some(Effect::SendAll { commands, about }) => {
                    self.asked
                        .spawn(send_all(self.handle.clone(), commands, about));
                }
                Some(Effect::Suspend) => {
                    let stuck = self.output.finish().await;
                    guard.leave(stuck);
                    signals.stop_until_continued().await;
                    if guard.resume().is_err() {
                        return Exit::HangUp;
                    }
                    let (columns, rows) = tty.size();
                    self.take(clock(), Msg::Resize(columns, rows));
                    self.encoder.forget();
                    self.caller.forget();
                    self.mouse = false;
                }
            }
        }
    }

    /// Sends out for what the audit pane needs from the journal.
    fn read_on(&mut self) {
        if let Some(archive) = &self.archive
            && let Some(ask) = self.model.errand()
        {
            self.asked.spawn(read(Arc::clone(archive), ask));
        }
    }

    fn take(&mut self, now: Now, msg: Msg) -> Option<Effect> {
        self.dirty = true;
        update(&mut self.model, now, msg)
    }

    /// Takes the tour's next step.
    fn play(&mut self, now: Now) -> Option<Effect> {
        self.model.settle();
        match self.tour.as_mut()?.next(&self.model, now)? {
            Act::Press(key) => self.take(now, Msg::Key(key)),
            Act::Caption(caption) => {
                self.model.caption = Some(caption);
                self.dirty = true;
                None
            }
            Act::Fail(why) => {
                self.model.now = now;
                self.model.caption = None;
                self.model.say(Tone::Bad, why.clone());
                self.failed = Some(why);
                self.tour = None;
                self.dirty = true;
                None
            }
            Act::End => {
                self.tour = None;
                None
            }
        }
    }

    /// A key of the operator's own ends a tour, and takes away what it said last.
    fn interrupt(&mut self) {
        self.model.caption = None;
        self.tour = None;
    }

    /// Takes in every key that has come, up to the first that the loop has to act on.
    fn read(
        &mut self,
        clock: &impl Fn() -> Now,
        first: Input,
        watcher: &mut Watcher,
    ) -> Result<Option<Effect>, Exit> {
        let mut input = Some(first);
        while let Some(seen) = input {
            let effect = match seen {
                Input::Key(key) => {
                    self.interrupt();
                    self.take(clock(), Msg::Key(key))
                }
                Input::Paste(text) => self.take(clock(), Msg::Paste(text)),
                Input::Mouse(mouse) if self.model.mouse => self.take(clock(), Msg::Mouse(mouse)),
                Input::Mouse(_) | Input::Writable => None,
                Input::Background { light } => {
                    let before = self.preferences.now().clone();
                    self.preferences.background(light);
                    self.prefer(&before);
                    None
                }
                Input::HangUp => return Err(Exit::HangUp),
            };
            if effect.is_some() {
                return Ok(effect);
            }
            input = watcher.take();
        }
        Ok(None)
    }

    /// Takes preferences in that were read anew.
    fn prefer(&mut self, before: &Change) {
        let now = self.preferences.now();
        self.look = look(now);
        self.caller.set(reach(now));
        self.model.prefer(Some(before), now);
        self.dirty = true;
    }

    fn frame(&mut self) {
        self.model.settle();
        let (columns, rows) = self.model.size;
        self.buffer.resize(Rect::new(0, 0, columns, rows));
        self.buffer.reset();
        let mut links = view::draw(&self.model, &self.look, &mut self.buffer);
        if !self.caller.links() {
            links.clear();
        }
        let bytes = self.output.next_frame();
        if self.mouse != self.model.mouse {
            self.mouse = self.model.mouse;
            bytes.extend_from_slice(if self.mouse { MOUSE_ON } else { MOUSE_OFF });
        }
        self.encoder.encode_linked(&mut self.buffer, links, bytes);
        let before = self.model.status.clone();
        self.caller.send(&mut self.model, bytes);
        // What was copied is said in the frame after the one that carries it.
        self.dirty = self.model.status != before;
    }
}

/// Until the wall clock shows the next second: everything that ticks then ticks in one frame.
fn to_next_second(now: Now) -> Duration {
    let into = u64::try_from(now.wall.0.rem_euclid(1_000)).unwrap_or(0);
    // One more, because a timer that fires a moment early would show the old second again.
    Duration::from_millis(1_001 - into)
}
