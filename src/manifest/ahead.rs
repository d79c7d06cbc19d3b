//! Parsing the pieces of a long manifest on a second thread, a little ahead of who reads them.
//!
//! Half of the time that ten thousand lanes take goes into their syntax, which needs nothing of what
//! was read before. Only a few trees wait at any moment, because a tree takes thirty times the room
//! of its text. A piece with a mistake comes as nothing: whoever reads it parses it again and says
//! what is wrong.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, Scope};
use toml::Spanned;
use toml::de::DeTable;

/// Fewer pieces are not worth a thread.
const WORTH: usize = 512;
/// How many trees come at once.
const AT_ONCE: usize = 32;
/// How many such batches wait.
const WAITING: usize = 4;

type Tree<'t> = Option<Spanned<DeTable<'t>>>;

/// The trees of pieces, in order.
pub(super) struct Ahead<'t> {
    batches: Option<Receiver<Vec<Tree<'t>>>>,
    batch: std::vec::IntoIter<Tree<'t>>,
}

impl<'t> Ahead<'t> {
    pub(super) fn start<'s, 'e>(
        scope: &'s Scope<'s, 'e>,
        text: &'t str,
        pieces: &'t [Range<usize>],
    ) -> Self
    where
        't: 's,
    {
        let (send, batches) = sync_channel(WAITING);
        let work = move || {
            for some in pieces.chunks(AT_ONCE) {
                let trees = some.iter().map(|piece| {
                    let piece = text.get(piece.clone())?;
                    DeTable::parse(piece).ok()
                });
                if send.send(trees.collect()).is_err() {
                    return;
                }
            }
        };
        let worth = pieces.len() >= WORTH;
        // Without a second thread the first one does it all.
        let begun = worth
            && Builder::new()
                .name("manifest".to_owned())
                .spawn_scoped(scope, work)
                .is_ok();
        Self {
            batches: begun.then_some(batches),
            batch: Vec::new().into_iter(),
        }
    }

    /// The next piece's tree; `None` if it is for the caller to parse.
    pub(super) fn next(&mut self) -> Tree<'t> {
        if let Some(tree) = self.batch.next() {
            return tree;
        }
        self.batch = self.batches.as_ref()?.recv().ok()?.into_iter();
        self.batch.next().flatten()
    }
}
