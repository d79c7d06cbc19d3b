//! What can be typed.

use super::help::{EXAMPLES, ROTATE, SIMULATE};
use crate::tui::depth::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Knows before the agent does: watches the credentials of MCP servers and AI-agent tools.
#[derive(Parser, Debug)]
#[command(name = "lanewatch", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// The manifest; without it ./lanes.toml, then lanes.toml in the configuration folder.
    pub manifest: Option<PathBuf>,
    /// Print the preferences in force, and where each comes from.
    #[arg(long)]
    pub print_config: bool,
    /// How the screen looks.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// What to do instead of watching.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// How the screen looks and what it may do. Each flag beats its variable (`LANEWATCH_THEME` and so
/// on), and that beats `config.toml`.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Screen")]
pub struct ScreenArgs {
    /// auto, dark, light, high-contrast, color-safe, mono, one of your own, or a theme file.
    /// high-contrast and color-safe become high-contrast-light and color-safe-light on a light
    /// background, unless those are named.
    #[arg(long, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// How many colours: auto, always, never, 16, 256 or true.
    #[arg(long, value_name = "WHEN", value_parser = color)]
    pub color: Option<ColorChoice>,
    /// Draw with ASCII characters only.
    #[arg(long)]
    pub ascii: bool,
    /// Listen to the mouse; select text with shift then.
    #[arg(long)]
    pub mouse: bool,
    /// Mask lanes, owners, accounts, addresses and fingerprints.
    #[arg(long)]
    pub private: bool,
    /// Show everything, do nothing.
    #[arg(long)]
    pub read_only: bool,
    /// Do not bracket frames in synchronized updates (DEC 2026).
    #[arg(long)]
    pub no_sync: bool,
}

/// What a schema is of.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// `config.toml`.
    Config,
    /// `lanes.toml`.
    Manifest,
}

/// What is played into the screen.
#[derive(clap::Args, Clone, Debug)]
pub struct TourArgs {
    /// Play a tour: the built-in one, or the script in FILE. Any key ends it.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub script: Option<Option<PathBuf>>,
    /// Play it so many times faster; what it waits for still has to happen.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, requires = "script")]
    pub speed: f64,
    /// Leave every pause out.
    #[arg(long, requires = "script", conflicts_with = "speed")]
    pub fast: bool,
}

/// A lane of a manifest whose engine runs.
#[derive(clap::Args, Clone, Debug)]
pub struct Target {
    /// The lane.
    pub lane: String,
    /// The manifest whose engine runs it.
    #[arg(long, short)]
    pub manifest: Option<PathBuf>,
}

/// Which lane, and how its rotation is told.
#[derive(clap::Args, Clone, Debug)]
pub struct RotateArgs {
    /// Which.
    #[command(flatten)]
    pub target: Target,
    /// End as soon as the new one serves; the engine that runs lets go of the old one later.
    #[arg(long)]
    pub promoted: bool,
    /// Print JSON, an object a line.
    #[arg(long)]
    pub json: bool,
}

/// Lanes in virtual time.
#[derive(clap::Args, Clone, Debug)]
pub struct SimulateArgs {
    /// The manifest.
    pub manifest: PathBuf,
    /// As many lanes: those of the manifest and copies of them, each with a grant or key of its own.
    #[arg(long, value_name = "N")]
    pub lanes: Option<usize>,
    /// The life of every credential; without it 1h for what lanewatch renews, none for keys.
    #[arg(long, value_name = "DURATION")]
    pub life: Option<String>,
    /// How long to run, in virtual time.
    #[arg(long = "for", value_name = "DURATION", default_value = "24h")]
    pub span: String,
    /// Decides everything that is left to chance: the same seed gives the same report.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Something that goes wrong; may be given several times.
    #[arg(long = "fault", value_name = "KIND=AMOUNT@WHEN")]
    pub faults: Vec<String>,
    /// Play out every request, routine looks of healthy lanes included.
    #[arg(long)]
    pub every_request: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The subcommands.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Watch the built-in sandbox: a dozen lanes whose upstreams fail on command.
    Demo {
        /// How the screen looks.
        #[command(flatten)]
        screen: ScreenArgs,
        /// What is played into it.
        #[command(flatten)]
        tour: TourArgs,
    },
    /// Run the engine without a screen.
    Run {
        /// The manifest.
        manifest: PathBuf,
    },
    /// Prove every lane once.
    Check {
        /// The manifest.
        manifest: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what the running engine knows, or prove every lane once.
    Status {
        /// The manifest; without it ./lanes.toml, then the configuration folder's.
        manifest: Option<PathBuf>,
        /// Print JSON; with --watch, a line for each change.
        #[arg(long)]
        json: bool,
        /// Go on with every change, a line each: for screen readers, logs and plain terminals.
        #[arg(long, short)]
        watch: bool,
        /// The demo's lanes.
        #[arg(long, requires = "watch", conflicts_with = "manifest")]
        demo: bool,
    },
    /// Refresh a lane's credential now.
    Refresh(Target),
    /// Replace a lane's credential, and print each step as it happens.
    #[command(after_help = ROTATE)]
    Rotate(RotateArgs),
    /// Stop a lane from serving.
    Pause {
        /// Which.
        #[command(flatten)]
        target: Target,
        /// Why; the audit keeps it.
        #[arg(long)]
        reason: String,
        /// For how long, such as 30m; without it until it is resumed.
        #[arg(long = "for", value_name = "DURATION")]
        until: Option<String>,
    },
    /// Let a paused lane serve again.
    Resume {
        /// Which.
        #[command(flatten)]
        target: Target,
        /// Why; the audit keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Let a held lane be proved and serve again.
    Release {
        /// Which.
        #[command(flatten)]
        target: Target,
        /// Why; the audit keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Read and verify the audit.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// Say what upstream answers mean: JSON lines in, JSON lines out.
    Classify {
        /// Print for a person: which rules were tried and which matched.
        #[arg(long)]
        explain: bool,
        /// A folder of further provider packs.
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
    },
    /// Show what is known of providers.
    Providers {
        /// One provider; without it the list.
        name: Option<String>,
        /// Run the test answers that the packs carry.
        #[arg(long)]
        test: bool,
        /// A folder of further provider packs.
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
    },
    /// Run the lanes of a manifest in virtual time, with whatever can go wrong. Touches no network,
    /// no store and no secret.
    #[command(after_help = SIMULATE)]
    Simulate(SimulateArgs),
    /// Run the sandbox's upstreams alone and print a manifest for them.
    Sandbox,
    /// Write a first manifest.
    Init {
        /// Where to.
        #[arg(default_value = "lanes.toml")]
        file: PathBuf,
    },
    /// Print a JSON Schema, for editors.
    Schema {
        /// Of which file.
        of: SchemaOf,
    },
    /// Print completions for a shell.
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which audit: that of a manifest, or of a folder.
#[derive(clap::Args, Clone, Debug)]
pub struct AuditOf {
    /// The manifest whose audit it is.
    #[arg(long, short)]
    pub manifest: Option<PathBuf>,
    /// The demo's audit.
    #[arg(long, conflicts_with = "manifest")]
    pub demo: bool,
    /// The folder with the journal, such as a copy from elsewhere.
    #[arg(long, conflicts_with_all = ["manifest", "demo"])]
    pub folder: Option<PathBuf>,
}

/// What to select.
#[derive(clap::Args, Clone, Debug)]
pub struct Select {
    /// Only this lane.
    #[arg(long)]
    pub lane: Option<String>,
    /// Only this kind of record.
    #[arg(long)]
    pub kind: Option<String>,
    /// Only this outcome.
    #[arg(long)]
    pub outcome: Option<String>,
    /// From here on: 2026-11-22T20:00:00Z, 2026-11-22, or 15m for ago.
    #[arg(long)]
    pub since: Option<String>,
    /// Up to here.
    #[arg(long)]
    pub until: Option<String>,
}

/// What to do with the audit.
#[derive(Subcommand, Debug)]
pub enum AuditVerb {
    /// Print the newest records.
    Tail {
        /// Which audit.
        #[command(flatten)]
        of: AuditOf,
        /// How many.
        #[arg(short, default_value_t = 20)]
        n: usize,
        /// Go on with every new one.
        #[arg(long, short)]
        follow: bool,
        /// Print the journal's own lines.
        #[arg(long)]
        json: bool,
    },
    /// Prove that no record was changed, removed, added or moved.
    Verify {
        /// Which audit.
        #[command(flatten)]
        of: AuditOf,
        /// The head that a reviewer has noted before, as SEQ:HASH.
        #[arg(long, value_name = "SEQ:HASH")]
        expect_head: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print what came of each drill, and the records that prove it.
    Receipts {
        /// Which audit.
        #[command(flatten)]
        of: AuditOf,
        /// Only this lane's.
        #[arg(long)]
        lane: Option<String>,
        /// Print a JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print selected records.
    Query {
        /// Which audit.
        #[command(flatten)]
        of: AuditOf,
        /// What to select.
        #[command(flatten)]
        select: Select,
        /// At most so many, the newest.
        #[arg(short, default_value_t = 200)]
        n: usize,
        /// Print the journal's own lines.
        #[arg(long)]
        json: bool,
    },
    /// Print selected records for another program.
    Export {
        /// Which audit.
        #[command(flatten)]
        of: AuditOf,
        /// What to select.
        #[command(flatten)]
        select: Select,
        /// CSV instead of JSON lines.
        #[arg(long)]
        csv: bool,
    },
}

/// Reads what `--color` takes.
pub(super) fn color(text: &str) -> Result<ColorChoice, String> {
    let mut all = ColorChoice::ALL.iter();
    let found = all.find(|(name, _)| *name == text);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names = ColorChoice::ALL.map(|(name, _)| name);
        format!("one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_argument_is_well_declared() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_of_the_screen_are_offered_only_where_there_is_one() {
        let mut command = Args::command();
        command.build();
        for verb in command.get_subcommands() {
            let offered = verb.get_arguments().any(|it| it.get_id() == "theme");
            assert_eq!(offered, verb.get_name() == "demo", "{}", verb.get_name());
        }
        assert!(command.get_arguments().any(|it| it.get_id() == "theme"));
    }
}
