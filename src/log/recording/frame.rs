//! The header of a frame: 49 bytes, little-endian.

use crate::model::{Seq, Time};

/// How long a frame's header is.
pub(super) const HEAD: usize = 49;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The engine's bytes for the state at `last`.
    Snapshot,
    /// Events.
    Events,
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// Bytes before compression.
    pub(super) raw: u32,
    /// Bytes after it, which follow this header.
    pub(super) packed: u32,
    pub(super) first: (Seq, Time),
    pub(super) last: (Seq, Time),
    /// CRC-32 of the payload.
    pub(super) payload_crc: u32,
}

impl Head {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD);
        out.push(match self.kind {
            Kind::Snapshot => 0,
            Kind::Events => 1,
        });
        out.extend(self.raw.to_le_bytes());
        out.extend(self.packed.to_le_bytes());
        for (seq, time) in [self.first, self.last] {
            out.extend(seq.0.to_le_bytes());
            out.extend(time.0.to_le_bytes());
        }
        out.extend(self.payload_crc.to_le_bytes());
        let crc = crc32fast::hash(&out);
        out.extend(crc.to_le_bytes());
        out
    }

    /// `None` where a bit is wrong.
    pub(super) fn from_bytes(bytes: &[u8; HEAD]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut at = body;
        let kind = match take::<1>(&mut at)? {
            [0] => Kind::Snapshot,
            [1] => Kind::Events,
            _ => return None,
        };
        let raw = u32::from_le_bytes(take(&mut at)?);
        let packed = u32::from_le_bytes(take(&mut at)?);
        let mut place = || -> Option<(Seq, Time)> {
            Some((
                Seq(u64::from_le_bytes(take(&mut at)?)),
                Time(i64::from_le_bytes(take(&mut at)?)),
            ))
        };
        let first = place()?;
        let last = place()?;
        Some(Self {
            kind,
            raw,
            packed,
            first,
            last,
            payload_crc: u32::from_le_bytes(take(&mut at)?),
        })
    }
}

fn take<const N: usize>(at: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, rest) = at.split_first_chunk::<N>()?;
    *at = rest;
    Some(*chunk)
}
