//! One lane's grant, its tokens and its record in the store, as the world has them.

use crate::lane::{Expiry, ExpirySource, Offer, StoreVersion, Wall};
use crate::plain::Plain;
use crate::secret::Fingerprint;

/// Tokens whose end is remembered.
const TOKENS: usize = 4;

const fn place(serial: u32) -> usize {
    serial as usize % TOKENS
}

/// A token or a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub serial: u32,
    /// By the clock of whoever stored it.
    issued: Wall,
    ends: Option<Wall>,
}

/// What a provider gave out for a grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Minted {
    pub token: Token,
    /// The number of the grant it came with.
    pub grant: u32,
    /// The number of the grant it was made from.
    pub of: u32,
}

/// The world's side of one lane.
#[derive(Clone, Debug)]
pub(super) struct Account {
    slot: u32,
    /// The number of the grant that the provider honours.
    grant: u32,
    /// The grant that the store's record holds.
    pub stored_grant: u32,
    /// The token that the store's record holds.
    pub stored: Option<Token>,
    version: u64,
    serials: u32,
    /// Real ends of the last tokens, in milliseconds after the beginning; each stands where its
    /// number says, so that it is found at once.
    ends: [Option<(u32, u64)>; TOKENS],
    /// Tokens up to this one are useless, whatever their end.
    pub revoked_up_to: u32,
    grant_revoked: bool,
    /// The process died between a request with the stored grant and the store's word.
    pub in_doubt: bool,
}

impl Account {
    pub(super) fn new(slot: usize) -> Self {
        Self {
            slot: u32::try_from(slot).unwrap_or(u32::MAX),
            grant: 1,
            stored_grant: 1,
            stored: None,
            version: 1,
            serials: 0,
            ends: [None; TOKENS],
            revoked_up_to: 0,
            grant_revoked: false,
            in_doubt: false,
        }
    }

    /// The fingerprint of a token.
    pub(super) fn fingerprint(&self, serial: u32) -> Fingerprint {
        let [a, b, c, d] = self.slot.to_be_bytes();
        let [e, f, g, h] = serial.to_be_bytes();
        Fingerprint::from_bytes([a, b, c, d, e, f, g, h])
    }

    /// The token of a fingerprint.
    pub(super) const fn serial(fingerprint: &Fingerprint) -> u32 {
        let [_, _, _, _, e, f, g, h] = fingerprint.to_bytes();
        u32::from_be_bytes([e, f, g, h])
    }

    /// When a token really ends; `None`: never, or too long ago to be remembered.
    pub(super) fn end(&self, serial: u32) -> Option<u64> {
        let (of, end) = (*self.ends.get(place(serial))?)?;
        (of == serial).then_some(end)
    }

    /// Whether the provider still honours a token at `now`.
    pub(super) fn is_revoked(&self, serial: u32) -> bool {
        serial <= self.revoked_up_to
    }

    /// A new token, made at `at` after the beginning, which is `wall` by the clock of whoever asks.
    pub(super) fn make(&mut self, at: u64, wall: Wall, life: Option<u64>) -> Token {
        self.serials += 1;
        if let Some(end) = self.ends.get_mut(place(self.serials)) {
            *end = life.map(|life| (self.serials, at.saturating_add(life)));
        }
        Token {
            serial: self.serials,
            issued: wall,
            ends: life.map(|life| Wall(wall.0.saturating_add_unsigned(life))),
        }
    }

    /// The provider exchanges the grant `of`, or says that it is no good.
    pub(super) fn exchange(
        &mut self,
        of: u32,
        single_use: bool,
        ends_the_old: bool,
        made: (u64, Wall, Option<u64>),
    ) -> Option<Minted> {
        if self.grant_revoked || of != self.grant {
            return None;
        }
        if single_use {
            self.grant += 1;
        }
        if ends_the_old {
            self.revoked_up_to = self.serials;
        }
        let (at, wall, life) = made;
        Some(Minted {
            token: self.make(at, wall, life),
            grant: self.grant,
            of,
        })
    }

    /// The store takes what was minted.
    pub(super) fn store(&mut self, minted: Minted) {
        self.stored_grant = minted.grant;
        self.put(minted.token);
    }

    /// Somebody puts a key into the store.
    pub(super) fn put(&mut self, token: Token) {
        self.stored = Some(token);
        self.version += 1;
        self.in_doubt = false;
    }

    /// Everything that came of this grant is made useless.
    pub(super) fn revoke(&mut self) {
        self.grant_revoked = true;
        self.revoked_up_to = self.serials;
    }

    pub(super) fn version(&self) -> StoreVersion {
        StoreVersion(Plain::new(&self.version.to_string()))
    }

    /// A token as the lane is offered it.
    pub(super) fn offer(&self, token: Token, source: ExpirySource) -> Offer {
        Offer {
            fingerprint: self.fingerprint(token.serial),
            issued_at: Some(token.issued),
            expiry: token.ends.map(|at| Expiry { at, source }),
            scopes: None,
            store_version: Some(self.version()),
            history: None,
        }
    }
}

impl Token {
    /// Whether it has ended by the clock of whoever looks.
    pub(super) fn is_over(&self, wall: Wall) -> bool {
        self.ends.is_some_and(|at| at <= wall)
    }

    /// Its end by the clock of whoever stored it.
    pub(super) const fn ends(&self) -> Option<Wall> {
        self.ends
    }
}
