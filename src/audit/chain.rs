//! The links of the chain: how a record becomes a line, and how a line is held against its hash.
//!
//! The definition is in [`super`]'s documentation; this is its only implementation.

use super::record::AuditRecord;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The longest line there can be, line feed excluded, in bytes. [`AuditRecord::new`] keeps every
/// record well under it; a longer line was not written by lanewatch.
pub const LINE_MAX: usize = 128 * 1024;

/// What is hashed before a record's body.
const RECORD_TAG: &[u8] = b"lanewatch audit v1 record\n";
/// What the first record's `prev` is the hash of.
const START_TEXT: &[u8] = b"lanewatch audit v1 start\n";

const SEQ_MARK: &[u8] = b"{\"seq\":";
const PREV_MARK: &[u8] = b",\"prev\":\"";
const HASH_MARK: &[u8] = b",\"hash\":\"";

/// A record's SHA-256, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first record's `prev` is.
    pub fn start() -> Self {
        Self(Sha256::digest(START_TEXT).into())
    }

    fn of_body(body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(RECORD_TAG);
        hasher.update(body);
        Self(hasher.finalize().into())
    }

    fn hex(&self) -> [u8; 64] {
        const fn digit(nibble: u8) -> u8 {
            if nibble < 10 {
                b'0' + nibble
            } else {
                b'a' + nibble - 10
            }
        }
        let mut hex = [0; 64];
        for ([high, low], byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *high = digit(byte >> 4);
            *low = digit(byte & 15);
        }
        hex
    }

    /// Lower-case only: two spellings of one hash would be two lines of one meaning.
    fn from_hex(hex: &[u8; 64]) -> Option<Self> {
        const fn nibble(digit: u8) -> Option<u8> {
            match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            }
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = <&[u8; 64]>::try_from(text.as_bytes()).ok();
        hex.and_then(Self::from_hex)
            .ok_or("a hash is 64 lower-case hex digits")
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// One record, pinned: its number and its hash, shown as `SEQ:HASH`. Record 0 is the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The record's number.
    pub seq: u64,
    /// Its hash, which vouches for every record before it.
    pub hash: Hash,
}

impl Head {
    /// The head of a journal without records.
    pub fn start() -> Self {
        Self {
            seq: 0,
            hash: Hash::start(),
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a head is a record's number, a colon and 64 lower-case hex digits";
        let (seq, hash) = text.split_once(':').ok_or(WRONG)?;
        let seq = number(seq.as_bytes()).ok_or(WRONG)?;
        let hash = hash.parse().map_err(|_| WRONG)?;
        Ok(Self { seq, hash })
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Adds the line of `record`, which follows a record with the hash `prev`, to `out`, and answers
/// with its hash.
pub(super) fn write_line(
    out: &mut Vec<u8>,
    record: &AuditRecord,
    prev: &Hash,
) -> serde_json::Result<Hash> {
    let start = out.len();
    serde_json::to_writer(&mut *out, record)?;
    // The object stays open for the two hashes.
    out.pop();
    out.extend_from_slice(PREV_MARK);
    out.extend_from_slice(&prev.hex());
    out.push(b'"');
    let hash = Hash::of_body(out.get(start..).unwrap_or_default());
    out.extend_from_slice(HASH_MARK);
    out.extend_from_slice(&hash.hex());
    out.extend_from_slice(b"\"}\n");
    Ok(hash)
}

/// What a line says of its place in the chain.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    /// Its number.
    pub(super) seq: u64,
    /// The hash of the record before it.
    pub(super) prev: Hash,
    /// Its own hash, as it says.
    pub(super) hash: Hash,
    body: &'a [u8],
}

impl<'a> Links<'a> {
    /// Reads them off a line without its line feed; `None` if it is not shaped like a record.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        let (rest, hash) = line.strip_suffix(b"\"}")?.split_last_chunk::<64>()?;
        let body = rest.strip_suffix(HASH_MARK)?;
        let (rest, prev) = body.strip_suffix(b"\"")?.split_last_chunk::<64>()?;
        let fields = rest.strip_suffix(PREV_MARK)?.strip_prefix(SEQ_MARK)?;
        let digits = fields.split(|byte| *byte == b',').next()?;
        Some(Self {
            seq: number(digits)?,
            prev: Hash::from_hex(prev)?,
            hash: Hash::from_hex(hash)?,
            body,
        })
    }

    /// Whether the line's bytes are those that its hash was made of.
    pub(super) fn hold(&self) -> bool {
        Hash::of_body(self.body) == self.hash
    }

    /// The record and its hash as one.
    pub(super) const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

/// A number as the journal writes it: digits only, no zero before them.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.len() > 1 && digits.starts_with(b"0") || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::record::tests::full;

    #[test]
    fn a_line_says_its_place_and_holds() {
        let mut out = b"kept".to_vec();
        let hash = write_line(&mut out, &full(7), &Hash::start()).unwrap();
        let line = out
            .strip_prefix(b"kept")
            .and_then(|line| line.strip_suffix(b"\n"))
            .unwrap();
        let links = Links::of(line).unwrap();
        assert_eq!((links.seq, links.prev), (7, Hash::start()));
        assert_eq!(links.head(), Head { seq: 7, hash });
        assert!(links.hold());
        assert_eq!(
            serde_json::from_slice::<AuditRecord>(line).unwrap(),
            full(7)
        );
    }

    #[test]
    fn a_head_reads_back_what_it_shows() {
        let head = Head {
            seq: 1042,
            hash: Hash::start(),
        };
        assert_eq!(head.to_string().parse(), Ok(head));
        let shouted = head.to_string().to_uppercase();
        for wrong in ["", "1042", "1042:ab", "01:", ":", shouted.as_str()] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        assert!(format!("01042:{}", head.hash).parse::<Head>().is_err());
    }

    #[test]
    fn the_tags_are_as_long_as_the_definition_says() {
        assert_eq!((RECORD_TAG.len(), START_TEXT.len()), (26, 25));
    }
}
