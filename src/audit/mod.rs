//! The hash-chained journal.

mod record;

pub use record::AuditRecord;
