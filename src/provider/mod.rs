//! What an upstream's answer means.

mod answer;

pub use answer::{Answer, AnswerKind, Context, NoAnswer, Reading};
