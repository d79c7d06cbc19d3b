//! The journal behind the audit pane: errands that read or carry away a bounded piece of it.
//!
//! The screen's loop hands one errand at a time to a thread that may wait for the disk, and the
//! model decides with each answer whether there is to be another. So nothing has to be cancelled:
//! who presses Esc is simply not sent out again.

use super::model::RecordFilter;
use crate::audit::{AuditError, AuditRecord, CSV_HEADER, Limits, Pages, Reads, Scan, Way, csv_row};
use crate::plain::Plain;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most that one errand looks through, in bytes: some thousandths of a second's work.
pub const PIECE: u64 = 4 << 20;

/// In which form records are carried away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// The journal's own lines, hashes and all.
    #[default]
    Jsonl,
    /// RFC 4180 with a header line.
    Csv,
}

impl Form {
    /// As the end of a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// What is to be done.
#[derive(Clone, PartialEq, Debug)]
pub enum Errand {
    /// Look for records.
    Read {
        /// The first number looked at.
        from: u64,
        /// In which direction.
        way: Way,
        /// How many are enough.
        records: usize,
        /// Which are wanted.
        filter: Arc<RecordFilter>,
        /// A second condition.
        also: Option<Arc<RecordFilter>>,
    },
    /// Write records to a file, from number `from` on; a file of that name must not exist yet when
    /// `from` is 1.
    Export {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: Form,
        /// The first number looked at.
        from: u64,
        /// Which are wanted.
        filter: Arc<RecordFilter>,
    },
    /// Take away the file of an export that was stopped.
    Abandon(PathBuf),
}

/// An errand, and the number by which its answer is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// Goes back with the answer.
    pub ticket: u64,
    /// What is to be done.
    pub errand: Errand,
}

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The errand's number.
    pub ticket: u64,
    /// The records, or a sentence on why there are none.
    pub came: Result<Came, Plain>,
}

/// What an errand brought.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Came {
    /// What was found, lowest number first; nothing for an export.
    pub records: Vec<Arc<AuditRecord>>,
    /// How many were found or written.
    pub count: u64,
    /// The first and last number looked at.
    pub seen: Option<(u64, u64)>,
    /// Whether there is nothing more that way.
    pub at_end: bool,
}

/// Does errands. Blocks on the disk.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    pages: Option<Pages>,
    export: Option<(PathBuf, BufWriter<File>)>,
}

impl Archive {
    /// Of the journal in `folder`. Opens nothing yet.
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            pages: None,
            export: None,
        }
    }

    /// What was read from the disk so far.
    pub fn reads(&self) -> Reads {
        self.pages.as_ref().map(Pages::reads).unwrap_or_default()
    }

    /// Does one errand.
    pub fn answer(&mut self, ask: Ask) -> Answer {
        let Ask { ticket, errand } = ask;
        let came = match errand {
            Errand::Read {
                from,
                way,
                records,
                filter,
                also,
            } => self.read(from, way, records, &filter, also.as_deref()),
            Errand::Export {
                path,
                form,
                from,
                filter,
            } => self.export(&path, form, from, &filter),
            Errand::Abandon(path) => {
                self.export = None;
                let gone = std::fs::remove_file(&path);
                gone.map(|()| Came::default())
                    .map_err(|error| trouble("remove", &path, &error))
            }
        };
        Answer { ticket, came }
    }

    fn pages(&mut self) -> Result<&mut Pages, AuditError> {
        if self.pages.is_none() {
            self.pages = Some(Pages::open(&self.folder)?);
        }
        self.pages.as_mut().ok_or_else(|| AuditError::Busy {
            folder: Plain::new(""),
            pid: None,
        })
    }

    fn scan(
        &mut self,
        from: u64,
        way: Way,
        records: usize,
        filter: &RecordFilter,
        also: Option<&RecordFilter>,
    ) -> Result<Scan, Plain> {
        let limits = Limits {
            records,
            bytes: PIECE,
        };
        let may =
            |line: &[u8]| filter.may_want(line) && also.is_none_or(|also| also.may_want(line));
        let wants = |record: &AuditRecord| {
            filter.wants(record) && also.is_none_or(|also| also.wants(record))
        };
        let scan = self
            .pages()
            .and_then(|pages| pages.scan(from, way, limits, &may, &wants));
        scan.map_err(|error| Plain::new(&error.to_string()))
    }

    fn read(
        &mut self,
        from: u64,
        way: Way,
        records: usize,
        filter: &RecordFilter,
        also: Option<&RecordFilter>,
    ) -> Result<Came, Plain> {
        let scan = self.scan(from, way, records, filter, also)?;
        let found = scan.found.into_iter().map(|entry| Arc::new(entry.record));
        let mut records: Vec<_> = found.collect();
        if way == Way::Older {
            records.reverse();
        }
        Ok(Came {
            count: records.len() as u64,
            records,
            seen: scan.seen,
            at_end: scan.at_end,
        })
    }

    fn export(
        &mut self,
        path: &Path,
        form: Form,
        from: u64,
        filter: &RecordFilter,
    ) -> Result<Came, Plain> {
        if from == 1 {
            let made = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| trouble("make", path, &error))?;
            self.export = Some((path.to_owned(), BufWriter::new(made)));
        }
        let written = self.export_piece(path, form, from, filter);
        if written.is_err() {
            // Half a file under a good name would be taken for the whole.
            self.export = None;
            let _gone = std::fs::remove_file(path);
        }
        written
    }

    fn export_piece(
        &mut self,
        path: &Path,
        form: Form,
        from: u64,
        filter: &RecordFilter,
    ) -> Result<Came, Plain> {
        let scan = self.scan(from, Way::Newer, usize::MAX, filter, None)?;
        let mut text = String::new();
        if from == 1 && form == Form::Csv {
            text.push_str(CSV_HEADER);
        }
        for entry in &scan.found {
            match form {
                Form::Jsonl => {
                    text.push_str(&entry.line);
                    text.push('\n');
                }
                Form::Csv => csv_row(&mut text, &entry.record),
            }
        }
        let Some((_, file)) = self.export.as_mut().filter(|(open, _)| open == path) else {
            return Err(Plain::new("the export was stopped"));
        };
        let mut put = || {
            file.write_all(text.as_bytes())?;
            if scan.at_end {
                file.flush()?;
                file.get_ref().sync_all()?;
            }
            Ok(())
        };
        put().map_err(|error: std::io::Error| trouble("write", path, &error))?;
        if scan.at_end {
            self.export = None;
        }
        Ok(Came {
            records: Vec::new(),
            count: scan.found.len() as u64,
            seen: scan.seen,
            at_end: scan.at_end,
        })
    }
}

fn trouble(doing: &str, path: &Path, error: &std::io::Error) -> Plain {
    Plain::new(&format!("cannot {doing} {}: {error}", path.display()))
}
