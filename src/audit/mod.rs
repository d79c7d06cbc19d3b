//! The audit: a journal that only grows and whose records are chained by hashes.
//!
//! What has to be on record is written here, synchronously and on disk, before anything else is
//! done about it; [`crate::engine`] decides what that is and closes every gate while [`Journal`]
//! cannot write. Screens and subcommands read with [`tail`], [`query`], [`each`], [`Follower`], [`Pages`]
//! and [`verify`], none of which needs the writer's consent. Everything here blocks on the disk and
//! belongs on a thread that may.
//!
//! # The folder
//!
//! | file | what it is |
//! |---|---|
//! | `journal.jsonl` | the records, one JSON object a line, oldest first; mode 0600 |
//! | `head` | `SEQ:HASH` of a late record, replaced atomically: when the journal is opened, at least every [`HEAD_EVERY`] records, and at an orderly end |
//! | `lock` | held with `flock` by the one writer; contains its process id |
//! | `torn-SEQ.bin` | what was cut off the journal's end after a crash, where record SEQ would be |
//!
//! # The chain, version 1
//!
//! A line is the fields of [`AuditRecord`], `seq` first, then `prev` and, last, `hash`, without
//! any white space outside of strings, and one line feed:
//!
//! ```text
//! {"seq":2,"ts":"2026-11-22T20:14:07.250Z", … ,"prev":"<64 hex digits>","hash":"<64 hex digits>"}
//! ```
//!
//! - The *body* is every byte of the line before its last `,"hash":`.
//! - `hash` is SHA-256 over the 26 bytes `lanewatch audit v1 record` + line feed, then the body.
//! - `prev` is the `hash` of the line before; on the first line it is SHA-256 over the 25 bytes
//!   `lanewatch audit v1 start` + line feed.
//! - `seq` is 1 on the first line and rises by one a line. Hex digits are lower-case.
//!
//! The hash covers bytes, not meanings, so nobody has to agree on how JSON is printed. This is a
//! whole verifier, but for the head:
//!
//! ```sh
//! prev=$(printf 'lanewatch audit v1 start\n' | sha256sum | cut -c1-64); seq=0
//! while IFS= read -r line; do
//!   seq=$((seq + 1)); body=${line%,\"hash\":*}
//!   hash=$(printf 'lanewatch audit v1 record\n%s' "$body" | sha256sum | cut -c1-64)
//!   case $line in
//!     "{\"seq\":$seq,"*",\"prev\":\"$prev\",\"hash\":\"$hash\"}") prev=$hash ;;
//!     *) echo "line $seq is not what was written"; exit 4 ;;
//!   esac
//! done < journal.jsonl
//! echo "ok: head $seq:$prev"
//! ```
//!
//! # What it shows, and what it cannot
//!
//! Every edit, deletion, insertion and exchange of lines breaks a hash or a link and is found.
//! Lines missing at the *end* leave a chain that is whole, only shorter; they are found against
//! `head`, as far as `head` is up to date: after a crash, up to [`HEAD_EVERY`] records may be
//! beyond it. And who can write to the folder can also rewrite the whole chain and `head` with it,
//! because there is no secret in either. Against that there is only a head that was noted
//! somewhere else (a ticket, another machine's log, a printed page): give it to
//! `lanewatch audit verify --expect-head SEQ:HASH`, and everything up to that record is proven to
//! be what it was when it was noted. The records beyond it are not.

mod backward;
mod chain;
mod csv;
mod error;
mod follow;
mod forward;
mod head;
mod journal;
mod pages;
mod read;
mod record;
mod verify;

pub use chain::{Hash, Head, LINE_MAX};
pub use csv::{CSV_HEADER, csv_row};
pub use error::AuditError;
pub use follow::{Follower, Look};
pub use journal::{HEAD_EVERY, Journal, Opened, Torn};
pub use pages::{Limits, Pages, Reads, Scan, Way};
pub use read::{Entry, Filter, Found, each, query, read_since, tail};
pub use record::AuditRecord;
pub use verify::{PROBLEMS_KEPT, Problem, Report, verify};

/// The journal's name in its folder.
const JOURNAL: &str = "journal.jsonl";
