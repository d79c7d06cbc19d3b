//! Makes visible in a drawn text what was looked for in it.

use super::canvas::Canvas;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthChar;

/// Emphasis that shows in every theme, on the selection's bar and without colour.
const FOUND: Modifier = Modifier::BOLD.union(Modifier::UNDERLINED);

impl Canvas<'_> {
    /// Emphasizes the characters at these places of `text`, which was drawn from column `x` on and
    /// ends before column `right`.
    pub(super) fn emphasize(&mut self, x: u16, y: u16, right: u16, text: &str, places: &[usize]) {
        if places.is_empty() {
            return;
        }
        let mut column = x;
        for (at, c) in text.chars().enumerate() {
            let width = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
            if column.saturating_add(width) > right {
                return;
            }
            if places.contains(&at)
                && let Some(cell) = self.buffer.cell_mut((column, y))
            {
                cell.modifier |= FOUND;
            }
            column = column.saturating_add(width);
        }
    }
}

/// The places of the characters of every occurrence of `part`, which is in small letters.
pub(super) fn occurrences(text: &str, part: &str) -> Vec<usize> {
    let small = |c: char| c.to_lowercase().next().unwrap_or(c);
    let letters: Vec<char> = text.chars().map(small).collect();
    let wanted: Vec<char> = part.chars().collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let windows = letters.windows(wanted.len()).enumerate();
    let found = windows.filter(|(_, window)| *window == wanted.as_slice());
    found.flat_map(|(at, _)| at..at + wanted.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_found_whatever_its_case() {
        assert_eq!(
            occurrences("Lane HELD, held", "held"),
            [5, 6, 7, 8, 11, 12, 13, 14]
        );
        assert_eq!(occurrences("Größe", "ÖSS"), Vec::<usize>::new());
        assert_eq!(occurrences("a", ""), Vec::<usize>::new());
    }
}
