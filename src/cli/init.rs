//! `lanewatch init`: a first manifest to edit.

use super::failure::{Failure, Kind};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

const FIRST: &str = include_str!("../../sample-lanes/minimal.toml");

/// Writes a first manifest to `file`, which must not exist.
pub(super) fn init(file: &Path, out: &mut impl Write) -> Result<u8, Failure> {
    let shown = file.display();
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    match made.and_then(|mut made| made.write_all(FIRST.as_bytes())) {
        Ok(()) => {
            writeln!(
                out,
                "wrote {shown}: edit it, then run `lanewatch check {shown}`"
            )
            .map_err(Failure::output)?;
            Ok(0)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::new(
            Kind::Usage,
            format!("{shown} is there already"),
        )
        .hint("name another file")),
        Err(error) => Err(Failure::new(
            Kind::Usage,
            format!("{shown} cannot be written: {error}"),
        )),
    }
}
