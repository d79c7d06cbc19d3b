//! Parsing the pieces of a long manifest on two threads.
//!
//! More than half of the time that ten thousand lanes take goes into their syntax, which needs
//! nothing of what was read before. A second thread parses batch after batch, a little ahead of who
//! reads them; and whoever has to wait for one parses a later one meanwhile, so that neither is ever
//! idle. Only a few trees wait at any moment, because a tree takes thirty times the room of its
//! text. A piece with a mistake comes as nothing: whoever reads it parses it again and says what is
//! wrong.
//!
//! A tree goes back to the thread that made it and ends there. Were it taken apart where it was
//! read, both threads would wait for one heap at every node.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
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
    used: Sender<Vec<Tree<'t>>>,
    /// Batches that came before their turn.
    early: BTreeMap<usize, Batch<'t>>,
    /// The batch whose turn is next.
    turn: usize,
    batch: Batch<'t>,
    /// How many trees of the batch were read.
    read: usize,
}

/// Trees, and whether the other thread made them.
#[derive(Default)]
struct Batch<'t> {
    trees: Vec<Tree<'t>>,
    is_theirs: bool,
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
        let (used, back) = channel::<Vec<Tree<'t>>>();
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
                while let Ok(used) = back.try_recv() {
                    drop(used);
                }
            }
            // Nothing comes any more, but what is still being read comes back.
            drop(send);
            while let Ok(used) = back.recv() {
                drop(used);
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
            used,
            early: BTreeMap::new(),
            turn: 0,
            batch: Batch::default(),
            read: 0,
        }
    }

    /// The next piece's tree; `None` if it is for the caller to parse.
    pub(super) fn next(&mut self) -> Option<&Spanned<DeTable<'t>>> {
        if self.read == self.batch.trees.len() {
            let batch = self.next_batch()?;
            let before = std::mem::replace(&mut self.batch, batch);
            self.read = 0;
            if before.is_theirs {
                // A thread that has ended takes nothing back; then it ends here.
                let _ended = self.used.send(before.trees);
            }
        }
        let tree = self.batch.trees.get(self.read)?;
        self.read += 1;
        tree.as_ref()
    }

    fn next_batch(&mut self) -> Option<Batch<'t>> {
        let batches = self.batches.as_ref()?;
        loop {
            if let Some(batch) = self.early.remove(&self.turn) {
                self.turn += 1;
                return Some(batch);
            }
            // What has come is taken first; else there is time to parse one; else there is but one
            // left to wait for.
            let theirs = |(number, trees)| {
                let is_theirs = true;
                (number, Batch { trees, is_theirs })
            };
            let own = |(number, trees)| {
                let is_theirs = false;
                (number, Batch { trees, is_theirs })
            };
            let may = self.early.len() < WAITING;
            let (number, batch) = match batches.try_recv() {
                Ok(batch) => theirs(batch),
                Err(_) => match may.then(|| self.work.take()).flatten() {
                    Some(batch) => own(batch),
                    None => theirs(batches.recv().ok()?),
                },
            };
            self.early.insert(number, batch);
        }
    }
}
