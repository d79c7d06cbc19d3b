//! `lanewatch --print-config`: the preferences in force as a file that says where each comes from.

use super::keys::{actions, contexts};
use super::table::{KEYS, Kind, REACH_KEYS, name_of};
use super::{Config, Origin};
use crate::tui::keymap::{Context, Keymap};
use std::fmt::{self, Write};

/// Writes the configuration as TOML with comments. What it writes reads back as it is.
///
/// # Errors
/// When `out` cannot be written to.
pub fn print(config: &Config, out: &mut impl Write) -> fmt::Result {
    for key in KEYS.iter().filter(|key| !is_table(key.kind)) {
        let (value, from) = scalar(config, key.name);
        let variable = match (from, key.env) {
            (Origin::Env, name) => format!(" {name}"),
            _ => String::new(),
        };
        writeln!(out, "# {}", key.about)?;
        writeln!(
            out,
            "{} = {value}  # {}{variable}\n",
            key.name,
            from.as_str()
        )?;
    }
    writeln!(out, "[reach]")?;
    for (key, set) in REACH_KEYS.iter().zip(&config.reach) {
        let value = match key.choices {
            [] => set.value.to_owned(),
            _ => quoted(set.value),
        };
        let (name, from, about) = (key.name, set.from.as_str(), key.about);
        writeln!(out, "{name} = {value}  # {from}: {about}")?;
    }
    let keys = &config.keys.value;
    let from = config.keys.from;
    writeln!(out, "\n[keys]")?;
    bindings(keys, Context::Main, from, out)?;
    for (name, context) in contexts() {
        writeln!(out, "\n[keys_in.{name}]")?;
        bindings(keys, context, from, out)?;
    }
    Ok(())
}

const fn is_table(kind: Kind) -> bool {
    matches!(kind, Kind::Keys | Kind::Reach)
}

fn bindings(keymap: &Keymap, context: Context, from: Origin, out: &mut impl Write) -> fmt::Result {
    for (name, entry) in actions(context) {
        let keys = keymap.keys(entry);
        let from = if keys == entry.keys {
            Origin::Default
        } else {
            from
        };
        let named: Vec<_> = keys.iter().map(|key| quoted(&key.to_string())).collect();
        let value = match named.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let about = if entry.help.is_empty() {
            entry.label
        } else {
            entry.help
        };
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(": {about}")
        };
        writeln!(out, "{name} = {value}  # {}{about}", from.as_str())?;
    }
    Ok(())
}

fn scalar(config: &Config, name: &str) -> (String, Origin) {
    let flag = |set: &super::Set<bool>| (set.value.to_string(), set.from);
    match name {
        "theme" => (quoted(&config.theme.value), config.theme.from),
        "color" => (quoted(config.color.value.as_str()), config.color.from),
        "ask_background" => flag(&config.ask_background),
        "ascii" => flag(&config.ascii),
        "columns" => {
            let wishes = serde_json::to_value(&config.columns.value).unwrap_or_default();
            (inline(&wishes), config.columns.from)
        }
        "sort" => {
            let sort = config.sort.value;
            let by = quoted(&name_of(&sort.by));
            let text = match sort.reversed {
                true => format!("{{ by = {by}, reversed = true }}"),
                false => by,
            };
            (text, config.sort.from)
        }
        "group" => (quoted(&name_of(&config.group.value)), config.group.from),
        "mouse" => flag(&config.mouse),
        "private" => flag(&config.private),
        "read_only" => flag(&config.read_only),
        _ => flag(&config.sync),
    }
}

/// A JSON value on one line of TOML.
fn inline(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => {
            let items: Vec<_> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        serde_json::Value::Object(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
