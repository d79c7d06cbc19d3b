//! Parsing the pieces of a long manifest on two threads.
//!
//! More than half of the time that ten thousand lanes take goes into their syntax, which needs
//! nothing of what was read before. A second thread parses batch after batch, a little ahead of who
//! reads them; and whoever has to wait for one parses a later one meanwhile, so that neither is ever
//! idle. Only a few trees wait at any moment, because a tree takes thirty times the room of its
//! text. A piece with a mistake comes as nothing: whoever reads it parses it again and says what is
//! wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, Scope};
use toml::Spanned;
use toml::de::DeTable;

/// Fewer pieces are not worth a thread.
const WORTH: usize = 512;
/// How many pieces make a batch.
const AT_ONCE: usize = 32;
/// How many batches wait.
const WAITING: usize = 4;

type Tree<'t> = Option<Spanned<DeTable<'t>>>;

/// The pieces in batches, each taken by one thread.
struct Work<'t> {
    text: &'t str,
    pieces: &'t [Range<usize>],
    /// The first batch that nobody has taken.
    untaken: AtomicUsize,
}

impl<'t> Work<'t> {
    /// Takes the next batch and parses it; `None` when all are taken.
    fn take(&self) -> Option<(usize, Vec<Tree<'t>>)> {
        let number = self.untaken.fetch_add(1, Ordering::Relaxed);
        let pieces = self.pieces.chunks(AT_ONCE).nth(number)?;
        let trees = pieces.iter().map(|piece| {
            let piece = self.text.get(piece.clone())?;
            DeTable::parse(piece).ok()
        });
        Some((number, trees.collect()))
    }
}

/// The trees of pieces, in order.
pub(super) struct Ahead<'t> {
    work: Arc<Work<'t>>,
    batches: Option<Receiver<(usize, Vec<Tree<'t>>)>>,
    /// Batches that came before their turn.
    early: BTreeMap<usize, Vec<Tree<'t>>>,
    /// The batch whose turn is next.
    turn: usize,
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
        let work = Arc::new(Work {
            text,
            pieces,
            untaken: AtomicUsize::new(0),
        });
        let theirs = Arc::clone(&work);
        let body = move || {
            while let Some(batch) = theirs.take() {
                if send.send(batch).is_err() {
                    return;
                }
            }
        };
        let worth = pieces.len() >= WORTH;
        // Without a second thread the first one does it all.
        let begun = worth
            && Builder::new()
                .name("manifest".to_owned())
                .spawn_scoped(scope, body)
                .is_ok();
        Self {
            work,
            batches: begun.then_some(batches),
            early: BTreeMap::new(),
            turn: 0,
            batch: Vec::new().into_iter(),
        }
    }

    /// The next piece's tree; `None` if it is for the caller to parse.
    pub(super) fn next(&mut self) -> Tree<'t> {
        if let Some(tree) = self.batch.next() {
            return tree;
        }
        let batches = self.batches.as_ref()?;
        let batch = loop {
            if let Some(batch) = self.early.remove(&self.turn) {
                break batch;
            }
            // What has come is taken first; else there is time to parse one; else there is but one
            // left to wait for.
            let come = batches.try_recv().ok();
            let come = come.or_else(|| (self.early.len() < WAITING).then(|| self.work.take())?);
            let (number, trees) = match come {
                Some(batch) => batch,
                None => batches.recv().ok()?,
            };
            self.early.insert(number, trees);
        };
        self.turn += 1;
        self.batch = batch.into_iter();
        self.batch.next().flatten()
    }
}
