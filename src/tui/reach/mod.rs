//! Reaching the person: bell, notifications, links, the clipboard and the window's title.
//!
//! All of it is bytes that a terminal may or may not know; none of it asks the terminal anything.
//! Who knows what is guessed from the environment ([`Knows`]), and [`Reach`] overrides the guess.
//! [`Calls`] gathers what a person is to be told, and [`Caller`] turns it into bytes. Everything that
//! goes into a sequence is cleaned of control characters there, whoever sends it.

mod caller;
mod calls;

pub use caller::{COPY_MAX, Caller, is_link};
pub use calls::{Call, Calls};

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{Boot, Now};
    use crate::tui::model::Model;

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
