//! What an upstream's answer means.
//!
//! An [`Answer`] goes in with the [`Context`] in which it came, a [`Reading`] comes out: the outcome,
//! the evidence for it, and what else the answer showed of the credential. What a provider says is
//! data, in a [`Pack`] of rules (`packs/NAME.toml`); the first rule that holds decides. Every pack
//! falls through to `standards.toml`: the RFCs first, then the words that APIs commonly use, then
//! what a bare status means. The engine itself knows no provider.
//!
//! Nothing here does I/O but reading a folder of packs, nothing waits, and no answer, however
//! broken, is an error: it gets the most careful reading it allows.

mod answer;
mod builtin;
mod catalog;
mod challenge;
mod claims;
mod json;
mod judge;
mod markup;
mod mcp;
mod moment;
mod pack;
mod parse;
mod parse_place;
mod parse_rotation;
mod parse_rule;
mod phrase;
mod phrasebook;
mod place;
mod reader;
mod redact;
mod report;
mod report_words;
mod rotation;
mod rule;
mod seen;
mod selftest;
mod sentence;
mod sigv4;
mod statement;

pub use answer::{Answer, AnswerKind, Context, NoAnswer, Reading};
pub use catalog::Catalog;
pub use claims::Claims;
pub use judge::{Fate, Tried};
pub use pack::{Overlap, Pack};
pub use reader::{PackMistake, PackMistakes};
pub use rotation::{OldKey, Rotation};
pub use selftest::TestFailure;
pub use sigv4::Signing;
