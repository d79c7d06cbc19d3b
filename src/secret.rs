//! Secrets, and the only thing about them that is ever shown.
//!
//! A [`Secret`] has no `Debug`, `Display` or `Serialize` of its content and is zeroed when dropped;
//! reading it takes the word [`Secret::expose`], which is easy to search for. A [`Fingerprint`] is a
//! keyed hash: two equal secrets have equal fingerprints under one key, and nobody without the key
//! can test a guess.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A credential's text. Equality is deliberately absent: compare fingerprints.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text; the caller's buffer is the one that is zeroed.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the header, form field or store write that needs it, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The keyed hash of a secret: HMAC-SHA-256 cut to 64 bits, shown as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// A fingerprint from its raw bytes, as a simulation or a test needs it.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes it was made from.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }

    /// The first eight digits, as the screen shows them.
    pub fn short(&self) -> String {
        let mut full = self.to_string();
        full.truncate(8);
        full
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a fingerprint is 16 hex digits";
        if text.len() != 16 || !text.is_ascii() {
            return Err(WRONG);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| WRONG)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The key under which fingerprints are made. One a state folder, made on first use, mode 0600.
#[derive(Clone)]
pub struct FingerprintKey(Zeroizing<[u8; 32]>);

impl FingerprintKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn random() -> io::Result<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(io::Error::other)?;
        Ok(Self(key))
    }

    /// Reads the key in `file`, or makes one there if it is missing.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or holds something that is not a key.
    pub fn load_or_create(file: &Path) -> io::Result<Self> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        match std::fs::read(file) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, "not a 32-byte fingerprint key")
                })?;
                Ok(Self(Zeroizing::new(key)))
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                // Whole from the moment it is there: several processes may look for it at once.
                let key = Self::random()?;
                let part = file.with_extension(format!("{}.new", std::process::id()));
                let mut out = std::fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&part)?;
                out.write_all(key.0.as_slice())?;
                out.sync_all()?;
                let made = std::fs::hard_link(&part, file);
                std::fs::remove_file(&part)?;
                match made {
                    Ok(()) => Ok(key),
                    Err(raced) if raced.kind() == io::ErrorKind::AlreadyExists => {
                        Self::load_or_create(file)
                    }
                    Err(other) => Err(other),
                }
            }
            Err(other) => Err(other),
        }
    }

    /// The fingerprint of `secret` under this key.
    pub fn fingerprint(&self, secret: &Secret) -> Fingerprint {
        let mut out = [0_u8; 8];
        // HMAC accepts a key of any length, so the error arm cannot be reached.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            mac.update(secret.expose().as_bytes());
            let digest = mac.finalize().into_bytes();
            for (to, from) in out.iter_mut().zip(digest.iter()) {
                *to = *from;
            }
        }
        Fingerprint(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("ghp_canary".into());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn equal_secrets_share_a_fingerprint_only_under_one_key() {
        let (one, two) = (
            FingerprintKey::random().unwrap(),
            FingerprintKey::random().unwrap(),
        );
        let secret = Secret::new("k".into());
        assert_eq!(
            one.fingerprint(&secret),
            one.fingerprint(&Secret::new("k".into()))
        );
        assert_ne!(one.fingerprint(&secret), two.fingerprint(&secret));
    }

    #[test]
    fn a_fingerprint_reads_back_what_it_shows() {
        let print = Fingerprint::from_bytes([0x3f, 0x9a, 0x12, 0xc0, 0, 1, 2, 3]);
        assert_eq!(print.to_string(), "3f9a12c000010203");
        assert_eq!(print.to_string().parse::<Fingerprint>().unwrap(), print);
        assert_eq!(print.short(), "3f9a12c0");
    }

    #[test]
    fn the_key_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let first = FingerprintKey::load_or_create(&file).unwrap();
        let again = FingerprintKey::load_or_create(&file).unwrap();
        let secret = Secret::new("k".into());
        assert_eq!(first.fingerprint(&secret), again.fingerprint(&secret));
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
