//! The state as bytes: its hash, and snapshots to go on from.

use sha2::{Digest, Sha256};

use super::state::State;
use crate::model::hex;

/// Bytes that are no snapshot this engine can go on from. The log is read from its beginning instead.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Of another engine version.
    #[error(
        "snapshot of engine format {found}, this engine goes on from {SNAPSHOT_VERSION}; the log is folded from its beginning"
    )]
    OtherVersion {
        /// Its format.
        found: u16,
    },
    /// Damaged.
    #[error("snapshot damaged: {0}; the log is folded from its beginning")]
    Damaged(String),
}

/// Changes with every change of [`State`]'s shape or of the fold's meaning.
pub(super) const SNAPSHOT_VERSION: u16 = 8;

impl State {
    /// SHA-256 over the canonical serialisation (postcard; every map is ordered). Equal for every replay of the same log by
    /// the same engine version, on every machine, with or without a snapshot on the way.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.body()).into()
    }

    /// [`State::hash`] in hexadecimal, as `demo --headless` and `replay --headless` print it.
    pub fn hash_hex(&self) -> String {
        hex(&self.hash())
    }

    /// Everything needed to fold on from here.
    pub fn to_snapshot(&self) -> Vec<u8> {
        let mut out = SNAPSHOT_VERSION.to_be_bytes().to_vec();
        out.extend_from_slice(&self.body());
        out
    }

    /// The state that [`State::to_snapshot`] was called on.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (head, body) = bytes
            .split_first_chunk::<2>()
            .ok_or_else(|| SnapshotError::Damaged("too short".into()))?;
        let found = u16::from_be_bytes(*head);
        if found != SNAPSHOT_VERSION {
            return Err(SnapshotError::OtherVersion { found });
        }
        match postcard::take_from_bytes(body) {
            Ok((state, [])) => Ok(state),
            Ok((_, rest)) => Err(SnapshotError::Damaged(format!(
                "{} bytes too many",
                rest.len()
            ))),
            Err(error) => Err(SnapshotError::Damaged(error.to_string())),
        }
    }

    fn body(&self) -> Vec<u8> {
        // Serialising plain data into a Vec fails on nothing a State holds: the one value that refuses (a plain secret) is
        // taken out when configuration enters.
        postcard::to_stdvec(self).unwrap_or_default()
    }
}
