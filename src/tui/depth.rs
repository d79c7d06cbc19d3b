//! How many colours the terminal has, as far as anybody says.

use serde::Serialize;

/// How many colours are used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub enum Depth {
    /// None: bold, underlined and reversed only.
    Plain,
    /// The terminal's own sixteen.
    #[default]
    Sixteen,
    /// The 256 of the xterm table.
    Indexed,
    /// 24 bits each.
    True,
}

/// What a person asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ColorChoice {
    /// As many as the terminal says it has, and none if `NO_COLOR` is set.
    #[default]
    Auto,
    /// As many as the terminal says it has, whatever `NO_COLOR` says.
    Always,
    /// None.
    Never,
    /// This many.
    Fixed(Depth),
}

impl ColorChoice {
    /// Every choice with its name, as flags, files and the environment write it.
    pub const ALL: [(&'static str, Self); 6] = [
        ("auto", Self::Auto),
        ("always", Self::Always),
        ("never", Self::Never),
        ("16", Self::Fixed(Depth::Sixteen)),
        ("256", Self::Fixed(Depth::Indexed)),
        ("true", Self::Fixed(Depth::True)),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, choice)| *choice == self)
            .map_or("auto", |(name, _)| name)
    }
}

/// What the environment says of the terminal. Empty variables count as unset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TerminalEnv {
    /// Whether `NO_COLOR` is set.
    pub no_color: bool,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM`.
    pub term: String,
    /// `COLORFGBG`.
    pub colorfgbg: String,
    /// Whether this is tmux, which turns colours that its own terminal lacks into those it has.
    pub tmux: bool,
}

impl TerminalEnv {
    /// From a lookup of variables.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        Self {
            no_color: set("NO_COLOR").is_some(),
            colorterm: set("COLORTERM").unwrap_or_default(),
            term: set("TERM").unwrap_or_default(),
            colorfgbg: set("COLORFGBG").unwrap_or_default(),
            tmux: set("TMUX").is_some(),
        }
    }

    /// How many colours to use.
    pub fn depth(&self, choice: ColorChoice) -> Depth {
        match choice {
            ColorChoice::Never => Depth::Plain,
            ColorChoice::Fixed(depth) => depth,
            ColorChoice::Auto if self.no_color || self.term == "dumb" => Depth::Plain,
            ColorChoice::Auto | ColorChoice::Always => self.stated(),
        }
    }

    fn stated(&self) -> Depth {
        // GNU screen hands COLORTERM of the terminal around it on, and shows no true colour.
        let screen = self.term.starts_with("screen") && !self.tmux;
        let exact = matches!(self.colorterm.as_str(), "truecolor" | "24bit");
        if (exact && !screen) || self.term.ends_with("-direct") {
            Depth::True
        } else if self.term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }

    /// Whether the background is light, if the environment tells: the last number of `COLORFGBG`
    /// is its colour among the sixteen.
    pub fn light(&self) -> Option<bool> {
        let (_, background) = self.colorfgbg.rsplit_once(';')?;
        match background.parse::<u8>().ok()? {
            0..=6 | 8 => Some(false),
            7 | 9..=15 => Some(true),
            _ => None,
        }
    }

    /// Whether the terminal may be asked for its background: those that would print the question
    /// are left in peace.
    pub fn can_be_asked(&self) -> bool {
        !matches!(
            self.term.as_str(),
            "" | "dumb" | "linux" | "cons25" | "vt220" | "vt100"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> TerminalEnv {
        TerminalEnv::read(|name| {
            let mut pairs = pairs.iter();
            pairs
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_terminal_says_how_many_colours_it_has_and_a_person_outvotes_it() {
        let auto = |pairs: &[(&str, &str)]| env(pairs).depth(ColorChoice::Auto);
        assert_eq!(auto(&[("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(auto(&[("TERM", "xterm-256color")]), Depth::Indexed);
        let exact = ("COLORTERM", "truecolor");
        assert_eq!(auto(&[("TERM", "xterm"), exact]), Depth::True);
        assert_eq!(auto(&[("TERM", "xterm-direct")]), Depth::True);
        assert_eq!(auto(&[("TERM", "dumb"), exact]), Depth::Plain);
        assert_eq!(
            auto(&[("TERM", "xterm"), exact, ("NO_COLOR", "1")]),
            Depth::Plain
        );
        assert_eq!(auto(&[("TERM", "xterm"), ("NO_COLOR", "")]), Depth::Sixteen);
        assert_eq!(
            auto(&[("TERM", "screen.xterm-256color"), exact]),
            Depth::Indexed
        );
        assert_eq!(
            auto(&[("TERM", "screen-256color"), exact, ("TMUX", "/x")]),
            Depth::True
        );
        let strict = env(&[("TERM", "xterm"), exact, ("NO_COLOR", "1")]);
        assert_eq!(strict.depth(ColorChoice::Always), Depth::True);
        assert_eq!(
            strict.depth(ColorChoice::Fixed(Depth::Sixteen)),
            Depth::Sixteen
        );
        assert_eq!(strict.depth(ColorChoice::Never), Depth::Plain);
    }

    #[test]
    fn the_environment_may_tell_light_from_dark() {
        assert_eq!(env(&[("COLORFGBG", "0;15")]).light(), Some(true));
        assert_eq!(env(&[("COLORFGBG", "15;default;0")]).light(), Some(false));
        assert_eq!(env(&[("COLORFGBG", "15;default")]).light(), None);
        assert_eq!(env(&[]).light(), None);
    }
}
