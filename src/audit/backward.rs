//! The journal's lines, last to first, without reading more of it than asked for.
//!
//! Opening for writing, recovery and the newest records on a screen all want the end of a file
//! that may be gigabytes long.

use super::chain::LINE_MAX;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// How much is read at once.
const BLOCK: usize = 32 * 1024;

/// One line, without its line feed.
pub(super) enum Line {
    /// A line, and the byte at which it begins.
    Whole(u64, Vec<u8>),
    /// A line longer than [`LINE_MAX`], not kept, and the byte at which it begins.
    TooLong(u64),
}

/// Walks a file's lines from its end to its beginning.
pub(super) struct Backward<'a> {
    file: &'a File,
    /// The byte at which what was read begins.
    from: u64,
    /// What was read and not yet handed out; ends where a line ends, before its line feed.
    held: Vec<u8>,
    /// Whether `held` is the end of a line, as opposed to everything being handed out.
    open: bool,
    /// Where the last line feed ends.
    end: u64,
    /// Bytes behind the last line feed.
    torn: u64,
    /// How much of the file was read.
    read: u64,
}

impl<'a> Backward<'a> {
    /// Finds the end of the last whole line.
    pub(super) fn new(file: &'a File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let mut this = Self {
            file,
            from: len,
            held: Vec::new(),
            open: false,
            end: 0,
            torn: 0,
            read: 0,
        };
        while this.from > 0 && !this.open {
            this.held.clear();
            this.read_block()?;
            if let Some(feed) = this.held.iter().rposition(|byte| *byte == b'\n') {
                this.held.truncate(feed);
                this.open = true;
                this.end = this.from.saturating_add(feed as u64).saturating_add(1);
            }
        }
        this.torn = len.saturating_sub(this.end);
        Ok(this)
    }

    /// Begins with the line that ends, its line feed included, at byte `end`.
    pub(super) fn before(file: &'a File, end: u64) -> Self {
        Self {
            file,
            from: end.saturating_sub(1),
            held: Vec::new(),
            open: end > 0,
            end,
            torn: 0,
            read: 0,
        }
    }

    /// How many bytes were read so far.
    pub(super) const fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Where the last whole line ends, its line feed included.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes stand behind the last whole line.
    pub(super) const fn torn(&self) -> u64 {
        self.torn
    }

    /// The line before the one handed out last; `None` at the beginning of the file.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        if !self.open {
            return Ok(None);
        }
        let mut too_long = false;
        // What is held beyond this was searched before.
        let mut unsearched = self.held.len();
        loop {
            let fresh = self.held.get(..unsearched).unwrap_or_default();
            if let Some(feed) = fresh.iter().rposition(|byte| *byte == b'\n') {
                let line = self.held.split_off(feed.saturating_add(1));
                self.held.truncate(feed);
                let at = self.from.saturating_add(feed as u64).saturating_add(1);
                return Ok(Some(handed_out(at, line, too_long)));
            }
            if self.from == 0 {
                self.open = false;
                let line = std::mem::take(&mut self.held);
                return Ok(Some(handed_out(0, line, too_long)));
            }
            if self.held.len() > LINE_MAX {
                too_long = true;
                self.held.clear();
            }
            unsearched = self.read_block()?;
        }
    }

    /// Puts the block before what is held in front of it, and answers with its length.
    fn read_block(&mut self) -> io::Result<usize> {
        let wanted = usize::try_from(self.from).map_or(BLOCK, |from| from.min(BLOCK));
        let mut block = vec![0; wanted];
        self.from = self.from.saturating_sub(wanted as u64);
        self.file.read_exact_at(&mut block, self.from)?;
        self.read = self.read.saturating_add(wanted as u64);
        block.append(&mut self.held);
        self.held = block;
        Ok(wanted)
    }
}

fn handed_out(at: u64, line: Vec<u8>, too_long: bool) -> Line {
    if too_long || line.len() > LINE_MAX {
        Line::TooLong(at)
    } else {
        Line::Whole(at, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn lines_of(bytes: &[u8]) -> (Vec<Option<Vec<u8>>>, u64, u64) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut backward = Backward::new(&file).unwrap();
        let mut lines = Vec::new();
        while let Some(line) = backward.next_line().unwrap() {
            lines.push(match line {
                Line::Whole(at, line) => {
                    let at = usize::try_from(at).unwrap();
                    assert_eq!(&bytes[at..at + line.len()], line.as_slice());
                    Some(line)
                }
                Line::TooLong(_) => None,
            });
        }
        lines.reverse();
        (lines, backward.end(), backward.torn())
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_not_kept() {
        let mut bytes = b"one\n".to_vec();
        bytes.extend(vec![b'x'; 10 << 20]);
        bytes.extend(b"\nthree\n");
        let (lines, ..) = lines_of(&bytes);
        assert_eq!(
            lines,
            [Some(b"one".to_vec()), None, Some(b"three".to_vec())]
        );
    }

    proptest! {
        #[test]
        fn backward_finds_the_lines_that_forward_does(
            lengths in prop::collection::vec(
                prop_oneof![0_usize..40, BLOCK - 3..BLOCK + 3, LINE_MAX - 2..LINE_MAX + 3],
                0..6,
            ),
            torn in prop_oneof![Just(0_usize), 1_usize..9, BLOCK - 1..BLOCK + 2],
        ) {
            let mut bytes = Vec::new();
            for length in &lengths {
                bytes.extend(vec![b'a'; *length]);
                bytes.push(b'\n');
            }
            let end = bytes.len();
            bytes.extend(vec![b'?'; torn]);
            let wanted: Vec<_> = lengths
                .iter()
                .map(|length| (*length <= LINE_MAX).then(|| vec![b'a'; *length]))
                .collect();
            prop_assert_eq!(lines_of(&bytes), (wanted, end as u64, torn as u64));
        }
    }
}
