//! Calls as bytes: what the terminal knows and the person wants, cleaned, and wrapped for tmux.

use super::{Call, Knows, Notify, Osc, Reach, When};
use crate::lane::{Boot, Word};
use crate::tui::model::{Model, Tone};
use base64::Engine as _;
use std::time::Duration;

/// The most that is copied, in bytes of text: beyond this, terminals drop what they are sent.
pub const COPY_MAX: usize = 72 * 1024;
/// The least time between two titles.
const TITLE_EVERY: Duration = Duration::from_secs(1);
/// States that come and go by themselves: no news for a title.
const PASSING: [Word; 3] = [Word::Ok, Word::Refreshing, Word::Paused];

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
            let noun = crate::tui::symbols::noun(word);
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
