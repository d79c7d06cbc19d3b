//! From a byte of a text to the line and column that an editor shows.

/// Where the lines of a text begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let ends = text.match_indices('\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1));
        Self {
            starts: starts.collect(),
            text,
        }
    }

    /// The line of the byte at `offset`, counted from one.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The line and the column, in characters, both counted from one. A byte order mark takes no
    /// column, as editors do not show it.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset.min(self.text.len()));
        let before = before.unwrap_or_default().trim_start_matches('\u{feff}');
        (line, before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() {
        let text = "ä = 1\nüö = 2\n";
        let lines = Lines::new(text);
        assert_eq!(lines.place(0), (1, 1));
        assert_eq!(lines.place(text.find('1').unwrap()), (1, 5));
        assert_eq!(lines.place(text.find('2').unwrap()), (2, 6));
        assert_eq!(lines.place(text.len()), (3, 1));
        assert_eq!(lines.place(text.len() + 9), (3, 1));
    }
}
