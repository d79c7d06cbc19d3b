//! From flags, variables and `config.toml` to what the screen goes by; `--print-config` and
//! `lanewatch schema`.

use super::args::{SchemaOf, ScreenArgs, color};
use super::failure::{Failure, Kind};
use crate::manifest;
use crate::tui::config::{self, Live, Sources, Wishes};
use crate::tui::depth::TerminalEnv;
use etcetera::BaseStrategy as _;
use std::io::Write;

/// The folder of `config.toml`, `themes/` and `lanes.toml`, by the XDG rules.
fn folder() -> Option<std::path::PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("lanewatch"))
}

/// Where the preferences come from this time.
fn sources(args: &ScreenArgs) -> Result<Sources, Failure> {
    let var = |name: &str| std::env::var(name).ok();
    Ok(Sources {
        folder: folder(),
        flags: flags(args),
        env: variables(var)?,
        terminal: TerminalEnv::read(var),
    })
}

fn flags(args: &ScreenArgs) -> Wishes {
    // A flag that is not there says nothing; there is none that switches off.
    let set = |flag: bool| flag.then_some(true);
    Wishes {
        theme: args.theme.clone(),
        color: args.color,
        ascii: set(args.ascii),
        mouse: set(args.mouse),
        private: set(args.private),
        read_only: set(args.read_only),
        sync: args.no_sync.then_some(false),
        ..Wishes::default()
    }
}

/// What `LANEWATCH_…` says. A variable that is empty says nothing.
fn variables(var: impl Fn(&str) -> Option<String>) -> Result<Wishes, Failure> {
    let said = |name: &str| var(name).filter(|value| !value.is_empty());
    let wrong = |name: &str, value: &str, wanted: &str| {
        Failure::new(Kind::Usage, format!("{name} is {value:?}: write {wanted}"))
    };
    let flag = |name: &str| match said(name).as_deref() {
        None => Ok(None),
        Some("1" | "true" | "yes" | "on") => Ok(Some(true)),
        Some("0" | "false" | "no" | "off") => Ok(Some(false)),
        Some(other) => Err(wrong(name, other, "1 or 0")),
    };
    let color = match said("LANEWATCH_COLOR") {
        None => None,
        Some(text) => {
            Some(color(&text).map_err(|wanted| wrong("LANEWATCH_COLOR", &text, &wanted))?)
        }
    };
    Ok(Wishes {
        theme: said("LANEWATCH_THEME"),
        color,
        ask_background: flag("LANEWATCH_ASK_BACKGROUND")?,
        ascii: flag("LANEWATCH_ASCII")?,
        mouse: flag("LANEWATCH_MOUSE")?,
        private: flag("LANEWATCH_PRIVATE")?,
        read_only: flag("LANEWATCH_READ_ONLY")?,
        sync: flag("LANEWATCH_SYNC")?,
        ..Wishes::default()
    })
}

/// The preferences of this run, ready for the screen.
pub(super) fn live(args: &ScreenArgs) -> Result<Live, Failure> {
    Live::start(sources(args)?).map_err(|why| Failure::new(Kind::Usage, why))
}

/// `lanewatch --print-config`: what is in force and who says so; the mistakes of a file that has
/// some.
pub(super) fn print(args: &ScreenArgs, out: &mut impl Write) -> Result<u8, Failure> {
    let sources = sources(args)?;
    let read = sources.read();
    let Some(config) = read.config else {
        let mistakes = read.mistakes.unwrap_or_default();
        return Err(Failure::new(Kind::Usage, mistakes));
    };
    let mut text = String::new();
    let file = sources.file();
    let file = file.map_or_else(|| "no folder".to_owned(), |file| file.display().to_string());
    config::print(&config, &mut text).map_err(|error| Failure::new(Kind::Internal, error))?;
    let warnings = read.warnings.iter();
    let warnings: String = warnings.map(|it| format!("# warning: {it}\n")).collect();
    write!(
        out,
        "# Belongs into {file}. Each value says where it comes from: flag, env, file or default.\n\
         {warnings}\n{text}"
    )
    .map_err(Failure::output)?;
    Ok(0)
}

/// `lanewatch schema`.
pub(super) fn schema(of: SchemaOf, out: &mut impl Write) -> Result<u8, Failure> {
    let schema = match of {
        SchemaOf::Config => config::schema(),
        SchemaOf::Manifest => manifest::schema(),
    };
    writeln!(out, "{schema:#}").map_err(Failure::output)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_yes_or_no_and_anything_else_is_a_mistake() {
        let said = |value: &str| {
            let value = value.to_owned();
            variables(move |name| (name == "LANEWATCH_MOUSE").then(|| value.clone()))
        };
        assert_eq!(said("1").unwrap().mouse, Some(true));
        assert_eq!(said("off").unwrap().mouse, Some(false));
        assert_eq!(said("").unwrap().mouse, None);
        assert!(
            said("perhaps")
                .unwrap_err()
                .to_string()
                .contains("write 1 or 0")
        );
    }
}
