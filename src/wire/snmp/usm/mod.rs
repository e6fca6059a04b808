//! The user-based security model (RFC 3414, RFC 3826, RFC 7860).
//!
//! In: passwords and engine ids, messages. Out: localised keys, digests, ciphertexts, and on the agent's side the Reports
//! that tell a manager what was wrong. Keys are never printed and are wiped when dropped; digests are compared in constant time.

mod authority;
mod clock;
mod digest;
mod keys;
mod privacy;

pub use authority::{Authority, Incoming, Request};
pub use clock::{EngineClock, TIME_WINDOW_S};
pub use keys::{KeyCache, KeyError, LocalKeys, UserKeys};

use super::{DecodeError, Oid, Pdu, PduKind};

/// Why a message could not be opened or sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsmError {
    /// The message is authenticated or encrypted and there is no key for that.
    #[error("no key for the security level of the message")]
    NoKeys,
    /// The digest is not the one the key gives.
    #[error("wrong digest")]
    WrongDigest,
    /// Decrypted, it is no message: another privacy key, or damaged.
    #[error("decryption gave no message")]
    Undecipherable,
    /// Not SNMP.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// What a Report says (RFC 3414, 5: usmStats).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stat {
    /// usmStatsUnsupportedSecLevels
    UnsupportedSecLevels,
    /// usmStatsNotInTimeWindows
    NotInTimeWindows,
    /// usmStatsUnknownUserNames
    UnknownUserNames,
    /// usmStatsUnknownEngineIDs
    UnknownEngineIds,
    /// usmStatsWrongDigests
    WrongDigests,
    /// usmStatsDecryptionErrors
    DecryptionErrors,
}

const STATS: [u32; 9] = [1, 3, 6, 1, 6, 3, 15, 1, 1];

impl Stat {
    /// All, in the order of their arcs.
    pub const ALL: [Self; 6] = [
        Self::UnsupportedSecLevels,
        Self::NotInTimeWindows,
        Self::UnknownUserNames,
        Self::UnknownEngineIds,
        Self::WrongDigests,
        Self::DecryptionErrors,
    ];

    /// The counter's name in a Report.
    pub fn oid(self) -> Oid {
        Oid::new(STATS).child(&[self as u32 + 1, 0])
    }

    /// What a Report is about; `None` when it is none, or about something else.
    pub fn of(pdu: &Pdu) -> Option<Self> {
        if pdu.kind != PduKind::Report {
            return None;
        }
        pdu.varbinds.iter().find_map(|v| Self::of_name(&v.oid))
    }

    /// The counter of this name.
    pub fn of_name(name: &Oid) -> Option<Self> {
        match name.arcs().strip_prefix(&STATS) {
            Some([arc, ..]) => Self::ALL.get((*arc as usize).checked_sub(1)?).copied(),
            _ => None,
        }
    }

    /// What it means for the person who set the credential.
    pub fn word(self) -> &'static str {
        match self {
            Self::UnsupportedSecLevels => {
                "security level not supported (usmStatsUnsupportedSecLevels)"
            }
            Self::NotInTimeWindows => "not in time window (usmStatsNotInTimeWindows)",
            Self::UnknownUserNames => "unknown user (usmStatsUnknownUserNames)",
            Self::UnknownEngineIds => "unknown engine (usmStatsUnknownEngineIDs)",
            Self::WrongDigests => "wrong authentication password (usmStatsWrongDigests)",
            Self::DecryptionErrors => "wrong privacy password (usmStatsDecryptionErrors)",
        }
    }
}

#[cfg(test)]
mod tests;
