//! A bounded cursor over hostile bytes, and what can be wrong with them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::model::Mac;

/// Bytes that are not what they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// They end too early.
    #[error("{what} cut short at byte {at}: {need} bytes needed, {have} there")]
    Short {
        /// What was being read.
        what: &'static str,
        /// Where.
        at: usize,
        /// How many it takes.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// A value that this protocol doesn't have there.
    #[error("{what} is {found} at byte {at}")]
    Unexpected {
        /// Which field.
        what: &'static str,
        /// Where.
        at: usize,
        /// Its value.
        found: u64,
    },
    /// A field that has to be there is not, or comes twice.
    #[error("{what}")]
    Rule {
        /// The rule that was broken.
        what: &'static str,
    },
}

/// Reads from the front, never beyond the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], WireError> {
        let Some((head, tail)) = self.rest.split_at_checked(count) else {
            return Err(WireError::Short {
                what,
                at: self.at,
                need: count,
                have: self.rest.len(),
            });
        };
        self.rest = tail;
        self.at += count;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], WireError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, WireError> {
        self.array::<1>(what).map(|[b]| b)
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, WireError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, WireError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(super) fn mac(&mut self, what: &'static str) -> Result<Mac, WireError> {
        self.array(what).map(Mac)
    }

    pub(super) fn ipv4(&mut self, what: &'static str) -> Result<Ipv4Addr, WireError> {
        self.array::<4>(what).map(Ipv4Addr::from)
    }

    pub(super) fn ipv6(&mut self, what: &'static str) -> Result<Ipv6Addr, WireError> {
        self.array::<16>(what).map(Ipv6Addr::from)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        self.at += self.rest.len();
        std::mem::take(&mut self.rest)
    }
}

/// A `u16` out of exactly two bytes.
pub(super) fn be16(bytes: &[u8]) -> Option<u16> {
    bytes.try_into().ok().map(u16::from_be_bytes)
}

/// A `u32` out of exactly four bytes.
pub(super) fn be32(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}
