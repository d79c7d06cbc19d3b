//! The journal's lines, first to last, in bounded memory whatever is in the file.

use super::chain::LINE_MAX;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::time::Duration;

/// How much is read at once.
const BLOCK: usize = 256 * 1024;
/// How often, and after what pause each time, a line without an end is looked at again: a writer
/// may be in the middle of it.
const SECOND_LOOKS: u32 = 3;
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(20);

/// What comes next in the file.
pub(super) enum Next<'a> {
    /// A line, without its line feed.
    Line(&'a [u8]),
    /// A line longer than [`LINE_MAX`], passed over.
    TooLong,
    /// So many bytes at the end of the file without a line feed behind them.
    Torn(u64),
    /// The end of the file.
    End,
}

/// Walks a file's lines from its beginning.
pub(super) struct Forward<R = File> {
    from: BufReader<R>,
    line: Vec<u8>,
}

impl Forward {
    /// From where the file stands.
    pub(super) fn new(file: File) -> Self {
        Self::with_blocks(file, BLOCK)
    }
}

impl<R: Read> Forward<R> {
    /// So many bytes at once.
    pub(super) fn with_blocks(from: R, block: usize) -> Self {
        Self {
            from: BufReader::with_capacity(block, from),
            line: Vec::with_capacity(1024),
        }
    }

    /// Reads on.
    pub(super) fn next_line(&mut self) -> io::Result<Next<'_>> {
        self.line.clear();
        let mut length = 0_u64;
        let mut looks = 0;
        loop {
            // Of a line that is too long, only its length is of interest.
            if self.line.len() > LINE_MAX {
                self.line.clear();
            }
            let room = LINE_MAX.saturating_add(1).saturating_sub(self.line.len());
            let read = (&mut self.from)
                .take(room as u64)
                .read_until(b'\n', &mut self.line)?;
            length = length.saturating_add(read as u64);
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
                return Ok(if length.saturating_sub(1) > LINE_MAX as u64 {
                    Next::TooLong
                } else {
                    Next::Line(&self.line)
                });
            }
            if read == 0 {
                if length == 0 {
                    return Ok(Next::End);
                }
                if looks == SECOND_LOOKS {
                    return Ok(Next::Torn(length));
                }
                looks += 1;
                std::thread::sleep(SECOND_LOOK_AFTER);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, Write as _};

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut forward = Forward::new(file);
        let mut seen = Vec::new();
        loop {
            seen.push(match forward.next_line().unwrap() {
                Next::Line(line) => format!("line of {}", line.len()),
                Next::TooLong => "too long".to_owned(),
                Next::Torn(bytes) => format!("torn after {bytes}"),
                Next::End => return seen,
            });
            assert!(forward.line.capacity() < 4 * LINE_MAX, "memory is bounded");
        }
    }

    #[test]
    fn a_line_is_too_long_from_the_first_byte_beyond_the_limit() {
        for (length, wanted) in [
            (0, "line of 0".to_owned()),
            (LINE_MAX, format!("line of {LINE_MAX}")),
            (LINE_MAX + 1, "too long".to_owned()),
            (LINE_MAX + 2, "too long".to_owned()),
            (10 << 20, "too long".to_owned()),
        ] {
            let mut bytes = vec![b'x'; length];
            bytes.extend(b"\nabc\nde");
            assert_eq!(read(&bytes), [&wanted, "line of 3", "torn after 2"]);
        }
    }

    #[test]
    fn an_endless_torn_line_is_measured_and_not_kept() {
        assert_eq!(read(&vec![0; 3 << 20]), [format!("torn after {}", 3 << 20)]);
    }
}
