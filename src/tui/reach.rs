//! Reaching the person: bell, notifications, links, the clipboard and the window's title.
//!
//! All of it is bytes that a terminal may or may not know; none of it asks the terminal anything.
//! Who knows what is guessed from the environment ([`Knows`]), and [`Reach`] overrides the guess.
//! Everything that goes into a sequence is cleaned of control characters here, whoever sends it.

use super::model::{Model, Tone};
use crate::engine::LaneView;
use crate::lane::{Boot, LaneName, Now, Word};
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most that is copied, in bytes of text: beyond this, terminals drop what they are sent.
pub const COPY_MAX: usize = 72 * 1024;
/// The least time between two alarms; lanes in between are told of together.
const ALARM_EVERY: Duration = Duration::from_secs(5);
/// The least time between two titles.
const TITLE_EVERY: Duration = Duration::from_secs(1);
/// States that come and go by themselves: no news for a title.
const PASSING: [Word; 3] = [Word::Ok, Word::Refreshing, Word::Paused];
/// Lanes that one alarm names.
const NAMED: usize = 3;

/// When something is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Where the terminal is likely to know it.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl When {
    const fn settle(self, likely: bool) -> bool {
        match self {
            Self::Auto => likely,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// How notifications are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// As the terminal is likely to know them, or not at all.
    #[default]
    Auto,
    /// As iTerm2, `WezTerm`, Ghostty and Windows' terminal know them.
    Osc9,
    /// As urxvt, foot and the VTE family know them.
    Osc777,
    /// Not at all.
    Never,
}

/// What of all this is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reach {
    /// Ring the bell when a lane begins to need a person. Multiplexers pass it on.
    pub bell: bool,
    /// Notify when a lane begins to need a person.
    pub notify: Notify,
    /// Make runbooks and rotation pages clickable (OSC 8).
    pub links: When,
    /// Copy to the terminal's clipboard (OSC 52).
    pub clipboard: When,
    /// Show the worst state in the window's title.
    pub title: When,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            bell: true,
            notify: Notify::Auto,
            links: When::Auto,
            clipboard: When::Auto,
            title: When::Auto,
        }
    }
}

/// What the terminal is likely to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Knows {
    /// Notifications of either kind.
    pub notify: Option<Osc>,
    /// Links.
    pub links: bool,
    /// Operating system commands at all: titles and the clipboard.
    pub osc: bool,
    /// Whether tmux is between: what it does not know itself is wrapped, to be passed on.
    pub tmux: bool,
}

/// A kind of notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Osc {
    /// `OSC 9`.
    Nine,
    /// `OSC 777`.
    TripleSeven,
}

impl Knows {
    /// Guesses from the environment, looked up by `var`. Over SSH only `TERM` comes along.
    pub fn guess(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default();
        let program = var("TERM_PROGRAM").unwrap_or_default();
        let tmux = set("TMUX");
        let screen = term.starts_with("screen") && !tmux;
        let dumb = ["", "dumb", "linux", "cons25"].contains(&term.as_str());
        let is = |name: &str| term.contains(name) || program.to_lowercase().contains(name);
        let nine = ["kitty", "ghostty", "wezterm", "iterm"];
        let nine = nine.iter().any(|name| is(name))
            || set("KITTY_WINDOW_ID")
            || set("WEZTERM_PANE")
            || set("ITERM_SESSION_ID");
        let triple = is("foot") || is("rxvt") || set("VTE_VERSION");
        let links = nine
            || set("VTE_VERSION")
            || set("WT_SESSION")
            || set("KONSOLE_VERSION")
            || ["foot", "alacritty", "contour", "vscode", "tmux"]
                .iter()
                .any(|name| is(name));
        Self {
            notify: match (nine, triple) {
                _ if dumb || screen => None,
                (true, _) => Some(Osc::Nine),
                (_, true) => Some(Osc::TripleSeven),
                _ => None,
            },
            links: links && !dumb && !screen,
            osc: !dumb && !screen,
            tmux,
        }
    }
}

/// What is to be done for the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// Something needs a person: one sentence.
    Alarm(String),
    /// Copy this text.
    Copy(String),
}

/// Calls on their way, and lanes that have come to need a person and were not told of yet.
#[derive(Default, Debug)]
pub struct Calls {
    pending: Vec<Call>,
    waiting: Vec<(LaneName, Word)>,
    last: Option<Boot>,
}

/// Whether a state is one that a person is called for.
const fn needs_person(word: Word) -> bool {
    matches!(
        word,
        Word::Held | Word::Revoked | Word::Expired | Word::Invalid | Word::Uncertain
    )
}

impl Calls {
    /// Notices that a lane has changed. One that is new to the screen calls nobody.
    pub fn notice(&mut self, before: Option<&LaneView>, lane: &LaneView) {
        let name = &lane.info.name;
        if !needs_person(lane.word) {
            self.waiting.retain(|(waiting, _)| waiting != name);
            return;
        }
        if let Some((_, word)) = self.waiting.iter_mut().find(|(waiting, _)| waiting == name) {
            *word = lane.word;
        } else if before.is_some_and(|before| !needs_person(before.word)) {
            self.waiting.push((name.clone(), lane.word));
        }
    }

    /// Calls for the lanes that wait, if the last time is long enough ago.
    pub fn settle(&mut self, now: Now) {
        let recent = self
            .last
            .is_some_and(|last| now.boot.since(last) < ALARM_EVERY);
        if self.waiting.is_empty() || recent {
            return;
        }
        self.last = Some(now.boot);
        let names = self.waiting.iter().take(NAMED);
        let names: Vec<_> = names
            .map(|(name, word)| format!("{name} is {}", word.as_str()))
            .collect();
        let mut text = names.join(", ");
        if self.waiting.len() > NAMED {
            text.push_str(&format!(" and {} more", self.waiting.len() - NAMED));
        }
        self.waiting.clear();
        self.pending.push(Call::Alarm(text));
    }

    /// Calls for something.
    pub fn push(&mut self, call: Call) {
        self.pending.push(call);
    }

    /// What is to be done now.
    pub fn take(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.pending)
    }
}

/// Turns calls into bytes for one terminal.
#[derive(Debug)]
pub struct Caller {
    reach: Reach,
    knows: Knows,
    title: String,
    titled: Option<Boot>,
}

impl Caller {
    /// For a terminal that knows this much.
    pub const fn new(reach: Reach, knows: Knows) -> Self {
        Self {
            reach,
            knows,
            title: String::new(),
            titled: None,
        }
    }

    /// Other switches are in force from now on.
    pub const fn set(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Whether text is made clickable.
    pub const fn links(&self) -> bool {
        self.reach.links.settle(self.knows.links)
    }

    /// The terminal may show another title by now: the next one is sent anew.
    pub fn forget(&mut self) {
        self.title.clear();
        self.titled = None;
    }

    /// Appends what is to be sent for the model's calls, and its title if that has changed. What is
    /// copied is answered for on the status line, because no terminal answers.
    pub fn send(&mut self, model: &mut Model, out: &mut Vec<u8>) {
        for call in model.calls.take() {
            match call {
                Call::Alarm(text) => self.alarm(&text, out),
                Call::Copy(text) => {
                    let (tone, told) = self.copy(&text, out);
                    model.say(tone, told);
                }
            }
        }
        if self.reach.title.settle(self.knows.osc) {
            let title = title(model);
            let now = model.now.boot;
            let recent = self
                .titled
                .is_some_and(|last| now.since(last) < TITLE_EVERY);
            if title != self.title && !recent {
                self.titled = Some(now);
                out.extend_from_slice(format!("\x1b]2;{}\x1b\\", clean(&title)).as_bytes());
                self.title = title;
            }
        }
    }

    fn alarm(&self, text: &str, out: &mut Vec<u8>) {
        let kind = match self.reach.notify {
            Notify::Auto => self.knows.notify,
            Notify::Osc9 => Some(Osc::Nine),
            Notify::Osc777 => Some(Osc::TripleSeven),
            Notify::Never => None,
        };
        let text = clean(text);
        match kind {
            Some(Osc::Nine) => self.pass(&format!("\x1b]9;lanewatch: {text}\x1b\\"), out),
            Some(Osc::TripleSeven) => {
                let text = text.replace(';', ",");
                self.pass(&format!("\x1b]777;notify;lanewatch;{text}\x1b\\"), out);
            }
            None => {}
        }
        if self.reach.bell {
            out.push(7);
        }
    }

    fn copy(&self, text: &str, out: &mut Vec<u8>) -> (Tone, String) {
        if self.reach.clipboard == When::Never {
            return (Tone::Note, "copying is switched off".to_owned());
        }
        if !self.reach.clipboard.settle(self.knows.osc) {
            let why = "this terminal has no clipboard to send to";
            return (Tone::Note, why.to_owned());
        }
        if text.len() > COPY_MAX {
            return (Tone::Bad, "too long for a terminal's clipboard".to_owned());
        }
        let coded = base64::engine::general_purpose::STANDARD.encode(text);
        let sequence = format!("\x1b]52;c;{coded}\x1b\\");
        out.extend_from_slice(sequence.as_bytes());
        if self.knows.tmux {
            // By default tmux keeps the one above to itself.
            self.pass(&sequence, out);
        }
        let size = text.chars().count();
        let told =
            format!("{size} characters sent to the terminal's clipboard; it may not allow it");
        (Tone::Good, told)
    }

    /// Through tmux, if there is one, to the terminal behind it.
    fn pass(&self, sequence: &str, out: &mut Vec<u8>) {
        if self.knows.tmux {
            let doubled = sequence.replace('\x1b', "\x1b\x1b");
            out.extend_from_slice(format!("\x1bPtmux;{doubled}\x1b\\").as_bytes());
        } else {
            out.extend_from_slice(sequence.as_bytes());
        }
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// `lanewatch: 1 held, 2 expiring (lanes.toml)`.
fn title(model: &Model) -> String {
    let mut worst: Vec<_> = Word::ALL
        .into_iter()
        .filter(|word| !PASSING.contains(word) && model.lanes.counted(*word) > 0)
        .collect();
    worst.sort_unstable_by(|a, b| b.cmp(a));
    let worst = worst.into_iter().take(2);
    let worst: Vec<_> = worst
        .map(|word| {
            let noun = super::symbols::noun(word);
            format!("{} {noun}", model.lanes.counted(word))
        })
        .collect();
    let state = match (worst.is_empty(), model.lanes.total()) {
        (false, _) => worst.join(", "),
        (true, 0) => String::new(),
        (true, lanes) => format!("{lanes} lanes"),
    };
    let mut title = "lanewatch".to_owned();
    if !state.is_empty() {
        title.push_str(": ");
        title.push_str(&state);
    }
    if let Some(engine) = &model.engine {
        title.push_str(&format!(" ({})", engine.title));
    }
    title
}

/// Whether text may be the target of a link: a web address without anything that could end the
/// sequence it stands in.
pub fn is_link(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    web && text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(vars: &[(&str, &str)]) -> Knows {
        Knows::guess(|name| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_a_terminal_knows_is_guessed_from_its_names() {
        let bare = guess(&[("TERM", "xterm-256color")]);
        assert_eq!((bare.notify, bare.links, bare.osc), (None, false, true));
        assert_eq!(guess(&[("TERM", "dumb")]), Knows::default());
        assert_eq!(guess(&[("TERM", "linux")]), Knows::default());
        assert_eq!(guess(&[]), Knows::default());
        let kitty = guess(&[("TERM", "xterm-kitty")]);
        assert_eq!((kitty.notify, kitty.links), (Some(Osc::Nine), true));
        let foot = guess(&[("TERM", "foot")]);
        assert_eq!((foot.notify, foot.links), (Some(Osc::TripleSeven), true));
        let tmux = guess(&[
            ("TERM", "tmux-256color"),
            ("TMUX", "/tmp/x"),
            ("WEZTERM_PANE", "1"),
        ]);
        assert!(tmux.tmux && tmux.links && tmux.notify == Some(Osc::Nine));
        assert!(!guess(&[("TERM", "screen"), ("VTE_VERSION", "7000")]).osc);
    }

    fn sent(reach: Reach, knows: Knows, call: Call) -> (String, Option<String>) {
        let now = Now {
            wall: crate::lane::Wall(0),
            boot: Boot(0),
        };
        let mut model = Model::new(now, (80, 24), "maria".into(), false);
        model.calls.push(call);
        let mut out = Vec::new();
        let mut caller = Caller::new(reach, knows);
        caller.send(&mut model, &mut out);
        let status = model.status.map(|status| status.text.to_string());
        (String::from_utf8(out).unwrap(), status)
    }

    const QUIET: Reach = Reach {
        bell: false,
        notify: Notify::Never,
        links: When::Never,
        clipboard: When::Never,
        title: When::Never,
    };

    #[test]
    fn what_is_switched_off_sends_nothing() {
        let knows = guess(&[("TERM", "xterm-kitty")]);
        assert_eq!(sent(QUIET, knows, Call::Alarm("x".into())).0, "");
        let (bytes, told) = sent(QUIET, knows, Call::Copy("x".into()));
        assert_eq!(bytes, "");
        assert_eq!(told.unwrap(), "copying is switched off");
    }

    #[test]
    fn an_alarm_is_wrapped_for_tmux_and_carries_no_control_byte_of_others() {
        let mut reach = QUIET;
        (reach.bell, reach.notify) = (true, Notify::Auto);
        let mut knows = guess(&[("TERM", "xterm-kitty")]);
        let alarm = Call::Alarm("a\x1b]0;b\x07 is HELD".into());
        let (bytes, _) = sent(reach, knows, alarm.clone());
        assert_eq!(bytes, "\x1b]9;lanewatch: a]0;b is HELD\x1b\\\x07");
        knows.tmux = true;
        let (bytes, _) = sent(reach, knows, alarm);
        assert_eq!(
            bytes,
            "\x1bPtmux;\x1b\x1b]9;lanewatch: a]0;b is HELD\x1b\x1b\\\x1b\\\x07"
        );
    }

    #[test]
    fn a_copy_is_sent_and_never_said_to_have_arrived() {
        let mut reach = QUIET;
        reach.clipboard = When::Auto;
        let knows = guess(&[("TERM", "xterm-256color")]);
        let (bytes, told) = sent(reach, knows, Call::Copy("crm-read".into()));
        assert_eq!(bytes, "\x1b]52;c;Y3JtLXJlYWQ=\x1b\\");
        assert!(told.unwrap().contains("may not allow it"));
        let (bytes, told) = sent(reach, knows, Call::Copy("x".repeat(COPY_MAX + 1)));
        assert!(bytes.is_empty() && told.unwrap().contains("too long"));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(is_link("https://wiki.example/runbooks/keys"));
        for text in [
            "wiki/runbooks",
            "https://a b",
            "https://a\x1b\\",
            "javascript:x",
        ] {
            assert!(!is_link(text), "{text}");
        }
    }
}
