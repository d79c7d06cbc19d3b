//! Arguments in, exit code out; everything else is [`lanewatch::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    lanewatch::cli::main()
}
